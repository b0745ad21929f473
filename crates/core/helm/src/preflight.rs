//! What Helm checks before it renders: that the chart can be installed, that its dependencies are there, and that the release's name is a name.

use thiserror::Error;

use crate::chart::Chart;
use crate::dependencies::missing;
use crate::warning::Warning;

/// Longest name of a release, in bytes: names of objects have ten more.
const MAX_RELEASE_NAME_BYTES: usize = 53;
/// What a name must match, for messages.
const NAME_PATTERN: &str = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";

/// Why a chart or a name was refused; texts as in Helm.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum PreflightError {
    /// A library chart.
    #[error("{0} charts are not installable")]
    NotInstallable(String),
    /// charts/ lacks something that Chart.yaml lists.
    #[error(
        "an error occurred while checking for chart dependencies. You may need to run 'helm dependency build' to fetch missing \
         dependencies: {0}"
    )]
    Dependencies(String),
    /// The release has no name that can be one.
    #[error("{NAME_CHECK_FAILED}: {0}")]
    Name(NameError),
}

/// What Helm logs when the name of a release is none, and how its error begins.
pub const NAME_CHECK_FAILED: &str = "release name check failed";

/// Why a text is no name of a release; texts as in Helm.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum NameError {
    /// The release has no name.
    #[error("release name \"\": no name provided")]
    Missing,
    /// The release's name is none.
    #[error(
        "release name {0:?}: invalid release name, must match regex {NAME_PATTERN} and the length must not be longer than \
         {MAX_RELEASE_NAME_BYTES}"
    )]
    Invalid(String),
}

fn is_installable(chart: &Chart) -> bool {
    let kind = &chart.metadata.kind;
    kind.is_empty() || kind == "application"
}

/// What Helm logs of a chart before it looks whether its dependencies are there.
pub fn warnings(chart: &Chart) -> Vec<Warning> {
    let mut warnings = chart.warnings.clone();
    if chart.metadata.deprecated && is_installable(chart) {
        warnings.push(Warning::warn("this chart is deprecated"));
    }
    warnings
}

/// Checks a chart.
pub fn check_chart(chart: &Chart) -> Result<(), PreflightError> {
    let metadata = &chart.metadata;
    if !is_installable(chart) {
        return Err(PreflightError::NotInstallable(metadata.kind.clone()));
    }
    // Helm makes as many entries as there are charts in charts/ and fills those that Chart.yaml lists; an empty one fails.
    if metadata.api_version == "v3" && chart.dependencies.len() > metadata.dependencies.len() {
        let problem = "unsupported chart dependency type";
        return Err(PreflightError::Dependencies(problem.to_owned()));
    }
    let missing = missing(chart);
    if !missing.is_empty() {
        return Err(PreflightError::Dependencies(format!(
            "found in Chart.yaml, but missing in charts/ directory: {}",
            missing.join(", ")
        )));
    }
    Ok(())
}

/// Checks the name of a release.
pub fn check_release_name(name: &str) -> Result<(), NameError> {
    if name.is_empty() {
        return Err(NameError::Missing);
    }
    let is_edge = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let fits = |part: &str| {
        part.starts_with(is_edge)
            && part.ends_with(is_edge)
            && part.chars().all(|c| is_edge(c) || c == '-')
    };
    if name.len() > MAX_RELEASE_NAME_BYTES || !name.split('.').all(fits) {
        return Err(NameError::Invalid(name.to_owned()));
    }
    Ok(())
}
