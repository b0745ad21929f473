//! What all cases share: an API server, Git servers, and our controllers.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use skein_testkit::{
    Api, COMPONENTS, ChartRegistry, ControllerOptions, Controllers, GitHttpServer, GitSshServer,
    Helm, Target,
};
use tempfile::TempDir;
use tokio::sync::OnceCell;

use crate::place::Place;

/// Everything that runs; dropped, it stops.
pub struct World {
    pub controllers: Controllers,
    pub target: Target,
    pub git: GitHttpServer,
    pub ssh: GitSshServer,
    pub api: Api,
    charts: OnceCell<ChartRegistry>,
    program: PathBuf,
    folder: TempDir,
}

impl World {
    /// Starts everything. `program` is the skein binary.
    pub async fn start(target: &str, program: PathBuf) -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("skein-e2e-")
            .tempdir()
            .context("creating a folder for the run")?;
        let repositories = folder.path().join("git");
        std::fs::create_dir_all(&repositories).context("creating the folder of repositories")?;
        let target = Target::start(target, &program, folder.path()).await?;
        let options = ControllerOptions {
            program: program.clone(),
            folder: folder.path().to_owned(),
            events: String::new(),
            flags: Vec::new(),
        };
        Ok(Self {
            controllers: Controllers::start(&target, options).await?,
            api: target.api()?,
            git: GitHttpServer::start(&repositories).await?,
            ssh: GitSshServer::start(&repositories)?,
            charts: OnceCell::new(),
            target,
            program,
            folder,
        })
    }

    /// The skein binary.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// Ends all controllers as a rollout does, and starts them again.
    pub fn restart_controllers(&mut self) -> Result<()> {
        for (component, _) in COMPONENTS {
            self.controllers.stop_component(component);
        }
        for (component, _) in COMPONENTS {
            self.controllers.start_component(&self.target, component)?;
        }
        Ok(())
    }

    /// The registry of charts, started when it is first asked for.
    pub async fn charts(&self) -> Result<&ChartRegistry> {
        self.charts
            .get_or_try_init(|| ChartRegistry::start(self.folder.path()))
            .await
    }

    /// A real Helm on the cluster: `helm` is version 4, `helm3` the one before.
    pub fn helm(&self, name: &str) -> Result<Helm> {
        let kubeconfig = self.folder.path().join("helm.kubeconfig");
        std::fs::write(&kubeconfig, self.target.kubeconfig()?)
            .context("writing a kubeconfig for Helm")?;
        Helm::new(name, Some(kubeconfig), self.folder.path())
    }

    /// Folder of the repositories.
    pub fn repositories(&self) -> PathBuf {
        self.folder.path().join("git")
    }

    /// Folder for a case's own files.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A namespace of its own for a case.
    pub async fn place(&self, case: &str) -> Result<Place<'_>> {
        Place::create(self, &case.replace('_', "-")).await
    }

    /// The ends of the controllers' logs.
    pub fn logs(&self) -> String {
        const LINES: usize = 12;
        let mut text = String::new();
        for (component, _) in COMPONENTS {
            let log = std::fs::read(self.controllers.log_of(component)).unwrap_or_default();
            let log = String::from_utf8_lossy(&log);
            let lines: Vec<&str> = log.lines().collect();
            let end = lines[lines.len().saturating_sub(LINES)..].join("\n");
            text.push_str(&format!("-- {component}, last lines --\n{end}\n"));
        }
        text
    }
}
