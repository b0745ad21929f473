//! Charts from registries: references with tags, digests and ranges.

use std::fs;

use anyhow::{anyhow, bail};
use skein_helm::archive::MAX_CHART_BYTES;
use skein_registry::{Access, Credentials, Keychain, Registry, RegistryError, Repository};
use skein_semver::{Constraint, Version};

use super::Package;
use crate::helm::connection::ConnectionArguments;
use crate::helm::docker_helper::Helpers;
use crate::helm::registry;
use crate::helm::settings::Settings;

/// Address prefix of registries.
pub(in crate::helm) const OCI_SCHEME: &str = "oci://";
/// Media types of a chart's layer, the present one before the old one.
pub(in crate::helm) const CHART_LAYERS: [&str; 2] = [
    "application/vnd.cncf.helm.chart.content.v1.tar+gzip",
    "application/tar+gzip",
];
/// Media type of a chart's configuration.
pub(in crate::helm) const CHART_CONFIG: &str = "application/vnd.cncf.helm.config.v1+json";
/// Largest file of logins, in bytes.
const MAX_LOGINS_BYTES: u64 = 4 << 20;
/// What helm says below a reference with an underscore.
const UNDERSCORE: &str = "
OCI artifact references (e.g. tags) do not support the plus sign (+). To support
storing semantic versions, Helm adopts the convention of changing plus (+) to
an underscore (_) in chart version tags when pushing to a registry and back to
a plus (+) when pulling from a registry.
";

/// A reference in parts.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reference {
    /// Host and path.
    pub name: String,
    /// The tag, with a plus sign as it is written; empty for none.
    pub tag: String,
    /// The digest; empty for none.
    pub digest: String,
}

impl Reference {
    /// Reads `oci://host/path[:tag][@digest]`.
    pub(super) fn parse(text: &str) -> anyhow::Result<Self> {
        let rest = text.strip_prefix(OCI_SCHEME).unwrap_or(text);
        let (rest, digest) = rest.rsplit_once('@').unwrap_or((rest, ""));
        let (name, tag) = match rest.rsplit_once(':') {
            Some((name, tag)) if !tag.contains('/') => (name, tag),
            _ => (rest, ""),
        };
        let is_tag = tag.len() <= 128
            && tag
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
            && !tag.starts_with(['.', '-']);
        if !is_tag {
            bail!("invalid reference: invalid tag {tag:?}");
        }
        let Some((_, path)) = name.split_once('/') else {
            bail!("invalid reference: missing registry or repository");
        };
        if !is_repository(path) {
            bail!("invalid reference: invalid repository {path:?}");
        }
        Ok(Self {
            name: name.to_owned(),
            tag: tag.to_owned(),
            digest: digest.to_owned(),
        })
    }
}

/// Whether a path is one of the distribution specification: parts of small letters and digits with single separators between.
fn is_repository(path: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let is_part = |part: &str| {
        part.starts_with(|c: char| c.is_ascii() && is_word(c as u8))
            && part.ends_with(|c: char| c.is_ascii() && is_word(c as u8))
            && part
                .bytes()
                .all(|byte| is_word(byte) || b"._-".contains(&byte))
    };
    !path.is_empty() && path.split('/').all(is_part)
}

/// Fetches a chart of a registry. A version may be a tag or a range; it goes before the tag of the reference, which must not say something else.
pub(in crate::helm) async fn pull(
    reference: &str,
    version: &str,
    connection: &ConnectionArguments,
    settings: &Settings,
) -> anyhow::Result<Package> {
    let parsed = Reference::parse(reference)?;
    let registry = open(&parsed.name, connection, settings)?;
    let version = match (version, parsed.tag.as_str()) {
        ("", tag) => tag,
        (version, "") => version,
        (version, tag) if version == tag => version,
        (version, tag) => bail!("chart reference and version mismatch: {version} is not {tag}"),
    };
    if !parsed.digest.is_empty() {
        return by_digest(&registry, &parsed, version).await;
    }
    let tag = if Version::parse(version).is_ok() {
        version.to_owned()
    } else {
        let tags = tags(&registry).await?;
        if tags.is_empty() {
            bail!("unable to locate any tags in provided repository: {reference}");
        }
        matching(&tags, version)?
    };
    let pushed = tag.replace('+', "_");
    let shown = format!("{}:{pushed}", parsed.name);
    let (bytes, digest) = layer(&registry, &pushed, &shown).await?;
    let chart = last_part(&parsed.name);
    Ok(Package {
        bytes,
        file_name: format!("{chart}-{tag}.tgz"),
        notes: notes(&shown, &digest),
    })
}

async fn by_digest(
    registry: &Registry,
    parsed: &Reference,
    version: &str,
) -> anyhow::Result<Package> {
    // The chart need not be tagged when its digest is given; a tag that is there must agree.
    if !version.is_empty()
        && let Ok(tagged) = registry.digest_of(&version.replace('+', "_")).await
        && tagged != parsed.digest
    {
        bail!(
            "chart reference digest mismatch: {tagged} is not {}",
            parsed.digest
        );
    }
    let shown = format!("{}@{}", parsed.name, parsed.digest);
    let (bytes, digest) = layer(registry, &parsed.digest, &shown).await?;
    let sum = parsed.digest.replace(':', "-");
    Ok(Package {
        bytes,
        file_name: format!("{}@{sum}.tgz", last_part(&parsed.name)),
        notes: notes(&shown, &digest),
    })
}

fn last_part(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

fn notes(shown: &str, digest: &str) -> String {
    let note = underscore_note(shown, shown);
    format!("Pulled: {shown}\nDigest: {digest}\n{note}")
}

/// What is said when a text has an underscore.
pub(in crate::helm) fn underscore_note(text: &str, shown: &str) -> String {
    if text.contains('_') {
        format!("{shown} contains an underscore.\n{UNDERSCORE}")
    } else {
        String::new()
    }
}

/// A registry with the credentials of the flags or of the files of logins.
pub(in crate::helm) fn open(
    name: &str,
    connection: &ConnectionArguments,
    settings: &Settings,
) -> anyhow::Result<Registry> {
    let repository = Repository::parse_of_any_length(name)?;
    let mut access = Access {
        insecure: connection.insecure_skip_tls_verify || connection.plain_http,
        ..connection.access()?
    };
    if access.credentials == Credentials::Anonymous {
        access.credentials = stored(settings, &repository)?;
    }
    Ok(Registry::new(repository, &access)?)
}

/// The login of `helm registry login`, or of `docker login`: what the helper keeps that a file names, or what stands in the file.
fn stored(settings: &Settings, repository: &Repository) -> anyhow::Result<Credentials> {
    for path in &settings.registry_configs {
        let is_readable = fs::metadata(path).is_ok_and(|file| file.len() <= MAX_LOGINS_BYTES);
        if !is_readable {
            continue;
        }
        let text = fs::read(path).map_err(|error| anyhow!("open {}: {error}", path.display()))?;
        let held = Keychain::from_docker_config(&text)
            .map_err(|error| anyhow!("{}: {error}", path.display()))?;
        let helpers: Helpers = serde_json::from_slice(&text).unwrap_or_default();
        let address = registry::key_of(repository.registry());
        let credentials = match helpers.of(address)? {
            Some(helper) => helper.get(address)?,
            None => held.credentials_for(repository),
        };
        if credentials != Credentials::Anonymous {
            return Ok(credentials);
        }
    }
    Ok(Credentials::Anonymous)
}

/// Tags that are versions in full, the highest first.
pub(in crate::helm) async fn tags(registry: &Registry) -> anyhow::Result<Vec<String>> {
    let tags = registry.tags(None).await.map_err(in_words)?;
    let mut versions: Vec<Version> = tags
        .iter()
        .map(|tag| tag.replace('_', "+"))
        .filter(|tag| !tag.starts_with('v'))
        .filter_map(|tag| skein_registry::index::parse_strict(&tag))
        .collect();
    versions.sort_by(|left, right| right.precedence(left));
    Ok(versions
        .iter()
        .map(|version| version.original().to_owned())
        .collect())
}

fn matching(tags: &[String], wanted: &str) -> anyhow::Result<String> {
    if let Some(exact) = tags.iter().find(|tag| *tag == wanted) {
        return Ok(exact.clone());
    }
    let range = Constraint::parse(if wanted.is_empty() { "*" } else { wanted })?;
    let fits = |tag: &&String| Version::parse(tag).is_ok_and(|version| range.check(&version));
    tags.iter().find(fits).cloned().ok_or_else(|| {
        anyhow!("could not locate a version matching provided version string {wanted}")
    })
}

/// The bytes of the chart and the digest of the manifest.
async fn layer(
    registry: &Registry,
    reference: &str,
    shown: &str,
) -> anyhow::Result<(Vec<u8>, String)> {
    let failed = |error: RegistryError| {
        let reason = match error.status() {
            Some(404) => format!("{shown}: not found"),
            _ => error.in_words_of_helm(),
        };
        anyhow!("failed to perform \"FetchReference\" on source: {reason}")
    };
    let digest = registry.digest_of(reference).await.map_err(failed)?;
    let manifest = registry.manifest(&digest).await.map_err(failed)?;
    if manifest.config.media_type != CHART_CONFIG {
        bail!("could not load config with mediatype {CHART_CONFIG}");
    }
    let mut layers = CHART_LAYERS.iter().filter_map(|wanted| {
        let mut layers = manifest.layers.iter();
        layers.find(|layer| layer.media_type == *wanted)
    });
    let Some(layer) = layers.next() else {
        bail!(
            "manifest does not contain a layer with mediatype {}",
            CHART_LAYERS[0]
        );
    };
    let bytes = registry
        .blob(layer, MAX_CHART_BYTES)
        .await
        .map_err(in_words)?;
    Ok((bytes, digest))
}

fn in_words(error: RegistryError) -> anyhow::Error {
    anyhow!(error.in_words_of_helm())
}
