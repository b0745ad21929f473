//! YAML with comments, read and written as sops does: four spaces, values in their canonical form, comments on lines of their own.
//!
//! The bytes matter: generators hash them into the names of Secrets.

use std::collections::VecDeque;

use skein_yaml::{Dialect, Kind, Node, Style, Tag, YamlError};

use crate::tree::{Key, Leaf, Tree};

/// Spaces of one level.
const INDENT: usize = 4;

/// A comment on a line of its own.
struct Comment {
    line: u32,
    text: String,
    /// It is indented deeper than what follows, so it belongs to what stands before.
    is_foot: bool,
}

/// Reads all documents.
pub(super) fn load(content: &[u8]) -> Result<Vec<Tree>, YamlError> {
    let nodes = skein_yaml::compose_all(content, Dialect::V3)?;
    let mut comments = VecDeque::new();
    // Text that does not decode has been refused above.
    if let Ok(text) = std::str::from_utf8(content)
        && text.contains('#')
    {
        let mut literals = Vec::new();
        nodes
            .iter()
            .for_each(|node| literal_lines(node, &mut literals));
        comments = read_comments(text, &literals);
    }
    let mut reader = Reader { comments };
    let last = nodes.len().saturating_sub(1);
    let trees = nodes.into_iter().enumerate().map(|(index, node)| {
        let mut tree = reader.tree(node);
        if let (Tree::Map(entries), true) = (&mut tree, index == last) {
            reader.take_before(u32::MAX, entries);
        }
        tree
    });
    Ok(trees.collect())
}

/// Lines of block scalars, from and to, in which a `#` is text.
fn literal_lines(node: &Node, lines: &mut Vec<(u32, u32)>) {
    if node.kind == Kind::Scalar && node.style.has(Style::LITERAL.with(Style::FOLDED)) {
        let count = u32::try_from(node.value.lines().count()).unwrap_or(u32::MAX);
        lines.push((node.line, node.line.saturating_add(count)));
    }
    node.content
        .iter()
        .for_each(|child| literal_lines(child, lines));
}

fn read_comments(text: &str, literals: &[(u32, u32)]) -> VecDeque<Comment> {
    let lines: Vec<&str> = text.lines().collect();
    let indent = |line: &str| line.len() - line.trim_start().len();
    let is_comment = |line: &str| line.trim_start().starts_with('#');
    let mut comments = VecDeque::new();
    for (index, line) in lines.iter().enumerate() {
        let number = u32::try_from(index + 1).unwrap_or(u32::MAX);
        if literals
            .iter()
            .any(|(from, to)| (from..=to).contains(&&number))
        {
            continue;
        }
        let Some(text) = line.trim_start().strip_prefix('#') else {
            comments.extend(inline_comment(line, number));
            continue;
        };
        let mut after = lines[index..]
            .iter()
            .filter(|line| !is_comment(line) && !line.trim().is_empty());
        let is_foot = after.next().is_some_and(|next| indent(next) < indent(line));
        comments.push_back(Comment {
            line: number,
            text: text.to_owned(),
            is_foot,
        });
    }
    comments
}

/// A comment behind an encrypted value moves to a line of its own above it.
fn inline_comment(line: &str, number: u32) -> Option<Comment> {
    let (value, text) = line.split_once(" #")?;
    let encrypted = value.contains("ENC[AES256_GCM,") && value.ends_with(']');
    let above = number.saturating_sub(1);
    encrypted.then(|| Comment {
        line: above,
        text: text.to_owned(),
        is_foot: false,
    })
}

struct Reader {
    comments: VecDeque<Comment>,
}

impl Reader {
    /// Moves the comments above a line into a map.
    fn take_before(&mut self, line: u32, entries: &mut Vec<(Key, Tree)>) {
        while self
            .comments
            .front()
            .is_some_and(|comment| comment.line < line)
        {
            let text = self
                .comments
                .pop_front()
                .map(|comment| comment.text)
                .unwrap_or_default();
            entries.push((Key::Comment(text), Tree::Leaf(Leaf::Text(String::new()))));
        }
    }

    fn tree(&mut self, node: Node) -> Tree {
        match node.kind {
            Kind::Mapping => {
                let mut content = node.content.into_iter();
                let (mut entries, mut last_line) = (Vec::new(), 0);
                while let (Some(key), Some(value)) = (content.next(), content.next()) {
                    self.take_before(key.line, &mut entries);
                    last_line = last_line.max(key.line).max(value.line);
                    entries.push((Key::Text(key.value.into_string()), self.tree(value)));
                }
                // What is indented deeper than the next thing follows the innermost map.
                while self
                    .comments
                    .front()
                    .is_some_and(|c| c.is_foot && c.line > last_line)
                {
                    let line = self.comments.front().map_or(0, |comment| comment.line);
                    self.take_before(line.saturating_add(1), &mut entries);
                }
                Tree::Map(entries)
            }
            Kind::Sequence => {
                let mut items = Vec::new();
                for item in node.content {
                    while self
                        .comments
                        .front()
                        .is_some_and(|comment| comment.line < item.line)
                    {
                        let comment = self
                            .comments
                            .pop_front()
                            .map(|c| c.text)
                            .unwrap_or_default();
                        items.push(Tree::Leaf(Leaf::Comment(comment)));
                    }
                    items.push(self.tree(item));
                }
                Tree::List(items)
            }
            Kind::Scalar => Tree::from_node(node),
        }
    }
}

/// Writes all documents.
pub(super) fn emit(documents: Vec<Tree>) -> String {
    let mut text = String::new();
    for (index, document) in documents.into_iter().enumerate() {
        if index > 0 {
            text.push_str("---\n");
        }
        match document {
            Tree::Map(entries) if !entries.is_empty() => map(entries, 0, false, &mut text),
            other => value(other, 0, Place::Top, &mut text),
        }
    }
    text
}

/// Where a value stands, which decides how it is set off.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Top,
    /// After a key that starts in the given column.
    Entry,
    /// After a dash.
    Item,
}

/// The column of the content of something in the given column.
fn inner(column: usize, place: Place) -> usize {
    match place {
        Place::Top => 0,
        Place::Entry => INDENT * ((column + INDENT) / INDENT),
        Place::Item => column + 2,
    }
}

fn spaces(column: usize, text: &mut String) {
    text.extend(std::iter::repeat_n(' ', column));
}

fn comment(comment: &str, column: usize, text: &mut String) {
    spaces(column, text);
    text.push('#');
    text.push_str(comment);
    text.push('\n');
}

/// `inline`: the first entry continues a line that has its dash already.
fn map(entries: Vec<(Key, Tree)>, column: usize, mut inline: bool, text: &mut String) {
    for (key, tree) in entries {
        match key {
            Key::Comment(words) => comment(&words, column, text),
            Key::Text(name) => {
                if !std::mem::take(&mut inline) {
                    spaces(column, text);
                }
                text.push_str(scalar(Leaf::Text(name)).trim_end());
                text.push(':');
                value(tree, column, Place::Entry, text);
            }
        }
    }
}

fn value(tree: Tree, column: usize, place: Place, text: &mut String) {
    let set_off = if place == Place::Top { "" } else { " " };
    match tree {
        Tree::Map(entries) if entries.is_empty() => text.push_str(&format!("{set_off}{{}}\n")),
        Tree::List(items) if items.is_empty() => text.push_str(&format!("{set_off}[]\n")),
        Tree::Map(entries) if place == Place::Item => {
            text.push(' ');
            map(entries, inner(column, place), true, text);
        }
        Tree::Map(entries) => {
            text.push('\n');
            map(entries, inner(column, place), false, text);
        }
        Tree::List(items) if place == Place::Item => {
            text.push(' ');
            list(items, inner(column, place), true, text);
        }
        Tree::List(items) => {
            if place == Place::Entry {
                text.push('\n');
            }
            list(items, inner(column, place), false, text);
        }
        Tree::Leaf(leaf) => {
            text.push_str(set_off);
            leaf_lines(leaf, inner(column, place), text);
        }
    }
}

fn list(items: Vec<Tree>, column: usize, mut inline: bool, text: &mut String) {
    for item in items {
        if let Tree::Leaf(Leaf::Comment(words)) = item {
            comment(&words, column, text);
            continue;
        }
        if !std::mem::take(&mut inline) {
            spaces(column, text);
        }
        text.push('-');
        value(item, column, Place::Item, text);
    }
}

/// A scalar; the lines of a block stand in the given column.
fn leaf_lines(leaf: Leaf, column: usize, text: &mut String) {
    if leaf == Leaf::Text("<<".to_owned()) {
        // Go's writer takes the text for the merge key, whatever its tag.
        text.push_str("!!merge <<\n");
        return;
    }
    let written = scalar(leaf);
    let Some((header, body)) = written
        .split_once('\n')
        .filter(|(header, _)| header.starts_with('|'))
    else {
        text.push_str(&written);
        return;
    };
    // The writer of scalars indents by two; blocks with leading space say by how much.
    text.push_str(&header.replace('2', &INDENT.to_string()));
    text.push('\n');
    for line in body.split_inclusive('\n') {
        if line.trim_end_matches('\n').is_empty() {
            text.push('\n');
        } else {
            spaces(column, text);
            text.push_str(line.strip_prefix("  ").unwrap_or(line));
        }
    }
}

/// A scalar alone, with a final line feed.
fn scalar(leaf: Leaf) -> String {
    let node = match leaf {
        Leaf::Node(node) => canonical(node),
        other => Tree::Leaf(other).into_node(),
    };
    skein_yaml::node_to_string(&node)
}

/// Values that were never encrypted are read and written again: numbers and times lose their form.
fn canonical(node: Node) -> Node {
    match node.tag {
        Tag::Null => Node::tagged("null", Tag::Null),
        Tag::Timestamp => {
            let date_only = node.value.len() == "2026-01-02".len();
            let text = if date_only {
                format!("{}T00:00:00Z", node.value)
            } else {
                node.value.into_string()
            };
            Node::tagged(text, Tag::Timestamp)
        }
        Tag::Bool | Tag::Int | Tag::Float => match skein_yaml::node_to_json(&node, Dialect::V3) {
            Ok(value) if value.is_f64() => {
                let text = value
                    .as_f64()
                    .map(skein_yaml::float_to_text)
                    .unwrap_or_default();
                Node::tagged(text, Tag::Float)
            }
            Ok(value) => Node::tagged(value.to_string(), node.tag),
            Err(_) => node,
        },
        _ => node,
    }
}
