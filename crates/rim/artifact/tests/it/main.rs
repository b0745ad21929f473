//! Archives against recorded Flux, ignore rules, storage on disk, the file server and the client.

mod archive;
mod download;
mod ignore;
mod recorded;
mod server;
mod storage;
