//! Secrets that certificates may be part of: `create secret helm`, `notation` and `tls`.

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;
use serde_json::{Map, Value, json};

use super::super::set_text;
use super::{Contents, as_map, read_text};

/// Files with certificates.
#[derive(Args, Clone, Debug)]
struct CertificateFlags {
    /// File with the client certificate
    #[arg(long)]
    tls_crt_file: Option<PathBuf>,
    /// File with the key of the client certificate
    #[arg(long)]
    tls_key_file: Option<PathBuf>,
    /// File with the certificate authority of the server
    #[arg(long)]
    ca_crt_file: Option<PathBuf>,
}

/// Flags of `create secret helm`.
#[derive(Args, Clone, Debug)]
pub struct HelmFlags {
    pub(super) name: Option<String>,
    /// User name
    #[arg(short, long, default_value = "", hide_default_value = true)]
    username: String,
    /// Password
    #[arg(short, long, default_value = "", hide_default_value = true)]
    password: String,
    #[command(flatten)]
    certificates: CertificateFlags,
}

/// Flags of `create secret notation`.
#[derive(Args, Clone, Debug)]
pub struct NotationFlags {
    pub(super) name: Option<String>,
    /// File with the trust policy
    #[arg(long)]
    trust_policy_file: Option<PathBuf>,
    /// Files with certificates of authorities, .crt or .pem
    #[arg(long, value_delimiter = ',')]
    ca_cert_file: Vec<PathBuf>,
}

/// Flags of `create secret tls`.
#[derive(Args, Clone, Debug)]
pub struct TlsFlags {
    pub(super) name: Option<String>,
    #[command(flatten)]
    certificates: CertificateFlags,
}

impl CertificateFlags {
    /// Certificate authority, certificate and key; empty when not given.
    fn read(&self) -> anyhow::Result<[String; 3]> {
        let one = |file: &Option<PathBuf>, what: &str| match file {
            Some(file) => read_text(file, what),
            None => Ok(String::new()),
        };
        Ok([
            one(&self.ca_crt_file, "unable to read TLS CA file")?,
            one(&self.tls_crt_file, "failed to read cert file")?,
            one(&self.tls_key_file, "failed to read key file")?,
        ])
    }
}

/// What a Secret of a Helm repository is made of.
pub(in super::super) struct HelmParts {
    pub username: String,
    pub password: String,
    pub ca: String,
    pub certificate: String,
    pub key: String,
}

impl HelmParts {
    /// The data and the type of the Secret: a client certificate comes before a password, and that before an authority alone.
    pub(in super::super) fn data(&self) -> anyhow::Result<(Value, Option<&'static str>)> {
        if !self.certificate.is_empty() || !self.key.is_empty() {
            return certificate_data(&self.ca, &self.certificate, &self.key);
        }
        if !self.username.is_empty() || !self.password.is_empty() {
            for (field, text) in [("username", &self.username), ("password", &self.password)] {
                if text.is_empty() {
                    bail!("{field} is required");
                }
            }
            let mut data = json!({"username": self.username, "password": self.password});
            set_text(&mut data, "ca.crt", Some(&self.ca));
            return Ok((data, Some("kubernetes.io/basic-auth")));
        }
        if self.ca.is_empty() {
            return Ok((json!({}), None));
        }
        certificate_data(&self.ca, "", "")
    }
}

fn certificate_data(
    ca: &str,
    certificate: &str,
    key: &str,
) -> anyhow::Result<(Value, Option<&'static str>)> {
    let has_pair = !certificate.is_empty() && !key.is_empty();
    if !has_pair {
        if !certificate.is_empty() || !key.is_empty() {
            if key.is_empty() {
                bail!("found certificate but missing private key");
            }
            bail!("found private key but missing certificate");
        }
        if ca.is_empty() {
            bail!("no CA certificate or client certificate pair found");
        }
    }
    let mut data = json!({});
    set_text(&mut data, "ca.crt", Some(ca));
    set_text(&mut data, "tls.crt", Some(certificate));
    set_text(&mut data, "tls.key", Some(key));
    let secret_type = if has_pair {
        "kubernetes.io/tls"
    } else {
        "Opaque"
    };
    Ok((data, Some(secret_type)))
}

pub(super) fn helm(flags: &HelmFlags) -> anyhow::Result<Contents> {
    let [ca, certificate, key] = flags.certificates.read()?;
    let parts = HelmParts {
        username: flags.username.clone(),
        password: flags.password.clone(),
        ca,
        certificate,
        key,
    };
    let (data, secret_type) = parts.data()?;
    Ok(Contents {
        data: as_map(data),
        secret_type,
        ..Contents::default()
    })
}

pub(super) fn tls(flags: &TlsFlags) -> anyhow::Result<Contents> {
    let [ca, certificate, key] = flags.certificates.read()?;
    let (data, secret_type) = certificate_data(&ca, &certificate, &key)?;
    Ok(Contents {
        data: as_map(data),
        secret_type,
        ..Contents::default()
    })
}

pub(super) fn notation(flags: &NotationFlags) -> anyhow::Result<Contents> {
    if flags.ca_cert_file.is_empty() {
        bail!("--ca-cert-file is required");
    }
    let Some(policy_file) = &flags.trust_policy_file else {
        bail!("--trust-policy-file is required")
    };
    let policy = read_text(policy_file, "unable to read trust policy file")?;
    let document: Value = serde_json::from_str(&policy)
        .with_context(|| format!("failed to unmarshal trust policy {}", policy_file.display()))?;
    check_trust_policy(&document).context("invalid trust policy")?;
    let mut data = Map::new();
    let mut problems = Vec::new();
    for file in &flags.ca_cert_file {
        let name = file
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if !name.ends_with(".crt") && !name.ends_with(".pem") {
            problems.push(format!("{name} must end with either .crt or .pem"));
            continue;
        }
        match read_text(file, "unable to read TLS CA file") {
            Ok(text) => {
                data.insert(name, text.into());
            }
            Err(error) => problems.push(format!("{error:#}")),
        }
    }
    if !problems.is_empty() {
        bail!("{}", problems.join("\n"));
    }
    data.insert("trustpolicy.json".into(), policy.into());
    Ok(Contents {
        data,
        ..Contents::default()
    })
}

/// The frame that Notation asks of a trust policy: a version, and statements with a name and scopes.
fn check_trust_policy(document: &Value) -> anyhow::Result<()> {
    match document["version"].as_str().unwrap_or_default() {
        "" => bail!("trust policy document has empty version, version must be specified"),
        "1.0" => {}
        other => bail!("trust policy document uses unsupported version {other:?}"),
    }
    let policies = document["trustPolicies"].as_array();
    let Some(policies) = policies.filter(|list| !list.is_empty()) else {
        bail!("trust policy document can not have zero trust policy statements")
    };
    for policy in policies {
        let name = policy["name"].as_str().unwrap_or_default();
        if name.is_empty() {
            bail!("a trust policy statement is missing a name, every statement requires a name");
        }
        if policy["registryScopes"]
            .as_array()
            .is_none_or(Vec::is_empty)
        {
            bail!(
                "trust policy statement {name:?} has zero registry scopes, it must specify registry scopes with at least one value"
            );
        }
    }
    Ok(())
}
