//! Layouts: times written after an example.

use super::{GoTime, MONTHS, WEEKDAYS};

/// A piece of a layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece {
    LongMonth,
    Month,
    NumberMonth,
    ZeroMonth,
    LongWeekday,
    Weekday,
    Day,
    UnderDay,
    ZeroDay,
    UnderYearDay,
    ZeroYearDay,
    Hour,
    Hour12,
    ZeroHour12,
    Minute,
    ZeroMinute,
    Second,
    ZeroSecond,
    LongYear,
    Year,
    UpperPm,
    LowerPm,
    ZoneName,
    /// `Z` for UTC, else as the offset: with colons, with seconds, hours alone.
    Zone {
        z_for_utc: bool,
        colons: bool,
        seconds: bool,
        short: bool,
    },
    /// Digits of the second behind a point or comma; trailing zeros are dropped for nines.
    Fraction {
        digits: usize,
        nines: bool,
        comma: bool,
    },
}

const fn zone(z_for_utc: bool, colons: bool, seconds: bool, short: bool) -> Piece {
    Piece::Zone {
        z_for_utc,
        colons,
        seconds,
        short,
    }
}

/// Examples that stand for a piece; of those that match at one place, the first is meant.
const EXAMPLES: &[(&str, Piece)] = &[
    ("January", Piece::LongMonth),
    ("Jan", Piece::Month),
    ("Monday", Piece::LongWeekday),
    ("Mon", Piece::Weekday),
    ("MST", Piece::ZoneName),
    ("01", Piece::ZeroMonth),
    ("02", Piece::ZeroDay),
    ("03", Piece::ZeroHour12),
    ("04", Piece::ZeroMinute),
    ("05", Piece::ZeroSecond),
    ("06", Piece::Year),
    ("002", Piece::ZeroYearDay),
    ("15", Piece::Hour),
    ("1", Piece::NumberMonth),
    ("2006", Piece::LongYear),
    ("2", Piece::Day),
    // An underscore before a year is a literal one.
    ("__2", Piece::UnderYearDay),
    ("_2", Piece::UnderDay),
    ("3", Piece::Hour12),
    ("4", Piece::Minute),
    ("5", Piece::Second),
    ("PM", Piece::UpperPm),
    ("pm", Piece::LowerPm),
    ("-070000", zone(false, false, true, false)),
    ("-07:00:00", zone(false, true, true, false)),
    ("-0700", zone(false, false, false, false)),
    ("-07:00", zone(false, true, false, false)),
    ("-07", zone(false, false, false, true)),
    ("Z070000", zone(true, false, true, false)),
    ("Z07:00:00", zone(true, true, true, false)),
    ("Z0700", zone(true, false, false, false)),
    ("Z07:00", zone(true, true, false, false)),
    ("Z07", zone(true, false, false, true)),
];

/// The text before the first piece, the piece, and what follows it.
pub fn next_piece(layout: &str) -> (&str, Option<Piece>, &str) {
    for (at, _) in layout.char_indices() {
        let rest = &layout[at..];
        if rest.starts_with("_2006") {
            return (
                &layout[..=at],
                Some(Piece::LongYear),
                &layout[at + "_2006".len()..],
            );
        }
        let example = EXAMPLES
            .iter()
            .find(|(example, piece)| rest.starts_with(example) && !is_part_of_word(rest, *piece));
        if let Some((example, piece)) = example {
            return (&layout[..at], Some(*piece), &rest[example.len()..]);
        }
        if let Some((piece, length)) = fraction(rest) {
            return (&layout[..at], Some(piece), &rest[length..]);
        }
    }
    (layout, None, "")
}

/// `Janet` holds no month, `Month` no weekday.
fn is_part_of_word(rest: &str, piece: Piece) -> bool {
    let length = "Jan".len();
    matches!(piece, Piece::Month | Piece::Weekday)
        && rest
            .as_bytes()
            .get(length)
            .is_some_and(u8::is_ascii_lowercase)
}

/// `.000` or `,999`, not followed by another digit.
fn fraction(rest: &str) -> Option<(Piece, usize)> {
    let bytes = rest.as_bytes();
    let comma = match bytes.first()? {
        b'.' => false,
        b',' => true,
        _ => return None,
    };
    let digit = *bytes.get(1).filter(|digit| matches!(digit, b'0' | b'9'))?;
    let digits = bytes[1..].iter().take_while(|byte| **byte == digit).count();
    if bytes.get(1 + digits).is_some_and(u8::is_ascii_digit) {
        return None;
    }
    let piece = Piece::Fraction {
        digits,
        nines: digit == b'9',
        comma,
    };
    Some((piece, 1 + digits))
}

/// A time after an example.
pub fn format(time: &GoTime, layout: &str) -> String {
    let wall = time.wall();
    let civil = wall.civil;
    let hour12 = match civil.hour() % 12 {
        0 => 12,
        hour => hour,
    };
    let month = MONTHS[civil.month() as usize - 1];
    let weekday = WEEKDAYS[civil.weekday().to_sunday_zero_offset() as usize];
    let afternoon = civil.hour() >= 12;
    let mut out = String::new();
    let mut rest = layout;
    loop {
        let (literal, piece, after) = next_piece(rest);
        out.push_str(literal);
        let Some(piece) = piece else {
            return out;
        };
        rest = after;
        let text = match piece {
            Piece::LongMonth => month.to_owned(),
            Piece::Month => month[..3].to_owned(),
            Piece::NumberMonth => civil.month().to_string(),
            Piece::ZeroMonth => format!("{:02}", civil.month()),
            Piece::LongWeekday => weekday.to_owned(),
            Piece::Weekday => weekday[..3].to_owned(),
            Piece::Day => civil.day().to_string(),
            Piece::UnderDay => format!("{:2}", civil.day()),
            Piece::ZeroDay => format!("{:02}", civil.day()),
            Piece::UnderYearDay => format!("{:3}", civil.day_of_year()),
            Piece::ZeroYearDay => format!("{:03}", civil.day_of_year()),
            Piece::Hour => format!("{:02}", civil.hour()),
            Piece::Hour12 => hour12.to_string(),
            Piece::ZeroHour12 => format!("{hour12:02}"),
            Piece::Minute => civil.minute().to_string(),
            Piece::ZeroMinute => format!("{:02}", civil.minute()),
            Piece::Second => civil.second().to_string(),
            Piece::ZeroSecond => format!("{:02}", civil.second()),
            Piece::LongYear => year(civil.year()),
            Piece::Year => format!("{:02}", civil.year().rem_euclid(100)),
            Piece::UpperPm => if afternoon { "PM" } else { "AM" }.to_owned(),
            Piece::LowerPm => if afternoon { "pm" } else { "am" }.to_owned(),
            Piece::ZoneName if !wall.abbreviation.is_empty() => wall.abbreviation.clone(),
            Piece::ZoneName => zone_without_name(wall.offset.seconds()),
            Piece::Zone { .. } => offset_text(wall.offset.seconds(), piece),
            Piece::Fraction { .. } => fraction_text(civil.subsec_nanosecond(), piece),
        };
        out.push_str(&text);
    }
}

fn year(year: i16) -> String {
    if year < 0 {
        format!("-{:04}", year.unsigned_abs())
    } else {
        format!("{year:04}")
    }
}

/// Go shows an offset where a zone has no name.
fn zone_without_name(seconds: i32) -> String {
    let sign = if seconds < 0 { '-' } else { '+' };
    let minutes = seconds.unsigned_abs() / 60;
    format!("{sign}{:02}{:02}", minutes / 60, minutes % 60)
}

fn offset_text(offset: i32, piece: Piece) -> String {
    let Piece::Zone {
        z_for_utc,
        colons,
        seconds,
        short,
    } = piece
    else {
        return String::new();
    };
    if z_for_utc && offset == 0 {
        return "Z".to_owned();
    }
    let sign = if offset < 0 { '-' } else { '+' };
    let magnitude = offset.unsigned_abs();
    let mut text = format!("{sign}{:02}", magnitude / 3600);
    let colon = if colons { ":" } else { "" };
    if !short {
        text.push_str(&format!("{colon}{:02}", magnitude / 60 % 60));
    }
    if seconds {
        text.push_str(&format!("{colon}{:02}", magnitude % 60));
    }
    text
}

fn fraction_text(nanoseconds: i32, piece: Piece) -> String {
    let Piece::Fraction {
        digits,
        nines,
        comma,
    } = piece
    else {
        return String::new();
    };
    let all = format!("{nanoseconds:09}");
    let mut shown = all.chars().take(digits).collect::<String>();
    shown.extend(std::iter::repeat_n('0', digits.saturating_sub(9)));
    if nines {
        shown.truncate(shown.trim_end_matches('0').len());
        if shown.is_empty() {
            return shown;
        }
    }
    format!("{}{shown}", if comma { ',' } else { '.' })
}
