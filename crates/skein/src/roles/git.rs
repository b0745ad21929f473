//! Local repositories and folders of charts served on loopback, so that the ordinary source code fetches them.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use skein_git::serve::{LocalRepository, ObjectFormat, ServedRepositories, open_local, router};
use skein_registry::name::OCI_SCHEME;
use skein_registry::serve::ServedCharts;
use skein_source_controller::UrlRewrites;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A running server of Git repositories and charts; it ends when dropped.
pub struct LocalGit {
    address: std::net::SocketAddr,
    served: ServedRepositories,
    charts: ServedCharts,
    task: JoinHandle<()>,
}

impl Drop for LocalGit {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl LocalGit {
    /// Starts a server without repositories, on a free port of loopback.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))
            .await
            .context("opening a port for Git")?;
        let address = listener.local_addr().context("address of the Git server")?;
        let served = ServedRepositories::new();
        let charts = ServedCharts::default();
        let app = router(served.clone()).merge(skein_registry::serve::router(charts.clone()));
        let task = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, app).await {
                tracing::error!(%error, "the Git server ended");
            }
        });
        Ok(Self {
            address,
            served,
            charts,
            task,
        })
    }

    /// Serves a repository under a name and returns its address.
    pub fn serve(&self, name: &str, folder: PathBuf) -> String {
        let path = format!("{name}.git");
        self.served.insert(&path, folder);
        format!("http://{}/{path}", self.address)
    }

    /// Serves the charts of a folder as a registry and returns its address.
    pub fn serve_charts(&self, name: &str, folder: PathBuf) -> String {
        self.charts.insert(name, folder);
        format!("{OCI_SCHEME}{}/{name}", self.address)
    }
}

/// Serves the repositories, and the folders of charts, of `--instead-of` and notes them in the rewrites.
pub async fn serve_instead_of(
    git: &LocalGit,
    pairs: &[(String, PathBuf)],
    rewrites: &UrlRewrites,
) -> Result<()> {
    for (number, (url, path)) in pairs.iter().enumerate() {
        if url.starts_with(OCI_SCHEME) {
            let address = git.serve_charts(&format!("charts-{number}"), absolute(path)?);
            rewrites.insert(url, &address);
            continue;
        }
        let repository = open_local(path).await.with_context(|| {
            format!(
                "--instead-of {url}: {} is no Git repository",
                path.display()
            )
        })?;
        check_object_format(&repository).with_context(|| format!("--instead-of {url}"))?;
        let address = git.serve(&format!("instead-of-{number}"), absolute(path)?);
        rewrites.insert(url, &address);
    }
    Ok(())
}

/// Refuses a repository whose objects have names that no part of this program understands.
pub fn check_object_format(repository: &LocalRepository) -> Result<()> {
    match &repository.object_format {
        ObjectFormat::Sha1 => Ok(()),
        ObjectFormat::Other(format) => bail!(
            "{} has the object format {format}, and only sha1 is supported; its files can be served from a new repository of that format (`git init --object-format=sha1`)",
            repository.top.display()
        ),
    }
}

/// The absolute form of a path.
pub fn absolute(path: &Path) -> Result<PathBuf> {
    std::fs::canonicalize(path).with_context(|| format!("finding {}", path.display()))
}
