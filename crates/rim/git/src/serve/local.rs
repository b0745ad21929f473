//! What a local repository is: its folders, remotes, branch and uncommitted changes.

use std::path::{Path, PathBuf};

use super::command::{CommandError, git, line, output};

/// A repository on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalRepository {
    /// Top folder of the work tree; the repository itself when it is bare.
    pub top: PathBuf,
    /// The folder with objects and refs, shared by all work trees of the repository.
    pub git_dir: PathBuf,
    /// The folder with HEAD and index of this work tree.
    pub worktree_git_dir: PathBuf,
    /// Checked-out branch; `None` when HEAD is detached.
    pub branch: Option<String>,
    /// Whether there is no work tree.
    pub bare: bool,
    /// How its objects are named.
    pub object_format: ObjectFormat,
}

/// How the objects of a repository are named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ObjectFormat {
    /// By SHA-1: what can be served.
    Sha1,
    /// In another way, in the words of Git.
    Other(String),
}

/// Finds the repository that a folder is in.
pub async fn open_local(folder: &Path) -> Result<LocalRepository, CommandError> {
    let mut command = git(folder);
    command.args([
        "rev-parse",
        "--path-format=absolute",
        "--is-bare-repository",
        "--show-object-format",
        "--git-common-dir",
        "--git-dir",
    ]);
    let printed = line(command, "rev-parse").await?;
    let mut lines = printed.lines();
    let bare = lines.next() == Some("true");
    let object_format = match lines.next().unwrap_or_default() {
        "sha1" => ObjectFormat::Sha1,
        other => ObjectFormat::Other(other.to_owned()),
    };
    let git_dir = PathBuf::from(lines.next().unwrap_or_default());
    let worktree_git_dir = PathBuf::from(lines.next().unwrap_or_default());
    let top = if bare {
        git_dir.clone()
    } else {
        let mut command = git(folder);
        command.args(["rev-parse", "--path-format=absolute", "--show-toplevel"]);
        PathBuf::from(line(command, "rev-parse").await?)
    };
    let mut command = git(folder);
    command.args(["symbolic-ref", "--quiet", "--short", "HEAD"]);
    let branch = line(command, "symbolic-ref")
        .await
        .ok()
        .filter(|name| !name.is_empty());
    Ok(LocalRepository {
        top,
        git_dir,
        worktree_git_dir,
        branch,
        bare,
        object_format,
    })
}

/// Writes the files of HEAD into an empty folder; the repository stays as it is.
pub async fn export_head(repository: &LocalRepository, folder: &Path) -> Result<(), CommandError> {
    let mut command = git(&repository.top);
    command.args(["rev-parse", "--quiet", "--verify", "HEAD^{tree}"]);
    let tree = match line(command, "rev-parse").await {
        Ok(tree) => tree,
        Err(CommandError::Failed { message, .. }) if message.is_empty() => {
            return Err(CommandError::NoCommit(repository.top.clone()));
        }
        Err(error) => return Err(error),
    };
    let index = tempfile::tempdir().map_err(CommandError::Mirror)?;
    for arguments in [
        ["read-tree", tree.as_str()].as_slice(),
        &["-c", "core.autocrlf=false", "checkout-index", "--all"],
    ] {
        let mut command = git(folder);
        command
            .env("GIT_DIR", &repository.worktree_git_dir)
            .env("GIT_WORK_TREE", folder)
            .env("GIT_INDEX_FILE", index.path().join("index"))
            .args(["-c", "core.bare=false"])
            .args(arguments);
        output(command, "checkout-index").await?;
    }
    Ok(())
}

/// Addresses of the remotes of a repository, without doubles.
pub async fn remotes(folder: &Path) -> Result<Vec<String>, CommandError> {
    let mut command = git(folder);
    command.args([
        "config",
        "--local",
        "--get-regexp",
        "--null",
        r"^remote\..*\.url$",
    ]);
    let printed = match output(command, "config").await {
        Ok(printed) => printed,
        // The command fails without a message when nothing matches.
        Err(CommandError::Failed { message, .. }) if message.is_empty() => Vec::new(),
        Err(error) => return Err(error),
    };
    let text = String::from_utf8_lossy(&printed);
    let mut addresses: Vec<String> = text
        .split('\0')
        .filter_map(|entry| entry.split_once('\n'))
        .map(|(_, address)| address.to_owned())
        .collect();
    addresses.sort();
    addresses.dedup();
    Ok(addresses)
}

/// Names of the local branches, sorted.
pub async fn branches(folder: &Path) -> Result<Vec<String>, CommandError> {
    let mut command = git(folder);
    command.args(["for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads"]);
    let printed = output(command, "for-each-ref").await?;
    let text = String::from_utf8_lossy(&printed);
    Ok(text.lines().map(str::to_owned).collect())
}

/// Paths that differ from the last commit, new files included, ignored ones not.
pub async fn uncommitted_changes(folder: &Path) -> Result<Vec<String>, CommandError> {
    let mut command = git(folder);
    command.args([
        "status",
        "--porcelain=v1",
        "-z",
        "--untracked-files=all",
        "--no-renames",
    ]);
    let printed = output(command, "status").await?;
    let text = String::from_utf8_lossy(&printed);
    Ok(text
        .split('\0')
        .filter_map(|entry| entry.get(3..))
        .map(str::to_owned)
        .collect())
}
