//! The tokens of a text in the order of the parser, each with the moment at which go-yaml's scanner puts it into its queue.

use std::panic::{AssertUnwindSafe, catch_unwind};

use libyaml_safer::{ScalarStyle, Scanner, TokenData};

/// A place in the text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mark {
    /// Offset in bytes.
    pub(super) at: usize,
    /// From 0.
    pub(super) line: usize,
    /// In characters, from 0; that of a comment is counted from 1, as go-yaml does.
    pub(super) column: usize,
}

/// What a token is, as far as comments care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Directive,
    DocumentStart,
    DocumentEnd,
    StreamStart,
    StreamEnd,
    BlockSequenceStart,
    BlockMappingStart,
    BlockEnd,
    FlowSequenceStart,
    FlowSequenceEnd,
    FlowMappingStart,
    FlowMappingEnd,
    BlockEntry,
    FlowEntry,
    Key,
    Value,
    Alias,
    /// An anchor or a tag.
    Property,
    PlainScalar,
    BlockScalar,
    QuotedScalar,
}

impl Kind {
    pub(super) fn is_scalar(self) -> bool {
        matches!(
            self,
            Self::PlainScalar | Self::BlockScalar | Self::QuotedScalar
        )
    }
}

/// A token.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) start: Mark,
    pub(super) end: Mark,
    /// Number of the fetch that queues it; a fetch reads one token that stands in the text, and adds those that only the structure has.
    pub(super) fetch: usize,
    /// Whether it stands in the text.
    pub(super) is_written: bool,
}

/// Scans a whole text. `None` where libyaml refuses it, or counts lines otherwise than by line feeds.
pub(super) fn scan(text: &str) -> Option<Vec<Token>> {
    if text.contains(['\r', '\u{85}', '\u{2028}', '\u{2029}']) {
        return None;
    }
    // The scanner panics on some broken texts.
    catch_unwind(AssertUnwindSafe(|| tokens_of(text))).ok()?
}

fn tokens_of(text: &str) -> Option<Vec<Token>> {
    let number = |n: u64| usize::try_from(n).ok();
    let mark = |mark: libyaml_safer::Mark| {
        Some(Mark {
            at: number(mark.index)?.min(text.len()),
            line: number(mark.line)?,
            column: number(mark.column)?,
        })
    };
    let ended = format!("{text}\n");
    let mut input = if text.ends_with('\n') {
        text.as_bytes()
    } else {
        ended.as_bytes()
    };
    let mut scanner = Scanner::new();
    scanner.set_input_string(&mut input);
    let mut tokens = Vec::new();
    loop {
        let token = Scanner::scan(&mut scanner).ok()?;
        let (start, end) = (mark(token.start_mark)?, mark(token.end_mark)?);
        let kind = kind_of(&token.data);
        let is_written = match kind {
            Kind::BlockSequenceStart | Kind::BlockMappingStart | Kind::BlockEnd => false,
            Kind::Key => start != end,
            _ => true,
        };
        tokens.push(Token {
            kind,
            start,
            end,
            fetch: 0,
            is_written,
        });
        if kind == Kind::StreamEnd {
            break;
        }
    }
    number_fetches(&mut tokens);
    Some(tokens)
}

fn kind_of(data: &TokenData) -> Kind {
    match data {
        TokenData::StreamStart { .. } => Kind::StreamStart,
        TokenData::StreamEnd => Kind::StreamEnd,
        TokenData::VersionDirective { .. } | TokenData::TagDirective { .. } => Kind::Directive,
        TokenData::DocumentStart => Kind::DocumentStart,
        TokenData::DocumentEnd => Kind::DocumentEnd,
        TokenData::BlockSequenceStart => Kind::BlockSequenceStart,
        TokenData::BlockMappingStart => Kind::BlockMappingStart,
        TokenData::BlockEnd => Kind::BlockEnd,
        TokenData::FlowSequenceStart => Kind::FlowSequenceStart,
        TokenData::FlowSequenceEnd => Kind::FlowSequenceEnd,
        TokenData::FlowMappingStart => Kind::FlowMappingStart,
        TokenData::FlowMappingEnd => Kind::FlowMappingEnd,
        TokenData::BlockEntry => Kind::BlockEntry,
        TokenData::FlowEntry => Kind::FlowEntry,
        TokenData::Key => Kind::Key,
        TokenData::Value => Kind::Value,
        TokenData::Alias { .. } => Kind::Alias,
        TokenData::Anchor { .. } | TokenData::Tag { .. } => Kind::Property,
        TokenData::Scalar { style, .. } => match style {
            ScalarStyle::Literal | ScalarStyle::Folded => Kind::BlockScalar,
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => Kind::QuotedScalar,
            _ => Kind::PlainScalar,
        },
    }
}

/// A simple key is known for one when its colon is fetched: then the key, and the map that it begins, come into the queue before it.
fn number_fetches(tokens: &mut [Token]) {
    let mut fetch = 0;
    for token in tokens.iter_mut() {
        token.fetch = fetch;
        fetch += usize::from(token.is_written);
    }
    for at in 0..tokens.len() {
        if tokens[at].kind != Kind::Key || tokens[at].is_written {
            continue;
        }
        let Some(colon) = colon_of(&tokens[at + 1..]) else {
            continue;
        };
        tokens[at].fetch = colon;
        if at > 0 && tokens[at - 1].kind == Kind::BlockMappingStart {
            tokens[at - 1].fetch = colon;
        }
    }
}

/// The fetch of the colon of the simple key that begins here: the first one outside of flow collections in the key.
fn colon_of(tokens: &[Token]) -> Option<usize> {
    let mut depth = 0_usize;
    for token in tokens {
        match token.kind {
            Kind::FlowSequenceStart | Kind::FlowMappingStart => depth += 1,
            Kind::FlowSequenceEnd | Kind::FlowMappingEnd => depth = depth.saturating_sub(1),
            Kind::Value if depth == 0 => return Some(token.fetch),
            _ => {}
        }
    }
    None
}
