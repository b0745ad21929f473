//! The hub over real HTTP: access rules on every route, the API, the stream, and the generated documents.

mod access;
mod api;
mod client;
mod documents;
mod stream;
