//! Mistakes in times.

use crate::quote;

/// The layouts in which Kubernetes reads times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeLayout {
    /// RFC 3339; a fraction of a second may follow the seconds.
    Rfc3339,
    /// The same with a fraction, which must be there.
    Micro,
}

impl TimeLayout {
    fn text(self) -> &'static str {
        match self {
            Self::Rfc3339 => "2006-01-02T15:04:05Z07:00",
            Self::Micro => "2006-01-02T15:04:05.000000Z07:00",
        }
    }
}

/// The parts of a time in order: how Go's layout writes them, and how many digits they have (none: the text itself).
const PARTS: [(&str, usize); 11] = [
    ("2006", 4),
    ("-", 0),
    ("01", 2),
    ("-", 0),
    ("02", 2),
    ("T", 0),
    ("15", 2),
    (":", 0),
    ("04", 2),
    (":", 0),
    ("05", 2),
];

/// Why `time.Parse` refuses a text; `None` for a good one.
pub fn time_error(text: &str, layout: TimeLayout) -> Option<String> {
    let quoted = quote(text);
    let unfit = |rest: &str, part: &str| {
        let (rest, part) = (quote(rest), quote(part));
        Some(format!(
            "parsing time {quoted} as {}: cannot parse {rest} as {part}",
            quote(layout.text())
        ))
    };
    let mut rest = text;
    let mut numbers = Vec::new();
    for (part, digits) in PARTS {
        if digits == 0 {
            let Some(after) = rest.strip_prefix(part) else {
                return unfit(rest, part);
            };
            rest = after;
            continue;
        }
        let Some(number) = rest
            .get(..digits)
            .filter(|start| start.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|start| start.parse::<u32>().ok())
        else {
            return unfit(rest, part);
        };
        let name = match part {
            "01" if !(1..=12).contains(&number) => Some("month"),
            "15" if number > 23 => Some("hour"),
            "04" if number > 59 => Some("minute"),
            "05" if number > 59 => Some("second"),
            _ => None,
        };
        if let Some(name) = name {
            return Some(format!("parsing time {quoted}: {name} out of range"));
        }
        numbers.push(number);
        rest = rest.get(digits..).unwrap_or_default();
    }
    if layout == TimeLayout::Micro {
        let Some(after) = after_micros(rest) else {
            return unfit(rest, ".000000");
        };
        rest = after;
    }
    let fraction = rest.strip_prefix('.').map(|digits| {
        let length = digits.bytes().take_while(u8::is_ascii_digit).count();
        (length, digits.get(length..).unwrap_or_default())
    });
    match fraction {
        Some((length, after)) if length > 0 && layout == TimeLayout::Rfc3339 => rest = after,
        _ => {}
    }
    if !is_zone(rest) {
        return unfit(rest, "Z07:00");
    }
    let day = numbers.get(2).copied().unwrap_or_default();
    let year = numbers.first().copied().unwrap_or_default();
    let month = numbers.get(1).copied().unwrap_or_default();
    (!(1..=days(year, month)).contains(&day))
        .then(|| format!("parsing time {quoted}: day out of range"))
}

/// What follows a fraction of exactly six digits.
fn after_micros(rest: &str) -> Option<&str> {
    const DIGITS: usize = 6;
    let (digits, after) = rest.strip_prefix('.')?.split_at_checked(DIGITS)?;
    digits
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then_some(after)
}

/// Why `time.Parse` refuses a text as a date alone (`2006-01-02`); `None` for a good one.
pub fn date_error(text: &str) -> Option<String> {
    const PARTS_OF_DATE: usize = 5;
    let quoted = bytes_quoted(text);
    let mut rest = text;
    let mut numbers = Vec::new();
    for (part, digits) in PARTS.into_iter().take(PARTS_OF_DATE) {
        let after = if digits == 0 {
            rest.strip_prefix(part)
        } else {
            let split = rest.split_at_checked(digits);
            let number = split.filter(|(start, _)| start.bytes().all(|b| b.is_ascii_digit()));
            number.map(|(start, after)| {
                numbers.push(start.parse::<u32>().unwrap_or_default());
                after
            })
        };
        let Some(after) = after else {
            return Some(format!(
                "parsing time {quoted} as \"2006-01-02\": cannot parse {} as \"{part}\"",
                bytes_quoted(rest)
            ));
        };
        if part == "01"
            && numbers
                .last()
                .is_some_and(|month| !(1..=12).contains(month))
        {
            return Some(format!("parsing time {quoted}: month out of range"));
        }
        rest = after;
    }
    if !rest.is_empty() {
        let extra = bytes_quoted(rest);
        return Some(format!("parsing time {quoted}: extra text: {extra}"));
    }
    let number = |at: usize| numbers.get(at).copied().unwrap_or_default();
    (!(1..=days(number(0), number(1))).contains(&number(2)))
        .then(|| format!("parsing time {quoted}: day out of range"))
}

/// A text in quotes as Go's package time prints it: what is not ASCII byte by byte.
fn bytes_quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => out.extend(['\\', char::from(byte)]),
            b' '..0x80 => out.push(char::from(byte)),
            _ => out.push_str(&format!("\\x{byte:02x}")),
        }
    }
    out.push('"');
    out
}

fn is_zone(text: &str) -> bool {
    let bytes = text.as_bytes();
    match bytes {
        [b'Z'] => true,
        [b'+' | b'-', a, b, b':', c, d] => [a, b, c, d].iter().all(|byte| byte.is_ascii_digit()),
        _ => false,
    }
}

fn days(year: u32, month: u32) -> u32 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_have_the_words_of_go() {
        let told = |text: &str| time_error(text, TimeLayout::Rfc3339);
        assert_eq!(told("2024-02-29T23:59:59.5+01:00"), None);
        assert_eq!(
            told("2023-02-29T00:00:00Z").as_deref(),
            Some("parsing time \"2023-02-29T00:00:00Z\": day out of range")
        );
        assert_eq!(
            told("now").as_deref(),
            Some(
                "parsing time \"now\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"now\" as \"2006\""
            )
        );
        assert!(time_error("2024-01-01T00:00:00Z", TimeLayout::Micro).is_some());
        assert_eq!(date_error("2024-02-29"), None);
        for (text, wanted) in [
            (
                "2023-02-29",
                "parsing time \"2023-02-29\": day out of range",
            ),
            (
                "2023-13-01",
                "parsing time \"2023-13-01\": month out of range",
            ),
            (
                "2023-01-011",
                "parsing time \"2023-01-011\": extra text: \"1\"",
            ),
            (
                "২",
                "parsing time \"\\xe0\\xa7\\xa8\" as \"2006-01-02\": cannot parse \"\\xe0\\xa7\\xa8\" as \"2006\"",
            ),
        ] {
            assert_eq!(date_error(text).as_deref(), Some(wanted));
        }
    }
}
