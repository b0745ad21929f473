//! Objects by apiVersion and kind, their paths found by discovery.

use std::collections::HashMap;

use anyhow::{Context, Result};
use parking_lot::Mutex;
use serde_json::Value;
use skein_testkit::Api;

use crate::scenario::text;

/// An API server with what it serves.
#[derive(Debug)]
pub struct Cluster {
    pub api: Api,
    discovered: Mutex<HashMap<String, Vec<Served>>>,
}

#[derive(Debug, Clone)]
struct Served {
    kind: String,
    plural: String,
    namespaced: bool,
}

/// apiVersion of the kinds that scenarios name without one.
const KINDS: &[(&str, &str)] = &[
    ("Kustomization", "kustomize.toolkit.fluxcd.io/v1"),
    ("GitRepository", "source.toolkit.fluxcd.io/v1"),
    ("OCIRepository", "source.toolkit.fluxcd.io/v1"),
    ("HelmRepository", "source.toolkit.fluxcd.io/v1"),
    ("HelmChart", "source.toolkit.fluxcd.io/v1"),
    ("Bucket", "source.toolkit.fluxcd.io/v1"),
    ("HelmRelease", "helm.toolkit.fluxcd.io/v2"),
    ("Receiver", "notification.toolkit.fluxcd.io/v1"),
    ("Alert", "notification.toolkit.fluxcd.io/v1beta3"),
    ("Provider", "notification.toolkit.fluxcd.io/v1beta3"),
    ("Deployment", "apps/v1"),
    ("StatefulSet", "apps/v1"),
    ("Job", "batch/v1"),
    ("CustomResourceDefinition", "apiextensions.k8s.io/v1"),
    ("RoleBinding", "rbac.authorization.k8s.io/v1"),
];

/// apiVersion of a kind; core's when it is no kind that we know.
pub fn api_version_of(kind: &str) -> &'static str {
    KINDS
        .iter()
        .find(|(known, _)| *known == kind)
        .map_or("v1", |(_, version)| version)
}

impl Cluster {
    /// Over a client with all rights.
    pub fn new(api: Api) -> Self {
        Self {
            api,
            discovered: Mutex::default(),
        }
    }

    /// Path of the collection; the namespace is left out for a cluster-wide kind.
    pub async fn collection(
        &self,
        api_version: &str,
        kind: &str,
        namespace: &str,
    ) -> Result<String> {
        let served = self.served(api_version, kind).await?;
        let root = root(api_version);
        Ok(if served.namespaced && !namespace.is_empty() {
            format!("{root}/namespaces/{namespace}/{}", served.plural)
        } else {
            format!("{root}/{}", served.plural)
        })
    }

    /// Path of an object that a scenario names as `Kind/name`, `Kind/namespace/name` or `group/version/Kind/name`.
    pub async fn path(&self, reference: &str, namespace: &str) -> Result<String> {
        let parts: Vec<&str> = reference.split('/').collect();
        let (version, kind, namespace, name) = match parts[..] {
            [kind, name] => (api_version_of(kind).to_owned(), kind, namespace, name),
            [kind, namespace, name] => (api_version_of(kind).to_owned(), kind, namespace, name),
            [group, version, kind, name] => (format!("{group}/{version}"), kind, namespace, name),
            _ => anyhow::bail!("{reference:?} names no object"),
        };
        let collection = self.collection(&version, kind, namespace).await?;
        Ok(format!("{collection}/{name}"))
    }

    /// Objects of a collection, or nothing where the kind is not served.
    pub async fn list(&self, api_version: &str, kind: &str, namespace: &str) -> Result<Vec<Value>> {
        let Ok(path) = self.collection(api_version, kind, namespace).await else {
            return Ok(Vec::new());
        };
        let mut list = self.api.get(&path).await?;
        let Value::Array(mut items) = list["items"].take() else {
            return Ok(Vec::new());
        };
        for item in &mut items {
            // Items of a list do not repeat what they are.
            item["apiVersion"] = api_version.into();
            item["kind"] = kind.into();
        }
        Ok(items)
    }

    async fn served(&self, api_version: &str, kind: &str) -> Result<Served> {
        let find = |all: &[Served]| all.iter().find(|served| served.kind == kind).cloned();
        let known = self
            .discovered
            .lock()
            .get(api_version)
            .and_then(|all| find(all));
        if let Some(served) = known {
            return Ok(served);
        }
        let list = self.api.get(&root(api_version)).await?;
        let resources = list["resources"].as_array().into_iter().flatten();
        let all: Vec<Served> = resources
            .filter(|resource| !text(&resource["name"]).contains('/'))
            .map(|resource| Served {
                kind: text(&resource["kind"]),
                plural: text(&resource["name"]),
                namespaced: resource["namespaced"] == true,
            })
            .collect();
        let found = find(&all).with_context(|| format!("{api_version} {kind} is not served"));
        self.discovered.lock().insert(api_version.to_owned(), all);
        found
    }
}

fn root(api_version: &str) -> String {
    if api_version.contains('/') {
        format!("/apis/{api_version}")
    } else {
        format!("/api/{api_version}")
    }
}
