//! Unpacks an artifact into a tree in memory, refusing what could leave it or fill the machine.

use std::io::Read;

use flate2::read::MultiGzDecoder;
use tar::{Archive, EntryType};
use thiserror::Error;

use crate::tree::{MAX_FILE_BYTES, MAX_TREE_BYTES, MAX_TREE_ENTRIES, Tree, TreeError};

/// Most bytes read from a tar, headers and padding included.
const MAX_TAR_BYTES: u64 = MAX_TREE_BYTES + 4096 * MAX_TREE_ENTRIES as u64;

/// Why an archive cannot be unpacked.
#[derive(Debug, Error)]
pub enum UnpackError {
    /// The bytes are no gzipped tar, or damaged.
    #[error("cannot read the archive as gzipped tar: {0}")]
    Format(#[source] std::io::Error),
    /// An entry that is not allowed.
    #[error("the archive has an entry that is not allowed: {0}")]
    Entry(#[from] TreeError),
    /// A link or device.
    #[error("the archive entry {path:?} is a {kind}; only files and directories are allowed")]
    Kind {
        /// Path of the entry.
        path: String,
        /// What it is.
        kind: &'static str,
    },
}

/// Unpacks a gzipped tar. Symbolic links are an error, or left out with `skip_links`.
pub fn unpack(bytes: &[u8], skip_links: bool) -> Result<Tree, UnpackError> {
    let limited = MultiGzDecoder::new(bytes).take(MAX_TAR_BYTES);
    let mut archive = Archive::new(limited);
    let mut tree = Tree::new();
    for entry in archive.entries().map_err(UnpackError::Format)? {
        let mut entry = entry.map_err(UnpackError::Format)?;
        let raw = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let path = raw
            .strip_prefix("./")
            .unwrap_or(&raw)
            .trim_end_matches('/')
            .to_owned();
        if path.is_empty() || path == "." {
            continue;
        }
        let kind = entry.header().entry_type();
        if kind.is_dir() {
            tree.insert_directory(&path)?;
        } else if kind.is_file() {
            let size = entry.size();
            if size > MAX_FILE_BYTES {
                return Err(TreeError::FileTooLarge { path, size }.into());
            }
            if tree.bytes() + size > MAX_TREE_BYTES {
                return Err(TreeError::TooLarge.into());
            }
            let executable = entry.header().mode().unwrap_or(0) & 0o111 != 0;
            let mut data = Vec::with_capacity(size as usize);
            entry.read_to_end(&mut data).map_err(UnpackError::Format)?;
            tree.insert_file(&path, data, executable)?;
        } else if !(skip_links && matches!(kind, EntryType::Symlink | EntryType::Link)) {
            return Err(UnpackError::Kind {
                path,
                kind: kind_name(kind),
            });
        }
    }
    Ok(tree)
}

fn kind_name(kind: EntryType) -> &'static str {
    match kind {
        EntryType::Symlink => "symbolic link",
        EntryType::Link => "hard link",
        EntryType::Char | EntryType::Block => "device",
        EntryType::Fifo => "named pipe",
        _ => "special entry",
    }
}
