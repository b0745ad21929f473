//! Serves a plain folder as a repository: its files, as they are, are one commit on the wanted branches.
//!
//! For folders that are no Git repository, and for a part of one that stands for a repository of its own. Nothing is
//! written to the folder.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::command::{CommandError, git, line, output};

/// Author and committer of the made commits.
const IDENTITY_NAME: &str = "Skein folder";
const IDENTITY_EMAIL: &str = "folder@skein.invalid";
/// First line of the made commits.
const SUBJECT: &str = "the folder as it is";
/// The same content gives the same commit, whenever it is made.
const DATE: &str = "@0 +0000";

/// A repository made of a folder; it goes when it is dropped.
#[derive(Debug)]
pub struct FolderMirror {
    folder: PathBuf,
    branches: Vec<String>,
    git_dir: TempDir,
    served: Option<String>,
}

impl FolderMirror {
    /// Makes a repository of a folder, with its first commit on these branches.
    pub async fn open(folder: &Path, branches: &[String]) -> Result<Self, CommandError> {
        let folder = std::fs::canonicalize(folder).map_err(CommandError::Mirror)?;
        let git_dir = tempfile::Builder::new()
            .prefix("skein-folder-")
            .tempdir()
            .map_err(CommandError::Mirror)?;
        let mut command = git(git_dir.path());
        command.args(["init", "--quiet", "--bare", "."]);
        output(command, "init").await?;
        let mut mirror = Self {
            folder,
            branches: branches.to_vec(),
            git_dir,
            served: None,
        };
        mirror.refresh().await?;
        Ok(mirror)
    }

    /// The bare repository to serve.
    pub fn git_dir(&self) -> &Path {
        self.git_dir.path()
    }

    /// Looks at the folder again; answers whether what is served has changed.
    pub async fn refresh(&mut self) -> Result<bool, CommandError> {
        let command = |arguments: &[&str]| {
            let mut command = git(&self.folder);
            command
                .env("GIT_DIR", self.git_dir.path())
                .env("GIT_WORK_TREE", &self.folder)
                .env("GIT_INDEX_FILE", self.git_dir.path().join("folder-index"))
                .args(["-c", "core.bare=false", "-c", "core.autocrlf=false"])
                .args(arguments);
            command
        };
        output(command(&["add", "--all", "."]), "add").await?;
        let tree = line(command(&["write-tree"]), "write-tree").await?;
        let mut commit = git(self.git_dir.path());
        commit.args(["commit-tree", &tree, "-m", SUBJECT]);
        for role in ["AUTHOR", "COMMITTER"] {
            commit
                .env(format!("GIT_{role}_NAME"), IDENTITY_NAME)
                .env(format!("GIT_{role}_EMAIL"), IDENTITY_EMAIL)
                .env(format!("GIT_{role}_DATE"), DATE);
        }
        let commit = line(commit, "commit-tree").await?;
        if self.served.as_deref() == Some(commit.as_str()) {
            return Ok(false);
        }
        for branch in &self.branches {
            let mut update = git(self.git_dir.path());
            update.args(["update-ref", &format!("refs/heads/{branch}"), &commit]);
            output(update, "update-ref").await?;
        }
        if let Some(first) = self.branches.first() {
            let mut head = git(self.git_dir.path());
            head.args(["symbolic-ref", "HEAD", &format!("refs/heads/{first}")]);
            output(head, "symbolic-ref").await?;
        }
        self.served = Some(commit);
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn follows_the_files_of_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.yaml"), "a: 1\n").unwrap();
        let branches = ["main".to_owned(), "trunk".to_owned()];
        let mut mirror = FolderMirror::open(folder.path(), &branches).await.unwrap();
        assert!(!mirror.refresh().await.unwrap(), "nothing changed");
        std::fs::write(folder.path().join("a.yaml"), "a: 2\n").unwrap();
        assert!(mirror.refresh().await.unwrap());
        for branch in branches {
            let mut show = git(mirror.git_dir());
            show.args(["show", &format!("{branch}:a.yaml")]);
            assert_eq!(line(show, "show").await.unwrap(), "a: 2");
        }
        assert!(!folder.path().join(".git").exists());
    }
}
