//! Builds compared with what the real kustomize made of the same files.

mod cases;
mod charts;
mod compare;
mod corpus;
mod limits;
mod properties;
mod repositories;
mod trace;
