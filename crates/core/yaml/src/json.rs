//! Node trees as JSON values, by the rules of go-yaml v2 under `sigs.k8s.io/yaml` and of go-yaml v3 under kyaml.

use std::cell::Cell;
use std::collections::{HashMap, HashSet};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use crate::compose::{Composer, Dialect, compose};
use crate::encoding::prepared;
use crate::error::YamlError;
use crate::go_syntax::go_syntax;
use crate::node::{Kind, Node, Style, Tag};
use crate::number::{float_to_text, float32_to_text, json_number};
use crate::resolve::{Scalar, resolve};
use crate::scalar::analyze;

/// Most documents of one text.
pub const MAX_DOCUMENTS: usize = 100_000;

/// One document of a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// Line of its first value, from 1.
    pub line: u64,
    /// Its value; null for an empty document.
    pub value: Value,
}

/// The first document as a value, as `sigs.k8s.io/yaml` unmarshals it: duplicate keys win by the last; null when there is no document.
pub fn from_slice(text: &[u8]) -> Result<Value, YamlError> {
    read(text, false)
}

/// As [`from_slice`], but duplicate keys are refused.
pub fn from_slice_strict(text: &[u8]) -> Result<Value, YamlError> {
    read(text, true)
}

fn read(text: &[u8], strict: bool) -> Result<Value, YamlError> {
    match compose(text, Dialect::V2)? {
        None => Ok(Value::Null),
        Some(node) => Reader::new(Dialect::V2, strict, false).value(&node, false),
    }
}

/// All documents of a text by the rules of [`from_slice`].
pub fn documents(text: &[u8]) -> Result<Vec<Document>, YamlError> {
    let reader = Reader::new(Dialect::V2, false, false);
    let text = prepared(text)?;
    let mut composer = Composer::new(&text, Dialect::V2)?;
    let mut documents = Vec::new();
    while let Some(node) = composer.next_document()? {
        if documents.len() == MAX_DOCUMENTS {
            return Err(YamlError::TooManyDocuments {
                limit: MAX_DOCUMENTS,
            });
        }
        documents.push(Document {
            line: u64::from(node.line),
            value: reader.value(&node, false)?,
        });
    }
    Ok(documents)
}

/// A node tree as a JSON value by the rules of a dialect. V3 refuses duplicate keys and, below the top, keys that are no strings.
pub fn node_to_json(node: &Node, dialect: Dialect) -> Result<Value, YamlError> {
    let reader = Reader::new(dialect, dialect == Dialect::V3, false);
    if dialect == Dialect::V3 && node.is_mapping() {
        return reader.map(node, true, false);
    }
    reader.value(node, false)
}

/// A node tree as kyaml marshals it to JSON: it is written as text in its styles and read again, so that the style decides where the tag does
/// not (an integer in quotes is a string).
pub fn reencoded_to_json(node: &Node) -> Result<Value, YamlError> {
    reencoded_and_seen(node).map(|(value, _)| value)
}

/// As [`reencoded_to_json`], with whether all its texts and keys are of ASCII without the control character 0x7F.
pub fn reencoded_and_seen(node: &Node) -> Result<(Value, bool), YamlError> {
    let reader = Reader::new(Dialect::V3, true, true);
    let value = if node.is_mapping() {
        reader.map(node, true, false)?
    } else {
        reader.value(node, false)?
    };
    Ok((value, reader.highest.get() < 0x7F))
}

/// What a scalar node means; `None` for maps and lists.
pub(crate) fn scalar_of(node: &Node, dialect: Dialect) -> Option<Scalar> {
    if node.kind != Kind::Scalar {
        return None;
    }
    Some(match &node.tag {
        Tag::Str | Tag::Binary | Tag::Seq | Tag::Map | Tag::Other(_) => Scalar::Text,
        Tag::None if node.style.is_quoted() => Scalar::Text,
        Tag::Float => match resolve(&node.value, dialect) {
            Scalar::Int(int) => Scalar::Float(int as f64),
            other => other,
        },
        _ => resolve(&node.value, dialect),
    })
}

struct Reader {
    dialect: Dialect,
    strict: bool,
    /// Whether scalars mean what they mean after go-yaml v3 wrote them out.
    reencoded: bool,
    /// The highest byte of the texts and keys so far.
    highest: Cell<u8>,
}

/// Whether a text may become another one when go-yaml v3 writes it as a block and reads it again: lines of a folded block that are indented
/// more than the rest come apart, and a block that begins with a tab cannot be read.
fn changes_in_block(node: &Node) -> bool {
    let has_lines = || node.value.contains('\n');
    if node.style.has(Style::FOLDED) {
        return has_lines();
    }
    node.value.starts_with('\t')
        && (node.style.has(Style::LITERAL) || (!node.style.is_quoted() && has_lines()))
}

/// A text after go-yaml v3 wrote it and read it again.
fn rewritten(node: &Node) -> Result<String, YamlError> {
    let text = crate::write::node_to_string(node);
    let read = compose(text.as_bytes(), Dialect::V3).map_err(|error| YamlError::Key {
        line: u64::from(node.line),
        problem: "a block cannot begin with a tab, put the text in double quotes".to_owned(),
        go_text: error.go_text(),
    })?;
    Ok(read
        .map(|node| node.value.into_string())
        .unwrap_or_default())
}

/// Whether go-yaml v3 writes a scalar so that it reads it back as a string: in quotes, with a tag that its text implies anyway.
fn becomes_text(node: &Node, in_flow: bool) -> bool {
    let is_quoted = node.style.is_quoted();
    if !(is_quoted || in_flow) || node.style.has(Style::TAGGED) || node.tag == Tag::Str {
        return false;
    }
    // In a flow collection a plain scalar needs quotes where it is empty or has a colon, as times have.
    let needs_quotes = || !analyze(&node.value, Dialect::V3).flow_plain_allowed;
    let untagged = node.tag == Tag::None || node.tag == Tag::of_plain(&node.value, Dialect::V3);
    untagged && (is_quoted || needs_quotes())
}

fn not_json(node: &Node, problem: impl Into<String>) -> YamlError {
    YamlError::NotJson {
        line: u64::from(node.line),
        problem: problem.into(),
    }
}

/// Infinity, or what is no number.
fn no_number(node: &Node, value: f64) -> YamlError {
    let name = match value {
        value if value.is_nan() => "NaN",
        value if value > 0.0 => "+Inf",
        _ => "-Inf",
    };
    YamlError::Key {
        line: u64::from(node.line),
        problem: format!("{} is not a number in JSON, quote it", node.value),
        go_text: format!("json: unsupported value: {name}"),
    }
}

/// What go-yaml takes a scalar for that does not fit its tag. Timestamps are texts to it unless the tag says otherwise.
fn scalar_name(scalar: &Scalar) -> &'static str {
    match scalar {
        Scalar::Null => "!!null",
        Scalar::Bool(_) => "!!bool",
        Scalar::Int(_) | Scalar::Uint(_) => "!!int",
        Scalar::Float(_) => "!!float",
        Scalar::Timestamp(_) | Scalar::Text => "!!str",
    }
}

fn bad_key(key: &Node, problem: impl Into<String>, go_text: String) -> YamlError {
    YamlError::Key {
        line: u64::from(key.line),
        problem: problem.into(),
        go_text,
    }
}

/// What `sigs.k8s.io/yaml` says of a key of a type that it cannot turn into text.
fn unsupported(kind: &str, key: &Node, value: &Node) -> String {
    let (key, value) = (go_syntax(key, true), go_syntax(value, true));
    format!("unsupported map key of type: {kind}, key: {key}, value: {value}")
}

impl Reader {
    fn new(dialect: Dialect, strict: bool, reencoded: bool) -> Self {
        Self {
            dialect,
            strict,
            reencoded,
            highest: Cell::new(0),
        }
    }

    /// A text of the result.
    fn text(&self, text: impl Into<String>) -> String {
        let text = text.into();
        self.highest
            .set(text.bytes().fold(self.highest.get(), u8::max));
        text
    }

    fn value(&self, node: &Node, in_flow: bool) -> Result<Value, YamlError> {
        let flow = in_flow || node.style.has(Style::FLOW);
        match node.kind {
            Kind::Scalar => self.scalar(node, in_flow),
            Kind::Sequence => node.content.iter().map(|n| self.value(n, flow)).collect(),
            Kind::Mapping => self.map(node, false, flow),
        }
    }

    fn scalar(&self, node: &Node, in_flow: bool) -> Result<Value, YamlError> {
        if self.reencoded && !in_flow && changes_in_block(node) {
            return Ok(Value::String(self.text(rewritten(node)?)));
        }
        if self.reencoded && becomes_text(node, in_flow) {
            return Ok(Value::String(self.text(node.value.as_str())));
        }
        let scalar = self.checked(node)?;
        Ok(match scalar {
            Scalar::Null => Value::Null,
            Scalar::Bool(value) => Value::Bool(value),
            Scalar::Int(value) => Value::from(value),
            Scalar::Uint(value) => Value::from(value),
            Scalar::Float(value) => json_number(value).ok_or_else(|| no_number(node, value))?,
            Scalar::Timestamp(text) if self.dialect == Dialect::V3 => {
                Value::String(self.text(text))
            }
            Scalar::Timestamp(_) => Value::String(self.text(node.value.as_str())),
            Scalar::Text if node.tag == Tag::Binary => Value::String(self.text(binary(node)?)),
            Scalar::Text => Value::String(self.text(node.value.as_str())),
        })
    }

    /// The meaning of a scalar; an explicit tag that its text does not fit is refused.
    fn checked(&self, node: &Node) -> Result<Scalar, YamlError> {
        let scalar = scalar_of(node, self.dialect).unwrap_or(Scalar::Text);
        let fits = match node.tag {
            Tag::Null => scalar == Scalar::Null,
            Tag::Bool => matches!(scalar, Scalar::Bool(_)),
            Tag::Int => matches!(scalar, Scalar::Int(_) | Scalar::Uint(_)),
            Tag::Float => matches!(scalar, Scalar::Float(_)),
            Tag::Timestamp => matches!(scalar, Scalar::Timestamp(_)),
            _ => true,
        };
        if fits {
            return Ok(scalar);
        }
        let (value, tag) = (&node.value, node.tag.as_text());
        let found = scalar_name(&scalar);
        Err(YamlError::Key {
            line: u64::from(node.line),
            problem: format!("cannot read `{value}` as a {tag}"),
            go_text: format!("yaml: cannot decode {found} `{value}` as a {tag}"),
        })
    }

    fn map(&self, node: &Node, top: bool, in_flow: bool) -> Result<Value, YamlError> {
        if self.strict {
            refuse_duplicates(node)?;
        }
        let flow = in_flow || node.style.has(Style::FLOW);
        let mut map = Map::with_capacity(node.content.len() / 2);
        let mut merged = None;
        for (key, value) in node.entries() {
            if key.tag == Tag::Merge && key.kind == Kind::Scalar && key.value == "<<" {
                match self.dialect {
                    Dialect::V2 => self.merge(value, &mut map, true)?,
                    Dialect::V3 => merged = Some(value),
                }
                continue;
            }
            if let Some(key) = self.key(key, value, top)? {
                map.insert(key, self.value(value, flow)?);
            }
        }
        if let Some(value) = merged {
            self.merge(value, &mut map, false)?;
        }
        Ok(Value::Object(map))
    }

    /// Merges the maps of a `<<` value; the first of a list wins over the later ones.
    fn merge(
        &self,
        value: &Node,
        into: &mut Map<String, Value>,
        replace: bool,
    ) -> Result<(), YamlError> {
        let sources: Vec<&Node> = match value.kind {
            Kind::Mapping => vec![value],
            Kind::Sequence if replace => value.content.iter().rev().collect(),
            Kind::Sequence => value.content.iter().collect(),
            Kind::Scalar => vec![value],
        };
        for source in sources {
            if source.kind != Kind::Mapping {
                return Err(not_json(value, "<< needs a map or a list of maps"));
            }
            let Value::Object(map) = self.map(source, false, false)? else {
                continue;
            };
            for (key, value) in map {
                if replace || !into.contains_key(&key) {
                    into.insert(key, value);
                }
            }
        }
        Ok(())
    }

    /// The text of a key; `None` for a key that the reader leaves out.
    fn key(&self, key: &Node, value: &Node, top: bool) -> Result<Option<String>, YamlError> {
        if key.kind != Kind::Scalar {
            let go_text = format!("yaml: invalid map key: {}", go_syntax(key, true));
            return Err(bad_key(key, "a map or list cannot be a key", go_text));
        }
        let scalar = self.checked(key)?;
        if self.dialect == Dialect::V3 {
            return match scalar {
                Scalar::Text => Ok(Some(self.text(key.value.as_str()))),
                // At the top the keys are read as strings, and a null key is dropped.
                Scalar::Null if top => Ok(None),
                _ if top => Ok(Some(self.text(key.value.as_str()))),
                _ => Err(YamlError::KeyNotText {
                    line: u64::from(key.line),
                    key: key.value.as_str().to_owned(),
                }),
            };
        }
        Ok(Some(match scalar {
            Scalar::Bool(value) => value.to_string(),
            Scalar::Int(value) => value.to_string(),
            // sigs.k8s.io/yaml prints float keys with the precision of 32 bits.
            Scalar::Float(value) if value.is_finite() => float32_to_text(value as f32),
            Scalar::Float(value) => float_to_text(value),
            Scalar::Null => {
                let go_text = unsupported("%!s(<nil>)", key, value);
                return Err(bad_key(key, "null cannot be a key, quote it", go_text));
            }
            Scalar::Uint(_) => {
                let problem = format!("the number {} is too large for a key, quote it", key.value);
                return Err(bad_key(key, problem, unsupported("uint64", key, value)));
            }
            Scalar::Text if key.tag == Tag::Binary => binary(key)?,
            Scalar::Timestamp(_) | Scalar::Text => key.value.as_str().to_owned(),
        }))
    }
}

fn binary(node: &Node) -> Result<String, YamlError> {
    let bytes = STANDARD
        .decode(node.value.replace(['\n', '\r'], ""))
        .map_err(|_| YamlError::Key {
            line: u64::from(node.line),
            problem: "!!binary needs base64 data".to_owned(),
            go_text: "yaml: !!binary value contains invalid base64 data".to_owned(),
        })?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The keys that occur twice in a map of the first document, each with the line where its later value begins, in the
/// order in which go-yaml meets them. None for a text that is no YAML.
pub fn duplicate_keys(text: &[u8]) -> Vec<(u64, String)> {
    let mut found = Vec::new();
    if let Ok(Some(node)) = compose(text, Dialect::V2) {
        find_duplicates(&node, &mut found);
    }
    found
}

/// Depth is that of the composed document, which is bounded.
fn find_duplicates(node: &Node, found: &mut Vec<(u64, String)>) {
    if node.kind != Kind::Mapping {
        node.content
            .iter()
            .for_each(|child| find_duplicates(child, found));
        return;
    }
    let mut seen = HashSet::new();
    for (key, value) in node.entries() {
        find_duplicates(value, found);
        if key.kind == Kind::Scalar && !seen.insert(&key.value) {
            found.push((u64::from(value.line), key.value.as_str().to_owned()));
        }
    }
}

/// Refuses a map that has a key twice, by text, as go-yaml v3 does.
fn refuse_duplicates(node: &Node) -> Result<(), YamlError> {
    const FEW: usize = 12;
    let mut seen: HashMap<&str, u32> = HashMap::new();
    let count = node.content.len() / 2;
    for (at, (key, value)) in node.entries().enumerate() {
        let first = if count <= FEW {
            node.entries()
                .take(at)
                .find(|(k, _)| same_key(k, key))
                .map(|(k, _)| k.line)
        } else if key.kind == Kind::Scalar {
            seen.insert(&key.value, key.line)
        } else {
            None
        };
        if let Some(first_line) = first {
            return Err(YamlError::DuplicateKey {
                line: u64::from(key.line),
                key: key.value.as_str().to_owned(),
                first_line: u64::from(first_line),
                value_line: u64::from(value.line),
            });
        }
    }
    Ok(())
}

fn same_key(a: &Node, b: &Node) -> bool {
    a.kind == b.kind && a.value == b.value
}
