//! Objects that a HelmRelease needs: of local files first, then of the cluster.

use std::io::Read;
use std::path::Path;

use anyhow::{Context, anyhow, bail};
use serde_json::json;
use skein_api::FluxKind;
use skein_cluster::ApiResource;
use skein_object::{GroupVersionKind, Object};

use super::ReleaseFlags;
use crate::arguments::Session;
use crate::build::{BuildOptions, build_kustomization};
use crate::objects;

/// Largest text from standard input, in bytes.
const MAX_INPUT_BYTES: u64 = 64 << 20;

/// Files and a cluster.
pub(super) struct Lookup<'a> {
    /// The cluster, if one is asked.
    pub session: Option<&'a Session>,
    objects: Vec<Object>,
}

impl<'a> Lookup<'a> {
    /// Reads the files of the flags.
    pub(super) fn read(session: Option<&'a Session>, flags: &ReleaseFlags) -> anyhow::Result<Self> {
        let mut objects = vec![];
        for path in flags.helmrelease_file.iter().chain(&flags.path) {
            let found = read(path).with_context(|| format!("cannot read {}", path.display()))?;
            objects.extend(found);
        }
        Ok(Self { session, objects })
    }

    /// The local objects of a kind, at any version.
    pub(super) fn local(&self, group: &str, kind: &str) -> Vec<&Object> {
        let is_kind = |object: &&Object| {
            let gvk = object.gvk();
            gvk.group == group && gvk.kind == kind
        };
        self.objects.iter().filter(is_kind).collect()
    }

    fn local_named(&self, group: &str, kind: &str, namespace: &str, name: &str) -> Option<Object> {
        let mut found = self.local(group, kind).into_iter().filter(|object| {
            object.name() == name && ["", namespace].contains(&object.namespace())
        });
        let mut object = found.next()?.clone();
        if object.namespace().is_empty() {
            object.set(&["metadata", "namespace"], namespace.into());
        }
        Some(object)
    }

    /// A ConfigMap or a Secret.
    pub(super) async fn core_object(
        &self,
        kind: &str,
        namespace: &str,
        name: &str,
    ) -> anyhow::Result<Option<Object>> {
        if let Some(found) = self.local_named("", kind, namespace, name) {
            return Ok(Some(plain(found)?));
        }
        let Some(session) = self.session else {
            return Ok(None);
        };
        let plural = if kind == "Secret" {
            "secrets"
        } else {
            "configmaps"
        };
        let resource = ApiResource::new(&GroupVersionKind::new("", "v1", kind), plural, true);
        Ok(session.cluster.get(&resource, namespace, name).await?)
    }

    /// An object of Flux: of the files, or else of the cluster.
    pub(super) async fn flux(
        &self,
        kind: FluxKind,
        namespace: &str,
        name: &str,
    ) -> anyhow::Result<Object> {
        let definition = kind.definition();
        match self.local_named(definition.group, definition.kind, namespace, name) {
            Some(found) => Ok(found),
            None => self.required_in_cluster(kind, namespace, name).await,
        }
    }

    /// An object of Flux that the cluster must have.
    pub(super) async fn required_in_cluster(
        &self,
        kind: FluxKind,
        namespace: &str,
        name: &str,
    ) -> anyhow::Result<Object> {
        let word = kind.definition().kind;
        if self.session.is_none() {
            bail!(
                "the files have no {word} '{namespace}/{name}', and no cluster is asked with --dry-run; add it with --path"
            );
        }
        let found = self.in_cluster(kind, namespace, name).await?;
        found.ok_or_else(|| {
            anyhow!(
                "{word} '{namespace}/{name}' not found, neither in the files nor in the cluster"
            )
        })
    }

    /// An object of Flux in the cluster.
    pub(super) async fn in_cluster(
        &self,
        kind: FluxKind,
        namespace: &str,
        name: &str,
    ) -> anyhow::Result<Option<Object>> {
        let Some(session) = self.session else {
            return Ok(None);
        };
        let resource = objects::resource_of(session, kind).await?;
        Ok(session.cluster.get(&resource, namespace, name).await?)
    }
}

/// A Secret with all its values as data, as the API server has it.
fn plain(mut object: Object) -> anyhow::Result<Object> {
    use base64::Engine as _;
    if object.kind() != "Secret" {
        return Ok(object);
    }
    if object.at(&["sops"]).is_some() {
        bail!(
            "Secret '{}' is encrypted: its values are not known here; decrypt the file first, or leave it to the cluster",
            object.namespaced_name()
        );
    }
    let texts = object.remove(&["stringData"]);
    let texts = texts.as_ref().and_then(serde_json::Value::as_object);
    for (key, text) in texts.into_iter().flatten() {
        let text = text.as_str().unwrap_or_default();
        let encoded = base64::engine::general_purpose::STANDARD.encode(text);
        object.set(&["data", key.as_str()], encoded.into());
    }
    Ok(object)
}

/// The objects of a folder, a file or standard input.
fn read(path: &Path) -> anyhow::Result<Vec<Object>> {
    if path == Path::new("-") {
        let mut text = Vec::new();
        std::io::stdin()
            .lock()
            .take(MAX_INPUT_BYTES)
            .read_to_end(&mut text)?;
        return documents(&text);
    }
    if !path.is_dir() {
        let text = std::fs::read(path).map_err(|error| anyhow!("{error}"))?;
        return documents(&text);
    }
    let kustomization = Object::from_value(json!({
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
        "metadata": {"name": "files", "namespace": ""},
        "spec": {"path": "./", "prune": false},
    }))
    .map_err(|error| anyhow!("{error}"))?;
    let options = BuildOptions {
        path: path.to_path_buf(),
        ..BuildOptions::default()
    };
    build_kustomization(&kustomization, &options)
}

/// The objects of a text; documents that are no objects are passed over.
fn documents(text: &[u8]) -> anyhow::Result<Vec<Object>> {
    let documents = skein_yaml::documents(text)?;
    Ok(documents
        .into_iter()
        .filter_map(|document| Object::from_value(document.value).ok())
        .collect())
}
