//! The API over plain HTTP: what clients send and what they must get back.

mod events;
mod harness;
mod kinds;

mod changes;
mod definitions;
mod lists;
mod objects;
mod oracle;
mod races;
mod rights;
mod workloads;
