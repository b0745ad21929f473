//! Makes data/protobuf.txt from the .proto files of Kubernetes: `protobuf_table MODULES-FOLDER > data/protobuf.txt`.
//!
//! The folder is that of Go's module cache with the modules `api`, `apimachinery` and `apiextensions-apiserver` of one
//! release (`.../k8s.io`); the release is the second argument (`v0.36.3`). A line is a message and its fields:
//! `number:json name:type`, where the type is a scalar, a message, `*` before repeated, `%` before map values, and the
//! name `.` marks a message whose fields JSON has inline.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use skein_schema::builtin;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let (Some(folder), Some(release)) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: protobuf_table MODULES-FOLDER RELEASE");
        return;
    };
    let mut messages = BTreeMap::new();
    for module in ["api", "apimachinery", "apiextensions-apiserver"] {
        let mut files = Vec::new();
        find(
            &PathBuf::from(&folder).join(format!("{module}@{release}")),
            &mut files,
        );
        for file in files {
            if let Ok(text) = std::fs::read_to_string(&file) {
                parse(&text, &mut messages);
            }
        }
    }
    // Unstable versions are not served.
    let stable = |name: &str| !name.contains("alpha") && !name.contains("beta");
    for (name, fields) in messages.iter().filter(|(name, _)| stable(name)) {
        println!("{name}{fields}");
    }
}

fn find(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            find(&path, files);
        } else if path
            .file_name()
            .is_some_and(|name| name == "generated.proto")
        {
            files.push(path);
        }
    }
}

/// `k8s.io.api.core.v1` as OpenAPI definitions are called: `io.k8s.api.core.v1`.
fn definition_name(proto: &str) -> String {
    let name = proto.trim_start_matches('.').replace('_', "-");
    match name.strip_prefix("k8s.io.") {
        Some(rest) => format!("io.k8s.{rest}"),
        None => name,
    }
}

fn parse(text: &str, messages: &mut BTreeMap<String, String>) {
    let mut package = String::new();
    let mut current: Option<(String, String)> = None;
    let lines = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.starts_with("//"));
    for line in lines {
        if let Some(name) = line.strip_prefix("package ") {
            package = definition_name(name.trim_end_matches(';'));
        } else if let Some(name) = line.strip_prefix("message ") {
            let name = name.trim_end_matches('{').trim();
            current = Some((format!("{package}.{name}"), String::new()));
        } else if line == "}" {
            if let Some((name, fields)) = current.take() {
                messages.insert(name, fields);
            }
        } else if let Some((message, fields)) = &mut current
            && let Some(field) = field(line, message, &package)
        {
            let _ = write!(fields, " {field}");
        }
    }
}

fn field(line: &str, message: &str, package: &str) -> Option<String> {
    let line = line.split(';').next()?.trim();
    let (left, number) = line.rsplit_once('=')?;
    let number: u32 = number.trim().parse().ok()?;
    let (kind, name) = left.trim().rsplit_once(' ')?;
    let kind = kind.trim();
    let (mark, kind) = if let Some(kind) = kind.strip_prefix("repeated ") {
        ("*", kind)
    } else if let Some(kind) = kind.strip_prefix("map<") {
        ("%", kind.trim_end_matches('>').split_once(',')?.1)
    } else {
        ("", kind.strip_prefix("optional ").unwrap_or(kind))
    };
    let kind = kind.trim();
    let scalar = [
        "string", "bytes", "bool", "int32", "int64", "uint32", "uint64", "double",
    ];
    let full = if scalar.contains(&kind) {
        kind.to_owned()
    } else if kind.starts_with('.') {
        definition_name(kind)
    } else {
        format!("{package}.{kind}")
    };
    let name = json_name(message, name, full.contains('.') && mark.is_empty());
    Some(format!("{number}:{name}:{mark}{full}"))
}

/// The property of the definition that the field is; `.` when its message is inline.
fn json_name(message: &str, name: &str, is_message: bool) -> String {
    let Some(schema) = builtin::definition(message) else {
        return name.to_owned();
    };
    if schema.properties.is_empty() || schema.properties.contains_key(name) {
        return name.to_owned();
    }
    let plain = |text: &str| text.to_lowercase().replace(['-', '$', '_'], "");
    let same = schema
        .properties
        .keys()
        .find(|key| plain(key) == plain(name));
    match same {
        Some(key) => key.clone(),
        None if is_message => ".".to_owned(),
        None => name.to_owned(),
    }
}
