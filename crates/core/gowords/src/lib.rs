//! What Go's standard library says of broken texts, how it prints values and what its regular expressions mean: people compare our messages and
//! matches with those of Flux, Helm and kustomize.

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
pub use regexp::{regex, regex_syntax};
pub use time::{TimeLayout, date_error, time_error};
