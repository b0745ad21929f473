//! How the text of a scalar may be written: libyaml's analysis, with go-yaml's idea of printable characters.

use crate::compose::Dialect;

/// What a text contains, and which styles can carry it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Analysis {
    pub(crate) multiline: bool,
    pub(crate) flow_plain_allowed: bool,
    pub(crate) block_plain_allowed: bool,
    pub(crate) single_quoted_allowed: bool,
    pub(crate) block_allowed: bool,
}

/// Line breaks of YAML 1.1.
pub(crate) fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn is_blank(c: char) -> bool {
    c == ' ' || c == '\t'
}

/// Characters that go-yaml writes without escape. It takes none beyond the basic plane for printable.
pub(crate) fn is_printable(c: char) -> bool {
    matches!(c,
        '\n' | ' '..='~' | '\u{A0}'..='\u{D7FF}' | '\u{E000}'..='\u{FEFE}' | '\u{FF00}'..='\u{FFFD}')
}

/// What words consist of: ASCII letters and digits, `_`, `/`, `.` and `-`.
const WORD_BYTES: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    while byte < u8::MAX {
        table[byte as usize] =
            byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'/' | b'.' | b'-');
        byte += 1;
    }
    table
};

/// Whether a text is one word that begins with no dot or dash: any style can carry it anywhere. Nearly all keys and most values are.
pub(crate) fn is_word(text: &str) -> bool {
    let bytes = text.as_bytes();
    let starts_well = |byte: &u8| !matches!(byte, b'.' | b'-');
    bytes.first().is_some_and(starts_well)
        && bytes.iter().all(|byte| WORD_BYTES[usize::from(*byte)])
}

/// Flags gathered over the characters.
#[derive(Default)]
struct Seen {
    block_indicators: bool,
    flow_indicators: bool,
    line_breaks: bool,
    special: bool,
    tab: bool,
    leading_space: bool,
    leading_break: bool,
    trailing_space: bool,
    trailing_break: bool,
    break_space: bool,
    space_break: bool,
}

impl Seen {
    fn indicator(&mut self, c: char, first: bool, preceded: bool, followed: bool) {
        let (flow, block) = match (first, c) {
            (
                true,
                '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%'
                | '@' | '`',
            ) => (true, true),
            (true, '?' | ':') | (false, ':') => (true, followed),
            (true, '-') => (followed, followed),
            (false, ',' | '?' | '[' | ']' | '{' | '}') => (true, false),
            (false, '#') => (preceded, preceded),
            _ => (false, false),
        };
        self.flow_indicators |= flow;
        self.block_indicators |= block;
    }

    fn scan(value: &str, tabs_in_blocks: bool) -> Self {
        let mut seen = Self::default();
        if value.starts_with("---") || value.starts_with("...") {
            seen.block_indicators = true;
            seen.flow_indicators = true;
        }
        let (mut previous_space, mut previous_break, mut preceded) = (false, false, true);
        let mut chars = value.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            let next = chars.peek().map(|(_, n)| *n);
            let (first, last) = (at == 0, next.is_none());
            seen.indicator(c, first, preceded, next.is_none_or(is_blank));
            if c == '\t' && tabs_in_blocks {
                seen.tab = true;
            } else {
                seen.special |= !is_printable(c);
            }
            if c == ' ' {
                seen.leading_space |= first;
                seen.trailing_space |= last;
                seen.break_space |= previous_break;
                (previous_space, previous_break) = (true, false);
            } else if is_break(c) {
                seen.line_breaks = true;
                seen.leading_break |= first;
                seen.trailing_break |= last;
                seen.space_break |= previous_space;
                (previous_space, previous_break) = (false, true);
            } else {
                (previous_space, previous_break) = (false, false);
            }
            preceded = is_blank(c) || is_break(c) || c == '\0';
        }
        seen
    }
}

/// Analyses a text. go-yaml v3 lets tabs stand in blocks, v2 escapes them.
pub(crate) fn analyze(value: &str, dialect: Dialect) -> Analysis {
    if value.is_empty() {
        return Analysis {
            multiline: false,
            flow_plain_allowed: false,
            block_plain_allowed: true,
            single_quoted_allowed: true,
            block_allowed: false,
        };
    }
    if is_word(value) {
        return Analysis {
            multiline: false,
            flow_plain_allowed: true,
            block_plain_allowed: true,
            single_quoted_allowed: true,
            block_allowed: true,
        };
    }
    let seen = Seen::scan(value, dialect == Dialect::V3);
    let edges =
        seen.leading_space || seen.leading_break || seen.trailing_space || seen.trailing_break;
    let unsafe_text = seen.space_break || seen.special;
    let plain = !(edges || seen.tab || seen.break_space || unsafe_text || seen.line_breaks);
    Analysis {
        multiline: seen.line_breaks,
        flow_plain_allowed: plain && !seen.flow_indicators,
        block_plain_allowed: plain && !seen.block_indicators,
        single_quoted_allowed: !(seen.break_space || seen.tab || unsafe_text),
        block_allowed: !(seen.trailing_space || unsafe_text),
    }
}
