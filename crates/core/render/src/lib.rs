//! From a source tree and a Flux Kustomization to the objects to apply: generate, inject, build, decrypt, substitute.

pub mod envsubst;
