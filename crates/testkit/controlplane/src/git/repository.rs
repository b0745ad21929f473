//! A bare repository whose commits have stable ids, made with the real git.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// A bare repository and the work tree through which it is filled.
#[derive(Debug)]
pub struct Repository {
    bare: PathBuf,
    work: PathBuf,
    commits: u32,
}

/// What a commit is made of, beyond its files.
#[derive(Debug, Clone)]
pub struct Commit<'a> {
    pub branch: &'a str,
    pub message: &'a str,
    /// Author and committer date; nothing for minute N of 2026 in commit N.
    pub date: Option<&'a str>,
}

impl Default for Commit<'_> {
    fn default() -> Self {
        Self {
            branch: "main",
            message: "change",
            date: None,
        }
    }
}

impl Repository {
    /// Creates `<folder>/<name>.git`, which is what the servers serve, and a work tree beside it.
    pub fn create(folder: &Path, name: &str) -> Result<Self> {
        let bare = folder.join(format!("{name}.git"));
        let work = folder.join(format!(".{}.work", name.replace('/', "-")));
        fs::create_dir_all(&bare).with_context(|| format!("creating {}", bare.display()))?;
        fs::create_dir_all(&work).with_context(|| format!("creating {}", work.display()))?;
        let repository = Self {
            bare,
            work,
            commits: 0,
        };
        repository.run_bare(&["init", "--quiet", "--bare", "--initial-branch=main"])?;
        let settings = [
            ("http.receivepack", "true"),
            ("uploadpack.allowAnySHA1InWant", "true"),
            ("uploadpack.allowFilter", "true"),
        ];
        for (name, value) in settings {
            repository.run_bare(&["config", name, value])?;
        }
        repository.run(&["init", "--quiet", "--initial-branch=main"], None)?;
        let address = repository.bare.to_string_lossy().into_owned();
        repository.run(&["remote", "add", "origin", &address], None)?;
        Ok(repository)
    }

    /// Folder of the bare repository.
    pub fn path(&self) -> &Path {
        &self.bare
    }

    /// Folder of the work tree.
    pub fn work_tree(&self) -> &Path {
        &self.work
    }

    /// Writes files (nothing removes one), commits all changes on the branch, pushes, and gives the commit's id.
    pub fn commit(
        &mut self,
        files: &BTreeMap<&str, Option<&str>>,
        commit: &Commit<'_>,
    ) -> Result<String> {
        for (name, text) in files {
            let path = self.work.join(name);
            match text {
                Some(text) => {
                    let folder = path.parent().context("a file lies in a folder")?;
                    fs::create_dir_all(folder)
                        .with_context(|| format!("creating {}", folder.display()))?;
                    fs::write(&path, text)
                        .with_context(|| format!("writing {}", path.display()))?;
                }
                None => fs::remove_file(&path)
                    .with_context(|| format!("removing {}", path.display()))?,
            }
        }
        self.commit_work_tree(commit)
    }

    /// Commits whatever the work tree holds, pushes by force, and gives the commit's id.
    pub fn commit_work_tree(&mut self, commit: &Commit<'_>) -> Result<String> {
        let date = match commit.date {
            Some(date) => date.to_owned(),
            None => format!("2026-01-01T00:{:02}:00Z", self.commits % 60),
        };
        self.commits += 1;
        let branch = format!("refs/heads/{}", commit.branch);
        self.run(&["symbolic-ref", "HEAD", &branch], None)?;
        self.run(&["add", "--all", "--force"], None)?;
        let words = [
            "commit",
            "--quiet",
            "--allow-empty",
            "--message",
            commit.message,
        ];
        self.run(&words, Some(&date))?;
        self.push(&format!("HEAD:{branch}"))?;
        self.head()
    }

    /// Pushes by force.
    pub fn push(&self, refspec: &str) -> Result<()> {
        self.run(&["push", "--quiet", "--force", "origin", refspec], None)?;
        Ok(())
    }

    /// The newest commit of the work tree.
    pub fn head(&self) -> Result<String> {
        self.run(&["rev-parse", "HEAD"], None)
    }

    /// Runs git in the work tree, free of the user's settings; author and committer are always the same.
    pub fn run(&self, arguments: &[&str], date: Option<&str>) -> Result<String> {
        git(&self.work, arguments, date)
    }

    /// Runs git in the bare repository.
    pub fn run_bare(&self, arguments: &[&str]) -> Result<String> {
        git(&self.bare, arguments, None)
    }

    /// Runs git in the bare repository with this on its standard input.
    pub fn run_bare_with(&self, arguments: &[&str], input: &[u8]) -> Result<String> {
        git_with(&self.bare, arguments, None, input)
    }

    /// Makes a commit of a tree that is given as lines of `git mktree -z`, past all checks, and lets the branch point to it.
    pub fn commit_tree(&self, branch: &str, entries: &[u8]) -> Result<String> {
        let tree = self.run_bare_with(&["mktree", "-z"], entries)?;
        let commit = self.run_bare(&["commit-tree", &tree, "-m", "made by hand"])?;
        self.run_bare(&["update-ref", &format!("refs/heads/{branch}"), &commit])?;
        Ok(commit)
    }
}

fn git(folder: &Path, arguments: &[&str], date: Option<&str>) -> Result<String> {
    git_with(folder, arguments, date, b"")
}

fn git_with(folder: &Path, arguments: &[&str], date: Option<&str>, input: &[u8]) -> Result<String> {
    let mut command = Command::new("git");
    command.current_dir(folder).args(arguments);
    isolate(&mut command);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .env("GIT_AUTHOR_NAME", "Dev")
        .env("GIT_AUTHOR_EMAIL", "dev@example.com")
        .env("GIT_COMMITTER_NAME", "Dev")
        .env("GIT_COMMITTER_EMAIL", "dev@example.com");
    if let Some(date) = date {
        command
            .env("GIT_AUTHOR_DATE", date)
            .env("GIT_COMMITTER_DATE", date);
    }
    let mut child = command.spawn().context("starting git")?;
    // Git reads all of it before it writes much; what it does not read is its own affair.
    let unread = child.stdin.take().map(|mut pipe| pipe.write_all(input));
    let output = child.wait_with_output().context("waiting for git")?;
    if let (true, Some(written)) = (!input.is_empty(), unread) {
        written.context("writing to git")?;
    }
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        bail!("git {}: {errors}", arguments.join(" "));
    }
    Ok(String::from_utf8_lossy(&output.stdout)
        .trim_end()
        .to_owned())
}

/// Settings of the user and the system change ids, hooks and signatures.
pub(super) fn isolate(command: &mut Command) {
    command
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env_remove("GIT_SSL_CAINFO")
        .env_remove("GIT_DIR")
        .env_remove("GIT_WORK_TREE")
        .env_remove("GIT_INDEX_FILE");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_commits_have_equal_ids() {
        let make = || {
            let folder = tempfile::tempdir().unwrap();
            let mut repository = Repository::create(folder.path(), "team/app").unwrap();
            let files = BTreeMap::from([("a/b.yaml", Some("x: 1\n"))]);
            let first = repository.commit(&files, &Commit::default()).unwrap();
            let gone = BTreeMap::from([("a/b.yaml", None)]);
            let second = repository.commit(&gone, &Commit::default()).unwrap();
            (first, second)
        };
        let (first, second) = make();
        assert_ne!(first, second);
        assert_eq!(make(), (first, second));
    }
}
