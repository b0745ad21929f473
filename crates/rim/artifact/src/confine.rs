//! Keeps paths inside a root folder on disk.

use std::path::{Path, PathBuf};

use thiserror::Error;

/// Why a path is refused.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ConfineError {
    /// The path is absolute, or has `..`, `.`, empty parts, backslashes or NUL.
    #[error("the path {0:?} is not allowed: it must be relative and stay inside its root")]
    Path(String),
    /// A part of the path is a symbolic link.
    #[error("the path {0:?} leads over a symbolic link")]
    Link(String),
}

/// The path below the root, without looking at the disk.
pub fn join(root: &Path, relative: &str) -> Result<PathBuf, ConfineError> {
    crate::tree::check_path(relative)
        .map_err(|_| ConfineError::Path(relative.chars().take(200).collect()))?;
    Ok(root.join(relative))
}

/// The path below the root; parts that exist must not be symbolic links, the last part may be.
pub fn join_existing(root: &Path, relative: &str) -> Result<PathBuf, ConfineError> {
    let full = join(root, relative)?;
    let mut at = root.to_path_buf();
    let parts: Vec<&str> = relative.split('/').collect();
    for part in &parts[..parts.len() - 1] {
        at.push(part);
        let link = std::fs::symlink_metadata(&at).is_ok_and(|meta| meta.file_type().is_symlink());
        if link {
            return Err(ConfineError::Link(relative.chars().take(200).collect()));
        }
    }
    Ok(full)
}
