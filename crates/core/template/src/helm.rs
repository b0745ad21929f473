//! What Helm adds: its functions, and how it words errors.

mod durations;
mod functions;
mod toml;
mod values;
mod yaml;

use std::sync::LazyLock;

use crate::error::{ExecError, ParseError};
use crate::function::{Function, FunctionMap};

pub(crate) use values::{call_method as call_values_method, method as values_method};

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

/// sprig's functions alone, without those that read the environment of the process.
pub fn sprig() -> FunctionMap {
    crate::functions::sprig().clone()
}

/// All functions that templates of charts can call beside Go's own: sprig's without `env` and `expandenv`, and Helm's.
pub fn functions() -> FunctionMap {
    static FUNCTIONS: LazyLock<FunctionMap> = LazyLock::new(|| {
        let mut map = sprig();
        let tables = [
            functions::FUNCTIONS,
            durations::FUNCTIONS,
            toml::FUNCTIONS,
            yaml::FUNCTIONS,
        ];
        for table in tables {
            for (name, signature, body) in table {
                map.insert(Function::new(*name, signature, body));
            }
        }
        map
    });
    FUNCTIONS.clone()
}

/// A parse error as Helm prints it: `parse error at (FILE:LINE): MESSAGE`.
pub fn parse_error_text(file: &str, error: &ParseError) -> String {
    let tokens: Vec<&str> = error.message.split(": ").collect();
    match tokens.as_slice() {
        [_, location, .., message] => format!("parse error at ({location}): {message}"),
        [_, location] => format!("parse error at ({location}): {location}"),
        _ => format!("parse error in ({file}): {}", error.message),
    }
}

const WARN_START: &str = "HELM_ERR_START";
const WARN_END: &str = "HELM_ERR_END";

/// A message that Helm shows without the chain of templates that led to it.
pub(crate) fn warning(message: &str) -> String {
    format!("{WARN_START}{message}{WARN_END}")
}

/// An error text without the marks that tell Helm which part of it to show.
pub fn plain_text(text: &str) -> String {
    text.replace(WARN_START, "").replace(WARN_END, "")
}

/// An execution error as Helm prints it: lines for each level, or `execution error at (FILE:LINE:COLUMN): MESSAGE` for `fail` and `required`.
pub fn exec_error_text(file: &str, error: &ExecError) -> String {
    let whole = error.to_string();
    if !error.is_positioned() {
        return whole;
    }
    let mut tokens = whole.splitn(3, ": ");
    let (Some(_), Some(location), Some(rest)) = (tokens.next(), tokens.next(), tokens.next())
    else {
        return format!("execution error in ({file}): {whole}");
    };
    if let (Some(start), Some(end)) = (rest.find(WARN_START), rest.rfind(WARN_END))
        && let Some(message) = rest.get(start + WARN_START.len()..end)
    {
        return format!("execution error at ({location}): {message}");
    }
    let mut levels: Vec<Level> = Vec::new();
    let mut current = Some(error);
    while let Some(error) = current {
        match Level::parse(&error.to_string()) {
            Some(level) if levels.last() == Some(&level) => {}
            Some(level) => levels.push(level),
            None => return whole,
        }
        current = error.inner();
    }
    let lines: String = levels.iter().map(Level::to_text).collect();
    lines.trim_matches(crate::functions::is_go_space).to_owned()
}

/// What Helm reads out of one level of Go's error.
#[derive(PartialEq, Eq)]
struct Level {
    location: String,
    executing: String,
    message: String,
}

impl Level {
    fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("template: ")?;
        if rest.starts_with("no template ") {
            return Some(Self {
                location: String::new(),
                executing: String::new(),
                message: text.to_owned(),
            });
        }
        Self::parse_executing(rest).or_else(|| {
            let (location, message) = rest.rsplit_once(": ")?;
            Some(Self {
                location: location.to_owned(),
                executing: String::new(),
                message: up_to_next(message),
            })
        })
    }

    fn parse_executing(rest: &str) -> Option<Self> {
        let (location, after) = rest.split_once(": executing ")?;
        let after = after.strip_prefix('"')?;
        let (name, after) = after.split_once('"')?;
        let after = after.strip_prefix(" at <")?;
        let (node, message) = after.split_once(">: ")?;
        Some(Self {
            location: location.to_owned(),
            executing: format!("executing \"{name}\" at <{node}>:"),
            message: up_to_next(message),
        })
    }

    fn to_text(&self) -> String {
        let mut text = String::new();
        if !self.location.is_empty() {
            text.push_str(&format!("{}\n  ", self.location));
        }
        if !self.executing.is_empty() {
            text.push_str(&format!("{}\n    ", self.executing));
        }
        if !self.message.is_empty() {
            text.push_str(&format!("{}\n", self.message));
        }
        text
    }
}

/// A message without that of the next level.
fn up_to_next(message: &str) -> String {
    let end = message.find(" template:").unwrap_or(message.len());
    message[..end].to_owned()
}
