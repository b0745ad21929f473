//! Regular expressions of Go's regexp.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use regex::bytes::{Regex, RegexBuilder};

use super::arguments::text;
use super::strings::made;
use super::{Entry, Outcome, integer};
use crate::exec::Runtime;
use crate::function::CallError;
use crate::strconv::quote;
use crate::text::Text;
use crate::types::Type;
use crate::value::{List, Operand, Value};

pub const FUNCTIONS: &[Entry] = &[
    ("mustRegexFind", TWO, find),
    ("mustRegexFindAll", ALL, find_all),
    (
        "mustRegexMatch",
        "string, string -> bool",
        |runtime, arguments| matches(runtime, arguments, true),
    ),
    ("mustRegexReplaceAll", REPLACE, replace_all),
    ("mustRegexReplaceAllLiteral", REPLACE, replace_all_literal),
    ("mustRegexSplit", ALL, split),
    ("regexFind", TWO, |r, a| panicking(find, r, a)),
    ("regexFindAll", ALL, |r, a| panicking(find_all, r, a)),
    (
        "regexMatch",
        "string, string -> bool",
        |runtime, arguments| matches(runtime, arguments, false),
    ),
    ("regexQuoteMeta", "string -> string", quote_meta),
    ("regexReplaceAll", REPLACE, |r, a| {
        panicking(replace_all, r, a)
    }),
    ("regexReplaceAllLiteral", REPLACE, |r, a| {
        panicking(replace_all_literal, r, a)
    }),
    ("regexSplit", ALL, |r, a| panicking(split, r, a)),
];

const TWO: &str = "string, string -> string";
const ALL: &str = "string, string, int -> []string";
const REPLACE: &str = "string, string, string -> string";
/// Size of a compiled expression.
const MAX_COMPILED_BYTES: usize = 5 << 20;
/// Steps that compiling an expression counts as.
const COMPILE_STEPS: u64 = 5_000;
/// Expressions that are kept compiled, in the whole process.
const MAX_KEPT: usize = 100;

/// The error of Go's `MustCompile`, in front of that of `Compile`.
fn panicking(
    call: fn(&mut Runtime<'_>, &[Operand]) -> Outcome,
    runtime: &mut Runtime<'_>,
    arguments: &[Operand],
) -> Outcome {
    let source = text(arguments, 0);
    if let Err(message) = counted(runtime, &source)? {
        let shown = if source.contains(&b'`') || source.as_str().is_none() {
            quote(&source)
        } else {
            format!("`{}`", source.lossy())
        };
        return Err(CallError::new(format!(
            "regexp: Compile({shown}): {message}"
        )));
    }
    call(runtime, arguments)
}

/// A compiled expression, which is counted as work when it is new.
fn counted(
    runtime: &mut Runtime<'_>,
    source: &Text,
) -> Result<Result<Arc<Regex>, String>, CallError> {
    let (regex, is_new) = compiled(source);
    if is_new {
        runtime.charge(COMPILE_STEPS)?;
    }
    Ok(regex)
}

/// A compiled expression, from the cache when it was compiled before; and whether it was not.
fn compiled(source: &Text) -> (Result<Arc<Regex>, String>, bool) {
    static KEPT: Mutex<Option<HashMap<Text, Arc<Regex>>>> = Mutex::new(None);
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    let kept = kept.get_or_insert_default();
    if let Some(regex) = kept.get(source) {
        return (Ok(Arc::clone(regex)), false);
    }
    let regex = compile_text(source);
    if let Ok(regex) = &regex {
        if kept.len() >= MAX_KEPT {
            kept.clear();
        }
        kept.insert(source.clone(), Arc::clone(regex));
    }
    (regex, true)
}

fn compile_text(source: &Text) -> Result<Arc<Regex>, String> {
    if source.as_str().is_none() {
        let shown = source.lossy();
        return Err(format!("error parsing regexp: invalid UTF-8: `{shown}`"));
    }
    let pattern = skein_gowords::regex_syntax(&source.lossy())
        .map_err(|message| format!("error parsing regexp: {message}"))?;
    let regex = RegexBuilder::new(&pattern)
        .size_limit(MAX_COMPILED_BYTES)
        .build()
        .map_err(|error| format!("error parsing regexp: {error}"))?;
    Ok(Arc::new(regex))
}

fn compile(runtime: &mut Runtime<'_>, arguments: &[Operand]) -> Result<Arc<Regex>, CallError> {
    runtime.charge(1 + text(arguments, 1).len() as u64 / 64)?;
    counted(runtime, &text(arguments, 0))?.map_err(CallError::new)
}

fn matches(runtime: &mut Runtime<'_>, arguments: &[Operand], must: bool) -> Outcome {
    match compile(runtime, arguments) {
        Ok(regex) => Ok(Value::Bool(regex.is_match(&text(arguments, 1))).into()),
        Err(error) if must => Err(error),
        Err(_) => Ok(Value::Bool(false).into()),
    }
}

fn find(runtime: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let regex = compile(runtime, arguments)?;
    let source = text(arguments, 1);
    let found = regex.find(&source).map(|found| found.as_bytes());
    made(runtime, found.unwrap_or_default())
}

fn limit_of(arguments: &[Operand]) -> usize {
    usize::try_from(integer(arguments, 2)).unwrap_or(usize::MAX)
}

/// Matches as Go counts them: an empty one right behind another does not count.
fn places(
    runtime: &mut Runtime<'_>,
    regex: &Regex,
    source: &[u8],
    limit: usize,
) -> Result<Vec<(usize, usize)>, CallError> {
    let mut places: Vec<(usize, usize)> = Vec::new();
    for found in regex.find_iter(source) {
        if places.len() == limit {
            break;
        }
        let behind = places.last().map(|(_, end)| *end);
        let nothing = found.is_empty();
        if nothing && (behind == Some(found.start()) || is_inside_character(source, found.start()))
        {
            continue;
        }
        runtime.charge_elements(1)?;
        places.push((found.start(), found.end()));
    }
    Ok(places)
}

/// Whether a place lies between the bytes of one character; Go looks for nothing there.
fn is_inside_character(source: &[u8], at: usize) -> bool {
    source.get(at).is_some_and(|byte| byte & 0xc0 == 0x80)
}

fn find_all(runtime: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let regex = compile(runtime, arguments)?;
    let source = text(arguments, 1);
    let places = places(runtime, &regex, &source, limit_of(arguments))?;
    if places.is_empty() {
        return Ok(Value::List(List::nil(Type::String)).into());
    }
    let found = places.into_iter().map(|(start, end)| &source[start..end]);
    Ok(Value::strings(found).into())
}

fn split(runtime: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let regex = compile(runtime, arguments)?;
    let source = text(arguments, 1);
    let limit = limit_of(arguments);
    if limit == 0 {
        return Ok(Value::List(List::nil(Type::String)).into());
    }
    if !text(arguments, 0).is_empty() && source.is_empty() {
        return Ok(Value::strings([""]).into());
    }
    let mut parts: Vec<&[u8]> = Vec::new();
    let (mut start, mut behind) = (0, 0);
    for (from, to) in places(runtime, &regex, &source, limit)? {
        if limit != usize::MAX && parts.len() + 1 == limit {
            break;
        }
        behind = from;
        if to != 0 {
            parts.push(&source[start..behind]);
        }
        start = to;
    }
    if behind != source.len() {
        parts.push(&source[start..]);
    }
    Ok(Value::strings(parts).into())
}

fn replaced(
    runtime: &mut Runtime<'_>,
    arguments: &[Operand],
    expand: impl Fn(&regex::bytes::Captures<'_>, &mut Vec<u8>),
) -> Outcome {
    let regex = compile(runtime, arguments)?;
    let source = text(arguments, 1);
    let mut out = Vec::with_capacity(source.len());
    let mut last = 0;
    let mut any = false;
    for captures in regex.captures_iter(&source) {
        let Some(found) = captures.get(0) else {
            continue;
        };
        let nothing = found.is_empty();
        if nothing && (any && found.start() == last || is_inside_character(&source, found.start()))
        {
            continue;
        }
        out.extend_from_slice(&source[last..found.start()]);
        expand(&captures, &mut out);
        last = found.end();
        any = true;
        if out.len() > runtime.options().limits.string_bytes {
            break;
        }
    }
    out.extend_from_slice(&source[last..]);
    made(runtime, out)
}

fn replace_all(runtime: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let template = text(arguments, 2);
    replaced(runtime, arguments, |captures, out| {
        captures.expand(&template, out);
    })
}

fn replace_all_literal(runtime: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let literal = text(arguments, 2);
    replaced(runtime, arguments, |_, out| out.extend_from_slice(&literal))
}

fn quote_meta(runtime: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let mut out = Vec::new();
    for byte in text(arguments, 0).iter() {
        if b"\\.+*?()|[]{}^$".contains(byte) {
            out.push(b'\\');
        }
        out.push(*byte);
    }
    made(runtime, out)
}
