//! Paths that may lead to several places: fields, indexes, `[field=expression]` and `*`.

use regex::Regex;
use skein_yaml::{Dialect, Kind, Node, compose, node_to_string};

use crate::ops::{OpError, empty, kind_for, require};

/// Visits every place that a path leads to and counts them. With `create`, what is missing is made, and that kind at the end.
pub(crate) fn visit(
    node: &mut Node,
    path: &[String],
    create: Option<Kind>,
    at: &mut dyn FnMut(&mut Node) -> Result<(), OpError>,
) -> Result<usize, OpError> {
    let Some((part, rest)) = path.split_first() else {
        at(node)?;
        return Ok(1);
    };
    if let Ok(index) = part.parse::<usize>() {
        return visit_index(node, index, rest, create, at);
    }
    if part.starts_with('[') && part.ends_with(']') {
        return visit_elements(node, part, rest, create, at);
    }
    if part == "*" {
        require(node, Kind::Sequence)?;
        let mut count = 0;
        if node.is_sequence() {
            for item in &mut node.content {
                count += visit(item, rest, create, at)?;
            }
        }
        return Ok(count);
    }
    visit_field(node, part, rest, create, at)
}

fn visit_field(
    node: &mut Node,
    name: &str,
    rest: &[String],
    create: Option<Kind>,
    at: &mut dyn FnMut(&mut Node) -> Result<(), OpError>,
) -> Result<usize, OpError> {
    require(node, Kind::Mapping)?;
    if node.is_null() {
        return Ok(0);
    }
    let index = match (node.value_index(name), create) {
        (Some(index), _) => index,
        (None, None) => return Ok(0),
        (None, Some(kind)) => {
            let kind = kind_for(rest.first().map(String::as_str), kind);
            node.content.push(Node::scalar(name));
            node.content.push(empty(kind));
            node.content.len() - 1
        }
    };
    let field = &mut node.content[index];
    if field.is_scalar() && !rest.is_empty() {
        // Text that holds YAML is looked into, but what is changed there goes nowhere from here.
        let mut inner = parse_inner(&field.value)?;
        return visit(&mut inner, rest, create, at);
    }
    visit(field, rest, create, at)
}

/// The YAML in a text.
pub(crate) fn parse_inner(text: &str) -> Result<Node, OpError> {
    match compose(text.as_bytes(), Dialect::V3) {
        Ok(Some(node)) => Ok(node),
        Ok(None) => Err(OpError("the text is empty".to_owned())),
        Err(error) => Err(OpError(format!("the text is no YAML: {error}"))),
    }
}

fn visit_index(
    node: &mut Node,
    index: usize,
    rest: &[String],
    create: Option<Kind>,
    at: &mut dyn FnMut(&mut Node) -> Result<(), OpError>,
) -> Result<usize, OpError> {
    require(node, Kind::Sequence)?;
    if let Some(kind) = create.filter(|_| node.content.len() == index) {
        node.content
            .push(empty(kind_for(rest.first().map(String::as_str), kind)));
    }
    let count = node.content.len();
    match node.content.get_mut(index) {
        Some(item) => visit(item, rest, create, at),
        None => Err(OpError(format!(
            "index {index} specified but only {count} elements found"
        ))),
    }
}

fn visit_elements(
    node: &mut Node,
    part: &str,
    rest: &[String],
    create: Option<Kind>,
    at: &mut dyn FnMut(&mut Node) -> Result<(), OpError>,
) -> Result<usize, OpError> {
    let Some((field, pattern)) = part[1..part.len() - 1].split_once('=') else {
        return Err(OpError(format!("'{part}' in a path must be [field=value]")));
    };
    let matcher = skein_gowords::regex(pattern).map_err(|problem| {
        OpError(format!(
            "'{pattern}' is not a regular expression: {problem}"
        ))
    })?;
    require(node, Kind::Sequence)?;
    let count = visit_matching(node, field, &matcher, rest, create, at)?;
    if count > 0 || create.is_none() || node.is_null() {
        return Ok(count);
    }
    let value = Node::scalar(pattern);
    node.content.push(if field.is_empty() {
        value
    } else {
        let mut element = Node::mapping();
        element.content = vec![Node::scalar(field), value];
        element
    });
    visit_matching(node, field, &matcher, rest, create, at)
}

fn visit_matching(
    node: &mut Node,
    field: &str,
    matcher: &Regex,
    rest: &[String],
    create: Option<Kind>,
    at: &mut dyn FnMut(&mut Node) -> Result<(), OpError>,
) -> Result<usize, OpError> {
    let mut count = 0;
    for item in &mut node.content {
        let text = if field.is_empty() {
            node_to_string(item)
        } else {
            match item.get(field) {
                Some(value) => node_to_string(value),
                None => continue,
            }
        };
        if !matcher.is_match(text.trim()) {
            continue;
        }
        if field.is_empty() {
            at(item)?;
            count += 1;
        } else {
            count += visit(item, rest, create, at)?;
        }
    }
    Ok(count)
}
