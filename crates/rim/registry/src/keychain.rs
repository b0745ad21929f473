//! Credentials by registry, from the JSON of `docker login` that pull Secrets hold.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use thiserror::Error;

use crate::access::Credentials;
use crate::name::Repository;

/// Most entries of one Secret.
const MAX_ENTRIES: usize = 1024;
/// Endings of old addresses of registries, which mean the registry.
const OLD_ENDINGS: [&str; 2] = ["/v1", "/v2"];

/// Why credentials cannot be read. Never says what stands in them.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum KeychainError {
    /// The text is no JSON of that form.
    #[error("the content is no Docker configuration in JSON")]
    Format,
    /// More entries than allowed.
    #[error("more than {MAX_ENTRIES} registries")]
    TooMany,
}

/// Credentials by registry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keychain {
    /// Pattern of the registry, with a path behind it if the entry names one.
    entries: Vec<(String, Credentials)>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Entry {
    auth: String,
    username: String,
    password: String,
    identitytoken: String,
    registrytoken: String,
}

#[derive(Deserialize)]
struct Configuration {
    #[serde(default)]
    auths: BTreeMap<String, Entry>,
}

impl Keychain {
    /// Reads `.dockerconfigjson`.
    pub fn from_docker_config(text: &[u8]) -> Result<Self, KeychainError> {
        let configuration: Configuration =
            serde_json::from_slice(text).map_err(|_| KeychainError::Format)?;
        Self::of(configuration.auths)
    }

    /// Reads `.dockercfg`, the old form without `auths`.
    pub fn from_old_docker_config(text: &[u8]) -> Result<Self, KeychainError> {
        Self::of(serde_json::from_slice(text).map_err(|_| KeychainError::Format)?)
    }

    fn of(auths: BTreeMap<String, Entry>) -> Result<Self, KeychainError> {
        if auths.len() > MAX_ENTRIES {
            return Err(KeychainError::TooMany);
        }
        let mut entries: Vec<(String, Credentials)> = auths
            .into_iter()
            .map(|(address, entry)| (pattern_of(&address), entry.credentials()))
            .collect();
        // Longer patterns are more to the point.
        entries.sort_by(|(a, _), (b, _)| b.cmp(a));
        Ok(Self { entries })
    }

    /// Adds the entries of another keychain, behind ours.
    pub fn extend(&mut self, other: Self) {
        self.entries.extend(other.entries);
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The credentials for a repository.
    pub fn credentials_for(&self, repository: &Repository) -> Credentials {
        let name = repository.to_string();
        self.entries
            .iter()
            .find(|(pattern, _)| matches_name(pattern, &name))
            .map(|(_, credentials)| credentials.clone())
            .unwrap_or_default()
    }
}

impl Entry {
    fn credentials(self) -> Credentials {
        if !self.registrytoken.is_empty() {
            return Credentials::Bearer(self.registrytoken);
        }
        if !self.identitytoken.is_empty() {
            return Credentials::Refresh(self.identitytoken);
        }
        if !self.username.is_empty() || !self.password.is_empty() {
            return Credentials::Basic {
                username: self.username,
                password: self.password,
            };
        }
        let decoded = STANDARD.decode(self.auth.trim()).unwrap_or_default();
        let text = String::from_utf8_lossy(&decoded);
        match text.split_once(':') {
            Some((username, password)) => Credentials::Basic {
                username: username.to_owned(),
                password: password.trim_end_matches('\0').to_owned(),
            },
            None => Credentials::Anonymous,
        }
    }
}

/// `https://index.docker.io/v1/` becomes `index.docker.io`.
fn pattern_of(address: &str) -> String {
    let rest = address
        .strip_prefix("https://")
        .or_else(|| address.strip_prefix("http://"))
        .unwrap_or(address)
        .trim_end_matches('/');
    let old = OLD_ENDINGS.iter().find_map(|end| rest.strip_suffix(end));
    match old.unwrap_or(rest) {
        "docker.io" | "registry-1.docker.io" => "index.docker.io".to_owned(),
        pattern => pattern.to_owned(),
    }
}

/// The host part by part, `*` standing for any part; the path as a prefix of whole parts.
fn matches_name(pattern: &str, name: &str) -> bool {
    let (host_pattern, path_pattern) = pattern.split_once('/').unwrap_or((pattern, ""));
    let (host, path) = name.split_once('/').unwrap_or((name, ""));
    let (patterns, parts): (Vec<&str>, Vec<&str>) =
        (host_pattern.split('.').collect(), host.split('.').collect());
    let same_host = patterns.len() == parts.len()
        && patterns
            .iter()
            .zip(&parts)
            .all(|(pattern, part)| *pattern == "*" || pattern == part);
    let rest = path.strip_prefix(path_pattern);
    let below = path_pattern.is_empty()
        || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    same_host && below
}

#[cfg(test)]
mod tests;
