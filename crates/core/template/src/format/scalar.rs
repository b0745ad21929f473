//! Booleans, numbers and strings under each verb.

use super::printer::{Printer, first_characters};
use crate::strconv::{format_float, is_print, quote, quote_ascii, quote_char, quote_char_ascii};

const LOWER_DIGITS: &[u8; 16] = b"0123456789abcdef";
const UPPER_DIGITS: &[u8; 16] = b"0123456789ABCDEF";
/// Digits of a code point.
const CODE_POINT_DIGITS: usize = 4;

impl Printer {
    /// An integer; `false` when it has no such verb. Negative numbers come with `negative`.
    pub fn integer(&mut self, magnitude: u64, negative: bool, signed: bool, verb: char) -> bool {
        match verb {
            'v' if self.flags.sharp_v && !signed => self.hexadecimal(magnitude),
            'v' | 'd' => self.digits(magnitude, negative, 10, verb, LOWER_DIGITS),
            'b' => self.digits(magnitude, negative, 2, verb, LOWER_DIGITS),
            'o' | 'O' => self.digits(magnitude, negative, 8, verb, LOWER_DIGITS),
            'x' => self.digits(magnitude, negative, 16, verb, LOWER_DIGITS),
            'X' => self.digits(magnitude, negative, 16, verb, UPPER_DIGITS),
            'c' => {
                let text = character_of(magnitude, negative).to_string();
                self.pad(text.as_bytes());
            }
            'q' => {
                let character = character_of(magnitude, negative);
                let text = if self.flags.plus {
                    quote_char_ascii(character)
                } else {
                    quote_char(character)
                };
                self.pad(text.as_bytes());
            }
            'U' => self.code_point(if negative {
                magnitude.wrapping_neg()
            } else {
                magnitude
            }),
            _ => return false,
        }
        true
    }

    /// `0x64`, as `%#v` shows unsigned integers.
    pub fn hexadecimal(&mut self, value: u64) {
        let sharp = std::mem::replace(&mut self.flags.sharp, true);
        self.digits(value, false, 16, 'v', LOWER_DIGITS);
        self.flags.sharp = sharp;
    }

    fn digits(&mut self, magnitude: u64, negative: bool, base: u64, verb: char, digits: &[u8; 16]) {
        let flags = self.flags;
        let mut least = 0;
        if let Some(precision) = flags.precision {
            least = precision;
            if precision == 0 && magnitude == 0 {
                let zero = std::mem::take(&mut self.flags.zero);
                self.padding(flags.width.unwrap_or_default());
                self.flags.zero = zero;
                return;
            }
        } else if flags.zero && !flags.minus {
            let sign = usize::from(negative || flags.plus || flags.space);
            least = flags.width.unwrap_or_default().saturating_sub(sign);
        }
        let mut reversed = Vec::with_capacity(24);
        let mut left = magnitude;
        loop {
            reversed.push(digits[(left % base) as usize]);
            left /= base;
            if left == 0 {
                break;
            }
        }
        while reversed.len() < least {
            reversed.push(b'0');
        }
        if flags.sharp {
            match base {
                2 => reversed.extend(b"b0"),
                8 if reversed.last() != Some(&b'0') => reversed.push(b'0'),
                16 if digits == UPPER_DIGITS => reversed.extend(b"X0"),
                16 => reversed.extend(b"x0"),
                _ => {}
            }
        }
        if verb == 'O' {
            reversed.extend(b"o0");
        }
        if negative {
            reversed.push(b'-');
        } else if flags.plus {
            reversed.push(b'+');
        } else if flags.space {
            reversed.push(b' ');
        }
        reversed.reverse();
        self.pad_with_spaces(&reversed);
    }

    fn code_point(&mut self, value: u64) {
        let digits = self
            .flags
            .precision
            .unwrap_or_default()
            .max(CODE_POINT_DIGITS);
        let mut text = format!("U+{value:0digits$X}");
        let character = u32::try_from(value).ok().and_then(char::from_u32);
        if let (true, Some(character)) = (self.flags.sharp, character)
            && is_print(character)
        {
            text.push_str(&format!(" '{character}'"));
        }
        self.pad_with_spaces(text.as_bytes());
    }

    /// A float; `false` when it has no such verb.
    pub fn float(&mut self, value: f64, single: bool, verb: char) -> bool {
        match verb {
            'v' => self.float_as(value, single, 'g', -1),
            'b' | 'g' | 'G' | 'x' | 'X' => self.float_as(value, single, verb, -1),
            'f' | 'e' | 'E' => self.float_as(value, single, verb, 6),
            'F' => self.float_as(value, single, 'f', 6),
            _ => return false,
        }
        true
    }

    fn float_as(&mut self, value: f64, single: bool, verb: char, precision: i32) {
        let precision = match self.flags.precision {
            Some(precision) => i32::try_from(precision).unwrap_or(i32::MAX),
            None => precision,
        };
        let mut text = if single && precision < 0 && value.is_finite() {
            // The shortest digits of the float32, read as float64, print the same.
            let shortest = (value as f32).to_string().parse().unwrap_or(value);
            format_float(shortest, verb as u8, precision)
        } else {
            format_float(value, verb as u8, precision)
        };
        if !text.starts_with(['-', '+']) {
            text.insert(0, '+');
        }
        if self.flags.space && text.starts_with('+') && !self.flags.plus {
            text.replace_range(..1, " ");
        }
        if !value.is_finite() {
            if value.is_nan() && !self.flags.space && !self.flags.plus {
                text.remove(0);
            }
            // Infinity keeps its sign.
            self.pad_with_spaces(text.as_bytes());
            return;
        }
        if self.flags.sharp && verb != 'b' {
            text = with_point(&text, verb, precision);
        }
        self.signed(&text);
    }

    /// Writes a number that begins with its sign; a plus only when it was asked for.
    fn signed(&mut self, text: &str) {
        let flags = self.flags;
        if !flags.plus && text.starts_with('+') {
            self.pad(&text.as_bytes()[1..]);
            return;
        }
        let width = flags.width.unwrap_or_default();
        if flags.zero && !flags.minus && width > text.len() {
            self.text(&text[..1]);
            self.padding(width - text.len());
            self.text(&text[1..]);
            return;
        }
        self.pad(text.as_bytes());
    }

    /// A complex number; `false` when it has no such verb.
    pub fn complex(&mut self, real: f64, imaginary: f64, verb: char) -> bool {
        if !"vbgGxXfFeE".contains(verb) {
            return false;
        }
        self.out.push(b'(');
        self.float(real, false, verb);
        let plus = std::mem::replace(&mut self.flags.plus, true);
        self.float(imaginary, false, verb);
        self.flags.plus = plus;
        self.text("i)");
        true
    }

    /// A string; `false` when it has no such verb.
    pub fn string(&mut self, bytes: &[u8], verb: char) -> bool {
        match verb {
            'v' if self.flags.sharp_v => self.quoted(bytes),
            'v' | 's' => {
                let cut = self.truncated(bytes);
                self.pad(cut);
            }
            'x' => self.encoded(bytes, LOWER_DIGITS),
            'X' => self.encoded(bytes, UPPER_DIGITS),
            'q' => self.quoted(bytes),
            _ => return false,
        }
        true
    }

    fn truncated<'b>(&self, bytes: &'b [u8]) -> &'b [u8] {
        match self.flags.precision {
            Some(count) => first_characters(bytes, count),
            None => bytes,
        }
    }

    fn quoted(&mut self, bytes: &[u8]) {
        let cut = self.truncated(bytes);
        if self.flags.sharp && can_backquote(cut) {
            let text = [b"`", cut, b"`"].concat();
            self.pad(&text);
        } else if self.flags.plus {
            let text = quote_ascii(cut);
            self.pad(text.as_bytes());
        } else {
            let text = quote(cut);
            self.pad(text.as_bytes());
        }
    }

    fn encoded(&mut self, bytes: &[u8], digits: &[u8; 16]) {
        let flags = self.flags;
        let length = bytes.len().min(flags.precision.unwrap_or(usize::MAX));
        let width = flags.width.unwrap_or_default();
        if length == 0 {
            self.padding(width);
            return;
        }
        let prefix: &[u8] = match (flags.sharp, digits == UPPER_DIGITS) {
            (false, _) => b"",
            (true, false) => b"0x",
            (true, true) => b"0X",
        };
        let mut text = prefix.to_vec();
        for (index, byte) in bytes[..length].iter().enumerate() {
            if flags.space && index > 0 {
                text.push(b' ');
                text.extend_from_slice(prefix);
            }
            text.push(digits[usize::from(byte >> 4)]);
            text.push(digits[usize::from(byte & 15)]);
        }
        let missing = width.saturating_sub(text.len());
        if !flags.minus {
            self.padding(missing);
        }
        self.out.extend_from_slice(&text);
        if flags.minus {
            self.padding(missing);
        }
    }
}

fn character_of(magnitude: u64, negative: bool) -> char {
    if negative {
        return char::REPLACEMENT_CHARACTER;
    }
    u32::try_from(magnitude)
        .ok()
        .and_then(char::from_u32)
        .unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// Restores the point and the trailing zeros that `%#g` and the like keep.
fn with_point(text: &str, verb: char, precision: i32) -> String {
    let mut digits = match verb {
        'g' | 'G' | 'x' if precision < 0 => 6,
        'g' | 'G' | 'x' => precision,
        _ => 0,
    };
    let hexadecimal = verb == 'x' || verb == 'X';
    let tail_at = text
        .find(|c| matches!(c, 'p' | 'P') || (!hexadecimal && matches!(c, 'e' | 'E')))
        .unwrap_or(text.len());
    let (number, tail) = text.split_at(tail_at);
    let mut number = number.to_owned();
    let mut seen = false;
    for byte in number.bytes().skip(1).filter(|byte| *byte != b'.') {
        seen |= byte != b'0';
        if seen {
            digits -= 1;
        }
    }
    if !number.contains('.') {
        if number.len() == 2 && number.ends_with('0') {
            digits -= 1;
        }
        number.push('.');
    }
    for _ in 0..digits {
        number.push('0');
    }
    number + tail
}

fn can_backquote(bytes: &[u8]) -> bool {
    match std::str::from_utf8(bytes) {
        Ok(text) => text
            .chars()
            .all(|c| c != '\u{feff}' && (c >= ' ' || c == '\t') && c != '`' && c != '\u{7f}'),
        Err(_) => false,
    }
}
