//! The layer rule: edges between crates point down, and a library stays in the room that owns it.

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use super::Finding;
use crate::tree;

/// Layers from bottom to top. An edge goes to a lower layer, or is named in `SIDEWAYS`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Layer {
    Core,
    Rim,
    Controllers,
    Servers,
    Binary,
    /// Test support: above everything shipped, and below the tests of everything but core.
    Testkit,
    Xtask,
}

/// A crate of ours with what its manifest names.
#[derive(Debug)]
pub struct Crate {
    name: String,
    folder: String,
    dependencies: Vec<Dependency>,
}

#[derive(Debug)]
struct Dependency {
    name: String,
    for_tests: bool,
}

/// Edges inside a layer: from, to. `*` is every crate of the folder.
const SIDEWAYS: &[(&str, &str)] = &[
    // Core rooms build on each other; Cargo itself keeps that free of cycles.
    ("crates/core/*", "crates/core/*"),
    // The runtime is what controllers share; they know nothing of each other.
    ("crates/controllers/*", "crates/controllers/runtime"),
    // Rooms that fetch from addresses of users share trust, proxies and redirects.
    ("crates/rim/*", "crates/rim/http"),
    // A remote base is a Git repository most of the time.
    ("crates/rim/bases", "crates/rim/git"),
    // The store holds what the embedded API serves and what the hub remembers.
    ("crates/servers/apiserver", "crates/servers/store"),
    ("crates/servers/hub", "crates/servers/store"),
    ("crates/testkit/*", "crates/testkit/*"),
];

/// Edges that point down and are forbidden all the same.
const FORBIDDEN: &[(&str, &str, &str)] = &[
    (
        "crates/servers/hub",
        "crates/controllers/*",
        "the hub never imports a controller",
    ),
    (
        "crates/servers/store",
        "crates/rim/cluster",
        "the store knows no cluster",
    ),
];

/// Libraries that do IO, read a clock or need an async runtime; a trailing `*` stands for any ending.
const IO_LIBRARIES: &[&str] = &[
    "tokio*",
    "futures*",
    "async-*",
    "reqwest*",
    "kube*",
    "gix*",
    "sqlx*",
    "axum*",
    "hyper*",
    "tower*",
    "http-body*",
    "rustls*",
    "rcgen",
    "notify",
    "tempfile",
    "rand*",
    "getrandom",
    "crossterm",
    "clap*",
    "tracing-subscriber",
];

/// Libraries with an owner: nobody else names them.
const OWNED_LIBRARIES: &[(&str, &[&str])] = &[
    ("kube*", &["crates/rim/cluster"]),
    ("gix*", &["crates/rim/git"]),
    ("sqlx*", &["crates/servers/store", "crates/servers/hub"]),
    ("crossterm", &["crates/skein"]),
    ("clap*", &["crates/skein", "crates/testkit/*"]),
];

impl Crate {
    /// From a package of `cargo metadata`.
    pub fn from_metadata(package: &Value) -> Result<Self> {
        let name = package["name"].as_str().context("a package has a name")?;
        let listed = package["dependencies"].as_array().into_iter().flatten();
        let dependencies = listed
            .filter_map(|dependency| {
                Some(Dependency {
                    name: dependency["name"].as_str()?.to_owned(),
                    for_tests: dependency["kind"] == "dev",
                })
            })
            .collect();
        Ok(Self {
            name: name.to_owned(),
            folder: slashes(&tree::folder_of(package)?),
            dependencies,
        })
    }

    fn layer(&self) -> Option<Layer> {
        let layer = match self.folder.as_str() {
            "crates/skein" => Layer::Binary,
            "xtask" => Layer::Xtask,
            folder => match folder.strip_prefix("crates/")?.split_once('/')?.0 {
                "core" => Layer::Core,
                "rim" => Layer::Rim,
                "controllers" => Layer::Controllers,
                "servers" => Layer::Servers,
                "testkit" => Layer::Testkit,
                _ => return None,
            },
        };
        Some(layer)
    }
}

fn slashes(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}

/// Every edge between our crates points down.
pub fn edges(crates: &[Crate]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for from in crates {
        if from.layer().is_none() {
            findings.push(Finding::new(
                &from.folder,
                "is in no layer that ARCHITECTURE.md names",
            ));
        }
        for dependency in &from.dependencies {
            let Some(to) = crates.iter().find(|other| other.name == dependency.name) else {
                continue;
            };
            if let Some(why) = refused(from, to, dependency.for_tests) {
                let what = format!("must not depend on {}: {why}", to.name);
                findings.push(Finding::new(&from.name, what));
            }
        }
    }
    findings
}

/// Why this edge is refused.
fn refused(from: &Crate, to: &Crate, for_tests: bool) -> Option<&'static str> {
    let (from_layer, to_layer) = (from.layer()?, to.layer()?);
    let forbidden = FORBIDDEN
        .iter()
        .find(|(left, right, _)| matches(left, &from.folder) && matches(right, &to.folder));
    if let Some((_, _, why)) = forbidden {
        return Some(why);
    }
    if to_layer == Layer::Testkit && from_layer < Layer::Testkit {
        return match (for_tests, from_layer) {
            (false, _) => Some("test support is never part of shipped code"),
            (true, Layer::Core) => Some("core is tested with plain data"),
            (true, _) => None,
        };
    }
    if to_layer < from_layer {
        return None;
    }
    let named = SIDEWAYS
        .iter()
        .any(|(left, right)| matches(left, &from.folder) && matches(right, &to.folder));
    match (named, to_layer == from_layer) {
        (true, _) => None,
        (false, true) => Some("rooms of this layer do not know each other"),
        (false, false) => Some("the edge points up"),
    }
}

/// Core names no IO library, and owned libraries stay with their owners.
pub fn libraries(crates: &[Crate]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for room in crates {
        for dependency in &room.dependencies {
            let name = dependency.name.as_str();
            let is_io = IO_LIBRARIES.iter().any(|pattern| matches(pattern, name));
            if room.layer() == Some(Layer::Core) && is_io {
                findings.push(Finding::new(
                    &room.name,
                    format!("core must not name {name}, tests included"),
                ));
            }
            let owned = OWNED_LIBRARIES
                .iter()
                .find(|(pattern, _)| matches(pattern, name));
            if let Some((_, owners)) = owned
                && !owners.iter().any(|owner| matches(owner, &room.folder))
            {
                let what = format!("{name} belongs to {} alone", owners.join(", "));
                findings.push(Finding::new(&room.name, what));
            }
        }
    }
    findings
}

/// Packages are called `skein-<folder>`, controllers `skein-<folder>-controller`.
pub fn names(crates: &[Crate]) -> Vec<Finding> {
    crates
        .iter()
        .filter_map(|room| {
            let folder = room.folder.rsplit('/').next()?;
            let expected = match (room.layer()?, room.folder.as_str()) {
                (Layer::Binary | Layer::Xtask, _) => folder.to_owned(),
                (_, "crates/controllers/runtime") => "skein-runtime".to_owned(),
                (Layer::Controllers, _) => format!("skein-{folder}-controller"),
                (Layer::Testkit, "crates/testkit/controlplane") => "skein-testkit".to_owned(),
                _ => format!("skein-{folder}"),
            };
            (room.name != expected)
                .then(|| Finding::new(&room.folder, format!("should be called {expected}")))
        })
        .collect()
}

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => name.starts_with(prefix),
        None => name == pattern,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(folder: &str, dependencies: &[&str]) -> Crate {
        Crate {
            name: format!("skein-{}", folder.rsplit('/').next().unwrap()),
            folder: folder.to_owned(),
            dependencies: dependencies
                .iter()
                .map(|name| Dependency {
                    name: name.trim_start_matches("test:").to_owned(),
                    for_tests: name.starts_with("test:"),
                })
                .collect(),
        }
    }

    /// Crates that must not depend on what they name.
    fn blamed(crates: &[Crate]) -> Vec<String> {
        edges(crates).into_iter().map(|f| f.place).collect()
    }

    #[test]
    fn edges_down_pass_and_edges_up_fail() {
        let crates = [
            room("crates/core/yaml", &["skein-object"]),
            room("crates/core/object", &["test:skein-git"]),
            room("crates/rim/git", &["skein-object", "skein-artifact"]),
            room("crates/rim/artifact", &[]),
            room("crates/controllers/runtime", &["skein-git"]),
            room("crates/controllers/source", &["skein-runtime", "skein-git"]),
            room("crates/controllers/kustomize", &["skein-source"]),
            room("crates/servers/store", &[]),
            room("crates/servers/apiserver", &["skein-store"]),
            room("crates/servers/hub", &["skein-runtime", "skein-apiserver"]),
            room("crates/testkit/servers", &[]),
            room("crates/skein", &["test:skein-servers", "skein-hub"]),
        ];
        assert_eq!(
            blamed(&crates),
            [
                "skein-object",
                "skein-git",
                "skein-kustomize",
                "skein-hub",
                "skein-hub"
            ]
        );
    }

    #[test]
    fn test_support_is_for_tests() {
        let crates = [
            room("crates/core/object", &["test:skein-servers"]),
            room("crates/rim/git", &["test:skein-servers"]),
            room("crates/rim/artifact", &["skein-servers"]),
            room("crates/testkit/servers", &[]),
        ];
        assert_eq!(blamed(&crates), ["skein-object", "skein-artifact"]);
    }

    #[test]
    fn a_crate_outside_of_the_layers_is_found() {
        assert_eq!(blamed(&[room("crates/utils", &[])]), ["crates/utils"]);
    }

    #[test]
    fn libraries_have_owners() {
        let crates = [
            room("crates/core/object", &["test:tokio", "serde"]),
            room("crates/rim/cluster", &["kube", "tokio"]),
            room("crates/rim/git", &["kube-client", "gix"]),
        ];
        let places: Vec<_> = libraries(&crates).into_iter().map(|f| f.place).collect();
        assert_eq!(places, ["skein-object", "skein-git"]);
    }
}
