//! Actions on Git repositories.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use skein_testkit::{Access, Commit, Repository};

use super::Play;
use crate::scenario::text;

impl Play<'_> {
    /// `commit`: copies a tree over the work tree, removes files, commits, pushes by force.
    pub(super) fn commit(&mut self, argument: &Value) -> Result<()> {
        let known = [
            "repo",
            "tree",
            "remove",
            "branch",
            "base",
            "tag",
            "annotated",
            "ref",
            "message",
            "submodules",
            "empty",
        ];
        let unknown = argument
            .as_object()
            .and_then(|fields| fields.keys().find(|key| !known.contains(&key.as_str())));
        if let Some(key) = unknown {
            bail!("commit with {key} is not supported");
        }
        let name = text(&argument["repo"]);
        if !self.repositories.contains_key(&name) {
            let served = format!("{}/{name}", self.scenario.namespace);
            let repository = Repository::create(&self.world.repositories(), &served)?;
            self.repositories.insert(name.clone(), repository);
            if argument["empty"] == true && argument["tree"].is_null() {
                // A repository without a commit.
                return Ok(());
            }
        }
        let submodules = self.submodules(&argument["submodules"])?;
        self.commits += 1;
        let number = self.commits;
        let message = match argument["message"].as_str() {
            Some(message) => message.to_owned(),
            None => format!("commit {number}"),
        };
        let date = format!("2026-01-01T00:{number:02}:00Z");
        let folder = &self.scenario.folder;
        let repository = self
            .repositories
            .get_mut(&name)
            .context("the repository was just made")?;
        if let Some(base) = argument["base"].as_str() {
            repository.run(&["reset", "--quiet", "--hard", base], None)?;
        }
        if let Some(tree) = argument["tree"].as_str() {
            let tree = folder.join(tree);
            copy(&tree, repository.work_tree())?;
            restore_links(&tree, repository.work_tree())?;
        }
        for file in argument["remove"].as_array().into_iter().flatten() {
            let path = repository.work_tree().join(text(file));
            let removed = if path.is_dir() {
                std::fs::remove_dir_all(&path)
            } else {
                std::fs::remove_file(&path)
            };
            removed.with_context(|| format!("removing {}", path.display()))?;
        }
        for submodule in &submodules {
            submodule.add_to(repository)?;
        }
        let head = repository.commit_work_tree(&Commit {
            branch: argument["branch"].as_str().unwrap_or("main"),
            message: &message,
            date: Some(&date),
        })?;
        if let Some(tag) = argument["tag"].as_str() {
            let words: &[&str] = if argument["annotated"] == true {
                &["tag", "--force", "--annotate", "--message", tag, tag]
            } else {
                &["tag", "--force", tag]
            };
            repository.run(words, Some(&date))?;
            repository.push(&format!("refs/tags/{tag}"))?;
        }
        if let Some(reference) = argument["ref"].as_str() {
            repository.push(&format!("HEAD:{reference}"))?;
        }
        self.heads.insert(name, head);
        Ok(())
    }

    /// Other repositories below a path each: a map from path to repository, or a list of both.
    fn submodules(&self, argument: &Value) -> Result<Vec<Submodule>> {
        let pairs: Vec<(String, String)> = match argument {
            Value::Object(paths) => paths
                .iter()
                .map(|(path, name)| (path.clone(), text(name)))
                .collect(),
            Value::Array(items) => items
                .iter()
                .map(|item| match item {
                    Value::String(name) => (name.clone(), name.clone()),
                    item => (text(&item["path"]), text(&item["repo"])),
                })
                .collect(),
            _ => Vec::new(),
        };
        let all = pairs.into_iter().map(|(path, name)| {
            let head = self.heads.get(&name);
            Ok(Submodule {
                url: self.expand(&format!("http://${{GIT}}/{}.git", self.served_name(&name)))?,
                head: head
                    .with_context(|| format!("no commit of {name} yet"))?
                    .clone(),
                path,
            })
        });
        all.collect()
    }

    /// `delete_ref`.
    pub(super) fn delete_ref(&self, argument: &Value) -> Result<()> {
        let repository = self
            .repositories
            .get(&text(&argument["repo"]))
            .context("no such repository yet")?;
        repository.push(&format!(":{}", text(&argument["ref"])))
    }

    /// `git_auth`: demands basic authentication.
    pub(super) fn git_auth(&self, argument: &Value) {
        let access = Access::Basic {
            user: text(&argument["user"]),
            password: text(&argument["password"]),
        };
        let name = self.served_name(&text(&argument["repo"]));
        self.world.git.set_access(&name, access.clone());
        self.world.git_tls.set_access(&name, access);
    }

    /// `break` and `restore`.
    pub(super) fn set_broken(&self, name: &str, broken: bool) {
        let name = self.served_name(name.trim_end_matches(".git"));
        self.world.git.set_broken(&name, broken);
        self.world.git_tls.set_broken(&name, broken);
        self.world.charts.set_broken(&name, broken);
        self.world.charts_2.set_broken(&name, broken);
        self.world.registry.set_broken(&name, broken);
    }

    /// `<namespace>/<name>`, as all servers call a repository.
    pub(super) fn served_name(&self, name: &str) -> String {
        format!("{}/{name}", self.scenario.namespace)
    }
}

/// A commit of another repository that stands below a path.
struct Submodule {
    path: String,
    url: String,
    head: String,
}

impl Submodule {
    /// As `git submodule add` leaves it, without a checkout in the work tree.
    fn add_to(&self, repository: &Repository) -> Result<()> {
        let settings = repository.work_tree().join(".gitmodules");
        let file = settings.to_string_lossy();
        for (key, value) in [("path", &self.path), ("url", &self.url)] {
            let name = format!("submodule.{}.{key}", self.path);
            repository.run(&["config", "--file", &file, &name, value], None)?;
        }
        // An empty folder with the entry in the index is what a clone without submodules looks like.
        let folder = repository.work_tree().join(&self.path);
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("creating {}", folder.display()))?;
        let entry = format!("160000,{},{}", self.head, self.path);
        repository.run(&["update-index", "--add", "--cacheinfo", &entry], None)?;
        Ok(())
    }
}

/// Copies with modes and symbolic links, but writable: inputs may be read-only.
fn copy(from: &Path, to: &Path) -> Result<()> {
    let mut command = Command::new("cp");
    command
        .args([
            "--recursive",
            "--no-dereference",
            "--force",
            "--preserve=mode,links",
        ])
        .arg(format!("{}/.", from.display()))
        .arg(to);
    run(&mut command)?;
    run(Command::new("chmod").args(["--recursive", "u+w"]).arg(to))
}

/// Recordings may have travelled without symbolic links: then a file called `link` holds what the link points to, as Git does it where
/// there are none.
fn restore_links(from: &Path, to: &Path) -> Result<()> {
    let file = from.join("link");
    let Ok(target) = std::fs::read_to_string(&file) else {
        return Ok(());
    };
    let is_link = !file.is_symlink() && from.join(&target).exists();
    if is_link {
        let link = to.join("link");
        std::fs::remove_file(&link).with_context(|| format!("removing {}", link.display()))?;
        std::os::unix::fs::symlink(&target, &link).context("making a symbolic link")?;
    }
    Ok(())
}

fn run(command: &mut Command) -> Result<()> {
    let output = command.output().context("starting a copy")?;
    if !output.status.success() {
        bail!("{}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}
