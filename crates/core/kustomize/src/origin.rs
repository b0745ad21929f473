//! Where objects came from and what changed them, as `buildMetadata` annotates it.

use skein_yaml::{Node, node_to_string};

use crate::ops::{OpError, node_from_json};
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
        if let Some((repo, inner, reference)) = split_address(path) {
            return Self {
                repo,
                reference,
                path: inner,
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
                node.content.push(node_from_json(&value.into()));
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

/// Repository, path in it and reference of the address of a remote base.
fn split_address(path: &str) -> Option<(String, String, String)> {
    if !crate::loader::is_remote(path) {
        return None;
    }
    let (address, query) = path.split_once('?').unwrap_or((path, ""));
    let scheme = address.find("://").map_or(0, |at| at + 3);
    let host = address[scheme..]
        .find('/')
        .map_or(address.len(), |at| scheme + at + 1);
    let (repo, inner) = match address[host..].find("//") {
        Some(at) => (&address[..host + at], &address[host + at + 2..]),
        None => {
            let second = address[host..]
                .match_indices('/')
                .nth(1)
                .map(|(at, _)| host + at);
            second.map_or((address, ""), |at| (&address[..at], &address[at + 1..]))
        }
    };
    let reference = query
        .split('&')
        .find_map(|p| p.strip_prefix("ref=").or(p.strip_prefix("version=")));
    let repo = match repo.strip_prefix("github.com/") {
        Some(rest) => format!("https://github.com/{rest}"),
        None => repo.to_owned(),
    };
    Some((
        repo,
        inner.to_owned(),
        reference.unwrap_or_default().to_owned(),
    ))
}

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
