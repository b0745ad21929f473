//! The store's rules on both backends, under races and when the process is killed.

mod killed;
mod races;
mod rules;
