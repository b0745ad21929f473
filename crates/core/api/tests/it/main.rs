//! The Flux kinds against what Flux and a real API server do.

mod decode;
mod fields;
mod recorded;
mod refusals;
