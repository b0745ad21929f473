//! A chart's folder on the disk, for tests and examples.

use std::fs;
use std::io::Read;
use std::path::PathBuf;

use jiff::Timestamp;
use skein_helm::folder::{Entry, EntryKind, Folder};

/// A folder on the disk.
pub struct Disk(pub PathBuf);

impl Folder for Disk {
    fn entries(&self, path: &str) -> Result<Vec<Entry>, String> {
        let full = self.0.join(path);
        let read = fs::read_dir(&full).map_err(|e| format!("{}: {e}", full.display()))?;
        let mut entries = Vec::new();
        for entry in read {
            let entry = entry.map_err(|e| e.to_string())?;
            let metadata = fs::metadata(entry.path()).map_err(|error| {
                let link = entry.path();
                format!("error evaluating symlink {}: {error}", link.display())
            })?;
            let kind = if metadata.is_dir() {
                EntryKind::Folder
            } else if metadata.is_file() {
                EntryKind::File(metadata.len())
            } else {
                EntryKind::Other
            };
            let name = entry.file_name().to_string_lossy().into_owned();
            entries.push(Entry { name, kind });
        }
        Ok(entries)
    }

    fn read(&self, path: &str, limit: u64) -> Result<(Vec<u8>, Option<Timestamp>), String> {
        let file = fs::File::open(self.0.join(path)).map_err(|e| e.to_string())?;
        let mut data = Vec::new();
        file.take(limit)
            .read_to_end(&mut data)
            .map_err(|e| e.to_string())?;
        Ok((data, None))
    }
}
