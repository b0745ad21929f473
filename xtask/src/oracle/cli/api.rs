//! The API server through kubectl's proxy: a look at objects costs a request and no process.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};
use serde_json::{Value, json};

/// A kind and where its objects are served.
pub struct Resource {
    group_version: &'static str,
    kind: &'static str,
    plural: &'static str,
}

const fn resource(
    group_version: &'static str,
    kind: &'static str,
    plural: &'static str,
) -> Resource {
    Resource {
        group_version,
        kind,
        plural,
    }
}

const SOURCE: &str = "source.toolkit.fluxcd.io/v1";
const NOTIFICATION: &str = "notification.toolkit.fluxcd.io/v1";
const NOTIFICATION_BETA: &str = "notification.toolkit.fluxcd.io/v1beta3";
const IMAGE: &str = "image.toolkit.fluxcd.io/v1";

/// Kinds that a controller answers.
pub const FLUX: &[Resource] = &[
    resource(SOURCE, "GitRepository", "gitrepositories"),
    resource(SOURCE, "OCIRepository", "ocirepositories"),
    resource(SOURCE, "HelmRepository", "helmrepositories"),
    resource(SOURCE, "HelmChart", "helmcharts"),
    resource(SOURCE, "Bucket", "buckets"),
    resource(
        "kustomize.toolkit.fluxcd.io/v1",
        "Kustomization",
        "kustomizations",
    ),
    resource("helm.toolkit.fluxcd.io/v2", "HelmRelease", "helmreleases"),
    resource(NOTIFICATION_BETA, "Alert", "alerts"),
    resource(NOTIFICATION_BETA, "Provider", "providers"),
    resource(NOTIFICATION, "Receiver", "receivers"),
    resource(IMAGE, "ImageRepository", "imagerepositories"),
    resource(IMAGE, "ImagePolicy", "imagepolicies"),
    resource(IMAGE, "ImageUpdateAutomation", "imageupdateautomations"),
];

/// What else a command may make.
pub const OTHERS: &[Resource] = &[
    resource("v1", "Secret", "secrets"),
    resource("v1", "ConfigMap", "configmaps"),
    resource("v1", "ServiceAccount", "serviceaccounts"),
    resource(
        "rbac.authorization.k8s.io/v1",
        "RoleBinding",
        "rolebindings",
    ),
];

impl Resource {
    /// Path of the objects, of one namespace or of all.
    fn path(&self, namespace: Option<&str>) -> String {
        let root = if self.group_version == "v1" {
            "api"
        } else {
            "apis"
        };
        let scope = namespace.map_or_else(String::new, |name| format!("namespaces/{name}/"));
        format!("/{root}/{}/{scope}{}", self.group_version, self.plural)
    }
}

/// A running proxy, which holds the administrator's credentials.
pub struct Api {
    proxy: Child,
    address: String,
    agent: ureq::Agent,
}

impl Api {
    /// Starts the proxy on a free port of loopback.
    pub fn start(kubectl: &Path, kubeconfig: &str) -> Result<Self> {
        let mut proxy = Command::new(kubectl)
            .args(["proxy", "--port=0"])
            .env("KUBECONFIG", kubeconfig)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .context("starting kubectl proxy")?;
        let output = proxy.stdout.take().context("standard output is piped")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        let address = line.trim().rsplit(' ').next().unwrap_or_default();
        Ok(Self {
            address: format!("http://{address}"),
            proxy,
            agent: ureq::Agent::new_with_defaults(),
        })
    }

    /// The objects of a kind in all namespaces, each with its kind and version, as a list does not tell them.
    pub fn list(&self, resource: &Resource) -> Result<Vec<Value>> {
        let path = resource.path(None);
        let text = self
            .agent
            .get(format!("{}{path}", self.address))
            .call()
            .and_then(|mut answer| answer.body_mut().read_to_string())
            .with_context(|| format!("GET {path}"))?;
        let mut list: Value = serde_json::from_str(&text).context("a list is JSON")?;
        let items = list["items"].as_array_mut().map(std::mem::take);
        Ok(items
            .unwrap_or_default()
            .into_iter()
            .map(|mut item| {
                item["apiVersion"] = json!(resource.group_version);
                item["kind"] = json!(resource.kind);
                item
            })
            .collect())
    }

    /// Merges into the status of an object.
    pub fn patch_status(&self, resource: &Resource, object: &Value, status: &Value) -> Result<()> {
        let word = |field: &str| object["metadata"][field].as_str().unwrap_or_default();
        let path = resource.path(Some(word("namespace")));
        let path = format!("{path}/{}/status", word("name"));
        self.agent
            .patch(format!("{}{path}", self.address))
            .header("Content-Type", "application/merge-patch+json")
            .send(json!({ "status": status }).to_string())
            .with_context(|| format!("PATCH {path}"))?;
        Ok(())
    }
}

impl Drop for Api {
    fn drop(&mut self) {
        // It may have ended by itself; a failure leaves nothing that matters.
        let _ended = self.proxy.kill();
        let _waited = self.proxy.wait();
    }
}
