//! Secrets that sources refer to.

use std::collections::BTreeMap;

use base64::Engine as _;
use skein_cluster::{ApiError, ApiResource, Cluster};
use skein_object::{GroupVersionKind, Object};

/// Largest Secret that is used, in bytes of all values.
const MAX_SECRET_BYTES: usize = 2 * 1024 * 1024;
/// Most pull Secrets of a ServiceAccount that are used.
const MAX_PULL_SECRETS: usize = 32;

/// The data of a Secret.
pub(crate) type SecretData = BTreeMap<String, Vec<u8>>;

/// A Secret that is referred to.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Secret {
    /// Its data.
    Data(SecretData),
    /// There is none of that name.
    Absent(String),
    /// It cannot be read.
    Unreadable(String),
}

impl Secret {
    /// The data, or why there is none.
    pub fn data(&self) -> Result<&SecretData, &str> {
        match self {
            Self::Data(data) => Ok(data),
            Self::Absent(reason) | Self::Unreadable(reason) => Err(reason),
        }
    }
}

/// Reads Secrets and ServiceAccounts of one namespace.
pub(crate) struct SecretReader<'a> {
    cluster: &'a Cluster,
    namespace: &'a str,
}

impl<'a> SecretReader<'a> {
    pub fn new(cluster: &'a Cluster, namespace: &'a str) -> Self {
        Self { cluster, namespace }
    }

    /// The Secret of that name.
    pub async fn read(&self, name: &str) -> Secret {
        let resource =
            ApiResource::new(&GroupVersionKind::new("", "v1", "Secret"), "secrets", true);
        let absent = || Secret::Absent(format!("secrets \"{name}\" not found"));
        match self.cluster.get(&resource, self.namespace, name).await {
            Ok(Some(object)) => secret_data(&object),
            Ok(None) => absent(),
            Err(ApiError::Status(status)) if status.code == 404 => absent(),
            Err(error) => Secret::Unreadable(error.to_string()),
        }
    }

    /// The Secret of an optional reference.
    pub async fn read_optional(
        &self,
        reference: Option<&skein_api::reference::LocalObjectReference>,
    ) -> Option<Secret> {
        match reference {
            Some(reference) => Some(self.read(&reference.name).await),
            None => None,
        }
    }

    /// The pull Secrets of a ServiceAccount; why not, when it cannot be read.
    pub async fn pull_secrets(&self, account: &str) -> Result<Vec<Secret>, String> {
        let kind = GroupVersionKind::new("", "v1", "ServiceAccount");
        let resource = ApiResource::new(&kind, "serviceaccounts", true);
        let absent = || format!("serviceaccount '{}/{account}' not found", self.namespace);
        let object = match self.cluster.get(&resource, self.namespace, account).await {
            Ok(Some(object)) => object,
            Ok(None) => return Err(absent()),
            Err(ApiError::Status(status)) if status.code == 404 => return Err(absent()),
            Err(error) => return Err(error.to_string()),
        };
        let names: Vec<String> = object
            .at(&["imagePullSecrets"])
            .and_then(|list| list.as_array())
            .into_iter()
            .flatten()
            .filter_map(|reference| Some(reference.get("name")?.as_str()?.to_owned()))
            .take(MAX_PULL_SECRETS)
            .collect();
        let mut secrets = Vec::new();
        for name in names {
            secrets.push(self.read(&name).await);
        }
        Ok(secrets)
    }
}

/// Decodes the data of a Secret.
fn secret_data(object: &Object) -> Secret {
    let mut data = SecretData::new();
    let mut size = 0;
    let fields = object.at(&["data"]).and_then(|data| data.as_object());
    for (key, value) in fields.into_iter().flatten() {
        let text = value.as_str().unwrap_or_default();
        match base64::engine::general_purpose::STANDARD.decode(text) {
            Ok(bytes) => {
                size += bytes.len();
                data.insert(key.clone(), bytes);
            }
            Err(_) => return Secret::Unreadable(format!("the key '{key}' is no base64")),
        }
    }
    if size > MAX_SECRET_BYTES {
        return Secret::Unreadable(format!("more than {MAX_SECRET_BYTES} bytes"));
    }
    Secret::Data(data)
}
