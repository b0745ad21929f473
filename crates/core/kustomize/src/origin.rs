//! Where objects came from and what changed them, as `buildMetadata` annotates it.

use skein_yaml::{Node, node_to_string};

use crate::address::RemoteAddress;
use crate::ops::{OpError, node_from_json, quote_as_go};
use crate::resource::{ORIGIN_ANNOTATION, Resource, TRANSFORMATIONS_ANNOTATION};

/// Where an object, generator or transformer came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) path: String,
    pub(crate) repo: String,
    pub(crate) reference: String,
    pub(crate) configured_in: String,
    /// apiVersion, kind, name and namespace of what configured it.
    pub(crate) configured_by: [String; 4],
}

/// Joins paths as Go does, keeping `..` at the start.
pub(crate) fn join_paths(base: &str, path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in base.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|p| *p != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

impl Origin {
    /// The origin of a file or base below this one.
    pub(crate) fn append(&self, path: &str) -> Self {
        if let Some(address) = RemoteAddress::parse(path) {
            let inner = join_paths("", &address.path);
            return Self {
                repo: address.repository,
                reference: address.reference,
                path: if inner.is_empty() {
                    NOT_CLONED.to_owned()
                } else {
                    inner
                },
                ..self.clone()
            };
        }
        Self {
            path: join_paths(&self.path, path),
            ..self.clone()
        }
    }

    /// The origin of something that a file at this place configures.
    pub(crate) fn configured(&self, file: &str, by: [String; 4]) -> Self {
        Self {
            path: String::new(),
            configured_in: join_paths(&self.path, file),
            configured_by: by,
            ..self.clone()
        }
    }

    fn to_node(&self) -> Node {
        let mut node = Node::mapping();
        let put = |node: &mut Node, key: &str, value: &str| {
            if !value.is_empty() {
                node.content.push(Node::scalar(key));
                let mut value = node_from_json(&value.into());
                quote_as_go(&mut value);
                node.content.push(value);
            }
        };
        put(&mut node, "path", &self.path);
        put(&mut node, "repo", &self.repo);
        put(&mut node, "ref", &self.reference);
        put(&mut node, "configuredIn", &self.configured_in);
        let mut by = Node::mapping();
        for (key, value) in ["apiVersion", "kind", "name", "namespace"]
            .iter()
            .zip(&self.configured_by)
        {
            put(&mut by, key, value);
        }
        if !by.content.is_empty() {
            node.content.push(Node::scalar("configuredBy"));
            node.content.push(by);
        }
        node
    }

    /// The text of the annotation.
    pub(crate) fn to_text(&self) -> String {
        node_to_string(&self.to_node())
    }

    /// Reads an annotation back, as far as plugins need it: path, repository and reference.
    pub(crate) fn from_text(text: &str) -> Option<Self> {
        let value = skein_yaml::from_slice(text.as_bytes()).ok()?;
        let text = |key: &str| {
            value
                .get(key)
                .and_then(|v| v.as_str())
                .unwrap_or_default()
                .to_owned()
        };
        Some(Self {
            path: text("path"),
            repo: text("repo"),
            reference: text("ref"),
            ..Self::default()
        })
    }
}

/// What stands for the directory of a clone when the address names no path in it: kustomize takes its placeholder for the path.
const NOT_CLONED: &str = "notCloned";

/// Notes on an object where it came from, unless it says so already.
pub(crate) fn annotate_generated(resource: &mut Resource, origin: &Origin) -> Result<(), OpError> {
    if resource.annotation(ORIGIN_ANNOTATION).is_some() {
        return Ok(());
    }
    resource.set_annotation(ORIGIN_ANNOTATION, Some(&origin.to_text()))
}

/// Notes on an object that a transformer ran over it; one without origin was made by it.
pub(crate) fn annotate_transformed(
    resource: &mut Resource,
    origin: &Origin,
) -> Result<(), OpError> {
    if resource.annotation(ORIGIN_ANNOTATION).is_none() {
        return resource.set_annotation(ORIGIN_ANNOTATION, Some(&origin.to_text()));
    }
    let mut list = Node::sequence();
    list.content.push(origin.to_node());
    let before = resource
        .annotation(TRANSFORMATIONS_ANNOTATION)
        .unwrap_or_default();
    let text = format!("{before}{}", node_to_string(&list));
    resource.set_annotation(TRANSFORMATIONS_ANNOTATION, Some(&text))
}
