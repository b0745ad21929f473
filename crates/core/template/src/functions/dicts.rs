//! Maps, which are changed in place.

use super::arguments::{map_of, text};
use super::merge::merge;
use super::{Entry, Outcome, any, map, text_of};
use crate::exec::Runtime;
use crate::function::CallError;
use crate::text::Text;
use crate::value::{Entries, Map, Operand, Value};

pub const FUNCTIONS: &[Entry] = &[
    ("dict", "...any -> map[string]any", dict),
    ("dig", "...any -> any", dig),
    ("get", "map[string]any, string -> any", |_, arguments| {
        let found = map(arguments, 0).get_bytes(&text(arguments, 1));
        Ok(found.unwrap_or_else(|| Value::text("")).into())
    }),
    (
        "hasKey",
        "map[string]any, string -> bool",
        |_, arguments| {
            let found = map(arguments, 0)
                .read()
                .contains_key(text(arguments, 1).as_bytes());
            Ok(Value::Bool(found).into())
        },
    ),
    (
        "keys",
        "...map[string]any -> []string",
        |runtime, arguments| {
            let mut keys: Vec<Text> = Vec::new();
            for map in arguments.iter().filter_map(|o| map_of(&o.value)) {
                runtime.charge_elements(map.len())?;
                keys.extend(map.read().keys().cloned());
            }
            Ok(Value::strings(keys).into())
        },
    ),
    ("merge", MERGE, |runtime, arguments| {
        merged(runtime, arguments, false)
    }),
    ("mergeOverwrite", MERGE, |runtime, arguments| {
        merged(runtime, arguments, true)
    }),
    ("mustMerge", MERGE, |runtime, arguments| {
        merged(runtime, arguments, false)
    }),
    ("mustMergeOverwrite", MERGE, |runtime, arguments| {
        merged(runtime, arguments, true)
    }),
    (
        "omit",
        "map[string]any, ...string -> map[string]any",
        |runtime, arguments| kept(runtime, arguments, false),
    ),
    (
        "pick",
        "map[string]any, ...string -> map[string]any",
        |runtime, arguments| kept(runtime, arguments, true),
    ),
    (
        "pluck",
        "string, ...map[string]any -> []any",
        |_, arguments| {
            let key = text(arguments, 0);
            let maps = arguments[1..].iter().filter_map(|o| map_of(&o.value));
            let found = maps.filter_map(|map| map.get_bytes(&key)).collect();
            Ok(Value::list(found).into())
        },
    ),
    ("set", "map[string]any, string, any -> map[string]any", set),
    (
        "unset",
        "map[string]any, string -> map[string]any",
        |_, arguments| {
            let map = map(arguments, 0);
            map.remove(&text(arguments, 1));
            Ok(Value::Map(map).into())
        },
    ),
    ("values", "map[string]any -> []any", |runtime, arguments| {
        let map = map(arguments, 0);
        runtime.charge_elements(map.len())?;
        let values: Vec<Value> = map.read().values().cloned().collect();
        Ok(Value::list(values).into())
    }),
];

const MERGE: &str = "map[string]any, ...map[string]any -> any";

fn dict(_: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let mut entries = Entries::new();
    for pair in arguments.chunks(2) {
        let value = pair.get(1).map(|o| o.value.clone());
        entries.insert(
            text_of(&pair[0].value),
            value.unwrap_or_else(|| Value::text("")),
        );
    }
    Ok(Value::Map(Map::from_entries(entries)).into())
}

fn set(runtime: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let map = map(arguments, 0);
    if map.is_nil() {
        return Err(CallError::new("assignment to entry in nil map"));
    }
    runtime.charge_elements(1)?;
    map.insert(text(arguments, 1), any(arguments, 2).clone());
    Ok(Value::Map(map).into())
}

fn kept(runtime: &mut Runtime<'_>, arguments: &[Operand], wanted: bool) -> Outcome {
    let names: Vec<Text> = (1..arguments.len()).map(|at| text(arguments, at)).collect();
    let map = map(arguments, 0);
    runtime.charge_elements(map.len())?;
    runtime.charge((map.len() as u64).saturating_mul(names.len() as u64 / 16))?;
    let mut entries = map.entries();
    entries.retain(|key, _| names.contains(key) == wanted);
    Ok(Value::Map(Map::from_entries(entries)).into())
}

fn merged(runtime: &mut Runtime<'_>, arguments: &[Operand], overwrite: bool) -> Outcome {
    let mut target = map(arguments, 0);
    for source in &arguments[1..] {
        let Some(source) = map_of(&source.value) else {
            continue;
        };
        if target.is_nil() && !source.is_nil() {
            target = Map::new();
        }
        merge(runtime, &target, &source, overwrite, 0)?;
    }
    Ok(Value::Map(target).into())
}

fn conversion(value: &Value, wanted: &str) -> CallError {
    CallError::new(match value {
        Value::Nil => format!("interface conversion: interface {{}} is nil, not {wanted}"),
        other => format!(
            "interface conversion: interface {{}} is {}, not {wanted}",
            other.type_name()
        ),
    })
}

fn dig(_: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    const MAP: &str = "map[string]interface {}";
    let [keys @ .., default, last] = arguments else {
        return Err(CallError::new("dig needs at least three arguments"));
    };
    if keys.is_empty() {
        return Err(CallError::new("dig needs at least three arguments"));
    }
    let as_map = |value: &Value| match value {
        Value::Map(map) if map.type_name() == MAP => Ok(map.clone()),
        other => Err(conversion(other, MAP)),
    };
    let mut current = as_map(&last.value)?;
    for key in keys {
        if key.value.as_text().is_none() {
            return Err(conversion(&key.value, "string"));
        }
    }
    for (index, key) in keys.iter().enumerate() {
        let name = text_of(&key.value);
        let Some(step) = current.get_bytes(&name) else {
            return Ok(default.value.clone().into());
        };
        if index + 1 == keys.len() {
            return Ok(step.into());
        }
        current = as_map(&step)?;
    }
    Ok(default.value.clone().into())
}
