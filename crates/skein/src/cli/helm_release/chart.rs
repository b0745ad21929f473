//! The chart of a HelmRelease: given by path, of the artifact in the cluster, or fetched from where its source says.

use std::fs;
use std::path::{Component, Path};
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use serde_json::Value;
use skein_api::Artifact;
use skein_api::FluxKind;
use skein_api::helm_release::HelmRelease;
use skein_artifact::Downloader;
use skein_helm::{Chart, load_archive};
use skein_object::Object;

use super::ReleaseFlags;
use super::lookup::Lookup;
use crate::helm::remote::{self, Login, Source};
use crate::output::Output;

/// How long the storage of the cluster is waited for before the source is asked itself; from outside of a cluster it cannot be reached.
const ARTIFACT_TIMEOUT: Duration = Duration::from_secs(5);

/// Finds and loads the chart.
pub(super) async fn find(
    lookup: &Lookup<'_>,
    release: &HelmRelease,
    flags: &ReleaseFlags,
    output: &mut Output,
) -> anyhow::Result<Chart> {
    if let Some(path) = &flags.chart {
        let mut chart = remote::load(path)?;
        if let Some(template) = &release.spec.chart {
            let spec = serde_json::to_value(&template.spec)?;
            set_given_values(&mut chart, &spec)?;
        }
        return Ok(chart);
    }
    let own = &release.metadata.namespace;
    if let Some(reference) = &release.spec.chart_ref {
        let namespace = or(&reference.namespace, own);
        let kind = match format!("{:?}", reference.kind).as_str() {
            "HelmChart" => FluxKind::HelmChart,
            "OciRepository" => FluxKind::OciRepository,
            _ => FluxKind::ExternalArtifact,
        };
        let object = lookup.flux(kind, namespace, &reference.name).await?;
        if let Some(chart) = of_artifact(&object, output).await? {
            return Ok(chart);
        }
        return match kind {
            FluxKind::OciRepository => of_registry(lookup, &object, output).await,
            FluxKind::HelmChart => {
                let spec = object.at(&["spec"]).cloned().unwrap_or_default();
                of_template(lookup, &spec, object.namespace(), flags, output).await
            }
            _ => bail!(
                "the chart of {} cannot be fetched from here: give it with --chart",
                object.key()
            ),
        };
    }
    let Some(template) = &release.spec.chart else {
        bail!(
            "HelmRelease '{own}/{}' has neither chart nor chartRef",
            release.metadata.name
        );
    };
    let spec = serde_json::to_value(&template.spec)?;
    let namespace = or(&template.spec.source_ref.namespace, own);
    // The artifact in the cluster is right only while the HelmRelease asks for the same.
    let name = format!("{own}-{}", release.metadata.name);
    if let Some(object) = lookup
        .in_cluster(FluxKind::HelmChart, namespace, &name)
        .await?
        && is_same_chart(&object, &spec)
        && let Some(chart) = of_artifact(&object, output).await?
    {
        return Ok(chart);
    }
    of_template(lookup, &spec, namespace, flags, output).await
}

fn or<'a>(text: &'a str, default: &'a str) -> &'a str {
    if text.is_empty() { default } else { text }
}

fn is_same_chart(object: &Object, spec: &Value) -> bool {
    let live = object.at(&["spec"]).cloned().unwrap_or_default();
    let fields = [
        "chart",
        "version",
        "valuesFiles",
        "ignoreMissingValuesFiles",
    ];
    let source = |value: &Value| {
        (
            value["sourceRef"]["kind"].clone(),
            value["sourceRef"]["name"].clone(),
        )
    };
    let or_any = |value: &Value| match value.as_str() {
        None | Some("") => Value::from("*"),
        Some(text) => text.into(),
    };
    source(&live) == source(spec)
        && fields.into_iter().all(|field| match field {
            "version" => or_any(&live[field]) == or_any(&spec[field]),
            field => live[field] == spec[field],
        })
}

/// The chart of the artifact that a source has in the cluster, if it can be reached.
async fn of_artifact(object: &Object, output: &mut Output) -> anyhow::Result<Option<Chart>> {
    let Some(artifact) = object.at(&["status", "artifact"]) else {
        return Ok(None);
    };
    let artifact: Artifact = serde_json::from_value(artifact.clone())
        .with_context(|| format!("the artifact of {}", object.key()))?;
    let downloader = Downloader::new(0)?;
    let fetched = tokio::time::timeout(ARTIFACT_TIMEOUT, downloader.fetch(&artifact)).await;
    let Ok(Ok(bytes)) = fetched else {
        output.action(&format!(
            "the artifact of {} is not reachable from here, asking its source",
            object.key()
        ))?;
        return Ok(None);
    };
    load_archive(&bytes)
        .map(Some)
        .map_err(|error| anyhow!("the artifact of {}: {error}", object.key()))
}

/// The chart that a HelmChart, or the template of one, asks for.
async fn of_template(
    lookup: &Lookup<'_>,
    spec: &Value,
    namespace: &str,
    flags: &ReleaseFlags,
    output: &mut Output,
) -> anyhow::Result<Chart> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (kind, name) = (
        text(&spec["sourceRef"]["kind"]),
        text(&spec["sourceRef"]["name"]),
    );
    let (chart, version) = (text(&spec["chart"]), text(&spec["version"]));
    let source = format!("{kind}/{namespace}/{name}");
    let local = flags
        .local_sources
        .iter()
        .find(|(known, _)| *known == source);
    let (mut loaded, base) = if let Some((_, root)) = local {
        let path = root.join(confined(&chart)?);
        let loaded = remote::load(&path)
            .with_context(|| format!("the chart of {source} at {}", path.display()))?;
        (loaded, Some(root.clone()))
    } else if kind == "HelmRepository" {
        let object = lookup
            .flux(FluxKind::HelmRepository, namespace, &name)
            .await?;
        let source = source_of(lookup, &object).await?;
        (
            remote::from_repository(&source, &chart, &version, output).await?,
            None,
        )
    } else {
        bail!(
            "the chart lies in {source}: say where its files are with --local-sources {source}=PATH, or give the chart with --chart"
        );
    };
    let (files, ignore_missing) = values_files(spec);
    set_values(&mut loaded, &files, ignore_missing, base.as_deref())?;
    Ok(loaded)
}

/// The values files that a chart template names, and whether they may be missing.
fn values_files(spec: &Value) -> (Vec<String>, bool) {
    let names = spec["valuesFiles"].as_array().into_iter().flatten();
    let names = names.filter_map(Value::as_str).map(str::to_owned);
    (names.collect(), spec["ignoreMissingValuesFiles"] == true)
}

/// The values files of a chart that was given by its path: what they are called in its source is known, and where the source is is not.
fn set_given_values(chart: &mut Chart, spec: &Value) -> anyhow::Result<()> {
    let (mut files, ignore_missing) = values_files(spec);
    if spec["sourceRef"]["kind"] != "HelmRepository" {
        let folder = confined(spec["chart"].as_str().unwrap_or_default())?;
        for name in &mut files {
            let path = confined(name)?;
            let inside = path.strip_prefix(&folder).map_err(|_| {
                anyhow!(
                    "the values file '{name}' lies outside of the chart: say where the files of its source are with --local-sources instead of --chart"
                )
            })?;
            *name = inside.display().to_string();
        }
    }
    set_values(chart, &files, ignore_missing, None)
}

/// A path that stays below where it begins.
fn confined(path: &str) -> anyhow::Result<std::path::PathBuf> {
    let parts: Vec<Component<'_>> = Path::new(path)
        .components()
        .filter(|part| !matches!(part, Component::CurDir | Component::RootDir))
        .collect();
    if parts
        .iter()
        .any(|part| !matches!(part, Component::Normal(_)))
    {
        bail!("the path {path:?} leads out of its source");
    }
    Ok(parts.into_iter().collect())
}

/// Puts merged values files in the place of the chart's own; files of a source are named from its root, those of a package from the chart.
fn set_values(
    chart: &mut Chart,
    files: &[String],
    ignore_missing: bool,
    base: Option<&Path>,
) -> anyhow::Result<()> {
    if files.is_empty() {
        return Ok(());
    }
    let mut merged = skein_helm::Values::new();
    for name in files {
        let content = match base {
            Some(root) => fs::read(root.join(confined(name)?)).ok(),
            None => {
                let wanted = name.trim_start_matches("./");
                let mut raw = chart.raw.iter();
                raw.find(|file| file.name == wanted)
                    .map(|file| file.data.to_vec())
            }
        };
        let Some(content) = content else {
            if ignore_missing {
                continue;
            }
            bail!("failed to merge chart values: no values file found at path '{name}'");
        };
        let values = skein_helm::values::read(&content)
            .map_err(|problem| anyhow!("unmarshaling values from '{name}' failed: {problem}"))?;
        skein_helm::values::merge_over(&mut merged, values);
    }
    chart.values = Some(merged);
    Ok(())
}

/// The chart of an OCIRepository.
async fn of_registry(
    lookup: &Lookup<'_>,
    object: &Object,
    output: &mut Output,
) -> anyhow::Result<Chart> {
    let source = source_of(lookup, object).await?;
    let field = |name: &str| object.str_at(&["spec", "ref", name]).unwrap_or_default();
    let (digest, semver, tag) = (field("digest"), field("semver"), field("tag"));
    remote::from_artifact(&source, (digest, semver, tag), output).await
}

/// A Secret that an object names beside itself.
async fn secret_of(lookup: &Lookup<'_>, object: &Object, name: &str) -> anyhow::Result<Object> {
    let namespace = object.namespace();
    let secret = lookup.core_object("Secret", namespace, name).await?;
    secret.ok_or_else(|| anyhow!("Secret '{namespace}/{name}' of {} not found", object.key()))
}

/// Address and credentials of a source.
async fn source_of(lookup: &Lookup<'_>, object: &Object) -> anyhow::Result<Source> {
    let name_of = |field: &str| {
        object
            .str_at(&["spec", field, "name"])
            .filter(|name| !name.is_empty())
    };
    let mut login = Login::default();
    if let Some(name) = name_of("secretRef") {
        let secret = secret_of(lookup, object, name).await?;
        login.take_credentials(&secret)?;
    }
    if let Some(name) = name_of("certSecretRef") {
        let secret = secret_of(lookup, object, name).await?;
        login.take_certificates(&secret);
    }
    Ok(Source {
        url: object
            .str_at(&["spec", "url"])
            .unwrap_or_default()
            .to_owned(),
        pass_credentials: object.bool_at(&["spec", "passCredentials"]) == Some(true),
        insecure: object.bool_at(&["spec", "insecure"]) == Some(true),
        login,
    })
}
