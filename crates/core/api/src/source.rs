//! The kinds of `source.toolkit.fluxcd.io`: what brings files into the cluster.

pub mod git_repository;

/// The API group of the sources.
pub const SOURCE_GROUP: &str = "source.toolkit.fluxcd.io";
