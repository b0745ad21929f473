//! Charts against what Helm makes of them.

#[path = "../support/compare.rs"]
mod compare;
#[path = "../support/disk.rs"]
mod disk;
mod recorded;
#[path = "../support/run.rs"]
mod run;
mod set;
