//! Post-rendering: manifests go through a function of the user before they are sorted, and find back to their files.

use std::collections::BTreeMap;

use skein_yaml::{Dialect, Kind, Node, Tag, compose_all, node_to_string};

use super::engine::{Outputs, base_name};
use crate::manifest::{sort, split_documents};
use skein_template::raw_text;

/// Annotation that names the file of a document while it is away.
const FILE_ANNOTATION: &str = "postrenderer.helm.sh/postrender-filename";

/// A function from a stream of documents to another one; the error is shown to the user.
pub type PostRender<'a> = dyn FnMut(&str) -> Result<String, String> + 'a;

/// What a post-renderer sees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PostRenderStrategy {
    /// Hooks and manifests in one stream (Helm 4's default).
    #[default]
    Combined,
    /// Hooks and manifests in a stream each.
    Separate,
    /// Manifests only, as in Helm 3.
    NoHooks,
}

/// Sends files through a post-renderer.
pub(super) fn run(
    files: Outputs,
    strategy: PostRenderStrategy,
    post_renderer: &mut PostRender<'_>,
) -> Result<Outputs, String> {
    if strategy == PostRenderStrategy::Combined {
        let merged = merge(&files).map_err(|e| format!("error merging manifests: {e}"))?;
        let output = post_renderer(&merged)
            .map_err(|e| format!("error while running post render on files: {e}"))?;
        return split(&output, "")
            .map_err(|e| format!("error while parsing post rendered output: {e}"));
    }
    let sorted = sort(
        files
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_str())),
        &mut Vec::new(),
    )?;
    let mut hooks = Outputs::new();
    for hook in &sorted.hooks {
        append(&mut hooks, &hook.path, &hook.manifest);
    }
    let mut manifests = Outputs::new();
    for manifest in &sorted.manifests {
        append(&mut manifests, &manifest.path, &manifest.content);
    }
    let mut all = Outputs::new();
    let groups = [
        ("hooks", hooks, strategy == PostRenderStrategy::Separate),
        ("manifests", manifests, true),
    ];
    for (name, files, is_post_rendered) in groups {
        if files.is_empty() {
            continue;
        }
        let files = if is_post_rendered {
            let merged = merge(&files).map_err(|e| format!("error merging {name}: {e}"))?;
            let output = post_renderer(&merged)
                .map_err(|e| format!("error while running post render on {name}: {e}"))?;
            split(&output, name)
                .map_err(|e| format!("error while parsing post rendered output for {name}: {e}"))?
        } else {
            files
        };
        for (path, text) in files {
            append(&mut all, &path, &text);
        }
    }
    Ok(all)
}

fn append(files: &mut Outputs, path: &str, text: &str) {
    match files.get_mut(path) {
        Some(present) => {
            present.push_str("\n---\n");
            present.push_str(text);
        }
        None => {
            files.insert(path.to_owned(), text.to_owned());
        }
    }
}

/// All documents in one stream, each with the name of its file.
fn merge(files: &Outputs) -> Result<String, String> {
    let mut merged = Vec::new();
    for (path, text) in files {
        if base_name(path).starts_with('_') || text.trim().is_empty() {
            continue;
        }
        for document in split_documents(text) {
            let nodes = compose_all(&raw_text::to_bytes(document), Dialect::V3)
                .map_err(|e| format!("parsing {path}: MalformedYAMLError: {}", e.go_text()))?;
            for node in nodes {
                if node.tag == Tag::Null {
                    continue;
                }
                if !node.is_mapping() {
                    return Err(format!("parsing {path}: {}", no_mapping(&node)));
                }
                for mut node in unwrapped(node) {
                    annotate(&mut node, path);
                    merged.push(node_to_string(&node));
                }
            }
        }
    }
    Ok(merged.join("---\n"))
}

/// What the library that reads the stream says of a document that is no map.
fn no_mapping(node: &Node) -> String {
    let kind = match node.kind {
        Kind::Sequence => "Sequence",
        _ => "Scalar",
    };
    let contents = node_to_string(node);
    format!("wrong node kind: expected MappingNode but got {kind}Node: node contents:\n{contents}")
}

/// The items of a `List`, which the library that reads the stream takes apart; any other document as it is.
fn unwrapped(node: Node) -> Vec<Node> {
    let value_of = |key: &str| {
        let at = node
            .content
            .iter()
            .step_by(2)
            .position(|k| k.value == key)?;
        node.content.get(at * 2 + 1)
    };
    let is_list = value_of("kind").is_some_and(|kind| {
        kind.kind == Kind::Scalar && ["List", "ResourceList"].contains(&kind.value.as_str())
    });
    match value_of("items") {
        Some(items) if is_list && items.kind == Kind::Sequence => items.content.clone(),
        _ => vec![node],
    }
}

/// Files from a stream; documents without the annotation get made-up names.
fn split(output: &str, prefix: &str) -> Result<Outputs, String> {
    let nodes = compose_all(output.as_bytes(), Dialect::V3)
        .map_err(|e| format!("error parsing YAML: MalformedYAMLError: {}", e.go_text()))?;
    let mut files: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let nodes = nodes.into_iter().filter(|node| node.is_mapping());
    for (at, mut node) in nodes.enumerate() {
        let path = take_annotation(&mut node).unwrap_or_else(|| match prefix {
            "" => format!("generated-by-postrender-{at}.yaml"),
            prefix => format!("generated-by-postrender-{prefix}-{at}.yaml"),
        });
        files.entry(path).or_default().push(node_to_string(&node));
    }
    let join = |(path, documents): (String, Vec<String>)| (path, documents.join("---\n"));
    Ok(files.into_iter().map(join).collect())
}

/// The value of a key of a map, made if it is missing or null.
fn child<'a>(node: &'a mut Node, key: &str) -> &'a mut Node {
    let keys = node.content.iter().step_by(2);
    let found = keys.map(|k| &k.value).position(|name| name == key);
    let at = match found {
        Some(pair) => pair * 2 + 1,
        None => {
            node.content.push(text(key));
            node.content.push(empty_map());
            node.content.len() - 1
        }
    };
    if node.content[at].kind == Kind::Scalar {
        node.content[at] = empty_map();
    }
    &mut node.content[at]
}

fn text(value: &str) -> Node {
    Node {
        tag: Tag::Str,
        value: value.into(),
        ..Node::null()
    }
}

fn empty_map() -> Node {
    Node {
        kind: Kind::Mapping,
        tag: Tag::Map,
        ..Node::null()
    }
}

fn annotate(node: &mut Node, path: &str) {
    let annotations = child(child(node, "metadata"), "annotations");
    remove(annotations, FILE_ANNOTATION);
    annotations.content.push(text(FILE_ANNOTATION));
    annotations.content.push(text(path));
}

/// Takes a key out of a map.
fn remove(map: &mut Node, key: &str) -> Option<Node> {
    let keys = map.content.iter().step_by(2);
    let pair = keys.map(|k| &k.value).position(|name| name == key)?;
    map.content.remove(pair * 2);
    Some(map.content.remove(pair * 2))
}

fn take_annotation(node: &mut Node) -> Option<String> {
    let has = |node: &Node, key: &str| {
        node.is_mapping() && node.content.iter().step_by(2).any(|k| k.value == key)
    };
    if !has(node, "metadata") || !has(child(node, "metadata"), "annotations") {
        return None;
    }
    let metadata = child(node, "metadata");
    let annotations = child(metadata, "annotations");
    let path = remove(annotations, FILE_ANNOTATION)?.value.into_string();
    if annotations.content.is_empty() {
        remove(metadata, "annotations");
    }
    Some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(text: &str) -> Outputs {
        [("app/templates/a.yaml".to_owned(), text.to_owned())].into()
    }

    #[test]
    fn lists_are_taken_apart_on_the_way() {
        let text = "kind: List\nitems:\n- {kind: ConfigMap, metadata: {name: a}}\n- {kind: ConfigMap, metadata: {name: b}}\n";
        let mut seen = String::new();
        let mut post = |text: &str| {
            seen = text.to_owned();
            Ok(text.to_owned())
        };
        let back = run(files(text), PostRenderStrategy::Combined, &mut post).unwrap();
        assert_eq!(seen.matches(FILE_ANNOTATION).count(), 2, "{seen}");
        let text = &back["app/templates/a.yaml"];
        assert!(!text.contains("List") && text.contains("name: a"), "{text}");
        assert_eq!(text.matches("---").count(), 1, "{text}");
    }

    #[test]
    fn a_document_that_is_no_map_is_shown() {
        let mut post = |text: &str| Ok(text.to_owned());
        let problem =
            run(files("- a\n- b\n"), PostRenderStrategy::Combined, &mut post).unwrap_err();
        assert_eq!(
            problem.trim(),
            "error merging manifests: parsing app/templates/a.yaml: wrong node kind: expected MappingNode but got SequenceNode: node contents:\n- a\n- b"
        );
    }
}
