//! A commit's files as a list; their content is read from the pack on demand.

use std::sync::Arc;

use gix_object::Kind;

use crate::error::FetchError;
use crate::hazard::hazard;
use crate::store::{MAX_OBJECT_BYTES, PackStore};
use crate::upload_pack::ObjectId;

/// Most entries of one checkout, submodules included.
pub const MAX_ENTRIES: usize = 200_000;
/// Deepest directory.
pub const MAX_DIRECTORY_DEPTH: usize = 128;
/// Characters of a subject line that are shown.
const SHORT_SUBJECT_CHARACTERS: usize = 50;

/// What an entry of a checkout is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A file with the executable bit.
    Executable,
    /// A symbolic link; its content is the target.
    Link,
    /// A submodule that was not fetched: an empty directory.
    Submodule,
}

/// One entry of a checkout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileEntry {
    /// Path with `/` between its parts.
    pub path: String,
    /// What it is.
    pub kind: EntryKind,
    pub(crate) store: usize,
    pub(crate) id: ObjectId,
}

/// What is needed of a commit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommitInfo {
    /// Hexadecimal id.
    pub id: String,
    /// Whole message.
    pub message: String,
    /// Seconds since 1970 of the committer.
    pub committed_at: i64,
    /// Signature as text; empty when unsigned.
    pub signature: String,
    /// The commit without its signature: what was signed.
    pub payload: Vec<u8>,
    pub(crate) tree: String,
}

/// What is needed of an annotated tag.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TagInfo {
    /// Hexadecimal id of the tag object.
    pub id: String,
    /// Short name.
    pub name: String,
    /// Signature as text; empty when unsigned.
    pub signature: String,
    /// The tag without its signature: what was signed.
    pub payload: Vec<u8>,
}

/// A fetched commit.
pub struct Checkout {
    /// Revision in Flux's form: `main@sha1:<id>`.
    pub revision: String,
    /// The commit.
    pub commit: CommitInfo,
    /// The annotated tag that was asked for.
    pub tag: Option<TagInfo>,
    pub(crate) entries: Vec<FileEntry>,
    pub(crate) stores: Vec<Arc<PackStore>>,
    /// The `.git` files that a clone leaves in the folders of fetched submodules: path and content.
    pub git_files: Vec<(String, Vec<u8>)>,
}

impl Checkout {
    /// All entries; parents of an entry are no entries themselves.
    pub fn entries(&self) -> &[FileEntry] {
        &self.entries
    }

    /// The content of an entry; empty for a submodule that was not fetched. Blocks.
    pub fn read(&self, entry: &FileEntry) -> Result<Vec<u8>, FetchError> {
        if entry.kind == EntryKind::Submodule {
            return Ok(Vec::new());
        }
        let store = self.stores.get(entry.store);
        let store = store.ok_or_else(|| self.broken("unknown pack".into()))?;
        let problem = match store.object(&entry.id) {
            Ok(Some((Kind::Blob, content))) => return Ok(content),
            Ok(Some((kind, _))) => format!("object {} is a {kind}, not a blob", entry.id),
            Ok(None) => format!(
                "the server left it out, as it does with files of {MAX_OBJECT_BYTES} bytes or more, the limit of one file; \
                 exclude it with .sourceignore or spec.ignore, or keep it elsewhere"
            ),
            Err(reason) => reason,
        };
        Err(self.broken(format!("{}: {problem}", entry.path)))
    }

    fn broken(&self, reason: String) -> FetchError {
        FetchError::Object {
            commit: self.commit.id.clone(),
            reason,
        }
    }
}

impl CommitInfo {
    /// The first line of the message, cut to fifty characters and `...`.
    pub fn short_subject(&self) -> String {
        let subject = self.message.split('\n').next().unwrap_or_default();
        if subject.chars().count() <= SHORT_SUBJECT_CHARACTERS {
            return subject.to_owned();
        }
        let cut: String = subject.chars().take(SHORT_SUBJECT_CHARACTERS).collect();
        format!("{cut}...")
    }

    /// Reads a commit object.
    pub(crate) fn parse(id: &ObjectId, raw: &[u8]) -> Option<Self> {
        let mut commit = Self {
            id: id.to_string(),
            ..Self::default()
        };
        let mut in_signature = false;
        let mut rest = raw;
        loop {
            let end = rest.iter().position(|byte| *byte == b'\n')?;
            let (line, after) = (&rest[..end], &rest[end + 1..]);
            rest = after;
            if line.is_empty() {
                commit.payload.push(b'\n');
                break;
            }
            let text = String::from_utf8_lossy(line);
            if in_signature && let Some(more) = text.strip_prefix(' ') {
                commit.signature.push_str(more);
                commit.signature.push('\n');
                continue;
            }
            in_signature = false;
            if let Some(signature) = text.strip_prefix("gpgsig ") {
                commit.signature = format!("{signature}\n");
                in_signature = true;
                continue;
            }
            commit.payload.extend_from_slice(line);
            commit.payload.push(b'\n');
            if let Some(tree) = text.strip_prefix("tree ") {
                commit.tree = tree.to_owned();
            } else if text.starts_with("committer ") {
                let mut words = text.rsplit(' ');
                words.next();
                commit.committed_at = words.next()?.parse().unwrap_or_default();
            }
        }
        commit.payload.extend_from_slice(rest);
        commit.message = String::from_utf8_lossy(rest).into_owned();
        Some(commit)
    }
}

impl TagInfo {
    /// Reads a tag object; answers it with the id of its target.
    pub(crate) fn parse(id: &ObjectId, raw: &[u8]) -> Option<(Self, ObjectId)> {
        let text = String::from_utf8_lossy(raw);
        let header = |name: &str| {
            text.lines()
                .take_while(|line| !line.is_empty())
                .find_map(|line| line.strip_prefix(name))
        };
        let target = ObjectId::from_hex(header("object ")?.as_bytes()).ok()?;
        let name = header("tag ").unwrap_or_default().to_owned();
        let begins = [
            "-----BEGIN PGP SIGNATURE-----",
            "-----BEGIN SSH SIGNATURE-----",
        ];
        let at = begins
            .iter()
            .filter_map(|begin| find(raw, begin.as_bytes()))
            .min();
        let (payload, signature) = raw.split_at(at.unwrap_or(raw.len()));
        let signature = String::from_utf8_lossy(signature).into_owned();
        Some((
            Self {
                id: id.to_string(),
                name,
                signature,
                payload: payload.to_vec(),
            },
            target,
        ))
    }
}

/// Where a line with that beginning starts.
fn find(raw: &[u8], line_start: &[u8]) -> Option<usize> {
    raw.windows(line_start.len())
        .enumerate()
        .find(|(at, window)| *window == line_start && (*at == 0 || raw[at - 1] == b'\n'))
        .map(|(at, _)| at)
}

/// Which directories are wanted; all when empty.
#[derive(Clone, Debug, Default)]
pub(crate) struct Selection {
    directories: Vec<String>,
}

impl Selection {
    /// From `spec.sparseCheckout`; a leading `./` and slashes at the ends do not count.
    pub(crate) fn new(directories: &[String]) -> Self {
        let clean = |d: &String| d.trim_start_matches("./").trim_matches('/').to_owned();
        let directories: Vec<String> = directories.iter().map(clean).collect();
        let everything = directories.iter().any(|d| d.is_empty() || d == ".");
        Self {
            directories: if everything { Vec::new() } else { directories },
        }
    }

    fn enters(&self, directory: &str) -> bool {
        let related = |wanted: &String| inside(directory, wanted) || inside(wanted, directory);
        self.directories.is_empty() || self.directories.iter().any(related)
    }

    fn takes(&self, path: &str) -> bool {
        self.directories.is_empty() || self.directories.iter().any(|wanted| inside(path, wanted))
    }
}

fn inside(path: &str, directory: &str) -> bool {
    path.strip_prefix(directory)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Lists a commit's entries below a prefix. Blocks.
pub(crate) fn list_entries(
    store: &PackStore,
    store_index: usize,
    commit: &CommitInfo,
    prefix: &str,
    selection: &Selection,
) -> Result<Vec<FileEntry>, FetchError> {
    let broken = |reason: String| FetchError::Object {
        commit: commit.id.clone(),
        reason,
    };
    let root = ObjectId::from_hex(commit.tree.as_bytes())
        .map_err(|_| broken("the commit has no tree".into()))?;
    let mut entries = Vec::new();
    let mut pending = vec![(prefix.to_owned(), root, 0)];
    while let Some((directory, id, depth)) = pending.pop() {
        if depth > MAX_DIRECTORY_DEPTH {
            let limit = format!("{MAX_DIRECTORY_DEPTH} levels");
            return Err(FetchError::Limit {
                what: "deeper directories",
                limit,
            });
        }
        let tree = store.expect(&id, Kind::Tree).map_err(broken)?;
        let parsed = parse_tree(&tree).ok_or_else(|| broken(format!("tree {id} is damaged")))?;
        for (mode, name, id) in parsed {
            let path = if directory.is_empty() {
                name.to_owned()
            } else {
                format!("{directory}/{name}")
            };
            if let Some(reason) = hazard(name) {
                let commit = commit.id.clone();
                return Err(FetchError::Hazard {
                    path,
                    commit,
                    reason,
                });
            }
            let inner = path
                .strip_prefix(prefix)
                .unwrap_or(&path)
                .trim_start_matches('/');
            let Some(kind) = entry_kind(mode) else {
                if selection.enters(inner) {
                    pending.push((path, id, depth + 1));
                }
                continue;
            };
            if selection.takes(inner) {
                entries.push(FileEntry {
                    path,
                    kind,
                    store: store_index,
                    id,
                });
            }
            if entries.len() + pending.len() > MAX_ENTRIES {
                let limit = format!("{MAX_ENTRIES} entries");
                return Err(FetchError::Limit {
                    what: "more files",
                    limit,
                });
            }
        }
    }
    entries.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(entries)
}

/// What a mode of a tree entry means; `None` for a directory.
fn entry_kind(mode: &str) -> Option<EntryKind> {
    match mode {
        "40000" | "040000" => None,
        "120000" => Some(EntryKind::Link),
        "160000" => Some(EntryKind::Submodule),
        "100755" => Some(EntryKind::Executable),
        _ => Some(EntryKind::File),
    }
}

/// Mode, name and id of each entry of a tree object.
fn parse_tree(raw: &[u8]) -> Option<Vec<(&str, &str, ObjectId)>> {
    const ID_BYTES: usize = 20;
    let mut entries = Vec::new();
    let mut rest = raw;
    while !rest.is_empty() {
        let nul = rest.iter().position(|byte| *byte == 0)?;
        let head = std::str::from_utf8(&rest[..nul]).ok()?;
        let (mode, name) = head.split_once(' ')?;
        let id = rest.get(nul + 1..nul + 1 + ID_BYTES)?;
        entries.push((mode, name, ObjectId::from_bytes_or_panic(id)));
        rest = &rest[nul + 1 + ID_BYTES..];
    }
    Some(entries)
}
