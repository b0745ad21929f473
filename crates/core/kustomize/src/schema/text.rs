//! Reads the compact form of the built-in schema that `data/generate` writes.

use std::collections::HashMap;

use super::{Definitions, Shape, TypeFields};

/// Reads the whole data file but for the fields of its types. Lines that are not understood are skipped: the file is part of the program and
/// tested as such.
pub(super) fn parse(text: &'static str) -> Definitions {
    let mut definitions = Definitions::default();
    let mut rest = text;
    while !rest.is_empty() {
        let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
        rest = after;
        if let Some(head) = line.strip_prefix("T ") {
            let end = end_of_fields(after);
            let mut words = head.split(' ');
            let name = words.next().unwrap_or_default();
            for kind in words {
                if let Some((api_version, kind)) = kind.split_once(',') {
                    let key = (api_version.to_owned(), kind.to_owned());
                    definitions.by_kind.insert(key, name.to_owned());
                }
            }
            let fields = TypeFields::built_in(&after[..end]);
            definitions.types.insert(name.into(), fields);
            rest = &after[end..];
        } else if let Some((kind, namespaced)) =
            line.strip_prefix("N ").and_then(|l| l.split_once(' '))
            && let Some((api_version, kind)) = kind.split_once(',')
        {
            let (api_version, kind) = (api_version.to_owned(), kind.to_owned());
            definitions
                .namespaced
                .note(api_version, kind, namespaced == "true");
        }
    }
    definitions
}

/// Where the lines of fields, which begin with a space, end.
fn end_of_fields(text: &str) -> usize {
    if !text.starts_with(' ') {
        return 0;
    }
    let next = text
        .match_indices('\n')
        .find(|(at, _)| !text[at + 1..].starts_with(' '));
    next.map_or(text.len(), |(at, _)| at + 1)
}

/// The fields of one type.
pub(super) fn fields(text: &str) -> HashMap<String, Shape> {
    let field = |line: &str| {
        let (name, shape) = line.strip_prefix(' ')?.split_once(' ')?;
        Some((name.to_owned(), shape_of(shape)))
    };
    text.lines().filter_map(field).collect()
}

/// `@type`, `[]item`, `[key,key]item`, `[*]`, `{}value`; anything else is a leaf.
fn shape_of(text: &str) -> Shape {
    if let Some(name) = text.strip_prefix('@') {
        return Shape::Type(name.to_owned());
    }
    if let Some(value) = text.strip_prefix("{}") {
        return Shape::Map(Box::new(shape_of(value)));
    }
    let Some((keys, item)) = text.strip_prefix('[').and_then(|t| t.split_once(']')) else {
        return Shape::Leaf;
    };
    let merge_keys = match keys {
        "" => None,
        "*" => Some(Vec::new()),
        keys => Some(keys.split(',').map(str::to_owned).collect()),
    };
    let items = (!item.is_empty()).then(|| Box::new(shape_of(item)));
    Shape::List { merge_keys, items }
}
