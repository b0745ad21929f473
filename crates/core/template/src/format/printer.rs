//! The buffer and the flags of one verb.

/// Flags, width and precision of one verb.
#[derive(Clone, Copy, Debug, Default)]
pub struct Flags {
    pub width: Option<usize>,
    pub precision: Option<usize>,
    pub minus: bool,
    pub plus: bool,
    pub sharp: bool,
    pub space: bool,
    pub zero: bool,
    /// `%+v`.
    pub plus_v: bool,
    /// `%#v`.
    pub sharp_v: bool,
}

/// Prints values into a buffer.
pub struct Printer {
    pub out: Vec<u8>,
    pub flags: Flags,
    /// Whether a bad verb is being reported: methods are not called then.
    pub erroring: bool,
}

impl Printer {
    pub fn new(out: Vec<u8>) -> Self {
        Self {
            out,
            flags: Flags::default(),
            erroring: false,
        }
    }

    pub fn text(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    pub fn character(&mut self, character: char) {
        let mut buffer = [0; 4];
        self.text(character.encode_utf8(&mut buffer));
    }

    pub fn padding(&mut self, count: usize) {
        let byte = if self.flags.zero && !self.flags.minus {
            b'0'
        } else {
            b' '
        };
        self.out.extend(std::iter::repeat_n(byte, count));
    }

    /// Writes bytes with padding to the width, counted in characters.
    pub fn pad(&mut self, bytes: &[u8]) {
        let width = self.flags.width.unwrap_or_default();
        let missing = match width {
            0 => 0,
            width => width.saturating_sub(character_count(bytes)),
        };
        if !self.flags.minus {
            self.padding(missing);
        }
        self.out.extend_from_slice(bytes);
        if self.flags.minus {
            self.padding(missing);
        }
    }

    /// As [`Printer::pad`], with spaces whatever the flags say.
    pub fn pad_with_spaces(&mut self, bytes: &[u8]) {
        let zero = std::mem::take(&mut self.flags.zero);
        self.pad(bytes);
        self.flags.zero = zero;
    }
}

/// Characters as Go counts them: a byte that is no UTF-8 is one.
pub fn character_count(bytes: &[u8]) -> usize {
    bytes
        .utf8_chunks()
        .map(|chunk| chunk.valid().chars().count() + chunk.invalid().len())
        .sum()
}

/// The first `count` characters.
pub fn first_characters(bytes: &[u8], count: usize) -> &[u8] {
    let mut left = count;
    let mut at = 0;
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            if left == 0 {
                return &bytes[..at];
            }
            left -= 1;
            at += character.len_utf8();
        }
        for _ in chunk.invalid() {
            if left == 0 {
                return &bytes[..at];
            }
            left -= 1;
            at += 1;
        }
    }
    bytes
}
