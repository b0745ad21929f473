//! Packing a chart as Helm does: which files, in which order, under which names.

use std::io::Write;

use flate2::{Compression, GzBuilder};
use jiff::Timestamp;
use serde_json::Value;
use tar::{Builder, EntryType, Header};
use thiserror::Error;

use crate::chart::{Chart, File};

/// Mode of every file in a package.
const FILE_MODE: u32 = 0o644;
/// Extra field of the gzip header, by which packages of Helm 4.3 can be told.
const GZIP_EXTRA: &[u8] = b"rr\x28\x00aHR0cHM6Ly95b3V0dS5iZS96OVV6MWljandyTQo=";
/// Comment of the gzip header.
pub const GZIP_COMMENT: &str = "Helm";

/// Why a chart cannot be packed.
#[derive(Debug, Error)]
pub enum PackError {
    /// The name would lead to another folder.
    #[error("{0:?} is not a valid chart name")]
    Name(String),
    /// The schema is no JSON.
    #[error("invalid JSON in values.schema.json")]
    Schema,
    /// Chart.yaml or Chart.lock cannot be written.
    #[error("cannot write {file}: {source}")]
    Metadata {
        /// The file.
        file: &'static str,
        /// Why.
        source: serde_json::Error,
    },
    /// The archive cannot be written.
    #[error("cannot write {file}: {source}")]
    Archive {
        /// The file.
        file: String,
        /// Why.
        source: std::io::Error,
    },
}

/// The package of a chart with all charts below it. Files whose time is not known carry `time`.
pub fn pack(chart: &Chart, time: Timestamp) -> Result<Vec<u8>, PackError> {
    let gzip = GzBuilder::new()
        .extra(GZIP_EXTRA)
        .comment(GZIP_COMMENT)
        .write(Vec::new(), Compression::default());
    write_archive(chart, time, gzip)?
        .finish()
        .map_err(at_the_end)
}

/// Writes the archive of a package, not compressed; gives the output back.
pub fn write_archive<W: Write>(chart: &Chart, time: Timestamp, output: W) -> Result<W, PackError> {
    let mut packer = Packer {
        builder: Builder::new(output),
        time,
    };
    packer.chart(chart, "")?;
    packer.builder.into_inner().map_err(at_the_end)
}

fn at_the_end(source: std::io::Error) -> PackError {
    PackError::Archive {
        file: "the end of the archive".into(),
        source,
    }
}

struct Packer<W: Write> {
    builder: Builder<W>,
    time: Timestamp,
}

impl<W: Write> Packer<W> {
    fn chart(&mut self, chart: &Chart, prefix: &str) -> Result<(), PackError> {
        let name = &chart.metadata.name;
        if name.is_empty() || matches!(name.as_str(), "." | "..") || name.contains(['/', '\\']) {
            return Err(PackError::Name(name.clone()));
        }
        let base = format!("{prefix}{name}");
        let metadata = chart_file(chart)?;
        self.add(&base, "Chart.yaml", metadata.as_bytes(), chart.modified)?;
        if let Some(lock) = chart
            .lock
            .as_ref()
            .filter(|_| chart.metadata.api_version == "v2")
        {
            let value = serde_json::to_value(lock).map_err(|source| PackError::Metadata {
                file: "Chart.lock",
                source,
            })?;
            let text = skein_yaml::to_string(&value);
            self.add(
                &base,
                "Chart.lock",
                text.as_bytes(),
                lock.generated.parse().ok(),
            )?;
        }
        for file in chart.raw.iter().filter(|file| file.name == "values.yaml") {
            self.file(&base, file)?;
        }
        if let Some(schema) = &chart.schema {
            let is_json = serde_json::from_slice::<serde::de::IgnoredAny>(schema).is_ok();
            if !is_json {
                return Err(PackError::Schema);
            }
            self.add(&base, "values.schema.json", schema, chart.schema_modified)?;
        }
        for file in chart.templates.iter().chain(&chart.files) {
            self.file(&base, file)?;
        }
        for below in &chart.dependencies {
            self.chart(below, &format!("{base}/charts/"))?;
        }
        Ok(())
    }

    fn file(&mut self, base: &str, file: &File) -> Result<(), PackError> {
        self.add(base, &file.name, &file.data, file.modified)
    }

    fn add(
        &mut self,
        base: &str,
        name: &str,
        content: &[u8],
        modified: Option<Timestamp>,
    ) -> Result<(), PackError> {
        let path = format!("{base}/{name}");
        let seconds = modified.unwrap_or(self.time).as_second();
        let mut header = Header::new_ustar();
        header.set_entry_type(EntryType::Regular);
        header.set_mode(FILE_MODE);
        header.set_uid(0);
        header.set_gid(0);
        header.set_size(content.len() as u64);
        header.set_mtime(u64::try_from(seconds).unwrap_or_default());
        let appended = match header.set_path(&path) {
            Ok(()) => {
                finish_as_go(&mut header).and_then(|()| self.builder.append(&header, content))
            }
            Err(_) => self.builder.append_data(&mut header, &path, content),
        };
        appended.map_err(|source| PackError::Archive { file: path, source })
    }
}

/// Fields that Go's writer fills and others leave empty, and the sum in its form: six digits, zero, blank.
fn finish_as_go(header: &mut Header) -> std::io::Result<()> {
    header.set_device_major(0)?;
    header.set_device_minor(0)?;
    header.set_cksum();
    let sum = format!("{:06o}\0 ", header.cksum()?);
    let field = &mut header.as_old_mut().cksum;
    field.copy_from_slice(sum.as_bytes());
    Ok(())
}

/// Chart.yaml with sorted keys; charts of apiVersion v1 keep their dependencies in requirements.yaml.
fn chart_file(chart: &Chart) -> Result<String, PackError> {
    let mut value =
        serde_json::to_value(&chart.metadata).map_err(|source| PackError::Metadata {
            file: "Chart.yaml",
            source,
        })?;
    if let (Value::Object(fields), "v1") = (&mut value, chart.metadata.api_version.as_str()) {
        fields.remove("dependencies");
    }
    Ok(skein_yaml::to_string(&value))
}

#[cfg(test)]
mod tests;
