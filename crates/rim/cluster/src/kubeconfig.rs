//! From a kubeconfig, flags or the Pod's own account to a [`Cluster`]; untrusted kubeconfigs are sanitised.

use std::path::PathBuf;

use http::HeaderValue;
use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError};
use thiserror::Error;

use crate::client::{Cluster, Connection};
use crate::metering::AnswerCounts;

/// Why there is no connection to a cluster.
#[derive(Debug, Error)]
pub enum ConnectError {
    /// The kubeconfig cannot be read or has no such context.
    #[error("{0}")]
    Kubeconfig(String),
    /// Something in a kubeconfig that controllers refuse to act on.
    #[error("kubeconfig: {what} is refused; {remedy}")]
    Refused {
        /// What was found.
        what: String,
        /// What to do instead.
        remedy: &'static str,
    },
    /// The client cannot be made (TLS material, proxy).
    #[error("cannot connect to {server}: {problem}")]
    Client {
        /// Address of the API server.
        server: String,
        /// What is wrong.
        problem: String,
    },
}

/// Where to connect to, in the terms of kubectl's flags. Empty fields are not set.
#[derive(Clone, Debug, Default)]
pub struct ConnectOptions {
    /// `--kubeconfig`; otherwise `KUBECONFIG`, `~/.kube/config`, then the Pod's own account.
    pub kubeconfig: Option<PathBuf>,
    /// `--context`.
    pub context: Option<String>,
    /// `--cluster`.
    pub cluster: Option<String>,
    /// `--user`.
    pub user: Option<String>,
    /// `--server`.
    pub server: Option<String>,
    /// `--as`.
    pub impersonate_user: Option<String>,
    /// `--as-group`.
    pub impersonate_groups: Vec<String>,
    /// `--as-uid`.
    pub impersonate_uid: Option<String>,
    /// `--as-user-extra`, each as `KEY=VALUE`.
    pub impersonate_extra: Vec<String>,
    /// `--token`.
    pub token: Option<String>,
    /// `--certificate-authority`.
    pub certificate_authority: Option<PathBuf>,
    /// `--client-certificate`.
    pub client_certificate: Option<PathBuf>,
    /// `--client-key`.
    pub client_key: Option<PathBuf>,
    /// `--insecure-skip-tls-verify`.
    pub insecure_skip_tls_verify: bool,
    /// `--tls-server-name`.
    pub tls_server_name: Option<String>,
    /// `--disable-compression`.
    pub disable_compression: bool,
    /// `User-Agent` of all requests; also the default field manager is derived from it by servers.
    pub user_agent: String,
    /// Where answers are counted.
    pub answers: AnswerCounts,
}

/// What an untrusted kubeconfig (one that stands in a Secret) may hold.
#[derive(Clone, Copy, Debug, Default)]
pub struct KubeconfigPolicy {
    /// Keep exec plugins (`--insecure-kubeconfig-exec`).
    pub allow_exec: bool,
    /// Keep `insecure-skip-tls-verify` (`--insecure-kubeconfig-tls`).
    pub allow_insecure_tls: bool,
}

/// Chooses the one TLS implementation of the process; call first thing in `main` and in tests.
/// Without it two implementations in the dependency tree make TLS set-up panic.
pub fn install_crypto_provider() {
    // An error means that a provider is installed already, which is what we want.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}

impl ConnectOptions {
    /// The namespace that the context of the kubeconfig names, or in a Pod without one the Pod's own; none when the kubeconfig
    /// cannot be used.
    pub fn context_namespace(&self) -> Option<String> {
        let read = match &self.kubeconfig {
            Some(path) => Kubeconfig::read_from(path),
            None => Kubeconfig::read(),
        };
        let file = match read {
            Ok(file) => file,
            Err(_) if self.kubeconfig.is_some() => return None,
            Err(_) => return pod_namespace(),
        };
        let current = self.context.as_deref().or(file.current_context.as_deref());
        let named = |context: &&kube::config::NamedContext| Some(context.name.as_str()) == current;
        let context = file.contexts.iter().find(named)?.context.as_ref()?;
        let namespace = context.namespace.clone();
        namespace
            .filter(|namespace| !namespace.is_empty())
            .or_else(pod_namespace)
    }

    /// Sets in a configuration what flags say; flags come before the kubeconfig.
    fn apply_to(&self, config: &mut kube::Config) -> Result<(), ConnectError> {
        if let Some(token) = &self.token {
            config.auth_info = kube::config::AuthInfo {
                token: Some(token.clone().into()),
                ..kube::config::AuthInfo::default()
            };
        }
        let user = &mut config.auth_info;
        let text = |path: &PathBuf| path.to_string_lossy().into_owned();
        if let Some(path) = &self.client_certificate {
            user.client_certificate = Some(text(path));
            user.client_certificate_data = None;
        }
        if let Some(path) = &self.client_key {
            user.client_key = Some(text(path));
            user.client_key_data = None;
        }
        if self.impersonate_user.is_some() {
            user.impersonate.clone_from(&self.impersonate_user);
        }
        if !self.impersonate_groups.is_empty() {
            user.impersonate_groups = Some(self.impersonate_groups.clone());
        }
        if self.impersonate_uid.is_some() {
            user.impersonate_uid.clone_from(&self.impersonate_uid);
        }
        for pair in &self.impersonate_extra {
            let Some((key, value)) = pair.split_once('=') else {
                let problem = format!("--as-user-extra {pair:?} is not KEY=VALUE");
                return Err(ConnectError::Kubeconfig(problem));
            };
            let extra = user.impersonate_user_extra.get_or_insert_default();
            extra
                .entry(key.to_owned())
                .or_default()
                .push(value.to_owned());
        }
        if let Some(path) = &self.certificate_authority {
            config.root_cert = Some(certificates(path)?);
            config.root_cert_file = None;
        }
        if self.insecure_skip_tls_verify {
            config.accept_invalid_certs = true;
        }
        if self.tls_server_name.is_some() {
            config.tls_server_name.clone_from(&self.tls_server_name);
        }
        if self.disable_compression {
            config.disable_compression = true;
        }
        Ok(())
    }
}

/// The namespace of the Pod that this process runs in.
fn pod_namespace() -> Option<String> {
    let inside = kube::Config::incluster().ok()?;
    let named = std::env::var("POD_NAMESPACE").ok();
    named
        .filter(|name| !name.is_empty())
        .or(Some(inside.default_namespace))
}

/// The certificates of a PEM file, in DER.
fn certificates(path: &std::path::Path) -> Result<Vec<Vec<u8>>, ConnectError> {
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject as _;
    let shown = path.display();
    let wrong = |e: &dyn std::fmt::Display| {
        ConnectError::Kubeconfig(format!("--certificate-authority {shown}: {e}"))
    };
    let found: Result<Vec<_>, _> = CertificateDer::pem_file_iter(path)
        .map_err(|e| wrong(&e))?
        .collect();
    let found = found.map_err(|e| wrong(&e))?;
    if found.is_empty() {
        return Err(wrong(&"no certificate in the file"));
    }
    Ok(found.iter().map(|der| der.to_vec()).collect())
}

impl Cluster {
    /// Connects as kubectl would with these options.
    pub async fn connect(options: &ConnectOptions) -> Result<Self, ConnectError> {
        install_crypto_provider();
        let context = KubeConfigOptions {
            context: options.context.clone(),
            cluster: options.cluster.clone(),
            user: options.user.clone(),
        };
        let wrong = |e: &dyn std::fmt::Display| ConnectError::Kubeconfig(e.to_string());
        let has_choice =
            options.context.is_some() || options.cluster.is_some() || options.user.is_some();
        let read = match &options.kubeconfig {
            Some(path) => {
                let file = Kubeconfig::read_from(path).map_err(|e| wrong(&e))?;
                kube::Config::from_custom_kubeconfig(file, &context)
                    .await
                    .map_err(|e| wrong(&e))
            }
            None if has_choice => kube::Config::from_kubeconfig(&context)
                .await
                .map_err(|e| wrong(&e)),
            None => kube::Config::infer().await.map_err(|e| wrong(&e)),
        };
        let server = options
            .server
            .as_ref()
            .map(|server| server.parse::<http::Uri>().map_err(|e| wrong(&e)))
            .transpose()?;
        let mut config = match (read, server) {
            (Ok(mut config), server) => {
                config.cluster_url = server.unwrap_or(config.cluster_url);
                config
            }
            // An address alone is enough, as for kubectl.
            (Err(_), Some(server)) if options.kubeconfig.is_none() && !has_choice => {
                kube::Config::new(server)
            }
            (Err(error), _) => return Err(error),
        };
        options.apply_to(&mut config)?;
        Self::from_config(config, &options.user_agent, options.answers.clone())
    }

    /// Connects with a kubeconfig given as text by somebody who is not trusted with this machine: nothing of it may run
    /// a program, read a local file or (unless allowed) switch off TLS verification. Answers are counted in `answers`.
    pub async fn from_untrusted_kubeconfig(
        text: &str,
        policy: KubeconfigPolicy,
        user_agent: &str,
        answers: AnswerCounts,
    ) -> Result<Self, ConnectError> {
        install_crypto_provider();
        // The parser's own message may quote the text, which holds credentials.
        let mut file =
            Kubeconfig::from_yaml(text).map_err(|_| ConnectError::Kubeconfig(unreadable(text)))?;
        sanitise(&mut file, policy)?;
        let config = kube::Config::from_custom_kubeconfig(file, &KubeConfigOptions::default())
            .await
            .map_err(|error| ConnectError::Kubeconfig(unusable(&error)))?;
        Self::from_config(config, user_agent, answers)
    }

    /// Connects with a kubeconfig given as text by this program itself.
    pub async fn from_kubeconfig_text(text: &str, user_agent: &str) -> Result<Self, ConnectError> {
        install_crypto_provider();
        let wrong = |e: &dyn std::fmt::Display| ConnectError::Kubeconfig(e.to_string());
        let file = Kubeconfig::from_yaml(text).map_err(|e| wrong(&e))?;
        let config = kube::Config::from_custom_kubeconfig(file, &KubeConfigOptions::default())
            .await
            .map_err(|e| wrong(&e))?;
        Self::from_config(config, user_agent, AnswerCounts::default())
    }

    fn from_config(
        config: kube::Config,
        user_agent: &str,
        answers: AnswerCounts,
    ) -> Result<Self, ConnectError> {
        let host = config
            .cluster_url
            .authority()
            .map_or("", |authority| authority.as_str())
            .into();
        let server = config
            .cluster_url
            .to_string()
            .trim_end_matches('/')
            .to_owned();
        let namespace = config.default_namespace.clone();
        let problem = |problem: String| ConnectError::Client {
            server: server.clone(),
            problem,
        };
        let user_agent =
            HeaderValue::from_str(user_agent).map_err(|e| problem(format!("user agent: {e}")))?;
        let client = kube::Client::try_from(config).map_err(|e| problem(e.to_string()))?;
        let connection = Connection {
            client,
            server,
            host,
            user_agent,
            default_namespace: namespace,
            answers,
        };
        Ok(Self::new(connection))
    }
}

fn refuse(what: impl Into<String>, remedy: &'static str) -> ConnectError {
    ConnectError::Refused {
        what: what.into(),
        remedy,
    }
}

/// Why a text is no kubeconfig, as Kubernetes' own reader words it for the most frequent mistake, without quoting the text.
fn unreadable(text: &str) -> String {
    match skein_yaml::from_slice(text.as_bytes()) {
        Ok(serde_json::Value::String(_)) => r#"couldn't get version/kind; json parse error: json: cannot unmarshal string into Go value of type struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" }"#.to_owned(),
        // A syntax error tells where it is, and quotes nothing.
        Err(skein_yaml::YamlError::Syntax { go_text, .. }) => format!("yaml: {go_text}"),
        _ => "not a valid kubeconfig".to_owned(),
    }
}

/// Why a kubeconfig leads nowhere. Kubernetes' own client says the same of a missing context, cluster and server.
fn unusable(error: &KubeconfigError) -> String {
    match error {
        KubeconfigError::CurrentContextNotSet
        | KubeconfigError::LoadContext(_)
        | KubeconfigError::LoadClusterOfContext(_)
        | KubeconfigError::MissingClusterUrl => {
            "invalid configuration: no configuration has been provided, try setting KUBERNETES_MASTER environment variable".to_owned()
        }
        other => other.to_string(),
    }
}

fn sanitise(file: &mut Kubeconfig, policy: KubeconfigPolicy) -> Result<(), ConnectError> {
    for named in &mut file.clusters {
        let Some(cluster) = &mut named.cluster else {
            continue;
        };
        if cluster.certificate_authority.is_some() {
            return Err(refuse(
                "the file path certificate-authority",
                "give the certificate inline as certificate-authority-data",
            ));
        }
        if cluster.insecure_skip_tls_verify == Some(true) && !policy.allow_insecure_tls {
            return Err(refuse(
                "insecure-skip-tls-verify",
                "give the certificate as certificate-authority-data, or start the controller with --insecure-kubeconfig-tls",
            ));
        }
    }
    for named in &mut file.auth_infos {
        let Some(user) = &mut named.auth_info else {
            continue;
        };
        if user.exec.is_some() && !policy.allow_exec {
            return Err(refuse(
                "an exec plugin",
                "use a token or client certificate, or start the controller with --insecure-kubeconfig-exec",
            ));
        }
        if user.auth_provider.is_some() {
            return Err(refuse(
                "an auth-provider",
                "use a token or client certificate",
            ));
        }
        for (set, field, remedy) in [
            (
                user.token_file.is_some(),
                "tokenFile",
                "give the token inline as token",
            ),
            (
                user.client_certificate.is_some(),
                "client-certificate",
                "give the certificate inline as client-certificate-data",
            ),
            (
                user.client_key.is_some(),
                "client-key",
                "give the key inline as client-key-data",
            ),
        ] {
            if set {
                return Err(refuse(format!("the file path {field}"), remedy));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kubeconfig(cluster: &str, user: &str) -> String {
        format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: c\n\
             contexts: [{{name: c, context: {{cluster: c, user: u}}}}]\n\
             clusters: [{{name: c, cluster: {{server: 'https://127.0.0.1:1'{cluster}}}}}]\n\
             users: [{{name: u, user: {{{user}}}}}]\n"
        )
    }

    async fn refusal(cluster: &str, user: &str) -> String {
        let text = kubeconfig(cluster, user);
        let policy = KubeconfigPolicy::default();
        let answers = AnswerCounts::default();
        match Cluster::from_untrusted_kubeconfig(&text, policy, "test", answers).await {
            Ok(_) => "accepted".into(),
            Err(error) => error.to_string(),
        }
    }

    #[tokio::test]
    async fn untrusted_kubeconfigs_cannot_reach_this_machine() {
        assert_eq!(refusal("", "token: x").await, "accepted");
        for (cluster, user, what) in [
            (
                "",
                "exec: {apiVersion: client.authentication.k8s.io/v1, command: sh}",
                "exec plugin",
            ),
            ("", "tokenFile: /etc/passwd", "tokenFile"),
            ("", "client-certificate: /etc/passwd", "client-certificate"),
            ("", "client-key: /etc/passwd", "client-key"),
            ("", "auth-provider: {name: gcp}", "auth-provider"),
            (
                ", certificate-authority: /etc/passwd",
                "token: x",
                "certificate-authority",
            ),
            (
                ", insecure-skip-tls-verify: true",
                "token: x",
                "insecure-skip-tls-verify",
            ),
        ] {
            let message = refusal(cluster, user).await;
            assert!(
                message.contains(what) && message.contains("refused"),
                "{what}: {message}"
            );
        }
    }

    #[tokio::test]
    async fn broken_kubeconfigs_are_not_quoted() {
        let result = Cluster::from_untrusted_kubeconfig(
            "token: s3cr3t: [",
            KubeconfigPolicy::default(),
            "test",
            AnswerCounts::default(),
        )
        .await;
        let Err(error) = result else {
            panic!("accepted")
        };
        assert!(!error.to_string().contains("s3cr3t"));
    }
}
