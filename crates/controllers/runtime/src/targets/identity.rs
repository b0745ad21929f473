//! Access to a remote cluster that a ConfigMap describes: its address, and a token of a ServiceAccount of this cluster. Nothing secret is
//! stored; the API server makes the token, and the remote cluster trusts who made it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use skein_cluster::{ApiError, ApiResource, Cluster};
use skein_object::{GroupVersionKind, NamespacedName, Object};
use thiserror::Error;

/// Part of a token's life, in percent, after which another one is asked for.
const LIFE_PERCENT: i32 = 80;

/// Why a ConfigMap gives no access. The texts are those of Flux.
#[derive(Debug, Error)]
pub enum IdentityError {
    /// The ConfigMap is not there or cannot be read.
    #[error("failed to get configmap {name}: {problem}")]
    ConfigMap {
        /// Namespace and name.
        name: NamespacedName,
        /// What the API server said.
        problem: String,
    },
    /// A provider that Flux has not either.
    #[error("provider '{0}' not implemented")]
    UnknownProvider(String),
    /// A provider that is not supported yet.
    #[error(
        "provider '{0}' of spec.kubeConfig.configMapRef is not supported by this version; use the provider generic or spec.kubeConfig.secretRef"
    )]
    Cloud(String),
    /// No token.
    #[error("failed to get access token for cluster: {0}")]
    Token(String),
    /// The ConfigMap names no address.
    #[error("cluster address is required to create a REST config")]
    NoAddress,
    /// The address is none.
    #[error("failed to parse cluster address {address}: {problem}")]
    Address {
        /// As it is written.
        address: String,
        /// Why it is none.
        problem: String,
    },
}

/// What tokens may be asked for.
#[derive(Clone, Debug, Default)]
pub struct IdentityOptions {
    /// Whether accounts of the objects' namespaces may be used (gate ObjectLevelWorkloadIdentity).
    pub of_objects: bool,
    /// Account for ConfigMaps that name none; empty for the controller's own.
    pub default_account: String,
}

/// Access that was given.
pub(super) struct Access {
    /// A kubeconfig, as JSON.
    pub kubeconfig: String,
    /// When another token is to be asked for.
    pub renew_at: Timestamp,
}

/// The ConfigMap of this name.
pub(super) async fn read(own: &Cluster, name: &NamespacedName) -> Result<Object, IdentityError> {
    let gvk = GroupVersionKind::new("", "v1", "ConfigMap");
    let resource = ApiResource::new(&gvk, "configmaps", true);
    let failed = |problem: String| IdentityError::ConfigMap {
        name: name.clone(),
        problem,
    };
    let found = own.get(&resource, &name.namespace, &name.name).await;
    found
        .map_err(|error| failed(error.to_string()))?
        .ok_or_else(|| failed(format!("configmaps {:?} not found", name.name)))
}

/// Asks for the token that a ConfigMap describes.
pub(super) async fn access(
    own: &Cluster,
    config: &Object,
    options: &IdentityOptions,
) -> Result<Access, IdentityError> {
    let field = |key: &str| config.str_at(&["data", key]).unwrap_or_default();
    match field("provider") {
        "generic" => {}
        cloud @ ("aws" | "azure" | "gcp") => return Err(IdentityError::Cloud(cloud.to_owned())),
        other => return Err(IdentityError::UnknownProvider(other.to_owned())),
    }
    let address = field("address");
    let named: Vec<&str> = field("audiences")
        .lines()
        .map(str::trim)
        .filter(|audience| !audience.is_empty())
        .collect();
    let audiences = if named.is_empty() {
        vec![address]
    } else {
        named
    };
    let account = account(own, config, options).await?;
    let token = token(own, &account, &audiences).await?;
    let server = server(address)?;
    let mut cluster = json!({"server": server});
    let authority = field("ca.crt");
    if !authority.is_empty() {
        cluster["certificate-authority-data"] = Value::from(STANDARD.encode(authority));
    }
    let kubeconfig = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "remote",
        "clusters": [{"name": "remote", "cluster": cluster}],
        "users": [{"name": "remote", "user": {"token": token.text}}],
        "contexts": [{"name": "remote", "context": {"cluster": "remote", "user": "remote"}}],
    });
    Ok(Access {
        kubeconfig: kubeconfig.to_string(),
        renew_at: token.renew_at,
    })
}

/// Whose token it is: an account of the object's namespace, or the controller itself.
async fn account(
    own: &Cluster,
    config: &Object,
    options: &IdentityOptions,
) -> Result<NamespacedName, IdentityError> {
    let named = config.str_at(&["data", "serviceAccountName"]);
    let named = named.unwrap_or_default();
    let (name, is_default) = match named {
        "" => (options.default_account.as_str(), true),
        named => (named, false),
    };
    if name.is_empty() {
        return controller_account(own).await;
    }
    let account = NamespacedName::new(config.namespace(), name);
    let gvk = GroupVersionKind::new("", "v1", "ServiceAccount");
    let accounts = ApiResource::new(&gvk, "serviceaccounts", true);
    let failed = |problem: &str| {
        IdentityError::Token(format!(
            "failed to get service account '{account}': {problem}"
        ))
    };
    match own.get(&accounts, &account.namespace, &account.name).await {
        Err(error) => Err(failed(&error.to_string())),
        Ok(None) if is_default => Err(failed(
            "the specified default service account does not exist in the object namespace. your cluster is subject to multi-tenant workload identity lockdown, reach out to your cluster administrator for help",
        )),
        Ok(None) => Err(failed(&format!("ServiceAccount {name:?} not found"))),
        Ok(Some(_)) if !options.of_objects => Err(IdentityError::Token(
            "ObjectLevelWorkloadIdentity feature gate is not enabled".to_owned(),
        )),
        Ok(Some(_)) => Ok(account),
    }
}

/// The account that this process is.
async fn controller_account(own: &Cluster) -> Result<NamespacedName, IdentityError> {
    const PATH: &str = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    const PREFIX: &str = "system:serviceaccount:";
    let failed = |problem: String| {
        IdentityError::Token(format!(
            "failed to create provider access token for the controller: {problem}"
        ))
    };
    let review = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"});
    let answer = own.raw(http::Method::POST, PATH, Some(&review)).await;
    let answer = answer.map_err(|error| failed(error.to_string()))?;
    let user = answer["status"]["userInfo"]["username"].as_str();
    let user = user.unwrap_or_default();
    let account = user.strip_prefix(PREFIX).and_then(|id| id.split_once(':'));
    let (namespace, name) =
        account.ok_or_else(|| failed(format!("the controller is no service account: {user:?}")))?;
    Ok(NamespacedName::new(namespace, name))
}

struct Token {
    text: String,
    renew_at: Timestamp,
}

async fn token(
    own: &Cluster,
    account: &NamespacedName,
    audiences: &[&str],
) -> Result<Token, IdentityError> {
    let failed = |problem: String| {
        IdentityError::Token(format!(
            "failed to create kubernetes token for service account '{account}': {problem}"
        ))
    };
    let request = json!({
        "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
        "spec": {"audiences": audiences},
    });
    let path = format!(
        "/api/v1/namespaces/{}/serviceaccounts/{}/token",
        account.namespace, account.name
    );
    let answer = own.raw(http::Method::POST, &path, Some(&request)).await;
    let answer = answer.map_err(|error: ApiError| failed(error.to_string()))?;
    let status = &answer["status"];
    let (text, end) = (&status["token"], &status["expirationTimestamp"]);
    let end: Option<Timestamp> = end.as_str().and_then(|end| end.parse().ok());
    match (text.as_str(), end) {
        (Some(text), Some(end)) => Ok(Token {
            text: text.to_owned(),
            renew_at: renewal(Timestamp::now(), end),
        }),
        _ => Err(failed("the answer holds no token".to_owned())),
    }
}

/// When a token that ends then is exchanged.
fn renewal(now: Timestamp, end: Timestamp) -> Timestamp {
    const WHOLE_PERCENT: i32 = 100;
    let life = end.duration_since(now);
    let used = life / WHOLE_PERCENT * LIFE_PERCENT;
    now.checked_add(used.max(SignedDuration::ZERO))
        .unwrap_or(end)
}

/// `https://<host>:<port>` of an address that may be a host alone.
fn server(address: &str) -> Result<String, IdentityError> {
    const PORT: u16 = 443;
    if address.is_empty() {
        return Err(IdentityError::NoAddress);
    }
    let failed = |problem: String| IdentityError::Address {
        address: address.to_owned(),
        problem,
    };
    let whole = if address.starts_with("http") {
        address.to_owned()
    } else {
        format!("https://{address}")
    };
    let parsed: Result<http::Uri, _> = whole.parse();
    let uri = parsed.map_err(|error| {
        failed(format!(
            "failed to parse Kubernetes API server address '{whole}': {error}"
        ))
    })?;
    if uri.scheme_str() != Some("https") {
        return Err(failed(format!(
            "the Kubernetes API server address '{whole}' must use https scheme"
        )));
    }
    let host = uri.host().unwrap_or_default().to_lowercase();
    Ok(format!("https://{host}:{}", uri.port_u16().unwrap_or(PORT)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_brought_into_one_form() {
        for (address, expected) in [
            ("API.example.com", "https://api.example.com:443"),
            ("10.0.0.1:6443", "https://10.0.0.1:6443"),
            ("https://[::1]:6443/path", "https://[::1]:6443"),
        ] {
            assert_eq!(server(address).unwrap(), expected);
        }
        assert!(matches!(server(""), Err(IdentityError::NoAddress)));
        assert_eq!(
            server("http://a").unwrap_err().to_string(),
            "failed to parse cluster address http://a: the Kubernetes API server address 'http://a' must use https scheme"
        );
    }

    #[test]
    fn tokens_are_exchanged_before_they_end() {
        let now: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let end: Timestamp = "2026-01-01T01:00:00Z".parse().unwrap();
        assert_eq!(renewal(now, end).to_string(), "2026-01-01T00:48:00Z");
        assert_eq!(renewal(end, now), end, "one that has ended, at once");
    }
}
