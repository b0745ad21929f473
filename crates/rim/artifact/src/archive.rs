//! Packs a tree into the reproducible gzipped tar that Flux's source-controller makes.
//!
//! Equal trees give equal bytes: entries in walk order, the root `.` first, owner, group and times
//! zero, modes 0750 for directories, 0600 for files and 0700 for executable ones.

use std::io::Write;

use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::gzip::GzipWriter;
use crate::ignore_rules::IgnoreRules;
use crate::tar_header::{
    BLOCK_BYTES, HeaderFields, KIND_DIRECTORY, KIND_FILE, header_blocks, padding,
};
use crate::tree::{Entry, Tree};

/// File content is handed to the compressor in pieces of this size, as Go's `io.Copy` does.
const PIECE_BYTES: usize = 32 * 1024;
const MODE_DIRECTORY: u32 = 0o750;
const MODE_FILE: u32 = 0o600;
const MODE_EXECUTABLE: u32 = 0o700;

/// Why packing failed.
#[derive(Debug, Error)]
pub enum ArchiveError {
    /// The archive could not be written.
    #[error("cannot write the archive: {0}")]
    Write(#[from] std::io::Error),
}

/// What was packed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchiveSummary {
    /// Lower-case hexadecimal SHA-256 of the gzip bytes.
    pub sha256: String,
    /// Number of gzip bytes.
    pub size: u64,
}

/// Writes the gzipped tar of a tree without what the rules exclude.
pub fn write_archive(
    tree: &Tree,
    rules: &IgnoreRules,
    output: impl Write,
) -> Result<ArchiveSummary, ArchiveError> {
    let hashed = HashingWriter {
        inner: output,
        hash: Sha256::new(),
        size: 0,
    };
    let mut gzip = GzipWriter::new(hashed);
    write_tar(tree, rules, &mut gzip)?;
    let mut hashed = gzip.finish()?;
    hashed.inner.flush()?;
    Ok(ArchiveSummary {
        sha256: hex::encode(hashed.hash.finalize()),
        size: hashed.size,
    })
}

/// A directory or file with the permissions that it has on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackedEntry {
    /// Path from the packed folder, `/` between parts; the folder itself is `.`.
    pub path: String,
    /// Permission bits.
    pub mode: u32,
    /// Content of a file; `None` for a directory.
    pub content: Option<Vec<u8>>,
}

/// Writes entries in their order, with their own permissions, as Flux's command line packs folders.
pub fn write_entries(
    entries: &[PackedEntry],
    output: impl Write,
) -> Result<ArchiveSummary, ArchiveError> {
    let hashed = HashingWriter {
        inner: output,
        hash: Sha256::new(),
        size: 0,
    };
    let mut gzip = GzipWriter::new(hashed);
    write_entries_tar(entries, &mut gzip)?;
    let mut hashed = gzip.finish()?;
    hashed.inner.flush()?;
    Ok(ArchiveSummary {
        sha256: hex::encode(hashed.hash.finalize()),
        size: hashed.size,
    })
}

/// The same, not compressed.
pub fn write_entries_tar(
    entries: &[PackedEntry],
    output: &mut impl Write,
) -> Result<(), ArchiveError> {
    for entry in entries {
        let data = entry.content.as_deref().unwrap_or_default();
        let size = data.len() as u64;
        output.write_all(&header_blocks(HeaderFields {
            name: &entry.path,
            mode: entry.mode,
            size,
            kind: if entry.content.is_some() {
                KIND_FILE
            } else {
                KIND_DIRECTORY
            },
        }))?;
        for piece in data.chunks(PIECE_BYTES) {
            output.write_all(piece)?;
        }
        if padding(size) > 0 {
            output.write_all(&[0; BLOCK_BYTES][..padding(size)])?;
        }
    }
    output.write_all(&[0; 2 * BLOCK_BYTES])?;
    Ok(())
}

/// Writes the tar of a tree, not compressed.
pub fn write_tar(
    tree: &Tree,
    rules: &IgnoreRules,
    output: &mut impl Write,
) -> Result<(), ArchiveError> {
    let directory = |name| HeaderFields {
        name,
        mode: MODE_DIRECTORY,
        size: 0,
        kind: KIND_DIRECTORY,
    };
    output.write_all(&header_blocks(directory(".")))?;
    for (path, entry) in tree.walk() {
        match entry {
            Entry::Directory if rules.excludes(path, true) => {}
            Entry::Directory => output.write_all(&header_blocks(directory(path)))?,
            Entry::File { .. } if rules.excludes(path, false) => {}
            Entry::File { data, executable } => {
                let mode = if *executable {
                    MODE_EXECUTABLE
                } else {
                    MODE_FILE
                };
                let size = data.len() as u64;
                let fields = HeaderFields {
                    name: path,
                    mode,
                    size,
                    kind: KIND_FILE,
                };
                output.write_all(&header_blocks(fields))?;
                for piece in data.chunks(PIECE_BYTES) {
                    output.write_all(piece)?;
                }
                if padding(size) > 0 {
                    output.write_all(&[0; BLOCK_BYTES][..padding(size)])?;
                }
            }
        }
    }
    output.write_all(&[0; 2 * BLOCK_BYTES])?;
    Ok(())
}

struct HashingWriter<W> {
    inner: W,
    hash: Sha256,
    size: u64,
}

impl<W: Write> Write for HashingWriter<W> {
    fn write(&mut self, buffer: &[u8]) -> std::io::Result<usize> {
        let written = self.inner.write(buffer)?;
        self.hash.update(&buffer[..written]);
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.inner.flush()
    }
}
