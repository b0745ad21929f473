//! Reads the simple style that most manifests are written in, many times faster than the parser: block maps and lists of ASCII text, scalars that are plain,
//! quoted without escapes or literal, and flow collections on one line.
//!
//! Whatever else a text has, anchors, tags, escapes, folded text, mistakes, makes it `None`, and the parser reads it. The tree is the parser's, node by
//! node; the tests of this module compare them.

use memchr::memchr;

use crate::compose::{Dialect, MAX_NODES, collection_node, scalar_node};
use crate::node::{Kind, Node, Style};

/// Deepest nesting that is followed, in levels.
const MAX_DEPTH_LEVELS: usize = 48;
/// Longest key, in bytes; libyaml ends at 1,024 characters.
const MAX_KEY_BYTES: usize = 512;
/// Bytes that are looked at before it is asked whether all were simple.
const CHUNK_BYTES: usize = 256;
/// No text of so many bytes has more nodes than the parser allows.
const MAX_BYTES: usize = MAX_NODES;

/// The only document of a text; `None` when the parser has to read it.
pub(crate) fn document(text: &[u8], dialect: Dialect, lines_before: u64) -> Option<Node> {
    let is_simple = |byte: &u8| matches!(byte, b' '..=b'~' | b'\n');
    // Whole chunks are looked at, which compiles to a few steps each.
    let are_simple = |chunk: &[u8]| chunk.iter().fold(true, |all, byte| all & is_simple(byte));
    if text.len() > MAX_BYTES || !text.chunks(CHUNK_BYTES).all(are_simple) {
        return None;
    }
    let mut reader = Reader {
        rest: std::str::from_utf8(text).ok()?,
        number: lines_before,
        line: None,
        dialect,
    };
    reader.advance();
    let first = reader.line?;
    if first.indent == 0 && first.text.trim_end() == "---" {
        reader.advance();
    }
    let root = reader.block(reader.line?.indent, 0)?;
    reader.line.is_none().then_some(root)
}

/// A line that is neither blank nor a comment.
#[derive(Clone, Copy)]
struct Line<'a> {
    /// Column of its first character; behind a dash, that of the map that begins there.
    indent: usize,
    /// From there to its end.
    text: &'a str,
    /// From 1.
    number: u64,
}

struct Reader<'a> {
    /// What follows the line that is looked at.
    rest: &'a str,
    /// Its number.
    number: u64,
    line: Option<Line<'a>>,
    dialect: Dialect,
}

impl<'a> Reader<'a> {
    /// Goes to the next line that has something.
    fn advance(&mut self) {
        self.line = None;
        while self.line.is_none() && !self.rest.is_empty() {
            let (line, rest) = match memchr(b'\n', self.rest.as_bytes()) {
                Some(end) => (&self.rest[..end], &self.rest[end + 1..]),
                None => (self.rest, ""),
            };
            self.rest = rest;
            self.number += 1;
            let text = line.trim_start_matches(' ');
            if !text.is_empty() && !text.starts_with('#') {
                self.line = Some(Line {
                    indent: line.len() - text.len(),
                    text,
                    number: self.number,
                });
            }
        }
    }

    /// The map or list that begins with the line, at its column.
    fn block(&mut self, indent: usize, depth: usize) -> Option<Node> {
        if is_entry(self.line?.text) {
            self.sequence(indent, false, depth)
        } else {
            self.mapping(indent, depth)
        }
    }

    fn mapping(&mut self, indent: usize, depth: usize) -> Option<Node> {
        let mut node = self.collection(Kind::Mapping, false, depth)?;
        while let Some(line) = self.line.filter(|line| line.indent >= indent) {
            if line.indent > indent {
                return None;
            }
            let (key, style, rest) = key(line.text)?;
            node.content.push(self.scalar(key, style, line.number));
            let may_stand_below = true;
            let value = self.value(rest, line, indent, may_stand_below, depth)?;
            node.content.push(value);
        }
        Some(node)
    }

    /// A list; `below_key` when it stands at the column of the map whose value it is, and ends with the next key.
    fn sequence(&mut self, indent: usize, below_key: bool, depth: usize) -> Option<Node> {
        let mut node = self.collection(Kind::Sequence, false, depth)?;
        while let Some(line) = self.line.filter(|line| line.indent >= indent) {
            if line.indent > indent {
                return None;
            }
            if !is_entry(line.text) {
                return below_key.then_some(node);
            }
            let rest = &line.text[1..];
            let text = rest.trim_start_matches(' ');
            let item = if key(text).is_some() {
                let column = indent + line.text.len() - text.len();
                self.line = Some(Line {
                    indent: column,
                    text,
                    ..line
                });
                self.mapping(column, depth + 1)?
            } else {
                self.value(rest, line, indent, false, depth)?
            };
            node.content.push(item);
        }
        Some(node)
    }

    /// What stands behind the colon or dash of a line; a list `may_stand_below` a key at its column.
    fn value(
        &mut self,
        rest: &'a str,
        line: Line<'a>,
        indent: usize,
        may_stand_below: bool,
        depth: usize,
    ) -> Option<Node> {
        if is_ended(rest) {
            self.advance();
            return match self.line {
                Some(next) if next.indent > indent => self.block(next.indent, depth + 1),
                Some(next) if may_stand_below && next.indent == indent && is_entry(next.text) => {
                    self.sequence(indent, true, depth + 1)
                }
                _ => Some(self.scalar("", Style::PLAIN, line.number)),
            };
        }
        let text = rest.trim_start_matches(' ');
        let node = match text.as_bytes().first()? {
            b'|' => self.literal(&text[1..], indent, line.number)?,
            b'{' | b'[' => {
                let (node, after) = self.flow(text, line.number, depth + 1)?;
                is_ended(after).then_some(node)?
            }
            b'"' | b'\'' => {
                let (value, style, after) = quoted(text)?;
                is_ended(after).then(|| self.scalar(value, style, line.number))?
            }
            _ => self.scalar(plain(text)?, Style::PLAIN, line.number),
        };
        self.advance();
        // A line further in goes on with the scalar, or is a mistake.
        self.line
            .is_none_or(|next| next.indent <= indent)
            .then_some(node)
    }

    /// A literal text behind its bar; `header` is the rest of that line.
    fn literal(&mut self, header: &str, indent: usize, number: u64) -> Option<Node> {
        let (keeps, strips) = match header.trim_end_matches(' ') {
            "" => (false, false),
            "-" => (false, true),
            "+" => (true, false),
            _ => return None,
        };
        let is_blank = |line: &str| line.bytes().all(|byte| byte == b' ');
        let first = self.rest.lines().find(|line| !is_blank(line))?;
        let column = first.len() - first.trim_start_matches(' ').len();
        if column <= indent {
            return None;
        }
        let mut value = String::new();
        // Up to the end of the last line that is not blank.
        let mut filled = 0;
        while let Some((line, rest)) = self.rest.split_once('\n') {
            let has_text = !is_blank(line);
            let text = match line.get(column..) {
                Some(text) if is_blank(&line[..column]) => text,
                _ if has_text => break,
                _ => "",
            };
            if !has_text && !text.is_empty() && filled == 0 {
                return None;
            }
            value.push_str(text);
            if !text.is_empty() {
                filled = value.len();
            }
            value.push('\n');
            self.rest = rest;
            self.number += 1;
        }
        // The parser has a rule of its own for a text whose last line is not ended.
        let last = self.rest;
        let is_unended = !last.is_empty() && !last.contains('\n');
        let reaches_in = is_blank(last) || last.get(..column).is_some_and(is_blank);
        if filled == 0 || is_unended && reaches_in {
            return None;
        }
        if !keeps {
            value.truncate(filled + usize::from(!strips));
        }
        Some(self.scalar(&value, Style::LITERAL, number))
    }

    /// A flow collection or a scalar in one, and what follows it on the line.
    fn flow(&self, text: &'a str, number: u64, depth: usize) -> Option<(Node, &'a str)> {
        match text.as_bytes().first()? {
            b'[' => {
                let mut node = self.collection(Kind::Sequence, true, depth)?;
                let mut rest = text[1..].trim_start_matches(' ');
                if let Some(after) = rest.strip_prefix(']') {
                    return Some((node, after));
                }
                loop {
                    let (item, after) = self.flow(rest, number, depth + 1)?;
                    node.content.push(item);
                    match next_in_flow(after, ']')? {
                        (true, after) => return Some((node, after)),
                        (false, after) => rest = after,
                    }
                }
            }
            b'{' => {
                let mut node = self.collection(Kind::Mapping, true, depth)?;
                let mut rest = text[1..].trim_start_matches(' ');
                if let Some(after) = rest.strip_prefix('}') {
                    return Some((node, after));
                }
                loop {
                    let (key, style, after) = flow_scalar(rest)?;
                    node.content.push(self.scalar(key, style, number));
                    let value = after.strip_prefix(": ")?.trim_start_matches(' ');
                    let (value, after) = self.flow(value, number, depth + 1)?;
                    node.content.push(value);
                    match next_in_flow(after, '}')? {
                        (true, after) => return Some((node, after)),
                        (false, after) => rest = after,
                    }
                }
            }
            _ => {
                let (value, style, after) = flow_scalar(text)?;
                Some((self.scalar(value, style, number), after))
            }
        }
    }

    fn scalar(&self, value: &str, style: Style, number: u64) -> Node {
        scalar_node(None, value, style, self.dialect, number)
    }

    /// An empty collection that begins in this line; `None` where it would lie too deep.
    fn collection(&self, kind: Kind, is_flow: bool, depth: usize) -> Option<Node> {
        let line = self.line?;
        (depth < MAX_DEPTH_LEVELS).then(|| collection_node(kind, None, is_flow, line.number))
    }
}

/// Whether a line has a dash with an item behind it.
fn is_entry(text: &str) -> bool {
    text == "-" || text.starts_with("- ")
}

/// Whether nothing but spaces and a comment follows.
fn is_ended(rest: &str) -> bool {
    let text = rest.trim_start_matches(' ');
    text.is_empty() || text.starts_with('#') && text.len() < rest.len()
}

/// What a plain scalar may begin with here, and what keys and scalars in flow collections consist of.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'/')
}

/// The word at the start of a text and what follows; in it dashes may stand, too.
fn word(text: &str) -> Option<(&str, &str)> {
    let is_in_word = |byte: u8| is_word(byte) || byte == b'-';
    let end = text
        .bytes()
        .position(|byte| !is_in_word(byte))
        .unwrap_or(text.len());
    let starts_well = text.bytes().next().is_some_and(is_word);
    starts_well.then(|| text.split_at(end))
}

/// The key at the start of a line, its style, and what follows its colon.
fn key(text: &str) -> Option<(&str, Style, &str)> {
    let (key, style, after) = flow_scalar(text)?;
    let rest = after.strip_prefix(':')?;
    let is_key = (rest.is_empty() || rest.starts_with(' ')) && key.len() <= MAX_KEY_BYTES;
    is_key.then_some((key, style, rest))
}

/// A quoted scalar or a word.
fn flow_scalar(text: &str) -> Option<(&str, Style, &str)> {
    if text.starts_with(['"', '\'']) {
        return quoted(text);
    }
    let (word, after) = word(text)?;
    Some((word, Style::PLAIN, after))
}

/// A quoted scalar without escapes, its style, and what follows it.
fn quoted(text: &str) -> Option<(&str, Style, &str)> {
    if let Some(rest) = text.strip_prefix('"') {
        let (value, after) = rest.split_once('"')?;
        return (!value.contains('\\')).then_some((value, Style::DOUBLE_QUOTED, after));
    }
    let (value, after) = text.strip_prefix('\'')?.split_once('\'')?;
    (!after.starts_with('\'')).then_some((value, Style::SINGLE_QUOTED, after))
}

/// A plain scalar that ends in its line, without a comment behind it.
fn plain(text: &str) -> Option<&str> {
    let bytes = text.as_bytes();
    let starts_well = match bytes.first()? {
        b'-' => bytes.get(1).is_some_and(|byte| *byte != b' '),
        b'?' | b':' | b',' | b'[' | b']' | b'{' | b'}' | b'#' | b'&' | b'*' | b'!' | b'|'
        | b'>' | b'\'' | b'"' | b'%' | b'@' | b'`' => false,
        _ => true,
    };
    let mut end = text.len();
    for (at, pair) in bytes.windows(2).enumerate() {
        match pair {
            b": " => return None,
            b" #" => {
                end = at;
                break;
            }
            _ => {}
        }
    }
    let value = text[..end].trim_end_matches(' ');
    (starts_well && !value.ends_with(':')).then_some(value)
}

/// Whether a flow collection ends here, and what follows: its end, or the comma and the spaces before its next part.
fn next_in_flow(after: &str, end: char) -> Option<(bool, &str)> {
    let after = after.trim_start_matches(' ');
    if let Some(after) = after.strip_prefix(end) {
        return Some((true, after));
    }
    Some((false, after.strip_prefix(',')?.trim_start_matches(' ')))
}

#[cfg(test)]
mod tests;
