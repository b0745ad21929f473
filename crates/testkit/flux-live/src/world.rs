//! The surroundings of all scenarios: an API server, Git servers, a receiver of notifications, our controllers, and watches.

mod target;

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result};
use serde_json::json;
use skein_testkit::{Authority, Daemon, GitHttpServer, free_port};
use tempfile::TempDir;
use tokio::task::JoinSet;

pub use target::Target;

use crate::cluster::{Cluster, api_version_of};
use crate::journal::{Happening, Journal, watch};
use crate::normal::Names;
use crate::sink::Sink;

/// Flux controllers that we run, each as a process of its own, so that the audit log tells them apart.
const COMPONENTS: &[(&str, &str)] = &[
    ("source", "source-controller"),
    ("kustomize", "kustomize-controller"),
];

/// Kinds that are watched.
pub const WATCHED: &[&str] = &["GitRepository", "OCIRepository", "Kustomization"];

/// Objects worked on at a time, as recorded.
const CONCURRENT: &str = "12";

/// Everything that runs; dropped, it stops, controllers first.
#[derive(Debug)]
pub struct World {
    controllers: Vec<Daemon>,
    watches: JoinSet<()>,
    pub cluster: Cluster,
    pub journal: Arc<Journal>,
    pub git: GitHttpServer,
    pub git_tls: GitHttpServer,
    /// Certificate of the authority behind `git_tls`.
    pub git_authority: String,
    pub names: Names,
    /// Host and port of the artifact server.
    pub storage_address: String,
    pub target: Target,
    _sink: Sink,
    pub folder: TempDir,
}

impl World {
    /// Starts everything. `program` is the skein binary.
    pub async fn start(target: &str, program: PathBuf) -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("skein-flux-live-")
            .tempdir()
            .context("creating a folder for the run")?;
        let target = Target::start(target, &program, folder.path()).await?;
        let cluster = Cluster::new(target.api()?);
        let repositories = folder.path().join("git");
        std::fs::create_dir_all(&repositories).context("creating the folder of repositories")?;
        let authority = Authority::new()?;
        let git = GitHttpServer::start(&repositories).await?;
        let identity = authority.server(&["127.0.0.1", "localhost"])?;
        let git_tls = GitHttpServer::start_tls(&repositories, &identity).await?;
        let journal = Arc::new(Journal::default());
        let sink = Sink::start(Arc::clone(&journal)).await?;
        let storage_address = format!("127.0.0.1:{}", free_port()?);
        let mut names = Names::default();
        names.add(git.address().to_string(), "${GIT}");
        names.add(git_tls.address().to_string(), "${GITS}");
        names.add(storage_address.clone(), "${STORAGE}");
        names.add(target.address(), "${KUBE}");
        names.add(folder.path().to_string_lossy(), "<tmp>");
        let mut world = Self {
            controllers: Vec::new(),
            watches: JoinSet::new(),
            cluster,
            journal,
            git,
            git_tls,
            git_authority: authority.certificate().to_owned(),
            names,
            storage_address,
            target,
            _sink: sink,
            folder,
        };
        world.install().await?;
        world.watch().await?;
        let events = world._sink.url();
        world.start_controllers(&program, &events)?;
        Ok(world)
    }

    /// Folder of the repositories.
    pub fn repositories(&self) -> PathBuf {
        self.folder.path().join("git")
    }

    /// Folder of the artifacts.
    pub fn storage(&self) -> PathBuf {
        self.folder.path().join("storage")
    }

    /// An error if a controller has ended by itself.
    pub fn check(&mut self) -> Result<()> {
        self.controllers.iter_mut().try_for_each(Daemon::check)
    }

    /// Definitions of the Flux kinds, the controllers' namespace and rights.
    async fn install(&self) -> Result<()> {
        let api = &self.cluster.api;
        let definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
        for definition in skein_api::crds() {
            self.create(definitions, &definition.into_value()).await?;
        }
        let namespace =
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "flux-system"}});
        self.create("/api/v1/namespaces", &namespace).await?;
        let subjects: Vec<_> = COMPONENTS
            .iter()
            .map(|(_, name)| json!({"kind": "ServiceAccount", "name": name, "namespace": "flux-system"}))
            .collect();
        let binding = json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
            "metadata": {"name": "flux-controllers"}, "subjects": subjects,
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
        });
        self.create(
            "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
            &binding,
        )
        .await?;
        for kind in WATCHED {
            // Discovery and the kind itself come a moment after the definition.
            target::until("a Flux kind is served", || async {
                let path = self
                    .cluster
                    .collection(api_version_of(kind), kind, "")
                    .await?;
                api.get(&path).await
            })
            .await?;
        }
        Ok(())
    }

    /// Creates an object that may be there already.
    async fn create(&self, path: &str, object: &serde_json::Value) -> Result<()> {
        match self.cluster.api.create(path, object).await {
            Ok(_) => Ok(()),
            Err(error) if skein_testkit::status_of(&error) == Some(http::StatusCode::CONFLICT) => {
                Ok(())
            }
            Err(error) => Err(error.context(format!("creating {}", object["metadata"]["name"]))),
        }
    }

    async fn watch(&mut self) -> Result<()> {
        for kind in WATCHED {
            let path = self
                .cluster
                .collection(api_version_of(kind), kind, "")
                .await?;
            let make = |deleted, object| Happening::Object { deleted, object };
            self.follow(path, make);
        }
        self.follow("/api/v1/events".to_owned(), |_, event| {
            Happening::Event(event)
        });
        Ok(())
    }

    fn follow(&mut self, path: String, make: fn(bool, serde_json::Value) -> Happening) {
        let api = self.cluster.api.clone();
        self.watches
            .spawn(watch(api, path, Arc::clone(&self.journal), make));
    }

    fn start_controllers(&mut self, program: &std::path::Path, events: &str) -> Result<()> {
        let storage = self.storage();
        std::fs::create_dir_all(&storage).context("creating the folder of artifacts")?;
        for (component, name) in COMPONENTS {
            let kubeconfig = self.target.kubeconfig_of(name)?;
            let mut flags = vec!["controllers".to_owned()];
            let pairs = [
                ("components", (*component).to_owned()),
                ("kubeconfig", kubeconfig.to_string_lossy().into_owned()),
                ("storage-path", storage.to_string_lossy().into_owned()),
                ("storage-addr", self.storage_address.clone()),
                ("storage-adv-addr", self.storage_address.clone()),
                ("events-addr", events.to_owned()),
                ("metrics-addr", String::new()),
                ("health-addr", String::new()),
                ("interval-jitter-percentage", "0".to_owned()),
                ("concurrent", CONCURRENT.to_owned()),
            ];
            for (flag, value) in pairs {
                flags.push(format!("--{flag}={value}"));
            }
            let log = self.folder.path().join(format!("{name}.log"));
            self.controllers
                .push(Daemon::start(name, program, &flags, &log)?);
        }
        Ok(())
    }
}
