//! Typed fields out of YAML by the rules of `sigs.k8s.io/yaml` over Go's `encoding/json`: numbers and booleans become text where text is wanted, field
//! names match in any case, null leaves a field alone, and errors read as Go's.

use serde_json::{Map, Value};
use skein_yaml::{
    Dialect, Node, Scalar, YamlError, compose, float32_to_text, node_to_json, resolve,
};

/// Where a decoder stands in the document.
#[derive(Clone)]
enum Step {
    Key(String),
    Index(usize),
}

/// A YAML document that is read into fields. The first mismatch is kept and reading goes on, as in Go.
pub(crate) struct Decoder {
    root: Option<Node>,
    trail: Vec<Step>,
    error: Option<String>,
}

/// The Go type that a field belongs to and wants, for messages.
#[derive(Clone, Copy)]
pub(crate) struct GoType(pub(crate) &'static str);

/// Go's message for text that is no YAML or has no JSON form.
pub(crate) fn conversion_error(error: &YamlError) -> String {
    format!("error converting YAML to JSON: {}", error.go_text())
}

/// Go's message for JSON of another type.
fn mismatch(problem: &str) -> String {
    format!("error unmarshaling JSON: while decoding JSON: json: {problem}")
}

/// What Go calls a JSON value in messages.
fn go_kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

impl Decoder {
    /// Reads the first document of a text.
    pub(crate) fn new(text: &[u8]) -> Result<(Self, Value), String> {
        let root = compose(text, Dialect::V2).map_err(|e| conversion_error(&e))?;
        let value = match &root {
            None => Value::Null,
            Some(node) => node_to_json(node, Dialect::V2).map_err(|e| conversion_error(&e))?,
        };
        let decoder = Self {
            root,
            trail: Vec::new(),
            error: None,
        };
        Ok((decoder, value))
    }

    /// The first mismatch that was found.
    pub(crate) fn finish(self) -> Result<(), String> {
        self.error.map_or(Ok(()), Err)
    }

    fn refuse(&mut self, value: &Value, owner: &str, wanted: &str) {
        if self.error.is_some() {
            return;
        }
        let kind = go_kind(value);
        let path: Vec<&str> = self
            .trail
            .iter()
            .filter_map(|step| match step {
                Step::Key(key) => Some(key.as_str()),
                Step::Index(_) => None,
            })
            .collect();
        self.error = Some(mismatch(&if path.is_empty() {
            format!("cannot unmarshal {kind} into Go value of type {wanted}")
        } else {
            let path = path.join(".");
            format!("cannot unmarshal {kind} into Go struct field {owner}.{path} of type {wanted}")
        }));
    }

    /// Visits the fields of an object: `field` gets the name as declared in `names` (matched in any case) and the value.
    pub(crate) fn object(
        &mut self,
        value: &Value,
        owner: &str,
        wanted: GoType,
        names: &[&'static str],
        mut field: impl FnMut(&mut Self, &'static str, &Value),
    ) {
        let map = match value {
            Value::Null => return,
            Value::Object(map) => map,
            other => return self.refuse(other, owner, wanted.0),
        };
        for (key, value) in map {
            let Some(name) = field_name(names, key) else {
                continue;
            };
            self.trail.push(Step::Key(name.to_owned()));
            field(self, name, value);
            self.trail.pop();
        }
    }

    /// Visits the items of a list.
    pub(crate) fn list(
        &mut self,
        value: &Value,
        owner: &str,
        wanted: GoType,
        mut item: impl FnMut(&mut Self, &Value),
    ) {
        match value {
            Value::Null => {}
            Value::Array(items) => {
                for (at, value) in items.iter().enumerate() {
                    self.trail.push(Step::Index(at));
                    item(self, value);
                    self.trail.pop();
                }
            }
            other => self.refuse(other, owner, wanted.0),
        }
    }

    /// A string; numbers and booleans as their text.
    pub(crate) fn text(&mut self, value: &Value, owner: &str, into: &mut String) {
        match value {
            Value::Null => {}
            Value::String(text) => into.clone_from(text),
            Value::Bool(value) => *into = value.to_string(),
            Value::Number(number) => {
                *into = self.number_text().unwrap_or_else(|| number.to_string());
            }
            other => self.refuse(other, owner, "string"),
        }
    }

    /// A boolean.
    pub(crate) fn boolean(&mut self, value: &Value, owner: &str, into: &mut bool) {
        match value {
            Value::Null => {}
            Value::Bool(value) => *into = *value,
            other => self.refuse(other, owner, "bool"),
        }
    }

    /// A list of strings.
    pub(crate) fn texts(&mut self, value: &Value, owner: &'static str, into: &mut Vec<String>) {
        let mut texts = Vec::new();
        self.list(value, owner, GoType("[]string"), |decoder, value| {
            let mut text = String::new();
            decoder.text(value, owner, &mut text);
            texts.push(text);
        });
        if value.is_array() {
            *into = texts;
        }
    }

    /// A map of strings.
    pub(crate) fn text_map(
        &mut self,
        value: &Value,
        owner: &'static str,
        mut put: impl FnMut(String, String),
    ) {
        match value {
            Value::Null => {}
            Value::Object(map) => {
                for (key, value) in map {
                    // The keys of a map are no fields: messages name the map.
                    let mut text = String::new();
                    if value.is_number() {
                        self.trail.push(Step::Key(key.clone()));
                        self.text(value, owner, &mut text);
                        self.trail.pop();
                    } else {
                        self.text(value, owner, &mut text);
                    }
                    put(key.clone(), text);
                }
            }
            other => self.refuse(other, owner, "map[string]string"),
        }
    }

    /// The number at the trail as Go prints the scalar that stands in the text there: `1.0` is a float, `10` an integer.
    fn number_text(&self) -> Option<String> {
        let mut node = self.root.as_ref()?;
        for step in &self.trail {
            node = match step {
                Step::Index(at) => node.content.get(*at)?,
                Step::Key(name) => node
                    .entries()
                    .filter(|(key, _)| key.value.eq_ignore_ascii_case(name))
                    .last()
                    .map(|(_, value)| value)?,
            };
        }
        match resolve(&node.value, Dialect::V2) {
            Scalar::Int(value) => Some(value.to_string()),
            Scalar::Uint(value) => Some(value.to_string()),
            // sigs.k8s.io/yaml prints them with the precision of 32 bits.
            Scalar::Float(value) => Some(float32_to_text(value as f32)),
            _ => None,
        }
    }
}

/// The declared field that a key means: the same name, or else the same in another case.
fn field_name(names: &[&'static str], key: &str) -> Option<&'static str> {
    names
        .iter()
        .find(|name| **name == key)
        .or_else(|| names.iter().find(|name| name.eq_ignore_ascii_case(key)))
        .copied()
}

/// The first document of a text as a table, as Go reads it into `map[string]interface {}`; null is an empty table.
pub(crate) fn table(text: &[u8]) -> Result<Map<String, Value>, String> {
    let value = skein_yaml::from_slice(text).map_err(|e| conversion_error(&e))?;
    match value {
        Value::Null => Ok(Map::new()),
        Value::Object(map) => Ok(map),
        other => Err(mismatch(&format!(
            "cannot unmarshal {} into Go value of type map[string]interface {{}}",
            go_kind(&other)
        ))),
    }
}
