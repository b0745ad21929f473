//! The file `.skein-instead-of` of a repository: addresses for which its own folders answer, so that it runs without network.

use std::fs;
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::roles::set::instead_of;

/// Name of the file, at the root of the repository.
const FILE: &str = ".skein-instead-of";
/// Largest file, in bytes.
const MAX_BYTES: u64 = 64 * 1024;
/// Most lines that are no comments.
const MAX_LINES: usize = 256;

/// Reads the file: one `ADDRESS=PATH` a line, lines with `#` in front are comments. Paths are relative to the root and stay below it.
pub fn read(root: &Path) -> Result<Vec<(String, PathBuf)>> {
    let path = root.join(FILE);
    let mut text = String::new();
    match fs::File::open(&path) {
        Ok(file) => file
            .take(MAX_BYTES + 1)
            .read_to_string(&mut text)
            .with_context(|| format!("reading {}", path.display()))?,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(vec![]),
        Err(error) => return Err(error).with_context(|| format!("reading {}", path.display())),
    };
    if text.len() as u64 > MAX_BYTES {
        bail!("{} is larger than {MAX_BYTES} bytes", path.display());
    }
    let root = root
        .canonicalize()
        .with_context(|| format!("finding {}", root.display()))?;
    let mut pairs = vec![];
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if pairs.len() == MAX_LINES {
            bail!("{} has more than {MAX_LINES} addresses", path.display());
        }
        let pair =
            pair(&root, line).with_context(|| format!("{}:{}", path.display(), number + 1))?;
        pairs.push(pair);
    }
    Ok(pairs)
}

fn pair(root: &Path, line: &str) -> Result<(String, PathBuf)> {
    let (address, path) = instead_of(line)?;
    let full = root
        .join(&path)
        .canonicalize()
        .with_context(|| format!("finding {}", path.display()))?;
    if !full.starts_with(root) {
        bail!("{} lies outside of the repository", path.display());
    }
    Ok((address, full))
}

#[cfg(test)]
mod tests;
