//! A point in time as Go writes it: RFC 3339 with up to nine digits of a second, kept as text so that a record comes out as it came in.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};

/// Go's zero time.
const ZERO: &str = "0001-01-01T00:00:00Z";

/// A point in time; the default is Go's zero time, which stands for "not set".
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Moment(String);

impl Moment {
    /// The text of a point in time.
    pub fn new(timestamp: Timestamp) -> Self {
        Self(timestamp.to_string())
    }

    /// Whether it is not set.
    pub fn is_zero(&self) -> bool {
        self.0.is_empty() || self.0 == ZERO
    }

    /// The point in time; `None` when it is not set or cannot be read.
    pub fn timestamp(&self) -> Option<Timestamp> {
        if self.is_zero() {
            return None;
        }
        self.0.parse().ok()
    }

    /// The text, Go's zero time included.
    pub fn as_str(&self) -> &str {
        if self.0.is_empty() { ZERO } else { &self.0 }
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Moment {
    /// Helm 3 writes a time that is not set as an empty text.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(
            Option::<String>::deserialize(deserializer)?.unwrap_or_default(),
        ))
    }
}

impl From<Option<Timestamp>> for Moment {
    fn from(timestamp: Option<Timestamp>) -> Self {
        timestamp.map(Self::new).unwrap_or_default()
    }
}

impl From<String> for Moment {
    /// A text that a file of the chart holds, as it is.
    fn from(text: String) -> Self {
        Self(text)
    }
}
