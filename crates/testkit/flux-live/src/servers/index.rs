//! The index of a chart repository, to the byte as the recorder wrote it (revisions of HelmRepositories are its digest).

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};
use skein_yaml::{Dialect, Kind, Node, Tag, compose, is_yaml_1_1_non_string};

use super::Published;

/// Time of every entry.
const CREATED: &str = "2026-01-01T00:00:00Z";

/// An entry of the index with the name of its chart.
pub struct Listed {
    name: String,
    entry: Node,
}

impl Listed {
    /// The fields of the chart's Chart.yaml, in their order, then time, digest and address.
    pub fn new(chart: &Published, url: &str) -> Result<Self> {
        let mut entry = compose(&chart.metadata, Dialect::V3)
            .context("reading Chart.yaml")?
            .context("Chart.yaml is empty")?;
        let mut urls = Node::sequence();
        urls.content.push(Node::string(url));
        let digest = hex::encode(Sha256::digest(&chart.package));
        let fields = [
            ("created", Node::string(CREATED)),
            ("digest", Node::string(digest)),
            ("urls", urls),
        ];
        for (key, value) in fields {
            entry.content.extend([Node::string(key), value]);
        }
        Ok(Self {
            name: entry.text("name").to_owned(),
            entry,
        })
    }
}

/// The text of an index.
pub fn write(listed: &[Listed]) -> String {
    let mut by_name: BTreeMap<&str, Node> = BTreeMap::new();
    for Listed { name, entry } in listed {
        let entries = by_name.entry(name).or_insert_with(Node::sequence);
        entries.content.push(entry.clone());
    }
    let mut entries = Node::mapping();
    for (name, list) in by_name {
        entries.content.extend([Node::string(name), list]);
    }
    let mut index = Node::mapping();
    let fields = [
        ("apiVersion", Node::string("v1")),
        ("entries", entries),
        ("generated", Node::string(CREATED)),
    ];
    for (key, value) in fields {
        index.content.extend([Node::string(key), value]);
    }
    let mut text = String::new();
    block(&index, 0, &mut text);
    text
}

/// Block style as Python's yaml writes it: lists are not indented, texts that look like something else get single quotes.
fn block(node: &Node, depth: usize, out: &mut String) {
    let pad = "  ".repeat(depth);
    for (key, value) in node.entries() {
        out.push_str(&format!("{pad}{}:", scalar(key)));
        value_after(value, depth, out);
    }
    for item in node.items() {
        let mut text = String::new();
        if item.is_scalar() {
            text = format!("{}\n", scalar(item));
        } else {
            block(item, 0, &mut text);
        }
        for (index, line) in text.lines().enumerate() {
            let mark = if index == 0 { "- " } else { "  " };
            out.push_str(&format!("{pad}{mark}{line}\n"));
        }
    }
}

fn value_after(value: &Node, depth: usize, out: &mut String) {
    match value.kind {
        Kind::Scalar => out.push_str(&format!(" {}\n", scalar(value))),
        Kind::Mapping if value.content.is_empty() => out.push_str(" {}\n"),
        Kind::Sequence if value.content.is_empty() => out.push_str(" []\n"),
        Kind::Sequence => {
            out.push('\n');
            block(value, depth, out);
        }
        Kind::Mapping => {
            out.push('\n');
            block(value, depth + 1, out);
        }
    }
}

fn scalar(node: &Node) -> String {
    let is_text = matches!(node.tag, Tag::Str | Tag::Timestamp);
    let looks_else = is_yaml_1_1_non_string(&node.value)
        || Tag::of_plain(&node.value, Dialect::V3) != Tag::Str
        || node.value.contains(": ")
        || node.value.contains(" #")
        || node.value.starts_with([
            '*', '&', '!', '%', '@', '`', '>', '|', '[', '{', '"', '\'', '#',
        ]);
    if is_text && (looks_else || node.value.is_empty()) {
        format!("'{}'", node.value.replace('\'', "''"))
    } else {
        node.value.to_string()
    }
}
