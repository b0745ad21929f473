//! Flags that all commands share: which cluster, which namespace, how long to wait.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use skein_cluster::{Cluster, ConnectOptions};
use skein_object::GoDuration;

/// The namespace that is meant when none is named.
const DEFAULT_NAMESPACE: &str = "flux-system";

/// Which cluster, which namespace, how long to wait.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Cluster")]
pub struct ClusterArguments {
    /// Namespace of the objects
    #[arg(short, long, global = true, env = "FLUX_SYSTEM_NAMESPACE", default_value = DEFAULT_NAMESPACE)]
    pub namespace: String,
    /// Use the namespace of the kubeconfig context when --namespace is not given
    #[arg(long, global = true, env = "FLUX_NS_FOLLOWS_KUBE_CONTEXT")]
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
    /// Address of the API server
    #[arg(long, global = true)]
    pub server: Option<String>,
    /// User to act as
    #[arg(long = "as", global = true, value_name = "USER")]
    pub impersonate_user: Option<String>,
    /// Group to act as; may be given several times
    #[arg(long = "as-group", global = true, value_name = "GROUP")]
    pub impersonate_groups: Vec<String>,
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

impl ClusterArguments {
    /// Connects to the cluster.
    pub async fn connect(&self) -> anyhow::Result<Session> {
        let options = ConnectOptions {
            kubeconfig: self.kubeconfig.clone(),
            context: self.context.clone(),
            cluster: self.cluster.clone(),
            user: self.user.clone(),
            server: self.server.clone(),
            impersonate_user: self.impersonate_user.clone(),
            impersonate_groups: self.impersonate_groups.clone(),
            user_agent: format!("skein/{}", env!("CARGO_PKG_VERSION")),
        };
        let cluster = Cluster::connect(&options)
            .await
            .context("cannot reach a cluster")?;
        let follows = self.ns_follows_kube_context && self.namespace == DEFAULT_NAMESPACE;
        let namespace = if follows && !cluster.default_namespace().is_empty() {
            cluster.default_namespace().to_owned()
        } else {
            self.namespace.clone()
        };
        Ok(Session {
            cluster,
            namespace,
            timeout: self.timeout.as_std(),
        })
    }
}

/// Long flags with a value that may stand before the command, as in `skein --context dev get ks`.
const VALUE_FLAGS: [&str; 10] = [
    "--namespace",
    "-n",
    "--timeout",
    "--kubeconfig",
    "--context",
    "--cluster",
    "--user",
    "--server",
    "--as",
    "--as-group",
];

/// Flags without a value that may stand before the command.
const SWITCHES: [&str; 2] = ["--ns-follows-kube-context", "--verbose"];

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
