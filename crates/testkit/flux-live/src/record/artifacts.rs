//! Section `artifact`: the stored file of each source.

use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use flate2::read::GzDecoder;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::scenario::text;
use crate::world::World;

/// Bytes of the gzip header: magic, method, flags, time, extra flags, system.
const GZIP_HEADER_BYTES: usize = 10;

/// Characters of a file's digest that are recorded.
const DIGEST_CHARACTERS: usize = 16;

/// Files of a chart whose text is recorded.
const CHART_TEXTS: &[&str] = &["Chart.yaml", "values.yaml"];

/// What stands for the digest and the size of a chart that our controller packed: the package carries the time of packing.
const PACKAGED: (&str, &str) = ("<packaged>", "<size>");

/// One item for each source that has an artifact.
pub fn section(world: &World, objects: &[Value]) -> Result<Value> {
    let mut items = Vec::new();
    for object in objects {
        let artifact = &object["status"]["artifact"];
        if artifact.is_null() {
            continue;
        }
        let kind = text(&object["kind"]);
        let name = format!("{kind}/{}", text(&object["metadata"]["name"]));
        let mut item = json!({"object": name});
        for key in ["path", "url", "revision", "digest", "size"] {
            item[key] = artifact[key].clone();
        }
        let file = world.storage().join(text(&artifact["path"]));
        match fs::read(&file) {
            Ok(bytes) => describe(&kind, &file, &bytes, &mut item)
                .with_context(|| format!("reading {}", file.display()))?,
            Err(_) => item["error"] = json!("FileNotFoundError"),
        }
        items.push(item);
    }
    Ok(Value::Array(items))
}

fn describe(kind: &str, file: &Path, bytes: &[u8], item: &mut Value) -> Result<()> {
    item["folder"] = json!(folder(file)?);
    item["fileSha256"] = json!(format!("sha256:{}", digest(bytes)));
    if kind == "HelmRepository" {
        item["text"] = json!(String::from_utf8_lossy(bytes));
        return Ok(());
    }
    let header = bytes.get(..GZIP_HEADER_BYTES).unwrap_or(bytes);
    item["gzipHeader"] = json!(hex::encode(header));
    let mut archive = Vec::new();
    if GzDecoder::new(bytes).read_to_end(&mut archive).is_err() {
        item["error"] = json!("BadGzipFile");
        return Ok(());
    }
    item["tarSha256"] = json!(format!("sha256:{}", digest(&archive)));
    let is_chart = kind == "HelmChart";
    let is_packaged = is_chart && is_dated(&archive)?;
    if is_packaged && let Some(fields) = item.as_object_mut() {
        // They change with the time of packing.
        for key in ["fileSha256", "gzipHeader", "tarSha256"] {
            fields.remove(key);
        }
    }
    item["tar"] = json!(entries(&archive)?);
    if is_chart {
        item["texts"] = texts(&archive)?;
    }
    Ok(())
}

/// Digests and sizes of the charts that our controller packed itself, as they were seen in the storage after each step: an event may tell of
/// one that is gone.
#[derive(Debug, Default)]
pub struct Packaged(Vec<(String, Value)>);

impl Packaged {
    /// Looks at everything that is stored for charts of the namespaces.
    pub fn look(&mut self, world: &World, namespaces: &[String]) {
        for namespace in namespaces {
            let folder = world.storage().join("helmchart").join(namespace);
            for file in files_of(&folder).iter().flat_map(|chart| files_of(chart)) {
                let Ok(bytes) = fs::read(&file) else { continue };
                let mut archive = Vec::new();
                let is_archive = GzDecoder::new(bytes.as_slice())
                    .read_to_end(&mut archive)
                    .is_ok();
                if is_archive && is_dated(&archive).unwrap_or(false) {
                    let entry = (digest(&bytes), json!(bytes.len()));
                    if !self.0.contains(&entry) {
                        self.0.push(entry);
                    }
                }
            }
        }
    }

    /// The value with names for digests and sizes of packed charts.
    pub fn replace(&self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.replace_text(text)),
            Value::Array(items) => items.into_iter().map(|item| self.replace(item)).collect(),
            Value::Object(mut fields) => {
                let of_artifact = |(hex, size): &(String, Value)| {
                    fields.get("size") == Some(size)
                        && fields
                            .get("digest")
                            .is_some_and(|own| text(own).ends_with(hex))
                };
                if self.0.iter().any(of_artifact) {
                    fields.insert("size".to_owned(), json!(PACKAGED.1));
                }
                let fields = fields.into_iter();
                Value::Object(
                    fields
                        .map(|(key, field)| (key, self.replace(field)))
                        .collect(),
                )
            }
            other => other,
        }
    }

    fn replace_text(&self, text: String) -> String {
        let replace = |text: String, (hex, _): &(String, Value)| {
            text.replace(&format!("sha256:{hex}"), PACKAGED.0)
        };
        self.0.iter().fold(text, replace)
    }
}

fn files_of(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}

/// Whether the entries carry a time.
fn is_dated(archive: &[u8]) -> Result<bool> {
    let mut archive = tar::Archive::new(archive);
    match archive.entries()?.next() {
        Some(entry) => Ok(entry?.header().mtime()? != 0),
        None => Ok(false),
    }
}

/// The texts of a chart that are recorded in full.
fn texts(archive: &[u8]) -> Result<Value> {
    let mut texts = serde_json::Map::new();
    let mut archive = tar::Archive::new(archive);
    for entry in archive.entries()? {
        let mut entry = entry?;
        let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let inner = path.split_once('/').map_or("", |(_, inner)| inner);
        if CHART_TEXTS.contains(&inner) {
            let mut content = String::new();
            entry.read_to_string(&mut content)?;
            texts.insert(path, json!(content));
        }
    }
    Ok(Value::Object(texts))
}

/// Files beside the artifact that belong to it, with their modes, and where links lead.
fn folder(file: &Path) -> Result<Vec<String>> {
    let parent = file.parent().context("an artifact lies in a folder")?;
    let mut lines = Vec::new();
    for entry in fs::read_dir(parent)?.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type()?.is_symlink() {
            let target = fs::read_link(entry.path())?;
            lines.push(format!("{name} -> {}", target.display()));
        } else {
            let mode = entry.metadata()?.permissions().mode() & 0o777;
            lines.push(format!("{name} {mode:o}"));
        }
    }
    lines.sort();
    Ok(lines)
}

/// `type mode uid:gid user:group mtime name size sha256` for each entry, in order.
fn entries(archive: &[u8]) -> Result<Vec<String>> {
    let mut lines = Vec::new();
    let mut archive = tar::Archive::new(archive);
    for entry in archive.entries()? {
        let mut entry = entry?;
        let mut line = header_line(&entry)?;
        if entry.header().entry_type().is_file() {
            let mut content = Vec::new();
            entry.read_to_end(&mut content)?;
            let digest = digest(&content);
            let short = &digest[..DIGEST_CHARACTERS];
            line.push_str(&format!(" {} {short}", content.len()));
        }
        lines.push(line);
    }
    Ok(lines)
}

fn header_line(entry: &tar::Entry<'_, &[u8]>) -> Result<String> {
    let header = entry.header();
    let kind = match header.entry_type() {
        kind if kind.is_dir() => "dir",
        kind if kind.is_symlink() => "symlink",
        kind if kind.is_file() => "file",
        _ => "other",
    };
    let owner =
        |name: Option<&[u8]>| String::from_utf8_lossy(name.unwrap_or_default()).into_owned();
    let time = match header.mtime()? {
        0 => "0".to_owned(),
        _ => "<unix>".to_owned(),
    };
    let mut line = format!(
        "{kind} {:04o} {}:{} {}:{} mtime={time} {}",
        header.mode()?,
        header.uid()?,
        header.gid()?,
        owner(header.username_bytes()),
        owner(header.groupname_bytes()),
        String::from_utf8_lossy(&entry.path_bytes()).trim_end_matches('/'),
    );
    if kind == "symlink" {
        let link = entry.link_name()?.unwrap_or_default();
        line.push_str(&format!(" -> {}", link.display()));
    }
    Ok(line)
}

fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}
