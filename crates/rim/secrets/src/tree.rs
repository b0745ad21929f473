//! The content of a file as sops sees it: ordered maps, lists, typed values and comments.

use serde_json::{Map, Value};
use skein_yaml::{Dialect, Kind, Node, Scalar, Style, Tag, resolve};

/// Deepest nesting that is followed.
pub(crate) const MAX_DEPTH: usize = 256;

/// A part of a file.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Tree {
    /// Ordered entries.
    Map(Vec<(Key, Tree)>),
    /// Items.
    List(Vec<Tree>),
    /// A value.
    Leaf(Leaf),
}

/// Key of a map entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    /// A name.
    Text(String),
    /// A comment between the entries; its value is not used.
    Comment(String),
}

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Leaf {
    /// Text.
    Text(String),
    /// Text that is no UTF-8.
    Bytes(Vec<u8>),
    /// An integer.
    Int(i64),
    /// A float.
    Float(f64),
    /// A boolean.
    Bool(bool),
    /// RFC 3339.
    Time(String),
    /// A comment that was encrypted.
    Comment(String),
    /// A value that is not text, as YAML or JSON wrote it.
    Node(Node),
}

impl Tree {
    /// The value of a key.
    pub(crate) fn get(&self, name: &str) -> Option<&Self> {
        let Self::Map(entries) = self else {
            return None;
        };
        entries.iter().find_map(|(key, tree)| match key {
            Key::Text(text) if text == name => Some(tree),
            _ => None,
        })
    }

    /// The text at a key.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        match self.get(name)? {
            Self::Leaf(leaf) => Some(leaf.to_text()),
            _ => None,
        }
    }

    /// The items of a list.
    pub(crate) fn items(&self) -> &[Self] {
        match self {
            Self::List(items) => items,
            _ => &[],
        }
    }

    pub(crate) fn from_node(node: Node) -> Self {
        match node.kind {
            Kind::Sequence => Self::List(node.content.into_iter().map(Self::from_node).collect()),
            Kind::Mapping => {
                let mut content = node.content.into_iter();
                let mut entries = Vec::new();
                while let (Some(key), Some(value)) = (content.next(), content.next()) {
                    entries.push((Key::Text(key.value.into_string()), Self::from_node(value)));
                }
                Self::Map(entries)
            }
            Kind::Scalar if matches!(node.tag, Tag::Str) => {
                Self::Leaf(Leaf::Text(node.value.into_string()))
            }
            Kind::Scalar => Self::Leaf(Leaf::Node(node)),
        }
    }

    pub(crate) fn into_node(self) -> Node {
        match self {
            Self::Map(entries) => {
                let mut node = Node::mapping();
                for (key, value) in entries {
                    if let Key::Text(text) = key {
                        node.content.push(text_node(text));
                        node.content.push(value.into_node());
                    }
                }
                node
            }
            Self::List(items) => {
                let mut node = Node::sequence();
                node.content = items.into_iter().map(Self::into_node).collect();
                node
            }
            Self::Leaf(leaf) => leaf.into_node(),
        }
    }

    pub(crate) fn from_value(value: Value) -> Self {
        match value {
            Value::Object(map) => Self::Map(
                map.into_iter()
                    .map(|(k, v)| (Key::Text(k), Self::from_value(v)))
                    .collect(),
            ),
            Value::Array(list) => Self::List(list.into_iter().map(Self::from_value).collect()),
            Value::String(text) => Self::Leaf(Leaf::Text(text)),
            Value::Bool(on) => Self::Leaf(Leaf::Node(Node::tagged(on.to_string(), Tag::Bool))),
            Value::Number(n) => {
                let tag = if n.is_f64() { Tag::Float } else { Tag::Int };
                Self::Leaf(Leaf::Node(Node::tagged(n.to_string(), tag)))
            }
            Value::Null => Self::Leaf(Leaf::Node(Node::tagged("null", Tag::Null))),
        }
    }

    pub(crate) fn into_value(self) -> Value {
        match self {
            Self::Map(entries) => {
                let mut map = Map::new();
                for (key, value) in entries {
                    if let Key::Text(text) = key {
                        map.insert(text, value.into_value());
                    }
                }
                Value::Object(map)
            }
            Self::List(items) => items.into_iter().map(Self::into_value).collect(),
            Self::Leaf(leaf) => leaf.into_value(),
        }
    }
}

/// Text that a reader would take for something else is put in double quotes.
fn text_node(text: String) -> Node {
    let ambiguous = !matches!(resolve(&text, Dialect::V3), Scalar::Text)
        || matches!(resolve(&text, Dialect::V2), Scalar::Bool(_))
        || is_base_60(&text);
    let mut node = Node::string(text);
    if ambiguous {
        node.style = Style::DOUBLE_QUOTED;
    }
    node
}

/// `12:30`, a number to readers of YAML 1.1.
fn is_base_60(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (number, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let mut parts = number.split(':');
    let first = parts.next().unwrap_or_default();
    let rest: Vec<&str> = parts.collect();
    let sixties = |part: &&str| part.len() <= 2 && part.parse::<u8>().is_ok_and(|n| n < 60);
    !rest.is_empty()
        && first.starts_with(|c: char| c.is_ascii_digit())
        && [first, fraction]
            .iter()
            .all(|part| part.chars().all(|c| c.is_ascii_digit() || c == '_'))
        && rest.iter().all(sixties)
}

impl Leaf {
    fn into_node(self) -> Node {
        match self {
            Self::Text(text) | Self::Comment(text) => text_node(text),
            Self::Bytes(bytes) => text_node(String::from_utf8_lossy(&bytes).into_owned()),
            Self::Int(n) => Node::tagged(n.to_string(), Tag::Int),
            Self::Float(n) => Node::tagged(skein_yaml::float_to_text(n), Tag::Float),
            Self::Bool(on) => Node::tagged(on.to_string(), Tag::Bool),
            Self::Time(text) => Node::tagged(text, Tag::Timestamp),
            Self::Node(node) => node,
        }
    }

    fn into_value(self) -> Value {
        match self {
            Self::Text(text) | Self::Comment(text) | Self::Time(text) => text.into(),
            Self::Bytes(bytes) => String::from_utf8_lossy(&bytes).into(),
            Self::Int(n) => n.into(),
            Self::Float(n) => skein_yaml::json_number(n).unwrap_or(Value::Null),
            Self::Bool(on) => on.into(),
            Self::Node(node) => skein_yaml::node_to_json(&node, Dialect::V3).unwrap_or(Value::Null),
        }
    }

    /// The value as text, for formats that know nothing else.
    pub(crate) fn to_text(&self) -> String {
        match self {
            Self::Text(text) | Self::Comment(text) | Self::Time(text) => text.clone(),
            Self::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            Self::Int(n) => n.to_string(),
            Self::Float(n) => skein_yaml::float_to_text(*n),
            Self::Bool(on) => on.to_string(),
            Self::Node(node) => node.value.to_string(),
        }
    }

    /// What the MAC is computed over. Booleans are capitalised, for sops was first written in Python.
    pub(crate) fn mac_bytes(&self) -> Vec<u8> {
        let capital = |on: bool| {
            if on {
                b"True".to_vec()
            } else {
                b"False".to_vec()
            }
        };
        match self {
            Self::Bool(on) => capital(*on),
            Self::Bytes(bytes) => bytes.clone(),
            Self::Node(node) if node.tag == Tag::Bool => {
                capital(node.value.eq_ignore_ascii_case("true"))
            }
            Self::Node(node) if node.tag == Tag::Null => Vec::new(),
            Self::Node(node) if node.tag == Tag::Float => node
                .value
                .parse::<f64>()
                .map_or_else(|_| node.value.to_string(), |n| n.to_string())
                .into_bytes(),
            Self::Float(n) => n.to_string().into_bytes(),
            other => other.to_text().into_bytes(),
        }
    }

    /// The text, when it is text: only that can be encrypted.
    pub(crate) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}
