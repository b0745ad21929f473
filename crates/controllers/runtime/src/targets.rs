//! Where an applier's objects go: its own cluster or the one that a kubeconfig Secret names, as itself or as an account.

use std::collections::HashMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use parking_lot::Mutex;
use skein_api::reference::KubeConfigReference;
use skein_cluster::{
    ApiError, ApiResource, Cluster, ConnectError, Impersonation, KubeconfigPolicy,
};
use skein_object::{GroupVersionKind, NamespacedName, Object};
use thiserror::Error;

use crate::observed::{ObservedSet, OwnerLabels, Wake};
use crate::rights::Rights;

/// Remote clusters whose connections are kept; the least recently used go.
const REMOTE_CLUSTERS_MAX: usize = 1_000;
/// Keys of a kubeconfig Secret that are tried when the reference names none.
const DEFAULT_KEYS: [&str; 2] = ["value", "value.yaml"];

/// A cluster to apply to.
#[derive(Clone)]
pub struct Target {
    /// Acts with the rights that the applier's object has there.
    pub cluster: Cluster,
    /// Watches of what was applied there.
    pub observed: Arc<ObservedSet>,
    /// What accounts may do, here and there.
    pub rights: Arc<Rights>,
}

/// Why there is no target. The texts are those that Flux puts into the conditions of Kustomizations.
#[derive(Debug, Error)]
pub enum TargetError {
    /// The Secret cannot be read.
    #[error("unable to read KubeConfig secret '{secret}' error: {source}")]
    Secret {
        /// Namespace and name.
        secret: NamespacedName,
        /// What the API server said.
        source: ApiError,
    },
    /// The Secret does not exist.
    #[error("unable to read KubeConfig secret '{secret}' error: secrets {name:?} not found", name = secret.name)]
    NoSecret {
        /// Namespace and name.
        secret: NamespacedName,
    },
    /// The Secret has no such key.
    #[error("KubeConfig secret '{secret}' does not contain a {keys} key with a kubeconfig")]
    NoKey {
        /// Namespace and name.
        secret: NamespacedName,
        /// The key or keys that were looked for.
        keys: String,
    },
    /// The key is there with nothing in it.
    #[error(
        "invalid KubeConfig in secret '{secret}': invalid configuration: no configuration has been provided, try setting KUBERNETES_MASTER environment variable"
    )]
    Empty {
        /// Namespace and name.
        secret: NamespacedName,
    },
    /// The kubeconfig is refused or cannot be used.
    #[error("invalid KubeConfig in secret '{secret}': {source}")]
    Kubeconfig {
        /// Namespace and name.
        secret: NamespacedName,
        /// Why.
        source: ConnectError,
    },
    /// A way of access that is not supported yet.
    #[error(
        "spec.kubeConfig.configMapRef is not supported by this version; use spec.kubeConfig.secretRef"
    )]
    ConfigMapRef,
}

struct Remote {
    /// resourceVersion of the Secret that the connection was made from.
    version: String,
    cluster: Cluster,
    observed: Arc<ObservedSet>,
    used: u64,
}

/// Connections by Secret and key, with a counter that tells the least recently used.
#[derive(Default)]
struct Remotes {
    uses: u64,
    by_secret: HashMap<(NamespacedName, String), Remote>,
}

/// How targets are made.
#[derive(Clone)]
pub struct TargetOptions {
    /// The only namespace of the own cluster that is watched; empty for all.
    pub namespace: String,
    /// Labels of applied objects.
    pub labels: OwnerLabels,
    /// Told of owners whose objects changed.
    pub wake: Wake,
    /// What kubeconfig Secrets may hold.
    pub policy: KubeconfigPolicy,
    /// Account of this cluster for objects that name none; empty for none.
    pub default_account: String,
    /// User agent of remote connections.
    pub user_agent: &'static str,
}

/// What an object says about its target.
#[derive(Clone, Copy, Debug)]
pub struct TargetReference<'r> {
    /// Namespace of the object.
    pub namespace: &'r str,
    /// `spec.kubeConfig`.
    pub kube_config: Option<&'r KubeConfigReference>,
    /// `spec.serviceAccountName`.
    pub service_account: &'r str,
}

/// The own cluster and the remote ones.
pub struct Targets {
    own: Cluster,
    observed: Arc<ObservedSet>,
    remotes: Mutex<Remotes>,
    rights: Arc<Rights>,
    options: TargetOptions,
}

impl Targets {
    /// Targets around the own cluster.
    pub fn new(own: Cluster, options: TargetOptions) -> Self {
        let observed = Arc::new(ObservedSet::new(
            own.clone(),
            options.namespace.clone(),
            options.labels,
            options.wake.clone(),
        ));
        Self {
            own,
            observed,
            remotes: Mutex::default(),
            rights: Arc::default(),
            options,
        }
    }

    /// The account that an object acts as; empty for the connection's own identity.
    pub fn account<'a>(&'a self, reference: TargetReference<'a>) -> &'a str {
        match reference.service_account {
            "" if reference.kube_config.is_some() => "",
            "" => &self.options.default_account,
            account => account,
        }
    }

    /// The target of an object.
    pub async fn of(&self, reference: TargetReference<'_>) -> Result<Target, TargetError> {
        let (cluster, observed) = match reference.kube_config {
            None => (self.own.clone(), self.observed.clone()),
            Some(config) => {
                let secret = config
                    .secret_ref
                    .as_ref()
                    .ok_or(TargetError::ConfigMapRef)?;
                let name = NamespacedName::new(reference.namespace, &secret.name);
                self.remote(name, &secret.key).await?
            }
        };
        let account = self.account(reference);
        let cluster = if account.is_empty() {
            cluster
        } else {
            let namespace = reference.namespace;
            cluster.impersonate(Impersonation {
                user: format!("system:serviceaccount:{namespace}:{account}"),
                groups: Vec::new(),
            })
        };
        Ok(Target {
            cluster,
            observed,
            rights: self.rights.clone(),
        })
    }

    async fn remote(
        &self,
        name: NamespacedName,
        key: &str,
    ) -> Result<(Cluster, Arc<ObservedSet>), TargetError> {
        let found = read_secret(&self.own, &name).await;
        let secret = found
            .map_err(|source| TargetError::Secret {
                secret: name.clone(),
                source,
            })?
            .ok_or_else(|| TargetError::NoSecret {
                secret: name.clone(),
            })?;
        let slot = (name.clone(), key.to_owned());
        {
            let mut remotes = self.remotes.lock();
            remotes.uses += 1;
            let now = remotes.uses;
            if let Some(remote) = remotes.by_secret.get_mut(&slot)
                && remote.version == secret.resource_version()
            {
                remote.used = now;
                return Ok((remote.cluster.clone(), remote.observed.clone()));
            }
        }
        let text = kubeconfig_text(&secret, &name, key)?;
        let (policy, user_agent) = (self.options.policy, self.options.user_agent);
        let answers = self.own.answers().clone();
        let cluster = Cluster::from_untrusted_kubeconfig(&text, policy, user_agent, answers)
            .await
            .map_err(|source| TargetError::Kubeconfig {
                secret: name,
                source,
            })?;
        let observed = ObservedSet::new(
            cluster.clone(),
            String::new(),
            self.options.labels,
            self.options.wake.clone(),
        );
        let observed = Arc::new(observed.telling_of_loss());
        let mut remotes = self.remotes.lock();
        if remotes.by_secret.len() >= REMOTE_CLUSTERS_MAX {
            let oldest = remotes
                .by_secret
                .iter()
                .min_by_key(|(_, remote)| remote.used);
            if let Some(oldest) = oldest.map(|(slot, _)| slot.clone()) {
                remotes.by_secret.remove(&oldest);
            }
        }
        let used = remotes.uses;
        let remote = Remote {
            version: secret.resource_version().to_owned(),
            cluster: cluster.clone(),
            observed: observed.clone(),
            used,
        };
        remotes.by_secret.insert(slot, remote);
        Ok((cluster, observed))
    }
}

fn kubeconfig_text(
    secret: &Object,
    name: &NamespacedName,
    key: &str,
) -> Result<String, TargetError> {
    let keys: Vec<&str> = if key.is_empty() {
        DEFAULT_KEYS.to_vec()
    } else {
        vec![key]
    };
    keys.iter()
        .find_map(|key| secret_text(secret, key))
        .ok_or_else(|| {
            if keys.iter().any(|key| secret.at(&["data", key]).is_some()) {
                return TargetError::Empty {
                    secret: name.clone(),
                };
            }
            let looked_for = if key.is_empty() { DEFAULT_KEYS[0] } else { key };
            TargetError::NoKey {
                secret: name.clone(),
                keys: format!("'{looked_for}'"),
            }
        })
}

/// A Secret; `None` when there is none.
pub async fn read_secret(
    cluster: &Cluster,
    name: &NamespacedName,
) -> Result<Option<Object>, ApiError> {
    let gvk = GroupVersionKind::new("", "v1", "Secret");
    let secrets = ApiResource::new(&gvk, "secrets", true);
    cluster.get(&secrets, &name.namespace, &name.name).await
}

/// The decoded text under a key of a Secret.
pub fn secret_text(secret: &Object, key: &str) -> Option<String> {
    let bytes = STANDARD.decode(secret.str_at(&["data", key])?).ok()?;
    String::from_utf8(bytes)
        .ok()
        .filter(|text| !text.is_empty())
}
