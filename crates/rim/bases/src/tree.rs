//! The files of a checkout as a tree in memory: links resolved within the repository.

use std::collections::BTreeMap;
use std::sync::Arc;

use skein_git::Checkout;
use skein_git::checkout::{EntryKind, FileEntry};
use skein_kustomize::{FileTree, clean_path};

use crate::error::BaseError;

/// Largest file of a base, in bytes; larger ones are left out, as no kustomization reads them.
pub const MAX_BASE_FILE_BYTES: usize = 16 << 20;
/// Most bytes of all files of a base's repository together.
pub const MAX_BASE_BYTES: usize = 256 << 20;
/// Longest chain of links.
const MAX_LINKS: usize = 8;

/// Reads all files of a checkout; answers how many bytes they are, too. Blocks.
pub(crate) fn read(repository: &str, checkout: &Checkout) -> Result<(FileTree, usize), BaseError> {
    let mut files: BTreeMap<&str, Arc<[u8]>> = BTreeMap::new();
    let mut links: Vec<(&str, String)> = Vec::new();
    let mut bytes = 0;
    for entry in checkout.entries() {
        if entry.kind == EntryKind::Submodule {
            continue;
        }
        let Some(content) = content(checkout, entry) else {
            continue;
        };
        bytes += content.len();
        if bytes > MAX_BASE_BYTES {
            return Err(BaseError::TooLarge {
                repository: repository.to_owned(),
                limit: MAX_BASE_BYTES,
            });
        }
        if entry.kind == EntryKind::Link {
            links.push((&entry.path, String::from_utf8_lossy(&content).into_owned()));
        } else {
            files.insert(&entry.path, content.into());
        }
    }
    let mut tree = FileTree::new();
    let mut insert = |path: &str, content: &Arc<[u8]>| {
        tree.insert(path, Arc::clone(content))
            .map_err(|source| BaseError::Tree {
                repository: repository.to_owned(),
                source,
            })
    };
    for (path, content) in &files {
        insert(path, content)?;
    }
    let targets: BTreeMap<&str, &str> = links.iter().map(|(p, t)| (*p, t.as_str())).collect();
    for (link, _) in &links {
        let Some(target) = resolve(link, &targets) else {
            // A link to nowhere, or out of the repository: kustomize fails when it is used, and so do we.
            continue;
        };
        let below = format!("{target}/");
        for (path, content) in files.range(target.as_str()..) {
            if *path == target {
                insert(link, content)?;
            } else if let Some(rest) = path.strip_prefix(&below) {
                insert(&format!("{link}/{rest}"), content)?;
            } else if !path.starts_with(&target) {
                break;
            }
        }
    }
    Ok((tree, bytes))
}

/// What is in an entry; `None` for what is too large or was not sent.
fn content(checkout: &Checkout, entry: &FileEntry) -> Option<Vec<u8>> {
    let content = checkout.read(entry).ok()?;
    (content.len() <= MAX_BASE_FILE_BYTES).then_some(content)
}

/// Where a link leads in the end; `None` when that is outside.
fn resolve(link: &str, targets: &BTreeMap<&str, &str>) -> Option<String> {
    let mut path = link.to_owned();
    for _ in 0..MAX_LINKS {
        let Some(target) = targets.get(path.as_str()) else {
            return Some(path);
        };
        if target.starts_with('/') {
            return None;
        }
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        path = clean_path(&format!("{folder}/{target}"))?;
    }
    None
}
