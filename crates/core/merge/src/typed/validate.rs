//! Checks that a value fits its type, with the texts of structured-merge-diff.

use std::collections::BTreeSet;

use serde_json::{Map, Value};
use skein_gowords::quote;

use super::{Form, ListType, MapOf, Scalar, Type, element_of};
use crate::path_element::PathElement;

/// A value that does not fit its type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeError {
    /// `.spec.replicas`; empty at the root.
    pub path: String,
    /// What is wrong.
    pub message: String,
}

impl std::fmt::Display for TypeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.path.is_empty() {
            f.write_str(&self.message)
        } else {
            write!(f, "{}: {}", self.path, self.message)
        }
    }
}

/// All errors as one text.
pub fn errors_text(errors: &[TypeError]) -> String {
    match errors {
        [only] => only.to_string(),
        _ => {
            let lines: Vec<String> = errors.iter().map(|error| format!("  {error}")).collect();
            format!("errors:\n{}", lines.join("\n"))
        }
    }
}

/// Errors of a value against its type. Lists may hold equal elements twice when `allow_duplicates`.
pub fn validate(value: &Value, value_type: Type<'_>, allow_duplicates: bool) -> Vec<TypeError> {
    let mut checker = Checker {
        allow_duplicates,
        path: Vec::new(),
        errors: Vec::new(),
    };
    checker.check(value, value_type);
    checker.errors
}

struct Checker {
    allow_duplicates: bool,
    path: Vec<String>,
    errors: Vec<TypeError>,
}

impl Checker {
    fn error(&mut self, message: String) {
        self.errors.push(TypeError {
            path: self.path.concat(),
            message,
        });
    }

    fn check(&mut self, value: &Value, value_type: Type<'_>) {
        match value_type.atom().deduce(Some(value)).form() {
            Form::Scalar(scalar) => self.check_scalar(value, scalar),
            Form::Map(map) => match value {
                Value::Object(fields) => self.check_map(fields, &map),
                Value::Null => {}
                other => self.error(format!("expected map, got {}", go_print(other))),
            },
            Form::List(list) => match value {
                Value::Array(values) => self.check_list(values, &list),
                Value::Null => {}
                other => self.error(format!("expected list, got {}", go_print(other))),
            },
        }
    }

    fn check_scalar(&mut self, value: &Value, scalar: Scalar) {
        let message = match (scalar, value) {
            (_, Value::Null)
            | (Scalar::Numeric, Value::Number(_))
            | (Scalar::String, Value::String(_))
            | (Scalar::Boolean, Value::Bool(_))
            | (Scalar::Untyped, Value::Bool(_) | Value::Number(_) | Value::String(_)) => return,
            (Scalar::Numeric, other) => {
                format!("expected numeric (int or float), got {}", go_type(other))
            }
            (Scalar::String, other) => {
                format!(
                    "expected string, got &value.valueUnstructured{{Value:{}}}",
                    go_syntax(other)
                )
            }
            (Scalar::Boolean, other) => format!("expected boolean, got {}", go_print(other)),
            (Scalar::Untyped, other) => format!("expected any scalar, got {}", go_print(other)),
        };
        self.error(message);
    }

    fn check_map(&mut self, fields: &Map<String, Value>, map: &MapOf<'_>) {
        let mut names: Vec<_> = fields.iter().collect();
        names.sort_by(|a, b| a.0.cmp(b.0));
        for (name, value) in names {
            self.path.push(format!(".{name}"));
            match map.field(name) {
                Some(field) => self.check(value, field),
                None => {
                    self.error("field not declared in schema".to_owned());
                    self.path.pop();
                    return;
                }
            }
            self.path.pop();
        }
    }

    fn check_list(&mut self, values: &[Value], list: &ListType<'_>) {
        let mut seen = BTreeSet::new();
        for (index, value) in values.iter().enumerate() {
            let element = if list.keys.is_none() {
                PathElement::Index(i64::try_from(index).unwrap_or(i64::MAX))
            } else {
                match element_of(list, value) {
                    Ok(element) => element,
                    Err(message) => {
                        self.error(format!("element {index}: {message}"));
                        return;
                    }
                }
            };
            if seen.contains(&element) && !self.allow_duplicates {
                self.error(format!("duplicate entries for key {element}"));
            }
            self.path.push(element.to_string());
            self.check(value, list.element);
            self.path.pop();
            seen.insert(element);
        }
    }
}

/// Go's `%T` of a decoded JSON value.
fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "<nil>",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float64",
        Value::Number(_) => "int64",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    }
}

/// Go's `%v` of a wrapped JSON value.
fn go_print(value: &Value) -> String {
    format!("&{{{}}}", go_plain(value))
}

fn go_plain(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(list) => {
            format!(
                "[{}]",
                list.iter().map(go_plain).collect::<Vec<_>>().join(" ")
            )
        }
        Value::Object(map) => {
            let mut fields: Vec<_> = map.iter().collect();
            fields.sort_by(|a, b| a.0.cmp(b.0));
            let field = |(name, value): (&String, &Value)| format!("{name}:{}", go_plain(value));
            format!(
                "map[{}]",
                fields.into_iter().map(field).collect::<Vec<_>>().join(" ")
            )
        }
        other => other.to_string(),
    }
}

/// Go's `%#v` of a decoded JSON value.
fn go_syntax(value: &Value) -> String {
    match value {
        Value::String(text) => quote(text),
        Value::Null => "interface {}(nil)".to_owned(),
        Value::Array(list) => {
            let items: Vec<String> = list.iter().map(go_syntax).collect();
            format!("[]interface {{}}{{{}}}", items.join(", "))
        }
        Value::Object(map) => {
            let mut fields: Vec<_> = map.iter().collect();
            fields.sort_by(|a, b| a.0.cmp(b.0));
            let field =
                |(name, value): (&String, &Value)| format!("{}:{}", quote(name), go_syntax(value));
            let fields: Vec<String> = fields.into_iter().map(field).collect();
            format!("map[string]interface {{}}{{{}}}", fields.join(", "))
        }
        other => other.to_string(),
    }
}
