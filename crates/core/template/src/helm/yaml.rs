//! YAML as `sigs.k8s.io/yaml` writes and reads it.

mod pretty;

use skein_yaml::YamlError;

use super::functions::{error_map, wrong_kind};
use crate::exec::Runtime;
use crate::function::CallError;
use crate::functions::{Entry, Outcome, any, text};
use crate::text::Text;
use crate::value::{Integers, JsonError, Map, Operand, Value};

pub const FUNCTIONS: &[Entry] = &[
    ("fromYaml", "string -> map[string]any", from_yaml),
    ("fromYamlArray", "string -> []any", from_yaml_array),
    ("mustToYaml", "any -> string", |runtime, arguments| {
        to_yaml(runtime, arguments, true)
    }),
    ("toYaml", "any -> string", |runtime, arguments| {
        to_yaml(runtime, arguments, false)
    }),
    ("toYamlPretty", "any -> string", pretty::to_yaml_pretty),
];

fn to_yaml(runtime: &mut Runtime<'_>, arguments: &[Operand], must: bool) -> Outcome {
    let json = match any(arguments, 0).to_json() {
        Ok(json) => json,
        Err(error @ JsonError::TooLarge) => return Err(CallError::limit(error.to_string())),
        Err(error) if must => {
            let message = format!("error marshaling into JSON: {error}");
            return Err(CallError::new(message));
        }
        Err(_) => return Ok(Value::text("").into()),
    };
    if skein_yaml::has_control_characters(&json) {
        // Go reads the JSON as YAML, which allows fewer characters.
        if must {
            let message = "yaml: control characters are not allowed";
            return Err(CallError::new(message));
        }
        return Ok(Value::text("").into());
    }
    without_end(runtime, skein_yaml::to_string(&json))
}

/// The text without its last line feed.
fn without_end(runtime: &mut Runtime<'_>, mut text: String) -> Outcome {
    runtime.charge_bytes(text.len())?;
    if text.ends_with('\n') {
        text.pop();
    }
    Ok(Value::text(text).into())
}

fn read(source: &Text) -> Result<Value, String> {
    match skein_yaml::from_slice(source) {
        Ok(json) => Ok(Value::from_json(&json, Integers::Float64)),
        Err(error) => Err(yaml_error(&error)),
    }
}

/// The error as Go words it.
fn yaml_error(error: &YamlError) -> String {
    let message = match error {
        YamlError::Syntax { go_text, .. } => go_text.clone(),
        YamlError::UnknownAnchor { anchor, .. } => format!("unknown anchor '{anchor}' referenced"),
        YamlError::AnchorInItself { anchor, .. } => {
            format!("anchor '{anchor}' value contains itself")
        }
        YamlError::ExcessiveAliasing { .. } => "document contains excessive aliasing".to_owned(),
        YamlError::NotJson { problem, .. } => {
            let number = ["+Inf", "-Inf", "NaN"]
                .into_iter()
                .zip([".inf", "-.inf", ".nan"])
                .find(|(_, written)| problem.to_ascii_lowercase().starts_with(written));
            if let Some((number, _)) = number {
                return format!("error converting YAML to JSON: json: unsupported value: {number}");
            }
            problem.clone()
        }
        YamlError::Key { go_text, .. } => {
            return format!("error converting YAML to JSON: {go_text}");
        }
        other => other.to_string(),
    };
    format!("error converting YAML to JSON: yaml: {message}")
}

fn unmarshaling(value: &Value, wanted: &str) -> String {
    let message = wrong_kind(value, wanted);
    format!("error unmarshaling JSON: while decoding JSON: {message}")
}

fn from_yaml(runtime: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let source = text(arguments, 0);
    runtime.charge_reading(&source)?;
    Ok(match read(&source) {
        // Nothing is unmarshalled into the map that Helm made before.
        Ok(Value::Nil) => Value::Map(Map::new()),
        Ok(map @ Value::Map(_)) => map,
        Ok(other) => error_map(unmarshaling(&other, "map[string]interface {}")),
        Err(message) => error_map(message),
    }
    .into())
}

fn from_yaml_array(runtime: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let source = text(arguments, 0);
    runtime.charge_reading(&source)?;
    Ok(match read(&source) {
        Ok(Value::Nil) => Value::list(Vec::new()),
        Ok(list @ Value::List(_)) => list,
        Ok(other) => Value::list(vec![unmarshaling(&other, "[]interface {}").into()]),
        Err(message) => Value::list(vec![message.into()]),
    }
    .into())
}
