//! Texts read after an example.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};

use super::layout::{Piece, next_piece};
use super::{GoTime, Location, MONTHS, WEEKDAYS};
use crate::strconv::quote_bytes;

/// What was read so far.
struct Fields {
    year: i16,
    month: Option<i8>,
    day: Option<i8>,
    year_day: Option<i16>,
    hour: i8,
    minute: i8,
    second: i8,
    nanosecond: i32,
    afternoon: Option<bool>,
    utc: bool,
    offset: Option<i32>,
    zone_name: String,
}

/// Why a piece of text does not fit.
enum Misfit {
    Bad,
    OutOfRange(&'static str),
}

type Read<'t, T> = Result<(T, &'t str), Misfit>;

/// Reads a text in a layout; without zone it is in `zone`.
pub fn parse(layout: &str, text: &str, zone: &TimeZone) -> Result<GoTime, String> {
    let mut fields = Fields {
        year: 0,
        month: None,
        day: None,
        year_day: None,
        hour: 0,
        minute: 0,
        second: 0,
        nanosecond: 0,
        afternoon: None,
        utc: false,
        offset: None,
        zone_name: String::new(),
    };
    let error = |layout_part: &str, value_part: &str| {
        format!(
            "parsing time {} as {}: cannot parse {} as {}",
            quote_bytes(text.as_bytes()),
            quote_bytes(layout.as_bytes()),
            quote_bytes(value_part.as_bytes()),
            quote_bytes(layout_part.as_bytes())
        )
    };
    let out_of_range = |what: &str| {
        format!(
            "parsing time {}: {what} out of range",
            quote_bytes(text.as_bytes())
        )
    };
    let (mut rest, mut value) = (layout, text);
    loop {
        let (literal, piece, after) = next_piece(rest);
        let example = &rest[literal.len()..rest.len() - after.len()];
        value = skip(value, literal).map_err(|value| error(literal, value))?;
        let Some(piece) = piece else {
            if value.is_empty() {
                break;
            }
            return Err(format!(
                "parsing time {}: extra text: {}",
                quote_bytes(text.as_bytes()),
                quote_bytes(value.as_bytes())
            ));
        };
        let before = value;
        value = match fields.read(piece, value, after) {
            Ok(value) => value,
            Err(Misfit::Bad) => return Err(error(example, before)),
            Err(Misfit::OutOfRange(what)) => return Err(out_of_range(what)),
        };
        rest = after;
    }
    fields.time(zone).map_err(out_of_range)
}

/// Skips a literal; spaces match any number of spaces.
fn skip<'t>(mut value: &'t str, prefix: &str) -> Result<&'t str, &'t str> {
    let mut prefix = prefix;
    while let Some(wanted) = prefix.chars().next() {
        if wanted == ' ' {
            if !value.is_empty() && !value.starts_with(' ') {
                return Err(value);
            }
            prefix = prefix.trim_start_matches(' ');
            value = value.trim_start_matches(' ');
            continue;
        }
        value = value.strip_prefix(wanted).ok_or(value)?;
        prefix = &prefix[wanted.len_utf8()..];
    }
    Ok(value)
}

impl Fields {
    fn read<'t>(&mut self, piece: Piece, value: &'t str, after: &str) -> Result<&'t str, Misfit> {
        let rest = match piece {
            Piece::LongYear => {
                let (year, rest) = digits(value, 4)?;
                self.year = year as i16;
                rest
            }
            Piece::Year => {
                let (year, rest) = digits(value, 2)?;
                self.year = if year >= 69 { 1900 } else { 2000 } + year as i16;
                rest
            }
            Piece::LongMonth => self.month_name(value, false)?,
            Piece::Month => self.month_name(value, true)?,
            Piece::NumberMonth | Piece::ZeroMonth => {
                let (month, rest) = number(value, piece == Piece::ZeroMonth)?;
                if !(1..=12).contains(&month) {
                    return Err(Misfit::OutOfRange("month"));
                }
                self.month = Some(month as i8);
                rest
            }
            Piece::LongWeekday => lookup(&WEEKDAYS, value, usize::MAX)?.1,
            Piece::Weekday => lookup(&WEEKDAYS, value, 3)?.1,
            Piece::Day | Piece::UnderDay | Piece::ZeroDay => {
                let value = match piece {
                    Piece::UnderDay => value.strip_prefix(' ').unwrap_or(value),
                    _ => value,
                };
                let (day, rest) = number(value, piece == Piece::ZeroDay)?;
                self.day = Some(day as i8);
                rest
            }
            Piece::UnderYearDay | Piece::ZeroYearDay => {
                let spaces = value.len() - value.trim_start_matches(' ').len();
                let spaces = if piece == Piece::UnderYearDay {
                    spaces.min(2)
                } else {
                    0
                };
                let (day, rest) = digits(&value[spaces..], 3 - spaces)?;
                self.year_day = Some(day as i16);
                rest
            }
            _ => return self.read_clock(piece, value, after),
        };
        Ok(rest)
    }

    fn read_clock<'t>(
        &mut self,
        piece: Piece,
        value: &'t str,
        after: &str,
    ) -> Result<&'t str, Misfit> {
        let ranged = |fixed: bool, range: std::ops::RangeInclusive<i32>, what| {
            let (number, rest) = number(value, fixed)?;
            if !range.contains(&number) {
                return Err(Misfit::OutOfRange(what));
            }
            Ok((number as i8, rest))
        };
        Ok(match piece {
            Piece::Hour => {
                let (hour, rest) = ranged(false, 0..=23, "hour")?;
                self.hour = hour;
                rest
            }
            Piece::Hour12 | Piece::ZeroHour12 => {
                let (hour, rest) = ranged(piece == Piece::ZeroHour12, 0..=12, "hour")?;
                self.hour = hour;
                rest
            }
            Piece::Minute | Piece::ZeroMinute => {
                let (minute, rest) = ranged(piece == Piece::ZeroMinute, 0..=59, "minute")?;
                self.minute = minute;
                rest
            }
            Piece::Second | Piece::ZeroSecond => {
                let (second, rest) = ranged(piece == Piece::ZeroSecond, 0..=59, "second")?;
                self.second = second;
                // A fraction that the layout does not name is read too.
                let named = matches!(next_piece(after), ("", Some(Piece::Fraction { .. }), _));
                if named {
                    rest
                } else {
                    self.unnamed_fraction(rest)
                }
            }
            Piece::UpperPm | Piece::LowerPm => {
                let upper = piece == Piece::UpperPm;
                let (am, pm) = if upper { ("AM", "PM") } else { ("am", "pm") };
                self.afternoon = Some(value.starts_with(pm));
                let rest = value.strip_prefix(pm).or_else(|| value.strip_prefix(am));
                rest.ok_or(Misfit::Bad)?
            }
            Piece::Zone { .. } => self.offset(piece, value)?,
            Piece::ZoneName => self.zone_name(value)?,
            Piece::Fraction { digits, nines, .. } => self.fraction(value, digits, nines)?,
            _ => return Err(Misfit::Bad),
        })
    }

    fn month_name<'t>(&mut self, value: &'t str, short: bool) -> Result<&'t str, Misfit> {
        let length = if short { 3 } else { usize::MAX };
        let (index, rest) = lookup(&MONTHS, value, length)?;
        self.month = Some(index as i8 + 1);
        Ok(rest)
    }

    fn unnamed_fraction<'t>(&mut self, value: &'t str) -> &'t str {
        let bytes = value.as_bytes();
        if !matches!(bytes, [b'.' | b',', digit, ..] if digit.is_ascii_digit()) {
            return value;
        }
        let count = bytes[1..].iter().take_while(|b| b.is_ascii_digit()).count();
        self.nanosecond = nanoseconds(&value[1..=count]);
        &value[1 + count..]
    }

    fn fraction<'t>(
        &mut self,
        value: &'t str,
        digits: usize,
        nines: bool,
    ) -> Result<&'t str, Misfit> {
        let bytes = value.as_bytes();
        if nines {
            // Nines need not be there at all.
            return Ok(self.unnamed_fraction(value));
        }
        let shown = value.get(1..=digits).ok_or(Misfit::Bad)?;
        if !matches!(bytes[0], b'.' | b',') || !shown.bytes().all(|b| b.is_ascii_digit()) {
            return Err(Misfit::Bad);
        }
        self.nanosecond = nanoseconds(shown);
        Ok(&value[1 + digits..])
    }

    fn offset<'t>(&mut self, piece: Piece, value: &'t str) -> Result<&'t str, Misfit> {
        let Piece::Zone {
            z_for_utc,
            colons,
            seconds,
            short,
        } = piece
        else {
            return Err(Misfit::Bad);
        };
        if let (true, Some(rest)) = (z_for_utc, value.strip_prefix('Z')) {
            self.utc = true;
            return Ok(rest);
        }
        let sign = match value.as_bytes().first() {
            Some(b'+') => 1,
            Some(b'-') => -1,
            _ => return Err(Misfit::Bad),
        };
        let (hours, mut rest) = digits(&value[1..], 2)?;
        let mut total = hours * 3600;
        let parts: &[i32] = match (short, seconds) {
            (true, _) => &[],
            (_, false) => &[60],
            (_, true) => &[60, 1],
        };
        for unit in parts {
            if colons {
                rest = rest.strip_prefix(':').ok_or(Misfit::Bad)?;
            }
            let (number, after) = digits(rest, 2)?;
            total += number * unit;
            rest = after;
        }
        self.offset = Some(sign * total);
        Ok(rest)
    }

    fn zone_name<'t>(&mut self, value: &'t str) -> Result<&'t str, Misfit> {
        if let Some(rest) = value.strip_prefix("UTC") {
            self.utc = true;
            return Ok(rest);
        }
        let letters = value.bytes().take_while(u8::is_ascii_uppercase).count();
        let length = match letters {
            _ if value.starts_with("ChST") || value.starts_with("MeST") => 4,
            _ if value.starts_with("GMT") => "GMT".len() + hours_length(&value["GMT".len()..]),
            // Zones that have a number for a name.
            0 if value.len() >= 3 && hours_length(value) > 0 => hours_length(value),
            3 => 3,
            4 if value.as_bytes()[3] == b'T' || value.starts_with("WITA") => 4,
            5 if value.as_bytes()[4] == b'T' => 5,
            _ => return Err(Misfit::Bad),
        };
        self.zone_name = value[..length].to_owned();
        Ok(&value[length..])
    }

    fn civil(&self) -> Result<DateTime, &'static str> {
        let hour = match self.afternoon {
            Some(true) if self.hour < 12 => self.hour + 12,
            Some(false) if self.hour == 12 => 0,
            _ => self.hour,
        };
        let mut month = self.month;
        let mut day = self.day;
        if let Some(year_day) = self.year_day {
            let first = Date::new(self.year, 1, 1).map_err(|_| "day-of-year")?;
            let days = jiff::Span::new().days(i64::from(year_day) - 1);
            let date = first.checked_add(days).map_err(|_| "day-of-year")?;
            if year_day < 1 || date.year() != self.year {
                return Err("day-of-year");
            }
            month = Some(date.month());
            day = Some(date.day());
        }
        let date = Date::new(self.year, month.unwrap_or(1), day.unwrap_or(1)).map_err(|_| "day")?;
        let time =
            Time::new(hour, self.minute, self.second, self.nanosecond).map_err(|_| "hour")?;
        Ok(date.to_datetime(time))
    }

    fn time(&self, zone: &TimeZone) -> Result<GoTime, &'static str> {
        let civil = self.civil()?;
        if self.utc {
            let instant = Offset::UTC.to_timestamp(civil).map_err(|_| "year")?;
            return Ok(GoTime::new(instant, TimeZone::UTC));
        }
        let in_local_zone = || {
            let instant = zone.to_ambiguous_timestamp(civil).compatible();
            instant
                .map(|instant| GoTime::local(instant, zone.clone()))
                .map_err(|_| "year")
        };
        if let Some(seconds) = self.offset {
            let offset = Offset::from_seconds(seconds).map_err(|_| "time zone offset")?;
            let instant = offset.to_timestamp(civil).map_err(|_| "year")?;
            // The local zone where it has this offset then, and this name.
            let local = GoTime::local(instant, zone.clone());
            let wall = local.wall();
            let named = self.zone_name.is_empty() || self.zone_name == wall.abbreviation;
            if wall.offset == offset && named {
                return Ok(local);
            }
            let location = Location::Fixed(offset, self.zone_name.as_str().into());
            return Ok(GoTime { instant, location });
        }
        if !self.zone_name.is_empty() {
            let local = in_local_zone()?;
            if local.wall().abbreviation == self.zone_name {
                return Ok(local);
            }
            // A name that says nothing: Go takes it for UTC under another name, and shows it with the hours from GMT that the name tells.
            let offset = hours_from_gmt(&self.zone_name).map_err(|()| "time zone offset")?;
            let instant = Offset::UTC.to_timestamp(civil).map_err(|_| "year")?;
            let location = Location::Fixed(offset, self.zone_name.as_str().into());
            return Ok(GoTime { instant, location });
        }
        in_local_zone()
    }
}

/// Hours from GMT that a zone's name may tell.
const GMT_HOURS: std::ops::RangeInclusive<i32> = -23..=23;
const SECONDS_PER_HOUR: i32 = 3_600;

/// The offset of a zone of this name: `GMT+3`.
fn hours_from_gmt(name: &str) -> Result<Offset, ()> {
    let hours = name
        .strip_prefix("GMT")
        .and_then(|hours| hours.parse().ok());
    let seconds = hours.unwrap_or(0) * SECONDS_PER_HOUR;
    Offset::from_seconds(seconds).map_err(|_| ())
}

/// Length of the sign and the number at the start of a text; zero when they are no hours.
fn hours_length(rest: &str) -> usize {
    if !rest.starts_with(['+', '-']) {
        return 0;
    }
    let digits = rest[1..].bytes().take_while(u8::is_ascii_digit).count();
    match rest[..=digits].parse::<i32>() {
        Ok(hours) if GMT_HOURS.contains(&hours) => 1 + digits,
        _ => 0,
    }
}

/// Exactly so many digits.
fn digits(value: &str, count: usize) -> Read<'_, i32> {
    let shown = value.get(..count).ok_or(Misfit::Bad)?;
    if !shown.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Misfit::Bad);
    }
    Ok((shown.parse().map_err(|_| Misfit::Bad)?, &value[count..]))
}

/// One or two digits; two where they are fixed.
fn number(value: &str, fixed: bool) -> Read<'_, i32> {
    match digits(value, 2) {
        Ok(found) => Ok(found),
        Err(_) if fixed => Err(Misfit::Bad),
        Err(_) => digits(value, 1),
    }
}

fn nanoseconds(digits: &str) -> i32 {
    let mut text: String = digits.chars().take(9).collect();
    while text.len() < 9 {
        text.push('0');
    }
    text.parse().unwrap_or_default()
}

/// A name at the start of the value, in any case.
fn lookup<'t>(names: &[&str], value: &'t str, length: usize) -> Read<'t, usize> {
    for (index, name) in names.iter().enumerate() {
        let name = name.get(..length.min(name.len())).unwrap_or(name);
        if let Some(head) = value.get(..name.len())
            && head.eq_ignore_ascii_case(name)
        {
            return Ok((index, &value[name.len()..]));
        }
    }
    Err(Misfit::Bad)
}
