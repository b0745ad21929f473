//! Timestamps that go-yaml recognises in plain scalars, printed as Go's JSON prints a time.

/// A cursor over ASCII text.
struct Cursor<'a> {
    rest: &'a [u8],
}

impl Cursor<'_> {
    /// Takes between `min` and `max` digits as a number.
    fn digits(&mut self, min: usize, max: usize) -> Option<u32> {
        let count = self
            .rest
            .iter()
            .take(max)
            .take_while(|b| b.is_ascii_digit())
            .count();
        if count < min {
            return None;
        }
        let (taken, rest) = self.rest.split_at(count);
        self.rest = rest;
        Some(taken.iter().fold(0, |n, b| n * 10 + u32::from(b - b'0')))
    }

    /// Takes one byte out of a set.
    fn one_of(&mut self, set: &[u8]) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        set.contains(first).then(|| {
            self.rest = rest;
            *first
        })
    }
}

/// Days of a month.
fn days_in(year: u32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        _ => 31,
    }
}

/// The timestamp in RFC 3339 form when go-yaml takes the text for one, else `None`.
/// Forms: `2006-1-2`, `2006-1-2T15:4:5.9Z` (also `t`, and an offset `+07:00`), `2006-1-2 15:4:5.9`.
pub(crate) fn parse_timestamp(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    if bytes.len() < 8 || bytes.get(4) != Some(&b'-') {
        return None;
    }
    let mut cursor = Cursor { rest: bytes };
    let year = cursor.digits(4, 4)?;
    cursor.one_of(b"-")?;
    let month = cursor.digits(1, 2)?;
    cursor.one_of(b"-")?;
    let day = cursor.digits(1, 2)?;
    if !(1..=12).contains(&month) || day < 1 || day > days_in(year, month) {
        return None;
    }
    let date = format!("{year:04}-{month:02}-{day:02}");
    if cursor.rest.is_empty() {
        return Some(format!("{date}T00:00:00Z"));
    }
    let separator = cursor.one_of(b"Tt ")?;
    let clock = parse_clock(&mut cursor)?;
    if separator == b' ' {
        return cursor.rest.is_empty().then(|| format!("{date}T{clock}Z"));
    }
    let zone = parse_zone(&mut cursor)?;
    cursor
        .rest
        .is_empty()
        .then(|| format!("{date}T{clock}{zone}"))
}

fn parse_clock(cursor: &mut Cursor<'_>) -> Option<String> {
    let hour = cursor.digits(1, 2)?;
    cursor.one_of(b":")?;
    let minute = cursor.digits(1, 2)?;
    cursor.one_of(b":")?;
    let second = cursor.digits(1, 2)?;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let mut clock = format!("{hour:02}:{minute:02}:{second:02}");
    if cursor.one_of(b".,").is_some() {
        let count = cursor
            .rest
            .iter()
            .take_while(|b| b.is_ascii_digit())
            .count();
        if count == 0 {
            return None;
        }
        let (fraction, rest) = cursor.rest.split_at(count);
        cursor.rest = rest;
        let nanoseconds: String = fraction.iter().take(9).map(|b| char::from(*b)).collect();
        let trimmed = nanoseconds.trim_end_matches('0');
        if !trimmed.is_empty() {
            clock.push('.');
            clock.push_str(trimmed);
        }
    }
    Some(clock)
}

fn parse_zone(cursor: &mut Cursor<'_>) -> Option<String> {
    let sign = cursor.one_of(b"Z+-")?;
    if sign == b'Z' {
        return Some("Z".to_owned());
    }
    let hours = cursor.digits(2, 2)?;
    cursor.one_of(b":")?;
    let minutes = cursor.digits(2, 2)?;
    if hours > 24 || minutes > 59 {
        return None;
    }
    if hours == 0 && minutes == 0 {
        return Some("Z".to_owned());
    }
    Some(format!("{}{hours:02}:{minutes:02}", char::from(sign)))
}
