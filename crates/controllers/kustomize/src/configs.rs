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
    /// The Secret with the decryption keys is absent.
    #[error("secrets {0:?} not found")]
    NoKeys(String),
    /// A key cannot be used.
    #[error(
        "failed to import '{key}' data from sops decryption Secret '{secret}': failed to parse and add to age identities: {}",
        .source.reason()
    )]
    Key {
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

/// Variables of `postBuild.substituteFrom`, later sources over earlier ones.
pub async fn variables(
    cluster: &Cluster,
    kustomization: &Kustomization,
) -> Result<Variables, ConfigError> {
    let mut variables = Variables::new();
    let Some(post_build) = &kustomization.spec.post_build else {
        return Ok(variables);
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
            variables.insert(key.clone(), clean_variable(&text));
        }
    }
    Ok(variables)
}

/// Keys of `spec.decryption.secretRef`; `None` when the Kustomization decrypts nothing.
pub async fn keyring(
    cluster: &Cluster,
    kustomization: &Kustomization,
) -> Result<Option<Keyring>, ConfigError> {
    let Some(decryption) = &kustomization.spec.decryption else {
        return Ok(None);
    };
    let mut keyring = Keyring::default();
    let Some(reference) = &decryption.secret_ref else {
        return Ok(Some(keyring));
    };
    let name = NamespacedName::new(&kustomization.metadata.namespace, &reference.name);
    let secret = read_secret(cluster, &name)
        .await
        .map_err(ConfigError::Keys)?
        .ok_or_else(|| ConfigError::NoKeys(name.name.clone()))?;
    let data = secret.at(&["data"]).and_then(Value::as_object);
    for key in data.into_iter().flatten().map(|(key, _)| key) {
        if key.ends_with(".agekey") {
            let text = secret_text(&secret, key).unwrap_or_default();
            keyring
                .import_age(&text)
                .map_err(|source| ConfigError::Key {
                    secret: format!("{}/{}", secret.namespace(), secret.name()),
                    key: key.clone(),
                    source,
                })?;
        } else if let Some(what) = unsupported_key(key) {
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
