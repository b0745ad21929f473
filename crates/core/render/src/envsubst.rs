//! Variable substitution in text, with the exact semantics of Flux's post-build substitution (a dialect of shell parameter expansion).
//!
//! Differences from a shell that users rely on, knowingly or not: `$v` without braces is text; `$$` in text becomes `$` wherever it
//! stands; lengths and offsets count bytes; `${v-d}` is a parse error; `:?` and `:+` behave like a default.

mod functions;
mod glob;
mod parse;
#[cfg(test)]
mod tests;

use thiserror::Error;

use functions::Function;
use parse::Node;

/// Deepest nesting of `${..${..}..}` that is parsed.
pub const MAX_NESTING: usize = 64;
/// Largest result of one evaluation, in bytes: nested defaults and replacements cannot be used to blow up memory.
pub const MAX_OUTPUT_BYTES: usize = 32 * 1024 * 1024;

/// Why a text could not be substituted. The texts are those that Flux shows.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum EnvsubstError {
    /// A substitution has no known form.
    #[error("bad substitution")]
    BadSubstitution,
    /// `}` is missing where the name ends.
    #[error("missing closing brace")]
    MissingClosingBrace,
    /// No variable name follows `${`.
    #[error("unable to parse variable name")]
    VariableName,
    /// An argument is missing.
    #[error("unable to parse substitution within function")]
    Argument,
    /// The operator after a colon is unknown.
    #[error("unable to parse default function")]
    DefaultFunction,
    /// Strict mode: a variable that has no value is read, and the expression gives no default.
    #[error("variable not set (strict mode): {name:?}")]
    NotSet {
        /// Name of the variable.
        name: String,
    },
    /// Substitutions are nested deeper than [`MAX_NESTING`].
    #[error("substitutions are nested deeper than {MAX_NESTING} levels")]
    TooDeep,
    /// The result would be larger than [`MAX_OUTPUT_BYTES`].
    #[error("the result of the substitution is larger than {MAX_OUTPUT_BYTES} bytes")]
    TooLarge,
}

/// Replaces every `${...}` of the text. `lookup` gives the value of a variable, or `None` when it is not set: then expressions
/// without a default fail. For the lenient mode give `Some("")` for what is not set.
///
/// The result is bytes, for a substring by byte offsets may cut a character in two.
pub fn substitute<'v>(
    text: &str,
    lookup: &dyn Fn(&str) -> Option<&'v str>,
) -> Result<Vec<u8>, EnvsubstError> {
    let nodes = parse::parse(text)?;
    let mut output = Vec::with_capacity(text.len());
    evaluate(&nodes, lookup, &mut output)?;
    Ok(output)
}

/// Whether the text can be changed by a substitution at all: it has a dollar sign followed by another or by a brace.
/// A NUL counts too, for the scanner ends there.
pub fn needs_substitution(text: &str) -> bool {
    text.as_bytes()
        .windows(2)
        .any(|pair| pair == b"${" || pair == b"$$")
        || text.contains('\0')
}

fn evaluate<'v>(
    nodes: &[Node],
    lookup: &dyn Fn(&str) -> Option<&'v str>,
    output: &mut Vec<u8>,
) -> Result<(), EnvsubstError> {
    for node in nodes {
        match node {
            Node::Text(text) => output.extend_from_slice(text.as_bytes()),
            Node::Expansion {
                name,
                function,
                arguments,
            } => {
                let mut values = Vec::with_capacity(arguments.len());
                for argument in arguments {
                    let mut value = Vec::new();
                    evaluate(std::slice::from_ref(argument), lookup, &mut value)?;
                    values.push(value);
                }
                let value = lookup(name);
                if value.is_none() && !matches!(function, Function::Default) {
                    return Err(EnvsubstError::NotSet { name: name.clone() });
                }
                function.apply(value.unwrap_or_default().as_bytes(), &values, output)?;
            }
        }
        if output.len() > MAX_OUTPUT_BYTES {
            return Err(EnvsubstError::TooLarge);
        }
    }
    Ok(())
}
