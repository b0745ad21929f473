//! What to pull, and with which access. Pure.

use std::time::Duration;

use regex::Regex;
use skein_api::source::oci_repository::OciVerification;
use skein_api::{ConditionType, SourceReason};
use skein_registry::{Access, Credentials, Repository};
use skein_semver::Constraint;

use super::OciRepositories;
use crate::produced::{Failure, Observed, Secret};
use crate::registry_access::{certificates, check_provider, keychain, no_transport, proxy};
use crate::signature_keys;

/// Time that the registry may take when the object names none.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);
/// The tag when none is named.
const DEFAULT_TAG: &str = "latest";

/// What to pull.
pub(crate) struct Plan {
    pub repository: Repository,
    pub access: Access,
    pub reference: Reference,
    pub timeout: Duration,
    /// The artifact must be built even when the revision is the same.
    pub content_changed: bool,
    /// Why a signature that is asked for is not good.
    pub unverified: Option<Failure>,
}

/// Which artifact.
pub(crate) enum Reference {
    Digest(String),
    Tag(String),
    Range {
        constraint: Constraint,
        /// As written, for messages.
        text: String,
        filter: Option<Regex>,
    },
}

pub(super) fn decide(observed: &Observed<OciRepositories>) -> Result<Plan, Failure> {
    let spec = &observed.source.spec;
    let address = observed.inputs.local.as_ref().unwrap_or(&spec.url);
    let repository = Repository::parse_url(address).map_err(|error| {
        let message = format!("URL validation failed for '{}': {error}", spec.url);
        Failure::fetch(SourceReason::URLInvalid, message).stalled()
    })?;
    check_provider(spec.provider)?;
    let namespace = &observed.source.metadata.namespace;
    let name = |reference: &Option<skein_api::reference::LocalObjectReference>| {
        let name = reference
            .as_ref()
            .map_or("", |reference| reference.name.as_str());
        format!("{namespace}/{name}")
    };
    let inputs = &observed.inputs;
    let certificate = name(&spec.cert_secret_ref);
    let access = Access {
        proxy: proxy(&name(&spec.proxy_secret_ref), inputs.proxy.as_ref())?,
        credentials: credentials(observed, &repository)?,
        tls: certificates(&certificate, inputs.certificates.as_ref())
            .map_err(|problem| no_transport(&spec.url, &certificate, problem))?,
        insecure: spec.insecure,
        no_plain_guess: false,
    };
    let status = &observed.source.status;
    let content_changed = spec.ignore != status.observed_ignore
        || spec.layer_selector != status.observed_layer_selector;
    Ok(Plan {
        access,
        reference: reference(observed)?,
        timeout: spec
            .timeout
            .map_or(DEFAULT_TIMEOUT, |timeout| timeout.as_std()),
        content_changed,
        unverified: spec.verify.as_ref().map(|verify| {
            unverified(
                verify,
                inputs.keys.as_ref(),
                &observed.source.metadata.namespace,
            )
        }),
        repository,
    })
}

fn credentials(
    observed: &Observed<OciRepositories>,
    repository: &Repository,
) -> Result<Credentials, Failure> {
    let inputs = &observed.inputs;
    let secrets: Vec<&Secret> = match (&inputs.credentials, &inputs.account) {
        (Some(secret), _) => {
            if let Err(reason) = secret.data() {
                let name = observed.source.spec.secret_ref.as_ref();
                let name = name.map_or("", |reference| reference.name.as_str());
                let namespace = &observed.source.metadata.namespace;
                return Err(no_credential(&format!(
                    "failed to get secret '{namespace}/{name}': {reason}"
                )));
            }
            vec![secret]
        }
        (None, Some(Ok(secrets))) => secrets.iter().collect(),
        (None, Some(Err(reason))) => return Err(no_credential(reason)),
        (None, None) => return Ok(Credentials::Anonymous),
    };
    let keychain = keychain(&secrets).map_err(|reason| no_credential(&reason))?;
    Ok(keychain.credentials_for(repository))
}

fn no_credential(reason: &str) -> Failure {
    let message = format!("failed to get credential: {reason}");
    Failure::fetch(SourceReason::AuthenticationFailed, message)
}

fn reference(observed: &Observed<OciRepositories>) -> Result<Reference, Failure> {
    let spec = &observed.source.spec;
    let reference = spec.reference.clone().unwrap_or_default();
    if !reference.digest.is_empty() {
        return Ok(Reference::Digest(reference.digest));
    }
    if reference.semver.is_empty() {
        let tag = match reference.tag.as_str() {
            "" => DEFAULT_TAG.to_owned(),
            tag => tag.to_owned(),
        };
        return Ok(Reference::Tag(tag));
    }
    let failed = |reason: String| no_tag(&spec.url, &reason);
    let filter = match reference.semver_filter.as_str() {
        "" => None,
        text => Some(skein_gowords::regex(text).map_err(failed)?),
    };
    let text = reference.semver;
    let constraint = Constraint::parse(&text)
        .map_err(|error| failed(format!("semver '{text}' parse error: {error}")))?;
    Ok(Reference::Range {
        constraint,
        text,
        filter,
    })
}

/// No tag could be chosen.
pub(super) fn no_tag(url: &str, reason: &str) -> Failure {
    let message = format!("failed to determine the artifact tag for '{url}': {reason}");
    Failure::fetch(SourceReason::ReadOperationFailed, message)
}

/// Signatures cannot be verified yet: nothing that asks for one is used.
fn unverified(verify: &OciVerification, keys: Option<&Secret>, namespace: &str) -> Failure {
    let name = verify.secret_ref.as_ref();
    let name = name.map_or("", |reference| reference.name.as_str());
    let problem = signature_keys::problem(verify.provider, keys, &format!("{namespace}/{name}"));
    let reason = problem.as_deref().unwrap_or(
        "signatures cannot be verified yet; leave spec.verify out to use the artifact without",
    );
    let provider = signature_keys::name_of(verify.provider);
    let message = format!("failed to verify the signature using provider '{provider}': {reason}");
    Failure::new(
        ConditionType::SourceVerified,
        SourceReason::VerificationError,
        message,
    )
}
