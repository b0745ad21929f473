//! Git repositories and real servers for them.

pub mod http;
pub mod repository;
pub mod ssh;
