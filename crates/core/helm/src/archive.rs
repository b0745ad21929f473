//! Packed charts (.tgz): unpacking with limits, and packing as `helm package` does.

use std::io::Read;
use std::sync::Arc;

use flate2::read::MultiGzDecoder;
use jiff::Timestamp;
use tar::{Archive, Entry, EntryType};
use thiserror::Error;

use crate::chart::{File, FileTree};

/// Most bytes of one chart after unpacking, as in Helm.
pub const MAX_CHART_BYTES: u64 = 100 << 20;
/// Most bytes of a chart and of everything packed inside it, after unpacking. Helm gives every nested archive a limit of its own.
pub const MAX_NESTED_BYTES: u64 = 400 << 20;
/// Most files of one archive.
pub const MAX_FILES: usize = 100_000;

/// Bytes of the shortest gzip header; Go reads them before it looks at them.
const GZIP_HEADER_BYTES: usize = 10;
/// The byte order mark that Helm takes off every file.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Why an archive was refused; texts as in Helm where it has one.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ArchiveError {
    /// Not gzip.
    #[error("gzip: invalid header")]
    NotGzip,
    /// The archive is broken.
    #[error("{0}")]
    Broken(String),
    /// A name begins with `/` below the top folder.
    #[error("chart illegally contains absolute paths")]
    AbsolutePath,
    /// A file lies beside the top folder.
    #[error("chart illegally contains content outside the base directory: {0:?}")]
    OutsideBase(String),
    /// A name climbs up.
    #[error("chart illegally references parent directory")]
    ParentFolder,
    /// A name such as `c:/x`.
    #[error("chart contains illegally named files")]
    DriveName,
    /// Chart.yaml at the top.
    #[error("chart yaml not in base directory")]
    NotInBase,
    /// Too many bytes.
    #[error("decompressed chart is larger than the maximum size {MAX_CHART_BYTES}")]
    TooLarge,
    /// Too many bytes with all that is packed inside.
    #[error(
        "decompressed chart with its packed dependencies is larger than {MAX_NESTED_BYTES} bytes"
    )]
    TooLargeNested,
    /// Too many files.
    #[error("chart archive has more than {MAX_FILES} files")]
    TooManyFiles,
    /// No files.
    #[error("no files in chart archive")]
    Empty,
}

/// Unpacks a gzipped tar into the files of a chart: the top folder's name is taken off.
pub fn unpack(bytes: &[u8]) -> Result<FileTree, ArchiveError> {
    unpack_within(bytes, &mut MAX_NESTED_BYTES.clone())
}

/// As [`unpack`], taking what it reads off a budget that nested archives share.
pub(crate) fn unpack_within(bytes: &[u8], budget: &mut u64) -> Result<FileTree, ArchiveError> {
    if bytes.len() < GZIP_HEADER_BYTES {
        let problem = if bytes.is_empty() {
            "EOF"
        } else {
            "unexpected EOF"
        };
        return Err(ArchiveError::Broken(problem.to_owned()));
    }
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return Err(ArchiveError::NotGzip);
    }
    // One byte more than allowed, so that going over is seen; headers and padding count too, which keeps a bomb of empty entries short.
    let limit = MAX_CHART_BYTES + (MAX_FILES as u64) * 1024;
    let mut archive = Archive::new(MultiGzDecoder::new(bytes).take(limit));
    let mut files = FileTree::new();
    let mut remaining = MAX_CHART_BYTES;
    let entries = archive.entries().map_err(broken)?;
    for entry in entries {
        let entry = entry.map_err(broken)?;
        let Some(name) = entry_name(&entry)? else {
            continue;
        };
        if files.len() == MAX_FILES {
            return Err(ArchiveError::TooManyFiles);
        }
        let file = read_entry(entry, name, remaining)?;
        let size = file.1;
        remaining -= size;
        *budget = budget
            .checked_sub(size)
            .ok_or(ArchiveError::TooLargeNested)?;
        if remaining == 0 {
            return Err(ArchiveError::TooLarge);
        }
        files.push(file.0);
    }
    if files.is_empty() {
        return Err(ArchiveError::Empty);
    }
    Ok(files)
}

fn broken(error: std::io::Error) -> ArchiveError {
    // However an archive ends too early, Go says the same of it.
    if error.kind() == std::io::ErrorKind::UnexpectedEof {
        return ArchiveError::Broken("unexpected EOF".to_owned());
    }
    ArchiveError::Broken(error.to_string())
}

fn read_entry(
    entry: Entry<'_, impl Read>,
    name: String,
    remaining: u64,
) -> Result<(File, u64), ArchiveError> {
    let is_file = matches!(
        entry.header().entry_type(),
        EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse
    );
    let declared = if is_file { entry.size() } else { 0 };
    if declared > remaining {
        return Err(ArchiveError::TooLarge);
    }
    let seconds = entry.header().mtime().unwrap_or(0);
    let modified = i64::try_from(seconds)
        .ok()
        .and_then(|seconds| Timestamp::from_second(seconds).ok());
    let mut data = Vec::new();
    entry
        .take(remaining)
        .read_to_end(&mut data)
        .map_err(broken)?;
    let size = data.len() as u64;
    if size < declared {
        return Err(ArchiveError::Broken("unexpected EOF".to_owned()));
    }
    let file = File {
        name,
        data: without_mark(&data),
        modified,
    };
    Ok((file, size))
}

/// The bytes of a file without a byte order mark.
pub fn without_mark(data: &[u8]) -> Arc<[u8]> {
    Arc::from(data.strip_prefix(BYTE_ORDER_MARK).unwrap_or(data))
}

/// The name of an entry below the chart's top folder; `None` for folders and headers.
fn entry_name(entry: &Entry<'_, impl Read>) -> Result<Option<String>, ArchiveError> {
    let full = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
    let kind = entry.header().entry_type();
    let is_folder = kind.is_dir() || (kind.is_file() && full.ends_with('/'));
    if is_folder || kind.is_pax_global_extensions() || kind.is_pax_local_extensions() {
        return Ok(None);
    }
    let delimiter = if full.contains('\\') { '\\' } else { '/' };
    let (top, rest) = full.split_once(delimiter).unwrap_or((&full, ""));
    let rest = rest.replace(delimiter, "/");
    if rest.starts_with('/') {
        return Err(ArchiveError::AbsolutePath);
    }
    let name = clean(&rest);
    if name == "." {
        return Err(ArchiveError::OutsideBase(full));
    }
    if name.starts_with("..") {
        return Err(ArchiveError::ParentFolder);
    }
    let bytes = name.as_bytes();
    if bytes.len() > 2 && bytes[0].is_ascii_alphabetic() && &bytes[1..3] == b":/" {
        return Err(ArchiveError::DriveName);
    }
    if top == "Chart.yaml" {
        return Err(ArchiveError::NotInBase);
    }
    Ok(Some(name))
}

/// Go's `path.Clean` for relative paths.
pub(crate) fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    if parts.is_empty() {
        ".".to_owned()
    } else {
        parts.join("/")
    }
}
