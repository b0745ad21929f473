//! sprig's functions.

mod arguments;
mod cases;
mod cast;
mod crypto;
mod dates;
mod decimal;
mod defaults;
mod dicts;
mod encoding;
mod json;
mod lists;
mod merge;
mod numbers;
mod paths;
mod random;
mod regex;
mod semver;
mod strings;
mod url;

use std::sync::LazyLock;

use crate::exec::Runtime;
use crate::function::{CallError, Function, FunctionMap};
use crate::value::Operand;

pub(crate) use arguments::{any, integer, map, text, text_of};
pub use json::json_problem;
pub(crate) use json::{JsonStyle, from_typed_json_text, to_json_text};
pub use url::{ParsedUrl, parse_url, url_problem};

/// Result of a function.
pub(crate) type Outcome = Result<Operand, CallError>;

/// A function: name, signature, body.
pub(crate) type Entry = (
    &'static str,
    &'static str,
    fn(&mut Runtime<'_>, &[Operand]) -> Outcome,
);

/// Every function of sprig that needs no environment variables.
pub fn sprig() -> &'static FunctionMap {
    static SPRIG: LazyLock<FunctionMap> = LazyLock::new(|| {
        let tables = [
            cases::FUNCTIONS,
            crypto::FUNCTIONS,
            dates::FUNCTIONS,
            defaults::FUNCTIONS,
            dicts::FUNCTIONS,
            encoding::FUNCTIONS,
            json::FUNCTIONS,
            lists::FUNCTIONS,
            numbers::FUNCTIONS,
            paths::FUNCTIONS,
            random::FUNCTIONS,
            regex::FUNCTIONS,
            semver::FUNCTIONS,
            strings::FUNCTIONS,
            url::FUNCTIONS,
        ];
        let mut map = FunctionMap::default();
        for (name, signature, body) in tables.into_iter().flatten() {
            map.insert(Function::new(*name, signature, body));
        }
        map
    });
    &SPRIG
}

/// What Go calls a space.
pub fn is_go_space(character: char) -> bool {
    matches!(
        character,
        '\t' | '\n' | '\u{b}' | '\u{c}' | '\r' | ' ' | '\u{85}' | '\u{a0}'
    ) || (!character.is_ascii() && character.is_whitespace())
}
