//! The flags that say how repositories and registries are reached.

use std::fs;
use std::io::Read;

use anyhow::{anyhow, bail};
use clap::Args;
use skein_http::TlsMaterial;
use skein_registry::{Access, Credentials};

use super::repositories::Entry;

/// Largest certificate or key file, in bytes.
const MAX_PEM_BYTES: u64 = 4 << 20;

/// How repositories and registries are reached.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct ConnectionArguments {
    /// User name for the chart repository
    #[arg(long)]
    pub username: Option<String>,
    /// Password for the chart repository
    #[arg(long)]
    pub password: Option<String>,
    /// Client certificate
    #[arg(long, value_name = "FILE")]
    pub cert_file: Option<String>,
    /// Key of the client certificate
    #[arg(long, value_name = "FILE")]
    pub key_file: Option<String>,
    /// Certificates to trust
    #[arg(long, value_name = "FILE")]
    pub ca_file: Option<String>,
    /// Do not check certificates
    #[arg(long)]
    pub insecure_skip_tls_verify: bool,
    /// Speak plain HTTP with registries
    #[arg(long)]
    pub plain_http: bool,
    /// Verify signatures (refused: not built yet)
    #[arg(long, hide = true)]
    verify: bool,
    #[arg(long, hide = true)]
    keyring: Option<String>,
}

/// Which chart of which repository.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct RemoteArguments {
    /// Version or range of the chart; the latest release when left out
    #[arg(long, default_value = "", hide_default_value = true)]
    pub version: String,
    /// Address of the chart repository
    #[arg(long, value_name = "URL")]
    pub repo: Option<String>,
    /// Send user name and password to other hosts too
    #[arg(long)]
    pub pass_credentials: bool,
    #[command(flatten)]
    pub connection: ConnectionArguments,
}

impl RemoteArguments {
    /// The address of the chart repository; an empty one is none.
    pub(super) fn repository(&self) -> Option<&str> {
        self.repo.as_deref().filter(|url| !url.is_empty())
    }

    /// The version that is asked for; `--devel` asks for any.
    pub(super) fn version_or_devel(&self, devel: bool) -> String {
        let version = self.version.trim();
        if version.is_empty() && devel {
            ">0.0.0-0".to_owned()
        } else {
            version.to_owned()
        }
    }
}

impl ConnectionArguments {
    /// Refuses what is not built.
    pub(super) fn check(&self) -> anyhow::Result<()> {
        if self.verify {
            bail!(
                "--verify: signatures of charts are not verified yet; leave it out, or use helm for this step"
            );
        }
        Ok(())
    }

    /// Where the files lie, as it is kept for a repository.
    pub(super) fn entry(&self, name: &str, url: &str) -> Entry {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        Entry {
            name: name.to_owned(),
            url: url.to_owned(),
            username: text(&self.username),
            password: text(&self.password),
            cert_file: text(&self.cert_file),
            key_file: text(&self.key_file),
            ca_file: text(&self.ca_file),
            insecure_skip_tls_verify: self.insecure_skip_tls_verify,
            pass_credentials_all: false,
        }
    }

    /// What a chart repository is reached with.
    pub(super) fn access(&self) -> anyhow::Result<Access> {
        access(&Files {
            username: self.username.as_deref().unwrap_or_default(),
            password: self.password.as_deref().unwrap_or_default(),
            certificate: self.cert_file.as_deref().unwrap_or_default(),
            key: self.key_file.as_deref().unwrap_or_default(),
            authority: self.ca_file.as_deref().unwrap_or_default(),
            insecure: self.insecure_skip_tls_verify,
        })
    }
}

/// Credentials and the names of files, empty where there are none.
#[derive(Default)]
pub(super) struct Files<'a> {
    pub username: &'a str,
    pub password: &'a str,
    pub certificate: &'a str,
    pub key: &'a str,
    pub authority: &'a str,
    pub insecure: bool,
}

/// Reads the files.
pub(super) fn access(files: &Files<'_>) -> anyhow::Result<Access> {
    let has_login = !files.username.is_empty() && !files.password.is_empty();
    let credentials = if has_login {
        Credentials::Basic {
            username: files.username.to_owned(),
            password: files.password.to_owned(),
        }
    } else {
        Credentials::Anonymous
    };
    let has_pair = !files.certificate.is_empty() && !files.key.is_empty();
    let tls = (has_pair || !files.authority.is_empty())
        .then(|| {
            Ok::<_, anyhow::Error>(TlsMaterial {
                certificate_authority: pem(files.authority)?,
                client_certificate: if has_pair {
                    pem(files.certificate)?
                } else {
                    vec![]
                },
                client_key: if has_pair { pem(files.key)? } else { vec![] },
            })
        })
        .transpose()
        .map_err(|error| anyhow!("can't create TLS config for client: {error}"))?;
    Ok(Access {
        credentials,
        tls,
        proxy: None,
        insecure: files.insecure,
        no_plain_guess: false,
    })
}

fn pem(path: &str) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if path.is_empty() {
        return Ok(bytes);
    }
    let file = fs::File::open(path).map_err(|error| anyhow!("can't read {path:?}: {error}"))?;
    file.take(MAX_PEM_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}
