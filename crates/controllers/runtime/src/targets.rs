//! Where an applier's objects go: its own cluster or the one that a kubeconfig Secret or a ConfigMap names, as itself or as an account.

pub mod identity;

use std::collections::HashMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use parking_lot::Mutex;
use skein_api::reference::KubeConfigReference;
use skein_cluster::{
    ApiError, ApiResource, Cluster, ConnectError, Impersonation, KubeconfigPolicy,
};
use skein_object::{GroupVersionKind, NamespacedName, Object};
use thiserror::Error;

use crate::observed::{ObservedSet, OwnerLabels, Wake};
use crate::rights::Rights;
use identity::{IdentityError, IdentityOptions};

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
    /// The ConfigMap gives no access.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// What the ConfigMap describes cannot be used.
    #[error("the cluster of ConfigMap '{name}' cannot be used: {source}")]
    Unusable {
        /// Namespace and name.
        name: NamespacedName,
        /// Why.
        source: ConnectError,
    },
    /// Neither a Secret nor a ConfigMap is named.
    #[error("spec.kubeConfig names neither a Secret nor a ConfigMap")]
    Nothing,
}

struct Remote {
    /// resourceVersion of the object that the connection was made from.
    version: String,
    /// When its token has to be another one; never where the Secret holds all.
    renew_at: Option<Timestamp>,
    cluster: Cluster,
    observed: Arc<ObservedSet>,
    used: u64,
}

/// What names a remote cluster.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Slot {
    /// A Secret and its key.
    Secret(NamespacedName, String),
    /// A ConfigMap.
    ConfigMap(NamespacedName),
}

/// Connections by what names them, with a counter that tells the least recently used.
#[derive(Default)]
struct Remotes {
    uses: u64,
    by_slot: HashMap<Slot, Remote>,
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
    /// Tokens for clusters that ConfigMaps name.
    pub identity: IdentityOptions,
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
                let named = |name: &str| NamespacedName::new(reference.namespace, name);
                match (&config.secret_ref, &config.config_map_ref) {
                    (Some(secret), _) => self.remote(named(&secret.name), &secret.key).await?,
                    (None, Some(map)) => self.described(named(&map.name)).await?,
                    (None, None) => return Err(TargetError::Nothing),
                }
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
        let slot = Slot::Secret(name.clone(), key.to_owned());
        let version = secret.resource_version();
        if let Some(known) = self.known(&slot, version) {
            return Ok(known);
        }
        let text = kubeconfig_text(&secret, &name, key)?;
        let cluster = self.connect(&text).await;
        let cluster = cluster.map_err(|source| TargetError::Kubeconfig {
            secret: name,
            source,
        })?;
        Ok(self.keep(slot, version, None, cluster))
    }

    /// The cluster that a ConfigMap describes, with a token that is exchanged before it ends.
    async fn described(
        &self,
        name: NamespacedName,
    ) -> Result<(Cluster, Arc<ObservedSet>), TargetError> {
        let config = identity::read(&self.own, &name).await?;
        let slot = Slot::ConfigMap(name.clone());
        let version = config.resource_version();
        if let Some(known) = self.known(&slot, version) {
            return Ok(known);
        }
        let access = identity::access(&self.own, &config, &self.options.identity).await?;
        let cluster = self.connect(&access.kubeconfig).await;
        let cluster = cluster.map_err(|source| TargetError::Unusable { name, source })?;
        Ok(self.keep(slot, version, Some(access.renew_at), cluster))
    }

    /// The connection of before, while nothing that it was made from is another.
    fn known(&self, slot: &Slot, version: &str) -> Option<(Cluster, Arc<ObservedSet>)> {
        let mut remotes = self.remotes.lock();
        remotes.uses += 1;
        let now = remotes.uses;
        let remote = remotes.by_slot.get_mut(slot)?;
        let has_ended = remote.renew_at.is_some_and(|end| end <= Timestamp::now());
        if remote.version != version || has_ended {
            return None;
        }
        remote.used = now;
        Some((remote.cluster.clone(), remote.observed.clone()))
    }

    async fn connect(&self, kubeconfig: &str) -> Result<Cluster, ConnectError> {
        let (policy, user_agent) = (self.options.policy, self.options.user_agent);
        let answers = self.own.answers().clone();
        Cluster::from_untrusted_kubeconfig(kubeconfig, policy, user_agent, answers).await
    }

    fn keep(
        &self,
        slot: Slot,
        version: &str,
        renew_at: Option<Timestamp>,
        cluster: Cluster,
    ) -> (Cluster, Arc<ObservedSet>) {
        let observed = ObservedSet::new(
            cluster.clone(),
            String::new(),
            self.options.labels,
            self.options.wake.clone(),
        );
        let observed = Arc::new(observed.telling_of_loss());
        let mut remotes = self.remotes.lock();
        if remotes.by_slot.len() >= REMOTE_CLUSTERS_MAX {
            let oldest = remotes.by_slot.iter().min_by_key(|(_, remote)| remote.used);
            if let Some(oldest) = oldest.map(|(slot, _)| slot.clone()) {
                remotes.by_slot.remove(&oldest);
            }
        }
        let used = remotes.uses;
        let remote = Remote {
            version: version.to_owned(),
            renew_at,
            cluster: cluster.clone(),
            observed: observed.clone(),
            used,
        };
        remotes.by_slot.insert(slot, remote);
        (cluster, observed)
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
