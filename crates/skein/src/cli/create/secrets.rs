//! `create secret`: Secrets in the shapes that the controllers read.

mod certificates;
mod git;
mod receiver;

use std::fs;
use std::path::Path;

use anyhow::{Context, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

pub(super) use self::certificates::HelmParts;
use self::certificates::{HelmFlags, NotationFlags, TlsFlags};
pub(super) use self::git::KeyFlags;
use self::git::{GitFlags, GithubAppFlags};
use self::receiver::ReceiverFlags;
pub(crate) use self::receiver::webhook_path;
use super::{Making, apply};
use crate::arguments::ClusterArguments;
use crate::output::Output;

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
        SecretWhat::Git(flags) => ("git", "\n", git::git(flags)?),
        SecretWhat::Githubapp(flags) => ("githubapp", "\n", git::github_app(flags)?),
        SecretWhat::Helm(flags) => ("helm", "\n", certificates::helm(flags)?),
        SecretWhat::Notation(flags) => (
            "notation configuration",
            "\n",
            certificates::notation(flags)?,
        ),
        SecretWhat::Oci(flags) => ("oci", "\n", oci(flags)?),
        SecretWhat::Proxy(flags) => ("proxy", "\n", proxy(flags)?),
        SecretWhat::Receiver(flags) => ("receiver", "\n", receiver::receiver(flags, making)?),
        SecretWhat::Tls(flags) => ("tls", "", certificates::tls(flags)?),
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

fn as_map(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
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
    let fields = [
        ("username", username.as_str()),
        ("password", &password),
        ("auth", &auth),
    ];
    let mut data = Map::new();
    data.insert(
        ".dockerconfigjson".into(),
        docker_config(&url, &fields).into(),
    );
    Ok(Contents {
        data,
        secret_type: Some("kubernetes.io/dockerconfigjson"),
        is_unlabelled: true,
        ..Contents::default()
    })
}

/// Fields in the order of Docker's own files.
fn docker_config(url: &str, fields: &[(&str, &str)]) -> String {
    let quoted = |text: &str| {
        let mut out = String::new();
        skein_gowords::push_json_string(&mut out, text);
        out
    };
    let fields: Vec<String> = fields
        .iter()
        .map(|(name, text)| format!("      \"{name}\": {}", quoted(text)))
        .collect();
    format!(
        "{{\n  \"auths\": {{\n    {}: {{\n{}\n    }}\n  }}\n}}",
        quoted(url),
        fields.join(",\n"),
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
