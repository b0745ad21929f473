//! Reads typed fields out of a JSON map as Go's decoder does: names in any case, null for nothing. A strict reader refuses unknown names and
//! numbers where a text is due; the other makes texts of them.

use std::collections::{BTreeMap, HashSet};

use serde_json::Value;
use skein_object::object::json_type;

use crate::error::{BuildError, Outcome};

/// The fields of one map, with its path for messages.
pub(crate) struct Fields<'a> {
    path: String,
    entries: Vec<(&'a str, &'a Value)>,
    used: HashSet<&'a str>,
    strict: bool,
}

/// A path with one more part.
pub(crate) fn join(path: &str, field: &str) -> String {
    if path.is_empty() {
        field.to_owned()
    } else {
        format!("{path}.{field}")
    }
}

fn mismatch(path: &str, wanted: &str, found: &Value) -> BuildError {
    BuildError::invalid(format!("expected {wanted} but found {}", json_type(found))).at_field(path)
}

impl<'a> Fields<'a> {
    /// The fields of a map, read strictly; null has none.
    pub(crate) fn new(value: &'a Value, path: &str) -> Outcome<Self> {
        Self::with(value, path, true)
    }

    /// The fields of a map; null has none.
    pub(crate) fn with(value: &'a Value, path: &str, strict: bool) -> Outcome<Self> {
        let entries = match value {
            Value::Null => Vec::new(),
            Value::Object(map) => map.iter().map(|(k, v)| (k.as_str(), v)).collect(),
            other => return Err(mismatch(path, "a map", other)),
        };
        Ok(Self {
            path: path.to_owned(),
            entries,
            used: HashSet::new(),
            strict,
        })
    }

    /// The path of a field.
    pub(crate) fn at(&self, name: &str) -> String {
        join(&self.path, name)
    }

    /// The value of a field, by its exact name or in another case; null counts as absent.
    pub(crate) fn take(&mut self, name: &str) -> Option<&'a Value> {
        let exact = self.entries.iter().find(|(k, _)| *k == name);
        let other = || {
            self.entries
                .iter()
                .find(|(k, _)| k.eq_ignore_ascii_case(name))
        };
        let (key, value) = *exact.or_else(other)?;
        self.used.insert(key);
        Some(value).filter(|v| !v.is_null())
    }

    /// Whether a field is there and not null.
    pub(crate) fn has(&mut self, name: &str) -> bool {
        self.take(name).is_some()
    }

    /// A text; empty when absent.
    pub(crate) fn text(&mut self, name: &str) -> Outcome<String> {
        match self.take(name) {
            None => Ok(String::new()),
            Some(value) => self.text_of(value, &self.at(name)),
        }
    }

    /// A text, or a number or boolean as a text also where the reader is strict; empty when absent.
    pub(crate) fn loose_text(&mut self, name: &str) -> Outcome<String> {
        match self.take(name) {
            None => Ok(String::new()),
            Some(value) => loose(value).ok_or_else(|| mismatch(&self.at(name), "a string", value)),
        }
    }

    fn text_of(&self, value: &Value, path: &str) -> Outcome<String> {
        let text = match value {
            Value::Null => Some(String::new()),
            Value::String(text) => Some(text.clone()),
            other if !self.strict => loose(other),
            _ => None,
        };
        text.ok_or_else(|| mismatch(path, "a string (quote it)", value))
    }

    /// A boolean; false when absent.
    pub(crate) fn flag(&mut self, name: &str) -> Outcome<bool> {
        match self.take(name) {
            None => Ok(false),
            Some(Value::Bool(value)) => Ok(*value),
            Some(other) => Err(mismatch(&self.at(name), "true or false", other)),
        }
    }

    /// A whole number; 0 when absent.
    pub(crate) fn integer(&mut self, name: &str) -> Outcome<i64> {
        match self.take(name) {
            None => Ok(0),
            Some(Value::Number(number)) => number.as_i64().ok_or_else(|| {
                let problem = format!("expected a whole number of 64 bits but found {number}");
                BuildError::invalid(problem).at_field(self.at(name))
            }),
            Some(other) => Err(mismatch(&self.at(name), "a whole number", other)),
        }
    }

    /// A list; empty when absent. Each item comes with its path.
    pub(crate) fn list(&mut self, name: &str) -> Outcome<Vec<(String, &'a Value)>> {
        let path = self.at(name);
        match self.take(name) {
            None => Ok(Vec::new()),
            Some(Value::Array(items)) => Ok(items
                .iter()
                .enumerate()
                .map(|(i, v)| (format!("{path}[{i}]"), v))
                .collect()),
            Some(other) => Err(mismatch(&path, "a list", other)),
        }
    }

    /// A list of texts; empty when absent.
    pub(crate) fn texts(&mut self, name: &str) -> Outcome<Vec<String>> {
        let list = self.list(name)?;
        list.into_iter()
            .map(|(path, value)| self.text_of(value, &path))
            .collect()
    }

    /// A map of texts; empty when absent.
    pub(crate) fn text_map(&mut self, name: &str) -> Outcome<BTreeMap<String, String>> {
        let path = self.at(name);
        match self.take(name) {
            None => Ok(BTreeMap::new()),
            Some(Value::Object(map)) => map
                .iter()
                .map(|(key, value)| Ok((key.clone(), self.text_of(value, &join(&path, key))?)))
                .collect(),
            Some(other) => Err(mismatch(&path, "a map", other)),
        }
    }

    /// A strict reader refuses fields that were not asked for.
    pub(crate) fn finish(self) -> Outcome<()> {
        match self
            .entries
            .iter()
            .find(|(key, _)| !self.used.contains(key))
        {
            Some((key, _)) if self.strict => {
                let field = join(&self.path, key);
                Err(BuildError::invalid(format!("unknown field \"{key}\"")).at_field(field))
            }
            _ => Ok(()),
        }
    }
}

/// The text of a string, number or boolean.
fn loose(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Number(number) => Some(match number.as_f64() {
            Some(float) if number.is_f64() => skein_yaml::float32_to_text(float as f32),
            _ => number.to_string(),
        }),
        _ => None,
    }
}
