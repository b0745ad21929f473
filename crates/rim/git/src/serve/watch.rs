//! Tells within a second when a ref of a served repository moves.
//!
//! The folder is looked at three times a second instead of being watched by the system: a few
//! `stat` calls, no missed events, also on network and shared folders.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::local::LocalRepository;

/// Time between two looks.
pub const POLL_INTERVAL: Duration = Duration::from_millis(300);
/// Most files below `refs` that are looked at.
const MAX_LOOSE_REFS: usize = 20_000;
/// Deepest folder below `refs`.
const MAX_REF_DEPTH: usize = 16;

/// Watches the refs of one repository; stops when dropped.
#[derive(Debug)]
pub struct RefWatcher {
    changes: watch::Receiver<u64>,
    task: JoinHandle<()>,
}

impl RefWatcher {
    /// Starts to watch. Must be called in a runtime.
    pub fn start(repository: &LocalRepository) -> Self {
        let folders = vec![
            repository.git_dir.clone(),
            repository.worktree_git_dir.clone(),
        ];
        let (sender, changes) = watch::channel(0);
        let task = tokio::spawn(async move {
            let mut last = look(&folders).await;
            loop {
                tokio::time::sleep(POLL_INTERVAL).await;
                let now = look(&folders).await;
                if now != last {
                    last = now;
                    sender.send_modify(|count| *count += 1);
                }
                if sender.is_closed() {
                    return;
                }
            }
        });
        Self { changes, task }
    }

    /// Waits for the next change; several changes since the last call count as one.
    pub async fn changed(&mut self) {
        if self.changes.changed().await.is_err() {
            // The task only ends with the watcher.
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for RefWatcher {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A number that differs when HEAD or a ref differs.
async fn look(folders: &[PathBuf]) -> u64 {
    let folders = folders.to_vec();
    tokio::task::spawn_blocking(move || {
        let mut hasher = DefaultHasher::new();
        for folder in &folders {
            hash_content(&folder.join("HEAD"), &mut hasher);
            hash_stat(&folder.join("packed-refs"), &mut hasher);
            hash_stat(&folder.join("reftable/tables.list"), &mut hasher);
            let mut left = MAX_LOOSE_REFS;
            hash_refs(&folder.join("refs"), 0, &mut left, &mut hasher);
        }
        hasher.finish()
    })
    .await
    .unwrap_or_default()
}

fn hash_refs(folder: &Path, depth: usize, left: &mut usize, hasher: &mut DefaultHasher) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if *left == 0 || depth > MAX_REF_DEPTH {
            return;
        }
        *left -= 1;
        if path.is_dir() {
            hash_refs(&path, depth + 1, left, hasher);
        } else if path.extension().is_none_or(|extension| extension != "lock") {
            hash_content(&path, hasher);
        }
    }
}

fn hash_content(path: &Path, hasher: &mut DefaultHasher) {
    path.hash(hasher);
    std::fs::read(path).ok().hash(hasher);
}

fn hash_stat(path: &Path, hasher: &mut DefaultHasher) {
    let stat = std::fs::metadata(path).ok();
    stat.map(|stat| (stat.len(), stat.modified().ok()))
        .hash(hasher);
}
