//! The repository of `skein up`: found by path or address, served on loopback, followed while it runs.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use skein_git::serve::{
    CheckoutMirror, CommandError, Content, FolderMirror, FollowedBranches, LocalRepository,
    RefWatcher, branches, export_head, open_local, remotes, uncommitted_changes,
};
use skein_source_controller::{UrlRewrites, Waker};
use tempfile::TempDir;

use crate::roles::git::{LocalGit, absolute, check_object_format};

use super::layout::Layout;

/// Address of the served repository in objects that we make: the same in every run, though the port is not.
pub const STABLE_ADDRESS: &str = "http://repository.skein.local/up.git";
/// Pause between looks at a folder whose files are served as they are.
const FOLDER_POLL: Duration = Duration::from_millis(700);
/// Uncommitted files that are named one by one.
const NAMED_CHANGES_MAX: usize = 5;
/// Longest wait for a clone.
const CLONE_TIMEOUT: Duration = Duration::from_secs(300);

/// The branch that made sources follow where there is no commit yet.
const FIRST_BRANCH: &str = "main";
/// The branch that made sources follow while HEAD is on none.
const DETACHED_BRANCH: &str = "skein-detached-head";
/// Characters of a commit's id that are shown.
const SHORT_ID: usize = 10;

/// A repository that was found.
pub struct Found {
    /// The folder with its files.
    pub root: PathBuf,
    /// The Git repository, when the root is the top of one.
    pub git: Option<LocalRepository>,
    /// The address that it was cloned from, when it was.
    pub remote: Option<String>,
    /// The files of a repository without work tree, in a folder that goes when this is dropped.
    files: Option<TempDir>,
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
    found(root, git, None).await
}

/// Checks what was found; a bare repository gets a folder with its files.
async fn found(
    root: PathBuf,
    git: Option<LocalRepository>,
    remote: Option<String>,
) -> Result<Found> {
    if let Some(git) = &git {
        check_object_format(git)?;
    }
    let Some(bare) = git.as_ref().filter(|git| git.bare) else {
        let files = None;
        return Ok(Found {
            root,
            git,
            remote,
            files,
        });
    };
    let files = tempfile::tempdir().context("making a folder for the files of the repository")?;
    // A repository without clusters/ is a cluster of this name.
    let name = root.file_stem().unwrap_or_default();
    let folder = absolute(files.path())?.join(name);
    std::fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    let reading = || format!("reading the files of {}", root.display());
    export_head(bare, &folder).await.with_context(reading)?;
    Ok(Found {
        root: folder,
        git,
        remote,
        files: Some(files),
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
    found(root, git, Some(address.to_owned())).await
}

/// How a repository is served.
#[derive(Clone, Copy, Debug)]
pub struct ServedOptions {
    /// With uncommitted changes.
    pub worktree: bool,
}

enum Kind {
    Repository(LocalRepository),
    Head(LocalRepository, CheckoutMirror),
    Worktree(CheckoutMirror),
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
    /// The files of a repository without work tree.
    _files: Option<TempDir>,
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
        let mut addresses: Vec<String> = layout.sync_urls().into_iter().collect();
        addresses.extend(found.remote.clone());
        addresses.push(STABLE_ADDRESS.to_owned());
        let (kind, branch) = match found.git {
            Some(repository) => {
                addresses.extend(remotes(&repository.top).await?);
                Self::of_repository(repository, layout, options, &mut notes).await?
            }
            None => {
                let branch = FIRST_BRANCH.to_owned();
                let mut branches: Vec<String> = layout.sync_branches().into_iter().collect();
                if !branches.contains(&branch) {
                    branches.insert(0, branch.clone());
                }
                notes.push(format!(
                    "{} is not the top of a Git repository: its files are served as they are",
                    found.root.display()
                ));
                let mirror = FolderMirror::open(&found.root, &branches).await?;
                (Kind::Folder(mirror), branch)
            }
        };
        let folder = match &kind {
            Kind::Repository(repository) => repository.git_dir.clone(),
            Kind::Head(_, mirror) | Kind::Worktree(mirror) => mirror.git_dir().to_owned(),
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
            _files: found.files,
        })
    }

    /// What of a Git repository is served, and the branch that made sources follow.
    async fn of_repository(
        repository: LocalRepository,
        layout: &Layout,
        options: &ServedOptions,
        notes: &mut Vec<String>,
    ) -> Result<(Kind, String)> {
        let top = &repository.top;
        if repository.bare && options.worktree {
            bail!(
                "{} is a bare repository, which has no work tree: leave --worktree out",
                top.display()
            );
        }
        if !repository.bare && !options.worktree {
            let changes = uncommitted_changes(top).await?;
            if !changes.is_empty() {
                notes.push(uncommitted_note(&changes));
            }
        }
        let have = branches(top).await?;
        let wanted = layout.sync_branches();
        let missing = lacking(&wanted, &have);
        let nothing_to_show = repository.bare || have.is_empty();
        let checked_out = repository.branch.clone();
        if let Some(branch) = &checked_out
            && !options.worktree
            && (missing.is_empty() || nothing_to_show)
        {
            notes.extend(missing_branches_note(&missing, &have));
            return Ok((Kind::Repository(repository), branch.clone()));
        }
        let branch = checked_out.as_deref().unwrap_or(DETACHED_BRANCH).to_owned();
        let followed = FollowedBranches {
            detached: branch.clone(),
            missing: wanted.clone(),
        };
        let content = match options.worktree {
            true => Content::WorkTree,
            false => Content::Head,
        };
        let mirror = CheckoutMirror::open(top, content, followed).await?;
        match checked_out {
            Some(_) => notes.extend(stand_in_note(&branch, &missing)),
            None => {
                let commit = mirror.commit().unwrap_or_default();
                notes.extend(detached_notes(commit, &wanted, &missing));
            }
        }
        let kind = match options.worktree {
            true => Kind::Worktree(mirror),
            false => Kind::Head(repository, mirror),
        };
        Ok((kind, branch))
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
            Kind::Head(repository, mut mirror) => {
                let mut watcher = RefWatcher::start(&repository);
                loop {
                    // The first look is for what changed while clusters were started.
                    wake_if_changed(mirror.refresh().await, "HEAD", &wake);
                    watcher.changed().await;
                }
            }
            Kind::Worktree(mut mirror) => loop {
                tokio::time::sleep(FOLDER_POLL).await;
                wake_if_changed(mirror.refresh().await, "the work tree", &wake);
            },
            Kind::Folder(mut mirror) => loop {
                tokio::time::sleep(FOLDER_POLL).await;
                wake_if_changed(mirror.refresh().await, "the folder", &wake);
            },
        }
    }
}

fn wake_if_changed(refreshed: Result<bool, CommandError>, what: &str, wake: &impl Fn()) {
    match refreshed {
        Ok(true) => wake(),
        Ok(false) => {}
        Err(error) => tracing::error!(%error, "reading {what}"),
    }
}

/// The wanted branches that a repository does not have.
fn lacking<'a>(wanted: &'a BTreeSet<String>, have: &[String]) -> Vec<&'a str> {
    let missing = wanted.iter().filter(|branch| !have.contains(branch));
    missing.map(String::as_str).collect()
}

/// What else the branch that is checked out is served as, so that a check-out of one branch works unchanged.
fn stand_in_note(branch: &str, missing: &[&str]) -> Option<String> {
    let names = missing.join(", ");
    (!missing.is_empty()).then(|| {
        format!(
            "the branch {branch} is served as {names}, too, which gotk-sync.yaml follows and this repository does not have"
        )
    })
}

/// Which branches show what is checked out while HEAD is on none, and which do not.
fn detached_notes(commit: &str, wanted: &BTreeSet<String>, missing: &[&str]) -> Vec<String> {
    let wanted = wanted.iter().map(String::as_str);
    let present: Vec<&str> = wanted.filter(|branch| !missing.contains(branch)).collect();
    let commit: String = commit.chars().take(SHORT_ID).collect();
    let mut notes = Vec::new();
    let names = match missing {
        [] => String::new(),
        names => format!(
            " as {}, which gotk-sync.yaml follows and this repository does not have",
            names.join(", ")
        ),
    };
    notes.push(format!(
        "HEAD is on no branch (detached): its commit {commit} is served{names}"
    ));
    if let Some(first) = present.first() {
        notes.push(format!(
            "gotk-sync.yaml follows {}, which this repository has: that is served, not the commit that is checked out; \
             `git branch --force {first} HEAD` brings it there",
            present.join(", ")
        ));
    }
    notes
}

/// Says so when the sync objects follow branches that the repository does not have: nothing would be fetched.
fn missing_branches_note(missing: &[&str], have: &[String]) -> Option<String> {
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
    fn a_detached_head_is_told_with_its_branches() {
        let wanted = BTreeSet::from(["main".to_owned(), "trunk".to_owned()]);
        let notes = |have: &[&str]| {
            let have: Vec<String> = have.iter().map(|name| (*name).to_owned()).collect();
            detached_notes("0123456789abcdef", &wanted, &lacking(&wanted, &have))
        };
        assert_eq!(
            notes(&[]),
            [
                "HEAD is on no branch (detached): its commit 0123456789 is served as main, trunk, which gotk-sync.yaml follows and this repository does not have"
            ]
        );
        let told = notes(&["main", "trunk"]);
        assert!(told[0].ends_with("0123456789 is served"), "{told:?}");
        assert!(told[1].contains("git branch --force main HEAD"), "{told:?}");
    }

    #[test]
    fn branches_that_are_missing_are_named() {
        let wanted = BTreeSet::from(["main".to_owned()]);
        let note = |have: &[&str]| {
            let have: Vec<String> = have.iter().map(|name| (*name).to_owned()).collect();
            missing_branches_note(&lacking(&wanted, &have), &have)
        };
        assert_eq!(note(&["feature", "main"]), None);
        let told = note(&["feature", "master"]).unwrap_or_default();
        assert_eq!(
            told,
            "gotk-sync.yaml follows the branch main, and this repository has only feature, master; make it with `git branch main`, or change spec.ref"
        );
        assert!(note(&[]).is_some_and(|told| told.contains("nothing was committed yet")));
        assert_eq!(stand_in_note("feature", &[]), None);
        let told = stand_in_note("feature", &["main"]).unwrap_or_default();
        assert!(told.starts_with("the branch feature is served as main, too"));
    }
}
