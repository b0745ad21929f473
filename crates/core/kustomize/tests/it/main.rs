//! Builds compared with what the real kustomize made of the same files.

mod cases;
mod compare;
mod repositories;
