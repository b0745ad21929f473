//! The Flux kinds: Rust types, closed condition and reason sets, and the CRDs made from them.
