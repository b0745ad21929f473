//! The surroundings of all scenarios: an API server, Git servers, a receiver of notifications, our controllers, and watches.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result};
use parking_lot::Mutex;
use skein_testkit::{Authority, ControllerOptions, Controllers, GitHttpServer, Target};
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::cluster::{Cluster, api_version_of};
use crate::journal::{Happening, Journal, watch};
use crate::normal::Names;
use crate::servers::{ChartServer, Registry, Requests};
use crate::sink::Sink;

/// Kinds that are watched.
const WATCHED: &[&str] = &[
    "GitRepository",
    "OCIRepository",
    "HelmRepository",
    "HelmChart",
    "HelmRelease",
    "Kustomization",
];

/// Ports of the recordings: digests that cover an address hold for them.
const GIT_PORT: u16 = 22006;
const CHARTS_PORT: u16 = 22008;
const CHARTS_2_PORT: u16 = 22009;
const REGISTRY_PORT: u16 = 22010;

/// Objects worked on at a time, and requests at a time of one of them, as recorded.
const CONCURRENT: &[&str] = &["--concurrent=12", "--concurrent-ssa=1"];

/// Everything that runs; dropped, it stops, controllers first.
#[derive(Debug)]
pub struct World {
    controllers: Mutex<Controllers>,
    watches: JoinSet<()>,
    pub cluster: Cluster,
    pub journal: Arc<Journal>,
    pub git: GitHttpServer,
    pub git_tls: GitHttpServer,
    /// The first server of charts.
    pub charts: ChartServer,
    /// Another one.
    pub charts_2: ChartServer,
    pub registry: Registry,
    /// Requests that reached the three servers above.
    pub remote: Arc<Requests>,
    /// Certificate of the authority behind `git_tls`.
    pub git_authority: String,
    pub names: Names,
    pub target: Target,
    _sink: Sink,
    folder: TempDir,
}

impl World {
    /// Starts everything. `program` is the skein binary, `real` are Flux's own that take the place of ours.
    pub async fn start(target: &str, program: PathBuf, real: Vec<PathBuf>) -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("skein-flux-live-")
            .tempdir()
            .context("creating a folder for the run")?;
        let target = Target::start(target, &program, folder.path()).await?;
        let repositories = folder.path().join("git");
        std::fs::create_dir_all(&repositories).context("creating the folder of repositories")?;
        let authority = Authority::new()?;
        let identity = authority.server(&["127.0.0.1", "localhost"])?;
        let journal = Arc::new(Journal::default());
        let sink = Sink::start(Arc::clone(&journal)).await?;
        let remote = Arc::new(Requests::default());
        let options = ControllerOptions {
            program,
            folder: folder.path().to_owned(),
            events: sink.url(),
            // The recorded controllers undo drift at the interval; ours would at once, and be right to differ.
            flags: CONCURRENT
                .iter()
                .chain(&["--drift-detection=interval"])
                .map(|flag| (*flag).to_owned())
                .collect(),
        };
        let mut world = Self {
            // The watches stand before the first controller writes anything.
            controllers: Mutex::new(Controllers::prepare(&target, options).await?),
            watches: JoinSet::new(),
            cluster: Cluster::new(target.api()?),
            journal,
            git: GitHttpServer::start_at(&repositories, GIT_PORT).await?,
            git_tls: GitHttpServer::start_tls(&repositories, &identity).await?,
            charts: ChartServer::start("helm", CHARTS_PORT, Arc::clone(&remote)).await?,
            charts_2: ChartServer::start("helm2", CHARTS_2_PORT, Arc::clone(&remote)).await?,
            registry: Registry::start(REGISTRY_PORT, Arc::clone(&remote)).await?,
            remote,
            git_authority: authority.certificate().to_owned(),
            names: Names::default(),
            target,
            _sink: sink,
            folder,
        };
        for program in real {
            world.controllers.get_mut().use_real(program)?;
        }
        world.name();
        world.watch().await?;
        for (component, _) in skein_testkit::COMPONENTS {
            world
                .controllers
                .get_mut()
                .start_component(&world.target, component)?;
        }
        Ok(world)
    }

    /// Folder of the repositories.
    pub fn repositories(&self) -> PathBuf {
        self.folder.path().join("git")
    }

    /// Folder of the artifacts.
    pub fn storage(&self) -> PathBuf {
        self.controllers.lock().storage()
    }

    /// Host and port of the artifact server.
    pub fn storage_address(&self) -> String {
        self.controllers.lock().storage_address().to_owned()
    }

    /// An error if a controller has ended by itself.
    pub fn check(&mut self) -> Result<()> {
        self.controllers.get_mut().check()
    }

    /// Ends a controller as a rollout does and starts it again.
    pub fn restart(&self, component: &'static str) -> Result<()> {
        let mut controllers = self.controllers.lock();
        controllers.stop_component(component);
        controllers.start_component(&self.target, component)
    }

    fn name(&mut self) {
        let pairs = [
            (self.git.address().to_string(), "${GIT}"),
            (self.git_tls.address().to_string(), "${GITS}"),
            (self.charts.address(), "${HELM}"),
            (self.charts_2.address(), "${HELM2}"),
            (self.registry.address(), "${OCI}"),
            (self.storage_address(), "${STORAGE}"),
            (self.target.address(), "${KUBE}"),
            (self.storage().to_string_lossy().into_owned(), "<storage>"),
            (self.folder.path().to_string_lossy().into_owned(), "<tmp>"),
        ];
        for (text, name) in pairs {
            self.names.add(text, name);
        }
    }

    async fn watch(&mut self) -> Result<()> {
        for kind in WATCHED {
            let path = self
                .cluster
                .collection(api_version_of(kind), kind, "")
                .await?;
            self.follow(path, |deleted, object| Happening::Object {
                deleted,
                object,
            });
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
}
