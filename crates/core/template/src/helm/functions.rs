//! `include`, `tpl`, `required`, `fail`, `lookup` and what Helm replaces of sprig.

use super::warning;
use crate::exec::Runtime;
use crate::function::CallError;
use crate::functions::{Entry, JsonStyle, Outcome, any, from_typed_json_text, text, to_json_text};
use crate::value::{Map, Operand, Value};

pub const FUNCTIONS: &[Entry] = &[
    ("fail", "string -> string", fail),
    ("fromJson", "string -> map[string]any", from_json),
    ("fromJsonArray", "string -> []any", from_json_array),
    ("getHostByName", "string -> string", |runtime, arguments| {
        let host = text(arguments, 0);
        let address = runtime.environment().host_address(&host.lossy());
        // Sprig takes one of the addresses by chance, and Go says this when there are none.
        let address = address.ok_or_else(|| CallError::new("invalid argument to Intn"))?;
        Ok(Value::text(address).into())
    }),
    ("include", "string, any -> string", |runtime, arguments| {
        let output = runtime.include(&text(arguments, 0), any(arguments, 1).clone())?;
        Ok(Value::text(output).into())
    }),
    (
        "lookup",
        "string, string, string, string -> map[string]any",
        lookup,
    ),
    ("mustToJson", "any -> string", |runtime, arguments| {
        to_json(runtime, arguments, true)
    }),
    ("required", "string, any -> any", required),
    ("toJson", "any -> string", |runtime, arguments| {
        to_json(runtime, arguments, false)
    }),
    ("tpl", "string, any -> string", |runtime, arguments| {
        let output = runtime.tpl(&text(arguments, 0), any(arguments, 1).clone())?;
        Ok(Value::text(output).into())
    }),
];

fn fail(runtime: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let message = text(arguments, 0);
    if runtime.options().lint {
        runtime.environment().warn("funcMap fail", &message.lossy());
        return Ok(Value::text("").into());
    }
    Err(CallError::new(warning(&message.lossy())))
}

fn required(runtime: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let value = any(arguments, 1);
    let line = match value {
        Value::Nil => "missing required value",
        Value::String(text) if text.is_empty() => "missing required values",
        _ => return Ok(value.clone().into()),
    };
    let message = text(arguments, 0);
    if runtime.options().lint {
        runtime.environment().warn(line, &message.lossy());
        return Ok(Value::text("").into());
    }
    Err(CallError::new(warning(&message.lossy())))
}

fn lookup(runtime: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    if runtime.options().lint {
        return Ok(Value::Map(Map::new()).into());
    }
    let word = |index| text(arguments, index).lossy().into_owned();
    let found = runtime
        .environment()
        .lookup(&word(0), &word(1), &word(2), &word(3));
    found.map(Operand::plain).map_err(CallError::new)
}

fn to_json(runtime: &mut Runtime<'_>, arguments: &[Operand], must: bool) -> Outcome {
    let limit = runtime.options().limits.string_bytes;
    match to_json_text(any(arguments, 0), JsonStyle::Escaped, limit) {
        Ok(text) => {
            runtime.charge_bytes(text.len())?;
            Ok(Value::text(text).into())
        }
        Err(error) if must => Err(CallError::new(error.to_string())),
        Err(_) => Ok(Value::text("").into()),
    }
}

/// What Go says of JSON or YAML of another kind than was asked for.
pub(super) fn wrong_kind(value: &Value, wanted: &str) -> String {
    let kind = match value {
        Value::Map(_) => "object",
        Value::List(_) => "array",
        Value::String(_) => "string",
        Value::Bool(_) => "bool",
        _ => "number",
    };
    format!("json: cannot unmarshal {kind} into Go value of type {wanted}")
}

/// A map of one entry that tells what is wrong: Helm's functions never fail.
pub(super) fn error_map(message: String) -> Value {
    let map = Map::new();
    map.insert("Error", message);
    Value::Map(map)
}

fn from_json(runtime: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let source = text(arguments, 0);
    runtime.charge_reading(&source)?;
    Ok(match from_typed_json_text(&source) {
        Ok((Value::Nil, _)) => Value::Map(Map::nil(crate::types::Type::Any)),
        Ok((Value::Map(map), misfit)) => {
            if let Some(misfit) = misfit {
                map.insert("Error", misfit);
            }
            Value::Map(map)
        }
        Ok((other, _)) => error_map(wrong_kind(&other, "map[string]interface {}")),
        Err(message) => error_map(message),
    }
    .into())
}

fn from_json_array(runtime: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let source = text(arguments, 0);
    runtime.charge_reading(&source)?;
    Ok(match from_typed_json_text(&source) {
        Ok((Value::Nil, _)) => Value::List(crate::value::List::nil(crate::types::Type::Any)),
        Ok((list @ Value::List(_), None)) => list,
        Ok((Value::List(_), Some(misfit))) => Value::list(vec![misfit.into()]),
        Ok((other, _)) => Value::list(vec![wrong_kind(&other, "[]interface {}").into()]),
        Err(message) => Value::list(vec![message.into()]),
    }
    .into())
}
