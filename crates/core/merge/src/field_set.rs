//! Sets of fields: what fieldsV1 encodes and what ownership computes with.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Map, Value};

use crate::path_element::{PathElement, PathElementError};

/// A set of field paths, kept as a tree. A field may be a member, have members below it, or both.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldSet {
    nodes: BTreeMap<PathElement, Node>,
}

/// A field within a [`FieldSet`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Node {
    /// The field itself is in the set.
    pub member: bool,
    /// What is in the set below it.
    pub children: FieldSet,
}

impl Node {
    /// Neither a member nor has members below.
    pub fn is_empty(&self) -> bool {
        !self.member && self.children.is_empty()
    }
}

impl FieldSet {
    /// A set with nothing in it.
    pub fn new() -> Self {
        Self::default()
    }

    /// A set of paths that consist of field names only.
    pub fn of_fields(paths: &[&[&str]]) -> Self {
        let mut set = Self::new();
        for path in paths {
            let path: Vec<_> = path.iter().map(|name| PathElement::field(*name)).collect();
            set.insert(&path);
        }
        set
    }

    /// Adds a path; its parents are not added. The empty path is ignored.
    pub fn insert(&mut self, path: &[PathElement]) {
        match path {
            [] => {}
            [last] => self.nodes.entry(last.clone()).or_default().member = true,
            [first, rest @ ..] => {
                self.nodes
                    .entry(first.clone())
                    .or_default()
                    .children
                    .insert(rest);
            }
        }
    }

    /// Puts a node at a field, unless the node is empty; one that is there is united with it.
    pub fn put(&mut self, element: PathElement, node: Node) {
        if node.is_empty() {
            return;
        }
        match self.nodes.get_mut(&element) {
            Some(there) => {
                there.member |= node.member;
                there.children = there.children.union(&node.children);
            }
            None => {
                self.nodes.insert(element, node);
            }
        }
    }

    /// The fields at this level, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&PathElement, &Node)> {
        self.nodes.iter()
    }

    /// The node of a field.
    pub fn get(&self, element: &PathElement) -> Option<&Node> {
        self.nodes.get(element)
    }

    /// No members.
    pub fn is_empty(&self) -> bool {
        self.nodes.values().all(Node::is_empty)
    }

    /// Whether a path is a member.
    pub fn has(&self, path: &[PathElement]) -> bool {
        match path {
            [] => false,
            [last] => self.nodes.get(last).is_some_and(|node| node.member),
            [first, rest @ ..] => self
                .nodes
                .get(first)
                .is_some_and(|node| node.children.has(rest)),
        }
    }

    /// Members of either.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        let mut out = self.clone();
        for (element, node) in &other.nodes {
            out.put(element.clone(), node.clone());
        }
        out
    }

    /// Members of both.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        self.combine(other, |node, there| {
            let there = there?;
            Some(Node {
                member: node.member && there.member,
                children: node.children.intersection(&there.children),
            })
        })
    }

    /// Members of this one that are not members of the other.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        self.combine(other, |node, there| {
            let Some(there) = there else {
                return Some(node.clone());
            };
            Some(Node {
                member: node.member && !there.member,
                children: node.children.difference(&there.children),
            })
        })
    }

    /// Members of this one that neither are members of the other nor lie below one.
    #[must_use]
    pub fn recursive_difference(&self, other: &Self) -> Self {
        self.combine(other, |node, there| {
            let Some(there) = there else {
                return Some(node.clone());
            };
            if there.member {
                return None;
            }
            Some(Node {
                member: node.member,
                children: node.children.recursive_difference(&there.children),
            })
        })
    }

    fn combine(&self, other: &Self, keep: impl Fn(&Node, Option<&Node>) -> Option<Node>) -> Self {
        let mut out = Self::new();
        for (element, node) in &self.nodes {
            if let Some(node) = keep(node, other.nodes.get(element)) {
                out.put(element.clone(), node);
            }
        }
        out
    }

    /// Calls a function with the path of every member: at each level the members first, then what lies below.
    pub fn for_each(&self, visit: &mut dyn FnMut(&[PathElement])) {
        self.for_each_below(&mut Vec::new(), visit);
    }

    fn for_each_below(&self, prefix: &mut Vec<PathElement>, visit: &mut dyn FnMut(&[PathElement])) {
        for (element, node) in &self.nodes {
            if node.member {
                prefix.push(element.clone());
                visit(prefix);
                prefix.pop();
            }
        }
        for (element, node) in &self.nodes {
            prefix.push(element.clone());
            node.children.for_each_below(prefix, visit);
            prefix.pop();
        }
    }

    /// All members' paths.
    pub fn paths(&self) -> Vec<Vec<PathElement>> {
        let mut paths = Vec::new();
        self.for_each(&mut |path| paths.push(path.to_vec()));
        paths
    }

    /// As fieldsV1.
    pub fn to_fields_v1(&self) -> Map<String, Value> {
        self.nodes
            .iter()
            .filter(|(_, node)| !node.is_empty())
            .map(|(element, node)| {
                let mut map = node.children.to_fields_v1();
                if node.member && !map.is_empty() {
                    map.insert(".".to_owned(), Value::Object(Map::new()));
                }
                (element.encode(), Value::Object(map))
            })
            .collect()
    }

    /// From fieldsV1.
    pub fn from_fields_v1(map: &Map<String, Value>) -> Result<Self, PathElementError> {
        let mut set = Self::new();
        for (key, value) in map {
            if key == "." {
                continue;
            }
            let Some(element) = PathElement::decode(key)? else {
                continue;
            };
            let empty = Map::new();
            let below = value.as_object().unwrap_or(&empty);
            let children = Self::from_fields_v1(below)?;
            let member = below.contains_key(".") || children.is_empty();
            set.put(element, Node { member, children });
        }
        Ok(set)
    }
}

/// One path a line.
impl fmt::Display for FieldSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.paths().iter().map(|path| path_text(path)).collect();
        f.write_str(&lines.join("\n"))
    }
}

/// A path as messages show it: `.spec.containers[name="x"].image`.
pub fn path_text(path: &[PathElement]) -> String {
    path.iter().map(ToString::to_string).collect()
}
