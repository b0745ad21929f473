//! Where each field of an object came from and what changed it: noted step by step, when the caller asks for it.
//!
//! Nothing in the engine reports what it does. After each step the objects are compared with what they were before, and fields that differ are
//! the step's. So a build without a trace costs nothing, and a new transformer is traced without a line of its own.

use std::collections::{BTreeMap, HashMap};

use skein_yaml::{Dialect, Kind, Node, Style, compose};

use crate::resmap::ResMap;

mod align;
mod history;

pub use history::{Change, FieldHistory, History, PathPart};

pub(crate) use align::Trail;

/// One step of a build.
#[derive(Clone, Debug, Default)]
pub(crate) struct Step {
    /// What the step is: a field of a kustomization, or a deed of the build.
    pub(crate) what: String,
    /// Kustomization that asks for it; empty for what every build does.
    pub(crate) kustomization: String,
    /// Line of the field in the kustomization.
    pub(crate) line: Option<u32>,
    /// File that holds the values.
    pub(crate) source: String,
    pub(crate) lines: Lines,
    /// Where the keys of generated data come from: file and line.
    pub(crate) keys: BTreeMap<String, (String, Option<u32>)>,
}

/// How the line of a value is found.
#[derive(Clone, Debug, Default)]
pub(crate) enum Lines {
    /// Only the field of the kustomization is known.
    #[default]
    Field,
    /// Nodes know their lines in the source; this many come before it.
    Nodes(u32),
    /// Operations of a JSON patch: the parts of their paths, and their lines.
    Operations(Vec<(Vec<String>, u32)>),
}

/// Notes the steps of one build.
#[derive(Debug, Default)]
pub(crate) struct Tracer {
    steps: Vec<Step>,
    next_trail: u32,
}

/// The objects before a step, by the number of their trail.
pub(crate) type Before = HashMap<u32, Node>;

impl Tracer {
    /// The objects as they are now.
    pub(crate) fn before(map: &ResMap) -> Before {
        let traced = map.list().iter().filter_map(|r| {
            let trail = r.trail.as_ref()?;
            Some((trail.number, r.node.clone()))
        });
        traced.collect()
    }

    /// Notes what a step did. Objects without a trail are its own.
    pub(crate) fn record(&mut self, map: &mut ResMap, before: &Before, step: Step) {
        let number = self.steps.len();
        let author = align::Author {
            step: number,
            lines: &step.lines,
        };
        for resource in map.list_for_trace() {
            match resource.trail.as_mut() {
                Some(trail) => {
                    let old = before.get(&trail.number);
                    if let Some(old) = old.filter(|old| **old != resource.node) {
                        trail.root = trail.root.followed(old, &resource.node, &author);
                    }
                }
                None => {
                    self.next_trail += 1;
                    resource.trail = Some(Box::new(Trail {
                        number: self.next_trail,
                        root: align::Branch::fresh(&resource.node, &author),
                    }));
                }
            }
        }
        self.steps.push(step);
    }

    /// The history of every object, in order.
    pub(crate) fn histories(&self, map: &ResMap) -> Vec<History> {
        map.list()
            .iter()
            .map(|r| history::history(r, &self.steps))
            .collect()
    }
}

/// The lines of the fields of a kustomization.
#[derive(Debug)]
pub(crate) struct FieldLines(Option<Node>);

impl FieldLines {
    pub(crate) fn new(text: &[u8]) -> Self {
        Self(compose(text, Dialect::V2).ok().flatten())
    }

    /// The node of a field such as `patches[2].target`, or of the deepest part of it that is there.
    fn node(&self, field: &str) -> Option<&Node> {
        let mut node = self.0.as_ref()?;
        for part in field.split(['.', '[']) {
            let next = match part.strip_suffix(']').map(str::parse::<usize>) {
                Some(Ok(index)) => node.items().get(index),
                _ => node.get(part),
            };
            match next {
                Some(next) => node = next,
                None => break,
            }
        }
        Some(node)
    }

    /// The line of a field.
    pub(crate) fn line(&self, field: &str) -> Option<u32> {
        self.node(field).map(|n| n.line).filter(|line| *line > 0)
    }

    /// How many lines come before a text that stands in a field. `None` when the lines of the text are not those of the file.
    pub(crate) fn lines_before_text(&self, field: &str) -> Option<u32> {
        let node = self.node(field)?;
        let is_block = node.style.has(Style::LITERAL.with(Style::FOLDED));
        (node.kind == Kind::Scalar && is_block).then_some(node.line)
    }
}

/// The operations of a JSON patch with their lines; `lines_before` come before the text.
pub(crate) fn operations(text: &[u8], lines_before: u32) -> Vec<(Vec<String>, u32)> {
    let Ok(Some(list)) = compose(text, Dialect::V2) else {
        return Vec::new();
    };
    let part = |text: &str| text.replace("~1", "/").replace("~0", "~");
    let operation = |item: &Node| {
        let parts = item.text("path").split('/').skip(1).map(part).collect();
        (parts, item.line + lines_before)
    };
    list.items().iter().map(operation).collect()
}
