//! Integers, by the rules of `strconv.ParseInt` and `strconv.ParseUint`.

/// Why a text is no number, in Go's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// It does not look like a number.
    #[error("invalid syntax")]
    Syntax,
    /// It does not fit.
    #[error("value out of range")]
    Range,
}

/// Reads an unsigned integer. Base 0 takes the base from the prefix and allows underscores.
pub fn parse_uint(text: &str, base: u32) -> Result<u64, NumberError> {
    let (digits, base, underscores) = if base == 0 {
        let (digits, base) = prefixed(text);
        (digits, base, true)
    } else {
        (text, base, false)
    };
    if text.is_empty() || (digits.is_empty() && base != 8) {
        return Err(NumberError::Syntax);
    }
    let mut value: u64 = 0;
    let mut range = false;
    let mut any = digits.len() < text.len();
    for byte in digits.bytes() {
        if byte == b'_' && underscores {
            continue;
        }
        let digit = char::from(byte).to_digit(base).ok_or(NumberError::Syntax)?;
        any = true;
        match value
            .checked_mul(u64::from(base))
            .and_then(|value| value.checked_add(u64::from(digit)))
        {
            Some(next) => value = next,
            None => range = true,
        }
    }
    if !any || (underscores && !underscores_ok(text)) {
        return Err(NumberError::Syntax);
    }
    if range {
        Err(NumberError::Range)
    } else {
        Ok(value)
    }
}

/// Reads a signed integer of 64 bits. Base 0 takes the base from the prefix.
pub fn parse_int(text: &str, base: u32) -> Result<i64, NumberError> {
    let (negative, digits) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    let magnitude = parse_uint(digits, base)?;
    if negative {
        if magnitude > 1 << 63 {
            return Err(NumberError::Range);
        }
        return Ok((magnitude as i64).wrapping_neg());
    }
    i64::try_from(magnitude).map_err(|_| NumberError::Range)
}

fn prefixed(text: &str) -> (&str, u32) {
    let bytes = text.as_bytes();
    match bytes {
        [b'0', b'x' | b'X', _, ..] => (&text[2..], 16),
        [b'0', b'b' | b'B', _, ..] => (&text[2..], 2),
        [b'0', b'o' | b'O', _, ..] => (&text[2..], 8),
        [b'0', ..] => (&text[1..], 8),
        _ => (text, 10),
    }
}

/// Underscores stand between digits, or between the prefix and a digit.
pub(super) fn underscores_ok(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut previous = b'^';
    let mut at = 0;
    let mut hex = false;
    if let [b'0', letter, ..] = bytes
        && matches!(letter.to_ascii_lowercase(), b'b' | b'o' | b'x')
    {
        at = 2;
        previous = b'0';
        hex = letter.eq_ignore_ascii_case(&b'x');
    }
    for byte in &bytes[at..] {
        let digit = byte.is_ascii_digit() || (hex && byte.is_ascii_hexdigit());
        if digit {
            previous = b'0';
        } else if *byte == b'_' {
            if previous != b'0' {
                return false;
            }
            previous = b'_';
        } else {
            if previous == b'_' {
                return false;
            }
            previous = b'!';
        }
    }
    previous != b'_'
}
