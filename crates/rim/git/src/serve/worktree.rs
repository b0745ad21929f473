//! Serves a work tree with its uncommitted changes: a bare mirror that borrows the repository's
//! objects and puts a commit of the work tree in front of the checked-out branch.
//!
//! Nothing is written to the user's repository: index and new objects live in the mirror.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::command::{CommandError, git, line, output};
use super::local::{LocalRepository, open_local};

/// Author and committer of the made commits.
const IDENTITY_NAME: &str = "Skein work tree";
const IDENTITY_EMAIL: &str = "worktree@skein.invalid";
/// First line of the made commits.
const SUBJECT: &str = "uncommitted changes of the work tree";

/// A mirror of a work tree; its folder goes when it is dropped.
#[derive(Debug)]
pub struct WorktreeMirror {
    top: PathBuf,
    mirror: TempDir,
    served: Option<String>,
}

impl WorktreeMirror {
    /// Makes a mirror of the work tree that a folder is in, with its first commit.
    pub async fn open(folder: &Path) -> Result<Self, CommandError> {
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

    /// Looks at the work tree and the refs again; answers whether what is served has changed.
    pub async fn refresh(&mut self) -> Result<bool, CommandError> {
        let repository = open_local(&self.top).await?;
        let head = self.resolve("HEAD").await;
        let tree = self.snapshot_tree(&repository).await?;
        let head_tree = self.resolve("HEAD^{tree}").await;
        let commit = match (&head, head_tree) {
            (Some(head), Some(head_tree)) if head_tree == tree => head.clone(),
            _ => self.commit_tree(&tree, head.as_deref()).await?,
        };
        let refs = self.write_refs(&repository, &commit).await?;
        let changed = self.served.as_deref() != Some(commit.as_str()) || refs;
        self.served = Some(commit);
        Ok(changed)
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

    /// Copies the refs, with the checked-out branch at the commit; answers whether any differ.
    async fn write_refs(
        &self,
        repository: &LocalRepository,
        commit: &str,
    ) -> Result<bool, CommandError> {
        let mut command = git(&self.top);
        command.args(["for-each-ref", "--format=%(objectname) %(refname)"]);
        let listed = line(command, "for-each-ref").await?;
        let branch = repository.branch.as_deref().unwrap_or("main");
        let current = format!("refs/heads/{branch}");
        let mut lines: Vec<String> = listed
            .lines()
            .filter(|line| {
                line.split_once(' ')
                    .is_some_and(|(_, name)| name != current)
            })
            .map(str::to_owned)
            .collect();
        lines.push(format!("{commit} {current}"));
        lines.sort_by(|a, b| a.split(' ').nth(1).cmp(&b.split(' ').nth(1)));
        let text = format!("# pack-refs with: sorted \n{}\n", lines.join("\n"));
        let file = self.mirror.path().join("packed-refs");
        if std::fs::read_to_string(&file).is_ok_and(|old| old == text) {
            return Ok(false);
        }
        let temporary = self.mirror.path().join("packed-refs.new");
        std::fs::write(&temporary, text).map_err(CommandError::Mirror)?;
        std::fs::rename(temporary, file).map_err(CommandError::Mirror)?;
        let head = self.mirror.path().join("HEAD");
        std::fs::write(head, format!("ref: {current}\n")).map_err(CommandError::Mirror)?;
        Ok(true)
    }
}
