//! INI: sections of `key = value` lines; comments belong to what follows them.

use crate::stores::{File, place};
use crate::tree::{Key, Leaf, Tree};

const METADATA_SECTION: &str = "sops";
/// The section of what stands before the first header.
const DEFAULT_SECTION: &str = "DEFAULT";

type Section = (String, Vec<(Key, Tree)>);

pub(super) fn load(text: &str) -> Result<Option<File>, &'static str> {
    let mut sections: Vec<Section> = vec![(DEFAULT_SECTION.to_owned(), Vec::new())];
    let mut comments: Vec<String> = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if line.starts_with(['#', ';']) {
            comments.push(line[1..].trim().to_owned());
            continue;
        }
        if let Some(header) = line.strip_prefix('[') {
            let name = header
                .strip_suffix(']')
                .ok_or("a section header is not closed")?;
            if name != DEFAULT_SECTION {
                sections.push((name.to_owned(), Vec::new()));
            }
            if let Some((_, entries)) = sections.last_mut() {
                entries.extend(take_comment(&mut comments));
            }
            continue;
        }
        let (key, value) = line
            .split_once(['=', ':'])
            .ok_or("a line has no equals sign")?;
        let (value, inline) = split_inline_comment(value.trim());
        comments.extend(inline);
        let entry = (
            Key::Text(key.trim().to_owned()),
            Tree::Leaf(Leaf::Text(unquote(value))),
        );
        if let Some((_, entries)) = sections.last_mut() {
            entries.push(entry);
            entries.extend(take_comment(&mut comments));
        }
    }
    let Some(at) = sections
        .iter()
        .position(|(name, _)| name == METADATA_SECTION)
    else {
        return Ok(None);
    };
    let (_, flat) = sections.remove(at);
    let mut metadata = Tree::Map(Vec::new());
    for (key, value) in flat {
        if let (Key::Text(key), Tree::Leaf(leaf)) = (key, value) {
            place(
                &mut metadata,
                &key,
                Tree::Leaf(Leaf::Text(leaf.to_text().replace("\\n", "\n"))),
            )?;
        }
    }
    let document = sections
        .into_iter()
        .map(|(name, entries)| (Key::Text(name), Tree::Map(entries)));
    Ok(Some(File {
        documents: vec![Tree::Map(document.collect())],
        metadata,
    }))
}

/// The comment lines gathered so far, as an entry.
fn take_comment(comments: &mut Vec<String>) -> Option<(Key, Tree)> {
    if comments.is_empty() {
        return None;
    }
    let text = std::mem::take(comments).join("\n");
    Some((Key::Comment(text), Tree::Leaf(Leaf::Text(String::new()))))
}

/// A value without quotes ends where a comment begins, with or without a space before it.
fn split_inline_comment(value: &str) -> (&str, Option<String>) {
    let quoted = value.starts_with(['`', '"', '\'']);
    match value.find(['#', ';']).filter(|_| !quoted) {
        Some(at) => (value[..at].trim(), Some(value[at + 1..].trim().to_owned())),
        None => (value, None),
    }
}

/// Values may be quoted by backticks, triple or plain quotes.
fn unquote(value: &str) -> String {
    for quote in ["\"\"\"", "`", "\"", "'"] {
        let inner = value
            .strip_prefix(quote)
            .and_then(|rest| rest.strip_suffix(quote));
        if let Some(inner) = inner {
            return inner.to_owned();
        }
    }
    value.to_owned()
}

/// The offending section when one is not a map of values.
pub(super) fn emit(tree: &Tree) -> Result<Vec<u8>, String> {
    let mut text = String::new();
    let Tree::Map(sections) = tree else {
        return Err(String::new());
    };
    for (index, (name, section)) in sections.iter().enumerate() {
        let Key::Text(name) = name else { continue };
        let Tree::Map(entries) = section else {
            return Err(name.clone());
        };
        if index == 0 && name == DEFAULT_SECTION && entries.is_empty() {
            continue;
        }
        if !text.is_empty() {
            text.push('\n');
        }
        let mut entries = entries.as_slice();
        if let Some(((Key::Comment(comment), _), rest)) = entries.split_first() {
            push_comment(comment, &mut text);
            entries = rest;
        }
        // Values before the first header need none.
        if index > 0 || name != DEFAULT_SECTION {
            text.push_str(&format!("[{name}]\n"));
        }
        push_entries(entries, &mut text).map_err(|()| name.clone())?;
    }
    Ok(text.into_bytes())
}

/// Keys are padded so that the equals signs stand below each other.
fn push_entries(entries: &[(Key, Tree)], text: &mut String) -> Result<(), ()> {
    let width = entries.iter().filter_map(|(key, _)| match key {
        Key::Text(key) => Some(key.len()),
        Key::Comment(_) => None,
    });
    let width = width.max().unwrap_or(0);
    for (index, (key, value)) in entries.iter().enumerate() {
        let Key::Text(key) = key else { continue };
        let Tree::Leaf(leaf) = value else {
            return Err(());
        };
        if let Some((Key::Comment(comment), _)) = entries.get(index + 1) {
            push_comment(comment, text);
        }
        text.push_str(&format!("{key:width$} = {}\n", quote(&leaf.to_text())));
    }
    Ok(())
}

fn push_comment(comment: &str, text: &mut String) {
    for line in comment.lines() {
        let line = line.trim();
        let mark = if line.starts_with(['#', ';']) {
            ""
        } else {
            "; "
        };
        text.push_str(&format!("{mark}{line}\n"));
    }
}

/// What would not be read back as it is gets quoted.
fn quote(value: &str) -> String {
    if value.contains(['\n', '`']) {
        format!("\"\"\"{value}\"\"\"")
    } else if value.contains(['#', ';']) || value.trim() != value {
        format!("`{value}`")
    } else {
        value.to_owned()
    }
}
