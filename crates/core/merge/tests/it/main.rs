//! Merging as kube-apiserver does it; the cases were checked against a real one (see the testkit's ssa-oracle).

mod field_set;
mod json_patch;
mod ownership;
mod strategic;
