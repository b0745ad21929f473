//! What is applied: four objects per Kustomization, and the Kustomizations themselves.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// Namespace of the source.
pub const SOURCE_NAMESPACE: &str = "flux-system";
/// Name of the source.
pub const SOURCE: &str = "fleet";
/// Name of the account in each namespace.
pub const ACCOUNT: &str = "tenant";
/// What one Kustomization applies.
pub const OBJECTS_PER_APP: usize = 4;

/// One Kustomization of a fleet.
#[derive(Clone, Debug)]
pub struct App {
    /// Its namespace and that of its objects.
    pub namespace: String,
    /// Its name and that of its objects.
    pub name: String,
}

/// So many, spread over namespaces whose names start with `prefix`.
pub fn apps(prefix: &str, count: usize, namespaces: usize) -> Vec<App> {
    (0..count)
        .map(|number| App {
            namespace: format!("{prefix}-{:03}", number % namespaces.max(1)),
            name: format!("app-{number:05}"),
        })
        .collect()
}

/// The namespaces of the apps, each once.
pub fn namespaces(apps: &[App]) -> Vec<String> {
    let set: std::collections::BTreeSet<_> = apps.iter().map(|app| app.namespace.clone()).collect();
    set.into_iter().collect()
}

impl App {
    /// The objects at one release: each of them differs between two releases.
    pub fn objects(&self, release: u32) -> [Value; OBJECTS_PER_APP] {
        let text = format!("release-{release} of {}", self.name);
        let metadata = json!({
            "name": self.name, "namespace": self.namespace, "labels": {"app": self.name},
            "annotations": {"example.com/release": release.to_string()},
        });
        let labels = json!({"app": self.name});
        let container = json!({
            "name": "main", "image": format!("registry.example.com/{}:{release}", self.name),
            "env": [{"name": "RELEASE", "value": release.to_string()}],
            "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}},
        });
        [
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"text": text}}),
            json!({
                "apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "Opaque",
                "data": {"text": STANDARD.encode(&text)},
            }),
            json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}),
            json!({
                "apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata,
                "spec": {
                    "replicas": 0, "selector": {"matchLabels": labels},
                    "template": {
                        "metadata": {"labels": labels},
                        "spec": {"serviceAccountName": self.name, "containers": [container]},
                    },
                },
            }),
        ]
    }

    /// Folder of the objects in the repository.
    pub fn folder(&self) -> String {
        format!("apps/{}", self.name)
    }

    /// The objects as the text of one file; JSON is YAML.
    pub fn file(&self, release: u32) -> String {
        let documents = self
            .objects(release)
            .map(|object| format!("---\n{object}\n"));
        documents.concat()
    }

    /// The Kustomization.
    pub fn kustomization(&self, interval: &str) -> Value {
        json!({
            "apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
            "metadata": {"name": self.name, "namespace": self.namespace},
            "spec": {
                "interval": interval, "path": format!("./{}", self.folder()), "prune": true, "wait": true,
                "timeout": "10m", "serviceAccountName": ACCOUNT,
                "sourceRef": {"kind": "GitRepository", "name": SOURCE, "namespace": SOURCE_NAMESPACE},
            },
        })
    }
}

/// Path of an object for server-side apply.
pub fn apply_path(object: &Value, manager: &str) -> String {
    let part = |name: &str| object["metadata"][name].as_str().unwrap_or_default();
    let (root, plural) = match object["kind"].as_str().unwrap_or_default() {
        "ConfigMap" => ("/api/v1", "configmaps"),
        "Secret" => ("/api/v1", "secrets"),
        "ServiceAccount" => ("/api/v1", "serviceaccounts"),
        _ => ("/apis/apps/v1", "deployments"),
    };
    format!(
        "{root}/namespaces/{}/{plural}/{}?fieldManager={manager}&force=true",
        part("namespace"),
        part("name")
    )
}

/// A namespace with an account that may do what an administrator of a namespace may.
pub fn tenant(namespace: &str) -> Vec<(String, Value)> {
    let metadata = json!({"name": ACCOUNT});
    let role =
        json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "admin"});
    let subject = json!({"kind": "ServiceAccount", "name": ACCOUNT, "namespace": namespace});
    let core = format!("/api/v1/namespaces/{namespace}");
    let rights = format!("/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}");
    vec![
        (
            "/api/v1/namespaces".to_owned(),
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}),
        ),
        (
            format!("{core}/serviceaccounts"),
            json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}),
        ),
        (
            format!("{rights}/rolebindings"),
            json!({
                "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": metadata,
                "subjects": [subject], "roleRef": role,
            }),
        ),
    ]
}

/// The source of all Kustomizations.
pub fn source(url: &str) -> Value {
    json!({
        "apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository",
        "metadata": {"name": SOURCE, "namespace": SOURCE_NAMESPACE},
        "spec": {"interval": "1h", "url": url, "ref": {"branch": "main"}},
    })
}
