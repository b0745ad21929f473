//! Serves what is checked out: a bare mirror that borrows the repository's objects and puts a commit on the branches that are
//! followed. It is the one of HEAD, or one of the work tree with its uncommitted changes.
//!
//! Nothing is written to the user's repository: index and new objects live in the mirror.

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::command::{CommandError, git, line, output};
use super::local::{LocalRepository, open_local};

/// Author and committer of the made commits.
const IDENTITY_NAME: &str = "Skein work tree";
const IDENTITY_EMAIL: &str = "worktree@skein.invalid";
/// First line of the made commits.
const SUBJECT: &str = "uncommitted changes of the work tree";
/// Where branches are among the refs.
const BRANCHES: &str = "refs/heads/";
/// The file in which a shallow clone says where its history ends.
const SHALLOW_FILE: &str = "shallow";

/// Which commit a mirror serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// The one that is checked out.
    Head,
    /// One of the work tree, when that differs from HEAD.
    WorkTree,
}

/// The branches of a mirror that show what is checked out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FollowedBranches {
    /// The one while HEAD is on no branch, or when the repository does not have it.
    pub detached: String,
    /// Others that are made when the repository does not have them.
    pub missing: BTreeSet<String>,
}

/// A mirror of a check-out; its folder goes when it is dropped.
#[derive(Debug)]
pub struct CheckoutMirror {
    top: PathBuf,
    content: Content,
    branches: FollowedBranches,
    mirror: TempDir,
    served: Option<String>,
}

impl CheckoutMirror {
    /// Makes a mirror of the check-out that a folder is in, with its first commit.
    pub async fn open(
        folder: &Path,
        content: Content,
        branches: FollowedBranches,
    ) -> Result<Self, CommandError> {
        let repository = open_local(folder).await?;
        let mirror = tempfile::Builder::new()
            .prefix("skein-worktree-")
            .tempdir()
            .map_err(CommandError::Mirror)?;
        let mut command = git(mirror.path());
        command.args(["init", "--quiet", "--bare", "."]);
        output(command, "init").await?;
        let alternates = mirror.path().join("objects/info/alternates");
        let objects = repository.git_dir.join("objects");
        std::fs::write(alternates, format!("{}\n", objects.display()))
            .map_err(CommandError::Mirror)?;
        let mut opened = Self {
            top: repository.top,
            content,
            branches,
            mirror,
            served: None,
        };
        opened.refresh().await?;
        Ok(opened)
    }

    /// The bare repository to serve.
    pub fn git_dir(&self) -> &Path {
        self.mirror.path()
    }

    /// The served commit.
    pub fn commit(&self) -> Option<&str> {
        self.served.as_deref()
    }

    /// Looks at the check-out and the refs again; answers whether what is served has changed.
    pub async fn refresh(&mut self) -> Result<bool, CommandError> {
        let repository = open_local(&self.top).await?;
        self.copy_boundary(&repository)?;
        let head = self.resolve("HEAD").await;
        let commit = match (self.content, head) {
            (Content::Head, Some(head)) => head,
            (Content::Head, None) => return Err(CommandError::NoCommit(self.top.clone())),
            (Content::WorkTree, head) => self.commit_work_tree(&repository, head).await?,
        };
        let refs = self.write_refs(&repository, &commit).await?;
        let changed = self.served.as_deref() != Some(commit.as_str()) || refs;
        self.served = Some(commit);
        Ok(changed)
    }

    /// Of a shallow clone, where its history ends: commits beyond are not looked for.
    fn copy_boundary(&self, repository: &LocalRepository) -> Result<(), CommandError> {
        let copy = self.mirror.path().join(SHALLOW_FILE);
        let done = match std::fs::read(repository.git_dir.join(SHALLOW_FILE)) {
            Ok(boundary) => std::fs::write(copy, boundary),
            Err(error) if error.kind() == ErrorKind::NotFound => match std::fs::remove_file(copy) {
                Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            },
            Err(error) => Err(error),
        };
        done.map_err(CommandError::Mirror)
    }

    /// HEAD, or a commit of the work tree on top of it.
    async fn commit_work_tree(
        &self,
        repository: &LocalRepository,
        head: Option<String>,
    ) -> Result<String, CommandError> {
        let tree = self.snapshot_tree(repository).await?;
        let head_tree = self.resolve("HEAD^{tree}").await;
        match (head, head_tree) {
            (Some(head), Some(head_tree)) if head_tree == tree => Ok(head),
            (head, _) => self.commit_tree(&tree, head.as_deref()).await,
        }
    }

    async fn resolve(&self, name: &str) -> Option<String> {
        let mut command = git(&self.top);
        command.args(["rev-parse", "--quiet", "--verify", name]);
        line(command, "rev-parse")
            .await
            .ok()
            .filter(|id| !id.is_empty())
    }

    /// Writes the work tree as a tree object of the mirror. The index of the mirror is kept, so
    /// that only changed files are read again.
    async fn snapshot_tree(&self, repository: &LocalRepository) -> Result<String, CommandError> {
        let command = |arguments: &[&str]| {
            let mut command = git(&self.top);
            command
                .env("GIT_DIR", &repository.worktree_git_dir)
                .env("GIT_WORK_TREE", &self.top)
                .env("GIT_INDEX_FILE", self.mirror.path().join("worktree-index"))
                .env("GIT_OBJECT_DIRECTORY", self.mirror.path().join("objects"))
                .env(
                    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
                    repository.git_dir.join("objects"),
                )
                .args(["-c", "core.autocrlf=false", "-c", "core.fsmonitor=false"])
                .args(arguments);
            command
        };
        output(command(&["add", "--all"]), "add").await?;
        line(command(&["write-tree"]), "write-tree").await
    }

    /// A commit whose id depends on the tree and its parent alone.
    async fn commit_tree(&self, tree: &str, head: Option<&str>) -> Result<String, CommandError> {
        let date = match head {
            Some(head) => {
                let mut command = git(&self.top);
                command.args(["show", "--no-patch", "--format=%ct +0000", head]);
                line(command, "show").await?
            }
            None => "0 +0000".to_owned(),
        };
        let mut command = git(self.mirror.path());
        command.args(["commit-tree", tree, "-m", SUBJECT]);
        if let Some(head) = head {
            command.args(["-p", head]);
        }
        for role in ["AUTHOR", "COMMITTER"] {
            command
                .env(format!("GIT_{role}_NAME"), IDENTITY_NAME)
                .env(format!("GIT_{role}_EMAIL"), IDENTITY_EMAIL)
                .env(format!("GIT_{role}_DATE"), format!("@{date}"));
        }
        line(command, "commit-tree").await
    }

    /// Copies the refs, with the commit on the branches that show it; answers whether any differ.
    async fn write_refs(
        &self,
        repository: &LocalRepository,
        commit: &str,
    ) -> Result<bool, CommandError> {
        let mut command = git(&self.top);
        command.args(["for-each-ref", "--format=%(objectname) %(refname)"]);
        let listed = line(command, "for-each-ref").await?;
        let checked_out = repository.branch.as_deref();
        let shown = self.branches.showing(&listed, checked_out, self.content);
        let text = packed_refs(&listed, &shown, commit);
        let file = self.mirror.path().join("packed-refs");
        if std::fs::read_to_string(&file).is_ok_and(|old| old == text) {
            return Ok(false);
        }
        let temporary = self.mirror.path().join("packed-refs.new");
        std::fs::write(&temporary, text).map_err(CommandError::Mirror)?;
        std::fs::rename(temporary, file).map_err(CommandError::Mirror)?;
        let current = checked_out.unwrap_or(&self.branches.detached);
        let head = self.mirror.path().join("HEAD");
        std::fs::write(head, format!("ref: {BRANCHES}{current}\n"))
            .map_err(CommandError::Mirror)?;
        Ok(true)
    }
}

impl FollowedBranches {
    /// The refs that show what is checked out, of a list of `ID NAME` lines.
    fn showing(
        &self,
        listed: &str,
        checked_out: Option<&str>,
        content: Content,
    ) -> BTreeSet<String> {
        let full = |branch: &str| format!("{BRANCHES}{branch}");
        let mut shown: BTreeSet<String> = self.missing.iter().map(|name| full(name)).collect();
        shown.insert(full(&self.detached));
        for (_, name) in listed.lines().filter_map(|line| line.split_once(' ')) {
            shown.remove(name);
        }
        match checked_out {
            None => shown.insert(full(&self.detached)),
            Some(branch) => content == Content::WorkTree && shown.insert(full(branch)),
        };
        shown
    }
}

/// The refs as a file of the repository, in order of their names, some of them at the commit.
fn packed_refs(listed: &str, shown: &BTreeSet<String>, commit: &str) -> String {
    let mut refs: BTreeMap<&str, &str> = listed
        .lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(id, name)| (name, id))
        .collect();
    refs.extend(shown.iter().map(|name| (name.as_str(), commit)));
    let lines: Vec<String> = refs
        .iter()
        .map(|(name, id)| format!("{id} {name}\n"))
        .collect();
    format!("# pack-refs with: sorted \n{}", lines.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn branches_that_are_wanted_and_missing_show_what_is_checked_out() {
        let branches = FollowedBranches {
            detached: "here".into(),
            missing: BTreeSet::from(["main".into(), "trunk".into()]),
        };
        let listed = "1 refs/heads/main\n2 refs/remotes/origin/trunk";
        let shown = |checked_out, content| {
            let shown = branches.showing(listed, checked_out, content);
            packed_refs(listed, &shown, "9")
        };
        let detached = "# pack-refs with: sorted \n9 refs/heads/here\n1 refs/heads/main\n9 refs/heads/trunk\n2 refs/remotes/origin/trunk\n";
        assert_eq!(shown(None, Content::Head), detached);
        assert_eq!(shown(None, Content::WorkTree), detached);
        assert_eq!(shown(Some("main"), Content::Head), detached);
        let ahead = detached.replace("1 refs/heads/main", "9 refs/heads/main");
        assert_eq!(shown(Some("main"), Content::WorkTree), ahead);
    }
}
