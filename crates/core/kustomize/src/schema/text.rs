//! Reads the compact form of the built-in schema that `data/generate` writes.

use super::{Definitions, Shape};

/// Reads the whole data file. Lines that are not understood are skipped: the file is part of the program and tested as such.
pub(super) fn parse(text: &str) -> Definitions {
    let mut definitions = Definitions::default();
    let mut current = String::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("T ") {
            let mut words = rest.split(' ');
            current = words.next().unwrap_or_default().to_owned();
            for kind in words {
                if let Some((api_version, kind)) = kind.split_once(',') {
                    let key = (api_version.to_owned(), kind.to_owned());
                    definitions.by_kind.insert(key, current.clone());
                }
            }
            definitions.types.entry(current.clone()).or_default();
        } else if let Some(rest) = line.strip_prefix("N ") {
            if let Some(((api_version, kind), namespaced)) = rest
                .split_once(' ')
                .and_then(|(k, n)| Some((k.split_once(',')?, n == "true")))
            {
                let (api_version, kind) = (api_version.to_owned(), kind.to_owned());
                definitions.namespaced.note(api_version, kind, namespaced);
            }
        } else if let Some((name, shape)) = line.strip_prefix(' ').and_then(|l| l.split_once(' ')) {
            let fields = definitions.types.entry(current.clone()).or_default();
            fields.insert(name.to_owned(), shape_of(shape));
        }
    }
    definitions
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
