//! Why text is no YAML, with the place in the text.

use thiserror::Error;

/// Why a YAML text was refused. Lines and columns count from 1; 0 means not known.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum YamlError {
    /// The text breaks the grammar.
    #[error("line {line}, column {column}: {problem}")]
    Syntax {
        /// Line, from 1.
        line: u64,
        /// Column, from 1.
        column: u64,
        /// What is wrong there.
        problem: String,
        /// The same as go-yaml words it after `yaml: `, with the line that it names (which is another one at times).
        go_text: String,
    },
    /// The text is larger than the limit.
    #[error("the document has {bytes} bytes, the limit is {limit}")]
    TooLarge {
        /// Size of the text in bytes.
        bytes: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// Maps and lists are nested deeper than the limit.
    #[error("line {line}: maps and lists are nested more than {limit} levels deep")]
    TooDeep {
        /// Line, from 1.
        line: u64,
        /// The limit in levels.
        limit: usize,
    },
    /// The document has too many values, counted after aliases are expanded.
    #[error(
        "line {line}: the document has more than {limit} values after its aliases are expanded"
    )]
    TooManyNodes {
        /// Line, from 1.
        line: u64,
        /// The limit in values.
        limit: usize,
    },
    /// Aliases make too many of the values of a document.
    #[error(
        "line {line}: the document contains excessive aliasing: aliases make nearly all of its {count} values"
    )]
    ExcessiveAliasing {
        /// Line of the alias, from 1.
        line: u64,
        /// Values so far, aliases expanded.
        count: usize,
    },
    /// The text has more documents than the limit.
    #[error("the text has more than {limit} documents")]
    TooManyDocuments {
        /// The limit in documents.
        limit: usize,
    },
    /// An alias names the anchor of a value that it is in.
    #[error("line {line}: the value of the anchor '{anchor}' contains itself")]
    AnchorInItself {
        /// Line of the alias, from 1.
        line: u64,
        /// The anchor's name.
        anchor: String,
    },
    /// An alias names an anchor that is not defined before it.
    #[error("line {line}: the anchor '{anchor}' is not defined before its use")]
    UnknownAnchor {
        /// Line, from 1.
        line: u64,
        /// The anchor's name.
        anchor: String,
    },
    /// A map has the same key twice.
    #[error("line {line}: the key \"{key}\" is already defined at line {first_line}")]
    DuplicateKey {
        /// Line of the second, from 1.
        line: u64,
        /// The key.
        key: String,
        /// Line of the first, from 1.
        first_line: u64,
        /// Line where the second's value begins, from 1: what Go names.
        value_line: u64,
    },
    /// A value that YAML has and JSON has not.
    #[error("line {line}: {problem}")]
    NotJson {
        /// Line, from 1.
        line: u64,
        /// What it is and what to write.
        problem: String,
    },
    /// A key that is no text, where only texts are keys.
    #[error("line {line}: {}", key_problem(.key))]
    KeyNotText {
        /// Line, from 1.
        line: u64,
        /// The key as written.
        key: String,
    },
    /// A key, number or tag that JSON cannot have.
    #[error("line {line}: {problem}")]
    Key {
        /// Line, from 1.
        line: u64,
        /// What it is and what to write.
        problem: String,
        /// The same as `sigs.k8s.io/yaml` words it.
        go_text: String,
    },
}

fn key_problem(key: &str) -> String {
    format!("the key {key} is not a string, quote it")
}

impl YamlError {
    /// What JSON cannot have, without its line; `None` for other problems.
    pub fn problem_of_value(&self) -> Option<String> {
        match self {
            Self::NotJson { problem, .. } | Self::Key { problem, .. } => Some(problem.clone()),
            Self::KeyNotText { key, .. } => Some(key_problem(key)),
            _ => None,
        }
    }

    /// The problem as go-yaml words it, for messages that must read as those of Go programs.
    pub fn go_text(&self) -> String {
        match self {
            Self::Syntax { go_text, .. } => format!("yaml: {go_text}"),
            Self::UnknownAnchor { anchor, .. } => {
                format!("yaml: unknown anchor '{anchor}' referenced")
            }
            Self::AnchorInItself { anchor, .. } => {
                format!("yaml: anchor '{anchor}' value contains itself")
            }
            Self::DuplicateKey {
                value_line, key, ..
            } => {
                format!(
                    "yaml: unmarshal errors:\n  line {value_line}: key \"{key}\" already set in map"
                )
            }
            Self::ExcessiveAliasing { .. } => {
                "yaml: document contains excessive aliasing".to_owned()
            }
            Self::Key { go_text, .. } => go_text.clone(),
            other => format!("yaml: {other}"),
        }
    }

    /// The line of the problem, from 1; 0 when it concerns the whole text.
    pub fn line(&self) -> u64 {
        match self {
            Self::Syntax { line, .. }
            | Self::TooDeep { line, .. }
            | Self::TooManyNodes { line, .. }
            | Self::ExcessiveAliasing { line, .. }
            | Self::UnknownAnchor { line, .. }
            | Self::AnchorInItself { line, .. }
            | Self::DuplicateKey { line, .. }
            | Self::NotJson { line, .. }
            | Self::KeyNotText { line, .. }
            | Self::Key { line, .. } => *line,
            Self::TooLarge { .. } | Self::TooManyDocuments { .. } => 0,
        }
    }
}
