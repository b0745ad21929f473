//! From the reason and message of a Flux object that is not ready to the cause.

use super::Cause;

/// Reasons that say all; the others are told apart by what the message says.
const BY_REASON: [(&[&str], Cause); 12] = [
    (&["AuthenticationFailed"], Cause::Unauthorised),
    (
        &[
            "VerificationError",
            "InvalidTagSignature",
            "InvalidCommitSignature",
            "InvalidGitObject",
            "ChartVerificationError",
        ],
        Cause::Untrusted,
    ),
    (
        &[
            "URLInvalid",
            "InvalidSpec",
            "InvalidURL",
            "InvalidCELExpression",
            "FeatureGateDisabled",
            "InvalidVerificationMode",
            "UnsupportedSourceKind",
            "InvalidProviderConfiguration",
            "InvalidSTSConfiguration",
            "InvalidChartReference",
            "InsecureConnectionsDisallowed",
            "UnsupportedConnectionType",
            "MissingRollbackTarget",
        ],
        Cause::InvalidSpec,
    ),
    (&["AccessDenied"], Cause::Forbidden),
    (&["ValuesError", "ValuesFilesError"], Cause::Values),
    (&["PruneFailed"], Cause::Prune),
    (
        &[
            "InstallFailed",
            "UpgradeFailed",
            "TestFailed",
            "RollbackFailed",
            "UninstallFailed",
            "RetriesExceeded",
            "UninstallSucceeded",
            "RollbackSucceeded",
        ],
        Cause::Release,
    ),
    (
        &["HealthCheckFailed", "HealthCheckCanceled"],
        Cause::Unhealthy,
    ),
    (&["DependencyNotReady"], Cause::Expression),
    (
        &["NoSourceArtifact", "SourceUnavailable"],
        Cause::NoArtifact,
    ),
    (&["ChartPackageError", "SourceIgnoreError"], Cause::Build),
    (&["EmptyGitRepository"], Cause::NotAtOrigin),
];

/// What messages contain, in lower case, in the order in which they are asked.
const BY_MESSAGE: [(&[&str], Cause); 6] = [
    (
        &[
            "authentication required",
            "authorization failed",
            "unauthorized",
            "invalid credentials",
            "permission denied (publickey",
            "unable to authenticate",
            "host key",
            "knownhosts",
            "401 ",
            "403 forbidden",
            "access denied",
        ],
        Cause::Unauthorised,
    ),
    (
        &["is forbidden", "forbidden:", "cannot impersonate"],
        Cause::Forbidden,
    ),
    (
        &[
            "connection refused",
            "no such host",
            "dial tcp",
            "i/o timeout",
            "deadline exceeded",
            "could not resolve",
            "unreachable",
            "connection reset",
            "error sending request",
            "dns error",
            "timed out",
            "cannot be reached",
        ],
        Cause::Unreachable,
    ),
    (
        &[
            "couldn't find remote ref",
            "reference not found",
            "remote branch",
            "repository not found",
            "manifest_unknown",
            "name_unknown",
            "manifest unknown",
            "no chart version",
            "no chart name",
            "no match found for semver",
            "not found in index",
            "404",
        ],
        Cause::NotAtOrigin,
    ),
    (
        &["decrypt", "sops", "data key", "encrypted"],
        Cause::Decryption,
    ),
    (
        &[
            "path not found",
            "no such file or directory",
            "does not exist in the artifact",
        ],
        Cause::PathMissing,
    ),
];

/// The cause behind a failing source or reconciler.
pub(super) fn classify(is_source: bool, reason: &str, message: &str) -> Cause {
    let named = BY_REASON
        .iter()
        .find(|(reasons, _)| reasons.contains(&reason))
        .map(|(_, cause)| cause.clone());
    if let Some(cause) = named {
        return cause;
    }
    let lower = message.to_lowercase();
    // What a source fetches is at an origin; what a reconciler is refused is in a cluster.
    let asked = BY_MESSAGE.iter().filter(|(_, cause)| {
        is_source || !matches!(cause, Cause::Unauthorised | Cause::NotAtOrigin)
    });
    let told = asked
        .into_iter()
        .find(|(words, _)| words.iter().any(|word| lower.contains(word)))
        .map(|(_, cause)| cause.clone());
    match (told, reason) {
        (Some(cause), _) => cause,
        (None, "BuildFailed" | "ChartBuildError" | "ArtifactFailed") if !is_source => Cause::Build,
        (None, "ReconciliationFailed") => Cause::Apply,
        _ => Cause::Other,
    }
}
