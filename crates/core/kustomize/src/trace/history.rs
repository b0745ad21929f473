//! The finished history of an object, for those who show it.

use std::fmt;

use skein_yaml::{Kind, Node};

use super::Step;
use super::align::{Branch, Mark};
use crate::resource::Resource;

/// One part of the path of a field.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PathPart {
    /// A field of a map.
    Field(String),
    /// An item of a list, from 0.
    Index(usize),
}

/// One step that set a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The step: a field of a kustomization such as `patches[0]`, or a deed of the build such as `name reference`.
    pub what: String,
    /// File that the value stands in, from the root of the files; empty when it stands in none.
    pub file: String,
    /// Line in the file, from 1.
    pub line: Option<u32>,
    /// Kustomization that asked for the step; empty for what every build does.
    pub kustomization: String,
    /// The text of the value after the step; `None` when the step took the field away.
    pub value: Option<String>,
}

/// What happened to one field that holds no other fields, in order; the last change is what holds now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldHistory {
    /// Path of the field in the finished object.
    pub path: Vec<PathPart>,
    /// The changes, the first one first; never empty.
    pub changes: Vec<Change>,
    /// Whether the finished object still has the field.
    pub is_present: bool,
}

impl FieldHistory {
    /// The path as text: `spec.containers[0].image`; a name with dots or slashes stands in quotes and brackets.
    pub fn path_text(&self) -> String {
        let mut text = String::new();
        for part in &self.path {
            match part {
                PathPart::Index(at) => text.push_str(&format!("[{at}]")),
                PathPart::Field(name) if name.contains(['.', '/', '[']) => {
                    text.push_str(&format!("[\"{name}\"]"));
                }
                PathPart::Field(name) => {
                    if !text.is_empty() {
                        text.push('.');
                    }
                    text.push_str(name);
                }
            }
        }
        text
    }
}

/// `overlay/patch.yaml:7 patches[0]`
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.file.is_empty() {
            write!(f, "{}", self.file)?;
            if let Some(line) = self.line {
                write!(f, ":{line}")?;
            }
            write!(f, " ")?;
        }
        write!(f, "{}", self.what)
    }
}

/// The history of one object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// Names that the object had, the first one first, without the one it has now.
    pub earlier_names: Vec<String>,
    /// Its fields, in the order of the object as the build left it.
    pub fields: Vec<FieldHistory>,
}

/// The history of a finished object.
pub(super) fn history(resource: &Resource, steps: &[Step]) -> History {
    let mut fields = Vec::new();
    if let Some(trail) = &resource.trail {
        collect(
            &resource.node,
            &trail.root,
            steps,
            &mut Vec::new(),
            &mut fields,
        );
    }
    let mut earlier_names: Vec<String> = Vec::new();
    for previous in &resource.memory.previous {
        let is_known = earlier_names.iter().any(|name| *name == previous.name);
        if previous.name != resource.name() && !is_known {
            earlier_names.push(previous.name.to_string());
        }
    }
    History {
        earlier_names,
        fields,
    }
}

fn collect(
    node: &Node,
    branch: &Branch,
    steps: &[Step],
    path: &mut Vec<PathPart>,
    fields: &mut Vec<FieldHistory>,
) {
    if node.content.is_empty() {
        push(&branch.marks, true, steps, path, fields);
    } else if node.kind == Kind::Mapping {
        for ((key, value), branch) in node.entries().zip(&branch.branches) {
            path.push(PathPart::Field(key.value.as_str().to_owned()));
            collect(value, branch, steps, path, fields);
            path.pop();
        }
    } else {
        for (at, (value, branch)) in node.content.iter().zip(&branch.branches).enumerate() {
            path.push(PathPart::Index(at));
            collect(value, branch, steps, path, fields);
            path.pop();
        }
    }
    for (name, branch) in &branch.gone {
        path.push(PathPart::Field(name.clone()));
        push(&branch.marks, false, steps, path, fields);
        path.pop();
    }
}

fn push(
    marks: &[Mark],
    is_present: bool,
    steps: &[Step],
    path: &[PathPart],
    fields: &mut Vec<FieldHistory>,
) {
    let changes: Vec<Change> = marks
        .iter()
        .filter_map(|m| change(m, path, steps))
        .collect();
    if !changes.is_empty() {
        fields.push(FieldHistory {
            path: path.to_vec(),
            changes,
            is_present,
        });
    }
}

/// Fields of generated objects whose keys come from somewhere each.
const DATA_FIELDS: [&str; 2] = ["data", "binaryData"];

/// Where a generated value comes from, when the path leads to one.
fn key_source<'s>(step: &'s Step, path: &[PathPart]) -> Option<&'s (String, Option<u32>)> {
    match path {
        [PathPart::Field(field), PathPart::Field(key)] if DATA_FIELDS.contains(&field.as_str()) => {
            step.keys.get(key)
        }
        _ => None,
    }
}

fn change(mark: &Mark, path: &[PathPart], steps: &[Step]) -> Option<Change> {
    let step = steps.get(mark.step)?;
    let key_source = key_source(step, path).filter(|_| mark.value.is_some());
    let (file, line) = match (mark.line, key_source) {
        (_, Some((file, line))) => (file, *line),
        (Some(line), None) => (&step.source, Some(line)),
        (None, None) if step.source.is_empty() || step.source == step.kustomization => {
            (&step.kustomization, step.line)
        }
        (None, None) => (&step.source, None),
    };
    Some(Change {
        what: step.what.clone(),
        file: file.clone(),
        line,
        kustomization: step.kustomization.clone(),
        value: mark.value.clone(),
    })
}
