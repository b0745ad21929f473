//! `time.Time`: an instant with the zone in which it is shown.

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};

/// Seconds from the epoch to the first second of year 1.
const ZERO_SECOND: i64 = -62_135_596_800;

/// An instant and its location.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoTime {
    /// The instant.
    pub instant: Timestamp,
    /// Where it is shown.
    pub location: Location,
}

/// Where a time is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// A zone of the database, or UTC.
    Zone(TimeZone),
    /// An offset with the abbreviation that the text named; empty when it named none.
    Fixed(Offset, Box<str>),
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
}

impl GoTime {
    /// As JSON has it: RFC 3339 with as many digits of the second as needed.
    pub fn to_rfc3339_nano(&self) -> String {
        self.instant.to_string()
    }
}
