//! Credentials of Git servers: `create secret git` and `githubapp`.

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;
use serde_json::Map;

use super::super::references::{self, Words as Known};
use super::super::sources;
use super::{Contents, read_text};

/// Smallest RSA key, in bits.
const MIN_RSA_BITS: u32 = 1024;

/// Which SSH key is taken or made.
#[derive(Args, Clone, Debug)]
pub struct KeyFlags {
    /// Sort of SSH key: rsa, ecdsa or ed25519
    #[arg(long, default_value = "ecdsa")]
    ssh_key_algorithm: String,
    /// Size of an RSA key
    #[arg(long, default_value = "2048")]
    ssh_rsa_bits: String,
    /// Curve of an ECDSA key: p256, p384 or p521
    #[arg(long, default_value = "p384")]
    ssh_ecdsa_curve: String,
    /// File with an SSH key
    #[arg(long)]
    private_key_file: Option<PathBuf>,
}

impl KeyFlags {
    /// Refuses what no key can be.
    pub(in super::super) fn check(&self) -> anyhow::Result<()> {
        references::one_of(
            Some(&self.ssh_key_algorithm),
            &Known {
                flag: "--ssh-key-algorithm",
                words: &["rsa", "ecdsa", "ed25519"],
                refusal: ("unsupported public key algorithm", ""),
                missing: "no public key algorithm given, must be one of: rsa, ecdsa, ed25519",
            },
        )?;
        references::one_of(
            Some(&self.ssh_ecdsa_curve),
            &Known {
                flag: "--ssh-ecdsa-curve",
                words: &["p256", "p384", "p521"],
                refusal: ("unsupported curve", ""),
                missing: "unsupported curve '', must be one of: p256, p384, p521",
            },
        )?;
        let refuse = |why: &str| {
            Err(references::refused(
                "--ssh-rsa-bits",
                &self.ssh_rsa_bits,
                why,
            ))
        };
        match self.ssh_rsa_bits.parse::<u32>() {
            Ok(bits) if bits < MIN_RSA_BITS => refuse("RSA key bit size must be at least 1024"),
            Ok(bits) if bits % 8 != 0 => refuse("RSA key bit size must be a multiples of 8"),
            Ok(_) => Ok(()),
            Err(_) => refuse(&format!(
                "strconv.Atoi: parsing {:?}: invalid syntax",
                self.ssh_rsa_bits
            )),
        }
    }
}

/// Flags of `create secret git`.
#[derive(Args, Clone, Debug)]
pub struct GitFlags {
    pub(super) name: Option<String>,
    /// Address of the repository
    #[arg(long)]
    url: Option<String>,
    /// User name
    #[arg(short, long, default_value = "", hide_default_value = true)]
    username: String,
    /// Password, or the pass phrase of the key file
    #[arg(short, long, default_value = "", hide_default_value = true)]
    password: String,
    #[command(flatten)]
    key: KeyFlags,
    /// File with the certificate authority of the server
    #[arg(long)]
    ca_crt_file: Option<PathBuf>,
    /// Bearer token
    #[arg(long, default_value = "", hide_default_value = true)]
    bearer_token: String,
}

/// Flags of `create secret githubapp`.
#[derive(Args, Clone, Debug)]
pub struct GithubAppFlags {
    pub(super) name: Option<String>,
    /// Id of the app
    #[arg(long, default_value = "", hide_default_value = true)]
    app_id: String,
    /// User or organisation where the app is installed
    #[arg(long, default_value = "", hide_default_value = true)]
    app_installation_owner: String,
    /// Id of the installation
    #[arg(long, default_value = "", hide_default_value = true)]
    app_installation_id: String,
    /// File with the key of the app
    #[arg(long, default_value = "", hide_default_value = true)]
    app_private_key: PathBuf,
    /// Address of the API
    #[arg(long, default_value = "", hide_default_value = true)]
    app_base_url: String,
}

pub(super) fn git(flags: &GitFlags) -> anyhow::Result<Contents> {
    flags.key.check()?;
    let url = flags
        .url
        .as_deref()
        .filter(|url| !url.is_empty())
        .context("url is required")?;
    let scheme = url.split_once("://").map_or("", |(scheme, _)| scheme);
    let mut data = Map::new();
    match scheme {
        "ssh" => {
            let host = sources::host_of(url);
            bail!(
                "SSH keys are not made and host keys are not fetched yet: make a Secret with the fields identity, identity.pub and known_hosts (`ssh-keyscan {host}`)"
            );
        }
        "http" | "https" => {
            let has_user = !flags.username.is_empty() && !flags.password.is_empty();
            if !has_user && flags.bearer_token.is_empty() {
                bail!(
                    "for Git over HTTP/S the username and password, or a bearer token is required"
                );
            }
            if has_user && !flags.bearer_token.is_empty() {
                bail!("user credentials and bearer token cannot be used together");
            }
            if has_user {
                data.insert("username".into(), flags.username.as_str().into());
                data.insert("password".into(), flags.password.as_str().into());
            } else {
                data.insert("bearerToken".into(), flags.bearer_token.as_str().into());
            }
            if let Some(file) = &flags.ca_crt_file {
                data.insert(
                    "ca.crt".into(),
                    read_text(file, "unable to read TLS CA file")?.into(),
                );
            }
        }
        other => {
            bail!("git URL scheme '{other}' not supported, can be: ssh, http and https");
        }
    }
    Ok(Contents {
        data,
        ..Contents::default()
    })
}

pub(super) fn github_app(flags: &GithubAppFlags) -> anyhow::Result<Contents> {
    let key = read_text(&flags.app_private_key, "unable to read private key file")?;
    let mut data = Map::new();
    for (field, text) in [
        ("githubAppID", flags.app_id.as_str()),
        ("githubAppPrivateKey", key.as_str()),
    ] {
        if text.is_empty() {
            bail!("{field} is required");
        }
        data.insert(field.into(), text.into());
    }
    if flags.app_installation_owner.is_empty() == flags.app_installation_id.is_empty() {
        bail!(
            "exactly one of githubAppInstallationOwner or githubAppInstallationID must be provided"
        );
    }
    for (field, text) in [
        ("githubAppInstallationOwner", &flags.app_installation_owner),
        ("githubAppInstallationID", &flags.app_installation_id),
        ("githubAppBaseURL", &flags.app_base_url),
    ] {
        if !text.is_empty() {
            data.insert(field.into(), text.as_str().into());
        }
    }
    Ok(Contents {
        data,
        secret_type: Some("Opaque"),
        is_unlabelled: true,
        ..Contents::default()
    })
}
