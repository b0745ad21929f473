//! A directory packed as an artifact of manifests. Blocks.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;

use super::folder::Packed;

const CONFIG_TYPE: &str = "application/vnd.cncf.flux.config.v1+json";
const LAYER_TYPE: &str = "application/vnd.cncf.flux.content.v1.tar+gzip";
/// The tag that is listed; every other one names the same.
const TAG: &str = "latest";
/// Most files of one directory tree.
const MAX_FILES: usize = 10_000;
/// Deepest directory below the packed one.
const MAX_DEPTH: usize = 64;
/// Largest sum of the files' sizes, in bytes.
const MAX_BYTES: u64 = 256 * 1024 * 1024;

/// Packs the regular files below a directory, without `.git` and without links. The same files give the same package.
pub(super) fn artifact(directory: &Path) -> Result<Packed, String> {
    let wrong = |reason: &dyn std::fmt::Display| format!("{}: {reason}", directory.display());
    let mut files = Vec::new();
    collect(directory, 0, &mut files).map_err(|error| wrong(&error))?;
    files.sort();
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
    let mut total = 0;
    for file in files {
        total += append(&mut archive, directory, &file).map_err(|error| wrong(&error))?;
        if total > MAX_BYTES {
            return Err(wrong(&format!("more than {MAX_BYTES} bytes")));
        }
    }
    let package = archive.into_inner().and_then(GzEncoder::finish);
    Ok(Packed {
        version: TAG.to_owned(),
        has_every_tag: true,
        config_type: CONFIG_TYPE,
        config: b"{}".to_vec(),
        layer_type: LAYER_TYPE,
        package: package.map_err(|error| wrong(&error))?,
    })
}

fn collect(directory: &Path, depth: usize, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() && entry.file_name() != ".git" && depth < MAX_DEPTH {
            collect(&entry.path(), depth + 1, files)?;
        } else if kind.is_file() {
            files.push(entry.path());
        }
        if files.len() > MAX_FILES {
            return Err(std::io::Error::other(format!(
                "more than {MAX_FILES} files"
            )));
        }
    }
    Ok(())
}

/// Adds a file without time and owner; answers its size.
fn append(
    archive: &mut tar::Builder<GzEncoder<Vec<u8>>>,
    root: &Path,
    file: &Path,
) -> std::io::Result<u64> {
    const MODE: u32 = 0o644;
    let name = file.strip_prefix(root).unwrap_or(file);
    let content = File::open(file)?;
    let size = content.metadata()?.len();
    let mut header = tar::Header::new_gnu();
    header.set_size(size);
    header.set_mode(MODE);
    archive.append_data(&mut header, name, std::io::Read::take(content, size))?;
    Ok(size)
}
