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

/// An execution that failed. Its text is Go's: `template: NAME:LINE:COLUMN: executing "NAME" at <NODE>: MESSAGE`, where the message may end in the
/// text of the [`ExecError::inner`] error.
#[derive(Clone, Debug)]
pub struct ExecError {
    kind: ExecErrorKind,
    /// The text up to that of the inner error: long chains would be quadratic otherwise.
    prefix: String,
    inner: Option<Box<ExecError>>,
    /// Whether this level is one of Go's `template.ExecError`.
    positioned: bool,
}

impl ExecError {
    /// An error that Go gives without a position.
    pub(crate) fn bare(kind: ExecErrorKind, prefix: String) -> Self {
        Self {
            kind,
            prefix,
            inner: None,
            positioned: false,
        }
    }

    /// An error at a node.
    pub(crate) fn positioned(prefix: String, inner: Option<Box<Self>>) -> Self {
        Self {
            kind: inner
                .as_ref()
                .map_or(ExecErrorKind::Template, |inner| inner.kind),
            prefix,
            inner,
            positioned: true,
        }
    }

    /// An error of a function, which may wrap one of a template.
    pub(crate) fn wrapping(prefix: String, inner: Option<Box<Self>>) -> Self {
        Self {
            positioned: false,
            ..Self::positioned(prefix, inner)
        }
    }

    pub(crate) fn with_kind(mut self, kind: ExecErrorKind) -> Self {
        self.kind = kind;
        self
    }

    /// What ended the execution.
    pub fn kind(&self) -> ExecErrorKind {
        self.kind
    }

    /// The error of the function or of the template that was executed within (`include`, `tpl`).
    pub fn inner(&self) -> Option<&Self> {
        self.inner.as_deref()
    }

    /// Whether the text begins with a position: false where no template was executed, and for errors of functions.
    pub fn is_positioned(&self) -> bool {
        self.positioned
    }
}

impl fmt::Display for ExecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut level = Some(self);
        while let Some(error) = level {
            f.write_str(&error.prefix)?;
            level = error.inner();
        }
        Ok(())
    }
}

impl std::error::Error for ExecError {}
