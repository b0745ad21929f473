//! CEL as Kubernetes and Flux configure it.
//!
//! [`Program`] compiles an expression against its variables and runs it over JSON. The functions are those of
//! Kubernetes (lists, regex, URLs, addresses, quantities, versions, formats) and of cel-go's extensions (strings, sets,
//! math, encoders, optional values), in one environment. [`typed`] judges the rules of definitions before they run.

mod addresses;
mod attribute;
mod check;
mod convert;
mod environment;
mod error;
mod formats;
mod lists;
mod maps;
mod opaque;
mod program;
mod quantities;
mod regexes;
mod sets;
mod syntax;
mod two_variables;
pub mod typed;
mod urls;
mod versions;

pub use convert::Data;
pub use error::{CompileError, EvalError};
pub use program::{Output, Program};
