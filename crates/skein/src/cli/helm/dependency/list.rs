//! `helm dependency list`: the table of dependencies, and the charts in charts/ that nobody asked for.

use std::path::Path;

use skein_helm::{Chart, Dependency};
use skein_semver::{Constraint, Version};

use crate::helm::{disk, print};
use crate::output::Output;

/// Runs the command.
pub(super) fn list(path: &str, widest: usize, output: &mut Output) -> anyhow::Result<()> {
    let chart = disk::load_as_v2(Path::new(path))?;
    for warning in &chart.warnings {
        output.note_line(&warning.to_string())?;
    }
    output.print(&text(path, &chart, widest))?;
    Ok(())
}

fn text(path: &str, chart: &Chart, widest: usize) -> String {
    if !chart.metadata.lists_dependencies {
        return format!("WARNING: no dependencies at {path}/charts\n");
    }
    let wanted = &chart.metadata.dependencies;
    let names = disk::names_in(&Path::new(path).join("charts"));
    let mut rows = vec![
        ["NAME", "VERSION", "REPOSITORY", "STATUS"]
            .map(str::to_owned)
            .to_vec(),
    ];
    for dependency in wanted {
        rows.push(vec![
            dependency.name.clone(),
            dependency.version.clone(),
            dependency.repository.clone(),
            status(path, &names, dependency, chart).to_owned(),
        ]);
    }
    let mut text = print::table(&rows, widest);
    text.push('\n');
    for name in &names {
        let full = format!("{path}/charts/{name}");
        if !Path::new(&full).is_dir() && !name.ends_with(".tgz") {
            continue;
        }
        match disk::load_as_v2(Path::new(&full)) {
            Err(_) => text.push_str(&format!("WARNING: {full:?} is not a chart.\n")),
            Ok(found) if wanted.iter().all(|wanted| wanted.name != found.name()) => {
                text.push_str(&format!("WARNING: {full:?} is not in Chart.yaml.\n"));
            }
            Ok(_) => {}
        }
    }
    text
}

/// What charts/ has of a dependency: archives are looked at first, then what was loaded.
fn status(path: &str, names: &[String], wanted: &Dependency, chart: &Chart) -> &'static str {
    let prefix = format!("{}-", wanted.name);
    let archives: Vec<&String> = names
        .iter()
        .filter(|name| name.starts_with(&prefix) && name.ends_with(".tgz"))
        .collect();
    let versions: Vec<&String> = archives
        .iter()
        .copied()
        .filter(|name| {
            let version = name
                .strip_prefix(&prefix)
                .and_then(|rest| rest.strip_suffix(".tgz"));
            version.is_some_and(|version| {
                !version.starts_with('v') && skein_registry::index::parse_strict(version).is_some()
            })
        })
        .collect();
    let archive = match (archives.as_slice(), versions.as_slice()) {
        ([one], _) | ([_, _, ..], [one]) => Some(*one),
        ([_, _, ..], [_, _, ..]) => return "too many matches",
        _ => None,
    };
    if let Some(archive) = archive {
        return match disk::load_as_v2(Path::new(&format!("{path}/charts/{archive}"))) {
            Err(_) => "corrupt",
            Ok(found) if found.name() != wanted.name => "misnamed",
            Ok(found) => wrong_version(&found, wanted).unwrap_or("ok"),
        };
    }
    let mut held = chart.dependencies.iter().rev();
    match held.find(|held| held.name() == wanted.name) {
        None => "missing",
        Some(held) => wrong_version(held, wanted).unwrap_or("unpacked"),
    }
}

fn wrong_version(found: &Chart, wanted: &Dependency) -> Option<&'static str> {
    if found.metadata.version == wanted.version {
        return None;
    }
    let (Ok(range), Ok(version)) = (
        Constraint::parse(&wanted.version),
        Version::parse(&found.metadata.version),
    ) else {
        return Some("invalid version");
    };
    (!range.check(&version)).then_some("wrong version")
}
