//! Reading and writing fields of node trees, with kyaml's rules of style and type.

use std::fmt;

use serde_json::Value;
use skein_yaml::{
    CompactString, Kind, Node, Style, Tag, compose_detailed, float_to_text, go_quotes,
    is_yaml_1_1_non_string, node_to_string, sort_entries,
};

/// A node is of another kind than the operation needs, or a path cannot be followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OpError(pub(crate) String);

impl fmt::Display for OpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<OpError> for crate::error::BuildError {
    fn from(error: OpError) -> Self {
        Self::invalid(error.0)
    }
}

/// What a node is, for messages.
pub(crate) fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Scalar => "a single value",
        Kind::Sequence => "a list",
        Kind::Mapping => "a map",
    }
}

/// Refuses a node of another kind; null passes.
pub(crate) fn require(node: &Node, kind: Kind) -> Result<(), OpError> {
    if node.is_null() || node.kind == kind {
        return Ok(());
    }
    let at = if node.line > 0 && node.line != Node::REREAD_LINE {
        format!(" (line {})", node.line)
    } else {
        String::new()
    };
    Err(OpError(format!(
        "expected {} but found {}{at}",
        kind_name(kind),
        kind_name(node.kind)
    )))
}

/// Gives a string that YAML 1.1 would read otherwise its quotes, unless it has a style.
pub(crate) fn quote_if_ambiguous(value: &mut Node) {
    if value.is_string_value()
        && value.style == Style::PLAIN
        && is_yaml_1_1_non_string(&value.value)
    {
        value.style = Style::DOUBLE_QUOTED;
    }
}

/// Replaces a scalar; the style of the old one stays. Null values change nothing.
pub(crate) fn set_scalar(node: &mut Node, mut value: Node) -> Result<(), OpError> {
    require(node, Kind::Scalar)?;
    if value.is_null() {
        return Ok(());
    }
    value.style = node.style;
    value.shared = node.shared;
    *node = value;
    Ok(())
}

/// Sets a field of a map: null removes it (unless `keep_null`), an existing field keeps its style.
pub(crate) fn set_field_with(
    map: &mut Node,
    name: &str,
    mut value: Node,
    keep_null: bool,
    key_style: Style,
) -> Result<(), OpError> {
    quote_if_ambiguous(&mut value);
    if value.is_null() && !keep_null {
        return clear(map, name).map(|_| ());
    }
    require(map, Kind::Mapping)?;
    if map.is_null() {
        return Ok(());
    }
    if let Some(field) = map.get_mut(name) {
        value.style = field.style.without(Style::EMPTIED);
        value.shared = field.shared;
        *field = value;
        return Ok(());
    }
    let mut key = Node::scalar(name);
    key.style = key_style;
    map.content.push(key);
    map.content.push(value);
    Ok(())
}

/// Sets a field of a map.
pub(crate) fn set_field(map: &mut Node, name: &str, value: Node) -> Result<(), OpError> {
    set_field_with(map, name, value, false, Style::PLAIN)
}

/// Removes a field of a map.
pub(crate) fn clear(map: &mut Node, name: &str) -> Result<Option<Node>, OpError> {
    require(map, Kind::Mapping)?;
    let Some(at) = map.value_index(name) else {
        return Ok(None);
    };
    let value = map.content.remove(at);
    map.content.remove(at - 1);
    if map.content.is_empty() {
        map.style = map.style.with(Style::EMPTIED);
    }
    Ok(Some(value))
}

/// The field of a map; an empty one of that kind is made when there is none.
pub(crate) fn get_or_create<'a>(
    map: &'a mut Node,
    name: &str,
    kind: Kind,
) -> Result<Option<&'a mut Node>, OpError> {
    require(map, Kind::Mapping)?;
    if map.is_null() {
        return Ok(None);
    }
    let at = match map.value_index(name) {
        Some(at) => at,
        None => {
            map.content.push(Node::scalar(name));
            map.content.push(empty(kind));
            map.content.len() - 1
        }
    };
    Ok(map.content.get_mut(at))
}

/// An empty node without tag.
pub(crate) fn empty(kind: Kind) -> Node {
    match kind {
        Kind::Scalar => Node::scalar(""),
        Kind::Sequence => Node::sequence(),
        Kind::Mapping => Node::mapping(),
    }
}

/// One step of a path: a field, an index, the last element, or the element that has a field (or is) a value.
#[derive(Debug, PartialEq)]
pub(crate) enum Step<'a> {
    Field(&'a str),
    Index(usize),
    Last,
    Element(&'a str, &'a str),
}

/// Reads one part of a path. `None` for a part that is only spaces.
pub(crate) fn step_of(part: &str) -> Result<Option<Step<'_>>, OpError> {
    // Nearly every part is the plain name of a field.
    if let ([first, ..], [.., last]) = (part.as_bytes(), part.as_bytes())
        && first.is_ascii_alphabetic()
        && last.is_ascii_alphanumeric()
    {
        return Ok(Some(Step::Field(part)));
    }
    let part = part.trim();
    if part.is_empty() {
        return Ok(None);
    }
    if let Ok(index) = part.parse::<i64>() {
        let index = usize::try_from(index)
            .map_err(|_| OpError(format!("the list index {part} cannot be negative")))?;
        return Ok(Some(Step::Index(index)));
    }
    if part == "-" {
        return Ok(Some(Step::Last));
    }
    if part == "*" {
        return Err(OpError(
            "wildcard is not supported in PathGetter".to_owned(),
        ));
    }
    match part.strip_prefix('[').and_then(|p| p.strip_suffix(']')) {
        None => Ok(Some(Step::Field(part))),
        Some(inner) => match inner.split_once('=') {
            Some((name, value)) => Ok(Some(Step::Element(name, value))),
            None => Err(OpError(format!("'{part}' in a path must be [field=value]"))),
        },
    }
}

/// Index in `content` of where a step leads; `None` when nothing is there.
fn step_index(node: &Node, step: &Step<'_>) -> Result<Option<usize>, OpError> {
    match step {
        Step::Field(name) => {
            require(node, Kind::Mapping)?;
            Ok(node.value_index(name))
        }
        Step::Index(index) => {
            require(node, Kind::Sequence)?;
            Ok((*index < node.content.len()).then_some(*index))
        }
        Step::Last => {
            require(node, Kind::Sequence)?;
            Ok(node.content.len().checked_sub(1))
        }
        Step::Element("", value) => {
            require(node, Kind::Sequence)?;
            Ok(node.items().iter().position(|item| item.value == *value))
        }
        Step::Element(name, value) => {
            require(node, Kind::Sequence)?;
            let found = |item: &Node| item.get(name).is_some_and(|field| field.value == *value);
            Ok(node.items().iter().position(found))
        }
    }
}

/// The node at a path; `None` when the path ends early.
pub(crate) fn lookup<'a>(node: &'a Node, path: &[String]) -> Result<Option<&'a Node>, OpError> {
    let mut at = node;
    for part in path {
        let Some(step) = step_of(part)? else { continue };
        match step_index(at, &step)? {
            None => return Ok(None),
            Some(index) => at = &at.content[index],
        }
    }
    Ok(Some(at))
}

/// The node at a path, to change.
pub(crate) fn lookup_mut<'a, S: AsRef<str>>(
    node: &'a mut Node,
    path: &[S],
) -> Result<Option<&'a mut Node>, OpError> {
    let mut at = node;
    for part in path {
        let Some(step) = step_of(part.as_ref())? else {
            continue;
        };
        match step_index(at, &step)? {
            None => return Ok(None),
            Some(index) => at = &mut at.content[index],
        }
    }
    Ok(Some(at))
}

/// The node at a path; what is missing is made: maps, lists where the next part is an element or index, and `kind` at the end.
pub(crate) fn lookup_create<'a>(
    node: &'a mut Node,
    path: &[String],
    kind: Kind,
) -> Result<Option<&'a mut Node>, OpError> {
    let mut at = node;
    for (number, part) in path.iter().enumerate() {
        let Some(step) = step_of(part)? else { continue };
        let index = match step_index(at, &step)? {
            Some(index) => index,
            None => {
                let next = path.get(number + 1).map(String::as_str);
                match step {
                    Step::Field(name) if !at.is_null() => {
                        at.content.push(Node::scalar(name));
                        at.content.push(empty(kind_for(next, kind)));
                    }
                    Step::Element("", value) if !at.is_null() => {
                        at.content.push(Node::scalar(value))
                    }
                    Step::Element(name, value) if !at.is_null() => {
                        let mut element = Node::mapping();
                        element.content = vec![Node::scalar(name), Node::scalar(value)];
                        at.content.push(element);
                    }
                    _ => return Ok(None),
                }
                at.content.len() - 1
            }
        };
        at = &mut at.content[index];
    }
    Ok(Some(at))
}

/// The kind of a field that is made on the way to the next part of a path.
pub(crate) fn kind_for(next: Option<&str>, last: Kind) -> Kind {
    match next.unwrap_or_default() {
        "" => last,
        next if next.starts_with('[') && next.ends_with(']') => Kind::Sequence,
        next if next.parse::<u64>().is_ok() => Kind::Sequence,
        _ => Kind::Mapping,
    }
}

/// A JSON value as the node tree that kyaml makes of it: numbers pass through 64-bit floats.
pub(crate) fn node_from_json(value: &Value) -> Node {
    let mut node = bare_node_from_json(value);
    node.line = Node::REREAD_LINE;
    node
}

fn bare_node_from_json(value: &Value) -> Node {
    match value {
        Value::Null => Node::tagged("null", Tag::Null),
        Value::Bool(value) => Node::tagged(value.to_string(), Tag::Bool),
        Value::Number(number) => {
            let text = float_to_text(number.as_f64().unwrap_or_default());
            let tag = Tag::of_plain(&text, skein_yaml::Dialect::V3);
            Node::tagged(text, tag)
        }
        Value::String(text) => {
            let mut node = Node::string(text.as_str());
            if node.style == Style::PLAIN
                && Tag::of_plain(text, skein_yaml::Dialect::V3) != Tag::Str
            {
                node.style = Style::DOUBLE_QUOTED;
            }
            node
        }
        Value::Array(items) => {
            let mut node = Node::sequence();
            node.tag = Tag::Seq;
            node.content = items.iter().map(node_from_json).collect();
            node.style = if items.is_empty() {
                Style::FLOW
            } else {
                Style::PLAIN
            };
            node
        }
        Value::Object(map) => {
            let mut node = Node::mapping();
            node.tag = Tag::Map;
            for (key, value) in map {
                let mut key = Node::tagged(key.as_str(), Tag::Str);
                key.line = Node::REREAD_LINE;
                node.content.push(key);
                node.content.push(node_from_json(value));
            }
            node.style = if map.is_empty() {
                Style::FLOW
            } else {
                Style::PLAIN
            };
            node
        }
    }
}

/// A node written as kyaml marshals a map, and read again: every node has its place in that text.
pub(crate) fn reread(node: &Node) -> Result<Node, crate::error::BuildError> {
    let mut node = node.clone();
    marshal_fields(&mut node);
    let text = node_to_string(&node);
    Ok(compose_detailed(text.as_bytes(), 0)?.unwrap_or(node))
}

/// Puts fields in the order in which go-yaml writes those of a Go map, and gives strings the quotes that it writes.
fn marshal_fields(node: &mut Node) {
    quote_as_go(node);
    node.content.iter_mut().for_each(marshal_fields);
    if !node.is_mapping() {
        return;
    }
    let mut entries: Vec<(CompactString, [Node; 2])> = Vec::new();
    let mut content = std::mem::take(&mut node.content).into_iter();
    while let (Some(key), Some(value)) = (content.next(), content.next()) {
        entries.push((key.value.clone(), [key, value]));
    }
    sort_entries(&mut entries);
    node.content = entries.into_iter().flat_map(|(_, pair)| pair).collect();
}

/// Gives a string the quotes that go-yaml v3 writes around a Go string.
pub(crate) fn quote_as_go(node: &mut Node) {
    if node.tag == Tag::Str && node.style == Style::PLAIN && go_quotes(&node.value) {
        node.style = Style::DOUBLE_QUOTED;
    }
}

/// Splits a path at a delimiter that a backslash escapes; a leading delimiter is dropped.
pub(crate) fn split_path(path: &str, delimiter: char) -> Vec<String> {
    let mut parts: Vec<&str> = path.split(delimiter).collect();
    if parts.len() > 1 && parts[0].is_empty() {
        parts.remove(0);
    }
    let mut result: Vec<String> = Vec::with_capacity(parts.len());
    for (at, part) in parts.into_iter().enumerate() {
        match result.last_mut() {
            Some(last) if at > 0 && last.ends_with('\\') => {
                last.pop();
                last.push(delimiter);
                last.push_str(part);
            }
            _ => result.push(part.to_owned()),
        }
    }
    result
}

/// Splits a path as [`split_path`], but keeps `[...]` together: `a.[b.c=d.e].f` has three parts, `a.[b.c]` names the field `b.c`.
pub(crate) fn split_path_brackets(path: &str, delimiter: char) -> Vec<String> {
    let mut result = Vec::new();
    let mut parts = split_path(path, delimiter).into_iter();
    while let Some(part) = parts.next() {
        if !part.starts_with('[') || part.ends_with(']') {
            result.push(part);
            continue;
        }
        let mut joined = part;
        for next in parts.by_ref() {
            joined.push(delimiter);
            joined.push_str(&next);
            if next.ends_with(']') {
                break;
            }
        }
        if joined.contains('=') {
            result.push(joined);
        } else {
            result.push(joined.trim_matches(['[', ']']).to_owned());
        }
    }
    result
}
