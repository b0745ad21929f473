//! `KEY=value` lines with `#` comments; a line feed in a value is written `\n`.

use crate::stores::{File, place};
use crate::tree::{Key, Leaf, Tree};

const METADATA_PREFIX: &str = "sops_";

pub(super) fn load(text: &str) -> Result<Option<File>, &'static str> {
    let (mut entries, mut metadata) = (Vec::new(), Tree::Map(Vec::new()));
    let mut found = false;
    for line in text.split('\n').filter(|line| !line.is_empty()) {
        if let Some(comment) = line.strip_prefix('#') {
            entries.push((
                Key::Comment(comment.to_owned()),
                Tree::Leaf(Leaf::Text(String::new())),
            ));
            continue;
        }
        let (key, value) = line.split_once('=').ok_or("a line has no equals sign")?;
        let value = Tree::Leaf(Leaf::Text(value.replace("\\n", "\n")));
        match key.strip_prefix(METADATA_PREFIX) {
            Some(flat) => {
                place(&mut metadata, flat, value)?;
                found = true;
            }
            None => entries.push((Key::Text(key.to_owned()), value)),
        }
    }
    Ok(found.then(|| File {
        documents: vec![Tree::Map(entries)],
        metadata,
    }))
}

/// The offending key when a value is not flat.
pub(super) fn emit(tree: &Tree) -> Result<Vec<u8>, String> {
    let mut text = String::new();
    let Tree::Map(entries) = tree else {
        return Err(String::new());
    };
    for (key, value) in entries {
        match (key, value) {
            (Key::Comment(comment), _) => text.push_str(&format!("#{comment}\n")),
            (Key::Text(key), Tree::Leaf(leaf)) => {
                text.push_str(&format!("{key}={}\n", leaf.to_text().replace('\n', "\\n")));
            }
            (Key::Text(key), _) => return Err(key.clone()),
        }
    }
    Ok(text.into_bytes())
}
