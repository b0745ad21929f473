//! What was seen after a step, by section.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;
use skein_yaml::{Dialect, Kind, Node, Tag};

use crate::scenario::text;

/// Content of a step's sections; a section that saw nothing is left out.
pub type Sections = BTreeMap<String, Value>;

/// The documents of a recording. It was written by a tool for which `n` and `y` are texts, unlike for Kubernetes.
pub fn parse(bytes: &[u8]) -> Result<Vec<Value>> {
    let mut nodes = skein_yaml::compose_all(bytes, Dialect::V3)?;
    nodes.iter_mut().for_each(keep_exponents);
    let values: Result<_, _> = nodes
        .iter()
        .map(|node| skein_yaml::node_to_json(node, Dialect::V3))
        .collect();
    Ok(values?)
}

/// For that tool a number with an exponent needs a point, else it is a text.
fn keep_exponents(node: &mut Node) {
    let is_exponent = node
        .value
        .split_once(['e', 'E'])
        .is_some_and(|(left, right)| {
            let is_number =
                |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            is_number(left.trim_start_matches(['-', '+']))
                && is_number(right.trim_start_matches(['-', '+']))
        });
    if node.kind == Kind::Scalar && is_exponent {
        node.tag = Tag::Str;
    }
    node.content.iter_mut().for_each(keep_exponents);
}

/// Reads the sections of a step. The `objects` section has more than items: refusals and answers become sections of their own.
pub fn read(file: &Path) -> Result<Sections> {
    let bytes = fs::read(file).with_context(|| format!("reading {}", file.display()))?;
    let documents = parse(&bytes).with_context(|| format!("parsing {}", file.display()))?;
    let mut sections = Sections::new();
    for document in documents {
        let name = text(&document["section"]);
        for key in ["rejected", "responses", "waitTimedOut"] {
            if !document[key].is_null() {
                sections.insert(key.to_owned(), document[key].clone());
            }
        }
        sections.insert(name, document["items"].clone());
    }
    Ok(sections)
}

/// What `objects` carries beside its items.
const BESIDE: &[&str] = &["rejected", "responses", "waitTimedOut"];

/// Writes the sections of a step, to be read by [`read`].
pub fn write(file: &Path, sections: &Sections) -> Result<()> {
    let mut documents = Vec::new();
    let mut first = serde_json::Map::new();
    first.insert("section".to_owned(), "objects".into());
    first.insert(
        "items".to_owned(),
        sections.get("objects").cloned().unwrap_or_default(),
    );
    for name in BESIDE {
        if let Some(value) = sections.get(*name) {
            first.insert((*name).to_owned(), value.clone());
        }
    }
    documents.push(Value::Object(first));
    for (name, items) in sections {
        if name != "objects" && !BESIDE.contains(&name.as_str()) {
            documents.push(serde_json::json!({"section": name, "items": items}));
        }
    }
    let texts: Vec<String> = documents.iter().map(skein_yaml::to_string).collect();
    let folder = file.parent().context("a step's file lies in a folder")?;
    fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
    fs::write(file, texts.join("---\n")).with_context(|| format!("writing {}", file.display()))
}
