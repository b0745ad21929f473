//! What Go's standard library says of broken texts, and how it prints values: people compare our messages with those of Flux, Helm and kustomize.

mod address;
mod json;
mod print;
mod quote;
mod regexp;
mod time;

pub use address::address_error;
pub use json::{escape_json, push_json_string};
pub use print::resource_identity;
pub use quote::quote;
pub use regexp::regexp_error;
pub use time::{TimeLayout, date_error, time_error};
