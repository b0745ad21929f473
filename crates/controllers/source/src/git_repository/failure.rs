//! How far a run over a GitRepository came when it failed.

use skein_api::{ConditionType, SourceReason};

use crate::produced::Failure;

/// How far a run came; earlier steps have succeeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Credentials and settings; then included objects, which have a condition of their own.
    Settings,
    /// Fetching.
    Fetch,
    /// Signatures.
    Verify,
    /// Copying included artifacts.
    Copy,
    /// Writing the artifact.
    Store,
}

impl Step {
    /// Conditions of the steps before.
    fn passed(self) -> &'static [ConditionType] {
        match self {
            Self::Settings => &[],
            Self::Fetch => &[ConditionType::IncludeUnavailable],
            Self::Verify | Self::Copy => &[
                ConditionType::IncludeUnavailable,
                ConditionType::FetchFailed,
                ConditionType::ArtifactOutdated,
            ],
            Self::Store => &[
                ConditionType::IncludeUnavailable,
                ConditionType::FetchFailed,
                ConditionType::ArtifactOutdated,
                ConditionType::StorageOperationFailed,
            ],
        }
    }

    /// The step failed and is tried again.
    pub(super) fn failed(
        self,
        condition: ConditionType,
        reason: SourceReason,
        message: impl Into<String>,
    ) -> Failure {
        Failure {
            passed: self.passed(),
            ..Failure::new(condition, reason, message)
        }
    }

    /// The origin could not be read.
    pub(super) fn fetch_failed(self, reason: SourceReason, message: impl Into<String>) -> Failure {
        self.failed(ConditionType::FetchFailed, reason, message)
    }
}
