//! Where artifacts are: an address with a tag or digest, and the credentials for it.

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;
use skein_registry::{Access, Credentials, Keychain, Registry, Repository};

use crate::create::{OCI_PROVIDERS, one_of};
use crate::output::Output;

/// Tag that is meant when none is named.
const DEFAULT_TAG: &str = "latest";

/// Largest file with credentials, in bytes.
const MAX_CONFIG_BYTES: u64 = 1 << 20;

/// Flags of all commands that reach a registry.
#[derive(Args, Clone, Debug)]
pub(super) struct RegistryFlags {
    /// Credentials: USER[:PASSWORD]; those of Docker's configuration when not given
    #[arg(long)]
    creds: Option<String>,
    /// Provider of credentials: generic, aws, azure or gcp
    #[arg(long, default_value = "generic")]
    provider: String,
    /// Allow plain HTTP, and do not check certificates
    #[arg(long)]
    insecure_registry: bool,
}

/// One artifact, or a repository of them.
pub(super) struct Address {
    /// The address without `oci://`.
    pub text: String,
    pub repository: Repository,
    /// Tag or digest.
    pub reference: String,
}

impl Address {
    /// Reads `oci://HOST/PATH[:TAG|@DIGEST]`.
    pub(super) fn parse(url: &str) -> anyhow::Result<Self> {
        let Some(text) = url.strip_prefix("oci://") else {
            bail!("URL must be in format 'oci://<domain>/<org>/<repo>'")
        };
        let (name, reference) = match text.split_once('@') {
            Some((name, digest)) => (name, digest),
            None => match text.rsplit_once(':') {
                Some((name, tag)) if !tag.contains('/') => (name, tag),
                _ => (text, DEFAULT_TAG),
            },
        };
        let repository = Repository::parse(name).with_context(|| format!("'{url}' invalid URL"))?;
        Ok(Self {
            text: text.to_owned(),
            repository,
            reference: reference.to_owned(),
        })
    }

    /// `HOST/PATH@DIGEST`.
    pub(super) fn with_digest(&self, digest: &str) -> String {
        format!("{}@{digest}", self.name())
    }

    /// `HOST/PATH`.
    pub(super) fn name(&self) -> String {
        format!("{}/{}", self.repository.registry(), self.repository.path())
    }

    /// The repository, reached with the credentials of the flags.
    pub(super) fn open(
        &self,
        flags: &RegistryFlags,
        output: &mut Output,
    ) -> anyhow::Result<Registry> {
        one_of(Some(&flags.provider), &OCI_PROVIDERS)?;
        if flags.provider != "generic" {
            bail!(
                "credentials of the provider {} are not built yet: log in with docker, or give --creds",
                flags.provider
            );
        }
        let credentials = match flags.creds.as_deref().filter(|text| !text.is_empty()) {
            Some(creds) => {
                output.action("logging in to registry with credentials")?;
                let (username, password) = creds.split_once(':').unwrap_or((creds, ""));
                Credentials::Basic {
                    username: username.to_owned(),
                    password: password.to_owned(),
                }
            }
            None => stored(&self.repository)?,
        };
        let access = Access {
            credentials,
            insecure: flags.insecure_registry,
            ..Access::default()
        };
        Ok(Registry::new(self.repository.clone(), &access)?)
    }
}

/// The credentials that Docker's configuration has for a repository.
fn stored(repository: &Repository) -> anyhow::Result<Credentials> {
    let folder = std::env::var_os("DOCKER_CONFIG")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".docker")));
    let Some(file) = folder.map(|folder| folder.join("config.json")) else {
        return Ok(Credentials::Anonymous);
    };
    let Ok(metadata) = std::fs::metadata(&file) else {
        return Ok(Credentials::Anonymous);
    };
    if metadata.len() > MAX_CONFIG_BYTES {
        bail!("{} is larger than {MAX_CONFIG_BYTES} bytes", file.display());
    }
    let text = std::fs::read(&file).with_context(|| format!("reading {}", file.display()))?;
    let keychain = Keychain::from_docker_config(&text)
        .with_context(|| format!("reading {}", file.display()))?;
    Ok(keychain.credentials_for(repository))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_tags_and_digests() {
        let parts = |url: &str| {
            Address::parse(url)
                .map(|address| (address.name(), address.reference))
                .ok()
        };
        let is = |name: &str, reference: &str| Some((name.to_owned(), reference.to_owned()));
        assert_eq!(parts("oci://h:5000/a/b:v1"), is("h:5000/a/b", "v1"));
        assert_eq!(parts("oci://h:5000/a/b"), is("h:5000/a/b", "latest"));
        assert_eq!(parts("oci://h.x/ab@sha256:00"), is("h.x/ab", "sha256:00"));
        assert_eq!(parts("h.x/a"), None);
        assert_eq!(parts("oci://h.x/A"), None);
    }
}
