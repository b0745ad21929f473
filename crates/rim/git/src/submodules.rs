//! Fetches submodules into a checkout: recursively, relative addresses included, bounded.
//!
//! Credentials of the parent are sent to its own host only (over ssh the host must be known
//! anyway): a repository's content must not choose who receives a password.

use std::collections::BTreeMap;

use tokio::time::Instant;

use crate::access::{Access, Credentials};
use crate::checkout::{Checkout, EntryKind, FileEntry, MAX_ENTRIES, Selection, list_entries};
use crate::error::{FetchError, TransportError};
use crate::fetch::{receive, resolve_submodule, within};
use crate::remote_url::{RemoteUrl, Scheme};
use crate::transport::Connection;

/// Deepest nesting of submodules.
pub const MAX_SUBMODULE_DEPTH: usize = 10;
/// Most submodules of one checkout.
pub const MAX_SUBMODULES: usize = 100;
/// Largest `.gitmodules`, in bytes.
const MAX_GITMODULES_BYTES: usize = 1024 * 1024;
const GITMODULES: &str = ".gitmodules";

/// One level: entries of a repository that was fetched from an address.
struct Level {
    url: RemoteUrl,
    prefix: String,
    depth: usize,
    /// Where a clone keeps the repository, below the root of the checkout.
    git_folder: String,
}

/// A section of `.gitmodules` with the entry that it means.
struct Submodule {
    entry: FileEntry,
    name: String,
    address: String,
}

/// Replaces the submodule entries of a checkout by the entries of their commits.
pub(crate) async fn add_submodules(
    checkout: &mut Checkout,
    url: &RemoteUrl,
    access: &Access,
    deadline: Instant,
) -> Result<(), FetchError> {
    let mut levels = vec![Level {
        url: url.clone(),
        prefix: String::new(),
        depth: 0,
        git_folder: ".git".to_owned(),
    }];
    let mut fetched = 0;
    while let Some(level) = levels.pop() {
        for submodule in submodules_of(checkout, &level)? {
            let Submodule {
                entry,
                name,
                address,
            } = submodule;
            let path = entry.path.clone();
            let failed = |reason: String| FetchError::Submodule {
                path: path.clone(),
                reason,
            };
            fetched += 1;
            if level.depth >= MAX_SUBMODULE_DEPTH || fetched > MAX_SUBMODULES {
                let limit = format!("{MAX_SUBMODULES} submodules, {MAX_SUBMODULE_DEPTH} deep");
                return Err(failed(format!("more submodules than the limit of {limit}")));
            }
            let target = address_of(&level.url, &address).map_err(&failed)?;
            let access = access_for(access, url, &target);
            let entries = fetch_one(checkout, &entry, &target, &access, deadline).await;
            let entries = entries.map_err(|error| match error {
                // Flux names the repository that it was asked for; these causes name the submodule's.
                FetchError::Clone {
                    source:
                        source @ (TransportError::Status { .. } | TransportError::Request { .. }),
                    ..
                } => FetchError::Clone {
                    url: url.to_string(),
                    source,
                },
                error => failed(error.to_string()),
            })?;
            let git_folder = format!("{}/modules/{name}", level.git_folder);
            checkout.git_files.push(git_file(&entry.path, &git_folder));
            checkout.entries.retain(|other| other.path != entry.path);
            checkout.entries.extend(entries);
            if checkout.entries.len() > MAX_ENTRIES {
                return Err(failed(format!(
                    "more files than the limit of {MAX_ENTRIES} entries"
                )));
            }
            levels.push(Level {
                url: target,
                prefix: entry.path,
                depth: level.depth + 1,
                git_folder,
            });
        }
    }
    checkout.entries.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(())
}

/// The submodule entries of a level with their addresses.
fn submodules_of(checkout: &Checkout, level: &Level) -> Result<Vec<Submodule>, FetchError> {
    let at = |path: &str| match level.prefix.as_str() {
        "" => path.to_owned(),
        prefix => format!("{prefix}/{path}"),
    };
    let file = at(GITMODULES);
    let Some(entry) = checkout.entries.iter().find(|entry| entry.path == file) else {
        return Ok(Vec::new());
    };
    if entry.kind == EntryKind::Link || entry.kind == EntryKind::Submodule {
        return Ok(Vec::new());
    }
    let content = checkout.read(entry)?;
    if content.len() > MAX_GITMODULES_BYTES {
        let limit = format!("{MAX_GITMODULES_BYTES} bytes");
        return Err(FetchError::Limit {
            what: "a longer .gitmodules",
            limit,
        });
    }
    let sections = parse_gitmodules(&String::from_utf8_lossy(&content));
    let found = sections.into_iter().filter_map(|(path, section)| {
        let path = at(&path);
        let entry = checkout.entries.iter().find(|entry| entry.path == path)?;
        let (name, address) = section;
        (entry.kind == EntryKind::Submodule).then(|| Submodule {
            entry: entry.clone(),
            name,
            address,
        })
    });
    Ok(found.collect())
}

/// The file that a clone leaves in the folder of a submodule: path and content.
fn git_file(path: &str, git_folder: &str) -> (String, Vec<u8>) {
    let up = "../".repeat(path.split('/').count());
    let content = format!("gitdir: {up}{git_folder}\n");
    (format!("{path}/.git"), content.into_bytes())
}

/// Names and addresses by path. Sections without path or address are skipped.
fn parse_gitmodules(text: &str) -> BTreeMap<String, (String, String)> {
    let mut modules: Vec<(Option<String>, Option<String>)> = Vec::new();
    let mut names = Vec::new();
    for line in text.lines().map(str::trim) {
        if let Some(rest) = line.strip_prefix("[submodule") {
            modules.push((None, None));
            let name = rest.trim().trim_end_matches(']').trim_matches('"');
            names.push(name.to_owned());
            continue;
        }
        let (Some(module), Some((key, value))) = (modules.last_mut(), line.split_once('=')) else {
            continue;
        };
        let value = value.trim().trim_matches('"').to_owned();
        match key.trim().to_ascii_lowercase().as_str() {
            "path" => module.0 = Some(value.trim_matches('/').to_owned()),
            "url" => module.1 = Some(value),
            _ => {}
        }
    }
    let named = modules.into_iter().zip(names);
    named
        .filter_map(|((path, url), name)| Some((path?, (name, url?))))
        .collect()
}

fn address_of(parent: &RemoteUrl, address: &str) -> Result<RemoteUrl, String> {
    if address.starts_with("./") || address.starts_with("../") {
        return parent
            .join(address)
            .ok_or_else(|| format!("the address {address:?} leads nowhere"));
    }
    RemoteUrl::parse(address).map_err(|error| error.to_string())
}

/// Credentials and client certificate only for the parent's own host; trust and proxy always.
fn access_for(access: &Access, parent: &RemoteUrl, target: &RemoteUrl) -> Access {
    let both_ssh = parent.scheme == Scheme::Ssh && target.scheme == Scheme::Ssh;
    if both_ssh || target.same_origin(parent) {
        return access.clone();
    }
    let mut reduced = access.clone();
    reduced.credentials = Credentials::Anonymous;
    reduced.tls.client_certificate.clear();
    reduced.tls.client_key.clear();
    reduced
}

async fn fetch_one(
    checkout: &mut Checkout,
    entry: &FileEntry,
    url: &RemoteUrl,
    access: &Access,
    deadline: Instant,
) -> Result<Vec<FileEntry>, FetchError> {
    let clone = |source| FetchError::Clone {
        url: url.to_string(),
        source,
    };
    let open = within(deadline, url, Connection::open(url, access));
    let (mut connection, list) = open.await.map_err(clone)?;
    let request = resolve_submodule(&list, &entry.id)?;
    let received = receive(&mut connection, &list, &request, deadline, url);
    let store = received.await.map_err(clone)?;
    let commit = crate::fetch::read_commit(&store, &entry.id)?;
    let index = checkout.stores.len();
    let entries = list_entries(&store, index, &commit, &entry.path, &Selection::default())?;
    checkout.stores.push(store);
    Ok(entries)
}
