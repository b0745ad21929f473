//! The client against servers in this process: authentication, TLS, limits, redirects.

mod charts;
mod registry;
mod serve;
mod server;
mod tls;
