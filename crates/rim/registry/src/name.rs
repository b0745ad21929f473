//! Names of repositories, checked as go-containerregistry checks them.

use thiserror::Error;

/// Registry of names without one.
const DEFAULT_REGISTRY: &str = "index.docker.io";
/// Other name of the default registry.
const DEFAULT_REGISTRY_ALIAS: &str = "docker.io";
/// Namespace of names without one in the default registry.
const DEFAULT_NAMESPACE: &str = "library";
const REPOSITORY_CHARACTERS: &str = "abcdefghijklmnopqrstuvwxyz0123456789_-./";
const REPOSITORY_LENGTH: std::ops::RangeInclusive<usize> = 2..=255;
/// Address prefix of registries.
pub const OCI_SCHEME: &str = "oci://";

/// Why a name is no repository.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum NameError {
    /// Nothing is there.
    #[error("a repository name must be specified")]
    Empty,
    /// Too short or too long.
    #[error("repository must be between 2 and 255 characters in length: {0}")]
    Length(String),
    /// Other characters.
    #[error("repository can only contain the characters `{REPOSITORY_CHARACTERS}`: {0}")]
    Characters(String),
    /// The registry is no host.
    #[error("registries must be valid RFC 3986 URI authorities: {0}")]
    Registry(String),
    /// The address has another scheme.
    #[error("URL must be in format 'oci://<domain>/<org>/<repo>'")]
    Scheme,
}

/// A repository of a registry.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Repository {
    registry: String,
    path: String,
}

impl Repository {
    /// Reads `oci://host/path`.
    pub fn parse_url(url: &str) -> Result<Self, NameError> {
        Self::parse(url.strip_prefix(OCI_SCHEME).ok_or(NameError::Scheme)?)
    }

    /// Reads `host/path`.
    pub fn parse(name: &str) -> Result<Self, NameError> {
        if !name.is_empty() {
            check_length(in_parts(name).1)?;
        }
        Self::parse_of_any_length(name)
    }

    /// As [`Repository::parse`], for those who do not mind how long a path is, as Helm.
    pub fn parse_of_any_length(name: &str) -> Result<Self, NameError> {
        if name.is_empty() {
            return Err(NameError::Empty);
        }
        let (registry, path) = in_parts(name);
        check_characters(path)?;
        check_registry(registry)?;
        let registry = match registry {
            "" | DEFAULT_REGISTRY_ALIAS => DEFAULT_REGISTRY,
            registry => registry,
        };
        let is_official = registry == DEFAULT_REGISTRY && !path.contains('/');
        let path = if is_official {
            format!("{DEFAULT_NAMESPACE}/{path}")
        } else {
            path.to_owned()
        };
        Ok(Self {
            registry: registry.to_owned(),
            path,
        })
    }

    /// Host and port.
    pub fn registry(&self) -> &str {
        &self.registry
    }

    /// Path of the repository.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether plain HTTP may be spoken to the registry although nobody said so: it is this machine or in a private network.
    pub fn is_local(&self) -> bool {
        let host = match self.registry.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
            _ => &self.registry,
        };
        let is_private = match host.trim_matches(['[', ']']).parse::<std::net::IpAddr>() {
            Ok(std::net::IpAddr::V4(address)) => address.is_private() || address.is_loopback(),
            Ok(std::net::IpAddr::V6(address)) => address.is_loopback(),
            Err(_) => false,
        };
        let names_this = host == "localhost" && self.registry != host;
        is_private || names_this || host.ends_with(".local") || host.ends_with(".localhost")
    }
}

impl std::fmt::Display for Repository {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.registry, self.path)
    }
}

/// The registry, empty for none, and the path.
fn in_parts(name: &str) -> (&str, &str) {
    match name.split_once('/') {
        Some((first, rest)) if first.contains(['.', ':']) || first == "localhost" => (first, rest),
        _ => ("", name),
    }
}

fn check_length(path: &str) -> Result<(), NameError> {
    if REPOSITORY_LENGTH.contains(&path.chars().count()) {
        return Ok(());
    }
    Err(NameError::Length(path.chars().take(300).collect()))
}

fn check_characters(path: &str) -> Result<(), NameError> {
    if path
        .chars()
        .any(|character| !REPOSITORY_CHARACTERS.contains(character))
    {
        return Err(NameError::Characters(path.to_owned()));
    }
    // Such a path would name another place on the server.
    if path.split('/').any(|part| matches!(part, "." | "..")) {
        return Err(NameError::Characters(path.to_owned()));
    }
    Ok(())
}

fn check_registry(registry: &str) -> Result<(), NameError> {
    let is_authority = registry.is_empty()
        || reqwest::Url::parse(&format!("https://{registry}/")).is_ok_and(|url| {
            url.username().is_empty()
                && url.password().is_none()
                && url.path() == "/"
                && url.query().is_none()
                && url.fragment().is_none()
        });
    if is_authority {
        Ok(())
    } else {
        Err(NameError::Registry(registry.to_owned()))
    }
}

#[cfg(test)]
mod tests;
