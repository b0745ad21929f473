//! Request bodies read as objects: media types, the kind that is expected, duplicate and unknown fields.

use std::fmt;

use bytes::Bytes;
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::api::Call;
use crate::builtin_types::Words;
use crate::failure::{Failure, Outcome};
use crate::given;
use crate::go_json;
use crate::negotiate::ACCEPTED;
use crate::protobuf;
use crate::resource::Resource;

/// A body and the fields that occur twice in it.
#[derive(Debug)]
pub(crate) struct Decoded {
    pub(crate) value: Value,
    /// Dotted paths of duplicate fields, in order of appearance.
    pub(crate) duplicates: Vec<String>,
    /// Lines and keys that occur twice, of a body in YAML.
    pub(crate) twice: Vec<(u64, String)>,
    /// The JSON that it was read from, where that is known.
    pub(crate) source: Bytes,
    /// Whose words tell what does not fit.
    pub(crate) words: Words,
}

impl Decoded {
    /// A value that was not read from a body.
    pub(crate) fn of(value: Value) -> Self {
        Self {
            value,
            duplicates: Vec::new(),
            twice: Vec::new(),
            source: Bytes::new(),
            words: Words::Decoder,
        }
    }

    /// The same, of a map that goes to its type without being text in between.
    pub(crate) fn converted(value: Value) -> Self {
        Self {
            words: Words::Converter,
            ..Self::of(value)
        }
    }
}

/// The media type of the body, in lower case.
fn media(call: &Call) -> String {
    let content_type = call.header("content-type");
    let media = content_type.split(';').next().unwrap_or_default();
    media.trim().to_ascii_lowercase()
}

/// Reads the body by its media type.
pub(crate) fn body(call: &Call) -> Outcome<Decoded> {
    match media(call).as_str() {
        "" | "application/json" => {
            let source = call.body.clone();
            json(&source).map(|decoded| Decoded { source, ..decoded })
        }
        "application/yaml" | "text/yaml" | "application/x-yaml" => yaml(&call.body),
        protobuf::MEDIA_TYPE => {
            let value = protobuf::decode(&call.body)
                .map_err(|error| Failure::bad_request(error.to_string()))?;
            Ok(Decoded::of(value))
        }
        _ => Err(Failure::unsupported_media_type(ACCEPTED)),
    }
}

/// How many fields that come twice or are unknown are told of; as many as kube-apiserver's decoder tells.
pub(crate) const MAX_ODD_FIELDS: usize = 100;

/// Reads JSON, noting duplicate fields; the last one wins.
pub(crate) fn json(text: &[u8]) -> Outcome<Decoded> {
    read_json(text, false)
}

/// The same, and each map in which a field comes twice notes all that it was given.
pub(crate) fn json_given(text: &[u8]) -> Outcome<Decoded> {
    read_json(text, true)
}

fn read_json(text: &[u8], notes: bool) -> Outcome<Decoded> {
    let mut duplicates = Vec::new();
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let seed = Tracking {
        path: String::new(),
        duplicates: &mut duplicates,
        order: None,
        notes,
    };
    let value = seed
        .deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value))
        .map_err(|error| Failure::bad_request(json_error(text, &error)))?;
    Ok(Decoded {
        duplicates,
        ..Decoded::of(value)
    })
}

/// The paths of all fields of a JSON text in the order in which they stand there; nothing for other texts.
pub(crate) fn field_order(text: &[u8]) -> Vec<String> {
    let (mut duplicates, mut order) = (Vec::new(), Vec::new());
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let seed = Tracking {
        path: String::new(),
        duplicates: &mut duplicates,
        order: Some(&mut order),
        notes: false,
    };
    match seed.deserialize(&mut deserializer) {
        Ok(_) => order,
        Err(_) => Vec::new(),
    }
}

/// A syntax error in the words of Go's decoder; what only ours refuses (too deep a text) in its own.
fn json_error(text: &[u8], error: &serde_json::Error) -> String {
    go_json::syntax_error(text).unwrap_or_else(|| error.to_string())
}

/// How much of a body a refusal shows, in bytes.
const MAX_SHOWN_BYTES: usize = 30;

/// The refusal of a body that is no object, with what was sent.
pub(crate) fn unrecognized(kind: &str, why: &str, body: &[u8]) -> Box<Failure> {
    let (start, more) = match body.get(..MAX_SHOWN_BYTES) {
        Some(start) if body.len() > MAX_SHOWN_BYTES => (start, " ..."),
        _ => (body, ""),
    };
    let shown = match body.first() {
        None => "<empty>".to_owned(),
        Some(b'{') => format!("{}{more}", String::from_utf8_lossy(start)),
        Some(_) => {
            let digits: String = start.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("{digits}{more}")
        }
    };
    Failure::bad_request(format!(
        "the object provided is unrecognized (must be of type {kind}): {why} ({shown})"
    ))
}

/// Reads the body of a create or update as an object of a kind.
pub(crate) fn object_body(call: &Call, resource: &Resource) -> Outcome<Decoded> {
    let parse_error = |why: &str| {
        let why = format!("couldn't get version/kind; json parse error: {why}");
        unrecognized(&resource.kind, &why, &call.body)
    };
    let is_json = matches!(media(call).as_str(), "" | "application/json");
    let decoded = body(call).map_err(|failure| match failure.code {
        400 if is_json => parse_error(&failure.message),
        // Other forms are read before anybody looks for a kind.
        400 => unrecognized(&resource.kind, &failure.message, &call.body),
        _ => failure,
    })?;
    if decoded.value.is_null() && resource.custom.is_none() {
        // For Go, nothing is an object without fields.
        return Ok(Decoded {
            value: Value::Object(Map::new()),
            ..decoded
        });
    }
    if decoded.value.is_null() {
        let why = "Object 'Kind' is missing in 'null'";
        return Err(unrecognized(&resource.kind, why, &call.body));
    }
    let Value::Object(map) = &decoded.value else {
        return Err(parse_error(&no_object(&decoded.value)));
    };
    let version = map.get("apiVersion").and_then(Value::as_str);
    if let Some(version) = version.filter(|version| version.matches('/').count() > 1) {
        let why = format!("unexpected GroupVersion string: {version}");
        return Err(unrecognized(&resource.kind, &why, &call.body));
    }
    let missing = |key: &str| {
        map.get(key)
            .and_then(Value::as_str)
            .is_none_or(str::is_empty)
    };
    if resource.custom.is_some() && missing("kind") {
        let text = String::from_utf8_lossy(&call.body).into_owned();
        let why = format!("Object 'Kind' is missing in '{text}'");
        return Err(unrecognized(&resource.kind, &why, &call.body));
    }
    if resource.custom.is_some() && missing("apiVersion") {
        return Err(Failure::bad_request(format!(
            "the API version in the data () does not match the expected API version ({})",
            resource.api_version()
        )));
    }
    Ok(decoded)
}

/// What Go's decoder calls the type of a value.
pub(crate) fn go_kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// The refusal of a value where an object with a kind must be.
fn no_object(value: &Value) -> String {
    let struct_text = r#"struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" }"#;
    let found = go_kind(value);
    format!("json: cannot unmarshal {found} into Go value of type {struct_text}")
}

/// Types of the fields of delete options, by name: JSON type for Go, and Go's type.
const DELETE_FIELDS: &[(&str, &str, &str)] = &[
    ("gracePeriodSeconds", "number", "int64"),
    ("orphanDependents", "bool", "bool"),
    ("propagationPolicy", "string", "v1.DeletionPropagation"),
    ("dryRun", "array", "[]string"),
    ("preconditions", "object", "v1.Preconditions"),
];

/// Reads the body of a delete.
pub(crate) fn delete_options(call: &Call) -> Outcome<Value> {
    let parse_error = |why: &str| {
        Failure::bad_request(format!(
            "couldn't get version/kind; json parse error: {why}"
        ))
    };
    let value = body(call)
        .map_err(|failure| match failure.code {
            400 => parse_error(&failure.message),
            _ => failure,
        })?
        .value;
    let Value::Object(map) = &value else {
        return Err(parse_error(&no_object(&value)));
    };
    let text = |key: &str| map.get(key).and_then(Value::as_str).unwrap_or_default();
    let kind = text("kind");
    if !matches!(kind, "" | "DeleteOptions") {
        let version = text("apiVersion");
        return Err(Failure::bad_request(format!(
            "no kind {kind:?} is registered for version {version:?} in scheme \"pkg/runtime/scheme.go:111\""
        )));
    }
    for (name, wanted, go_type) in DELETE_FIELDS {
        let given = map.get(*name).map_or("null", go_kind);
        if given != "null" && given != *wanted {
            return Err(Failure::bad_request(format!(
                "json: cannot unmarshal {given} into Go struct field DeleteOptions.{name} of type {go_type}"
            )));
        }
    }
    Ok(value)
}

/// Reads YAML as sigs.k8s.io/yaml does.
pub(crate) fn yaml(text: &[u8]) -> Outcome<Decoded> {
    let value = skein_yaml::from_slice(text).map_err(|error| {
        let why = error.go_text();
        Failure::bad_request(why)
    })?;
    Ok(Decoded {
        twice: skein_yaml::duplicate_keys(text),
        ..Decoded::of(value)
    })
}

struct Tracking<'a> {
    path: String,
    duplicates: &'a mut Vec<String>,
    /// Every path as it comes, when asked for.
    order: Option<&'a mut Vec<String>>,
    /// Whether maps note what they were given.
    notes: bool,
}

impl Tracking<'_> {
    fn child(&mut self, path: String) -> Tracking<'_> {
        Tracking {
            path,
            duplicates: self.duplicates,
            order: self.order.as_deref_mut(),
            notes: self.notes,
        }
    }
}

impl<'de> DeserializeSeed<'de> for Tracking<'_> {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Tracking<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }
    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }
    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }
    fn visit_str<E: de::Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }
    fn visit_string<E: de::Error>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }
    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut access: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        loop {
            let path = format!("{}[{}]", self.path, list.len());
            match access.next_element_seed(self.child(path))? {
                Some(value) => list.push(value),
                None => return Ok(Value::Array(list)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut access: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        let (mut keys, mut replaced) = (Vec::new(), Vec::new());
        while let Some(key) = access.next_key::<String>()? {
            let dot = if self.path.is_empty() { "" } else { "." };
            let path = format!("{}{dot}{key}", self.path);
            if let Some(order) = &mut self.order {
                order.push(path.clone());
            }
            if map.contains_key(&key)
                && self.duplicates.len() < MAX_ODD_FIELDS
                && !self.duplicates.contains(&path)
            {
                self.duplicates.push(path.clone());
            }
            let value = access.next_value_seed(self.child(path))?;
            if self.notes {
                keys.push(key.clone());
            }
            if let Some(earlier) = map.insert(key.clone(), value)
                && self.notes
            {
                replaced.push((key, earlier));
            }
        }
        if !replaced.is_empty() {
            given::note(&mut map, keys, replaced);
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::json as decode;

    /// Deepest nesting that serde_json reads, in levels.
    const MAX_DEPTH_LEVELS: usize = 128;

    #[test]
    fn duplicates_are_named_and_the_last_wins() {
        let text = br#"{"a": 1, "a": 2, "s": {"l": [{"x": 1, "x": 1.5, "x": -3}]}}"#;
        let decoded = decode(text).expect("JSON");
        assert_eq!(decoded.value, json!({"a": 2, "s": {"l": [{"x": -3}]}}));
        assert_eq!(decoded.duplicates, ["a", "s.l[0].x"]);
    }

    #[test]
    fn broken_and_too_deep_bodies_are_refused() {
        let deep = "[".repeat(MAX_DEPTH_LEVELS + 1) + &"]".repeat(MAX_DEPTH_LEVELS + 1);
        for text in ["", "{", "{} x", deep.as_str()] {
            assert_eq!(
                decode(text.as_bytes()).map_err(|f| f.code).err(),
                Some(400),
                "{text:.10}"
            );
        }
    }
}
