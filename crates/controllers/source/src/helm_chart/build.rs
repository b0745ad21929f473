//! What a build of a chart gives, or why it gives nothing.

use skein_api::{ConditionType, SourceReason};
use skein_semver::Version;

use crate::produced::Failure;

/// A chart that was found, before or after it was packaged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Resolved {
    pub name: String,
    pub version: String,
    /// Whether we pack it ourselves.
    pub packaged: bool,
    /// Values files that were merged.
    pub values_files: Vec<String>,
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
    /// Before anything was asked for.
    Unknown,
}

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

    /// The condition that it sets.
    pub fn failure(&self) -> Failure {
        let (condition, reason, summary) = match self.problem {
            Problem::Reference => (
                ConditionType::FetchFailed,
                SourceReason::InvalidChartReference,
                "invalid chart reference",
            ),
            Problem::Pull => (
                ConditionType::FetchFailed,
                SourceReason::ChartPullError,
                "chart pull error",
            ),
            Problem::MetadataPatch => (
                ConditionType::BuildFailed,
                SourceReason::MetadataPatchError,
                "chart metadata patch error",
            ),
            Problem::ValuesFiles => (
                ConditionType::BuildFailed,
                SourceReason::ValuesFilesError,
                "values files merge error",
            ),
            Problem::Dependencies => (
                ConditionType::BuildFailed,
                SourceReason::DependencyBuildError,
                "dependency build error",
            ),
            Problem::Package => (
                ConditionType::BuildFailed,
                SourceReason::ChartPackageError,
                "chart package error",
            ),
            Problem::Unknown => (
                ConditionType::BuildFailed,
                SourceReason::Unknown,
                "unknown build error",
            ),
        };
        let failure = Failure::new(condition, reason, format!("{summary}: {}", self.message));
        // Trying again does not help: the object or its source must change.
        match self.problem {
            Problem::Reference | Problem::MetadataPatch | Problem::ValuesFiles => failure.stalled(),
            Problem::Pull | Problem::Dependencies | Problem::Package | Problem::Unknown => failure,
        }
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
}
