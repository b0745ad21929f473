//! JSON as Go's encoding/json writes and reads it.

mod read;
mod write;

use super::arguments::text;
use super::strings::made;
use super::{Entry, Outcome, any};
use crate::exec::Runtime;
use crate::function::CallError;
use crate::value::{Operand, Value};

pub use read::{from_json_text, from_typed_json_text, json_problem};
pub use write::{JsonStyle, to_json_text};

pub const FUNCTIONS: &[Entry] = &[
    ("fromJson", "string -> any", |runtime, arguments| {
        let read = read_counted(runtime, arguments)?;
        Ok(read.unwrap_or_default().into())
    }),
    ("mustFromJson", "string -> any", |runtime, arguments| {
        let read = read_counted(runtime, arguments)?;
        read.map(Operand::plain).map_err(CallError::new)
    }),
    ("mustToJson", WRITE, |runtime, arguments| {
        written(runtime, arguments, JsonStyle::Escaped, true)
    }),
    ("mustToPrettyJson", WRITE, |runtime, arguments| {
        written(runtime, arguments, JsonStyle::Pretty, true)
    }),
    ("mustToRawJson", WRITE, |runtime, arguments| {
        written(runtime, arguments, JsonStyle::Raw, true)
    }),
    ("toJson", WRITE, |runtime, arguments| {
        written(runtime, arguments, JsonStyle::Escaped, false)
    }),
    ("toPrettyJson", WRITE, |runtime, arguments| {
        written(runtime, arguments, JsonStyle::Pretty, false)
    }),
    ("toRawJson", WRITE, |runtime, arguments| {
        written(runtime, arguments, JsonStyle::Raw, true)
    }),
];

const WRITE: &str = "any -> string";

/// Reads an argument, and counts it as work.
fn read_counted(
    runtime: &mut Runtime<'_>,
    arguments: &[Operand],
) -> Result<Result<Value, String>, CallError> {
    let source = text(arguments, 0);
    runtime.charge_reading(&source)?;
    Ok(from_json_text(&source))
}

/// The JSON of an argument. What is no JSON is an error, or the empty text.
pub(crate) fn written(
    runtime: &mut Runtime<'_>,
    arguments: &[Operand],
    style: JsonStyle,
    must: bool,
) -> Outcome {
    let limit = runtime.options().limits.string_bytes;
    match to_json_text(any(arguments, 0), style, limit) {
        Ok(text) => made(runtime, text),
        Err(error) if must => Err(CallError::new(error.to_string())),
        Err(_) => made(runtime, ""),
    }
}
