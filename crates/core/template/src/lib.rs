//! Go's text/template with sprig's and Helm's functions, as Helm 4 renders charts.
//!
//! [`Templates`] holds parsed templates that can call each other; [`Templates::execute`] runs one over a [`Value`]. What templates ask of the
//! world (clock, randomness, the cluster) comes through an [`Environment`].

mod builtins;
mod environment;
mod equal;
mod error;
mod exec;
mod format;
mod function;
mod functions;
mod object;
mod parse;
mod stack;
mod strconv;
mod templates;
mod text;
mod time;
mod truth;
mod types;
mod value;

pub mod helm;
pub mod raw_text;

pub use environment::{Environment, FixedEnvironment, Limits, MissingKey, Options};
pub use error::{ExecError, ExecErrorKind, ParseError};
pub use exec::Runtime;
pub use function::{Body, CallError, Function, FunctionMap, Signature};
pub use functions::{ParsedUrl, json_problem, parse_url, url_problem};
pub use object::Object;
pub use templates::Templates;
pub use text::Text;
pub use time::{GoTime, Location};
pub use types::{IntKind, Kind, Type, UintKind};
pub use value::{Entries, Integers, JsonError, List, MAX_VALUE_DEPTH_LEVELS, Map, Operand, Value};
