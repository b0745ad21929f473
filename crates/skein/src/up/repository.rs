//! The repository of `skein up`: found by path or address, served on loopback, followed while it runs.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use skein_git::serve::{
    FolderMirror, LocalRepository, RefWatcher, WorktreeMirror, branches, open_local, remotes,
    uncommitted_changes,
};
use skein_source_controller::{UrlRewrites, Waker};

use crate::roles::git::{LocalGit, absolute};

use super::layout::Layout;

/// Address of the served repository in objects that we make: the same in every run, though the port is not.
pub const STABLE_ADDRESS: &str = "http://repository.skein.local/up.git";
/// Pause between looks at a folder whose files are served as they are.
const FOLDER_POLL: Duration = Duration::from_millis(700);
/// Uncommitted files that are named one by one.
const NAMED_CHANGES_MAX: usize = 5;
/// Longest wait for a clone.
const CLONE_TIMEOUT: Duration = Duration::from_secs(300);

/// A repository that was found.
pub struct Found {
    /// Its root folder.
    pub root: PathBuf,
    /// The Git repository, when the root is the top of one.
    pub git: Option<LocalRepository>,
    /// The address that it was cloned from, when it was.
    pub remote: Option<String>,
}

/// Finds a repository by path, or clones it.
pub async fn find(text: &str, state_dir: &Path) -> Result<Found> {
    if text.contains("://") {
        return clone(text, state_dir).await;
    }
    let root = absolute(Path::new(text))?;
    if !root.is_dir() {
        bail!("{} is not a folder", root.display());
    }
    let git = open_local(&root).await.ok();
    // A part of a repository stands for one of its own: its paths count from there.
    let git = git.filter(|git| same_folder(&git.top, &root));
    Ok(Found {
        root,
        git,
        remote: None,
    })
}

fn same_folder(left: &Path, right: &Path) -> bool {
    match (std::fs::canonicalize(left), std::fs::canonicalize(right)) {
        (Ok(left), Ok(right)) => left == right,
        _ => false,
    }
}

async fn clone(address: &str, state_dir: &Path) -> Result<Found> {
    let name: String = address
        .rsplit("://")
        .next()
        .unwrap_or(address)
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '.' {
                c
            } else {
                '-'
            }
        })
        .collect();
    let folder = state_dir.join("repositories").join(name);
    if folder.exists() {
        std::fs::remove_dir_all(&folder)
            .with_context(|| format!("removing {}", folder.display()))?;
    }
    let mut command = tokio::process::Command::new("git");
    command
        .args(["clone", "--quiet", "--", address])
        .arg(&folder)
        .env("GIT_TERMINAL_PROMPT", "0")
        .stdin(std::process::Stdio::null())
        .kill_on_drop(true);
    let output = tokio::time::timeout(CLONE_TIMEOUT, command.output())
        .await
        .with_context(|| format!("cloning {address}: no end after {CLONE_TIMEOUT:?}"))?
        .context("running git; is it installed?")?;
    if !output.status.success() {
        bail!(
            "cloning {address}: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    let root = absolute(&folder)?;
    let git = open_local(&root).await.ok();
    Ok(Found {
        root,
        git,
        remote: Some(address.to_owned()),
    })
}

/// How a repository is served.
#[derive(Clone, Copy, Debug)]
pub struct ServedOptions {
    /// With uncommitted changes.
    pub worktree: bool,
}

enum Kind {
    Repository(LocalRepository),
    Worktree(WorktreeMirror),
    Folder(FolderMirror),
}

/// A repository that is served.
pub struct Served {
    kind: Kind,
    /// The branch that made sources follow.
    pub branch: String,
    /// The address in objects that we make.
    pub address: String,
    /// What the user should know.
    pub notes: Vec<String>,
}

impl Served {
    /// Serves a repository under its stable address, its remotes' addresses and those of the sync objects.
    pub async fn start(
        found: Found,
        layout: &Layout,
        git: &LocalGit,
        rewrites: &UrlRewrites,
        options: &ServedOptions,
    ) -> Result<Self> {
        let mut notes = Vec::new();
        let checked_out = found.git.as_ref().and_then(|git| git.branch.clone());
        let branch = checked_out.unwrap_or_else(|| "main".into());
        let mut addresses: Vec<String> = layout.sync_urls().into_iter().collect();
        addresses.extend(found.remote.clone());
        addresses.push(STABLE_ADDRESS.to_owned());
        let kind = match found.git {
            Some(repository) => {
                addresses.extend(remotes(&found.root).await?);
                let changes = uncommitted_changes(&found.root).await?;
                if !changes.is_empty() && !options.worktree {
                    notes.push(uncommitted_note(&changes));
                }
                let have = branches(&found.root).await?;
                notes.extend(missing_branches_note(&layout.sync_branches(), &have));
                if options.worktree {
                    Kind::Worktree(WorktreeMirror::open(&found.root).await?)
                } else {
                    Kind::Repository(repository)
                }
            }
            None => {
                let mut branches: Vec<String> = layout.sync_branches().into_iter().collect();
                if !branches.contains(&branch) {
                    branches.insert(0, branch.clone());
                }
                notes.push(format!(
                    "{} is not the top of a Git repository: its files are served as they are",
                    found.root.display()
                ));
                Kind::Folder(FolderMirror::open(&found.root, &branches).await?)
            }
        };
        let folder = match &kind {
            Kind::Repository(repository) => repository.git_dir.clone(),
            Kind::Worktree(mirror) => mirror.git_dir().to_owned(),
            Kind::Folder(mirror) => mirror.git_dir().to_owned(),
        };
        let local = git.serve("up", folder);
        for address in &addresses {
            rewrites.insert(address, &local);
        }
        Ok(Self {
            kind,
            branch,
            address: STABLE_ADDRESS.to_owned(),
            notes,
        })
    }

    /// Wakes the sources whenever something new is to be fetched; never ends.
    pub async fn follow(self, wakers: Vec<Waker>) {
        let wake = || {
            for waker in &wakers {
                waker.wake_by_url(|_| true);
            }
        };
        match self.kind {
            Kind::Repository(repository) => {
                let mut watcher = RefWatcher::start(&repository);
                loop {
                    watcher.changed().await;
                    wake();
                }
            }
            Kind::Worktree(mut mirror) => loop {
                tokio::time::sleep(FOLDER_POLL).await;
                match mirror.refresh().await {
                    Ok(true) => wake(),
                    Ok(false) => {}
                    Err(error) => tracing::error!(%error, "reading the work tree"),
                }
            },
            Kind::Folder(mut mirror) => loop {
                tokio::time::sleep(FOLDER_POLL).await;
                match mirror.refresh().await {
                    Ok(true) => wake(),
                    Ok(false) => {}
                    Err(error) => tracing::error!(%error, "reading the folder"),
                }
            },
        }
    }
}

/// Says so when the sync objects follow branches that the repository does not have: nothing would be fetched.
fn missing_branches_note(wanted: &BTreeSet<String>, have: &[String]) -> Option<String> {
    let missing: Vec<&str> = wanted
        .iter()
        .filter(|branch| !have.contains(branch))
        .map(String::as_str)
        .collect();
    let first = missing.first()?;
    let have = match have {
        [] => "no branch, because nothing was committed yet".to_owned(),
        have => format!("only {}", have.join(", ")),
    };
    Some(format!(
        "gotk-sync.yaml follows the branch {}, and this repository has {have}; make it with `git branch {first}`, or change spec.ref",
        missing.join(", ")
    ))
}

fn uncommitted_note(changes: &[String]) -> String {
    let mut names: Vec<&str> = changes
        .iter()
        .take(NAMED_CHANGES_MAX)
        .map(String::as_str)
        .collect();
    let more = changes.len().saturating_sub(NAMED_CHANGES_MAX);
    let rest = format!("{more} more");
    if more > 0 {
        names.push(&rest);
    }
    format!(
        "uncommitted and left out ({}); --worktree includes them",
        names.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn branches_that_are_missing_are_named() {
        let wanted = BTreeSet::from(["main".to_owned()]);
        let note = |have: &[&str]| {
            let have: Vec<String> = have.iter().map(|name| (*name).to_owned()).collect();
            missing_branches_note(&wanted, &have)
        };
        assert_eq!(note(&["feature", "main"]), None);
        let told = note(&["feature", "master"]).unwrap_or_default();
        assert_eq!(
            told,
            "gotk-sync.yaml follows the branch main, and this repository has only feature, master; make it with `git branch main`, or change spec.ref"
        );
        assert!(note(&[]).is_some_and(|told| told.contains("nothing was committed yet")));
    }
}
