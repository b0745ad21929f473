//! Turns Secrets into what registries and chart repositories are reached with, or says what is wrong with them.

use skein_api::SourceReason;
use skein_api::source::CloudProvider;
use skein_git::Proxy;
use skein_registry::{Credentials, Keychain, Repository};

use crate::git_repository::access::proxy as read_proxy;
use crate::produced::{Failure, Secret, SecretData};

/// Keys of TLS material, the present name before the old one.
const AUTHORITY: [&str; 2] = ["ca.crt", "caFile"];
const CERTIFICATE: [&str; 2] = ["tls.crt", "certFile"];
const KEY: [&str; 2] = ["tls.key", "keyFile"];
/// Keys of pull Secrets: the present form and the old one.
const DOCKER_CONFIG: &str = ".dockerconfigjson";
const OLD_DOCKER_CONFIG: &str = ".dockercfg";

/// Trust and client certificate.
pub(crate) type Tls = skein_git::TlsMaterial;

fn first(data: &SecretData, keys: [&str; 2]) -> Vec<u8> {
    let mut found = keys.iter().filter_map(|key| data.get(*key));
    found
        .find(|value| !value.is_empty())
        .cloned()
        .unwrap_or_default()
}

/// TLS material of a Secret; `None` when it has none.
pub(crate) fn tls(data: &SecretData) -> Result<Option<Tls>, String> {
    let tls = Tls {
        certificate_authority: first(data, AUTHORITY),
        client_certificate: first(data, CERTIFICATE),
        client_key: first(data, KEY),
    };
    match (tls.client_certificate.is_empty(), tls.client_key.is_empty()) {
        (true, false) => Err(format!("found 'tls.key' but missing '{}'", CERTIFICATE[0])),
        (false, true) => Err(format!("found 'tls.crt' but missing '{}'", KEY[0])),
        (true, true) if tls.certificate_authority.is_empty() => Ok(None),
        _ => Ok(Some(tls)),
    }
}

/// Why the Secret of `certSecretRef` cannot be used.
#[derive(Debug)]
pub(crate) enum CertificateProblem {
    /// There is no such Secret, or it cannot be read; why.
    NoSecret(String),
    /// What it holds is wrong.
    Content(String),
}

/// TLS material of the Secret of `certSecretRef`.
pub(crate) fn certificates(
    name: &str,
    secret: Option<&Secret>,
) -> Result<Option<Tls>, CertificateProblem> {
    let Some(secret) = secret else {
        return Ok(None);
    };
    let absent = |reason: &str| CertificateProblem::NoSecret(reason.to_owned());
    let data = secret.data().map_err(absent)?;
    let found = tls(data).map_err(|reason| {
        let reason = reason.replacen("found ", "contains ", 1);
        CertificateProblem::Content(format!("secret '{name}' {reason}"))
    })?;
    let Some(found) = found else {
        return Err(CertificateProblem::Content(format!(
            "secret '{name}' must contain either 'ca.crt' or both 'tls.crt' and 'tls.key'"
        )));
    };
    match pem_problem(&found) {
        Some(problem) => Err(CertificateProblem::Content(problem)),
        None => Ok(Some(found)),
    }
}

/// How a block of PEM begins, and one with a certificate.
const PEM_BEGIN: &str = "-----BEGIN ";
const PEM_CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----";

/// What is no PEM, in Go's words; `None` when all that is there looks like PEM.
pub(crate) fn pem_problem(tls: &Tls) -> Option<String> {
    let lacks = |bytes: &[u8], begin: &str| {
        !bytes.is_empty() && !String::from_utf8_lossy(bytes).contains(begin)
    };
    let pair = |what: &str| {
        format!(
            "failed to parse TLS certificate and key: tls: failed to find any PEM data in {what} input"
        )
    };
    if lacks(&tls.client_certificate, PEM_BEGIN) {
        return Some(pair("certificate"));
    }
    if lacks(&tls.client_key, PEM_BEGIN) {
        return Some(pair("key"));
    }
    lacks(&tls.certificate_authority, PEM_CERTIFICATE)
        .then(|| "failed to parse CA certificate".to_owned())
}

/// What Flux says of it for a registry.
pub(crate) fn no_transport(url: &str, name: &str, problem: CertificateProblem) -> Failure {
    let reason = match problem {
        CertificateProblem::NoSecret(_) => format!("secret '{name}' not found"),
        CertificateProblem::Content(reason) => reason,
    };
    let message = format!("failed to generate transport for '{url}': {reason}");
    Failure::fetch(SourceReason::AuthenticationFailed, message)
}

/// What Flux says of it for a chart repository.
pub(crate) fn no_client(name: &str, problem: CertificateProblem) -> Failure {
    let message = match problem {
        CertificateProblem::NoSecret(reason) => {
            format!("failed to get TLS authentication secret '{name}': {reason}")
        }
        CertificateProblem::Content(reason) => {
            format!("failed to construct Helm client's TLS config: {reason}")
        }
    };
    Failure::fetch(SourceReason::AuthenticationFailed, message)
}

/// The proxy of the Secret of `proxySecretRef`.
pub(crate) fn proxy(name: &str, secret: Option<&Secret>) -> Result<Option<Proxy>, Failure> {
    let Some(secret) = secret else {
        return Ok(None);
    };
    let proxy = match secret {
        Secret::Data(data) => read_proxy(name, data),
        Secret::Absent(_) => Err(format!("secret '{name}' not found")),
        Secret::Unreadable(reason) => Err(format!("secret '{name}': {reason}")),
    };
    proxy.map(Some).map_err(|reason| {
        let message = format!("failed to get proxy address: {reason}");
        Failure::fetch(SourceReason::AuthenticationFailed, message)
    })
}

/// The keychain of pull Secrets.
pub(crate) fn keychain(secrets: &[&Secret]) -> Result<Keychain, String> {
    let mut keychain = Keychain::default();
    for secret in secrets {
        let data = secret.data()?;
        let read = match (data.get(DOCKER_CONFIG), data.get(OLD_DOCKER_CONFIG)) {
            (Some(config), _) => Keychain::from_docker_config(config),
            (None, Some(config)) => Keychain::from_old_docker_config(config),
            // It has nothing for any registry.
            (None, None) => continue,
        };
        keychain.extend(read.map_err(|error| error.to_string())?);
    }
    Ok(keychain)
}

/// User name and password of a Secret: both keys, or none. They are sent when neither is empty.
pub(crate) fn basic(data: &SecretData) -> Result<Credentials, String> {
    let text = |key: &str| data.get(key).map(|value| String::from_utf8_lossy(value));
    match (text("username"), text("password")) {
        (None, None) => Ok(Credentials::Anonymous),
        (None, Some(_)) => {
            Err("malformed basic auth - has 'password' but missing 'username'".into())
        }
        (Some(_), None) => {
            Err("malformed basic auth - has 'username' but missing 'password'".into())
        }
        (Some(username), Some(password)) if username.is_empty() || password.is_empty() => {
            Ok(Credentials::Anonymous)
        }
        (Some(username), Some(password)) => Ok(Credentials::Basic {
            username: username.into_owned(),
            password: password.into_owned(),
        }),
    }
}

/// Credentials of one Secret for a repository of charts: a Docker configuration that knows the registry, or user name and password.
pub(crate) fn for_repository(
    name: &str,
    secret: &Secret,
    repository: &Repository,
) -> Result<Credentials, String> {
    let data = secret.data()?;
    if data.contains_key(DOCKER_CONFIG) || data.contains_key(OLD_DOCKER_CONFIG) {
        let keychain = keychain(&[secret]).map_err(|reason| {
            format!("unable to load Docker config from Secret '{name}': {reason}")
        })?;
        return match keychain.credentials_for(repository) {
            Credentials::Anonymous => {
                let host = repository.registry();
                Err(format!(
                    "no auth config for '{host}' in the docker-registry Secret '{name}'"
                ))
            }
            known => Ok(known),
        };
    }
    let is_empty = |key: &str| data.get(key).is_none_or(Vec::is_empty);
    if is_empty("username") != is_empty("password") {
        return Err(format!(
            "invalid '{name}' secret data: required fields 'username' and 'password'"
        ));
    }
    basic(data)
}

/// Only generic credentials are supported: others are refused in clear words.
pub(crate) fn check_provider(provider: CloudProvider) -> Result<(), Failure> {
    let name = match provider {
        CloudProvider::Generic => return Ok(()),
        CloudProvider::Aws => "aws",
        CloudProvider::Azure => "azure",
        CloudProvider::Gcp => "gcp",
    };
    let message = format!(
        "provider '{name}' is not supported yet; use provider 'generic' with a pull Secret in spec.secretRef"
    );
    Err(Failure::fetch(SourceReason::InvalidProviderConfiguration, message).stalled())
}

#[cfg(test)]
mod tests;
