//! A failed step: which condition it sets, why, and what happens next.

use std::time::Duration;

use skein_api::{ConditionType, SourceReason};

/// What happens after a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    /// Try again with a growing pause.
    Retry,
    /// Nothing until the object changes.
    Stall,
    /// Look again after a fixed pause: something else is not there yet.
    Wait(Duration),
}

/// How far a run came; earlier steps have succeeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    /// Credentials and settings.
    Settings,
    /// Included objects.
    Includes,
    /// Fetching.
    Fetch,
    /// Signatures.
    Verify,
    /// Copying included artifacts.
    Copy,
    /// Writing the artifact.
    Store,
}

/// A failed step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    /// Where the run ended.
    pub step: Step,
    /// The condition that is set.
    pub condition: ConditionType,
    /// Its reason.
    pub reason: String,
    /// Its message.
    pub message: String,
    /// What happens next.
    pub then: Then,
}

impl Failure {
    /// A failure that is tried again.
    pub(super) fn new(
        step: Step,
        condition: ConditionType,
        reason: SourceReason,
        message: impl Into<String>,
    ) -> Self {
        let (reason, message) = (reason.as_str().to_owned(), message.into());
        Self {
            step,
            condition,
            reason,
            message,
            then: Then::Retry,
        }
    }

    /// A failure of reading the origin.
    pub(super) fn fetch(step: Step, reason: SourceReason, message: impl Into<String>) -> Self {
        Self::new(step, ConditionType::FetchFailed, reason, message)
    }

    /// The failure, but not tried again before the object changes.
    pub(super) fn stalled(self) -> Self {
        Self {
            then: Then::Stall,
            ..self
        }
    }
}
