//! The public face: start clusters, get their kubeconfigs, stop.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use skein_store::Store;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::api::{Api, MAX_WATCHES};
use crate::authn::Authenticator;
use crate::resource::Registry;
use crate::signing::SigningKey;
use crate::state::{self, ClusterState, Clusters, StateError};
use crate::tls::{Certificates, TlsError};
use crate::{bootstrap, controllers, serve, simulate};

/// Where objects are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Storage {
    /// In memory: nothing survives the server.
    Memory,
    /// In a folder (SQLite, certificates, tokens, ports): a restart finds everything again.
    Folder(PathBuf),
}

/// One cluster to serve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterOptions {
    /// Its name, as in the kubeconfig.
    pub name: String,
    /// The port to listen on; `None` takes that of the last run, else a free one.
    pub port: Option<u16>,
}

impl ClusterOptions {
    /// A cluster of that name on any port.
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            port: None,
        }
    }
}

/// What to serve and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerOptions {
    /// Address to listen on; loopback unless said otherwise.
    pub address: IpAddr,
    /// Where objects are kept.
    pub storage: Storage,
    /// The clusters.
    pub clusters: Vec<ClusterOptions>,
    /// Whether workloads are simulated: Deployments get Pods and become available, Jobs complete.
    pub simulate: bool,
    /// Whether the work of kube-controller-manager on the API itself is done: namespaces are emptied and get their
    /// default account, garbage is collected, roles are aggregated.
    pub controllers: bool,
}

impl ServerOptions {
    /// Clusters of these names in memory on loopback, with simulated workloads.
    pub fn in_memory<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Self {
        Self {
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            storage: Storage::Memory,
            clusters: names.into_iter().map(ClusterOptions::named).collect(),
            simulate: true,
            controllers: true,
        }
    }
}

/// Why the server cannot start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The state folder cannot be used.
    #[error("cannot use the state folder: {0}")]
    State(#[from] StateError),
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] skein_store::OpenError),
    /// TLS cannot be set up.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The port is taken or not allowed.
    #[error("cannot listen on {address} for the cluster {cluster}: {source}")]
    Listen {
        /// The cluster.
        cluster: String,
        /// Address and port.
        address: SocketAddr,
        /// What failed.
        source: std::io::Error,
    },
    /// The first objects of a cluster cannot be written.
    #[error("cannot set up the cluster {cluster}: {reason}")]
    Bootstrap {
        /// The cluster.
        cluster: String,
        /// What failed.
        reason: String,
    },
}

struct Running {
    address: SocketAddr,
    token: String,
    api: Arc<Api>,
}

/// A running server. Dropping it ends everything at once; [`Server::stop`] ends it in order.
pub struct Server {
    store: Store,
    clusters: BTreeMap<String, Running>,
    ca_pem: String,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Server {
    /// Starts all clusters; they answer requests when this returns.
    pub async fn start(options: ServerOptions) -> Result<Self, StartError> {
        let (store, mut known, certificates) = open(&options).await?;
        let tls = TlsAcceptor::from(certificates.server_config()?);
        let (stop, stopping) = watch::channel(false);
        let mut server = Self {
            store,
            clusters: BTreeMap::new(),
            ca_pem: certificates.ca_pem.clone(),
            stop,
            tasks: JoinSet::new(),
        };
        for cluster in &options.clusters {
            let state = known
                .entry(cluster.name.clone())
                .or_insert_with(ClusterState::make);
            let listener = listen(options.address, cluster, state.port).await?;
            let address = listener.local_addr().map_err(|source| StartError::Listen {
                cluster: cluster.name.clone(),
                address: SocketAddr::new(options.address, 0),
                source,
            })?;
            state.port = address.port();
            let state = state.clone();
            server
                .add(cluster, &state, address, stopping.clone(), &options)
                .await?;
            if let Some(running) = server.clusters.get(&cluster.name) {
                let api = Arc::clone(&running.api);
                server
                    .tasks
                    .spawn(serve::serve(api, listener, tls.clone(), stopping.clone()));
            }
        }
        if let Storage::Folder(folder) = &options.storage {
            state::save(folder, &known)?;
        }
        Ok(server)
    }

    async fn add(
        &mut self,
        cluster: &ClusterOptions,
        state: &ClusterState,
        address: SocketAddr,
        stopping: watch::Receiver<bool>,
        options: &ServerOptions,
    ) -> Result<(), StartError> {
        let key = SigningKey::read(&state.signing_key).ok_or_else(|| StartError::Bootstrap {
            cluster: cluster.name.clone(),
            reason: "the signing key in the state folder is no key".to_owned(),
        })?;
        let api = Arc::new(Api {
            name: cluster.name.clone(),
            store: self.store.cluster(&cluster.name),
            registry: Registry::new(),
            authenticator: Authenticator::new(state.token.clone(), key),
            address: address.to_string(),
            ca_pem: self.ca_pem.clone(),
            watches: Arc::new(Semaphore::new(MAX_WATCHES)),
            requests: AtomicU64::new(0),
            stopping,
        });
        bootstrap::run(&api)
            .await
            .map_err(|failure| StartError::Bootstrap {
                cluster: cluster.name.clone(),
                reason: failure.message,
            })?;
        controllers::start(&api, &mut self.tasks, options.controllers);
        if options.simulate {
            simulate::start(&api, &mut self.tasks);
        }
        let running = Running {
            address,
            token: state.token.clone(),
            api,
        };
        self.clusters.insert(cluster.name.clone(), running);
        Ok(())
    }

    /// Names of the clusters, sorted.
    pub fn clusters(&self) -> Vec<&str> {
        self.clusters.keys().map(String::as_str).collect()
    }

    /// `https://address:port` of a cluster.
    pub fn url(&self, cluster: &str) -> Option<String> {
        self.clusters
            .get(cluster)
            .map(|running| format!("https://{}", running.address))
    }

    /// The administrator's bearer token of a cluster.
    pub fn token(&self, cluster: &str) -> Option<&str> {
        self.clusters
            .get(cluster)
            .map(|running| running.token.as_str())
    }

    /// The CA certificate of all clusters, in PEM.
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// How many requests a cluster has answered, its own controllers not counted.
    pub fn requests(&self, cluster: &str) -> Option<u64> {
        let running = self.clusters.get(cluster)?;
        Some(
            running
                .api
                .requests
                .load(std::sync::atomic::Ordering::Relaxed),
        )
    }

    /// A kubeconfig (YAML) for the administrator of a cluster.
    pub fn kubeconfig(&self, cluster: &str) -> Option<String> {
        let url = self.url(cluster)?;
        let token = self.token(cluster)?;
        let ca = STANDARD.encode(&self.ca_pem);
        let config = serde_json::json!({
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": cluster, "cluster": {"server": url, "certificate-authority-data": ca}}],
            "users": [{"name": cluster, "user": {"token": token}}],
            "contexts": [{"name": cluster, "context": {"cluster": cluster, "user": cluster}}],
            "current-context": cluster,
        });
        Some(skein_yaml::to_string(&config))
    }

    /// Ends watches, connections and controllers, and closes the store.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        while self.tasks.join_next().await.is_some() {}
        self.store.close().await;
    }
}

async fn open(options: &ServerOptions) -> Result<(Store, Clusters, Certificates), StartError> {
    match &options.storage {
        Storage::Memory => {
            let certificates = Certificates::make(options.address)?;
            Ok((Store::memory(), Clusters::new(), certificates))
        }
        Storage::Folder(folder) => {
            // Writing the certificates makes the folder, for its owner only.
            let certificates = Certificates::keep(folder, options.address)?;
            let store = Store::sqlite(&database(folder)).await?;
            Ok((store, state::load(folder)?, certificates))
        }
    }
}

fn database(folder: &Path) -> PathBuf {
    folder.join("objects.db")
}

/// Listens on the port asked for, or the one of the last run, or any.
async fn listen(
    address: IpAddr,
    cluster: &ClusterOptions,
    last_port: u16,
) -> Result<TcpListener, StartError> {
    let wanted = SocketAddr::new(address, cluster.port.unwrap_or(last_port));
    match TcpListener::bind(wanted).await {
        Ok(listener) => Ok(listener),
        Err(error) if cluster.port.is_none() && last_port != 0 => {
            tracing::warn!(%error, cluster = cluster.name, port = last_port, "the port of the last run is taken");
            let any = SocketAddr::new(address, 0);
            TcpListener::bind(any)
                .await
                .map_err(|source| StartError::Listen {
                    cluster: cluster.name.clone(),
                    address: any,
                    source,
                })
        }
        Err(source) => Err(StartError::Listen {
            cluster: cluster.name.clone(),
            address: wanted,
            source,
        }),
    }
}
