//! The client against servers in this process: authentication, TLS, limits, redirects.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod charts;
mod registry;
mod serve;
mod server;
mod tls;
