//! From text to node trees: libyaml's grammar, bounded, with aliases expanded.

use std::any::Any;
use std::borrow::Cow;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use compact_str::CompactString;
use libyaml_safer::{
    Error, ErrorKind, Event, EventData, MappingStyle, Mark, Parser, ScalarStyle, SequenceStyle,
};

use crate::comments::NodeComments;
use crate::detail::Detail;
use crate::encoding::prepared;
use crate::error::YamlError;
use crate::escapes::{SlashEscapes, UNKNOWN};
use crate::flow::{self, Brackets, Colons};
use crate::json::MAX_DOCUMENTS;
use crate::node::{Kind, Node, Style, Tag};
use crate::{simple, tags};

/// Largest text that is parsed, in bytes.
pub const MAX_INPUT_BYTES: usize = 64 << 20;
/// Deepest nesting of maps and lists, in levels.
pub const MAX_DEPTH_LEVELS: usize = 256;
/// Most values of one text, counted after aliases are expanded.
pub const MAX_NODES: usize = 4_000_000;

/// Values up to which aliases may make nearly all of a text: go-yaml's bound against texts that double themselves.
const ALIAS_FREE_NODES: usize = 400_000;
/// The share of a text that aliases may make up to [`ALIAS_FREE_NODES`].
const ALIAS_SHARE_OF_FEW: f64 = 0.99;
/// The share of a text of [`MAX_NODES`] values that aliases may make; between the two it falls evenly.
const ALIAS_SHARE_OF_MOST: f64 = 0.10;
/// So many values of aliases, and so many in all, are never too many.
const ALIAS_HARMLESS: (usize, usize) = (100, 1_000);

/// What the scanner says of a key without a colon.
pub(crate) const NO_COLON: &str = "could not find expected ':'";

/// Which of Go's resolvers gives plain scalars their meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// go-yaml v2 (`sigs.k8s.io/yaml`, Helm): YAML 1.1, `yes` is true.
    V2,
    /// go-yaml v3 (kyaml): YAML 1.2, `yes` is text.
    V3,
}

/// The first document of a text; `None` when there is none (empty, or comments only).
pub fn compose(text: &[u8], dialect: Dialect) -> Result<Option<Node>, YamlError> {
    if let Some(document) = simple::document(text, dialect, 0) {
        return Ok(Some(document));
    }
    Composer::new(&prepared(text)?, dialect)?.next_document()
}

/// As [`compose`]; what stands for an alias has [`Style::ALIAS`].
pub fn compose_with_aliases(text: &[u8], dialect: Dialect) -> Result<Option<Node>, YamlError> {
    let text = prepared(text)?;
    let mut composer = Composer::new(&text, dialect)?;
    composer.marks_aliases = true;
    composer.next_document()
}

/// As [`compose`] for a part of a larger text: `lines_before` lines stand before it, and count in every line number.
pub fn compose_part(
    text: &[u8],
    dialect: Dialect,
    lines_before: u32,
) -> Result<Option<Node>, YamlError> {
    if let Some(document) = simple::document(text, dialect, u64::from(lines_before)) {
        return Ok(Some(document));
    }
    let text = prepared(text)?;
    let mut composer = Composer::new(&text, dialect)?;
    composer.lines_before = u64::from(lines_before);
    composer.next_document()
}

/// All documents of a text. An empty document is a null node.
pub fn compose_all(text: &[u8], dialect: Dialect) -> Result<Vec<Node>, YamlError> {
    let text = prepared(text)?;
    let mut composer = Composer::new(&text, dialect)?;
    let mut documents = Vec::new();
    while let Some(document) = composer.next_document()? {
        if documents.len() == MAX_DOCUMENTS {
            return Err(YamlError::TooManyDocuments {
                limit: MAX_DOCUMENTS,
            });
        }
        documents.push(document);
    }
    Ok(documents)
}

/// What a panic of the parser leaves.
type Panic = Box<dyn Any + Send>;

/// A collection that is being filled.
struct Open {
    node: Node,
    anchor: Option<String>,
}

/// Turns events into trees, one document at a time.
pub(crate) struct Composer<'a> {
    parser: Parser<flow::Input<'a>>,
    text: &'a [u8],
    /// The text when the last line feed is missing and was added for the parser.
    unended: Option<&'a [u8]>,
    slashes: Option<SlashEscapes<'a>>,
    dialect: Dialect,
    anchors: HashMap<String, Node>,
    count: usize,
    /// [`Self::count`] where the document began.
    count_before: usize,
    /// Values of the document that stand for aliases.
    aliased: usize,
    ended: bool,
    pub(crate) lines_before: u64,
    marks_aliases: bool,
    is_checked: bool,
    /// The comments of the nodes that are still to come, when details are asked for.
    pub(crate) details: Option<std::vec::IntoIter<NodeComments>>,
    /// Events that were given.
    events: usize,
    colons: Colons,
    brackets: Brackets,
}

impl<'a> Composer<'a> {
    pub(crate) fn new(text: &'a [u8], dialect: Dialect) -> Result<Self, YamlError> {
        // The parser needs a line feed at the end of a block scalar; what it makes of it is taken back.
        let unended = (!text.is_empty() && !text.ends_with(b"\n")).then_some(text);
        Ok(Self {
            parser: flow::parser(Cow::Borrowed(text), ending(unended)),
            text,
            unended,
            slashes: SlashEscapes::new(text),
            dialect,
            anchors: HashMap::new(),
            count: 0,
            count_before: 0,
            aliased: 0,
            ended: false,
            lines_before: 0,
            marks_aliases: false,
            is_checked: false,
            details: None,
            events: 0,
            colons: Colons::default(),
            brackets: Brackets::default(),
        })
    }

    /// The next event. The parser panics on some broken texts; that is an error like any other.
    fn parse(&mut self) -> Result<Result<Event, Error>, Panic> {
        loop {
            let parser = &mut self.parser;
            let parsed = catch_unwind(AssertUnwindSafe(|| parser.parse()));
            let again = match &parsed {
                Ok(Err(error)) if flow::is_colon(error) => self.colons.hide(self.text, error),
                _ => None,
            };
            let Some(text) = again else { return parsed };
            self.parser = flow::parser(Cow::Owned(text), ending(self.unended));
            for _ in 0..self.events {
                let parser = &mut self.parser;
                let passed = catch_unwind(AssertUnwindSafe(|| parser.parse()));
                if !matches!(passed, Ok(Ok(_))) {
                    return passed;
                }
            }
        }
    }

    fn event(&mut self) -> Result<Event, YamlError> {
        let mut event = match self.parse() {
            Ok(event) => event.map_err(|e| {
                if e.kind() == ErrorKind::Reader {
                    return unreadable(&e, self.text, self.lines_before);
                }
                let last_line = self.unended.map(last_line_of);
                let e = flow::error_at_empty_collection(self.text, &e).unwrap_or(e);
                syntax(&e, self.lines_before, last_line)
            })?,
            Err(_) => {
                self.ended = true;
                let problem =
                    "the text ends or breaks off where the grammar does not allow it".to_owned();
                return Err(YamlError::Syntax {
                    line: 0,
                    column: 0,
                    go_text: problem.clone(),
                    problem,
                });
            }
        };
        self.events += 1;
        self.colons.restore(&mut event.data);
        let place = (event.start_mark.index, self.lines_before);
        self.brackets.follow(&event.data, self.text, place)?;
        if let (Some(text), EventData::Scalar { value, style, .. }) =
            (self.unended, &mut event.data)
            && matches!(style, ScalarStyle::Literal | ScalarStyle::Folded)
            && event.end_mark.index >= text.len() as u64
        {
            take_back_line_feed(value, text);
        }
        self.check_escapes(&event)?;
        Ok(event)
    }

    fn check_escapes(&self, event: &Event) -> Result<(), YamlError> {
        let EventData::Scalar {
            style: ScalarStyle::DoubleQuoted,
            ..
        } = event.data
        else {
            return Ok(());
        };
        let (start, end) = (event.start_mark, event.end_mark);
        match self.slashes {
            Some(slashes) if slashes.are_within(start.index, end.index) => {
                let line = start.line + 1 + self.lines_before;
                Err(YamlError::Syntax {
                    line,
                    column: start.column + 1,
                    problem: format!("{UNKNOWN} \\/"),
                    go_text: format!("line {}: {UNKNOWN}", start.line + 1),
                })
            }
            _ => Ok(()),
        }
    }

    pub(crate) fn next_document(&mut self) -> Result<Option<Node>, YamlError> {
        if !std::mem::replace(&mut self.is_checked, true) {
            tags::check(self.text, self.lines_before)?;
        }
        while !self.ended {
            let event = self.event()?;
            match event.data {
                EventData::StreamEnd => self.ended = true,
                EventData::DocumentStart {
                    version_directive, ..
                } => {
                    if version_directive.is_some_and(|version| version.minor != 1) {
                        return Err(other_version(&event.start_mark, self.lines_before));
                    }
                    return self.document().map(Some);
                }
                _ => {}
            }
        }
        Ok(None)
    }

    fn document(&mut self) -> Result<Node, YamlError> {
        self.anchors.clear();
        (self.count_before, self.aliased) = (self.count, 0);
        let mut open: Vec<Open> = Vec::new();
        let mut root = None;
        loop {
            let event = self.event()?;
            let line = event.start_mark.line + 1 + self.lines_before;
            let finished = match event.data {
                EventData::DocumentEnd { .. } => return Ok(root.unwrap_or_else(Node::null)),
                EventData::StreamEnd => {
                    self.ended = true;
                    return Ok(root.unwrap_or_else(Node::null));
                }
                EventData::SequenceEnd | EventData::MappingEnd => open.pop(),
                data => {
                    let detail = self.detail_of(&data, &event.start_mark);
                    let mut begun = self.begin(data, line, &mut open)?;
                    if let Some(begun) = begun.as_mut().or(open.last_mut())
                        && detail.is_some()
                    {
                        begun.node.detail = detail;
                    }
                    begun
                }
            };
            let Some(Open { node, anchor }) = finished else {
                continue;
            };
            if let Some(anchor) = anchor {
                self.anchors.insert(anchor, node.clone());
            }
            match open.last_mut() {
                Some(parent) => parent.node.content.push(node),
                None => root = Some(node),
            }
        }
    }

    /// The detail of the node that an event begins; an alias keeps those of what it stands for.
    fn detail_of(&mut self, data: &EventData, start: &Mark) -> Option<Box<Detail>> {
        let comments = self.details.as_mut()?.next().unwrap_or_default();
        if matches!(data, EventData::Alias { .. }) {
            return None;
        }
        Some(Box::new(Detail {
            line: start.line + 1,
            column: start.column + 1,
            comments,
        }))
    }

    /// Handles the event that begins a node: opens a collection, or gives the finished scalar or alias.
    fn begin(
        &mut self,
        data: EventData,
        line: u64,
        open: &mut Vec<Open>,
    ) -> Result<Option<Open>, YamlError> {
        self.take(1, line)?;
        let (node, anchor) = match data {
            EventData::Alias { anchor } => return self.alias(anchor, line, open).map(Some),
            EventData::Scalar {
                anchor,
                tag,
                value,
                style,
                ..
            } => {
                let style = match style {
                    ScalarStyle::DoubleQuoted => Style::DOUBLE_QUOTED,
                    ScalarStyle::SingleQuoted => Style::SINGLE_QUOTED,
                    ScalarStyle::Literal => Style::LITERAL,
                    ScalarStyle::Folded => Style::FOLDED,
                    _ => Style::PLAIN,
                };
                let node = scalar_node(tag, value, style, self.dialect, line);
                return Ok(Some(Open { node, anchor }));
            }
            EventData::SequenceStart {
                anchor, tag, style, ..
            } => {
                let flow = style == SequenceStyle::Flow;
                (collection_node(Kind::Sequence, tag, flow, line), anchor)
            }
            EventData::MappingStart {
                anchor, tag, style, ..
            } => {
                let flow = style == MappingStyle::Flow;
                (collection_node(Kind::Mapping, tag, flow, line), anchor)
            }
            _ => return Ok(None),
        };
        if open.len() == MAX_DEPTH_LEVELS {
            return Err(YamlError::TooDeep {
                line,
                limit: MAX_DEPTH_LEVELS,
            });
        }
        open.push(Open { node, anchor });
        Ok(None)
    }

    fn alias(&mut self, anchor: String, line: u64, open: &[Open]) -> Result<Open, YamlError> {
        if open
            .iter()
            .any(|outer| outer.anchor.as_ref() == Some(&anchor))
        {
            return Err(YamlError::AnchorInItself { line, anchor });
        }
        let Some(node) = self.anchors.get(&anchor) else {
            return Err(YamlError::UnknownAnchor { line, anchor });
        };
        let size = count_nodes(node);
        self.aliased = self.aliased.saturating_add(size);
        // go-yaml counts the alias, too.
        let count = (self.count - self.count_before).saturating_add(size + 1);
        if is_excessive(self.aliased, count, self.dialect) {
            return Err(YamlError::ExcessiveAliasing { line, count });
        }
        let mut node = node.clone();
        if self.marks_aliases {
            node.style = node.style.with(Style::ALIAS);
        }
        self.take(size + 1, line)?;
        Ok(Open { node, anchor: None })
    }

    fn take(&mut self, nodes: usize, line: u64) -> Result<(), YamlError> {
        self.count = self.count.saturating_add(nodes);
        if self.count > MAX_NODES {
            return Err(YamlError::TooManyNodes {
                line,
                limit: MAX_NODES,
            });
        }
        Ok(())
    }
}

/// What go-yaml, which knows YAML 1.1 only, says of a text that names another version.
fn other_version(mark: &Mark, lines_before: u64) -> YamlError {
    let problem = "found incompatible YAML document".to_owned();
    let go_text = match mark.line {
        0 => problem.clone(),
        line => format!("line {line}: {problem}"),
    };
    YamlError::Syntax {
        line: mark.line + 1 + lines_before,
        column: mark.column + 1,
        problem,
        go_text,
    }
}

/// What is added to a text whose last line is not ended.
fn ending(unended: Option<&[u8]>) -> &'static [u8] {
    if unended.is_some() { b"\n" } else { b"" }
}

/// Takes the added line feed out of a block scalar that reaches the end of the text.
fn take_back_line_feed(value: &mut String, text: &[u8]) {
    let last_line = text.rsplit(|b| *b == b'\n').next().unwrap_or_default();
    let is_blank = last_line.iter().all(|b| *b == b' ');
    if value.ends_with(if is_blank { "\n\n" } else { "\n" }) {
        value.pop();
    }
}

/// Whether aliases make too many of the values of a text. For v3 go-yaml's bound is that of reading into Go's types, which kustomize
/// does not do with objects; there it counts for large texts only.
fn is_excessive(aliased: usize, count: usize, dialect: Dialect) -> bool {
    if aliased <= ALIAS_HARMLESS.0 || count <= ALIAS_HARMLESS.1 {
        return false;
    }
    if count <= ALIAS_FREE_NODES && dialect == Dialect::V3 {
        return false;
    }
    let way = count.clamp(ALIAS_FREE_NODES, MAX_NODES) - ALIAS_FREE_NODES;
    let way = way as f64 / (MAX_NODES - ALIAS_FREE_NODES) as f64;
    let allowed = ALIAS_SHARE_OF_FEW - (ALIAS_SHARE_OF_FEW - ALIAS_SHARE_OF_MOST) * way;
    aliased as f64 / count as f64 > allowed
}

fn count_nodes(node: &Node) -> usize {
    1 + node.content.iter().map(count_nodes).sum::<usize>()
}

pub(crate) fn scalar_node(
    tag: Option<String>,
    value: impl Into<CompactString>,
    style: Style,
    dialect: Dialect,
    line: u64,
) -> Node {
    let value = value.into();
    let (tag, style) = match tag {
        Some(tag) if tag != "!" => (Tag::from_text(&tag), style.with(Style::TAGGED)),
        // A lone `!` before `<<` lets v2 merge, quoted or not.
        Some(_) if dialect == Dialect::V2 && value == "<<" => (Tag::Merge, style),
        _ if style != Style::PLAIN => (Tag::Str, style),
        // A lone `!` makes the scalar a string for v2; v3 resolves it as if it were not there.
        Some(_) if dialect == Dialect::V2 => (Tag::Str, style),
        _ => (plain_tag(&value, dialect), style),
    };
    Node {
        kind: Kind::Scalar,
        style,
        tag,
        line: line_number(line),
        shared: 0,
        detail: None,
        value,
        content: Vec::new(),
    }
}

fn plain_tag(value: &str, dialect: Dialect) -> Tag {
    if value == "<<" {
        Tag::Merge
    } else {
        Tag::of_plain(value, dialect)
    }
}

pub(crate) fn collection_node(kind: Kind, tag: Option<String>, flow: bool, line: u64) -> Node {
    let default = if kind == Kind::Sequence {
        Tag::Seq
    } else {
        Tag::Map
    };
    let style = if flow { Style::FLOW } else { Style::PLAIN };
    let (tag, style) = match tag {
        Some(tag) if tag != "!" => (Tag::from_text(&tag), style.with(Style::TAGGED)),
        _ => (default, style),
    };
    Node {
        kind,
        style,
        tag,
        line: line_number(line),
        shared: 0,
        detail: None,
        value: CompactString::default(),
        content: Vec::new(),
    }
}

fn line_number(line: u64) -> u32 {
    u32::try_from(line).unwrap_or(u32::MAX)
}

/// An error of the bytes: the parser does not tell the line.
fn unreadable(error: &Error, text: &[u8], lines_before: u64) -> YamlError {
    let place = first_unreadable(text).unwrap_or(text.len());
    let broken = broken_character(&text[place..]);
    let problem = broken.unwrap_or_else(|| error.problem()).to_owned();
    let before = &text[..place];
    let line_start = before
        .iter()
        .rposition(|b| *b == b'\n')
        .map_or(0, |at| at + 1);
    YamlError::Syntax {
        line: last_line_of(before) + 1 + lines_before,
        column: String::from_utf8_lossy(&before[line_start..])
            .chars()
            .count() as u64
            + 1,
        go_text: problem.clone(),
        problem,
    }
}

/// What go-yaml says of bytes that begin with no character of UTF-8; `None` when they begin with one.
fn broken_character(bytes: &[u8]) -> Option<&'static str> {
    let first = *bytes.first()?;
    let (width, bits) = match first {
        ..0x80 => return None,
        0xC0..0xE0 => (2, first & 0x1F),
        0xE0..0xF0 => (3, first & 0x0F),
        0xF0..0xF8 => (4, first & 0x07),
        _ => return Some("invalid leading UTF-8 octet"),
    };
    // The length is looked at before the bytes are.
    let Some(trailing) = bytes.get(1..width) else {
        return Some("incomplete UTF-8 octet sequence");
    };
    let mut code = u32::from(bits);
    for next in trailing {
        if next & 0xC0 != 0x80 {
            return Some("invalid trailing UTF-8 octet");
        }
        code = code << 6 | u32::from(next & 0x3F);
    }
    let least = [0x80, 0x800, 0x1_0000][width - 2];
    if code < least {
        return Some("invalid length of a UTF-8 sequence");
    }
    char::from_u32(code)
        .is_none()
        .then_some("invalid Unicode character")
}

/// The first byte that is no text, or a control character that YAML does not allow.
fn first_unreadable(text: &[u8]) -> Option<usize> {
    let (good, broken) = match std::str::from_utf8(text) {
        Ok(good) => (good, None),
        Err(error) => {
            let (good, _) = text.split_at(error.valid_up_to());
            (
                std::str::from_utf8(good).unwrap_or_default(),
                Some(good.len()),
            )
        }
    };
    let is_refused = |c: char| {
        !matches!(c, '\t' | '\n' | '\r' | '\u{85}') && c.is_control()
            || matches!(c, '\u{FFFE}' | '\u{FFFF}')
    };
    let control = good.char_indices().find(|(_, c)| is_refused(*c));
    control.map(|(at, _)| at).or(broken)
}

/// The parser's error in our words: where, what, and the remedy where it is known.
fn syntax(error: &Error, lines_before: u64, last_line: Option<u64>) -> YamlError {
    let mark = error.problem_mark().or_else(|| error.context_mark());
    let mut problem = error.problem().to_owned();
    if let Some(context) = error.context().filter(|c| !c.is_empty()) {
        problem = format!("{problem} {context}");
    }
    if problem.contains("cannot start any token") {
        problem
            .push_str("; tabs cannot indent, and text that begins with @, ` or % must be quoted");
    }
    let (line, column) = mark.map_or((0, 0), |m| (m.line + 1 + lines_before, m.column + 1));
    YamlError::Syntax {
        line,
        column,
        problem,
        go_text: go_text(error, last_line),
    }
}

/// The number of the last line, from 0.
fn last_line_of(text: &[u8]) -> u64 {
    text.iter().filter(|byte| **byte == b'\n').count() as u64
}

/// The error as go-yaml v2 prints it: the line of the problem, counted from 0 unless the scanner found it, or else that where the construct began; no
/// line at all when that is 0. Nothing lies behind the last line, where the text has one that was not ended.
fn go_text(error: &Error, last_line: Option<u64>) -> String {
    let scanner = u64::from(error.kind() == ErrorKind::Scanner);
    // The parser names the line behind the last one, as Go does where it closes keys at the end.
    let is_clamped = scanner == 1 && error.problem() != NO_COLON;
    let last_line = last_line.filter(|_| is_clamped).unwrap_or(u64::MAX);
    let problem = error
        .problem_mark()
        .map_or(0, |mark| mark.line.min(last_line));
    let context = error.context_mark().map_or(0, |mark| mark.line);
    match (problem, context) {
        (0, 0) => error.problem().to_owned(),
        (0, line) => format!("line {line}: {}", error.problem()),
        (line, _) => format!("line {}: {}", line + scanner, error.problem()),
    }
}
