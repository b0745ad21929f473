//! Where a Kustomization is applied: its own cluster or the one that a kubeconfig Secret names, as itself or as an account.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use skein_api::Kustomization;
use skein_cluster::{ApiError, Cluster, ConnectError, Impersonation, KubeconfigPolicy};
use skein_object::{NamespacedName, Object};
use thiserror::Error;

use crate::configs;
use crate::observed::{ObservedSet, Wake};

/// Remote clusters whose connections are kept; the least recently used go.
const REMOTE_CLUSTERS_MAX: usize = 1_000;
/// Keys of a kubeconfig Secret that are tried when the reference names none.
const DEFAULT_KEYS: [&str; 2] = ["value", "value.yaml"];

/// A cluster to apply to.
#[derive(Clone)]
pub struct Target {
    /// Acts with the rights that the Kustomization has there.
    pub cluster: Cluster,
    /// Watches of what was applied there.
    pub observed: Arc<ObservedSet>,
}

/// Why there is no target. The texts are those that Flux puts into conditions.
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
    /// The kubeconfig is refused or cannot be used.
    #[error("KubeConfig secret '{secret}': {source}")]
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

/// The own cluster and the remote ones.
pub struct Targets {
    own: Cluster,
    observed: Arc<ObservedSet>,
    remotes: Mutex<Remotes>,
    wake: Wake,
    policy: KubeconfigPolicy,
    default_account: String,
    user_agent: String,
}

impl Targets {
    /// Targets around the own cluster, of which only one namespace is watched unless it is empty.
    pub fn new(
        own: Cluster,
        namespace: String,
        wake: Wake,
        policy: KubeconfigPolicy,
        default_account: String,
    ) -> Self {
        let observed = Arc::new(ObservedSet::new(own.clone(), namespace, wake.clone()));
        Self {
            own,
            observed,
            remotes: Mutex::default(),
            wake,
            policy,
            default_account,
            user_agent: concat!("kustomize-controller/", env!("CARGO_PKG_VERSION")).into(),
        }
    }

    /// The target of a Kustomization.
    pub async fn of(&self, kustomization: &Kustomization) -> Result<Target, TargetError> {
        let spec = &kustomization.spec;
        let (cluster, observed, is_remote) = match &spec.kube_config {
            None => (self.own.clone(), self.observed.clone(), false),
            Some(reference) => {
                let secret = reference
                    .secret_ref
                    .as_ref()
                    .ok_or(TargetError::ConfigMapRef)?;
                let name = NamespacedName::new(&kustomization.metadata.namespace, &secret.name);
                let (cluster, observed) = self.remote(name, &secret.key).await?;
                (cluster, observed, true)
            }
        };
        let account = match spec.service_account_name.as_str() {
            "" if is_remote => "",
            "" => &self.default_account,
            account => account,
        };
        let cluster = if account.is_empty() {
            cluster
        } else {
            let namespace = &kustomization.metadata.namespace;
            cluster.impersonate(Impersonation {
                user: format!("system:serviceaccount:{namespace}:{account}"),
                groups: Vec::new(),
            })
        };
        Ok(Target { cluster, observed })
    }

    async fn remote(
        &self,
        name: NamespacedName,
        key: &str,
    ) -> Result<(Cluster, Arc<ObservedSet>), TargetError> {
        let found = configs::read_secret(&self.own, &name).await;
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
        let cluster = Cluster::from_untrusted_kubeconfig(&text, self.policy, &self.user_agent)
            .await
            .map_err(|source| TargetError::Kubeconfig {
                secret: name,
                source,
            })?;
        let observed = Arc::new(ObservedSet::new(
            cluster.clone(),
            String::new(),
            self.wake.clone(),
        ));
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
        .find_map(|key| configs::secret_text(secret, key))
        .ok_or_else(|| {
            let looked_for = if key.is_empty() { DEFAULT_KEYS[0] } else { key };
            TargetError::NoKey {
                secret: name.clone(),
                keys: format!("'{looked_for}'"),
            }
        })
}
