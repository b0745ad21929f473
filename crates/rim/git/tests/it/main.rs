//! The client against real `git upload-pack` and `sshd`, and the server against the real `git`.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod fixture;
mod hazards;
mod http;
mod local;
mod references;
mod ssh;
mod submodules;
mod verify;
