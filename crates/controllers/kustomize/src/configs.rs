//! What a run reads from ConfigMaps and Secrets: variables, decryption keys, kubeconfigs.

use serde_json::Value;
use skein_api::Kustomization;
use skein_api::kustomization::ValuesKind;
use skein_cluster::{ApiError, ApiResource, Cluster};
use skein_object::{GroupVersionKind, NamespacedName};
use skein_render::{Variables, clean_variable};
use skein_runtime::targets::{read_secret, secret_text};
use skein_secrets::{Keyring, SecretsError};
use thiserror::Error;

/// Why something that a run needs cannot be read. The texts are those that Flux puts into conditions.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// The API server does not give a variable source.
    #[error("substitute from '{kind}/{name}' error: {source}")]
    Variables {
        /// ConfigMap or Secret.
        kind: &'static str,
        /// Its name.
        name: String,
        /// What the API server said.
        source: ApiError,
    },
    /// A variable source that is not optional is absent.
    #[error("substitute from '{kind}/{name}' error: {plural} {name:?} not found")]
    NoVariables {
        /// ConfigMap or Secret.
        kind: &'static str,
        /// Resource name for the message.
        plural: &'static str,
        /// Its name.
        name: String,
    },
    /// The Secret with the decryption keys cannot be read.
    #[error("{0}")]
    Keys(ApiError),
    /// The Secret with the keys for all cannot be read.
    #[error("cannot get sops SOPS age decryption Secret '{secret}': {source}")]
    CommonKeys {
        /// Namespace and name of the Secret.
        secret: NamespacedName,
        /// What the API server said.
        source: ApiError,
    },
    /// The Secret with the decryption keys is absent.
    #[error("secrets {0:?} not found")]
    NoKeys(String),
    /// A key cannot be used.
    #[error(
        "failed to import '{key}' data from sops {kind} Secret '{secret}': failed to parse and add to age identities: {}",
        .source.reason()
    )]
    Key {
        /// What Flux calls the Secret.
        kind: &'static str,
        /// Name of the Secret.
        secret: String,
        /// Key in the Secret.
        key: String,
        /// Why.
        source: SecretsError,
    },
    /// A kind of key that is not supported yet.
    #[error(
        "decryption Secret '{secret}' holds {key}: {what} is not supported by this version; use an age key (*.agekey)"
    )]
    KeyType {
        /// Name of the Secret.
        secret: String,
        /// Key in the Secret.
        key: String,
        /// Kind of the key.
        what: &'static str,
    },
}

fn resource(kind: &str, plural: &str) -> ApiResource {
    ApiResource::new(&GroupVersionKind::new("", "v1", kind), plural, true)
}

/// Variables, and which of their values must not be told.
#[derive(Debug, Default)]
pub struct Configured {
    /// Variables by name.
    pub variables: Variables,
    /// Values that came from Secrets.
    pub secrets: SecretValues,
}

/// Values that no message may hold.
#[derive(Debug, Default)]
pub struct SecretValues(Vec<String>);

/// What stands in their place.
const MASK: &str = "*****";

impl SecretValues {
    fn add(&mut self, value: &str) {
        if !value.is_empty() {
            self.0.push(value.to_owned());
        }
    }

    /// The text without the values; a value that is part of another leaves nothing of the longer one.
    pub fn mask(&self, text: &str) -> String {
        let mut values: Vec<&String> = self.0.iter().collect();
        values.sort_by_key(|value| std::cmp::Reverse(value.len()));
        let masked = |text: String, value: &&String| text.replace(value.as_str(), MASK);
        values.iter().fold(text.to_owned(), masked)
    }
}

/// Variables of `postBuild.substituteFrom`, later sources over earlier ones.
pub async fn variables(
    cluster: &Cluster,
    kustomization: &Kustomization,
) -> Result<Configured, ConfigError> {
    let mut configured = Configured::default();
    let Some(post_build) = &kustomization.spec.post_build else {
        return Ok(configured);
    };
    for reference in &post_build.substitute_from {
        let (kind, plural) = match reference.kind {
            ValuesKind::Secret => ("Secret", "secrets"),
            ValuesKind::ConfigMap => ("ConfigMap", "configmaps"),
        };
        let name = reference.name.clone();
        let namespace = &kustomization.metadata.namespace;
        let found = cluster.get(&resource(kind, plural), namespace, &name).await;
        let found = found.map_err(|source| ConfigError::Variables {
            kind,
            name: name.clone(),
            source,
        })?;
        let object = match found {
            Some(object) => object,
            None if reference.optional => continue,
            None => return Err(ConfigError::NoVariables { kind, plural, name }),
        };
        let data = object.at(&["data"]).and_then(Value::as_object);
        for (key, value) in data.into_iter().flatten() {
            let text = match reference.kind {
                ValuesKind::Secret => secret_text(&object, key).unwrap_or_default(),
                ValuesKind::ConfigMap => value.as_str().unwrap_or_default().to_owned(),
            };
            let text = clean_variable(&text);
            if reference.kind == ValuesKind::Secret {
                configured.secrets.add(&text);
            }
            configured.variables.insert(key.clone(), text);
        }
    }
    Ok(configured)
}

/// Keys of `spec.decryption.secretRef`, or of the Secret for all where none is named; `None` when the Kustomization decrypts nothing.
pub async fn keyring(
    cluster: &Cluster,
    kustomization: &Kustomization,
    common: Option<&NamespacedName>,
) -> Result<Option<Keyring>, ConfigError> {
    let Some(decryption) = &kustomization.spec.decryption else {
        return Ok(None);
    };
    let namespace = &kustomization.metadata.namespace;
    let own = decryption.secret_ref.as_ref();
    let own = own.map(|reference| NamespacedName::new(namespace, &reference.name));
    let (name, kind) = match (own, common) {
        (Some(own), _) => (own, "decryption"),
        (None, Some(common)) => (common.clone(), "SOPS age decryption"),
        (None, None) => return Ok(Some(Keyring::default())),
    };
    let is_common = decryption.secret_ref.is_none();
    let secret = read_secret(cluster, &name).await.map_err(|source| {
        if is_common {
            ConfigError::CommonKeys {
                secret: name.clone(),
                source,
            }
        } else {
            ConfigError::Keys(source)
        }
    })?;
    let secret = secret.ok_or_else(|| ConfigError::NoKeys(name.name.clone()))?;
    let mut keyring = Keyring::default();
    let data = secret.at(&["data"]).and_then(Value::as_object);
    for key in data.into_iter().flatten().map(|(key, _)| key) {
        if key.ends_with(".agekey") {
            let text = secret_text(&secret, key).unwrap_or_default();
            keyring
                .import_age(&text)
                .map_err(|source| ConfigError::Key {
                    kind,
                    secret: format!("{}/{}", secret.namespace(), secret.name()),
                    key: key.clone(),
                    source,
                })?;
        } else if let Some(what) = unsupported_key(key).filter(|_| !is_common) {
            return Err(ConfigError::KeyType {
                secret: name.name,
                key: key.clone(),
                what,
            });
        }
    }
    Ok(Some(keyring))
}

fn unsupported_key(key: &str) -> Option<&'static str> {
    match key {
        "sops.vault-token" => Some("a Vault token"),
        "sops.aws-kms" => Some("an AWS KMS credential"),
        "sops.azure-kv" => Some("an Azure Key Vault credential"),
        "sops.gcp-kms" => Some("a GCP KMS credential"),
        _ if key.ends_with(".asc") => Some("an OpenPGP key"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_secrets_are_not_told() {
        let mut values = SecretValues::default();
        for value in ["pass", "password", "", "\n"] {
            values.add(value);
        }
        assert_eq!(
            values.mask("invalid value \"password\": pass is no label"),
            "invalid value \"*****\": ***** is no label"
        );
        assert_eq!(SecretValues::default().mask("text"), "text");
    }
}
