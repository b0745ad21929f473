//! Protobuf bodies of built-in kinds, which Go clients send by default, read into JSON by a table of messages.

use std::collections::HashMap;
use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Map, Value};
use skein_object::GroupVersionKind;
use skein_schema::builtin;
use thiserror::Error;

/// The media type.
pub(crate) const MEDIA_TYPE: &str = "application/vnd.kubernetes.protobuf";

/// Messages and fields, made by the example `protobuf_table` from Kubernetes' .proto files.
const TABLE: &str = include_str!("../data/protobuf.txt");
/// What Kubernetes puts before a message.
const MAGIC: &[u8] = b"k8s\0";
/// Deepest nesting of messages.
const MAX_DEPTH_LEVELS: usize = 64;
const META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1";

/// Why a body cannot be read.
#[derive(Debug, Error, PartialEq, Eq)]
pub(crate) enum ProtobufError {
    #[error(
        "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]"
    )]
    NoMagic,
    #[error("the body ends in the middle of a field")]
    Short,
    #[error("a field has the wire type {0}, which is not used")]
    WireType(u64),
    #[error("messages are nested deeper than {MAX_DEPTH_LEVELS} levels")]
    TooDeep,
    #[error("the kind {0} has no protobuf form here")]
    UnknownKind(String),
    #[error("a text field is not UTF-8")]
    Text,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Single,
    List,
    Map,
}

struct Field {
    name: &'static str,
    shape: Shape,
    kind: &'static str,
}

type Message = HashMap<u64, Field>;

static MESSAGES: LazyLock<HashMap<&'static str, &'static str>> = LazyLock::new(|| {
    TABLE
        .lines()
        .map(|line| line.split_once(' ').unwrap_or((line, "")))
        .collect()
});

fn message(name: &str) -> Option<Message> {
    let text = MESSAGES.get(name)?;
    Some(text.split(' ').filter_map(field).collect())
}

/// Number and description of a field: `2:name:kind`, with `*` for lists and `%` for maps.
fn field(text: &'static str) -> Option<(u64, Field)> {
    let (number, rest) = text.split_once(':')?;
    let (name, kind) = rest.split_once(':')?;
    let (shape, kind) = match kind.as_bytes().first()? {
        b'*' => (Shape::List, &kind[1..]),
        b'%' => (Shape::Map, &kind[1..]),
        _ => (Shape::Single, kind),
    };
    Some((number.parse().ok()?, Field { name, shape, kind }))
}

/// The fields of a message and their kinds, in the order in which Go's struct has them.
pub(crate) fn fields_in_order(
    message: &str,
) -> impl Iterator<Item = (&'static str, &'static str)> + use<> {
    let text = MESSAGES.get(message).copied().unwrap_or_default();
    text.split(' ')
        .filter_map(field)
        .map(|(_, field)| (field.name, field.kind))
}

/// The message of a field's values, of its own or of a struct embedded in the message.
pub(crate) fn kind_of_field(message: &str, name: &str) -> Option<&'static str> {
    let own = fields_in_order(message).find(|(field, _)| *field == name);
    let inner = || {
        fields_in_order(message)
            .find_map(|(_, kind)| fields_in_order(kind).find(|(field, _)| *field == name))
    };
    own.or_else(inner).map(|(_, kind)| kind)
}

enum Raw<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn varint(&mut self) -> Result<u64, ProtobufError> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let (first, rest) = self.0.split_first().ok_or(ProtobufError::Short)?;
            self.0 = rest;
            value |= u64::from(first & 0x7f) << shift;
            if first & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(ProtobufError::Short)
    }

    fn take(&mut self, length: u64) -> Result<&'a [u8], ProtobufError> {
        let length = usize::try_from(length).map_err(|_| ProtobufError::Short)?;
        let (taken, rest) = self
            .0
            .split_at_checked(length)
            .ok_or(ProtobufError::Short)?;
        self.0 = rest;
        Ok(taken)
    }

    /// The next field's number and content; `None` at the end.
    fn next(&mut self) -> Result<Option<(u64, Raw<'a>)>, ProtobufError> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let tag = self.varint()?;
        let raw = match tag & 7 {
            0 => Raw::Number(self.varint()?),
            1 => Raw::Number(little_endian(self.take(8)?)),
            2 => {
                let length = self.varint()?;
                Raw::Bytes(self.take(length)?)
            }
            5 => Raw::Number(little_endian(self.take(4)?)),
            other => return Err(ProtobufError::WireType(other)),
        };
        Ok(Some((tag >> 3, raw)))
    }
}

fn little_endian(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .rev()
        .fold(0, |value, byte| value << 8 | u64::from(*byte))
}

fn text(bytes: &[u8]) -> Result<String, ProtobufError> {
    std::str::from_utf8(bytes)
        .map(str::to_owned)
        .map_err(|_| ProtobufError::Text)
}

/// Reads a body: the envelope with apiVersion and kind, and the message in it.
pub(crate) fn decode(body: &[u8]) -> Result<Value, ProtobufError> {
    let envelope = body.strip_prefix(MAGIC).ok_or(ProtobufError::NoMagic)?;
    let (mut api_version, mut kind, mut content) = (String::new(), String::new(), &[][..]);
    let mut reader = Reader(envelope);
    while let Some((number, raw)) = reader.next()? {
        match (number, raw) {
            (1, Raw::Bytes(bytes)) => {
                let mut meta = Reader(bytes);
                while let Some((number, raw)) = meta.next()? {
                    match (number, raw) {
                        (1, Raw::Bytes(bytes)) => api_version = text(bytes)?,
                        (2, Raw::Bytes(bytes)) => kind = text(bytes)?,
                        _ => {}
                    }
                }
            }
            (2, Raw::Bytes(bytes)) => content = bytes,
            _ => {}
        }
    }
    let gvk = GroupVersionKind::from_api_version(&api_version, kind.as_str());
    let name = builtin::schema(&gvk).and_then(|schema| schema.name.clone());
    let name = name.filter(|name| MESSAGES.contains_key(name.as_str()));
    let name = name.unwrap_or_else(|| format!("{META}.{kind}"));
    if !MESSAGES.contains_key(name.as_str()) {
        return Err(ProtobufError::UnknownKind(gvk.to_string()));
    }
    let mut value = read_message(content, &name, 0)?;
    if let Value::Object(map) = &mut value {
        map.insert("apiVersion".into(), api_version.into());
        map.insert("kind".into(), kind.into());
    }
    Ok(value)
}

fn read_message(bytes: &[u8], name: &str, depth: usize) -> Result<Value, ProtobufError> {
    if depth > MAX_DEPTH_LEVELS {
        return Err(ProtobufError::TooDeep);
    }
    let Some(fields) = message(name) else {
        return Err(ProtobufError::UnknownKind(name.to_owned()));
    };
    let mut map = Map::new();
    let mut reader = Reader(bytes);
    while let Some((number, raw)) = reader.next()? {
        let Some(field) = fields.get(&number) else {
            continue;
        };
        match field.shape {
            Shape::Map => {
                let Raw::Bytes(bytes) = raw else { continue };
                let (key, value) = read_entry(bytes, field.kind, depth)?;
                let slot = map
                    .entry(field.name)
                    .or_insert_with(|| Value::Object(Map::new()));
                if let Value::Object(entries) = slot {
                    entries.insert(key, value);
                }
            }
            Shape::List => {
                let value = read_value(raw, field.kind, depth)?;
                let slot = map
                    .entry(field.name)
                    .or_insert_with(|| Value::Array(Vec::new()));
                if let Value::Array(list) = slot {
                    list.push(value);
                }
            }
            Shape::Single => {
                let value = read_value(raw, field.kind, depth)?;
                match (field.name, value) {
                    (".", Value::Object(inline)) => map.extend(inline),
                    (name, value) => {
                        map.insert(name.to_owned(), value);
                    }
                }
            }
        }
    }
    Ok(special(name, map))
}

fn read_entry(bytes: &[u8], kind: &str, depth: usize) -> Result<(String, Value), ProtobufError> {
    let (mut key, mut value) = (String::new(), Value::String(String::new()));
    let mut reader = Reader(bytes);
    while let Some((number, raw)) = reader.next()? {
        match (number, raw) {
            (1, Raw::Bytes(bytes)) => key = text(bytes)?,
            (2, raw) => value = read_value(raw, kind, depth)?,
            _ => {}
        }
    }
    Ok((key, value))
}

fn read_value(raw: Raw<'_>, kind: &str, depth: usize) -> Result<Value, ProtobufError> {
    Ok(match (kind, raw) {
        ("string", Raw::Bytes(bytes)) => text(bytes)?.into(),
        ("bytes", Raw::Bytes(bytes)) => STANDARD.encode(bytes).into(),
        ("bool", Raw::Number(number)) => (number != 0).into(),
        ("double", Raw::Number(number)) => f64::from_bits(number).into(),
        ("uint32" | "uint64", Raw::Number(number)) => number.into(),
        // Negative numbers are written in ten bytes of two's complement.
        (_, Raw::Number(number)) => number.cast_signed().into(),
        (_, Raw::Bytes(bytes)) => read_message(bytes, kind, depth + 1)?,
    })
}

fn raw_json(map: &Map<String, Value>, key: &str) -> Value {
    let bytes = map
        .get(key)
        .and_then(Value::as_str)
        .and_then(|text| STANDARD.decode(text).ok());
    bytes
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .unwrap_or(Value::Null)
}

/// Messages that JSON writes in another way.
fn special(name: &str, mut map: Map<String, Value>) -> Value {
    let number = |map: &Map<String, Value>, key: &str| {
        map.get(key).and_then(Value::as_i64).unwrap_or_default()
    };
    match name.rsplit('.').next().unwrap_or_default() {
        "Quantity" => map.remove("string").unwrap_or(Value::Null),
        "IntOrString" if number(&map, "type") == 0 => number(&map, "intVal").into(),
        "IntOrString" => map.remove("strVal").unwrap_or_default(),
        "Time" | "MicroTime" => time(&map, name.ends_with("MicroTime")),
        "RawExtension" | "JSON" => raw_json(&map, "raw"),
        "FieldsV1" => raw_json(&map, "Raw"),
        "ExtraValue" | "Verbs" => map.remove("items").unwrap_or_default(),
        "JSONSchemaPropsOrBool" => match map.remove("schema") {
            Some(schema) => schema,
            None => map.remove("allows").unwrap_or(Value::Bool(false)),
        },
        "JSONSchemaPropsOrArray" | "JSONSchemaPropsOrStringArray" => {
            let single = map.remove("schema");
            single
                .or_else(|| map.into_iter().next().map(|(_, list)| list))
                .unwrap_or_default()
        }
        _ => Value::Object(map),
    }
}

fn time(map: &Map<String, Value>, micro: bool) -> Value {
    let Some(seconds) = map.get("seconds").and_then(Value::as_i64) else {
        return Value::Null;
    };
    let nanos = map.get("nanos").and_then(Value::as_i64).unwrap_or_default();
    let Ok(moment) = Timestamp::new(seconds, i32::try_from(nanos).unwrap_or_default()) else {
        return Value::Null;
    };
    let format = if micro {
        "%Y-%m-%dT%H:%M:%S%.6fZ"
    } else {
        "%Y-%m-%dT%H:%M:%SZ"
    };
    moment.strftime(format).to_string().into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{ProtobufError, decode};

    fn field(number: u8, content: &[u8]) -> Vec<u8> {
        let mut bytes = vec![number << 3 | 2, u8::try_from(content.len()).expect("short")];
        bytes.extend(content);
        bytes
    }

    fn envelope(api_version: &str, kind: &str, content: &[u8]) -> Vec<u8> {
        let meta = [field(1, api_version.as_bytes()), field(2, kind.as_bytes())].concat();
        [b"k8s\0".to_vec(), field(1, &meta), field(2, content)].concat()
    }

    #[test]
    fn a_config_map_is_read() {
        let metadata = field(1, &[field(1, b"a"), field(3, b"ns")].concat());
        let entry = field(2, &[field(1, b"key"), field(2, b"value")].concat());
        let binary = field(3, &[field(1, b"b"), field(2, &[0, 255])].concat());
        let body = envelope("v1", "ConfigMap", &[metadata, entry, binary].concat());
        let expected = json!({"apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": "a", "namespace": "ns"}, "data": {"key": "value"},
            "binaryData": {"b": "AP8="}});
        assert_eq!(decode(&body), Ok(expected));
    }

    #[test]
    fn broken_bodies_are_refused() {
        assert_eq!(decode(b"{}"), Err(ProtobufError::NoMagic));
        let body = envelope("v1", "ConfigMap", &field(1, &field(1, b"a")));
        assert_eq!(decode(&body[..body.len() - 1]), Err(ProtobufError::Short));
        let unknown = envelope("example.com/v1", "Thing", &[]);
        assert!(matches!(
            decode(&unknown),
            Err(ProtobufError::UnknownKind(_))
        ));
    }
}
