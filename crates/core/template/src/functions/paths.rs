//! Paths with slashes. (The `os` functions are the same here: Helm runs on Linux.)

use super::arguments::text;
use super::{Entry, Outcome};
use crate::value::{Operand, Value};

pub const FUNCTIONS: &[Entry] = &[
    ("base", PATH, |_, arguments| on_path(arguments, base)),
    ("clean", PATH, |_, arguments| on_path(arguments, clean)),
    ("dir", PATH, |_, arguments| on_path(arguments, dir)),
    ("ext", PATH, |_, arguments| on_path(arguments, ext)),
    ("isAbs", "string -> bool", |_, arguments| {
        Ok(is_abs(arguments))
    }),
    ("osBase", PATH, |_, arguments| on_path(arguments, base)),
    ("osClean", PATH, |_, arguments| on_path(arguments, clean)),
    ("osDir", PATH, |_, arguments| on_path(arguments, dir)),
    ("osExt", PATH, |_, arguments| on_path(arguments, ext)),
    ("osIsAbs", "string -> bool", |_, arguments| {
        Ok(is_abs(arguments))
    }),
];

const PATH: &str = "string -> string";

fn on_path(arguments: &[Operand], operation: fn(&str) -> String) -> Outcome {
    Ok(Value::text(operation(&text(arguments, 0).lossy())).into())
}

fn is_abs(arguments: &[Operand]) -> Operand {
    Value::Bool(text(arguments, 0).starts_with(b"/")).into()
}

/// The last element.
pub fn base(path: &str) -> String {
    if path.is_empty() {
        return ".".to_owned();
    }
    let path = path.trim_end_matches('/');
    let name = path.rsplit('/').next().unwrap_or_default();
    if name.is_empty() { "/" } else { name }.to_owned()
}

/// All but the last element.
fn dir(path: &str) -> String {
    let end = path.rfind('/').map_or(0, |at| at + 1);
    clean(&path[..end])
}

/// The extension of the last element, with its dot.
fn ext(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or_default();
    let at = name.rfind('.').unwrap_or(name.len());
    name[at..].to_owned()
}

/// The shortest path that means the same.
pub fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => match parts.last() {
                Some(&last) if last != ".." => {
                    parts.pop();
                }
                _ if rooted => {}
                _ => parts.push(".."),
            },
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    match (rooted, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    }
}
