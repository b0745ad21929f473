//! The roles that the one binary can take, each wired from its room.

pub mod apiserver;
pub mod controllers;
pub mod crds;
pub mod flux_flags;
pub mod git;
pub mod leadership;
pub mod logging;
pub mod memory_watch;
pub mod serve;
pub mod set;
