//! Chart packages and layers as the recorder makes them: their digests do not depend on a compressor.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Context, Result};
use flate2::Crc;
use tar::{Builder, EntryType, Header};

/// Python's tarfile pads archives to whole records of this size.
const RECORD_BYTES: usize = 10_240;

/// Largest stored block of a gzip stream.
const STORED_BLOCK_BYTES: usize = 65_535;

/// Magic, method, no flags, no time, no extra flags, unknown system.
const GZIP_HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];

const MODE_FILE: u32 = 0o644;
const MODE_EXECUTABLE: u32 = 0o755;

/// Longest content of a file that may stand for a symbolic link, in bytes.
const MAX_LINK_BYTES: usize = 100;

enum Item {
    File { content: Vec<u8>, executable: bool },
    Link(String),
}

/// The folder as a gzipped tar: files only, names sorted, below `prefix` if there is one.
pub fn folder(folder: &Path, prefix: &str) -> Result<Vec<u8>> {
    let mut items = BTreeMap::new();
    collect(folder, "", &mut items)?;
    restore_links(&mut items);
    let mut builder = Builder::new(Vec::new());
    for (name, item) in &items {
        let name = if prefix.is_empty() {
            name.clone()
        } else {
            format!("{prefix}/{name}")
        };
        append(&mut builder, &name, item).with_context(|| format!("packing {name}"))?;
    }
    let mut archive = builder.into_inner().context("packing")?;
    archive.resize(archive.len().next_multiple_of(RECORD_BYTES), 0);
    Ok(stored(&archive))
}

fn collect(folder: &Path, below: &str, items: &mut BTreeMap<String, Item>) -> Result<()> {
    let entries = fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))?;
    for entry in entries {
        let entry = entry?;
        let name = format!("{below}{}", entry.file_name().to_string_lossy());
        let kind = entry.file_type()?;
        if kind.is_dir() {
            collect(&entry.path(), &format!("{name}/"), items)?;
        } else if kind.is_symlink() {
            let target = fs::read_link(entry.path())?;
            items.insert(name, Item::Link(target.to_string_lossy().into_owned()));
        } else {
            let executable = entry.metadata()?.permissions().mode() & 0o111 != 0;
            let content = fs::read(entry.path())?;
            items.insert(
                name,
                Item::File {
                    content,
                    executable,
                },
            );
        }
    }
    Ok(())
}

/// Recordings may have travelled without symbolic links: then a file holds nothing but the name of its neighbour.
fn restore_links(items: &mut BTreeMap<String, Item>) {
    let neighbour = |name: &str, content: &[u8]| {
        let target = std::str::from_utf8(content).ok()?;
        let beside = match name.rsplit_once('/') {
            Some((folder, _)) => format!("{folder}/{target}"),
            None => target.to_owned(),
        };
        (content.len() <= MAX_LINK_BYTES && items.contains_key(&beside)).then(|| target.to_owned())
    };
    let links: Vec<(String, String)> = items
        .iter()
        .filter_map(|(name, item)| match item {
            Item::File { content, .. } => Some((name.clone(), neighbour(name, content)?)),
            Item::Link(_) => None,
        })
        .collect();
    for (name, target) in links {
        items.insert(name, Item::Link(target));
    }
}

fn append(builder: &mut Builder<Vec<u8>>, name: &str, item: &Item) -> Result<()> {
    let mut header = Header::new_ustar();
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    match item {
        Item::File {
            content,
            executable,
        } => {
            let mode = if *executable {
                MODE_EXECUTABLE
            } else {
                MODE_FILE
            };
            header.set_entry_type(EntryType::Regular);
            header.set_mode(mode);
            header.set_size(content.len() as u64);
            header.set_path(name)?;
            set_checksum(&mut header);
            builder.append(&header, content.as_slice())?;
        }
        Item::Link(target) => {
            header.set_entry_type(EntryType::Symlink);
            header.set_mode(MODE_FILE);
            header.set_size(0);
            header.set_path(name)?;
            header.set_link_name(target)?;
            set_checksum(&mut header);
            builder.append(&header, std::io::empty())?;
        }
    }
    Ok(())
}

/// The checksum in Python's form: six digits, a null, a space.
fn set_checksum(header: &mut Header) {
    const FIELD: std::ops::Range<usize> = 148..156;
    let bytes = header.as_mut_bytes();
    bytes[FIELD].fill(b' ');
    let sum: u32 = bytes.iter().map(|byte| u32::from(*byte)).sum();
    bytes[FIELD].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}

/// Gzip with stored blocks.
fn stored(bytes: &[u8]) -> Vec<u8> {
    let mut out = GZIP_HEADER.to_vec();
    let mut blocks = bytes.chunks(STORED_BLOCK_BYTES).peekable();
    while let Some(block) = blocks.next() {
        let length = u16::try_from(block.len()).unwrap_or(u16::MAX);
        out.push(u8::from(blocks.peek().is_none()));
        out.extend(length.to_le_bytes());
        out.extend((!length).to_le_bytes());
        out.extend_from_slice(block);
    }
    let mut checksum = Crc::new();
    checksum.update(bytes);
    out.extend(checksum.sum().to_le_bytes());
    out.extend(checksum.amount().to_le_bytes());
    out
}

#[cfg(test)]
mod tests;
