//! Repositories made with the real `git`, served by our server.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use skein_git::serve::{ServedRepositories, router};
use skein_git::{Access, Checkout, FetchError, FetchRequest, Fetched, Reference, fetch};

/// A folder with a repository in it.
pub struct Repository {
    pub folder: tempfile::TempDir,
    commits: std::cell::Cell<u32>,
}

/// Runs git in a folder; answers what it printed.
pub fn git(folder: &Path, arguments: &[&str]) -> String {
    git_with(folder, arguments, 0)
}

fn git_with(folder: &Path, arguments: &[&str], minute: u32) -> String {
    let date = format!("2026-01-01T00:{minute:02}:00Z");
    let output = Command::new("git")
        .args([
            "-c",
            "protocol.file.allow=always",
            "-c",
            "init.defaultBranch=main",
        ])
        .args(arguments)
        .current_dir(folder)
        .envs([
            ("GIT_AUTHOR_NAME", "Dev"),
            ("GIT_AUTHOR_EMAIL", "dev@example.com"),
        ])
        .envs([
            ("GIT_COMMITTER_NAME", "Dev"),
            ("GIT_COMMITTER_EMAIL", "dev@example.com"),
        ])
        .envs([("GIT_AUTHOR_DATE", &date), ("GIT_COMMITTER_DATE", &date)])
        .envs([
            ("GIT_CONFIG_GLOBAL", "/dev/null"),
            ("GIT_CONFIG_NOSYSTEM", "1"),
        ])
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "git {arguments:?}: {error}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

impl Repository {
    /// An empty repository with branch main.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        git(folder.path(), &["init", "--quiet"]);
        Self {
            folder,
            commits: std::cell::Cell::new(0),
        }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes files and commits; answers the commit.
    pub fn commit(&self, files: &[(&str, &str)], message: &str) -> String {
        for (name, content) in files {
            let path = self.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
        git(self.path(), &["add", "--all"]);
        self.commits.set(self.commits.get() + 1);
        git_with(
            self.path(),
            &["commit", "--quiet", "--allow-empty", "-m", message],
            self.commits.get(),
        );
        git(self.path(), &["rev-parse", "HEAD"])
    }
}

/// Serves repositories on a free port; answers `http://host:port`.
pub async fn serve(repositories: &[(&str, PathBuf)]) -> String {
    let served = ServedRepositories::new();
    for (name, folder) in repositories {
        served.insert(name, folder.clone());
    }
    serve_router(router(served)).await
}

pub async fn serve_router(router: axum::Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

/// A request without access and options.
pub fn request(url: &str, reference: Reference) -> FetchRequest {
    FetchRequest {
        url: url.to_owned(),
        access: Access::default(),
        reference,
        last_revision: None,
        recurse_submodules: false,
        sparse_checkout: Vec::new(),
        timeout: Duration::from_secs(60),
        pinned: None,
    }
}

pub fn branch(name: &str) -> Reference {
    Reference::Branch(name.to_owned())
}

/// Fetches and expects a checkout.
pub async fn checkout(request: &FetchRequest) -> Box<Checkout> {
    match fetch(request)
        .await
        .map_err(|error| error.to_string())
        .unwrap()
    {
        Fetched::Checkout(checkout) => checkout,
        Fetched::Unchanged { revision } => panic!("unchanged {revision}"),
    }
}

/// Fetches and expects an error.
pub async fn failure(request: &FetchRequest) -> FetchError {
    match fetch(request).await {
        Err(error) => error,
        Ok(_) => panic!("it worked"),
    }
}

/// Paths of a checkout.
pub fn paths(checkout: &Checkout) -> Vec<&str> {
    checkout
        .entries()
        .iter()
        .map(|entry| entry.path.as_str())
        .collect()
}
