//! The commands about artifacts.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde_json::json;
use skein_registry::{OCI_MANIFEST_TYPE, PushedManifest, Registry};

use super::pack::{self, DEFAULT_IGNORE, Packing};
use super::remote::{Address, RegistryFlags};
use crate::arguments::ClusterArguments;
use crate::output::Output;
use crate::table;

/// Media type of the configuration of an artifact.
const CONFIG_TYPE: &str = "application/vnd.cncf.flux.config.v1+json";
/// Media type of the layer of an artifact.
const LAYER_TYPE: &str = "application/vnd.cncf.flux.content.v1.tar+gzip";
/// Annotations that artifacts carry.
const CREATED: &str = "org.opencontainers.image.created";
const SOURCE: &str = "org.opencontainers.image.source";
const REVISION: &str = "org.opencontainers.image.revision";
/// Largest layer that is fetched, in bytes.
const MAX_LAYER_BYTES: u64 = 1 << 30;

/// Which files stay out.
#[derive(Args, Clone, Debug)]
struct IgnoreFlags {
    /// Paths to leave out, as lines of a .gitignore; they replace the defaults
    #[arg(long, value_delimiter = ',')]
    ignore_paths: Option<Vec<String>>,
    /// Paths to leave out besides the defaults
    #[arg(long, value_delimiter = ',')]
    add_ignore_paths: Vec<String>,
    /// Pack what links point to
    #[arg(long)]
    resolve_symlinks: bool,
}

impl IgnoreFlags {
    fn patterns(&self) -> Vec<String> {
        let defaults = || DEFAULT_IGNORE.map(str::to_owned).to_vec();
        let mut patterns = self.ignore_paths.clone().unwrap_or_else(defaults);
        patterns.extend(self.add_ignore_paths.iter().cloned());
        patterns
    }

    fn pack(&self, path: &str) -> anyhow::Result<pack::Layer> {
        let packing = Packing {
            ignore: &self.patterns(),
            follows_links: self.resolve_symlinks,
        };
        pack::layer(path, &packing)
    }
}

/// `build artifact`.
#[derive(Args, Clone, Debug)]
pub(crate) struct BuildArtifact {
    /// Folder or file of the manifests; - for standard input
    #[arg(short, long, default_value = "", hide_default_value = true)]
    path: String,
    /// File to write
    #[arg(short, long, default_value = "artifact.tgz")]
    output: String,
    #[command(flatten)]
    ignore: IgnoreFlags,
}

/// Runs `build artifact`.
pub(crate) fn build(arguments: &BuildArtifact, output: &mut Output) -> anyhow::Result<()> {
    let path = arguments.path.as_str();
    check_path(path, false)?;
    output.action(&format!("building artifact from {path}"))?;
    let layer = arguments
        .ignore
        .pack(path)
        .context("building artifact failed, error")?;
    let file = &arguments.output;
    std::fs::write(file, &layer.bytes).with_context(|| format!("writing {file}"))?;
    output.success(&format!("artifact created at {file}"))?;
    Ok(())
}

/// Refuses a path where nothing is.
fn check_path(path: &str, tells_cause: bool) -> anyhow::Result<()> {
    if path.is_empty() {
        bail!("invalid path \"\"");
    }
    if path == "-" || Path::new(path).exists() {
        return Ok(());
    }
    let cause = if tells_cause {
        format!(": stat {path}: no such file or directory")
    } else {
        String::new()
    };
    bail!("invalid path '{path}', must point to an existing directory or file{cause}")
}

/// `push`.
#[derive(Args, Clone, Debug)]
pub struct PushArguments {
    #[command(subcommand)]
    what: PushWhat,
    #[command(flatten)]
    cluster: ClusterArguments,
}

#[derive(Subcommand, Clone, Debug)]
enum PushWhat {
    /// Pack a folder and push it to a registry
    Artifact(Box<PushFlags>),
}

#[derive(Args, Clone, Debug)]
struct PushFlags {
    /// Address: oci://HOST/PATH:TAG
    url: Option<String>,
    /// Folder or file of the manifests; - for standard input
    #[arg(short = 'f', long, default_value = "", hide_default_value = true)]
    path: String,
    /// Where the manifests come from, such as the address of the Git repository
    #[arg(long, default_value = "", hide_default_value = true)]
    source: String,
    /// Revision of the source: BRANCH|TAG@sha1:COMMIT
    #[arg(long, default_value = "", hide_default_value = true)]
    revision: String,
    /// Annotations of the artifact: KEY=VALUE
    #[arg(short, long)]
    annotations: Vec<String>,
    /// Print what was pushed as JSON or YAML
    #[arg(short, long)]
    output: Option<String>,
    /// Has no effect
    #[arg(long, hide = true)]
    debug: bool,
    /// Give equal content equal digests: the time of creation is 1970
    #[arg(long)]
    reproducible: bool,
    #[command(flatten)]
    ignore: IgnoreFlags,
    #[command(flatten)]
    registry: RegistryFlags,
}

/// Runs `push`.
pub(crate) async fn push(arguments: PushArguments, output: &mut Output) -> anyhow::Result<()> {
    let PushWhat::Artifact(flags) = arguments.what;
    let Some(url) = &flags.url else {
        bail!("artifact URL is required")
    };
    for (flag, text) in [("--source", &flags.source), ("--revision", &flags.revision)] {
        if text.is_empty() {
            bail!("{flag} is required");
        }
    }
    if flags.path.is_empty() {
        bail!("invalid path \"\"");
    }
    let address = Address::parse(url)?;
    check_path(&flags.path, true)?;
    let created = if flags.reproducible {
        Timestamp::UNIX_EPOCH
    } else {
        Timestamp::now()
    };
    let created = created.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let annotations = annotations(&flags, &created)?;
    let registry = address.open(&flags.registry, output)?;
    if flags.output.is_none() {
        output.action(&format!("pushing artifact to {}", address.text))?;
    }
    let layer = flags
        .ignore
        .pack(&flags.path)
        .context("pushing artifact failed")?;
    let limit = arguments.cluster.timeout.as_std();
    let pushing = push_layer(&registry, &address, layer, annotations);
    let digest = tokio::time::timeout(limit, pushing)
        .await
        .context("pushing artifact failed: the time is over")?
        .context("pushing artifact failed")?;
    let pushed = address.with_digest(&digest);
    let shown = json!({
        "url": format!("oci://{pushed}"),
        "repository": address.name(),
        "tag": address.reference,
        "digest": digest,
    });
    match flags.output.as_deref() {
        Some("json") => output.print(&in_order(&shown))?,
        Some("yaml") => output.print(&skein_yaml::to_string(&shown))?,
        _ => output.success(&format!("artifact successfully pushed to {pushed}"))?,
    }
    Ok(())
}

/// JSON with the fields in the order in which they are of use.
fn in_order(shown: &serde_json::Value) -> String {
    let lines: Vec<String> = ["url", "repository", "tag", "digest"]
        .iter()
        .map(|field| format!("  \"{field}\": {}", shown[*field]))
        .collect();
    format!("{{\n{}\n}}\n", lines.join(",\n"))
}

fn annotations(flags: &PushFlags, created: &str) -> anyhow::Result<BTreeMap<String, String>> {
    let mut all = BTreeMap::from([
        (CREATED.to_owned(), created.to_owned()),
        (SOURCE.to_owned(), flags.source.clone()),
        (REVISION.to_owned(), flags.revision.clone()),
    ]);
    for text in &flags.annotations {
        let [key, value] = text.split('=').collect::<Vec<_>>()[..] else {
            bail!("invalid annotation {text}, must be in the format key=value")
        };
        all.insert(key.to_owned(), value.to_owned());
    }
    Ok(all)
}

/// Uploads layer, configuration and manifest; returns the digest of the manifest.
async fn push_layer(
    registry: &Registry,
    address: &Address,
    layer: pack::Layer,
    annotations: BTreeMap<String, String>,
) -> anyhow::Result<String> {
    let created = annotations.get(CREATED).cloned().unwrap_or_default();
    let config = config(&created, &layer.content_digest);
    let layer = registry.push_blob(LAYER_TYPE, layer.bytes).await?;
    let config = registry.push_blob(CONFIG_TYPE, config.into_bytes()).await?;
    let manifest = PushedManifest {
        schema_version: 2,
        media_type: OCI_MANIFEST_TYPE.to_owned(),
        config,
        layers: vec![layer],
        annotations,
    };
    let bytes = serde_json::to_vec(&manifest).context("writing the manifest")?;
    let pushed = registry.push_manifest(&address.reference, OCI_MANIFEST_TYPE, bytes);
    Ok(pushed.await?)
}

/// The configuration of an image with one layer; the order of fields decides its digest.
fn config(created: &str, content_digest: &str) -> String {
    format!(
        "{{\"architecture\":\"\",\"created\":\"{created}\",\"history\":[{{\"created\":\"0001-01-01T00:00:00Z\"}}],\
         \"os\":\"\",\"rootfs\":{{\"type\":\"layers\",\"diff_ids\":[\"{content_digest}\"]}},\"config\":{{}}}}"
    )
}

/// `pull`.
#[derive(Args, Clone, Debug)]
pub struct PullArguments {
    #[command(subcommand)]
    what: PullWhat,
    #[command(flatten)]
    cluster: ClusterArguments,
}

#[derive(Subcommand, Clone, Debug)]
enum PullWhat {
    /// Fetch an artifact from a registry and unpack it
    Artifact {
        /// Address: oci://HOST/PATH:TAG
        url: Option<String>,
        /// Folder to unpack into
        #[arg(short, long, default_value = "", hide_default_value = true)]
        output: String,
        #[command(flatten)]
        registry: RegistryFlags,
    },
}

/// Runs `pull`.
pub(crate) async fn pull(arguments: PullArguments, output: &mut Output) -> anyhow::Result<()> {
    let PullWhat::Artifact {
        url,
        output: folder,
        registry: flags,
    } = arguments.what;
    let Some(url) = url else {
        bail!("artifact URL is required")
    };
    if folder.is_empty() {
        bail!("output path cannot be empty");
    }
    match std::fs::metadata(&folder) {
        Ok(metadata) if metadata.is_dir() => {}
        Ok(_) => bail!("invalid output path {folder:?}: it is no directory"),
        Err(_) => bail!("invalid output path {folder:?}: stat {folder}: no such file or directory"),
    }
    let address = Address::parse(&url)?;
    let registry = address.open(&flags, output)?;
    output.action(&format!("pulling artifact from {}", address.text))?;
    let limit = arguments.cluster.timeout.as_std();
    let (digest, annotations, bytes) = tokio::time::timeout(limit, fetch(&registry, &address))
        .await
        .context("the time is over")??;
    let tree = skein_artifact::unpack(&bytes, true).context("unpacking the artifact")?;
    for (path, entry) in tree.walk() {
        write(Path::new(&folder), path, entry)?;
    }
    for (word, key) in [("source", SOURCE), ("revision", REVISION)] {
        if let Some(text) = annotations.get(key).filter(|text| !text.is_empty()) {
            output.success(&format!("{word} {text}"))?;
        }
    }
    output.success(&format!("digest {}", address.with_digest(&digest)))?;
    output.success(&format!("artifact content extracted to {folder}"))?;
    Ok(())
}

fn write(folder: &Path, path: &str, entry: &skein_artifact::Entry) -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let target = skein_artifact::confine::join(folder, path)?;
    let writing = || format!("writing {}", target.display());
    match entry {
        skein_artifact::Entry::Directory => std::fs::create_dir_all(&target).with_context(writing),
        skein_artifact::Entry::File { data, executable } => {
            if let Some(parent) = target.parent() {
                std::fs::create_dir_all(parent).with_context(writing)?;
            }
            std::fs::write(&target, data).with_context(writing)?;
            if *executable {
                let mode = std::fs::Permissions::from_mode(0o755);
                std::fs::set_permissions(&target, mode).with_context(writing)?;
            }
            Ok(())
        }
    }
}

/// Digest and annotations of the manifest, and the first layer.
async fn fetch(
    registry: &Registry,
    address: &Address,
) -> anyhow::Result<(String, BTreeMap<String, String>, Vec<u8>)> {
    let digest = registry.digest_of(&address.reference).await?;
    let manifest = registry.manifest(&address.reference).await?;
    let Some(layer) = manifest.layers.first() else {
        bail!("no layers found in artifact")
    };
    let bytes = registry.blob(layer, MAX_LAYER_BYTES).await?;
    Ok((digest, manifest.annotations, bytes))
}

/// `tag`.
#[derive(Args, Clone, Debug)]
pub struct TagArguments {
    #[command(subcommand)]
    what: TagWhat,
    #[command(flatten)]
    cluster: ClusterArguments,
}

#[derive(Subcommand, Clone, Debug)]
enum TagWhat {
    /// Give an artifact further tags
    Artifact {
        /// Address: oci://HOST/PATH:TAG
        url: Option<String>,
        /// New tags
        #[arg(long = "tag", value_delimiter = ',')]
        tags: Vec<String>,
        #[command(flatten)]
        registry: RegistryFlags,
    },
}

/// Runs `tag`.
pub(crate) async fn tag(arguments: TagArguments, output: &mut Output) -> anyhow::Result<()> {
    let TagWhat::Artifact {
        url,
        tags,
        registry: flags,
    } = arguments.what;
    let Some(url) = url else {
        bail!("artifact name is required")
    };
    if tags.is_empty() {
        bail!("--tag is required");
    }
    let address = Address::parse(&url)?;
    let registry = address.open(&flags, output)?;
    output.action("tagging artifact")?;
    let limit = arguments.cluster.timeout.as_std();
    let tagging = async {
        let bytes = registry.manifest_bytes(&address.reference).await?;
        let media_type = media_type_of(&bytes);
        for tag in &tags {
            registry
                .push_manifest(tag, &media_type, bytes.clone())
                .await?;
            output.success(&format!("artifact tagged as {}:{tag}", address.name()))?;
        }
        anyhow::Ok(())
    };
    tokio::time::timeout(limit, tagging)
        .await
        .context("tagging artifact failed: the time is over")?
        .context("tagging artifact failed")
}

fn media_type_of(manifest: &[u8]) -> String {
    let value: serde_json::Value = serde_json::from_slice(manifest).unwrap_or_default();
    value["mediaType"]
        .as_str()
        .unwrap_or(OCI_MANIFEST_TYPE)
        .to_owned()
}

/// `list`.
#[derive(Args, Clone, Debug)]
pub struct ListArguments {
    #[command(subcommand)]
    what: ListWhat,
    #[command(flatten)]
    cluster: ClusterArguments,
}

#[derive(Subcommand, Clone, Debug)]
enum ListWhat {
    /// Show the artifacts of a repository
    #[command(alias = "artifact")]
    Artifacts {
        /// Address: oci://HOST/PATH
        url: Option<String>,
        /// Only tags that are versions in this range
        #[arg(long)]
        filter_semver: Option<String>,
        /// Only tags that match this expression
        #[arg(long)]
        filter_regex: Option<String>,
        #[command(flatten)]
        registry: RegistryFlags,
    },
}

/// Runs `list`.
pub(crate) async fn list(arguments: ListArguments, output: &mut Output) -> anyhow::Result<()> {
    let ListWhat::Artifacts {
        url,
        filter_semver,
        filter_regex,
        registry: flags,
    } = arguments.what;
    let Some(url) = url else {
        bail!("artifact repository URL is required")
    };
    let address = Address::parse(&url)?;
    let registry = address.open(&flags, output)?;
    let range = filter_semver
        .map(|text| {
            skein_semver::Constraint::parse(&text)
                .map_err(|error| anyhow::anyhow!("semver '{text}' parse error: {error}"))
        })
        .transpose()?;
    let pattern = filter_regex
        .map(|text| {
            skein_gowords::regex(&text)
                .map_err(|error| anyhow::anyhow!("regex '{text}' parse error: {error}"))
        })
        .transpose()?;
    let mut tags = registry.tags(None).await.context("listing tags failed")?;
    tags.sort_by(|a, b| b.cmp(a));
    let is_wanted = |tag: &String| {
        let is_signature = [".att", ".sbom", ".sig"]
            .iter()
            .any(|end| tag.ends_with(end));
        let in_range = range.as_ref().is_none_or(|range| {
            skein_semver::Version::parse(tag).is_ok_and(|version| range.check(&version))
        });
        !is_signature && in_range && pattern.as_ref().is_none_or(|p| p.is_match(tag))
    };
    let mut rows = Vec::new();
    for tag in tags.iter().filter(|tag| is_wanted(tag)) {
        let manifest = registry
            .manifest(tag)
            .await
            .context("fetching manifest failed")?;
        let digest = registry
            .digest_of(tag)
            .await
            .context("fetching digest failed")?;
        let annotation = |key: &str| manifest.annotations.get(key).cloned().unwrap_or_default();
        rows.push(vec![
            format!("{}:{tag}", address.text),
            digest,
            annotation(SOURCE),
            annotation(REVISION),
        ]);
    }
    let heading = ["artifact", "digest", "source", "revision"].map(str::to_owned);
    Ok(output.print(&table::render(&heading, &rows))?)
}

/// `diff artifact`.
#[derive(Args, Clone, Debug)]
pub(crate) struct DiffArtifact {
    /// Address: oci://HOST/PATH:TAG
    url: Option<String>,
    /// Folder or file of the manifests
    #[arg(long, default_value = "", hide_default_value = true)]
    path: String,
    #[command(flatten)]
    ignore: IgnoreFlags,
    #[command(flatten)]
    registry: RegistryFlags,
}

/// Runs `diff artifact`.
pub(crate) async fn diff(arguments: &DiffArtifact, output: &mut Output) -> anyhow::Result<()> {
    let Some(url) = &arguments.url else {
        bail!("artifact URL is required")
    };
    if arguments.path.is_empty() {
        bail!("invalid path \"\"");
    }
    let address = Address::parse(url)?;
    check_path(&arguments.path, false)?;
    let registry = address.open(&arguments.registry, output)?;
    let layer = arguments
        .ignore
        .pack(&arguments.path)
        .context("building artifact failed")?;
    let manifest = registry.manifest(&address.reference).await?;
    let Some(remote) = manifest.layers.first() else {
        bail!("no layers found in artifact")
    };
    if remote.digest != skein_registry::registry::digest(&layer.bytes) {
        bail!("the remote artifact contents differs from the local one");
    }
    output.success("no changes detected")?;
    Ok(())
}
