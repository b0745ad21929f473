//! Format strings.

use super::printer::{Flags, Printer};
use crate::text::first_character;
use crate::value::{Operand, Value};

/// Largest width or precision; more is an error in the text, as in Go.
const MAX_NUMBER: i64 = 1_000_000;

/// `fmt.Sprintf`; `None` when the text would be longer than the limit.
pub fn sprintf(format: &[u8], arguments: &[Operand], limit: usize) -> Option<Vec<u8>> {
    let mut state = State {
        printer: Printer::new(Vec::with_capacity(format.len() + 16)),
        format,
        at: 0,
        arguments,
        next: 0,
        reordered: false,
        after_index: false,
        good: true,
    };
    while state.at < format.len() {
        state.literal();
        if state.at >= format.len() {
            break;
        }
        state.at += 1;
        if !state.verb() {
            break;
        }
        if state.printer.out.len() > limit {
            return None;
        }
    }
    state.extra();
    (state.printer.out.len() <= limit).then_some(state.printer.out)
}

struct State<'a> {
    printer: Printer,
    format: &'a [u8],
    at: usize,
    arguments: &'a [Operand],
    next: usize,
    reordered: bool,
    /// Whether the last thing read was an index such as `[3]`.
    after_index: bool,
    /// Whether every index of this verb was good.
    good: bool,
}

impl State<'_> {
    fn literal(&mut self) {
        let rest = &self.format[self.at..];
        let length = rest
            .iter()
            .position(|byte| *byte == b'%')
            .unwrap_or(rest.len());
        self.printer.out.extend_from_slice(&rest[..length]);
        self.at += length;
    }

    fn peek(&self) -> Option<u8> {
        self.format.get(self.at).copied()
    }

    /// One verb behind its percent sign; `false` at the end of a format that lacks it.
    fn verb(&mut self) -> bool {
        self.good = true;
        self.after_index = false;
        self.printer.flags = Flags::default();
        self.flags();
        self.argument_number();
        self.width();
        self.precision();
        if !self.after_index {
            self.argument_number();
        }
        let Some((verb, size)) = first_character(&self.format[self.at..]) else {
            self.printer.text("%!(NOVERB)");
            return false;
        };
        self.at += size;
        match verb {
            '%' => self.printer.out.push(b'%'),
            verb if !self.good => self.complain(verb, "(BADINDEX)"),
            verb if self.next >= self.arguments.len() => self.complain(verb, "(MISSING)"),
            verb => self.argument(verb),
        }
        true
    }

    fn complain(&mut self, verb: char, what: &str) {
        self.printer.text("%!");
        self.printer.character(verb);
        self.printer.text(what);
    }

    fn argument(&mut self, verb: char) {
        let flags = &mut self.printer.flags;
        if verb == 'v' || verb == 'w' {
            flags.sharp_v = std::mem::take(&mut flags.sharp);
            flags.plus_v = std::mem::take(&mut flags.plus);
        }
        let argument = &self.arguments[self.next];
        self.printer.argument(&argument.value, verb);
        self.next += 1;
    }

    fn flags(&mut self) {
        while let Some(byte) = self.peek() {
            let flags = &mut self.printer.flags;
            match byte {
                b'#' => flags.sharp = true,
                b'0' => flags.zero = true,
                b'+' => flags.plus = true,
                b'-' => flags.minus = true,
                b' ' => flags.space = true,
                _ => return,
            }
            self.at += 1;
        }
    }

    /// `[3]`: the next argument by its number.
    fn argument_number(&mut self) {
        self.after_index = false;
        if self.peek() != Some(b'[') {
            return;
        }
        self.reordered = true;
        let rest = &self.format[self.at..];
        let Some(close) = rest
            .iter()
            .position(|byte| *byte == b']')
            .filter(|_| rest.len() >= 3)
        else {
            self.good = false;
            self.at += 1;
            return;
        };
        let number = std::str::from_utf8(&rest[1..close]).ok();
        let digits = number.filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
        let index: Option<i64> = digits.and_then(|text| text.parse().ok());
        self.at += close + 1;
        match index {
            Some(index) if index >= 1 && index <= self.arguments.len() as i64 => {
                self.next = index as usize - 1;
                self.after_index = true;
            }
            other => {
                self.good = false;
                self.after_index = other.is_some();
            }
        }
    }

    fn width(&mut self) {
        if self.peek() == Some(b'*') {
            self.at += 1;
            match self.integer_argument() {
                Some(width) if width < 0 => {
                    self.printer.flags.minus = true;
                    self.printer.flags.zero = false;
                    self.printer.flags.width = Some(width.unsigned_abs() as usize);
                }
                Some(width) => self.printer.flags.width = Some(width as usize),
                None => self.printer.text("%!(BADWIDTH)"),
            }
            self.after_index = false;
            return;
        }
        self.printer.flags.width = self.number();
        if self.after_index && self.printer.flags.width.is_some() {
            self.good = false;
        }
    }

    fn precision(&mut self) {
        // A point that ends the format is taken for the verb.
        if self.peek() != Some(b'.') || self.at + 1 >= self.format.len() {
            return;
        }
        self.at += 1;
        if self.after_index {
            self.good = false;
        }
        self.argument_number();
        if self.peek() == Some(b'*') {
            self.at += 1;
            match self.integer_argument() {
                Some(precision) if precision >= 0 => {
                    self.printer.flags.precision = Some(precision as usize);
                }
                _ => self.printer.text("%!(BADPREC)"),
            }
            self.after_index = false;
            return;
        }
        self.printer.flags.precision = Some(self.number().unwrap_or_default());
    }

    fn integer_argument(&mut self) -> Option<i64> {
        let argument = self.arguments.get(self.next)?;
        self.next += 1;
        let int = match argument.value {
            Value::Int(_, int) => int,
            Value::Uint(_, uint) => i64::try_from(uint).ok()?,
            _ => return None,
        };
        (-MAX_NUMBER..=MAX_NUMBER).contains(&int).then_some(int)
    }

    fn number(&mut self) -> Option<usize> {
        let start = self.at;
        let mut number = 0_i64;
        while let Some(byte) = self.peek().filter(u8::is_ascii_digit) {
            if number > MAX_NUMBER {
                // A crazy number: Go gives up on the rest of the format.
                self.at = self.format.len();
                return None;
            }
            number = number * 10 + i64::from(byte - b'0');
            self.at += 1;
        }
        (self.at > start).then_some(number as usize)
    }

    /// Arguments that no verb took.
    fn extra(&mut self) {
        if self.reordered || self.next >= self.arguments.len() {
            return;
        }
        self.printer.flags = Flags::default();
        self.printer.text("%!(EXTRA ");
        for (index, argument) in self.arguments[self.next..].iter().enumerate() {
            if index > 0 {
                self.printer.text(", ");
            }
            if !matches!(argument.value, Value::Nil) {
                let name = argument.value.type_name();
                self.printer.text(&name);
                self.printer.out.push(b'=');
            }
            self.printer.argument(&argument.value, 'v');
        }
        self.printer.out.push(b')');
    }
}
