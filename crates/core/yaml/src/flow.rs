//! Plain scalars in flow collections of which go-yaml thinks otherwise than libyaml: `[a:]` holds a text that ends with a colon, and a question mark ends a text.

use std::borrow::Cow;
use std::io::{Chain, Cursor, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};

use libyaml_safer::{Error, EventData, MappingStyle, Parser, ScalarStyle, SequenceStyle};

use crate::compose::NO_COLON;
use crate::error::YamlError;
use crate::escapes::BYTE_ORDER_MARK;

/// What the scanner says of a colon before an indicator.
const COLON: &str = "found unexpected ':'";
/// What the parser says where a value may stand.
const NO_CONTENT: &str = "did not find expected node content";
/// Characters that mean nothing in a plain scalar; one that the text does not have stands for such a colon.
const STAND_INS: &[u8] = b"^;$()=+~<\\/_";
/// Most bytes that are read again because of such colons in one text.
const MAX_REPEATED_BYTES: usize = 16 << 20;

/// What the parser reads.
pub(crate) type Input<'a> = Chain<Cursor<Cow<'a, [u8]>>, &'static [u8]>;

/// A parser of a text, with what is added to its end.
pub(crate) fn parser<'a>(text: Cow<'a, [u8]>, end: &'static [u8]) -> Parser<Input<'a>> {
    let mut parser = Parser::new();
    parser.set_input(Cursor::new(text).chain(end));
    parser
}

/// Whether the scanner stumbles over such a colon.
pub(crate) fn is_colon(error: &Error) -> bool {
    error.problem() == COLON
}

/// What go-yaml's parser says where libyaml's scanner misses the colon of a key: go-yaml hands over an empty flow collection without looking for one.
pub(crate) fn error_at_empty_collection(text: &[u8], error: &Error) -> Option<Error> {
    if error.problem() != NO_COLON {
        return None;
    }
    let mark = error.context_mark()?;
    let (line, column) = (
        usize::try_from(mark.line).ok()?,
        usize::try_from(mark.column).ok()?,
    );
    let mut lines = text.split_inclusive(|byte| *byte == b'\n');
    let before: usize = lines.by_ref().take(line).map(<[u8]>::len).sum();
    let place = before + column;
    let (open, inside) = text.get(place..)?.split_first()?;
    let close = match open {
        b'{' => b'}',
        b'[' => b']',
        _ => return None,
    };
    let next = inside.iter().find(|byte| !byte.is_ascii_whitespace())?;
    if *next != close {
        return None;
    }
    // A closing bracket is no beginning of a key either, and the scanner hands it over.
    let mut cut = text[..place].to_vec();
    cut.push(close);
    let mut parser = parser(Cow::Owned(cut), b"");
    loop {
        match catch_unwind(AssertUnwindSafe(|| parser.parse())).ok()? {
            Ok(event) if matches!(event.data, EventData::StreamEnd) => return None,
            Ok(_) => {}
            // Where a value may stand, the collection is one, and the scanner has its say.
            Err(error) => return (error.problem() != NO_CONTENT).then_some(error),
        }
    }
}

/// Colons that a character stands for.
#[derive(Debug, Default)]
pub(crate) struct Colons {
    /// The text with the character in their places.
    text: Vec<u8>,
    stand_in: Option<char>,
    repeated_bytes: usize,
}

impl Colons {
    /// The text with one more colon hidden; `None` when that cannot be done.
    pub(crate) fn hide(&mut self, text: &[u8], error: &Error) -> Option<Vec<u8>> {
        self.repeated_bytes = self.repeated_bytes.saturating_add(text.len());
        if self.repeated_bytes > MAX_REPEATED_BYTES {
            return None;
        }
        let stand_in = match self.stand_in {
            Some(known) => known,
            None => {
                let unused = STAND_INS.iter().find(|byte| !text.contains(byte))?;
                self.text = text.to_vec();
                *self.stand_in.insert(char::from(*unused))
            }
        };
        let mark = if text.starts_with(BYTE_ORDER_MARK) {
            BYTE_ORDER_MARK.len()
        } else {
            0
        };
        let place = usize::try_from(error.problem_mark()?.index).ok()? + mark;
        let colon = self.text.get_mut(place).filter(|byte| **byte == b':')?;
        *colon = u8::try_from(stand_in).ok()?;
        Some(self.text.clone())
    }

    /// Puts the colons of a scalar back.
    pub(crate) fn restore(&self, data: &mut EventData) {
        if let (Some(stand_in), EventData::Scalar { value, style, .. }) = (self.stand_in, data)
            && *style == ScalarStyle::Plain
            && value.contains(stand_in)
        {
            *value = value.replace(stand_in, ":");
        }
    }
}

/// The flow collections around, as their closing brackets.
#[derive(Debug, Default)]
pub(crate) struct Brackets(Vec<char>);

impl Brackets {
    /// Follows an event; refuses a plain scalar in which go-yaml sees the beginning of a key.
    pub(crate) fn follow(
        &mut self,
        data: &EventData,
        text: &[u8],
        (start, lines_before): (u64, u64),
    ) -> Result<(), YamlError> {
        let is_inside = !self.0.is_empty();
        match data {
            EventData::SequenceStart { style, .. }
                if is_inside || *style == SequenceStyle::Flow =>
            {
                self.0.push(']');
            }
            EventData::MappingStart { style, .. } if is_inside || *style == MappingStyle::Flow => {
                self.0.push('}');
            }
            EventData::SequenceEnd | EventData::MappingEnd => {
                self.0.pop();
            }
            EventData::Scalar { value, style, .. }
                if is_inside && *style == ScalarStyle::Plain && value.contains('?') =>
            {
                return Err(self.refusal(text, start, lines_before));
            }
            _ => {}
        }
        Ok(())
    }

    fn refusal(&self, text: &[u8], start: u64, lines_before: u64) -> YamlError {
        let counted = crate::escapes::counted(text);
        let start = usize::try_from(start).unwrap_or(0).min(counted.len());
        let length = counted[start..].iter().position(|byte| *byte == b'?');
        let before = &counted[..start + length.unwrap_or(0)];
        let line = before.iter().filter(|byte| **byte == b'\n').count() as u64;
        let last = before.iter().rposition(|byte| *byte == b'\n');
        let column = before.len() - last.map_or(0, |place| place + 1);
        let bracket = self.0.last().copied().unwrap_or(']');
        let go_text = match line {
            0 => format!("did not find expected ',' or '{bracket}'"),
            line => format!("line {line}: did not find expected ',' or '{bracket}'"),
        };
        YamlError::Syntax {
            line: line + 1 + lines_before,
            column: column as u64 + 1,
            problem: format!(
                "did not find expected ',' or '{bracket}': quote the text that has a question mark"
            ),
            go_text,
        }
    }
}
