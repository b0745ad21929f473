//! The layout engine of both writers: indentation, scalars in their styles, and node trees in go-yaml v3's form.

use crate::compose::Dialect;
use crate::node::{Kind, Node, Style, Tag};
use crate::scalar::{analyze, is_break, is_printable, is_word};

/// Spaces of one level.
const INDENT: isize = 2;
/// Column after which text is folded.
const FOLD_COLUMN: usize = 80;
/// Longest key that is written without `?`, in bytes.
const MAX_SIMPLE_KEY_BYTES: usize = 128;

/// Whether long text is folded.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Width {
    /// At 80 columns, as go-yaml v2.
    Fold,
    /// Never, as go-yaml v3.
    Unlimited,
}

/// The style that is wanted for a scalar; what the text does not allow becomes another.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ScalarChoice {
    Plain,
    SingleQuoted,
    DoubleQuoted,
    Literal,
    Folded,
}

/// Text under construction and where the pen is.
pub(crate) struct Output {
    text: String,
    column: usize,
    indent: isize,
    whitespace: bool,
    indention: bool,
    flow_level: usize,
    width: usize,
}

impl Output {
    pub(crate) fn new(width: Width) -> Self {
        let width = if width == Width::Fold {
            FOLD_COLUMN
        } else {
            usize::MAX
        };
        Self {
            text: String::new(),
            column: 0,
            indent: -1,
            whitespace: true,
            indention: true,
            flow_level: 0,
            width,
        }
    }

    /// Ends the document with a line feed.
    pub(crate) fn finish(mut self) -> String {
        if self.column > 0 || self.text.is_empty() {
            self.text.push('\n');
        }
        self.text
    }

    pub(crate) fn set_indent(&mut self, indent: isize) {
        self.indent = indent;
    }

    fn put(&mut self, c: char) {
        self.text.push(c);
        self.column += 1;
    }

    fn put_break(&mut self) {
        self.text.push('\n');
        self.column = 0;
    }

    fn write_break(&mut self, c: char) {
        self.text.push(c);
        self.column = 0;
    }

    fn write_indent(&mut self) {
        let indent = usize::try_from(self.indent).unwrap_or(0);
        if !self.indention || self.column > indent || (self.column == indent && !self.whitespace) {
            self.put_break();
        }
        while self.column < indent {
            self.put(' ');
        }
        self.whitespace = true;
        self.indention = true;
    }

    fn indicator(&mut self, text: &str, need_space: bool, is_space: bool, is_indention: bool) {
        if need_space && !self.whitespace {
            self.put(' ');
        }
        self.text.push_str(text);
        self.column += text.len();
        self.whitespace = is_space;
        self.indention = self.indention && is_indention;
    }

    fn increase_indent(&mut self, flow: bool, indentless: bool) -> isize {
        let before = self.indent;
        if self.indent < 0 {
            self.indent = if flow { INDENT } else { 0 };
        } else if !indentless {
            self.indent += INDENT;
        }
        before
    }

    /// Begins a block list; the result restores the indent.
    pub(crate) fn begin_sequence(&mut self, in_mapping: bool) -> isize {
        self.increase_indent(false, in_mapping && !self.indention)
    }

    pub(crate) fn sequence_item(&mut self) {
        self.write_indent();
        self.indicator("-", true, false, true);
    }

    /// Begins a block map; the result restores the indent.
    pub(crate) fn begin_mapping(&mut self) -> isize {
        self.increase_indent(false, false)
    }

    pub(crate) fn is_simple_key(key: &str) -> bool {
        key.len() <= MAX_SIMPLE_KEY_BYTES && (is_word(key) || !key.contains(is_break))
    }

    pub(crate) fn simple_key(&mut self) {
        self.write_indent();
    }

    pub(crate) fn simple_value(&mut self) {
        self.indicator(":", false, false, false);
    }

    pub(crate) fn complex_key(&mut self) {
        self.write_indent();
        self.indicator("?", true, false, true);
    }

    pub(crate) fn complex_value(&mut self) {
        self.write_indent();
        self.indicator(":", true, false, true);
    }

    pub(crate) fn empty_collection(&mut self, open: &str, close: &str) {
        self.indicator(open, true, true, false);
        self.indicator(close, false, false, false);
    }

    /// Writes a tag before what it belongs to.
    pub(crate) fn tag(&mut self, tag: &str) {
        self.indicator(tag, true, false, false);
    }

    /// Writes a scalar in the wanted style, or the next that its text allows.
    pub(crate) fn scalar(
        &mut self,
        text: &str,
        wanted: ScalarChoice,
        simple_key: bool,
        dialect: Dialect,
    ) {
        let analysis = analyze(text, dialect);
        let mut style = wanted;
        if simple_key && analysis.multiline {
            style = ScalarChoice::DoubleQuoted;
        }
        let in_flow = self.flow_level > 0;
        if style == ScalarChoice::Plain {
            let allowed = if in_flow {
                analysis.flow_plain_allowed
            } else {
                analysis.block_plain_allowed
            };
            if !allowed || (text.is_empty() && (in_flow || simple_key)) {
                style = ScalarChoice::SingleQuoted;
            }
        }
        if style == ScalarChoice::SingleQuoted && !analysis.single_quoted_allowed {
            style = ScalarChoice::DoubleQuoted;
        }
        let is_block = matches!(style, ScalarChoice::Literal | ScalarChoice::Folded);
        if is_block && (!analysis.block_allowed || in_flow || simple_key) {
            style = ScalarChoice::DoubleQuoted;
        }
        let indent = self.increase_indent(true, false);
        match style {
            ScalarChoice::Plain => self.plain(text, !simple_key),
            ScalarChoice::SingleQuoted => self.single_quoted(text, !simple_key),
            ScalarChoice::DoubleQuoted => self.double_quoted(text, !simple_key),
            ScalarChoice::Literal => self.literal(text),
            ScalarChoice::Folded => self.folded(text),
        }
        self.indent = indent;
    }

    /// Writes a word that any style can carry as it stands.
    pub(crate) fn word(&mut self, text: &str) {
        if !self.whitespace {
            self.put(' ');
        }
        self.text.push_str(text);
        self.column += text.len();
        self.whitespace = false;
        self.indention = false;
    }

    fn plain(&mut self, text: &str, allow_breaks: bool) {
        if is_word(text) {
            return self.word(text);
        }
        if !self.whitespace && !text.is_empty() {
            self.put(' ');
        }
        let mut spaces = false;
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            if c == ' ' {
                let next_is_space = chars.peek() == Some(&' ');
                if allow_breaks && !spaces && self.column > self.width && !next_is_space {
                    self.write_indent();
                } else {
                    self.put(c);
                }
                spaces = true;
            } else {
                self.put(c);
                self.indention = false;
                spaces = false;
            }
        }
        self.whitespace = false;
        self.indention = false;
    }

    fn single_quoted(&mut self, text: &str, allow_breaks: bool) {
        self.indicator("'", true, false, false);
        let (mut spaces, mut breaks) = (false, false);
        let mut chars = text.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            let next = chars.peek().map(|(_, n)| *n);
            if c == ' ' {
                let inside = at > 0 && next.is_some() && next != Some(' ');
                if allow_breaks && !spaces && self.column > self.width && inside {
                    self.write_indent();
                } else {
                    self.put(c);
                }
                spaces = true;
            } else if is_break(c) {
                if !breaks && c == '\n' {
                    self.put_break();
                }
                self.write_break(c);
                self.indention = true;
                breaks = true;
            } else {
                if breaks {
                    self.write_indent();
                }
                if c == '\'' {
                    self.put('\'');
                }
                self.put(c);
                self.indention = false;
                (spaces, breaks) = (false, false);
            }
        }
        self.indicator("'", false, false, false);
        self.whitespace = false;
        self.indention = false;
    }

    fn double_quoted(&mut self, text: &str, allow_breaks: bool) {
        self.indicator("\"", true, false, false);
        let mut spaces = false;
        // go-yaml looks for a byte order mark at the start for every character.
        let after_mark = text.starts_with('\u{FEFF}');
        let mut chars = text.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            if after_mark || !is_printable(c) || is_break(c) || c == '"' || c == '\\' {
                self.escape(c);
                spaces = false;
            } else if c == ' ' {
                let next = chars.peek().map(|(_, n)| *n);
                let inside = at > 0 && next.is_some();
                if allow_breaks && !spaces && self.column > self.width && inside {
                    self.write_indent();
                    if next == Some(' ') {
                        self.put('\\');
                    }
                } else {
                    self.put(c);
                }
                spaces = true;
            } else {
                self.put(c);
                spaces = false;
            }
        }
        self.indicator("\"", false, false, false);
        self.whitespace = false;
        self.indention = false;
    }

    fn escape(&mut self, c: char) {
        let escaped = match c {
            '\0' => "\\0".to_owned(),
            '\u{07}' => "\\a".to_owned(),
            '\u{08}' => "\\b".to_owned(),
            '\t' => "\\t".to_owned(),
            '\n' => "\\n".to_owned(),
            '\u{0B}' => "\\v".to_owned(),
            '\u{0C}' => "\\f".to_owned(),
            '\r' => "\\r".to_owned(),
            '\u{1B}' => "\\e".to_owned(),
            '"' => "\\\"".to_owned(),
            '\\' => "\\\\".to_owned(),
            '\u{85}' => "\\N".to_owned(),
            '\u{A0}' => "\\_".to_owned(),
            '\u{2028}' => "\\L".to_owned(),
            '\u{2029}' => "\\P".to_owned(),
            c if u32::from(c) <= 0xFF => format!("\\x{:02X}", u32::from(c)),
            c if u32::from(c) <= 0xFFFF => format!("\\u{:04X}", u32::from(c)),
            c => format!("\\U{:08X}", u32::from(c)),
        };
        self.text.push_str(&escaped);
        self.column += escaped.len();
    }

    /// Indentation hint and chomping of a block scalar.
    fn block_hints(&mut self, text: &str) {
        if text.starts_with(|c: char| c == ' ' || is_break(c)) {
            self.indicator("2", false, false, false);
        }
        let mut from_end = text.chars().rev();
        match (from_end.next(), from_end.next()) {
            (Some(last), before) if is_break(last) => {
                if before.is_none_or(is_break) {
                    self.indicator("+", false, false, false);
                }
            }
            _ => self.indicator("-", false, false, false),
        }
    }

    fn literal(&mut self, text: &str) {
        self.indicator("|", true, false, false);
        self.block_hints(text);
        self.put_break();
        self.indention = true;
        self.whitespace = true;
        let mut breaks = true;
        for c in text.chars() {
            if is_break(c) {
                self.write_break(c);
                self.indention = true;
                breaks = true;
            } else {
                if breaks {
                    self.write_indent();
                }
                self.put(c);
                self.indention = false;
                breaks = false;
            }
        }
    }

    fn folded(&mut self, text: &str) {
        self.indicator(">", true, false, false);
        self.block_hints(text);
        self.put_break();
        self.indention = true;
        self.whitespace = true;
        let (mut breaks, mut leading_spaces) = (true, true);
        // go-yaml looks at the first character of the whole text where it means the one after the break.
        let first = text.chars().find(|c| !is_break(*c));
        let doubles = first.is_some_and(|c| c != ' ' && c != '\t');
        for c in text.chars() {
            if is_break(c) {
                if !breaks && !leading_spaces && c == '\n' && doubles {
                    self.put_break();
                }
                self.write_break(c);
                self.indention = true;
                breaks = true;
            } else {
                if breaks {
                    self.write_indent();
                    leading_spaces = c == ' ' || c == '\t';
                }
                self.put(c);
                self.indention = false;
                breaks = false;
            }
        }
    }
}

/// Writes a node tree as go-yaml v3 encodes it for kyaml: styles kept, keys in their order, lists not indented within maps, no folding.
pub fn node_to_string(node: &Node) -> String {
    let mut writer = NodeWriter {
        out: Output::new(Width::Unlimited),
    };
    writer.node(node, false, false);
    writer.out.finish()
}

struct NodeWriter {
    out: Output,
}

impl NodeWriter {
    fn node(&mut self, node: &Node, in_mapping: bool, simple_key: bool) {
        let tag = explicit_tag(node);
        if !tag.is_empty() {
            self.out.tag(tag);
        }
        let flow = node.style.has(Style::FLOW) || self.out.flow_level > 0;
        match node.kind {
            Kind::Scalar => {
                let choice = choice_for(node, tag.is_empty());
                self.out
                    .scalar(&node.value, choice, simple_key, Dialect::V3);
            }
            Kind::Sequence if node.content.is_empty() => self.out.empty_collection("[", "]"),
            Kind::Mapping if node.content.is_empty() => self.out.empty_collection("{", "}"),
            Kind::Sequence if flow => self.flow_sequence(node),
            Kind::Mapping if flow => self.flow_mapping(node),
            Kind::Sequence => self.sequence(node, in_mapping),
            Kind::Mapping => self.mapping(node),
        }
    }

    fn sequence(&mut self, node: &Node, in_mapping: bool) {
        let indent = self.out.begin_sequence(in_mapping);
        for item in &node.content {
            self.out.sequence_item();
            self.node(item, false, false);
        }
        self.out.set_indent(indent);
    }

    fn mapping(&mut self, node: &Node) {
        let indent = self.out.begin_mapping();
        for (key, value) in node.entries() {
            if is_simple(key) {
                self.out.simple_key();
                self.node(key, true, true);
                self.out.simple_value();
            } else {
                self.out.complex_key();
                self.node(key, true, false);
                self.out.complex_value();
            }
            self.node(value, true, false);
        }
        self.out.set_indent(indent);
    }

    fn flow_sequence(&mut self, node: &Node) {
        self.out.indicator("[", true, true, false);
        let indent = self.out.increase_indent(true, false);
        self.out.flow_level += 1;
        for (at, item) in node.content.iter().enumerate() {
            if at > 0 {
                self.out.indicator(",", false, false, false);
            }
            self.node(item, false, false);
        }
        self.out.flow_level -= 1;
        self.out.set_indent(indent);
        self.out.indicator("]", false, false, false);
    }

    fn flow_mapping(&mut self, node: &Node) {
        self.out.indicator("{", true, true, false);
        let indent = self.out.increase_indent(true, false);
        self.out.flow_level += 1;
        for (at, (key, value)) in node.entries().enumerate() {
            if at > 0 {
                self.out.indicator(",", false, false, false);
            }
            let simple = is_simple(key);
            if !simple {
                self.out.indicator("?", true, false, false);
            }
            self.node(key, true, simple);
            self.out.indicator(":", !simple, false, false);
            self.node(value, true, false);
        }
        self.out.flow_level -= 1;
        self.out.set_indent(indent);
        self.out.indicator("}", false, false, false);
    }
}

fn is_simple(key: &Node) -> bool {
    match key.kind {
        Kind::Scalar => Output::is_simple_key(&key.value),
        _ => key.content.is_empty(),
    }
}

/// The tag to write before a node; empty when its text gives the same.
fn explicit_tag(node: &Node) -> &str {
    if node.tag == Tag::None {
        return "";
    }
    if node.style.has(Style::TAGGED) {
        return node.tag.as_text();
    }
    let implied = match node.kind {
        Kind::Scalar if node.tag == Tag::Str => return "",
        Kind::Scalar => Tag::of_plain(&node.value, Dialect::V3),
        Kind::Sequence => Tag::Seq,
        Kind::Mapping => Tag::Map,
    };
    if implied == node.tag {
        ""
    } else {
        node.tag.as_text()
    }
}

fn choice_for(node: &Node, untagged: bool) -> ScalarChoice {
    let style = node.style;
    if style.has(Style::DOUBLE_QUOTED) {
        ScalarChoice::DoubleQuoted
    } else if style.has(Style::SINGLE_QUOTED) {
        ScalarChoice::SingleQuoted
    } else if style.has(Style::LITERAL) {
        ScalarChoice::Literal
    } else if style.has(Style::FOLDED) {
        ScalarChoice::Folded
    } else if node.value.contains('\n') {
        ScalarChoice::Literal
    } else if untagged
        && node.tag == Tag::Str
        && Tag::of_plain(&node.value, Dialect::V3) != Tag::Str
    {
        ScalarChoice::DoubleQuoted
    } else {
        ScalarChoice::Plain
    }
}
