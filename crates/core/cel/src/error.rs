//! Errors of expressions, worded as Flux words them.

use thiserror::Error;

/// Why an expression is refused before it runs.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum CompileError {
    /// Longer than [`crate::program::MAX_SOURCE_BYTES`].
    #[error("the CEL expression has {found} bytes, the limit is {limit}")]
    TooLong {
        /// Bytes found.
        found: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// Comprehensions nested too deeply: run time would be their product.
    #[error("the CEL expression nests {found} comprehensions, the limit is {limit}")]
    TooComplex {
        /// Levels found.
        found: usize,
        /// Levels allowed.
        limit: usize,
    },
    /// Not an expression, or it names what there is not.
    #[error("failed to parse the CEL expression '{source_text}': {issues}")]
    Syntax {
        /// The expression.
        source_text: String,
        /// What is wrong and where, with the line and a caret.
        issues: String,
    },
    /// Yields something else than is needed.
    #[error("CEL expression output type mismatch: expected {expected}, got {found}")]
    Output {
        /// Type needed.
        expected: &'static str,
        /// Type that it yields.
        found: &'static str,
    },
}

/// Why an expression could not be evaluated.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum EvalError {
    /// Failed while it ran: a missing key, an overflow, types that do not fit.
    #[error("failed to evaluate the CEL expression '{source_text}': {cause}")]
    Run {
        /// The expression.
        source_text: String,
        /// What went wrong, as cel-go says it.
        cause: String,
    },
    /// Yielded something else than was asked for.
    #[error("failed to evaluate CEL expression as {wanted}: '{source_text}'")]
    Output {
        /// The expression.
        source_text: String,
        /// `boolean` or `string`.
        wanted: &'static str,
    },
}

impl CompileError {
    /// What is wrong and where, without the expression.
    pub fn issues(&self) -> String {
        match self {
            Self::Syntax { issues, .. } => issues.clone(),
            other => other.to_string(),
        }
    }
}

impl EvalError {
    /// What went wrong, without the expression.
    pub fn cause(&self) -> String {
        match self {
            Self::Run { cause, .. } => cause.clone(),
            Self::Output { .. } => self.to_string(),
        }
    }
}
