//! Strings: cutting, searching, joining, quoting.

use std::collections::HashSet;

use super::arguments::{characters, map_of_strings, text, texts_of};
use super::{Entry, Outcome, any, integer, is_go_space, text_of};
use crate::exec::Runtime;
use crate::format;
use crate::function::CallError;
use crate::strconv::quote as go_quote;
use crate::text::{Text, first_character};
use crate::value::{Operand, Value};

pub const FUNCTIONS: &[Entry] = &[
    ("cat", "...any -> string", cat),
    ("contains", "string, string -> bool", contains),
    ("hasPrefix", "string, string -> bool", has_prefix),
    ("hasSuffix", "string, string -> bool", has_suffix),
    ("hello", "-> string", hello),
    ("indent", "int, string -> string", indent),
    ("join", "string, any -> string", join),
    ("nindent", "int, string -> string", nindent),
    ("nospace", "string -> string", nospace),
    ("plural", "string, string, int -> string", plural),
    ("quote", "...any -> string", quote),
    ("repeat", "int, string -> string", repeat),
    ("replace", "string, string, string -> string", replace),
    ("split", "string, string -> map[string]string", split),
    ("splitList", "string, string -> []string", split_list),
    ("splitn", "string, int, string -> map[string]string", splitn),
    ("squote", "...any -> string", squote),
    ("substr", "int, int, string -> string", substr),
    ("toString", "any -> string", to_string),
    ("toStrings", "any -> []string", to_strings),
    ("trim", "string -> string", trim),
    ("trimAll", "string, string -> string", trim_all),
    ("trimall", "string, string -> string", trim_all),
    ("trimPrefix", "string, string -> string", trim_prefix),
    ("trimSuffix", "string, string -> string", trim_suffix),
    ("trunc", "int, string -> string", trunc),
];

pub(super) fn made(runtime: &mut Runtime<'_>, text: impl Into<Vec<u8>>) -> Outcome {
    let bytes = text.into();
    runtime.charge_bytes(bytes.len())?;
    Ok(Value::text(bytes).into())
}

fn hello(_: &mut Runtime<'_>, _: &[Operand]) -> Outcome {
    Ok(Value::text("Hello!").into())
}

fn cat(runtime: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let shown = arguments.iter().filter(|o| !matches!(o.value, Value::Nil));
    let parts: Vec<Vec<u8>> = shown.map(|o| format::to_text(&o.value)).collect();
    made(runtime, parts.join(&b' '))
}

/// Where a part is in a text.
pub(super) fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    memchr::memmem::find(text, part)
}

fn contains(_: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let found = find(&text(arguments, 1), &text(arguments, 0)).is_some();
    Ok(Value::Bool(found).into())
}

fn has_prefix(_: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let found = text(arguments, 1).starts_with(&text(arguments, 0));
    Ok(Value::Bool(found).into())
}

fn has_suffix(_: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let found = text(arguments, 1).ends_with(&text(arguments, 0));
    Ok(Value::Bool(found).into())
}

/// Spaces before each line, within the bounds.
fn indented(
    runtime: &mut Runtime<'_>,
    arguments: &[Operand],
    start: &[u8],
) -> Result<Vec<u8>, CallError> {
    let count = integer(arguments, 0);
    let source = text(arguments, 1);
    let Ok(count) = usize::try_from(count) else {
        return Err(CallError::new("strings: negative Repeat count"));
    };
    let lines = source.iter().filter(|byte| **byte == b'\n').count();
    let padding = count.saturating_mul(lines + 1);
    runtime.charge_bytes(source.len().saturating_add(padding))?;
    let pad = vec![b' '; count];
    let mut out = Vec::with_capacity(source.len() + padding + start.len());
    out.extend_from_slice(start);
    out.extend_from_slice(&pad);
    for byte in source.iter() {
        out.push(*byte);
        if *byte == b'\n' {
            out.extend_from_slice(&pad);
        }
    }
    Ok(out)
}

fn indent(runtime: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let out = indented(runtime, arguments, b"")?;
    Ok(Value::text(out).into())
}

fn nindent(runtime: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let out = indented(runtime, arguments, b"\n")?;
    Ok(Value::text(out).into())
}

fn join(runtime: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let separator = text(arguments, 0);
    let parts = texts_of(any(arguments, 1));
    let length: usize = parts.iter().map(|part| part.len() + separator.len()).sum();
    runtime.charge_bytes(length)?;
    let parts: Vec<&[u8]> = parts.iter().map(Text::as_bytes).collect();
    Ok(Value::text(parts.join(separator.as_bytes())).into())
}

/// goutils looks at bytes, and writes those from 128 as characters of Latin 1.
fn nospace(runtime: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let source = text(arguments, 0);
    let kept = || {
        let characters = source.iter().map(|byte| char::from(*byte));
        characters.filter(|c| !is_go_space(*c))
    };
    if kept().count() == source.len() {
        return Ok(Value::String(source).into());
    }
    made(runtime, kept().collect::<String>())
}

fn plural(_: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let index = usize::from(integer(arguments, 2) != 1);
    Ok(Value::String(text(arguments, index)).into())
}

fn quote(runtime: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let shown = arguments.iter().filter(|o| !matches!(o.value, Value::Nil));
    let parts: Vec<String> = shown.map(|o| go_quote(&text_of(&o.value))).collect();
    made(runtime, parts.join(" "))
}

fn squote(runtime: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let shown = arguments.iter().filter(|o| !matches!(o.value, Value::Nil));
    let parts: Vec<Vec<u8>> = shown
        .map(|o| [b"'", format::to_text(&o.value).as_slice(), b"'"].concat())
        .collect();
    made(runtime, parts.join(&b' '))
}

fn repeat(runtime: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let source = text(arguments, 1);
    let Ok(count) = usize::try_from(integer(arguments, 0)) else {
        return Err(CallError::new("strings: negative Repeat count"));
    };
    let length = source.len().checked_mul(count);
    let Some(length) = length.filter(|length| i64::try_from(*length).is_ok()) else {
        return Err(CallError::new("strings: Repeat output length overflow"));
    };
    runtime.charge_bytes(length)?;
    Ok(Value::text(source.repeat(count)).into())
}

/// Every `old` replaced. An empty `old` matches before each character and at the end.
pub(super) fn replaced(source: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(source.len());
    if old.is_empty() {
        for chunk in source.utf8_chunks() {
            for character in chunk.valid().chars() {
                out.extend_from_slice(new);
                out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            }
            for byte in chunk.invalid() {
                out.extend_from_slice(new);
                out.push(*byte);
            }
        }
        out.extend_from_slice(new);
        return out;
    }
    let mut rest = source;
    while let Some(at) = find(rest, old) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(new);
        rest = &rest[at + old.len()..];
    }
    out.extend_from_slice(rest);
    out
}

fn replace(runtime: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let (old, new, source) = (text(arguments, 0), text(arguments, 1), text(arguments, 2));
    let places = source.len() / old.len().max(1) + 1;
    let longest = source
        .len()
        .saturating_add(places.saturating_mul(new.len()));
    if longest > runtime.options().limits.string_bytes {
        let count = count_of(&source, &old);
        runtime.charge_bytes(source.len().saturating_add(count.saturating_mul(new.len())))?;
    }
    made(runtime, replaced(&source, &old, &new))
}

fn count_of(source: &[u8], part: &[u8]) -> usize {
    if part.is_empty() {
        return source.len() + 1;
    }
    let mut rest = source;
    let mut count = 0;
    while let Some(at) = find(rest, part) {
        count += 1;
        rest = &rest[at + part.len()..];
    }
    count
}

/// `strings.SplitN`: at most `limit` parts; all when it is negative.
fn parts(
    runtime: &mut Runtime<'_>,
    source: &Text,
    separator: &[u8],
    limit: i64,
) -> Result<Vec<Text>, CallError> {
    if limit == 0 {
        return Ok(Vec::new());
    }
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut out: Vec<Text> = Vec::new();
    let mut rest: &[u8] = source;
    if separator.is_empty() {
        while let Some((_, length)) = first_character(rest) {
            if out.len() + 1 == limit {
                out.push(rest.into());
                return Ok(out);
            }
            runtime.charge_elements(1)?;
            let (first, after) = rest.split_at(length);
            out.push(first.into());
            rest = after;
        }
        return Ok(out);
    }
    while out.len() + 1 < limit {
        let Some(at) = find(rest, separator) else {
            break;
        };
        runtime.charge_elements(1)?;
        out.push(rest[..at].into());
        rest = &rest[at + separator.len()..];
    }
    out.push(rest.into());
    Ok(out)
}

fn numbered(runtime: &mut Runtime<'_>, parts: Vec<Text>) -> Outcome {
    runtime.charge_elements(parts.len())?;
    let named = parts.into_iter().enumerate();
    Ok(map_of_strings(named.map(|(index, part)| (format!("_{index}"), part))).into())
}

fn split(runtime: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let parts = parts(runtime, &text(arguments, 1), &text(arguments, 0), -1)?;
    numbered(runtime, parts)
}

fn splitn(runtime: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let parts = parts(
        runtime,
        &text(arguments, 2),
        &text(arguments, 0),
        integer(arguments, 1),
    )?;
    numbered(runtime, parts)
}

fn split_list(runtime: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let parts = parts(runtime, &text(arguments, 1), &text(arguments, 0), -1)?;
    Ok(Value::strings(parts).into())
}

fn out_of_range(what: impl AsRef<str>) -> CallError {
    let what = what.as_ref();
    CallError::new(format!("runtime error: slice bounds out of range {what}"))
}

fn substr(_: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let (start, end) = (integer(arguments, 0), integer(arguments, 1));
    let source = text(arguments, 2);
    let length = source.len() as i64;
    let (start, end) = if start < 0 {
        (0, end)
    } else if end < 0 || end > length {
        (start, length)
    } else {
        (start, end)
    };
    if end < 0 {
        return Err(out_of_range(format!("[:{end}]")));
    }
    if end > length {
        return Err(out_of_range(format!("[:{end}] with length {length}")));
    }
    if start > end {
        return Err(out_of_range(format!("[{start}:{end}]")));
    }
    Ok(Value::text(&source[start as usize..end as usize]).into())
}

fn trunc(_: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let count = integer(arguments, 0);
    let source = text(arguments, 1);
    let length = source.len() as i64;
    let cut = if count < 0 && length.saturating_add(count) > 0 {
        &source[(length + count) as usize..]
    } else if count >= 0 && length > count {
        &source[..count as usize]
    } else {
        &source[..]
    };
    Ok(Value::text(cut).into())
}

fn to_string(_: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    Ok(Value::String(text_of(any(arguments, 0))).into())
}

fn to_strings(_: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    Ok(Value::strings(texts_of(any(arguments, 0))).into())
}

fn trim(_: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let source = text(arguments, 0);
    match source.as_str() {
        Some(valid) => Ok(Value::text(valid.trim_matches(is_go_space)).into()),
        None => Ok(Value::text(source.trim_ascii()).into()),
    }
}

fn trim_all(_: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let (cut, source) = (text(arguments, 0), text(arguments, 1));
    let set: HashSet<char> = characters(&cut).chars().collect();
    let shown = characters(&source);
    Ok(Value::text(shown.trim_matches(|c| set.contains(&c))).into())
}

fn trim_prefix(_: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let (prefix, source) = (text(arguments, 0), text(arguments, 1));
    let rest = source.strip_prefix(prefix.as_bytes());
    Ok(Value::text(rest.unwrap_or(&source)).into())
}

fn trim_suffix(_: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let (suffix, source) = (text(arguments, 0), text(arguments, 1));
    let rest = source.strip_suffix(suffix.as_bytes());
    Ok(Value::text(rest.unwrap_or(&source)).into())
}
