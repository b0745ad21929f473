//! From the text of a file to objects: documents, anchors and lists as kustomize takes them apart.

use serde_json::Value;
use skein_yaml::{
    Dialect, Kind, Node, Tag, YamlError, compose_detailed, compose_part, node_to_json,
};

use crate::error::{BuildError, Outcome, Problem};
use crate::ops::kind_name;
use crate::resource::Resource;
use crate::upstream;

/// Most objects of one file.
pub(crate) const MAX_OBJECTS_PER_FILE: usize = 100_000;

/// The objects of a text; `detailed` asks for the places and comments of all nodes.
pub(crate) fn resources_from_text(text: &[u8], detailed: bool) -> Outcome<Vec<Resource>> {
    Ok(objects_from_text(text, detailed)?
        .into_iter()
        .map(Resource::new)
        .collect())
}

/// The objects of a text as node trees, with metadata checked and lists taken apart.
fn objects_from_text(text: &[u8], detailed: bool) -> Outcome<Vec<Node>> {
    let nodes = checked(nodes_from_text(text, detailed)?)?;
    take_lists_apart(nodes, detailed)
}

/// One document of a text, and how many lines stand before it.
struct Part<'a> {
    text: &'a str,
    lines_before: u32,
}

/// Cuts a text at the lines that begin with `---`, except where the text itself begins with one.
fn split_documents(text: &str) -> Outcome<Vec<Part<'_>>> {
    let mut parts = Vec::new();
    let (mut start, mut from, mut lines) = (0, 0, 0);
    while let Some(at) = text[from..].find("\n---").map(|i| from + i) {
        let Some(end) = text[at + 1..].find('\n').map(|i| at + 1 + i) else {
            break;
        };
        let after = text[at + 4..end].trim();
        if !after.is_empty() && !after.starts_with('#') {
            let line = 2 + count_lines(&text[..at]);
            return Err(YamlError::Syntax {
                line: u64::from(line),
                column: 1,
                problem: format!("a document separator cannot have text after it: ---{after}"),
                go_text: format!("invalid document separator: ---{after}"),
            }
            .into());
        }
        // The line feed before the separator still belongs to the document.
        parts.push(Part {
            text: &text[start..=at],
            lines_before: lines,
        });
        lines += count_lines(&text[start..=end]);
        start = end + 1;
        from = end + 1;
    }
    if !text.is_empty() {
        parts.push(Part {
            text: &text[start..],
            lines_before: lines,
        });
    }
    Ok(parts)
}

fn count_lines(text: &str) -> u32 {
    u32::try_from(text.bytes().filter(|b| *b == b'\n').count()).unwrap_or(u32::MAX)
}

/// The documents of a text as node trees; a single `List` gives its items.
fn nodes_from_text(text: &[u8], detailed: bool) -> Outcome<Vec<Node>> {
    let Ok(text) = std::str::from_utf8(text) else {
        // kustomize sees no line breaks in UTF-16, so that the text is one document to it. The parser finds the place of a bad byte.
        let first = node_of_part(text, 0, detailed)?;
        if !text.starts_with(&[0xFF, 0xFE]) && !text.starts_with(&[0xFE, 0xFF]) {
            return Err(BuildError::invalid("the text is not valid UTF-8"));
        }
        return nodes_of_parts(vec![first], true);
    };
    let unix: String;
    let text = if text.contains("\r\n") {
        unix = text.replace("\r\n", "\n");
        unix.as_str()
    } else {
        text
    };
    let has_merges = text.contains("<<");
    let parts = split_documents(text)?
        .into_iter()
        .map(|part| node_of_part(part.text.as_bytes(), part.lines_before, detailed));
    nodes_of_parts(parts.collect::<Outcome<_>>()?, has_merges)
}

fn node_of_part(text: &[u8], lines_before: u32, detailed: bool) -> Outcome<Option<Node>> {
    Ok(if detailed {
        compose_detailed(text, lines_before)?
    } else {
        compose_part(text, Dialect::V3, lines_before)?
    })
}

/// The objects of the documents of a text, the items of a list as objects; where it `has_merges`, `<<` may be a key.
fn nodes_of_parts(parts: Vec<Option<Node>>, has_merges: bool) -> Outcome<Vec<Node>> {
    let single = parts.len() == 1;
    let mut nodes = Vec::with_capacity(parts.len());
    for node in parts {
        let Some(mut node) = node else {
            continue;
        };
        if node.is_null() {
            continue;
        }
        if has_merges {
            resolve_merges(&mut node)?;
        }
        let is_list = matches!(node.text("kind"), "List" | "ResourceList");
        if single
            && is_list
            && (node.get("items").is_some() || node.get("functionConfig").is_some())
        {
            nodes.extend(
                node.get_mut("items")
                    .map(|n| std::mem::take(&mut n.content))
                    .into_iter()
                    .flatten(),
            );
            continue;
        }
        nodes.push(node);
    }
    Ok(nodes)
}

/// Puts the maps under `<<` in their place: own fields win, then the first of a list.
fn resolve_merges(node: &mut Node) -> Outcome<()> {
    if node.is_mapping() {
        let merges: Vec<usize> = (0..node.content.len())
            .step_by(2)
            .filter(|i| node.content[*i].tag == Tag::Merge)
            .collect();
        if merges.len() > 1 {
            return Err(not_mergeable(node, "a map can have << only once"));
        }
        let merge = merges.first().copied().map(|at| {
            let value = node.content.remove(at + 1);
            node.content.remove(at);
            value
        });
        // kustomize clears the key by its text, and so loses one that is quoted, too.
        if merge.is_none()
            && let Some(at) = node.value_index("<<")
        {
            node.content.drain(at - 1..=at);
        }
        if let Some(value) = merge {
            merge_sources(node, value)?;
        }
    }
    node.content.iter_mut().try_for_each(resolve_merges)
}

fn merge_sources(node: &mut Node, value: Node) -> Outcome<()> {
    let sources = match value.kind {
        Kind::Mapping => vec![value],
        Kind::Sequence => value.content.into_iter().rev().collect(),
        Kind::Scalar => return Err(not_mergeable(&value, "<< needs a map or a list of maps")),
    };
    let own = node.content.len();
    for mut source in sources {
        if !source.is_mapping() {
            return Err(not_mergeable(&source, "<< needs a map or a list of maps"));
        }
        resolve_merges(&mut source)?;
        let mut content = source.content.into_iter();
        while let (Some(key), Some(value)) = (content.next(), content.next()) {
            match node.value_index(&key.value) {
                Some(at) if at < own => {}
                Some(at) => {
                    node.content[at - 1] = key;
                    node.content[at] = value;
                }
                None => node.content.extend([key, value]),
            }
        }
    }
    Ok(())
}

fn not_mergeable(node: &Node, problem: &str) -> BuildError {
    YamlError::NotJson {
        line: u64::from(node.line),
        problem: problem.to_owned(),
    }
    .into()
}

/// Drops what is empty and refuses what cannot be an object.
fn checked(nodes: Vec<Node>) -> Outcome<Vec<Node>> {
    let mut result = Vec::with_capacity(nodes.len());
    for node in nodes {
        if node.is_null_or_empty() {
            continue;
        }
        check_metadata(&node)?;
        result.push(node);
        if result.len() > MAX_OBJECTS_PER_FILE {
            let message = format!("more than {MAX_OBJECTS_PER_FILE} objects in one file");
            return Err(Problem::Limit(message).into());
        }
    }
    Ok(result)
}

/// An object has a kind, and a name unless it is a list.
pub(crate) fn check_metadata(node: &Node) -> Outcome<()> {
    let refused = |at: &Node, problem: String| {
        let line = Some(at.line).filter(|line| *line > 0 && *line != Node::REREAD_LINE);
        let error = BuildError::from(YamlError::NotJson {
            line: u64::from(line.unwrap_or(node.line)),
            problem: format!("not a Kubernetes object: {problem}"),
        });
        Err(error.upstream(|_| upstream::no_object(node)))
    };
    let missing = |field: &str, of: &str| refused(node, format!("{field} is missing{of}"));
    if !node.is_mapping() {
        return missing("a map with apiVersion, kind and metadata", "");
    }
    let kind = node.text("kind");
    if kind.is_empty() {
        return missing("kind", "");
    }
    let name = node
        .get("metadata")
        .filter(|m| !m.is_null_or_empty())
        .map_or("", |m| m.text("name"));
    if !name.is_empty() || kind.ends_with("List") {
        return Ok(());
    }
    // Something else may stand where the name, or what holds it, should be.
    let metadata = node.get("metadata");
    let name = metadata.and_then(|m| m.get("name"));
    for (field, value, wanted) in [
        ("metadata", metadata, Kind::Mapping),
        ("metadata.name", name, Kind::Scalar),
    ] {
        if let Some(value) = value.filter(|v| !v.is_null() && v.kind != wanted) {
            let (is, wanted) = (kind_name(value.kind), kind_name(wanted));
            return refused(
                value,
                format!("{field} is {is}, not {wanted} (kind {kind})"),
            );
        }
    }
    missing("metadata.name", &format!(" (kind {kind})"))
}

/// Replaces every list object (`kind` ends with `List`, with `items`) by its items, which come after all others.
fn take_lists_apart(nodes: Vec<Node>, detailed: bool) -> Outcome<Vec<Node>> {
    let mut queue = std::collections::VecDeque::from(nodes);
    let mut result = Vec::with_capacity(queue.len());
    while let Some(node) = queue.pop_front() {
        let kind = node.text("kind").to_owned();
        if !kind.ends_with("List") {
            result.push(node);
            continue;
        }
        let value = node_to_json(&node, Dialect::V3)?;
        match value.get("items") {
            None => result.push(node),
            Some(Value::Null) => {}
            Some(Value::Array(items)) => {
                for item in items {
                    let text = crate::go_json::to_text(item);
                    queue.extend(checked(nodes_from_text(text.as_bytes(), detailed)?)?);
                }
            }
            Some(_) => {
                let problem = format!("the items of a {kind} must be a list");
                return Err(YamlError::NotJson {
                    line: u64::from(node.line),
                    problem,
                }
                .into());
            }
        }
        if queue.len() + result.len() > MAX_OBJECTS_PER_FILE {
            let message = format!("more than {MAX_OBJECTS_PER_FILE} objects in one file");
            return Err(Problem::Limit(message).into());
        }
    }
    Ok(result)
}
