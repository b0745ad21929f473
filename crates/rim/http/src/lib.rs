//! Outgoing HTTP: trust, client certificates, proxies, redirects, limits, and errors in the words of Go's client.
//!
//! What the rooms share that fetch from places which a user names: Git servers, chart repositories, registries. Nothing here
//! knows what is fetched.

mod access;
mod body;
mod client;
mod reason;

pub use access::{Proxy, TlsMaterial};
pub use body::{BodyError, read_body};
pub use client::{ClientError, ClientOptions, client};
pub use reason::reason_of;
