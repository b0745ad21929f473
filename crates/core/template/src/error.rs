//! Errors in Go's words.

use std::fmt;

/// A template that is no template. The text is Go's: `template: NAME:LINE: MESSAGE`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ParseError {
    /// The whole text.
    pub message: String,
}

/// What ended an execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExecErrorKind {
    /// The template, its data, or a function that failed.
    Template,
    /// No template has the name that was asked for.
    NotFound,
    /// A bound of [`crate::Limits`], or [`crate::Environment::is_cancelled`].
    Limit,
}

/// An execution that failed. The text is Go's: `template: NAME:LINE:COLUMN: executing "NAME" at <NODE>: MESSAGE`.
#[derive(Clone, Debug)]
pub struct ExecError {
    /// What ended it.
    pub kind: ExecErrorKind,
    /// The whole text, of inner errors too.
    pub message: String,
    /// The error of the template that was executed within (`include`, `tpl`), and of other functions.
    pub source: Option<Box<ExecError>>,
    /// Whether this level is one of Go's `template.ExecError`.
    pub(crate) positioned: bool,
}

impl ExecError {
    pub(crate) fn bare(kind: ExecErrorKind, message: String) -> Self {
        Self {
            kind,
            message,
            source: None,
            positioned: false,
        }
    }
}

impl fmt::Display for ExecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ExecError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
