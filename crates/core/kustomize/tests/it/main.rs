//! Builds compared with what the real kustomize made of the same files.

mod bad_input;
mod bounds;
mod case_file;
mod cases;
mod charts;
mod compare;
mod corpus;
mod limits;
mod oracle;
mod properties;
mod repositories;
mod trace;
