//! What go-yaml v3 remembers of a node besides its meaning: its place in the document, and the comments around it.

use std::borrow::Cow;

use skein_gowords::push_json_string;

use crate::comments::{NodeComments, comments_of_nodes};
use crate::compose::{Composer, Dialect};
use crate::encoding::prepared;
use crate::error::YamlError;
use crate::node::{Kind, Node, Style, Tag};

/// Place and comments of a node as it was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Detail {
    /// Line in its document, from 1.
    pub line: u64,
    /// Column, from 1, in characters.
    pub column: u64,
    /// The comments above it, the one behind it, and those below it.
    pub comments: NodeComments,
}

impl Node {
    /// Takes over the comments of a node that is merged in, where that has some.
    pub fn take_comments(&mut self, from: &Node) {
        let Some(from) = from.detail.as_deref().filter(|d| !d.comments.is_empty()) else {
            return;
        };
        let own = &mut self.detail.get_or_insert_default().comments;
        for (own, other) in [
            (&mut own.head, &from.comments.head),
            (&mut own.line, &from.comments.line),
            (&mut own.foot, &from.comments.foot),
        ] {
            if !other.is_empty() {
                own.clone_from(other);
            }
        }
    }
}

/// As [`crate::compose`] in [`Dialect::V3`], with the detail of every node. A text whose comments cannot be followed (other line breaks than line feeds) gets none at all.
/// `lines_before` lines stand before the text in its file: they count in the lines for messages, and not in the details.
pub fn compose_detailed(text: &[u8], lines_before: u32) -> Result<Option<Node>, YamlError> {
    let text = prepared(text)?;
    let mut composer = Composer::new(&text, Dialect::V3)?;
    composer.lines_before = u64::from(lines_before);
    if composer.next_document()?.is_none() {
        return Ok(None);
    }
    let comments = if text.contains(&b'#') {
        comments_of_nodes(&text)
    } else {
        Some(Vec::new())
    };
    let mut composer = Composer::new(&text, Dialect::V3)?;
    composer.lines_before = u64::from(lines_before);
    composer.details = comments.map(Vec::into_iter);
    composer.next_document()
}

/// What Go's `encoding/json` makes of the `yaml.Node` of a value: all its fields, in their order.
pub fn node_fields_to_json(node: &Node) -> String {
    let mut out = String::new();
    write_fields(node, &mut out);
    out
}

fn write_fields(node: &Node, out: &mut String) {
    let kind = match node.kind {
        Kind::Sequence => 2,
        Kind::Mapping => 4,
        Kind::Scalar => 8,
    };
    let style = node.style.without(Style::EMPTIED.with(Style::ALIAS)).bits();
    out.push_str(&format!("{{\"Kind\":{kind},\"Style\":{style},\"Tag\":"));
    push_json_string(out, &short_tag(&node.tag));
    out.push_str(",\"Value\":");
    push_json_string(out, &node.value);
    out.push_str(",\"Anchor\":\"\",\"Alias\":null,\"Content\":");
    if node.content.is_empty() && !node.style.has(Style::EMPTIED) {
        out.push_str("null");
    } else {
        for (at, child) in node.content.iter().enumerate() {
            out.push(if at == 0 { '[' } else { ',' });
            write_fields(child, out);
        }
        out.push_str(if node.content.is_empty() { "[]" } else { "]" });
    }
    let none = Detail::default();
    let detail = node.detail.as_deref().unwrap_or(&none);
    for (name, text) in [
        ("Head", &detail.comments.head),
        ("Line", &detail.comments.line),
        ("Foot", &detail.comments.foot),
    ] {
        out.push_str(&format!(",\"{name}Comment\":"));
        push_json_string(out, text);
    }
    let (line, column) = (detail.line, detail.column);
    out.push_str(&format!(",\"Line\":{line},\"Column\":{column}}}"));
}

/// Tags of YAML itself have a short form, also those that no type here stands for.
fn short_tag(tag: &Tag) -> Cow<'_, str> {
    let text = tag.as_text();
    match text.strip_prefix("tag:yaml.org,2002:") {
        Some(short) => Cow::Owned(format!("!!{short}")),
        None => Cow::Borrowed(text),
    }
}
