//! Reads encrypted files into trees and writes decrypted ones.

mod dotenv;
mod ini;
mod json;
mod yaml;

use crate::error::SecretsError;
use crate::format::Format;
use crate::tree::{Key, Leaf, Tree};

/// An encrypted file: its documents and the metadata, which stand in the first document that has them.
pub(crate) struct File {
    pub(crate) documents: Vec<Tree>,
    pub(crate) metadata: Tree,
}

/// Reads an encrypted file.
pub(crate) fn load(content: &[u8], format: Format) -> Result<File, SecretsError> {
    let wrong = |reason: String| SecretsError::Load { format, reason };
    let text = || std::str::from_utf8(content).map_err(|_| wrong("it is no UTF-8 text".to_owned()));
    let file = match format {
        Format::Yaml | Format::Json | Format::Binary => {
            // The parser's messages name lines and rules, not content.
            let documents = yaml::load(content)
                .map_err(|error| wrong(format!("line {}: it does not parse", error.line())))?;
            take_metadata(documents)
        }
        Format::Dotenv => dotenv::load(text()?).map_err(|reason| wrong(reason.to_owned()))?,
        Format::Ini => ini::load(text()?).map_err(|reason| wrong(reason.to_owned()))?,
    };
    file.ok_or_else(|| wrong("sops metadata not found".to_owned()))
}

fn take_metadata(mut documents: Vec<Tree>) -> Option<File> {
    let mut metadata = None;
    for document in &mut documents {
        if let Tree::Map(entries) = document
            && let Some(at) = entries
                .iter()
                .position(|(key, _)| *key == Key::Text("sops".to_owned()))
        {
            let (_, section) = entries.remove(at);
            metadata = metadata.or(Some(section));
        }
    }
    Some(File {
        documents,
        metadata: metadata?,
    })
}

/// Writes a decrypted file.
pub(crate) fn emit(
    documents: Vec<Tree>,
    input: Format,
    output: Format,
) -> Result<Vec<u8>, SecretsError> {
    let wrong = |reason: &str| SecretsError::Emit {
        input,
        output,
        reason: reason.to_owned(),
    };
    match output {
        Format::Yaml => Ok(yaml::emit(documents).into_bytes()),
        Format::Json => {
            let first = documents
                .into_iter()
                .next()
                .ok_or_else(|| wrong("there is no document"))?;
            Ok(json::emit(&first).into_bytes())
        }
        Format::Dotenv => {
            let first = documents
                .into_iter()
                .next()
                .ok_or_else(|| wrong("there is no document"))?;
            dotenv::emit(&first).map_err(|key| {
                wrong(&format!(
                    "cannot use complex value in dotenv file; offending key {key}"
                ))
            })
        }
        Format::Ini => {
            let first = documents
                .into_iter()
                .next()
                .ok_or_else(|| wrong("there is no document"))?;
            ini::emit(&first).map_err(|key| wrong(&format!("section {key} is not a map of values")))
        }
        Format::Binary => match documents.first().and_then(|tree| tree.get("data")) {
            Some(Tree::Leaf(Leaf::Bytes(bytes))) => Ok(bytes.clone()),
            Some(Tree::Leaf(leaf)) => Ok(leaf.to_text().into_bytes()),
            _ => Err(wrong("no binary data found in tree")),
        },
    }
}

/// Puts a flat key such as `age__list_0__map_enc` into a tree.
fn place(tree: &mut Tree, flat: &str, value: Tree) -> Result<(), &'static str> {
    const MAP: &str = "__map_";
    const LIST: &str = "__list_";
    let next = [flat.find(MAP), flat.find(LIST)]
        .into_iter()
        .flatten()
        .min();
    let (head, rest) = flat.split_at(next.unwrap_or(flat.len()));
    let Tree::Map(entries) = tree else {
        return Err("flat metadata keys contradict each other");
    };
    let key = Key::Text(head.to_owned());
    if !entries.iter().any(|(known, _)| *known == key) {
        let empty = if rest.starts_with(LIST) {
            Tree::List(Vec::new())
        } else {
            Tree::Map(Vec::new())
        };
        entries.push((key.clone(), empty));
    }
    let Some((_, slot)) = entries.iter_mut().find(|(known, _)| *known == key) else {
        return Err("flat metadata keys contradict each other");
    };
    if rest.is_empty() {
        *slot = value;
        return Ok(());
    }
    if let Some(rest) = rest.strip_prefix(MAP) {
        return place(slot, rest, value);
    }
    let rest = rest.strip_prefix(LIST).unwrap_or(rest);
    let digits = rest
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(rest.len());
    let (index, rest) = rest.split_at(digits);
    let index: usize = index.parse().map_err(|_| "a list index is no number")?;
    let Tree::List(items) = slot else {
        return Err("flat metadata keys contradict each other");
    };
    const MAX_INDEX: usize = 1_000;
    if index > MAX_INDEX {
        return Err("a list index is too large");
    }
    while items.len() <= index {
        items.push(Tree::Map(Vec::new()));
    }
    match rest.strip_prefix(MAP) {
        Some(rest) => place(&mut items[index], rest, value),
        None => {
            items[index] = value;
            Ok(())
        }
    }
}
