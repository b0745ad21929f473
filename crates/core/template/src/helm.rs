//! What Helm adds: its functions, and how it words errors.

use crate::error::{ExecError, ParseError};
use crate::function::FunctionMap;

/// Go prints this for a key that is missing even where it should be zero; Helm takes it out of all output.
const NO_VALUE: &[u8] = b"<no value>";

/// Output without `<no value>`.
pub fn without_no_value(output: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(output.len());
    let mut at = 0;
    while at < output.len() {
        let rest = &output[at..];
        if rest.starts_with(NO_VALUE) {
            at += NO_VALUE.len();
            continue;
        }
        let next = rest[1..].iter().position(|byte| *byte == NO_VALUE[0]);
        let length = next.map_or(rest.len(), |next| next + 1);
        out.extend_from_slice(&rest[..length]);
        at += length;
    }
    out
}

/// All functions that templates of charts can call: Go's, sprig's without `env` and `expandenv`, and Helm's.
pub fn functions() -> FunctionMap {
    FunctionMap::default()
}

/// A parse error as Helm prints it: `parse error at (FILE:LINE): MESSAGE`.
pub fn parse_error_text(_file: &str, error: &ParseError) -> String {
    error.message.clone()
}

/// An execution error as Helm prints it: one line per level, or `execution error at (FILE:LINE:COLUMN): MESSAGE` for `fail` and `required`.
pub fn exec_error_text(_file: &str, error: &ExecError) -> String {
    error.to_string()
}
