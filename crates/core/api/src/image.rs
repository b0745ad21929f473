//! The kinds of `image.toolkit.fluxcd.io`: which image tags exist, which one is wanted, and how Git learns of it.

pub mod automation;
pub mod policy;
pub mod repository;

/// The API group of the image kinds.
pub const IMAGE_GROUP: &str = "image.toolkit.fluxcd.io";
