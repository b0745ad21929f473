//! Number constants: every type that can hold one is worked out when it is parsed.

use crate::parse::node::Number;
use crate::strconv::{parse_float, parse_int, parse_uint, quote, unquote_char};

/// Whether the constant was written as a character, with an imaginary part, or plainly.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum NumberForm {
    Character,
    Complex,
    Plain,
}

impl Number {
    /// Reads a constant; the error is Go's text.
    pub fn parse(text: &str, form: NumberForm) -> Result<Self, String> {
        let mut number = Self {
            text: text.into(),
            ..Self::default()
        };
        match form {
            NumberForm::Character => {
                let inner = text.get(1..).unwrap_or_default();
                let ((code, _), tail) =
                    unquote_char(inner, b'\'').map_err(|error| error.to_string())?;
                if tail != "'" {
                    return Err(format!("malformed character constant: {text}"));
                }
                number.int = Some(i64::from(code));
                number.uint = Some(u64::from(code));
                number.float = Some(f64::from(code));
                return Ok(number);
            }
            NumberForm::Complex => {
                let (real, imaginary) =
                    split_complex(text).ok_or("syntax error scanning complex number")?;
                number.set_complex(real, imaginary);
                return Ok(number);
            }
            NumberForm::Plain => {}
        }
        if let Some(imaginary) = text.strip_suffix('i')
            && let Ok(imaginary) = parse_float(&imaginary.replace('_', ""))
        {
            number.set_complex(0.0, imaginary);
            return Ok(number);
        }
        number.set_plain(text)?;
        Ok(number)
    }

    fn set_plain(&mut self, text: &str) -> Result<(), String> {
        self.uint = parse_uint(text, 0).ok();
        self.int = parse_int(text, 0).ok();
        if self.int == Some(0) {
            self.uint = Some(0);
        }
        if let Some(int) = self.int {
            self.float = Some(int as f64);
        } else if let Some(uint) = self.uint {
            self.float = Some(uint as f64);
        } else if let Ok(float) = parse_float(text) {
            if !text.contains(['.', 'e', 'E', 'p', 'P']) {
                return Err(format!("integer overflow: {}", quote(text.as_bytes())));
            }
            self.set_float(float);
        }
        if self.int.is_none() && self.uint.is_none() && self.float.is_none() {
            return Err(format!("illegal number syntax: {}", quote(text.as_bytes())));
        }
        Ok(())
    }

    fn set_float(&mut self, float: f64) {
        self.float = Some(float);
        // Casts saturate: a float out of range differs from what it was cast to, save at the very edge.
        if (float as i64) as f64 == float && float < i64::MAX as f64 {
            self.int = Some(float as i64);
        }
        if (float as u64) as f64 == float && float < u64::MAX as f64 {
            self.uint = Some(float as u64);
        }
    }

    fn set_complex(&mut self, real: f64, imaginary: f64) {
        self.complex = Some((real, imaginary));
        if imaginary == 0.0 {
            self.set_float(real);
        }
    }
}

/// `1+2i`: the sign that splits it is not the one of an exponent.
fn split_complex(text: &str) -> Option<(f64, f64)> {
    let body = text.strip_suffix('i')?;
    let bytes = body.as_bytes();
    let at = (1..bytes.len()).rev().find(|at| {
        matches!(bytes[*at], b'+' | b'-') && !matches!(bytes[*at - 1], b'e' | b'E' | b'p' | b'P')
    })?;
    Some((
        parse_float(&body[..at]).ok()?,
        parse_float(&body[at..]).ok()?,
    ))
}
