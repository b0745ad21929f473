//! How a run ended.

use std::time::Duration;

use skein_api::{Artifact, ConditionType, KindSpec, SourceReason};

use super::SourceKind;

/// What happens after a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    /// Try again with a growing pause.
    Retry,
    /// Nothing until the object or its source changes.
    Stall,
    /// Look again after a fixed pause: something else is not there yet.
    Wait(Duration),
}

/// A failed step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// The condition that is set.
    pub condition: ConditionType,
    /// Its reason.
    pub reason: String,
    /// Its message.
    pub message: String,
    /// What happens next.
    pub then: Then,
    /// What earlier runs said about steps that this run has passed.
    pub passed: &'static [ConditionType],
    /// What the event, and Stalled, say where it is not what the condition says.
    pub told: Option<Box<Told>>,
    /// What SourceVerified says, where the failure is that of a signature; Ready then says the same.
    pub unverified: Option<Box<Told>>,
}

/// The steps before the one whose condition is set.
fn passed_before(failed: ConditionType) -> &'static [ConditionType] {
    match failed {
        ConditionType::FetchFailed => &[ConditionType::BuildFailed],
        ConditionType::BuildFailed => &[ConditionType::FetchFailed],
        ConditionType::StorageOperationFailed => {
            &[ConditionType::FetchFailed, ConditionType::BuildFailed]
        }
        _ => &[],
    }
}

impl Failure {
    /// A failure that is tried again.
    pub fn new(
        condition: ConditionType,
        reason: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            condition,
            reason: reason.into(),
            message: message.into(),
            then: Then::Retry,
            passed: passed_before(condition),
            told: None,
            unverified: None,
        }
    }

    /// A failure of reading the origin.
    pub fn fetch(reason: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(ConditionType::FetchFailed, reason, message)
    }

    /// A failure of the storage.
    pub fn storage(reason: SourceReason, message: impl Into<String>) -> Self {
        Self::new(ConditionType::StorageOperationFailed, reason, message)
    }

    /// The failure, but not tried again before something changes.
    pub fn stalled(self) -> Self {
        Self {
            then: Then::Stall,
            ..self
        }
    }
}

/// Reason and message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    pub reason: String,
    pub message: String,
}

impl Told {
    pub fn new(reason: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            message: message.into(),
        }
    }
}

/// Something newer than the artifact was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// Reason of ArtifactOutdated; without one only the progress tells of it.
    pub reason: Option<SourceReason>,
    /// What was found.
    pub message: String,
}

/// A new artifact.
pub(crate) struct Stored {
    /// The artifact.
    pub artifact: Artifact,
    /// Address that always leads to the newest.
    pub url: String,
    /// What the event says.
    pub event: Told,
}

type StatusOf<K> = <<K as SourceKind>::Spec as KindSpec>::Status;
/// Changes of the fields that only one kind has.
type StatusChange<K> = Box<dyn FnOnce(&mut StatusOf<K>) + Send>;

/// How a run ended.
pub(crate) struct Outcome<K: SourceKind> {
    /// The end.
    pub end: End,
    /// What was found on the way that is newer than the artifact.
    pub found: Option<Found>,
    /// What SourceVerified says after a success.
    pub verified: Verified,
    /// Changes of the fields that only this kind has.
    pub change: StatusChange<K>,
}

/// What becomes of SourceVerified.
pub(crate) enum Verified {
    /// It stays as it is.
    Keep,
    /// It goes: nothing asks for a signature.
    Forget,
    /// The signature is good; the message says whose it is.
    Good(String),
}

/// The end of a run.
pub(crate) enum End {
    /// Something else must happen first, and will wake the object; nothing is told.
    Wait(Duration),
    /// A step failed.
    Failed(Failure),
    /// The artifact is the newest.
    Unchanged {
        /// What ArtifactInStorage says.
        told: Told,
        /// What the event of a recovery says.
        recovery: Told,
        /// What is told to those who asked, where it is not the usual.
        trace: Option<Told>,
    },
    /// A new artifact is stored.
    Stored {
        /// The artifact.
        stored: Box<Stored>,
        /// What ArtifactInStorage says.
        told: Told,
    },
}

impl<K: SourceKind> Outcome<K> {
    pub fn new(end: End) -> Self {
        Self {
            end,
            found: None,
            verified: Verified::Keep,
            change: Box::new(|_| {}),
        }
    }

    pub fn failed(failure: Failure) -> Self {
        Self::new(End::Failed(failure))
    }

    pub fn wait(pause: Duration) -> Self {
        Self::new(End::Wait(pause))
    }

    pub fn unchanged(told: Told) -> Self {
        Self::new(End::Unchanged {
            recovery: told.clone(),
            told,
            trace: None,
        })
    }

    /// The outcome with what is told when it ends a failure.
    pub fn telling_recovery(mut self, message: Told) -> Self {
        if let End::Unchanged { recovery, .. } = &mut self.end {
            *recovery = message;
        }
        self
    }

    pub fn stored(stored: Stored, told: Told) -> Self {
        Self::new(End::Stored {
            stored: Box::new(stored),
            told,
        })
    }

    /// The outcome with something that was found on the way.
    pub fn with_found(self, found: Option<Found>) -> Self {
        Self { found, ..self }
    }

    /// The outcome with what SourceVerified says.
    pub fn with_verified(self, verified: Verified) -> Self {
        Self { verified, ..self }
    }

    /// The outcome with changes of the kind's own fields.
    pub fn with_change(self, change: impl FnOnce(&mut StatusOf<K>) + Send + 'static) -> Self {
        Self {
            change: Box::new(change),
            ..self
        }
    }
}
