//! Local repositories served over smart HTTP on loopback, so that the ordinary Git source code fetches them.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use skein_git::serve::{ServedRepositories, open_local, router};
use skein_source_controller::UrlRewrites;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A running Git server; it ends when dropped.
pub struct LocalGit {
    address: std::net::SocketAddr,
    served: ServedRepositories,
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
        let app = router(served.clone());
        let task = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, app).await {
                tracing::error!(%error, "the Git server ended");
            }
        });
        Ok(Self {
            address,
            served,
            task,
        })
    }

    /// Serves a repository under a name and returns its address.
    pub fn serve(&self, name: &str, folder: PathBuf) -> String {
        let path = format!("{name}.git");
        self.served.insert(&path, folder);
        format!("http://{}/{path}", self.address)
    }
}

/// Serves the repositories of `--instead-of` and notes them in the rewrites.
pub async fn serve_instead_of(
    git: &LocalGit,
    pairs: &[(String, PathBuf)],
    rewrites: &UrlRewrites,
) -> Result<()> {
    for (number, (url, path)) in pairs.iter().enumerate() {
        open_local(path).await.with_context(|| {
            format!(
                "--instead-of {url}: {} is no Git repository",
                path.display()
            )
        })?;
        let address = git.serve(&format!("instead-of-{number}"), absolute(path)?);
        rewrites.insert(url, &address);
    }
    Ok(())
}

/// The absolute form of a path.
pub fn absolute(path: &Path) -> Result<PathBuf> {
    std::fs::canonicalize(path).with_context(|| format!("finding {}", path.display()))
}
