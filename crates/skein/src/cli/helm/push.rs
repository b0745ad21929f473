//! `helm push`: a package into a registry, with the manifest that helm makes of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{anyhow, bail};
use clap::Args;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use skein_helm::Metadata;
use skein_helm::archive::MAX_CHART_BYTES;
use skein_registry::{OCI_MANIFEST_TYPE, PushedDescriptor, RegistryError};

use super::connection::ConnectionArguments;
use super::fetch::{self, CHART_CONFIG, CHART_LAYERS, OCI_SCHEME};
use super::settings::Settings;
use super::{disk, epoch, print, repositories};
use crate::output::Output;

/// Media type of a provenance file.
const PROVENANCE_LAYER: &str = "application/vnd.cncf.helm.chart.provenance.v1.prov";
/// Largest provenance file, in bytes.
const MAX_PROVENANCE_BYTES: u64 = 1 << 20;
/// Annotations that a chart's own do not replace.
const TITLE: &str = "org.opencontainers.image.title";
const VERSION: &str = "org.opencontainers.image.version";

/// `helm push`.
#[derive(Args, Clone, Debug)]
pub struct PushArguments {
    /// The package
    chart: String,
    /// Where to: oci://...
    remote: String,
    #[command(flatten)]
    connection: ConnectionArguments,
}

/// A piece of content, with its fields in the order of helm's client: it decides the digest.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    media_type: String,
    digest: String,
    size: u64,
}

impl From<PushedDescriptor> for Descriptor {
    fn from(pushed: PushedDescriptor) -> Self {
        Self {
            media_type: pushed.media_type,
            digest: pushed.digest,
            size: pushed.size,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Manifest {
    schema_version: u32,
    config: Descriptor,
    layers: Vec<Descriptor>,
    annotations: BTreeMap<String, String>,
}

/// Runs `helm push`.
pub(super) async fn run(
    arguments: &PushArguments,
    settings: &Settings,
    output: &mut Output,
) -> anyhow::Result<()> {
    let (chart, remote) = (&arguments.chart, &arguments.remote);
    check_remote(remote)?;
    let path = Path::new(chart);
    match fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            bail!("{chart}: no such file")
        }
        Err(error) => bail!("stat {chart}: {}", disk::in_go_words(&error)),
        Ok(found) if found.is_dir() => {
            bail!("cannot push directory, must provide chart archive (.tgz)")
        }
        Ok(_) => {}
    }
    let metadata = disk::load_as_v2(path)?.metadata;
    let place = remote.strip_prefix(OCI_SCHEME).unwrap_or(remote);
    let name = format!("{}/{}", place.trim_end_matches('/'), metadata.name);
    let tag = metadata.version.replace('+', "_");
    let registry = fetch::open_registry(&name, &arguments.connection, settings)?;
    let failed = |error: RegistryError| anyhow!(error.in_words_of_helm());
    let package = repositories::read_limited(path, MAX_CHART_BYTES)?;
    let mut layers: Vec<Descriptor> = vec![];
    let layer = registry.push_blob(CHART_LAYERS[0], package).await;
    layers.push(layer.map_err(failed)?.into());
    let provenance = format!("{chart}.prov");
    if Path::new(&provenance).exists() {
        let bytes = repositories::read_limited(Path::new(&provenance), MAX_PROVENANCE_BYTES)?;
        let layer = registry.push_blob(PROVENANCE_LAYER, bytes).await;
        layers.push(layer.map_err(failed)?.into());
    }
    layers.sort_by(|left, right| left.digest.cmp(&right.digest));
    let config = print::json(&metadata)?.into_bytes();
    let config = registry.push_blob(CHART_CONFIG, config).await;
    let manifest = Manifest {
        schema_version: 2,
        config: config.map_err(failed)?.into(),
        layers,
        annotations: annotations(&metadata, &written_at(path)?),
    };
    let bytes = print::json(&manifest)?.into_bytes();
    let digest = registry.push_manifest(&tag, OCI_MANIFEST_TYPE, bytes).await;
    let digest = digest.map_err(failed)?;
    let shown = format!("{name}:{tag}");
    output.print(&format!(
        "Pushed: {shown}\nDigest: {digest}\n{}",
        fetch::underscore_note(&tag, &shown)
    ))?;
    Ok(())
}

fn check_remote(remote: &str) -> anyhow::Result<()> {
    match remote.split_once("://") {
        Some(("oci", _)) => Ok(()),
        Some((scheme, _)) => bail!("scheme {scheme:?} not supported"),
        None => bail!("scheme prefix missing from remote (e.g. \"{OCI_SCHEME}\")"),
    }
}

/// When a package was written last, in seconds.
fn written_at(path: &Path) -> anyhow::Result<String> {
    let time = Timestamp::try_from(fs::metadata(path)?.modified()?)?;
    let time = Timestamp::from_second(time.as_second())?;
    Ok(epoch::rfc3339(&time.to_zoned(TimeZone::system())))
}

/// What a chart says about itself.
fn annotations(metadata: &Metadata, created: &str) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    let authors: Vec<String> = metadata
        .maintainers
        .iter()
        .map(|maintainer| match maintainer.email.as_str() {
            "" => maintainer.name.clone(),
            email => format!("{} ({email})", maintainer.name),
        })
        .collect();
    let source = metadata.sources.first().map_or("", String::as_str);
    for (key, value) in [
        (
            "org.opencontainers.image.description",
            metadata.description.as_str(),
        ),
        (TITLE, &metadata.name),
        (VERSION, &metadata.version),
        ("org.opencontainers.image.url", &metadata.home),
        ("org.opencontainers.image.created", created),
        ("org.opencontainers.image.source", source),
        ("org.opencontainers.image.authors", &authors.join(", ")),
    ] {
        if !value.trim().is_empty() {
            all.insert(key.to_owned(), value.to_owned());
        }
    }
    for (key, value) in &metadata.annotations {
        if ![TITLE, VERSION].contains(&key.as_str()) {
            all.insert(key.clone(), value.clone());
        }
    }
    all
}
