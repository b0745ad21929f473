//! Charts against what Helm makes of them.

mod bad_input;
mod bombs;
#[path = "../support/cases.rs"]
mod cases;
#[path = "../support/compare.rs"]
mod compare;
mod corpus;
#[path = "../support/disk.rs"]
mod disk;
mod lint;
mod pack;
mod recorded;
mod remote_schemas;
#[path = "../support/run.rs"]
mod run;
mod schemas;
mod set;
mod values;
