//! `migrate`: brings Flux objects to their newest API version, in the storage of a cluster or in files.

use std::fs;
use std::io::{BufRead as _, IsTerminal as _};
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use serde_json::{Value, json};
use skein_api::FluxKind;
use skein_cluster::ListOptions;
use skein_object::{GroupVersionKind, Object};

use crate::arguments::{ClusterArguments, Session};
use crate::check::PART_OF_FLUX;
use crate::objects::FIELD_MANAGER;
use crate::output::Output;

/// Versions of Flux whose API versions are known, the newest first.
const FLUX_VERSIONS: [&str; 4] = ["2.9", "2.8", "2.7", "2.6"];

/// Deepest nesting of folders that is read.
const MAX_DEPTH_LEVELS: usize = 64;

/// Largest file that is looked at, in bytes.
const MAX_FILE_BYTES: u64 = 64 << 20;

/// `migrate`.
#[derive(Args, Clone, Debug)]
pub struct MigrateArguments {
    /// File or folder of manifests; without it the objects of the cluster are migrated
    #[arg(short = 'f', long)]
    path: Option<PathBuf>,
    /// Endings of the files that are looked at
    #[arg(short, long, value_delimiter = ',', default_value = ".yaml,.yml")]
    extensions: Vec<String>,
    /// Minor version of Flux that the manifests are for; the newest when not given
    #[arg(short, long, default_value = "", hide_default_value = true)]
    version: String,
    /// Do not ask
    #[arg(short, long)]
    yes: bool,
    /// Only tell what would be changed
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    cluster: ClusterArguments,
}

/// Runs `migrate`.
pub(crate) async fn run(arguments: MigrateArguments, output: &mut Output) -> anyhow::Result<()> {
    match &arguments.path {
        Some(path) => files(path, &arguments, output),
        None => {
            output.action("starting migration of custom resources")?;
            let session = arguments.cluster.connect().await?;
            definitions(&session, output).await?;
            output.success("custom resources migrated successfully")?;
            Ok(())
        }
    }
}

/// One line that names an old version.
struct Upgrade {
    /// Index of the line.
    line: usize,
    kind: String,
    old: String,
    new: &'static str,
}

/// What is newest of a kind for a version of Flux.
fn newest(group: &str, kind: &str, flux: &str) -> Option<&'static str> {
    let found = FluxKind::ALL.into_iter().find(|known| {
        let definition = known.definition();
        definition.group == group && definition.kind == kind
    })?;
    let is_image = matches!(
        found,
        FluxKind::ImageRepository | FluxKind::ImagePolicy | FluxKind::ImageUpdateAutomation
    );
    match flux {
        "2.6" if is_image => Some("v1beta2"),
        "2.6" if found == FluxKind::ArtifactGenerator => None,
        _ => Some(found.definition().storage_version()),
    }
}

fn files(path: &Path, arguments: &MigrateArguments, output: &mut Output) -> anyhow::Result<()> {
    let flux = match arguments.version.as_str() {
        "" => FLUX_VERSIONS[0],
        version if FLUX_VERSIONS.contains(&version) => version,
        version => bail!(
            "version {version} is not supported, supported versions are: {}",
            FLUX_VERSIONS.join(", ")
        ),
    };
    output.action("starting migration of custom resources")?;
    let path = cleaned(path);
    let shown = path.display();
    let metadata = fs::metadata(&path).with_context(|| format!("failed to stat path {shown}"))?;
    let mut found = Vec::new();
    let fits = |path: &Path| {
        let text = path.to_string_lossy();
        arguments
            .extensions
            .iter()
            .any(|ending| text.ends_with(ending.as_str()))
    };
    if metadata.is_dir() {
        walk(&path, &fits, 0, &mut found, output)?;
    } else if !fits(&path) {
        bail!(
            "file {shown} does not match the specified extensions: {}",
            arguments.extensions.join(", ")
        );
    } else if fs::symlink_metadata(&path)?.is_file() {
        found.push(path);
    } else {
        bail!("file {shown} is irregular");
    }
    let mut plan = Vec::new();
    for file in found {
        let upgrades = detect(&file, flux, output)?;
        if !upgrades.is_empty() {
            plan.push((file, upgrades));
        }
    }
    carry_out(&plan, arguments, output)
}

/// A path as flux shows it: without `.` in front, unless that is all.
fn cleaned(path: &Path) -> PathBuf {
    let named: PathBuf = path
        .components()
        .filter(|part| !matches!(part, Component::CurDir))
        .collect();
    if named.as_os_str().is_empty() {
        return PathBuf::from(".");
    }
    named
}

fn walk(
    folder: &Path,
    fits: &dyn Fn(&Path) -> bool,
    depth: usize,
    found: &mut Vec<PathBuf>,
    output: &mut Output,
) -> anyhow::Result<()> {
    let shown = folder.display();
    if depth > MAX_DEPTH_LEVELS {
        bail!("{shown} is nested deeper than {MAX_DEPTH_LEVELS} levels");
    }
    let failing = || format!("failed to walk directory {shown}");
    let entries: std::io::Result<Vec<_>> = fs::read_dir(folder).with_context(failing)?.collect();
    let mut entries = entries.with_context(failing)?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = cleaned(&entry.path());
        let kind = entry.file_type().with_context(failing)?;
        if kind.is_dir() {
            walk(&path, fits, depth + 1, found, output)?;
        } else if fits(&path) {
            if kind.is_file() {
                found.push(path);
            } else {
                output.warning(&format!("skipping irregular file {}", path.display()))?;
            }
        }
    }
    Ok(())
}

fn read(file: &Path) -> anyhow::Result<String> {
    let reading = || format!("failed to read file {}", file.display());
    let length = fs::metadata(file).with_context(reading)?.len();
    if length > MAX_FILE_BYTES {
        bail!("{} is larger than {MAX_FILE_BYTES} bytes", file.display());
    }
    fs::read_to_string(file).with_context(reading)
}

/// The lines `apiVersion: GROUP/VERSION` with an old version whose next line names the kind.
fn detect(file: &Path, flux: &str, output: &mut Output) -> anyhow::Result<Vec<Upgrade>> {
    let text = read(file)?;
    let lines: Vec<&str> = text.split('\n').collect();
    let mut upgrades = Vec::new();
    for (place, line) in lines.iter().enumerate() {
        let Some(api_version) = value_of(line, "apiVersion: ") else {
            continue;
        };
        let (group, version) = match api_version.split('/').collect::<Vec<_>>()[..] {
            [version] => ("", version),
            [group, version] => (group, version),
            _ => {
                output.warning(&format!(
                    "{}:{}: unexpected GroupVersion string: {api_version}",
                    file.display(),
                    place + 1
                ))?;
                continue;
            }
        };
        let Some(kind) = lines
            .get(place + 1)
            .and_then(|next| value_of(next, "kind: "))
        else {
            continue;
        };
        let Some(new) = newest(group, kind, flux).filter(|new| *new != version) else {
            continue;
        };
        output.generate(&format!(
            "{}:{}: {kind} {version} -> {new}",
            file.display(),
            place + 1
        ))?;
        upgrades.push(Upgrade {
            line: place,
            kind: kind.to_owned(),
            old: version.to_owned(),
            new,
        });
    }
    Ok(upgrades)
}

/// The word behind a field's name.
fn value_of<'a>(line: &'a str, field: &str) -> Option<&'a str> {
    let (_, rest) = line.split_once(field)?;
    rest.trim().split(' ').next()
}

fn carry_out(
    plan: &[(PathBuf, Vec<Upgrade>)],
    arguments: &MigrateArguments,
    output: &mut Output,
) -> anyhow::Result<()> {
    if plan.is_empty() {
        output.success("no custom resources found that require migration")?;
        return Ok(());
    }
    if arguments.dry_run {
        output.success("dry-run mode enabled, no changes will be made")?;
        return Ok(());
    }
    if !arguments.yes && !is_confirmed(output)? {
        bail!("aborting");
    }
    for (file, upgrades) in plan {
        let text = read(file)?;
        let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
        for upgrade in upgrades {
            let Some(line) = lines.get_mut(upgrade.line) else {
                bail!(
                    "{} changed meanwhile: {} is gone",
                    file.display(),
                    upgrade.kind
                )
            };
            *line = line.replacen(&upgrade.old, upgrade.new, 1);
        }
        fs::write(file, lines.join("\n"))
            .with_context(|| format!("failed to write file {}", file.display()))?;
        output.success(&format!("file {} migrated successfully", file.display()))?;
    }
    output.success("custom resources migrated successfully")?;
    Ok(())
}

fn is_confirmed(output: &mut Output) -> anyhow::Result<bool> {
    if !std::io::stdin().is_terminal() {
        return Ok(false);
    }
    output.print("Are you sure you want to proceed with the above upgrades? [y/N] ")?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer)?;
    Ok(answer.trim().eq_ignore_ascii_case("y"))
}

/// Has each object of each Flux kind written anew, and takes old versions out of the definitions.
async fn definitions(session: &Session, output: &mut Output) -> anyhow::Result<()> {
    let gvk = GroupVersionKind::new("apiextensions.k8s.io", "v1", "CustomResourceDefinition");
    let resource = session.cluster.resource(&gvk).await?;
    let options = ListOptions {
        label_selector: PART_OF_FLUX.to_owned(),
        ..ListOptions::default()
    };
    let found = session.cluster.list(&resource, &options).await;
    for definition in found.context("failed to list CRDs")?.items {
        let name = definition.name();
        let Some(version) = storage_version(&definition) else {
            bail!("no storage version found for CRD {name}")
        };
        objects(session, &definition, &version, output)
            .await
            .with_context(|| format!("failed to migrate resources for CRD {name}"))?;
        let stored = definition.at(&["status", "storedVersions"]);
        if stored == Some(&json!([version])) {
            continue;
        }
        let patch = json!({"status": {"storedVersions": [version]}});
        session
            .cluster
            .merge_patch(&resource, ("", name), Some("status"), &patch, FIELD_MANAGER)
            .await
            .with_context(|| format!("failed to update CRD {name} status"))?;
        output.success(&format!("{name} migrated to storage version {version}"))?;
    }
    Ok(())
}

fn storage_version(definition: &Object) -> Option<String> {
    let versions = definition.at(&["spec", "versions"])?.as_array()?;
    let stored = versions.iter().find(|version| version["storage"] == true)?;
    stored["name"].as_str().map(str::to_owned)
}

/// Writes each object of a kind, with its owners of fields at the version.
async fn objects(
    session: &Session,
    definition: &Object,
    version: &str,
    output: &mut Output,
) -> anyhow::Result<()> {
    let text = |path: &[&str]| definition.str_at(path).unwrap_or_default().to_owned();
    let (group, kind) = (text(&["spec", "group"]), text(&["spec", "names", "kind"]));
    let gvk = GroupVersionKind::new(group.as_str(), version, kind.as_str());
    let resource = session.cluster.resource(&gvk).await?;
    let found = session
        .cluster
        .list(&resource, &ListOptions::default())
        .await?;
    let api_version = format!("{group}/{version}");
    for object in found.items {
        let target = (object.namespace(), object.name());
        let patches = owners_patch(&object, &api_version);
        let written = if patches.is_empty() {
            let cluster = &session.cluster;
            cluster
                .merge_patch(&resource, target, None, &json!({}), "")
                .await
        } else {
            let patches = Value::Array(patches);
            session
                .cluster
                .json_patch(&resource, target, None, &patches, "")
                .await
        };
        match written {
            Ok(_) => {}
            Err(error) if error.is_not_found() => {}
            Err(error) => bail!(
                "{kind}/{}/{} failed to migrate: {error}",
                target.0,
                target.1
            ),
        }
        output.success(&format!(
            "{kind}/{}/{} migrated to version {version}",
            target.0, target.1
        ))?;
    }
    Ok(())
}

/// JSON patches that bring the owners of fields to a version; none when all have it.
fn owners_patch(object: &Object, api_version: &str) -> Vec<Value> {
    let Some(owners) = object
        .at(&["metadata", "managedFields"])
        .and_then(Value::as_array)
    else {
        return vec![];
    };
    if owners
        .iter()
        .all(|owner| owner["apiVersion"] == api_version)
    {
        return vec![];
    }
    let mut moved = owners.clone();
    for owner in &mut moved {
        owner["apiVersion"] = api_version.into();
    }
    vec![
        json!({"op": "replace", "path": "/metadata/managedFields", "value": moved}),
        json!({"op": "replace", "path": "/metadata/resourceVersion", "value": object.resource_version()}),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_have_newest_versions() {
        assert_eq!(
            newest("image.toolkit.fluxcd.io", "ImagePolicy", "2.9"),
            Some("v1")
        );
        assert_eq!(
            newest("image.toolkit.fluxcd.io", "ImagePolicy", "2.6"),
            Some("v1beta2")
        );
        assert_eq!(newest("apps", "Deployment", "2.9"), None);
        assert_eq!(
            value_of("- apiVersion: a/b # c", "apiVersion: "),
            Some("a/b")
        );
    }
}
