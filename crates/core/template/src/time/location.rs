//! Where a time is shown.

use std::any::Any;
use std::borrow::Cow;
use std::num::NonZeroI64;

use jiff::tz::{Offset, TimeZone};

use crate::object::Object;
use crate::types::Kind;

const LOCATION_TYPE: &str = "*time.Location";

/// Where a time is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// A zone of the database, or UTC.
    Zone(TimeZone),
    /// The local zone; what comes from the clock has its reading too, in nanoseconds since the start.
    Local(TimeZone, Option<NonZeroI64>),
    /// An offset with the abbreviation that the text named; empty when it named none.
    Fixed(Offset, Box<str>),
}

impl Location {
    /// Its name, as Go has it.
    pub fn name(&self) -> &str {
        match self {
            Self::Zone(zone) if *zone == TimeZone::UTC => "UTC",
            Self::Zone(zone) => zone.iana_name().unwrap_or_default(),
            Self::Local(..) => "Local",
            Self::Fixed(_, name) => name,
        }
    }

    /// The location of a time so much later: what the clock read moves with it.
    pub fn later(&self, nanoseconds: i64) -> Self {
        match self {
            Self::Local(zone, Some(reading)) => {
                let moved = reading.get().saturating_add(nanoseconds);
                Self::Local(zone.clone(), NonZeroI64::new(moved))
            }
            other => other.clone(),
        }
    }

    /// The same place without a reading of the clock.
    pub fn without_reading(&self) -> Self {
        match self {
            Self::Local(zone, Some(_)) => Self::Local(zone.clone(), None),
            other => other.clone(),
        }
    }

    /// The location that a method was given.
    pub fn of(object: &dyn Object) -> Option<&Self> {
        let any: &dyn Any = object;
        any.downcast_ref()
    }
}

impl Object for Location {
    fn type_name(&self) -> Cow<'static, str> {
        Cow::Borrowed(LOCATION_TYPE)
    }

    fn kind(&self) -> Kind {
        Kind::Pointer
    }

    fn display(&self) -> Option<String> {
        Some(self.name().to_owned())
    }
}
