//! `create secret`: Secrets in the shapes that the controllers read.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::{Args, Subcommand};
use rand::RngCore as _;
use serde_json::{Map, Value, json};

use super::references::{self, Words as Known};
use super::{Making, apply, notifications, sources};
use crate::arguments::ClusterArguments;
use crate::output::Output;

/// Annotation with the address that a receiver's webhook is called at.
const WEBHOOK_ANNOTATION: &str = "notification.toolkit.fluxcd.io/webhook";

/// Length of a token that is made up, in bytes.
const TOKEN_BYTES: usize = 32;

/// Smallest RSA key, in bits.
const MIN_RSA_BITS: u32 = 1024;

/// The sorts of Secrets.
#[derive(Subcommand, Clone, Debug)]
pub enum SecretWhat {
    /// Credentials of a Git server
    Git(GitFlags),
    /// A GitHub App
    Githubapp(GithubAppFlags),
    /// Credentials of a Helm repository
    Helm(HelmFlags),
    /// Trust policy and certificates of Notation
    Notation(NotationFlags),
    /// Credentials of an OCI registry
    Oci(OciFlags),
    /// Address and credentials of a proxy
    Proxy(ProxyFlags),
    /// Token of a Receiver
    Receiver(ReceiverFlags),
    /// Certificates
    Tls(TlsFlags),
}

impl SecretWhat {
    pub(super) fn name(&self) -> Option<&str> {
        match self {
            Self::Git(flags) => flags.name.as_deref(),
            Self::Githubapp(flags) => flags.name.as_deref(),
            Self::Helm(flags) => flags.name.as_deref(),
            Self::Notation(flags) => flags.name.as_deref(),
            Self::Oci(flags) => flags.name.as_deref(),
            Self::Proxy(flags) => flags.name.as_deref(),
            Self::Receiver(flags) => flags.name.as_deref(),
            Self::Tls(flags) => flags.name.as_deref(),
        }
    }
}

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
    pub(super) fn check(&self) -> anyhow::Result<()> {
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
    name: Option<String>,
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
    name: Option<String>,
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
    name: Option<String>,
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
    name: Option<String>,
    /// File with the trust policy
    #[arg(long)]
    trust_policy_file: Option<PathBuf>,
    /// Files with certificates of authorities, .crt or .pem
    #[arg(long, value_delimiter = ',')]
    ca_cert_file: Vec<PathBuf>,
}

/// Flags of `create secret oci`.
#[derive(Args, Clone, Debug)]
pub struct OciFlags {
    name: Option<String>,
    /// Address of the registry
    #[arg(long)]
    url: Option<String>,
    /// User name
    #[arg(short, long)]
    username: Option<String>,
    /// Password
    #[arg(short, long)]
    password: Option<String>,
}

/// Flags of `create secret proxy`.
#[derive(Args, Clone, Debug)]
pub struct ProxyFlags {
    name: Option<String>,
    /// Address of the proxy
    #[arg(long)]
    address: Option<String>,
    /// User name
    #[arg(short, long, default_value = "", hide_default_value = true)]
    username: String,
    /// Password
    #[arg(short, long, default_value = "", hide_default_value = true)]
    password: String,
}

/// Flags of `create secret receiver`.
#[derive(Args, Clone, Debug)]
pub struct ReceiverFlags {
    name: Option<String>,
    /// Sort of receiver
    #[arg(long = "type")]
    receiver_type: Option<String>,
    /// Token; made up when not given
    #[arg(long)]
    token: Option<String>,
    /// Host of the webhook
    #[arg(long)]
    hostname: Option<String>,
    /// Address of the service account that gcr sends as
    #[arg(long)]
    email_claim: Option<String>,
    /// Audience of gcr's tokens; by default the address of the webhook
    #[arg(long)]
    audience_claim: Option<String>,
}

/// Flags of `create secret tls`.
#[derive(Args, Clone, Debug)]
pub struct TlsFlags {
    name: Option<String>,
    #[command(flatten)]
    certificates: CertificateFlags,
}

/// A Secret before it is written.
#[derive(Default)]
struct Contents {
    data: Map<String, Value>,
    secret_type: Option<&'static str>,
    annotations: Option<Value>,
    /// Whether the labels of the command line count.
    is_unlabelled: bool,
}

/// Writes or prints a Secret.
pub(super) async fn run(
    what: SecretWhat,
    making: &Making,
    cluster: &ClusterArguments,
    output: &mut Output,
) -> anyhow::Result<()> {
    let (word, ending, contents) = match &what {
        SecretWhat::Git(flags) => ("git", "\n", git(flags)?),
        SecretWhat::Githubapp(flags) => ("githubapp", "\n", github_app(flags)?),
        SecretWhat::Helm(flags) => ("helm", "\n", helm(flags)?),
        SecretWhat::Notation(flags) => ("notation configuration", "\n", notation(flags)?),
        SecretWhat::Oci(flags) => ("oci", "\n", oci(flags)?),
        SecretWhat::Proxy(flags) => ("proxy", "\n", proxy(flags)?),
        SecretWhat::Receiver(flags) => ("receiver", "\n", receiver(flags, making)?),
        SecretWhat::Tls(flags) => ("tls", "", tls(flags)?),
    };
    let secret = secret(making, contents);
    if making.export {
        output.print(&format!("{}{ending}", apply::yaml_document(&secret)))?;
        return Ok(());
    }
    // The token of a receiver is none of the API server.
    let mut cluster = cluster.clone();
    if matches!(what, SecretWhat::Receiver(_)) {
        cluster.connection.token = None;
    }
    let mut session = cluster.connect().await?;
    session.namespace.clone_from(&making.namespace);
    let name = apply::upsert_secret(&session, &secret).await?;
    let namespace = &making.namespace;
    output.action(&format!(
        "{word} secret '{name}' created in '{namespace}' namespace"
    ))?;
    Ok(())
}

fn secret(making: &Making, contents: Contents) -> Value {
    let mut metadata = making.metadata();
    if contents.is_unlabelled
        && let Some(map) = metadata.as_object_mut()
    {
        map.remove("labels");
    }
    if let Some(annotations) = contents.annotations {
        metadata["annotations"] = annotations;
    }
    let mut secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata});
    if !contents.data.is_empty() {
        secret["stringData"] = contents.data.into();
    }
    if let Some(secret_type) = contents.secret_type {
        secret["type"] = secret_type.into();
    }
    secret
}

/// A file as text; `what` is the beginning of the error.
pub(super) fn read_text(file: &Path, what: &str) -> anyhow::Result<String> {
    let bytes = fs::read(file)
        .map_err(|error| anyhow::anyhow!("{what}: {}", super::file_error(file, &error)))?;
    String::from_utf8(bytes).with_context(|| format!("{what}: {} is not text", file.display()))
}

fn git(flags: &GitFlags) -> anyhow::Result<Contents> {
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

fn github_app(flags: &GithubAppFlags) -> anyhow::Result<Contents> {
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
pub(super) struct HelmParts {
    pub username: String,
    pub password: String,
    pub ca: String,
    pub certificate: String,
    pub key: String,
}

impl HelmParts {
    /// The data and the type of the Secret: a client certificate comes before a password, and that before an authority alone.
    pub(super) fn data(&self) -> anyhow::Result<(Value, Option<&'static str>)> {
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
            super::set_text(&mut data, "ca.crt", Some(&self.ca));
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
    super::set_text(&mut data, "ca.crt", Some(ca));
    super::set_text(&mut data, "tls.crt", Some(certificate));
    super::set_text(&mut data, "tls.key", Some(key));
    let secret_type = if has_pair {
        "kubernetes.io/tls"
    } else {
        "Opaque"
    };
    Ok((data, Some(secret_type)))
}

fn as_map(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

fn helm(flags: &HelmFlags) -> anyhow::Result<Contents> {
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

fn tls(flags: &TlsFlags) -> anyhow::Result<Contents> {
    let [ca, certificate, key] = flags.certificates.read()?;
    let (data, secret_type) = certificate_data(&ca, &certificate, &key)?;
    Ok(Contents {
        data: as_map(data),
        secret_type,
        ..Contents::default()
    })
}

fn notation(flags: &NotationFlags) -> anyhow::Result<Contents> {
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

fn oci(flags: &OciFlags) -> anyhow::Result<Contents> {
    let required = |text: &Option<String>, flag: &str| match text {
        Some(text) if !text.is_empty() => Ok(text.clone()),
        _ => Err(anyhow::anyhow!("{flag} is required")),
    };
    let url = required(&flags.url, "--url")?;
    let username = required(&flags.username, "--username")?;
    let password = required(&flags.password, "--password")?;
    let auth = STANDARD.encode(format!("{username}:{password}"));
    let entry = OrderedEntry {
        username: &username,
        password: &password,
        auth: &auth,
    };
    let mut data = Map::new();
    data.insert(
        ".dockerconfigjson".into(),
        docker_config(&url, &entry).into(),
    );
    Ok(Contents {
        data,
        secret_type: Some("kubernetes.io/dockerconfigjson"),
        is_unlabelled: true,
        ..Contents::default()
    })
}

/// Fields in the order of Docker's own files.
struct OrderedEntry<'a> {
    username: &'a str,
    password: &'a str,
    auth: &'a str,
}

fn docker_config(url: &str, entry: &OrderedEntry<'_>) -> String {
    // Go writes `<`, `>` and `&` in JSON as escapes.
    let quoted = |text: &str| {
        Value::from(text)
            .to_string()
            .replace('<', "\\u003c")
            .replace('>', "\\u003e")
            .replace('&', "\\u0026")
    };
    format!(
        "{{\n  \"auths\": {{\n    {}: {{\n      \"username\": {},\n      \"password\": {},\n      \"auth\": {}\n    }}\n  }}\n}}",
        quoted(url),
        quoted(entry.username),
        quoted(entry.password),
        quoted(entry.auth),
    )
}

fn proxy(flags: &ProxyFlags) -> anyhow::Result<Contents> {
    let Some(address) = flags.address.as_deref().filter(|text| !text.is_empty()) else {
        bail!("address is required")
    };
    let mut data = json!({"address": address});
    super::set_text(&mut data, "username", Some(&flags.username));
    super::set_text(&mut data, "password", Some(&flags.password));
    Ok(Contents {
        data: as_map(data),
        secret_type: Some("Opaque"),
        ..Contents::default()
    })
}

fn receiver(flags: &ReceiverFlags, making: &Making) -> anyhow::Result<Contents> {
    notifications::check_receiver_type(flags.receiver_type.as_deref())?;
    let Some(word) = &flags.receiver_type else {
        bail!("--type is required")
    };
    let Some(host) = flags.hostname.as_deref().filter(|text| !text.is_empty()) else {
        bail!("--hostname is required")
    };
    let email = flags.email_claim.as_deref().filter(|text| !text.is_empty());
    if word == "gcr" && email.is_none() {
        bail!("--email-claim is required for gcr receiver type");
    }
    let token = match flags.token.as_deref().filter(|text| !text.is_empty()) {
        Some(token) => token.to_owned(),
        None => {
            let mut bytes = [0_u8; TOKEN_BYTES];
            rand::rng().fill_bytes(&mut bytes);
            hex(&bytes)
        }
    };
    let path = webhook_path(&token, &making.name, &making.namespace);
    let url = format!("https://{host}{path}");
    let mut data = json!({"token": token});
    if word == "gcr" {
        super::set_text(&mut data, "email", email);
        let audience = flags
            .audience_claim
            .as_deref()
            .filter(|text| !text.is_empty());
        data["audience"] = audience.unwrap_or(&url).into();
    }
    Ok(Contents {
        data: as_map(data),
        annotations: Some(json!({WEBHOOK_ANNOTATION: url})),
        ..Contents::default()
    })
}

/// Where a receiver listens: a digest of token, name and namespace.
pub(crate) fn webhook_path(token: &str, name: &str, namespace: &str) -> String {
    let digest = skein_registry::registry::digest(format!("{token}{name}{namespace}").as_bytes());
    format!("/hook/{}", digest.trim_start_matches("sha256:"))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
