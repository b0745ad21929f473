//! The verdict about one object.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How an object is doing, in the words of kstatus.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum Status {
    /// Its actual state is the desired one.
    Current,
    /// It is on its way.
    InProgress,
    /// It will not get there.
    Failed,
    /// It is being deleted.
    Terminating,
    /// It does not exist.
    NotFound,
    /// Nothing is known, or the state makes no sense.
    #[default]
    Unknown,
}

impl Status {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Current => "Current",
            Self::InProgress => "InProgress",
            Self::Failed => "Failed",
            Self::Terminating => "Terminating",
            Self::NotFound => "NotFound",
            Self::Unknown => "Unknown",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How an object is doing, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// The verdict.
    pub status: Status,
    /// Why, in one word; empty for good verdicts.
    pub reason: String,
    /// Why, for people. Of an `Unknown` object: what went wrong while looking.
    pub message: String,
}

impl Health {
    /// The desired state is there.
    pub fn current(message: impl Into<String>) -> Self {
        Self::new(Status::Current, "", message)
    }

    /// The object is on its way.
    pub fn in_progress(reason: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Status::InProgress, reason, message)
    }

    /// The object has failed.
    pub fn failed(reason: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Status::Failed, reason, message)
    }

    /// The object does not exist.
    pub fn not_found() -> Self {
        Self::new(Status::NotFound, "", "Resource not found")
    }

    /// Nothing can be said.
    pub fn unknown(message: impl Into<String>) -> Self {
        Self::new(Status::Unknown, "", message)
    }

    /// A verdict with reason and message.
    pub fn new(status: Status, reason: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            status,
            reason: reason.into(),
            message: message.into(),
        }
    }
}
