//! Charts for other commands: loaded from the disk, or fetched from a repository or registry with the credentials of Secrets.

use std::path::Path;

use anyhow::{anyhow, bail};
use skein_helm::Chart;
use skein_helm::archive::MAX_CHART_BYTES;
use skein_http::TlsMaterial;
use skein_object::Object;
use skein_registry::chart_repository::{ChartRepository, MAX_INDEX_BYTES};
use skein_registry::{Access, Credentials, Keychain, Registry, Repository};
use skein_semver::{Constraint, Version};

use super::fetch::{self, OCI_SCHEME};
use super::{disk, repositories};
use crate::output::Output;

/// Media type of a chart's layer; without one the first layer is taken.
const CHART_LAYER: &str = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";
/// The tag when none is named.
const DEFAULT_TAG: &str = "latest";

/// A repository or registry.
#[derive(Default)]
pub(crate) struct Source {
    /// Address.
    pub url: String,
    /// Whether other hosts get the credentials too.
    pub pass_credentials: bool,
    /// Whether plain HTTP is spoken.
    pub insecure: bool,
    /// Credentials.
    pub login: Login,
}

/// Credentials out of Secrets.
#[derive(Default)]
pub(crate) struct Login {
    credentials: Option<Credentials>,
    keychain: Keychain,
    tls: Option<TlsMaterial>,
}

impl Login {
    /// User name and password, or the logins of Docker.
    pub(crate) fn take_credentials(&mut self, secret: &Object) -> anyhow::Result<()> {
        let name = secret.namespaced_name();
        if let Some(text) = value(secret, ".dockerconfigjson") {
            self.keychain = Keychain::from_docker_config(&text)
                .map_err(|error| anyhow!("Secret '{name}': {error}"))?;
            return Ok(());
        }
        let text = |key: &str| value(secret, key).and_then(|bytes| String::from_utf8(bytes).ok());
        match (text("username"), text("password")) {
            (Some(username), Some(password)) => {
                self.credentials = Some(Credentials::Basic { username, password });
                Ok(())
            }
            (None, None) => Ok(()),
            _ => bail!("Secret '{name}' has only one of 'username' and 'password'"),
        }
    }

    /// Trust and client certificate.
    pub(crate) fn take_certificates(&mut self, secret: &Object) {
        let part = |key: &str| value(secret, key).unwrap_or_default();
        self.tls = Some(TlsMaterial {
            certificate_authority: part("ca.crt"),
            client_certificate: part("tls.crt"),
            client_key: part("tls.key"),
        });
    }
}

fn value(secret: &Object, key: &str) -> Option<Vec<u8>> {
    use base64::Engine as _;
    let text = secret.str_at(&["data", key])?;
    base64::engine::general_purpose::STANDARD.decode(text).ok()
}

impl Source {
    fn access(&self) -> Access {
        Access {
            credentials: self.login.credentials.clone().unwrap_or_default(),
            tls: self.login.tls.clone(),
            proxy: None,
            insecure: self.insecure,
            no_plain_guess: false,
        }
    }

    fn registry(&self, url: &str) -> anyhow::Result<Registry> {
        let repository = Repository::parse_url(url)?;
        let mut access = self.access();
        if access.credentials == Credentials::Anonymous {
            access.credentials = self.login.keychain.credentials_for(&repository);
        }
        Ok(Registry::new(repository, &access)?)
    }
}

/// A chart on the disk.
pub(crate) fn load(path: &Path) -> anyhow::Result<Chart> {
    disk::load(path)
}

/// A chart of a HelmRepository: of its index, or of its registry.
pub(crate) async fn from_repository(
    source: &Source,
    chart: &str,
    version: &str,
    output: &mut Output,
) -> anyhow::Result<Chart> {
    if source.url.starts_with(OCI_SCHEME) {
        let url = format!("{}/{chart}", source.url.trim_end_matches('/'));
        let registry = source.registry(&url)?;
        let tag = if skein_registry::index::parse_strict(version).is_some() {
            version.replace('+', "_")
        } else {
            tag_in(&registry, &url, version).await?
        };
        return pull(&registry, &url, &tag, output).await;
    }
    let client = ChartRepository::new(&source.url, &source.access(), source.pass_credentials)?;
    let bytes = client.fetch_index(MAX_INDEX_BYTES).await?;
    let index = repositories::parse_index(&bytes, &source.url, output)?;
    let found = index
        .find(chart, version)
        .map_err(|error| anyhow!("failed to get chart version for remote reference: {error}"))?;
    let url = fetch::first_url(found)
        .ok_or_else(|| anyhow!("chart '{chart}' has no downloadable URLs"))?;
    let bytes = client.fetch_chart(url, MAX_CHART_BYTES).await?;
    output.action(&format!(
        "fetched chart {chart} {} from {}",
        found.metadata.version, source.url
    ))?;
    disk::load_archive(&bytes, chart)
}

/// The chart of an OCIRepository, by digest, range or tag.
pub(crate) async fn from_artifact(
    source: &Source,
    (digest, semver, tag): (&str, &str, &str),
    output: &mut Output,
) -> anyhow::Result<Chart> {
    let registry = source.registry(&source.url)?;
    let reference = match (digest, semver, tag) {
        ("", "", "") => DEFAULT_TAG.to_owned(),
        ("", "", tag) => tag.to_owned(),
        ("", semver, _) => tag_in(&registry, &source.url, semver).await?,
        (digest, ..) => digest.to_owned(),
    };
    pull(&registry, &source.url, &reference, output).await
}

/// The tag with the highest version in a range.
async fn tag_in(registry: &Registry, url: &str, range: &str) -> anyhow::Result<String> {
    let constraint = Constraint::parse(if range.is_empty() { "*" } else { range })?;
    let tags = registry.tags(None).await?;
    let mut versions: Vec<(Version, &String)> = tags
        .iter()
        .filter_map(|tag| {
            Some((
                skein_registry::index::parse_strict(&tag.replace('_', "+"))?,
                tag,
            ))
        })
        .filter(|(version, _)| constraint.check(version))
        .collect();
    versions.sort_by(|(left, _), (right, _)| left.precedence(right));
    let highest = versions.pop().map(|(_, tag)| tag.clone());
    highest.ok_or_else(|| anyhow!("no tag of {url} is a version in the range '{range}'"))
}

async fn pull(
    registry: &Registry,
    url: &str,
    reference: &str,
    output: &mut Output,
) -> anyhow::Result<Chart> {
    let manifest = registry.manifest(reference).await?;
    let by_type = manifest
        .layers
        .iter()
        .find(|layer| layer.media_type == CHART_LAYER);
    let Some(layer) = by_type.or(manifest.layers.first()) else {
        bail!("{url} at {reference} has no layers");
    };
    let bytes = registry.blob(layer, MAX_CHART_BYTES).await?;
    output.action(&format!("fetched chart {url} at {reference}"))?;
    disk::load_archive(&bytes, url)
}
