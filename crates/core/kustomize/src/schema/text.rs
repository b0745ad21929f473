//! Reads the compact form of the built-in schema that `data/generate` writes.

use super::{Definitions, Namespaced, Shape, ShapeFields, TypeFields};

/// Types that the document has, about.
const TYPES: usize = 500;
/// What begins a line that tells whether a kind is namespaced. These lines stand behind all others.
const SCOPE: &str = "N ";

/// Reads the data file but for the fields of its types and the scopes of its kinds. Lines that are not understood are skipped: the file is part of
/// the program and tested as such.
pub(super) fn parse(text: &'static str) -> Definitions {
    let mut definitions = Definitions::default();
    definitions.types.reserve(TYPES);
    let mut rest = text;
    while !rest.is_empty() {
        let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
        rest = after;
        let Some(head) = line.strip_prefix("T ") else {
            continue;
        };
        let end = end_of_fields(after);
        let mut words = head.split(' ');
        let name = words.next().unwrap_or_default();
        for (api_version, kind) in words.filter_map(|kind| kind.split_once(',')) {
            definitions.note_kind(api_version.into(), kind.into(), name.into());
        }
        let fields = TypeFields::built_in(&after[..end]);
        definitions.types.insert(name.into(), fields);
        rest = &after[end..];
    }
    definitions
}

/// Reads which kinds are namespaced.
pub(super) fn scopes(text: &'static str) -> Namespaced {
    let mut namespaced = Namespaced::default();
    for line in text.lines().rev().map_while(|l| l.strip_prefix(SCOPE)) {
        if let Some((kind, is_namespaced)) = line.split_once(' ')
            && let Some((api_version, kind)) = kind.split_once(',')
        {
            namespaced.note(api_version.into(), kind.into(), is_namespaced == "true");
        }
    }
    namespaced
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
pub(super) fn fields(text: &'static str) -> ShapeFields {
    let field = |line: &'static str| {
        let (name, shape) = line.strip_prefix(' ')?.split_once(' ')?;
        Some((name.into(), shape_of(shape)))
    };
    text.lines().filter_map(field).collect()
}

/// `@type`, `[]item`, `[key,key]item`, `[*]`, `{}value`; anything else is a leaf.
fn shape_of(text: &'static str) -> Shape {
    if let Some(name) = text.strip_prefix('@') {
        return Shape::Type(name.into());
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
