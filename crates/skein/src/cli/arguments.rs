//! Flags that all commands share: which cluster, which namespace, how long to wait.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::bail;
use clap::Args;
use skein_cluster::{Cluster, ConnectError, ConnectOptions};
use skein_object::GoDuration;

use crate::output::Output;

/// The namespace that is meant when none is named.
const DEFAULT_NAMESPACE: &str = "flux-system";
/// What a server keeps a watch longer than the command looks at it.
const WATCH_GRACE: Duration = Duration::from_secs(30);
/// Variable with another default of the namespace.
const NAMESPACE_VARIABLE: &str = "FLUX_SYSTEM_NAMESPACE";

/// Variable that is set to follow the namespace of the context.
const FOLLOWS_VARIABLE: &str = "FLUX_NS_FOLLOWS_KUBE_CONTEXT";

/// Which cluster, which namespace, how long to wait.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Cluster")]
pub struct ClusterArguments {
    /// Namespace of the objects; flux-system, or FLUX_SYSTEM_NAMESPACE, when not given
    #[arg(short, long, global = true)]
    pub namespace: Option<String>,
    /// Use the namespace of the kubeconfig context when --namespace is not given; also FLUX_NS_FOLLOWS_KUBE_CONTEXT
    #[arg(long, global = true)]
    pub ns_follows_kube_context: bool,
    /// How long to wait for the whole command
    #[arg(long, global = true, default_value = "5m0s")]
    pub timeout: GoDuration,
    /// Print what is done
    #[arg(long, global = true)]
    pub verbose: bool,
    /// Path of the kubeconfig
    #[arg(long, global = true)]
    pub kubeconfig: Option<PathBuf>,
    /// Context of the kubeconfig
    #[arg(long, global = true)]
    pub context: Option<String>,
    /// Cluster of the kubeconfig
    #[arg(long, global = true)]
    pub cluster: Option<String>,
    /// User of the kubeconfig
    #[arg(long, global = true)]
    pub user: Option<String>,
    #[command(flatten)]
    pub connection: ConnectionArguments,
}

/// How to reach the API server; what is set here comes before the kubeconfig.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Connection")]
pub struct ConnectionArguments {
    /// Address of the API server
    #[arg(long, global = true)]
    pub server: Option<String>,
    /// Bearer token
    #[arg(long, global = true, hide_env_values = true)]
    pub token: Option<String>,
    /// File with the certificate authority of the API server
    #[arg(long, global = true, value_name = "FILE")]
    pub certificate_authority: Option<PathBuf>,
    /// File with the client certificate
    #[arg(long, global = true, value_name = "FILE")]
    pub client_certificate: Option<PathBuf>,
    /// File with the key of the client certificate
    #[arg(long, global = true, value_name = "FILE")]
    pub client_key: Option<PathBuf>,
    /// Do not check the certificate of the API server
    #[arg(long, global = true)]
    pub insecure_skip_tls_verify: bool,
    /// Name that the certificate of the API server must have
    #[arg(long, global = true, value_name = "NAME")]
    pub tls_server_name: Option<String>,
    /// User to act as
    #[arg(long = "as", global = true, value_name = "USER")]
    pub impersonate_user: Option<String>,
    /// Group to act as; may be given several times
    #[arg(long = "as-group", global = true, value_name = "GROUP")]
    pub impersonate_groups: Vec<String>,
    /// UID to act as
    #[arg(long = "as-uid", global = true, value_name = "UID")]
    pub impersonate_uid: Option<String>,
    /// Further attributes of the user to act as; may be given several times
    #[arg(long = "as-user-extra", global = true, value_name = "KEY=VALUE")]
    pub impersonate_extra: Vec<String>,
    /// Ask for answers without compression
    #[arg(long, global = true)]
    pub disable_compression: bool,
    /// Has no effect: nothing is cached on disk
    #[arg(long, global = true, hide = true)]
    pub cache_dir: Option<PathBuf>,
    /// Has no effect: requests are not throttled by the client
    #[arg(long, global = true, hide = true)]
    pub kube_api_qps: Option<f32>,
    /// Has no effect: requests are not throttled by the client
    #[arg(long, global = true, hide = true)]
    pub kube_api_burst: Option<u32>,
}

/// A connection with the namespace that is meant.
#[derive(Clone)]
pub struct Session {
    /// The cluster.
    pub cluster: Cluster,
    /// The namespace that is meant.
    pub namespace: String,
    /// How long the whole command may take.
    pub timeout: Duration,
}

impl Session {
    /// How long the server is asked to keep a watch: longer than the command's own time, which must end first so that it can be told.
    pub fn watch_limit(&self) -> Duration {
        self.timeout.saturating_add(WATCH_GRACE)
    }
}

impl ClusterArguments {
    /// The namespace by flag, environment or default, whatever the kubeconfig says.
    pub fn plain_namespace(&self) -> String {
        let from_environment = || std::env::var(NAMESPACE_VARIABLE).ok();
        self.namespace
            .clone()
            .or_else(|| from_environment().filter(|name| is_label(name)))
            .unwrap_or_else(|| DEFAULT_NAMESPACE.to_owned())
    }

    /// Connects to the cluster.
    pub async fn connect(&self) -> anyhow::Result<Session> {
        let options = self.options();
        let cluster = Cluster::connect(&options)
            .await
            .map_err(|error| unreachable(error, &options))?;
        let is_asked = self.ns_follows_kube_context
            || std::env::var(FOLLOWS_VARIABLE).is_ok_and(|value| !value.is_empty());
        let of_context = cluster.default_namespace();
        let namespace = match &self.namespace {
            None if is_asked && !of_context.is_empty() => of_context.to_owned(),
            _ => self.plain_namespace(),
        };
        if !is_label(&namespace) {
            bail!("namespace must be a valid DNS label: {namespace:?}");
        }
        Ok(Session {
            cluster,
            namespace,
            timeout: self.timeout.as_std(),
        })
    }

    fn options(&self) -> ConnectOptions {
        let connection = self.connection.clone();
        ConnectOptions {
            kubeconfig: self.kubeconfig.clone(),
            context: self.context.clone(),
            cluster: self.cluster.clone(),
            user: self.user.clone(),
            server: connection.server,
            impersonate_user: connection.impersonate_user,
            impersonate_groups: connection.impersonate_groups,
            impersonate_uid: connection.impersonate_uid,
            impersonate_extra: connection.impersonate_extra,
            token: connection.token,
            certificate_authority: connection.certificate_authority,
            client_certificate: connection.client_certificate,
            client_key: connection.client_key,
            insecure_skip_tls_verify: connection.insecure_skip_tls_verify,
            tls_server_name: connection.tls_server_name,
            disable_compression: connection.disable_compression,
            user_agent: format!("skein/{}", env!("CARGO_PKG_VERSION")),
            ..ConnectOptions::default()
        }
    }
}

/// Tells of a namespace in the environment that cannot be one and is therefore not used.
pub(crate) fn warn_of_environment(output: &mut Output) -> anyhow::Result<()> {
    match std::env::var(NAMESPACE_VARIABLE) {
        Ok(name) if !name.is_empty() && !is_label(&name) => {
            Ok(output.warning(&format!(" ignoring invalid {NAMESPACE_VARIABLE}: {name:?}"))?)
        }
        _ => Ok(()),
    }
}

/// The error of a connection, with a missing context in kubectl's words.
fn unreachable(error: ConnectError, options: &ConnectOptions) -> anyhow::Error {
    match &options.context {
        Some(context) if error.to_string().contains("failed to load current context") => {
            anyhow::anyhow!("context {context:?} does not exist")
        }
        _ => anyhow::Error::new(error).context("cannot reach a cluster"),
    }
}

/// Whether a text is a DNS label, as namespaces are.
fn is_label(text: &str) -> bool {
    /// Longest label, in characters.
    const MAX_CHARS: usize = 63;
    let is_plain = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = text.as_bytes();
    bytes.len() <= MAX_CHARS
        && bytes.first().is_some_and(is_plain)
        && bytes.last().is_some_and(is_plain)
        && bytes.iter().all(|byte| is_plain(byte) || *byte == b'-')
}

/// Long flags with a value that may stand before the command, as in `skein --context dev get ks`.
const VALUE_FLAGS: [&str; 20] = [
    "--namespace",
    "-n",
    "--timeout",
    "--kubeconfig",
    "--context",
    "--cluster",
    "--user",
    "--server",
    "--token",
    "--certificate-authority",
    "--client-certificate",
    "--client-key",
    "--tls-server-name",
    "--as",
    "--as-group",
    "--as-uid",
    "--as-user-extra",
    "--cache-dir",
    "--kube-api-qps",
    "--kube-api-burst",
];

/// Flags without a value that may stand before the command.
const SWITCHES: [&str; 4] = [
    "--ns-follows-kube-context",
    "--verbose",
    "--insecure-skip-tls-verify",
    "--disable-compression",
];

/// Whether a flag is one that all commands share.
pub(crate) fn is_shared_flag(flag: &str) -> bool {
    VALUE_FLAGS.contains(&flag) || SWITCHES.contains(&flag)
}

/// Whether the value of a shared flag is the next word.
pub(crate) fn takes_next_word(flag: &str) -> bool {
    VALUE_FLAGS.contains(&flag)
}

/// Moves shared flags that stand before the command behind it, where the commands look for them.
pub fn hoist_global_flags(arguments: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut rest = arguments.into_iter();
    let mut out: Vec<OsString> = rest.next().into_iter().collect();
    let mut moved = Vec::new();
    let mut rest = rest.peekable();
    while let Some(flag) = rest.peek().and_then(|argument| argument.to_str()) {
        let is_joined = VALUE_FLAGS.iter().any(|known| {
            flag.strip_prefix(known)
                .is_some_and(|value| value.starts_with('='))
        });
        let takes_value = VALUE_FLAGS.contains(&flag);
        if !is_joined && !takes_value && !SWITCHES.contains(&flag) {
            break;
        }
        moved.extend(rest.next());
        if takes_value {
            moved.extend(rest.next());
        }
    }
    // The command itself comes first, then its own arguments, then what was moved; nothing goes behind a `--`.
    let tail: Vec<OsString> = rest.collect();
    let end = tail
        .iter()
        .position(|argument| argument == "--")
        .unwrap_or(tail.len());
    out.extend_from_slice(&tail[..end]);
    out.append(&mut moved);
    out.extend_from_slice(&tail[end..]);
    out
}

#[cfg(test)]
mod tests;
