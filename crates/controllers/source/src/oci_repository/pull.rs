//! Pulls an artifact and stores its layer.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use jiff::Timestamp;
use skein_api::source::oci_repository::OciRepositoryStatus;
use skein_api::{SourceReason, Time};
use skein_artifact::ArtifactLocation;
use skein_registry::Registry;
use skein_registry::registry::{TAGS_PER_PAGE, is_digest};
use skein_semver::Version;

use super::OciRepositories;
use super::decide::{Plan, Reference, no_tag};
use super::layer::{self, LayerSource};
use crate::produced::{Failure, Found, Observed, Outcome, Stored, Surroundings, Told, Verified};

/// Layers of charts.
const CHART_LAYER: &str = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";
/// Link to the newest artifact.
const LATEST: &str = "latest.tar.gz";
/// Annotations that name where an artifact comes from.
const ORIGIN_SOURCE: &str = "org.opencontainers.image.source";
const ORIGIN_REVISION: &str = "org.opencontainers.image.revision";

/// What a reference stands for now.
struct Resolved {
    /// What the status shows.
    revision: String,
    digest: String,
    /// `host/path:tag` or `host/path@digest`.
    name: String,
}

type End = Outcome<OciRepositories>;

pub(super) async fn pull(
    surroundings: &Surroundings,
    observed: &Observed<OciRepositories>,
    plan: Plan,
) -> End {
    let timeout = plan.timeout;
    match tokio::time::timeout(timeout, pull_in_time(surroundings, observed, plan)).await {
        Ok(outcome) => outcome,
        Err(_) => {
            let message = format!(
                "failed to pull artifact from '{}': context deadline exceeded",
                observed.source.spec.url
            );
            Outcome::failed(pull_failed(message))
        }
    }
}

async fn pull_in_time(
    surroundings: &Surroundings,
    observed: &Observed<OciRepositories>,
    plan: Plan,
) -> End {
    let registry = match Registry::new(plan.repository.clone(), &plan.access) {
        Ok(registry) => registry,
        Err(error) => {
            let message = format!("failed to configure the registry client: {error}");
            let reason = SourceReason::AuthenticationFailed;
            return Outcome::failed(Failure::fetch(reason, message));
        }
    };
    let resolved = match resolve(&registry, observed, &plan).await {
        Ok(resolved) => resolved,
        Err(failure) => return Outcome::failed(failure),
    };
    let same = observed
        .artifact()
        .is_some_and(|artifact| artifact.revision == resolved.revision);
    let found = (!same).then(|| Found {
        reason: Some(SourceReason::NewRevision),
        message: format!(
            "new revision '{}' for '{}'",
            resolved.revision, resolved.name
        ),
    });
    if let Some(failure) = plan.unverified {
        return Outcome::failed(failure).with_found(found);
    }
    let told = Told::new(
        SourceReason::Succeeded,
        format!("stored artifact for digest '{}'", resolved.revision),
    );
    if same && !plan.content_changed {
        let known = observed.artifact().map(|artifact| &artifact.metadata);
        let message = event_message(&observed.source.spec.url, &resolved.revision, known);
        return Outcome::unchanged(told)
            .telling_recovery(Told::new(SourceReason::Succeeded, message))
            .with_verified(Verified::Forget);
    }
    match pull_and_store(surroundings, observed, &registry, &resolved).await {
        Ok(stored) => {
            let spec = observed.source.spec.clone();
            Outcome::stored(stored, told)
                .with_verified(Verified::Forget)
                .with_change(move |status: &mut OciRepositoryStatus| {
                    status.observed_ignore = spec.ignore;
                    status.observed_layer_selector = spec.layer_selector;
                })
        }
        Err(failure) => Outcome::failed(failure).with_found(found),
    }
}

async fn resolve(
    registry: &Registry,
    observed: &Observed<OciRepositories>,
    plan: &Plan,
) -> Result<Resolved, Failure> {
    let repository = &plan.repository;
    let unknown = |error: &dyn std::fmt::Display| {
        pull_failed(format!("failed to determine artifact digest: {error}"))
    };
    let tag = match &plan.reference {
        Reference::Digest(digest) if is_digest(digest) => {
            return Ok(Resolved {
                revision: digest.clone(),
                digest: digest.clone(),
                name: format!("{repository}@{digest}"),
            });
        }
        Reference::Digest(digest) => return Err(unknown(&wrong_digest(digest))),
        Reference::Tag(tag) => tag.clone(),
        Reference::Range { .. } => {
            let spec = &observed.source.spec;
            let selector = spec.layer_selector.as_ref();
            let is_chart = selector.is_some_and(|selector| selector.media_type == CHART_LAYER);
            highest_tag(registry, &spec.url, &plan.reference, is_chart).await?
        }
    };
    let digest = registry
        .digest_of(&tag)
        .await
        .map_err(|error| unknown(&error))?;
    Ok(Resolved {
        revision: format!("{tag}@{digest}"),
        name: format!("{repository}:{tag}"),
        digest,
    })
}

/// The tag with the highest version in the range; those of charts have an underscore for the plus sign of their version.
async fn highest_tag(
    registry: &Registry,
    url: &str,
    reference: &Reference,
    is_chart: bool,
) -> Result<String, Failure> {
    let Reference::Range {
        constraint,
        text,
        filter,
    } = reference
    else {
        return Err(no_tag(url, "no range"));
    };
    let tags = registry
        .tags(Some(TAGS_PER_PAGE))
        .await
        .map_err(|error| no_tag(url, &error.to_string()))?;
    tags.into_iter()
        .filter(|tag| filter.as_ref().is_none_or(|filter| filter.is_match(tag)))
        .filter_map(|tag| {
            let version = match is_chart {
                true => Version::parse_dotted(&tag.replace('_', "+")),
                false => Version::parse_dotted(&tag),
            };
            Some((version?, tag))
        })
        .filter(|(version, _)| constraint.check(version))
        .max_by(|(a, _), (b, _)| a.precedence(b).then(Ordering::Less))
        .map(|(_, tag)| tag)
        .ok_or_else(|| no_tag(url, &format!("no match found for semver: {text}")))
}

async fn pull_and_store(
    surroundings: &Surroundings,
    observed: &Observed<OciRepositories>,
    registry: &Registry,
    resolved: &Resolved,
) -> Result<Stored, Failure> {
    let source = &observed.source;
    let failed = |what: &str, error: &dyn std::fmt::Display| {
        pull_failed(format!(
            "failed to {what} from '{}': {error}",
            source.spec.url
        ))
    };
    let manifest = registry
        .manifest(&resolved.digest)
        .await
        .map_err(|error| failed("pull artifact", &error))?;
    let selector = source.spec.layer_selector.clone().unwrap_or_default();
    let descriptor = layer::select(&manifest, &selector)?;
    let bytes = registry
        .blob(descriptor, layer::MAX_LAYER_BYTES)
        .await
        .map_err(|error| layer::failed(format!("failed to read the layer: {error}")))?;
    let layer = LayerSource {
        bytes,
        operation: selector.operation,
        ignore: source.spec.ignore.clone(),
        location: ArtifactLocation {
            kind: "OCIRepository".into(),
            namespace: source.metadata.namespace.clone(),
            name: source.metadata.name.clone(),
            file: format!("{}.tar.gz", resolved.digest),
        },
        revision: resolved.revision.clone(),
        latest: LATEST,
        now: Time::new(Timestamp::now()),
    };
    let storage = surroundings.storage.clone();
    let stored = tokio::task::spawn_blocking(move || layer.store(&storage))
        .await
        .map_err(|error| {
            let message = format!("unable to archive artifact to storage: {error}");
            Failure::storage(SourceReason::ArchiveOperationFailed, message)
        })?;
    let (mut artifact, url) = stored?;
    let event = event_message(
        &source.spec.url,
        &resolved.revision,
        Some(&manifest.annotations),
    );
    artifact.metadata = manifest.annotations;
    Ok(Stored {
        artifact,
        url,
        event: Told::new(SourceReason::NewArtifact, event),
    })
}

/// What is told of an artifact; its origin only where both parts of it are known.
fn event_message(
    url: &str,
    revision: &str,
    annotations: Option<&BTreeMap<String, String>>,
) -> String {
    let message = format!("stored artifact with revision '{revision}' from '{url}'");
    let known = |key: &str| {
        let value = annotations.and_then(|annotations| annotations.get(key));
        value.filter(|value| !value.is_empty())
    };
    match (known(ORIGIN_SOURCE), known(ORIGIN_REVISION)) {
        (Some(source), Some(origin)) => {
            format!("{message}, origin source '{source}', origin revision '{origin}'")
        }
        _ => message,
    }
}

/// What is wrong with a digest, in the words of Flux's registry client.
fn wrong_digest(digest: &str) -> String {
    match digest.split_once(':') {
        None => format!("cannot parse hash: \"{digest}\""),
        Some(("sha256", hex)) if hex.chars().all(|character| character.is_ascii_hexdigit()) => {
            format!("wrong number of hex digits for sha256: {hex}")
        }
        Some(("sha256", hex)) => format!("found non-hex character in hash: {hex}"),
        Some((algorithm, _)) => format!("unsupported hash: \"{algorithm}\""),
    }
}

fn pull_failed(message: String) -> Failure {
    Failure::fetch(SourceReason::OCIArtifactPullFailed, message)
}
