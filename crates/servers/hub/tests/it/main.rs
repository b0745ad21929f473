//! The hub over real HTTP: access rules on every route, the API, the stream, and the generated documents.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod access;
mod api;
mod client;
mod documents;
mod stream;
