//! Feature gates: `--feature-gates=A=true,B=false`.

use std::collections::BTreeMap;

use thiserror::Error;

/// A `--feature-gates` value that cannot be read.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum GateError {
    /// A gate that no controller knows.
    #[error("feature-gate '{0}' not supported")]
    Unknown(String),
    /// Not of the form `Name=true` or `Name=false`.
    #[error("feature-gate {0:?} is not of the form Name=true or Name=false")]
    Form(String),
}

/// Gates of all controllers with Flux's defaults.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeatureGates(BTreeMap<&'static str, bool>);

/// Every gate that Flux 2.9 and 2.10 know, with its default.
const DEFAULTS: [(&str, bool); 26] = [
    ("AdditiveCELDependencyCheck", false),
    ("AdoptLegacyReleases", false),
    ("AllowDNSLookups", false),
    ("CacheSecretsAndConfigMaps", false),
    ("CancelHealthCheckOnNewRevision", false),
    ("CorrectDrift", false),
    ("DefaultToRetryOnFailure", false),
    ("DetectDrift", false),
    ("DirectSourceFetch", false),
    ("DisableChartDigestTracking", false),
    ("DisableCommitStatusEvent", false),
    ("DisableConfigWatchers", false),
    ("DisableFailFastBehavior", false),
    ("DisableStatusPollerCache", true),
    ("ExternalArtifact", false),
    ("FluxStorage", true),
    ("GitAllBranchReferences", true),
    ("GitForcePushBranch", true),
    ("GitShallowClone", true),
    ("GitSparseCheckout", false),
    ("GroupChangeLog", false),
    ("MigrateAPIVersion", false),
    ("OOMWatch", false),
    ("ObjectLevelWorkloadIdentity", false),
    ("StrictPostBuildSubstitutions", true),
    ("UseHelm3Defaults", false),
];

impl Default for FeatureGates {
    fn default() -> Self {
        Self(DEFAULTS.into_iter().collect())
    }
}

impl FeatureGates {
    /// Reads a flag value over the defaults.
    pub fn parse(text: &str) -> Result<Self, GateError> {
        let mut gates = Self::default();
        for part in text
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
        {
            let form = || GateError::Form(part.to_owned());
            let (name, value) = part.split_once('=').ok_or_else(form)?;
            let value = value.trim().parse().map_err(|_| form())?;
            let known = DEFAULTS.iter().find(|(known, _)| *known == name.trim());
            let (name, _) = known.ok_or_else(|| GateError::Unknown(name.to_owned()))?;
            gates.0.insert(name, value);
        }
        Ok(gates)
    }

    /// Whether a gate is on; unknown names are off.
    pub fn enabled(&self, name: &str) -> bool {
        self.0.get(name).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_over_defaults() {
        let gates = FeatureGates::parse("ExternalArtifact=true, FluxStorage=false").unwrap();
        assert!(gates.enabled("ExternalArtifact") && !gates.enabled("FluxStorage"));
        assert!(gates.enabled("StrictPostBuildSubstitutions"));
        assert_eq!(
            FeatureGates::parse("Nope=true"),
            Err(GateError::Unknown("Nope".into()))
        );
        assert!(FeatureGates::parse("OOMWatch=maybe").is_err());
    }
}
