//! `time.Time` and `time.Duration`.

mod duration;
mod layout;
mod location;
mod method;
mod parse;

use std::fmt;

use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};

pub use duration::{duration_text, parse_duration};
pub use location::Location;
pub use method::{call_method, method, parts, round, since_epoch, truncate};

const NANOSECONDS_PER_SECOND: u64 = 1_000_000_000;
/// Seconds from the epoch to the first second of year 1.
const ZERO_SECOND: i64 = -62_135_596_800;

/// An instant and the location in which it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoTime {
    /// The instant.
    pub instant: Timestamp,
    /// Where it is shown.
    pub location: Location,
}

/// A time on the wall of its location.
pub(crate) struct Wall {
    pub civil: DateTime,
    pub offset: Offset,
    pub abbreviation: String,
}

impl GoTime {
    /// Go's zero time: the first second of year 1.
    pub fn zero() -> Self {
        let instant = Timestamp::from_second(ZERO_SECOND).unwrap_or(Timestamp::MIN);
        Self::new(instant, TimeZone::UTC)
    }

    /// An instant in a zone.
    pub fn new(instant: Timestamp, zone: TimeZone) -> Self {
        Self {
            instant,
            location: Location::Zone(zone),
        }
    }

    /// An instant in the local zone.
    pub fn local(instant: Timestamp, zone: TimeZone) -> Self {
        Self {
            instant,
            location: Location::Local(zone, None),
        }
    }

    /// As Go writes it in a program.
    pub(crate) fn go_syntax(&self) -> String {
        let location = match self.location.name() {
            name @ ("UTC" | "Local") => format!("time.{name}"),
            name => format!("time.Location({name:?})"),
        };
        let civil = self.wall().civil;
        let nanosecond = civil.subsec_nanosecond();
        let date = self.format("2006, time.January, 2");
        let clock = format!("{}, {}, {}", civil.hour(), civil.minute(), civil.second());
        let year = civil.year();
        let date = date.split_once(',').map_or("", |(_, rest)| rest);
        format!("time.Date({year},{date}, {clock}, {nanosecond}, {location})")
    }

    /// The same instant elsewhere.
    pub fn within(&self, zone: TimeZone) -> Self {
        Self::new(self.instant, zone)
    }

    /// The time so many nanoseconds later; the last one that there is when that is too late.
    pub fn plus(&self, nanoseconds: i64) -> Self {
        let duration = SignedDuration::from_nanos(nanoseconds);
        let instant = self.instant.saturating_add(duration);
        Self {
            instant: instant.unwrap_or(self.instant),
            location: self.location.later(nanoseconds),
        }
    }

    /// Whether the location has its summer time then.
    pub(crate) fn is_daylight_saving(&self) -> bool {
        match &self.location {
            Location::Zone(zone) | Location::Local(zone, _) => {
                zone.to_offset_info(self.instant).dst().is_dst()
            }
            Location::Fixed(..) => false,
        }
    }

    /// Nanoseconds since another time.
    pub fn since(&self, other: &Self) -> i64 {
        let difference = self.instant.duration_since(other.instant).as_nanos();
        i64::try_from(difference).unwrap_or(if difference > 0 { i64::MAX } else { i64::MIN })
    }

    pub(crate) fn wall(&self) -> Wall {
        match &self.location {
            Location::Zone(zone) | Location::Local(zone, _) => {
                let info = zone.to_offset_info(self.instant);
                Wall {
                    civil: info.offset().to_datetime(self.instant),
                    offset: info.offset(),
                    abbreviation: abbreviation(zone, info.abbreviation(), info.offset()),
                }
            }
            Location::Fixed(offset, name) => Wall {
                civil: offset.to_datetime(self.instant),
                offset: *offset,
                abbreviation: name.to_string(),
            },
        }
    }

    /// As a text in this layout: an example that shows how the time 15:04:05 on 2 January 2006 would look.
    pub fn format(&self, layout: &str) -> String {
        layout::format(self, layout)
    }

    /// Reads a text in this layout. A text without zone is in `zone`. The error is Go's.
    pub fn parse(layout: &str, text: &str, zone: &TimeZone) -> Result<Self, String> {
        parse::parse(layout, text, zone)
    }

    /// As JSON has it: RFC 3339 with as many digits of the second as needed.
    pub fn to_rfc3339_nano(&self) -> String {
        self.format("2006-01-02T15:04:05.999999999Z07:00")
    }
}

/// Go's abbreviations: `UTC` for the zone without name.
fn abbreviation(zone: &TimeZone, name: &str, offset: Offset) -> String {
    if *zone == TimeZone::UTC || (offset == Offset::UTC && name.is_empty()) {
        return "UTC".to_owned();
    }
    name.to_owned()
}

impl fmt::Display for GoTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.format("2006-01-02 15:04:05.999999999 -0700 MST"))?;
        let Location::Local(_, Some(reading)) = &self.location else {
            return Ok(());
        };
        let sign = if reading.get() < 0 { '-' } else { '+' };
        let magnitude = reading.get().unsigned_abs();
        let (seconds, rest) = (
            magnitude / NANOSECONDS_PER_SECOND,
            magnitude % NANOSECONDS_PER_SECOND,
        );
        write!(f, " m={sign}{seconds}.{rest:09}")
    }
}

/// Names of the months.
pub(crate) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// Names of the days, from Sunday.
pub(crate) const WEEKDAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];

/// `time.Month` as text.
pub fn month_text(month: i64) -> String {
    let index = usize::try_from(month - 1).ok();
    match index.and_then(|index| MONTHS.get(index)) {
        Some(name) => (*name).to_owned(),
        None => format!("%!Month({month})"),
    }
}

/// `time.Weekday` as text.
pub fn weekday_text(day: i64) -> String {
    let index = usize::try_from(day).ok();
    match index.and_then(|index| WEEKDAYS.get(index)) {
        Some(name) => (*name).to_owned(),
        None => format!("%!Weekday({day})"),
    }
}
