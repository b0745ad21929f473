//! What a build of a chart gives, or why it gives nothing.

use skein_api::{ConditionType, SourceReason};
use skein_semver::Version;

use crate::helm_repository::FAILED;
use crate::produced::{Failure, Then, Told};

/// A chart that was found, before or after it was packaged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Resolved {
    pub name: String,
    pub version: String,
    /// Whether we pack it ourselves.
    pub packaged: bool,
    /// Values files that were merged.
    pub values_files: Vec<String>,
    /// Charts that were added for its dependencies.
    pub dependencies: usize,
}

impl Resolved {
    /// What conditions and events say.
    pub fn summary(&self) -> String {
        let action = if self.packaged { "packaged" } else { "pulled" };
        let mut text = format!(
            "{action} '{}' chart with version '{}'",
            self.name, self.version
        );
        if !self.values_files.is_empty() {
            let files = self.values_files.join(" ");
            text.push_str(&format!(" and merged values files [{files}]"));
        }
        text
    }

    /// Reason of what conditions and events say.
    pub fn reason(&self) -> SourceReason {
        if self.packaged {
            SourceReason::ChartPackageSucceeded
        } else {
            SourceReason::ChartPullSucceeded
        }
    }
}

/// A build.
pub(super) struct Built {
    pub resolved: Resolved,
    /// The package; `None` when what is stored is the same.
    pub package: Option<Vec<u8>>,
}

/// Which step failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Problem {
    /// Name or version.
    Reference,
    /// Fetching.
    Pull,
    /// Changing the version.
    MetadataPatch,
    /// Merging values files.
    ValuesFiles,
    /// Fetching dependencies.
    Dependencies,
    /// Loading and packing.
    Package,
    /// The signature.
    Verification,
    /// Before anything was asked for, or not the build's to explain: the reason of the event, and whether only a change helps.
    Other(&'static str, Then),
    /// The keys for the signature.
    Keys,
}

/// What an answer says when the credentials are the problem, as Flux looks for it.
const REFUSALS: [&str; 5] = [
    "401",
    "unauthorized",
    "authentication required",
    "tls",
    "unknown certificate authority",
];

/// Why there is no package.
#[derive(Clone, Debug)]
pub(super) struct BuildError {
    pub problem: Problem,
    pub message: String,
}

impl BuildError {
    pub fn new(problem: Problem, message: impl Into<String>) -> Self {
        Self {
            problem,
            message: message.into(),
        }
    }

    pub fn reference(message: impl Into<String>) -> Self {
        Self::new(Problem::Reference, message)
    }

    pub fn pull(message: impl Into<String>) -> Self {
        Self::new(Problem::Pull, message)
    }

    /// A problem of the repository's object.
    pub fn of_repository(failure: Failure) -> Self {
        let reasons = [SourceReason::URLInvalid.as_str(), FAILED];
        let known = reasons.into_iter().find(|known| *known == failure.reason);
        let reason = known.unwrap_or(SourceReason::AuthenticationFailed.as_str());
        Self::new(Problem::Other(reason, failure.then), failure.message)
    }

    /// The problem of a chart that comes from a server: where it sounds like one of the credentials it is told as such.
    pub fn of_server(self) -> Self {
        let Some((_, summary)) = self.problem.words() else {
            return self;
        };
        let message = format!("{summary}: {}", self.message);
        if !REFUSALS.iter().any(|words| message.contains(words)) {
            return self;
        }
        let reason = SourceReason::AuthenticationFailed.as_str();
        Self::new(
            Problem::Other(reason, Then::Retry),
            format!("failed to authenticate with the Helm repository: {message}"),
        )
    }

    /// The conditions that it sets.
    pub fn failure(&self) -> Failure {
        let Some((reason, summary)) = self.problem.words() else {
            return self.other_failure();
        };
        let message = format!("{summary}: {}", self.message);
        let condition = match self.problem {
            Problem::Reference | Problem::Pull => ConditionType::FetchFailed,
            _ => ConditionType::BuildFailed,
        };
        let failure = Failure::new(condition, reason, &message);
        match self.problem {
            // Trying again does not help: the object or its source must change.
            Problem::Reference | Problem::MetadataPatch | Problem::ValuesFiles => failure.stalled(),
            Problem::Verification => Failure {
                unverified: Some(Box::new(Told::new(
                    SourceReason::VerificationError,
                    message,
                ))),
                ..failure
            },
            _ => failure,
        }
    }

    /// Flux's conditions call it unknown, its events do not.
    fn other_failure(&self) -> Failure {
        let (reason, then) = match self.problem {
            Problem::Other(reason, then) => (reason, then),
            _ => (SourceReason::VerificationError.as_str(), Then::Retry),
        };
        let told = Told::new(reason, &self.message);
        let message = format!("unknown build error: {}", self.message);
        Failure {
            then,
            unverified: (self.problem == Problem::Keys).then(|| Box::new(told.clone())),
            told: Some(Box::new(told)),
            ..Failure::fetch(SourceReason::Unknown, message)
        }
    }
}

impl Problem {
    /// Reason and summary; `None` for what is not of the build.
    fn words(self) -> Option<(SourceReason, &'static str)> {
        Some(match self {
            Self::Reference => (
                SourceReason::InvalidChartReference,
                "invalid chart reference",
            ),
            Self::Pull => (SourceReason::ChartPullError, "chart pull error"),
            Self::MetadataPatch => (
                SourceReason::MetadataPatchError,
                "chart metadata patch error",
            ),
            Self::ValuesFiles => (SourceReason::ValuesFilesError, "values files merge error"),
            Self::Dependencies => (SourceReason::DependencyBuildError, "dependency build error"),
            Self::Package => (SourceReason::ChartPackageError, "chart package error"),
            Self::Verification => (
                SourceReason::ChartVerificationError,
                "chart verification error",
            ),
            Self::Other(..) | Self::Keys => return None,
        })
    }
}

/// The version with other build metadata; as it is when there is none.
pub(super) fn with_metadata(version: &str, metadata: &str) -> Result<String, BuildError> {
    if metadata.is_empty() {
        return Ok(version.to_owned());
    }
    let parsed = Version::parse(version).map_err(|error| {
        BuildError::new(
            Problem::MetadataPatch,
            format!("failed to parse version from chart metadata as SemVer: {error}"),
        )
    })?;
    let mut text = format!("{}.{}.{}", parsed.major, parsed.minor, parsed.patch);
    if !parsed.pre_release.is_empty() {
        text.push_str(&format!("-{}", parsed.pre_release));
    }
    Ok(format!("{text}+{metadata}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summaries() {
        let mut resolved = Resolved {
            name: "app".into(),
            version: "1.0.0".into(),
            ..Resolved::default()
        };
        assert_eq!(
            resolved.summary(),
            "pulled 'app' chart with version '1.0.0'"
        );
        resolved.packaged = true;
        resolved.values_files = vec!["./a.yaml".into(), "b.yaml".into()];
        assert_eq!(
            resolved.summary(),
            "packaged 'app' chart with version '1.0.0' and merged values files [./a.yaml b.yaml]"
        );
    }

    #[test]
    fn versions_get_metadata() {
        assert_eq!(with_metadata("v1.2", "").unwrap(), "v1.2");
        assert_eq!(with_metadata("v1.2", "3").unwrap(), "1.2.0+3");
        assert_eq!(
            with_metadata("1.0.0-rc.1+x", "abc.2").unwrap(),
            "1.0.0-rc.1+abc.2"
        );
        let error = with_metadata("x", "3").unwrap_err();
        assert_eq!(error.problem, Problem::MetadataPatch);
    }

    #[test]
    fn refusals_of_a_server_are_told_as_such() {
        let refused = BuildError::pull("failed to fetch http://h/a.tgz : 401 Unauthorized");
        let failure = refused.of_server().failure();
        let words = "failed to authenticate with the Helm repository: chart pull error: failed to fetch http://h/a.tgz : 401 Unauthorized";
        assert_eq!(failure.condition, ConditionType::FetchFailed);
        assert_eq!(failure.reason, "Unknown");
        assert_eq!(failure.message, format!("unknown build error: {words}"));
        assert_eq!(
            failure.told.as_deref(),
            Some(&Told::new("AuthenticationFailed", words))
        );
        assert_eq!(failure.then, Then::Retry);
        let absent = BuildError::reference("no chart name found").of_server();
        assert_eq!(absent.problem, Problem::Reference);
        assert_eq!(absent.failure().then, Then::Stall);
    }

    #[test]
    fn a_bad_signature_is_told_by_two_conditions() {
        let failure = BuildError::new(Problem::Verification, "not implemented").failure();
        let words = "chart verification error: not implemented";
        assert_eq!(failure.condition, ConditionType::BuildFailed);
        assert_eq!(failure.reason, "ChartVerificationError");
        assert_eq!(
            failure.unverified.as_deref(),
            Some(&Told::new("VerificationError", words))
        );
        let failure = BuildError::new(Problem::Keys, "no keys").failure();
        assert_eq!(failure.message, "unknown build error: no keys");
        assert_eq!(
            failure.unverified.as_deref(),
            Some(&Told::new("VerificationError", "no keys"))
        );
    }
}
