//! Which cluster and which namespace helm's commands are about, by helm's flags and variables.

use std::env;
use std::path::PathBuf;

use clap::Args;
use skein_cluster::ConnectOptions;

/// Namespace when neither flags, variables nor a kubeconfig name one.
const DEFAULT_NAMESPACE: &str = "default";

/// Flags that every command of helm takes, for those that ask a cluster.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct ClusterArguments {
    /// Namespace of the release; without one that of the kubeconfig's context
    #[arg(short, long, global = true, env = "HELM_NAMESPACE")]
    namespace: Option<String>,
    /// Path of the kubeconfig
    #[arg(long, global = true)]
    kubeconfig: Option<PathBuf>,
    /// Context of the kubeconfig
    #[arg(long, global = true, env = "HELM_KUBECONTEXT")]
    kube_context: Option<String>,
    /// Address of the API server
    #[arg(long, global = true, env = "HELM_KUBEAPISERVER")]
    kube_apiserver: Option<String>,
    /// Bearer token
    #[arg(long, global = true, env = "HELM_KUBETOKEN", hide_env_values = true)]
    kube_token: Option<String>,
    /// User to act as
    #[arg(long, global = true, env = "HELM_KUBEASUSER")]
    kube_as_user: Option<String>,
    /// Group to act as; may be given several times, and HELM_KUBEASGROUPS lists several with commas
    #[arg(long, global = true)]
    kube_as_group: Vec<String>,
    /// File with the certificate authority of the API server
    #[arg(long, global = true, value_name = "FILE", env = "HELM_KUBECAFILE")]
    kube_ca_file: Option<PathBuf>,
    /// Name that the certificate of the API server must have
    #[arg(long, global = true, env = "HELM_KUBETLS_SERVER_NAME")]
    kube_tls_server_name: Option<String>,
    /// Do not check the certificate of the API server
    #[arg(long, global = true, env = "HELM_KUBEINSECURE_SKIP_TLS_VERIFY")]
    kube_insecure_skip_tls_verify: bool,
    /// Has no effect: requests are not throttled by the client
    #[arg(long, global = true, hide = true)]
    burst_limit: Option<i64>,
    /// Has no effect: requests are not throttled by the client
    #[arg(long, global = true, hide = true)]
    qps: Option<f32>,
    /// Has no effect: these commands print nothing in colour
    #[arg(long, alias = "colour", global = true, hide = true, overrides_with = "color", value_parser = ["never", "auto", "always"])]
    color: Option<String>,
}

impl ClusterArguments {
    /// How the cluster is reached. An empty value is none, as for helm.
    pub(super) fn options(&self) -> ConnectOptions {
        let text = |value: &Option<String>| value.clone().filter(|value| !value.is_empty());
        let path = |value: &Option<PathBuf>| {
            let is_path = |path: &PathBuf| !path.as_os_str().is_empty();
            value.clone().filter(is_path)
        };
        ConnectOptions {
            kubeconfig: path(&self.kubeconfig),
            context: text(&self.kube_context),
            server: text(&self.kube_apiserver),
            token: text(&self.kube_token),
            impersonate_user: text(&self.kube_as_user),
            impersonate_groups: self.groups(),
            certificate_authority: path(&self.kube_ca_file),
            tls_server_name: text(&self.kube_tls_server_name),
            insecure_skip_tls_verify: self.kube_insecure_skip_tls_verify,
            user_agent: format!("skein/{}", env!("CARGO_PKG_VERSION")),
            ..ConnectOptions::default()
        }
    }

    fn groups(&self) -> Vec<String> {
        if !self.kube_as_group.is_empty() {
            return self.kube_as_group.clone();
        }
        let listed = env::var("HELM_KUBEASGROUPS").unwrap_or_default();
        let groups = listed.split(',').map(str::trim);
        let groups = groups.filter(|group| !group.is_empty());
        groups.map(str::to_owned).collect()
    }

    /// The namespace of the release. A kubeconfig that cannot be used names none.
    pub(super) fn namespace(&self) -> String {
        let named = self.namespace.clone().filter(|name| !name.is_empty());
        named
            .or_else(|| self.options().context_namespace())
            .unwrap_or_else(|| DEFAULT_NAMESPACE.to_owned())
    }
}
