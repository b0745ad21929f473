//! Lists, which are never changed in place.

use std::sync::Arc;

use super::arguments::{kind_name, list_of, texts_of};
use super::cast::to_int;
use super::defaults::is_empty;
use super::{Entry, Outcome, any, integer, text_of};
use crate::equal::deep_equal;
use crate::exec::Runtime;
use crate::function::CallError;
use crate::types::Type;
use crate::value::{List, Operand, Value};

pub const FUNCTIONS: &[Entry] = &[
    ("append", "any, any -> []any", append),
    ("chunk", CHUNK, chunk),
    ("compact", LIST, compact),
    ("concat", "...any -> any", concat),
    ("first", ONE, first),
    ("has", "any, any -> bool", has),
    ("initial", LIST, initial),
    ("last", ONE, last),
    ("list", "...any -> []any", list),
    ("mustAppend", "any, any -> []any", append),
    ("mustChunk", CHUNK, chunk),
    ("mustCompact", LIST, compact),
    ("mustFirst", ONE, first),
    ("mustHas", "any, any -> bool", has),
    ("mustInitial", LIST, initial),
    ("mustLast", ONE, last),
    ("mustPrepend", "any, any -> []any", prepend),
    ("mustPush", "any, any -> []any", append),
    ("mustRest", LIST, rest),
    ("mustReverse", LIST, reverse),
    ("mustSlice", "any, ...any -> any", slice),
    ("mustUniq", LIST, uniq),
    ("mustWithout", "any, ...any -> []any", without),
    ("prepend", "any, any -> []any", prepend),
    ("push", "any, any -> []any", append),
    ("rest", LIST, rest),
    ("reverse", LIST, reverse),
    ("slice", "any, ...any -> any", slice),
    ("sortAlpha", "any -> []string", sort_alpha),
    ("tuple", "...any -> []any", list),
    ("uniq", LIST, uniq),
    ("without", "any, ...any -> []any", without),
];

const LIST: &str = "any -> []any";
const ONE: &str = "any -> any";
const CHUNK: &str = "int, any -> [][]any";

/// What Go says when a nil is asked for its type.
fn nil_pointer() -> CallError {
    CallError::new("runtime error: invalid memory address or nil pointer dereference")
}

/// The list of an argument, counted as work. `complaint` is followed by the kind of what is no list.
fn items(runtime: &mut Runtime<'_>, value: &Value, complaint: &str) -> Result<List, CallError> {
    match list_of(value) {
        Some(list) => {
            runtime.charge(list.items().len() as u64)?;
            Ok(list)
        }
        None if matches!(value, Value::Nil) => Err(nil_pointer()),
        None => Err(CallError::new(format!("{complaint} {}", kind_name(value)))),
    }
}

fn made(runtime: &mut Runtime<'_>, items: Vec<Value>) -> Outcome {
    runtime.charge_elements(items.len())?;
    Ok(Value::list(items).into())
}

fn nil_list() -> Outcome {
    Ok(Value::List(List::nil(Type::Any)).into())
}

fn list(runtime: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    made(runtime, arguments.iter().map(|o| o.value.clone()).collect())
}

fn append(runtime: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let list = items(runtime, any(arguments, 0), "Cannot push on type")?;
    let mut items = list.items().to_vec();
    items.push(any(arguments, 1).clone());
    made(runtime, items)
}

fn prepend(runtime: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let list = items(runtime, any(arguments, 0), "Cannot prepend on type")?;
    let mut items = vec![any(arguments, 1).clone()];
    items.extend_from_slice(list.items());
    made(runtime, items)
}

fn chunk(runtime: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let list = items(runtime, any(arguments, 1), "Cannot chunk type")?;
    runtime.charge_elements(list.items().len())?;
    let row = |items: &[Value]| Value::list(items.to_vec());
    let size = integer(arguments, 0);
    let rows: Vec<Value> = match usize::try_from(size) {
        Ok(size) if size > 0 => list.items().chunks(size).map(row).collect(),
        _ => match (chunk_count(list.items().len(), size), list.items()) {
            (0.0, _) => Vec::new(),
            (1.0, [item]) => vec![row(std::slice::from_ref(item))],
            _ => {
                return Err(CallError::new("runtime error: makeslice: len out of range"));
            }
        },
    };
    let kind = Type::List(Arc::new(Type::Any));
    Ok(Value::List(List::typed(kind, rows)).into())
}

/// How many rows sprig makes room for; sizes below one give odd numbers.
fn chunk_count(length: usize, size: i64) -> f64 {
    ((length as f64 - 1.0) / size as f64).floor() + 1.0
}

fn compact(runtime: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let list = items(runtime, any(arguments, 0), "Cannot compact on type")?;
    let kept = list.items().iter().filter(|item| !is_empty(item));
    made(runtime, kept.cloned().collect())
}

fn concat(runtime: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let mut all = Vec::new();
    for argument in arguments {
        let Some(list) = list_of(&argument.value) else {
            if matches!(argument.value, Value::Nil) {
                return Err(nil_pointer());
            }
            let kind = kind_name(&argument.value);
            return Err(CallError::new(format!("Cannot concat type {kind} as list")));
        };
        runtime.charge_elements(list.items().len())?;
        all.extend_from_slice(list.items());
    }
    if all.is_empty() {
        return nil_list();
    }
    Ok(Value::list(all).into())
}

fn first(runtime: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let list = items(runtime, any(arguments, 0), "Cannot find first on type")?;
    Ok(list.items().first().cloned().unwrap_or_default().into())
}

fn last(runtime: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let list = items(runtime, any(arguments, 0), "Cannot find last on type")?;
    Ok(list.items().last().cloned().unwrap_or_default().into())
}

fn rest(runtime: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let list = items(runtime, any(arguments, 0), "Cannot find rest on type")?;
    match list.items() {
        [] => nil_list(),
        [_, rest @ ..] => made(runtime, rest.to_vec()),
    }
}

fn initial(runtime: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let list = items(runtime, any(arguments, 0), "Cannot find initial on type")?;
    match list.items() {
        [] => nil_list(),
        [initial @ .., _] => made(runtime, initial.to_vec()),
    }
}

fn reverse(runtime: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let list = items(runtime, any(arguments, 0), "Cannot find reverse on type")?;
    made(runtime, list.items().iter().rev().cloned().collect())
}

fn holds(runtime: &mut Runtime<'_>, list: &[Value], wanted: &Value) -> Result<bool, CallError> {
    for item in list {
        if deep_equal(runtime, wanted, item)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn has(runtime: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let haystack = any(arguments, 1);
    if matches!(haystack, Value::Nil) {
        return Ok(Value::Bool(false).into());
    }
    let list = items(runtime, haystack, "Cannot find has on type")?;
    let is_held = holds(runtime, list.items(), any(arguments, 0))?;
    Ok(Value::Bool(is_held).into())
}

fn uniq(runtime: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let list = items(runtime, any(arguments, 0), "Cannot find uniq on type")?;
    let mut kept: Vec<Value> = Vec::new();
    for item in list.items() {
        runtime.charge(1 + kept.len() as u64 / 16)?;
        if !holds(runtime, &kept, item)? {
            kept.push(item.clone());
        }
    }
    made(runtime, kept)
}

fn without(runtime: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let list = items(runtime, any(arguments, 0), "Cannot find without on type")?;
    let omitted: Vec<Value> = arguments[1..].iter().map(|o| o.value.clone()).collect();
    let mut kept = Vec::new();
    for item in list.items() {
        runtime.charge(1 + omitted.len() as u64 / 16)?;
        if !holds(runtime, &omitted, item)? {
            kept.push(item.clone());
        }
    }
    made(runtime, kept)
}

fn slice(runtime: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let complaint = "list should be type of slice or array but";
    let list = items(runtime, any(arguments, 0), complaint)?;
    let length = list.items().len();
    if length == 0 {
        return Ok(Value::Nil.into());
    }
    let start = to_int(any(arguments, 1));
    let end = match arguments.get(2) {
        Some(end) => to_int(&end.value),
        None => length as i64,
    };
    let cut = match (usize::try_from(start), usize::try_from(end)) {
        (Ok(start), Ok(end)) => list.items().get(start..end),
        _ => None,
    };
    match cut {
        Some(items) => {
            runtime.charge_elements(items.len())?;
            let part = List::typed(list.item_type().clone(), items.to_vec());
            let named = match any(arguments, 0) {
                Value::Object(object) => object.with_items(&part),
                _ => None,
            };
            Ok(named.unwrap_or(Value::List(part)).into())
        }
        None => Err(CallError::new(
            "reflect.Value.Slice: slice index out of bounds",
        )),
    }
}

fn sort_alpha(runtime: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let value = any(arguments, 0);
    if list_of(value).is_none() {
        return Ok(Value::strings([text_of(value)]).into());
    }
    let mut texts = texts_of(value);
    let bytes: usize = texts.iter().map(|text| text.len()).sum();
    runtime.charge_elements(texts.len())?;
    runtime.charge(bytes as u64 / 64)?;
    texts.sort();
    Ok(Value::strings(texts).into())
}
