//! Archives against recorded Flux, ignore rules, storage on disk, the file server and the client.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod archive;
mod download;
mod gzip;
mod ignore;
mod recorded;
mod server;
mod storage;
