//! Section `artifact`: the stored file of each source.

use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

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

/// One item for each source that has an artifact.
pub fn section(world: &World, objects: &[Value]) -> Result<Value> {
    let mut items = Vec::new();
    for object in objects {
        let artifact = &object["status"]["artifact"];
        if artifact.is_null() {
            continue;
        }
        let name = format!(
            "{}/{}",
            text(&object["kind"]),
            text(&object["metadata"]["name"])
        );
        let mut item = json!({"object": name});
        for key in ["path", "url", "revision", "digest", "size"] {
            item[key] = artifact[key].clone();
        }
        let file = world.storage().join(text(&artifact["path"]));
        match fs::read(&file) {
            Ok(bytes) => describe(&file, &bytes, &mut item)?,
            Err(_) => item["error"] = json!("FileNotFoundError"),
        }
        items.push(item);
    }
    Ok(Value::Array(items))
}

fn describe(file: &Path, bytes: &[u8], item: &mut Value) -> Result<()> {
    item["folder"] = json!(folder(file)?);
    item["fileSha256"] = json!(format!("sha256:{}", digest(bytes)));
    let header = bytes.get(..GZIP_HEADER_BYTES).unwrap_or(bytes);
    item["gzipHeader"] = json!(hex::encode(header));
    let mut archive = Vec::new();
    GzDecoder::new(bytes)
        .read_to_end(&mut archive)
        .context("unpacking an artifact")?;
    item["tarSha256"] = json!(format!("sha256:{}", digest(&archive)));
    item["tar"] = json!(entries(&archive)?);
    Ok(())
}

/// Files beside the artifact that belong to it, with their modes; older ones go at any time and are left out.
fn folder(file: &Path) -> Result<Vec<String>> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let parent = file.parent().context("an artifact lies in a folder")?;
    let mut lines = Vec::new();
    for entry in fs::read_dir(parent)?.flatten() {
        let other = entry.file_name().to_string_lossy().into_owned();
        if other.starts_with(&*name) {
            let mode = entry.metadata()?.permissions().mode() & 0o777;
            lines.push(format!("{other} {mode:o}"));
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
        let header = entry.header();
        let kind = match header.entry_type() {
            kind if kind.is_dir() => "dir",
            kind if kind.is_symlink() => "symlink",
            kind if kind.is_file() => "file",
            _ => "other",
        };
        let owner =
            |name: Option<&[u8]>| String::from_utf8_lossy(name.unwrap_or_default()).into_owned();
        let mut line = format!(
            "{kind} {:04o} {}:{} {}:{} mtime={} {}",
            header.mode()?,
            header.uid()?,
            header.gid()?,
            owner(header.username_bytes()),
            owner(header.groupname_bytes()),
            header.mtime()?,
            String::from_utf8_lossy(&entry.path_bytes()).trim_end_matches('/'),
        );
        if kind == "symlink" {
            let link = entry.link_name()?.unwrap_or_default();
            line.push_str(&format!(" -> {}", link.display()));
        }
        if kind == "file" {
            let mut content = Vec::new();
            entry.read_to_end(&mut content)?;
            let digest = digest(&content);
            line.push_str(&format!(
                " {} {}",
                content.len(),
                &digest[..DIGEST_CHARACTERS]
            ));
        }
        lines.push(line);
    }
    Ok(lines)
}

fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}
