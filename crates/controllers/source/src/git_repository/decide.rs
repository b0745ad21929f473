//! Phase two: what is to be done, from what was observed. Pure.

use std::time::Duration;

use skein_api::source::git_repository::GitProvider;
use skein_api::{Artifact, ConditionType, GitRepository, SourceReason};
use skein_git::{Access, FetchError, FetchRequest, Reference, RemoteUrl};

use super::GitRepositories;
use super::access;
use super::failure::Step;
use super::observe::Included;
use crate::in_storage::InStorage;
use crate::produced::{Failure, Secret, SecretData, Then};

type Observed = crate::produced::Observed<GitRepositories>;

/// Time that a fetch may take when the object names none.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);

/// The ref that only points to another.
const SYMBOLIC_REF: &str = "HEAD";
/// The id that no object has.
const NO_OBJECT: &str = "0000000000000000000000000000000000000000";

/// A fetch and what it is compared with.
pub(crate) struct Plan {
    /// What to fetch.
    pub request: FetchRequest,
    /// The artifacts of the included objects.
    pub includes: Vec<Artifact>,
    /// The artifact must be built even when the revision is the same.
    pub content_changed: bool,
}

/// What is to be fetched.
pub(super) fn plan(observed: &Observed) -> Result<Plan, Failure> {
    let spec = &observed.source.spec;
    let address = observed.inputs.local_url.as_ref().unwrap_or(&spec.url);
    let url = RemoteUrl::parse(address).map_err(|error| {
        let message = format!(
            "failed to parse url '{}': {error}",
            without_secrets(&spec.url)
        );
        Step::Settings
            .fetch_failed(SourceReason::URLInvalid, message)
            .stalled()
    })?;
    let mut access = Access::default();
    if observed.inputs.local_url.is_none() {
        let proxy = proxy(observed)?;
        access = credentials(observed, &url)?;
        access.proxy = proxy;
    }
    let includes = includes(observed)?;
    let content_changed = content_changed(&observed.source, &includes);
    let reference = spec.reference.clone().unwrap_or_default();
    let reference = Reference::select(
        Some(&reference.branch),
        Some(&reference.tag),
        Some(&reference.semver),
        Some(&reference.name),
        Some(&reference.commit),
    );
    if reference == Reference::Name(SYMBOLIC_REF.to_owned()) {
        // Flux takes such a ref for the object that it names itself, which there is none of.
        let message = format!(
            "failed to checkout and determine revision: {}",
            FetchError::UnknownCommit(NO_OBJECT.to_owned())
        );
        let failed = Step::Fetch.fetch_failed(SourceReason::GitOperationFailed, message);
        return Err(failed);
    }
    let last_revision = match (&observed.stored, &observed.source.status.artifact) {
        (InStorage::Good, Some(artifact)) => Some(artifact.revision.clone()),
        _ => None,
    };
    let request = FetchRequest {
        url: address.clone(),
        access,
        reference,
        last_revision,
        recurse_submodules: spec.recurse_submodules,
        sparse_checkout: spec.sparse_checkout.clone(),
        timeout: spec
            .timeout
            .map_or(DEFAULT_TIMEOUT, |timeout| timeout.as_std()),
        pinned: Some(observed.inputs.pinned.clone()),
    };
    Ok(Plan {
        request,
        includes,
        content_changed,
    })
}

fn proxy(observed: &Observed) -> Result<Option<skein_git::Proxy>, Failure> {
    let spec = &observed.source.spec;
    let (Some(secret), Some(reference)) = (&observed.inputs.proxy, &spec.proxy_secret_ref) else {
        return Ok(None);
    };
    let name = format!("{}/{}", observed.source.metadata.namespace, reference.name);
    let proxy = match secret {
        Secret::Data(data) => access::proxy(&name, data),
        Secret::Absent(_) => Err(format!("secret '{name}' not found")),
        Secret::Unreadable(reason) => Err(format!("secret '{name}': {reason}")),
    };
    proxy.map(Some).map_err(|reason| {
        let message = format!("failed to configure proxy options: {reason}");
        Step::Settings.fetch_failed(SourceReason::AuthenticationFailed, message)
    })
}

fn credentials(observed: &Observed, url: &RemoteUrl) -> Result<Access, Failure> {
    let empty = SecretData::new();
    let spec = &observed.source.spec;
    let failed = |message| Step::Settings.fetch_failed(SourceReason::AuthenticationFailed, message);
    let name = spec
        .secret_ref
        .as_ref()
        .map(|reference| format!("{}/{}", observed.source.metadata.namespace, reference.name));
    let data = match &observed.inputs.credentials {
        None => &empty,
        Some(Secret::Data(data)) => data,
        Some(Secret::Absent(reason) | Secret::Unreadable(reason)) => {
            let name = name.unwrap_or_default();
            let message =
                format!("failed to get secret '{name}': failed to get secret '{name}': {reason}");
            return Err(failed(message));
        }
    };
    check_provider(
        spec.provider,
        observed.inputs.credentials.is_some(),
        data,
        name.as_deref(),
    )?;
    access::access(url, data).map_err(|reason| {
        failed(format!(
            "failed to configure authentication options: {reason}"
        ))
    })
}

/// Only generic credentials are supported: others are refused in clear words.
fn check_provider(
    provider: Option<GitProvider>,
    has_secret: bool,
    data: &SecretData,
    name: Option<&str>,
) -> Result<(), Failure> {
    let failure = |message: String| {
        Step::Settings.fetch_failed(SourceReason::InvalidProviderConfiguration, message)
    };
    let has_app = data.contains_key("githubAppID");
    match provider.unwrap_or(GitProvider::Generic) {
        GitProvider::Generic if has_app => Err(failure(format!(
            "secretRef '{}' has github app data but provider is not set to github",
            name.unwrap_or_default()
        ))
        .stalled()),
        GitProvider::Generic => Ok(()),
        GitProvider::Github if !(has_app && data.contains_key("githubAppPrivateKey")) => {
            let message =
                "secretRef with github app data must be specified when provider is set to github";
            let failure = failure(message.into());
            Err(if has_secret {
                failure
            } else {
                failure.stalled()
            })
        }
        GitProvider::Github => Err(unsupported("github", &failure)),
        GitProvider::Aws => Err(unsupported("aws", &failure)),
        GitProvider::Azure => Err(unsupported("azure", &failure)),
    }
}

fn unsupported(provider: &str, failure: &dyn Fn(String) -> Failure) -> Failure {
    failure(format!(
        "provider '{provider}' is not supported yet; use provider 'generic' with a token, password or SSH key in the Secret"
    ))
    .stalled()
}

fn includes(observed: &Observed) -> Result<Vec<Artifact>, Failure> {
    let waiting = |reason: &str, message: String| Failure {
        then: Then::Wait(observed.inputs.requeue_dependency),
        ..Failure::new(ConditionType::IncludeUnavailable, reason, message)
    };
    let includes = observed
        .source
        .spec
        .include
        .iter()
        .zip(&observed.inputs.includes);
    includes
        .map(|(include, found)| {
            let name = &include.repository.name;
            match found {
                Included::Artifact(artifact) => Ok(artifact.clone()),
                Included::Absent => Err(waiting(
                    "NotFound",
                    format!("could not get resource for include '{name}': GitRepository.source.toolkit.fluxcd.io \"{name}\" not found"),
                )),
                Included::NoArtifact => Err(waiting(
                    "NoArtifact",
                    format!("no artifact available for include '{name}'"),
                )),
            }
        })
        .collect()
}

/// Whether the included artifacts are of other revisions than those in the status.
pub(super) fn includes_differ(source: &GitRepository, includes: &[Artifact]) -> bool {
    let old = &source.status.included_artifacts;
    old.len() != includes.len()
        || includes
            .iter()
            .any(|new| !old.iter().any(|old| old.revision == new.revision))
}

/// Whether something else than the commit asks for another artifact.
fn content_changed(source: &GitRepository, includes: &[Artifact]) -> bool {
    let (spec, status) = (&source.spec, &source.status);
    let mode = spec.verify.as_ref().map(|verify| verify.mode);
    spec.ignore != status.observed_ignore
        // A commit that was never verified in this mode must be, also when it is not new.
        || (mode.is_some() && mode != status.source_verification_mode)
        || spec.recurse_submodules != status.observed_recurse_submodules
        || spec.include != status.observed_include
        || spec.sparse_checkout != status.observed_sparse_checkout
        || status.included_artifacts.len() != includes.len()
        // What is included may itself include something new at the same revision.
        || status.included_artifacts.iter().zip(includes).any(|(old, new)| {
            (&old.revision, &old.digest) != (&new.revision, &new.digest)
        })
}

/// An address without user and password, also when it cannot be read.
fn without_secrets(url: &str) -> String {
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, rest))) => format!("{scheme}://{rest}"),
        _ => url.to_owned(),
    }
}

#[cfg(test)]
mod tests;
