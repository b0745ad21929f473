//! From a folder or file on disk to the bytes of a layer.

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use anyhow::{Context, bail};
use skein_artifact::{IgnoreRules, PackedEntry, PatternList, archive};

/// Deepest nesting of folders that is read.
const MAX_DEPTH_LEVELS: usize = 64;

/// Most entries of an artifact.
const MAX_ENTRIES: usize = 100_000;

/// Largest artifact before compression, in bytes.
const MAX_BYTES: u64 = 1 << 30;

/// Mode of a file that came from standard input.
const INPUT_MODE: u32 = 0o600;

/// What stays out when nothing else is said: version control and files that are no manifests.
pub(super) const DEFAULT_IGNORE: [&str; 12] = [
    ".git/",
    ".gitignore",
    ".gitmodules",
    ".gitattributes",
    "*.jpg",
    "*.jpeg",
    "*.gif",
    "*.png",
    "*.wmv",
    "*.flv",
    "*.tar.gz",
    "*.zip",
];

/// A layer, and the digest of what is in it before compression.
pub(super) struct Layer {
    pub bytes: Vec<u8>,
    /// `sha256:...` of the tar.
    pub content_digest: String,
}

/// How a folder is packed.
pub(super) struct Packing<'a> {
    pub ignore: &'a [String],
    pub follows_links: bool,
}

/// Packs a folder, one file, or with `-` standard input.
pub(super) fn layer(path: &str, packing: &Packing<'_>) -> anyhow::Result<Layer> {
    let mut list = PatternList::default();
    list.add_text(&packing.ignore.join("\n"), "");
    let mut walk = Walk {
        rules: IgnoreRules::exactly(list),
        follows_links: packing.follows_links,
        entries: Vec::new(),
        bytes: 0,
    };
    if path == "-" {
        walk.input()?;
    } else {
        let metadata = fs::metadata(path).with_context(|| format!("reading {path}"))?;
        if metadata.is_dir() {
            walk.folder(Path::new(path), "", 0)?;
        } else {
            walk.one_file(Path::new(path), &metadata)?;
        }
    }
    let mut bytes = Vec::new();
    archive::write_entries(&walk.entries, &mut bytes)?;
    let mut tar = Vec::new();
    archive::write_entries_tar(&walk.entries, &mut tar)?;
    Ok(Layer {
        bytes,
        content_digest: skein_registry::registry::digest(&tar),
    })
}

struct Walk {
    rules: IgnoreRules,
    follows_links: bool,
    entries: Vec<PackedEntry>,
    bytes: u64,
}

impl Walk {
    /// A folder and all that is in it, in the order of names.
    fn folder(&mut self, folder: &Path, inside: &str, depth: usize) -> anyhow::Result<()> {
        if depth > MAX_DEPTH_LEVELS {
            bail!(
                "{} is nested deeper than {MAX_DEPTH_LEVELS} levels",
                folder.display()
            );
        }
        let metadata = fs::metadata(folder).with_context(|| reading(folder))?;
        let is_root = inside.is_empty();
        if is_root || !self.rules.excludes(inside, true) {
            let path = if is_root { "." } else { inside };
            self.push(path, mode_of(&metadata), None)?;
        }
        let entries: std::io::Result<Vec<_>> = fs::read_dir(folder)
            .with_context(|| reading(folder))?
            .collect();
        let mut entries = entries.with_context(|| reading(folder))?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let path = entry.path();
            let name = entry.file_name();
            let Some(name) = name.to_str() else {
                bail!("{}: the name is not UTF-8", path.display())
            };
            let inside = if is_root {
                name.to_owned()
            } else {
                format!("{inside}/{name}")
            };
            let metadata = if self.follows_links {
                fs::metadata(&path)
            } else {
                fs::symlink_metadata(&path)
            };
            let metadata = metadata.with_context(|| reading(&path))?;
            if metadata.is_dir() {
                self.folder(&path, &inside, depth + 1)?;
            } else if metadata.is_file() && !self.rules.excludes(&inside, false) {
                self.file(&path, &inside, &metadata)?;
            }
        }
        Ok(())
    }

    /// One file, in a folder made for it.
    fn one_file(&mut self, path: &Path, metadata: &fs::Metadata) -> anyhow::Result<()> {
        const FOLDER_MODE: u32 = 0o700;
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.context("the path has no file name")?;
        self.push(".", FOLDER_MODE, None)?;
        if self.rules.excludes(name, false) {
            return Ok(());
        }
        self.file(path, name, metadata)
    }

    fn input(&mut self) -> anyhow::Result<()> {
        let mut bytes = Vec::new();
        std::io::stdin()
            .lock()
            .take(MAX_BYTES + 1)
            .read_to_end(&mut bytes)?;
        while bytes.last().is_some_and(|byte| b"\r\n".contains(byte)) {
            bytes.pop();
        }
        self.push(".", 0o700, None)?;
        self.push("stdin.yaml", INPUT_MODE, Some(bytes))
    }

    fn file(&mut self, path: &Path, inside: &str, metadata: &fs::Metadata) -> anyhow::Result<()> {
        if metadata.len() > MAX_BYTES {
            bail!("{} is larger than {MAX_BYTES} bytes", path.display());
        }
        let bytes = fs::read(path).with_context(|| reading(path))?;
        self.push(inside, mode_of(metadata), Some(bytes))
    }

    fn push(&mut self, path: &str, mode: u32, content: Option<Vec<u8>>) -> anyhow::Result<()> {
        self.bytes += content.as_ref().map_or(0, |bytes| bytes.len() as u64);
        if self.bytes > MAX_BYTES {
            bail!("the artifact is larger than {MAX_BYTES} bytes");
        }
        if self.entries.len() >= MAX_ENTRIES {
            bail!("the artifact has more than {MAX_ENTRIES} files and folders");
        }
        self.entries.push(PackedEntry {
            path: path.to_owned(),
            mode,
            content,
        });
        Ok(())
    }
}

fn reading(path: &Path) -> String {
    format!("reading {}", path.display())
}

fn mode_of(metadata: &fs::Metadata) -> u32 {
    const PERMISSIONS: u32 = 0o777;
    metadata.permissions().mode() & PERMISSIONS
}
