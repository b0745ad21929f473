//! `kustomize build --watch`: builds again when a file changes that the build asked for, and prints what became different.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use notify::{RecursiveMode, Watcher};
use serde_json::Value;
use skein_kustomize::Build;
use tokio::sync::mpsc;

use super::build::{BuildArguments, attempt};
use super::write;
use crate::output::Output;

/// Changes that come this close together are one: editors write in several steps.
const SETTLE: Duration = Duration::from_millis(100);
/// Events that may wait; one is enough to build again, more are dropped.
const MAX_WAITING_EVENTS: usize = 64;

/// The objects of a build as text, by identity.
type Objects = BTreeMap<String, String>;

/// Runs until it is interrupted.
pub(super) async fn run(arguments: &BuildArguments, output: &mut Output) -> anyhow::Result<()> {
    let (sender, mut changes) = mpsc::channel(MAX_WAITING_EVENTS);
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        if let Ok(event) = event
            && !event.kind.is_access()
        {
            // A full channel already means a new build.
            let _ = sender.try_send(event.paths);
        }
    })
    .context("cannot watch files")?;
    let mut watched = BTreeSet::new();
    let mut told = Told::default();
    loop {
        let again = arguments.clone();
        let (outcome, seen) = tokio::task::spawn_blocking(move || attempt(&again)).await?;
        told.tell(arguments.output.as_deref(), outcome, output)?;
        // What changed before its directory was watched is seen by a second look, which tells news only.
        told.is_second_look = follow(&mut watcher, &mut watched, &seen);
        if !told.is_second_look {
            wait(&mut changes, &seen).await;
        }
    }
}

/// What was told so far.
#[derive(Default)]
struct Told {
    /// The objects of the latest build that succeeded.
    objects: Option<Objects>,
    /// The error of the latest build.
    error: Option<String>,
    is_second_look: bool,
}

impl Told {
    /// Tells how a build ended: the first one whole, later ones by what became different.
    fn tell(
        &mut self,
        target: Option<&Path>,
        outcome: anyhow::Result<Build>,
        output: &mut Output,
    ) -> anyhow::Result<()> {
        let built = match outcome {
            Ok(built) => built,
            Err(error) => {
                let text = format!("Error: {error:#}");
                if !self.is_second_look || self.error.as_ref() != Some(&text) {
                    output.note_line(&text)?;
                }
                self.error = Some(text);
                return Ok(());
            }
        };
        let now = objects(&built.values);
        let is_news = self.error.take().is_some() || self.objects.as_ref() != Some(&now);
        if self.is_second_look && !is_news {
            return Ok(());
        }
        match (target, &self.objects) {
            (Some(path), _) if path.is_dir() => write::files(path, &built.values, output)?,
            (Some(path), _) => write::file(path, &built.to_yaml())?,
            (None, None) => output.print(&built.to_yaml())?,
            (None, Some(before)) => output.print(&difference(before, &now))?,
        }
        self.objects = Some(now);
        Ok(())
    }
}

/// Watches the directories of all files that the build asked for, those that are not there yet included; whether one of them was not watched before.
fn follow(
    watcher: &mut impl Watcher,
    watched: &mut BTreeSet<PathBuf>,
    seen: &BTreeSet<PathBuf>,
) -> bool {
    let before = watched.len();
    for path in seen {
        let directory = path.ancestors().skip(1).find(|p| p.is_dir());
        let Some(directory) = directory.filter(|d| d.parent().is_some()) else {
            continue;
        };
        if watched.insert(directory.to_path_buf()) {
            // A directory that went away meanwhile is seen by the next build.
            let _ = watcher.watch(directory, RecursiveMode::NonRecursive);
        }
    }
    watched.len() > before
}

async fn wait(changes: &mut mpsc::Receiver<Vec<PathBuf>>, seen: &BTreeSet<PathBuf>) {
    while let Some(paths) = changes.recv().await {
        let matters = |path: &PathBuf| {
            seen.contains(path) || seen.iter().any(|s| s.starts_with(path.as_path()))
        };
        if paths.iter().any(matters) {
            tokio::time::sleep(SETTLE).await;
            while changes.try_recv().is_ok() {}
            return;
        }
    }
}

fn objects(values: &[Value]) -> Objects {
    let text = |value: &Value, pointer: &str| {
        let text = value.pointer(pointer).and_then(Value::as_str);
        text.unwrap_or_default().to_owned()
    };
    let named = |value: &Value| {
        let namespace = text(value, "/metadata/namespace");
        let name = format!("{}/{}", text(value, "/kind"), text(value, "/metadata/name"));
        let id = Path::new(&namespace).join(name).display().to_string();
        (id, skein_yaml::to_string(value))
    };
    values.iter().map(named).collect()
}

/// What became different: added, changed and removed objects, changed ones line by line.
fn difference(before: &Objects, now: &Objects) -> String {
    let mut out = String::new();
    for (id, text) in now {
        match before.get(id) {
            Some(old) if old == text => {}
            Some(old) => {
                out.push_str(&format!("~ {id}\n"));
                out.push_str(&lines(old, text));
            }
            None => {
                out.push_str(&format!("+ {id}\n"));
                out.push_str(&lines("", text));
            }
        }
    }
    for id in before.keys().filter(|id| !now.contains_key(*id)) {
        out.push_str(&format!("- {id}\n"));
    }
    if out.is_empty() {
        out.push_str("= nothing changed\n");
    }
    out
}

/// The lines between the common beginning and the common end.
fn lines(old: &str, new: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let head = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let (old, new) = (&old[head..], &new[head..]);
    let ends = old.iter().rev().zip(new.iter().rev());
    let tail = ends.take_while(|(a, b)| a == b).count();
    let mut out = String::new();
    for (mark, lines, length) in [("-", old, old.len()), ("+", new, new.len())] {
        for line in &lines[..length - tail] {
            out.push_str(&format!("  {mark} {line}\n"));
        }
    }
    out
}

#[cfg(test)]
mod tests;
