//! A chart with values as the objects and hooks of a release: rendered, patched by the spec's post-renderers, and labelled.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use parking_lot::Mutex;
use rand::RngCore as _;
use serde_json::{Value, json};
use skein_api::helm_release::HelmRelease;
use skein_api::helm_release::actions::{KustomizePostRenderer, PostRenderStrategy};
use skein_api::names::{HELM_RELEASE_NAME_LABEL, HELM_RELEASE_NAMESPACE_LABEL};
use skein_api::reference::CommonMetadata;
use skein_cluster::{ApiError, Cluster, ListOptions};
use skein_helm::release::{RecordedChart, RecordedHook};
use skein_helm::render::{KubeVersion, PostRenderStrategy as Strategy, custom_resources};
use skein_helm::{RenderOptions, render_through};
use skein_kustomize::FileTree;
use skein_object::{GroupVersionKind, Object};
use skein_runtime::targets::Target;
use skein_template::{Environment, Integers};
use skein_yaml::{Dialect, compose_all, reencoded_to_json};

use crate::action::Wanted;
use crate::spec;

/// Longest time that one rendering may take.
const RENDER_LIMIT: Duration = Duration::from_secs(60);
/// Servers whose version is remembered.
const VERSIONS_MAX: usize = 1_000;
/// File name of the rendered objects while they are patched.
const INPUT: &str = "helm-output.yaml";

/// What a chart is rendered for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Purpose {
    revision: i64,
    is_upgrade: bool,
    skip_schema: bool,
}

impl Purpose {
    /// A first install.
    pub(crate) fn install(skip_schema: bool) -> Self {
        Self {
            revision: 1,
            is_upgrade: false,
            skip_schema,
        }
    }

    /// An upgrade to a revision.
    pub(crate) fn upgrade(revision: i64, skip_schema: bool) -> Self {
        Self {
            revision,
            is_upgrade: true,
            skip_schema,
        }
    }
}

/// What a release is made of.
pub(crate) struct Made {
    /// The chart as records hold it.
    pub(crate) chart: Arc<RecordedChart>,
    /// The objects.
    pub(crate) manifest: String,
    /// The hooks.
    pub(crate) hooks: Vec<RecordedHook>,
    /// The notes.
    pub(crate) notes: String,
}

/// Renders charts; remembers what clusters can do.
#[derive(Default)]
pub(crate) struct Renderer {
    versions: Mutex<HashMap<String, KubeVersion>>,
}

impl Renderer {
    /// The files of crds/ of the enabled charts: name and text.
    pub(crate) fn custom_resources(
        &self,
        wanted: &Wanted,
    ) -> Result<Vec<(String, String)>, String> {
        if wanted.chart.custom_resources().is_empty() {
            return Ok(Vec::new());
        }
        let files = custom_resources(&wanted.chart, &wanted.values).map_err(|e| e.to_string())?;
        Ok(files
            .into_iter()
            .map(|file| (file.name, String::from_utf8_lossy(&file.data).into_owned()))
            .collect())
    }

    /// Renders.
    pub(crate) async fn render(
        &self,
        release: &HelmRelease,
        target: &Target,
        wanted: &Wanted,
        purpose: Purpose,
    ) -> Result<Made, String> {
        let options = RenderOptions {
            kube_version: Some(self.version(&target.cluster).await?),
            api_versions: Some(api_versions(&target.cluster).await?),
            ..options_of(release, purpose)
        };
        let (wanted, release) = (wanted.clone(), release.clone());
        let mut world = World::new(Some(target.cluster.clone()));
        let rendered = tokio::task::spawn_blocking(move || {
            let mut post = |text: &str| post_render(text, &release);
            let rendered = render_through(
                &wanted.chart,
                &wanted.values,
                &options,
                &mut world,
                Some(&mut post),
            )
            .map_err(|error| error.to_string())?;
            for warning in &rendered.warnings {
                tracing::debug!(release = %options.release_name, "{warning}");
            }
            Ok(Made {
                chart: Arc::new(RecordedChart::from(&rendered.chart)),
                manifest: rendered.manifest,
                hooks: rendered.hooks.into_iter().map(RecordedHook::from).collect(),
                notes: rendered.notes,
            })
        });
        rendered
            .await
            .unwrap_or_else(|error| Err(format!("the rendering was interrupted: {error}")))
    }

    async fn version(&self, cluster: &Cluster) -> Result<KubeVersion, String> {
        if let Some(known) = self.versions.lock().get(cluster.server()) {
            return Ok(known.clone());
        }
        let version = server_version(cluster).await?;
        let mut versions = self.versions.lock();
        if versions.len() >= VERSIONS_MAX {
            versions.clear();
        }
        versions.insert(cluster.server().to_owned(), version.clone());
        Ok(version)
    }
}

/// How a HelmRelease is rendered, save for what the cluster is.
pub(crate) fn options_of(release: &HelmRelease, purpose: Purpose) -> RenderOptions {
    RenderOptions {
        release_name: spec::release_name(release),
        namespace: spec::release_namespace(release).to_owned(),
        revision: purpose.revision,
        is_upgrade: purpose.is_upgrade,
        skip_schema_validation: purpose.skip_schema,
        post_render_strategy: match release.spec.post_render_strategy {
            None | Some(PostRenderStrategy::Combined) => Strategy::Combined,
            Some(PostRenderStrategy::Separate) => Strategy::Separate,
            Some(PostRenderStrategy::NoHooks) => Strategy::NoHooks,
        },
        ..RenderOptions::default()
    }
}

pub(crate) async fn server_version(cluster: &Cluster) -> Result<KubeVersion, String> {
    let failed = |text: String| format!("could not get server version from Kubernetes: {text}");
    let answer = cluster
        .version()
        .await
        .map_err(|error| failed(error.to_string()))?;
    let text = answer["gitVersion"].as_str().unwrap_or_default();
    KubeVersion::parse(text).map_err(|error| failed(error.to_string()))
}

/// Group versions, and kinds at group versions, as `.Capabilities.APIVersions` lists them.
pub(crate) async fn api_versions(cluster: &Cluster) -> Result<Vec<String>, String> {
    let resources = cluster
        .resources()
        .await
        .map_err(|error| format!("could not get apiVersions from Kubernetes: {error}"))?;
    let mut seen = HashSet::new();
    let mut versions = Vec::new();
    for resource in resources {
        let group_version = resource.gvk().api_version();
        let kind = format!("{group_version}/{}", resource.kind);
        for text in [group_version, kind] {
            if seen.insert(text.clone()) {
                versions.push(text);
            }
        }
    }
    Ok(versions)
}

/// Clock, randomness and lookups of a rendering, which must run where it may block.
pub struct World {
    cluster: Option<Cluster>,
    runtime: tokio::runtime::Handle,
    started: Instant,
}

impl World {
    /// A world whose time for the rendering begins now. Without a cluster, lookups find nothing. It is made on the async runtime.
    pub fn new(cluster: Option<Cluster>) -> Self {
        Self {
            cluster,
            runtime: tokio::runtime::Handle::current(),
            started: Instant::now(),
        }
    }
}

impl Environment for World {
    fn now(&mut self) -> Timestamp {
        Timestamp::now()
    }

    fn random(&mut self, bytes: &mut [u8]) {
        rand::rng().fill_bytes(bytes);
    }

    fn lookup(
        &mut self,
        api_version: &str,
        kind: &str,
        namespace: &str,
        name: &str,
    ) -> Result<skein_template::Value, String> {
        let Some(cluster) = &self.cluster else {
            return Ok(skein_template::Value::from_json(
                &json!({}),
                Integers::Int64,
            ));
        };
        let found = lookup(cluster, api_version, kind, (namespace, name));
        match self.runtime.block_on(found) {
            Ok(value) => Ok(skein_template::Value::from_json(&value, Integers::Int64)),
            Err(error) => Err(error.to_string()),
        }
    }

    fn is_cancelled(&mut self) -> bool {
        self.started.elapsed() > RENDER_LIMIT
    }
}

async fn lookup(
    cluster: &Cluster,
    api_version: &str,
    kind: &str,
    (namespace, name): (&str, &str),
) -> Result<Value, ApiError> {
    let gvk = GroupVersionKind::from_api_version(api_version, kind);
    let resource = cluster.resource(&gvk).await?;
    if !name.is_empty() {
        let found = cluster.get(&resource, namespace, name).await?;
        return Ok(found.map_or_else(|| json!({}), Object::into_value));
    }
    let scope = ListOptions {
        namespace: namespace.to_owned(),
        ..ListOptions::default()
    };
    match cluster.list(&resource, &scope).await {
        Ok(page) => Ok(json!({
            "apiVersion": api_version,
            "kind": format!("{kind}List"),
            "metadata": {"resourceVersion": page.resource_version},
            "items": page.items.into_iter().map(Object::into_value).collect::<Vec<_>>(),
        })),
        Err(error) if error.is_not_found() => Ok(json!({})),
        Err(error) => Err(error),
    }
}

/// The spec's post-renderers in their order, then common metadata, then the labels of the HelmRelease.
pub(crate) fn post_render(text: &str, release: &HelmRelease) -> Result<String, String> {
    let mut text = text.to_owned();
    for renderer in &release.spec.post_renderers {
        if let Some(kustomize) = &renderer.kustomize {
            text = kustomized(&text, kustomize)?;
        }
    }
    let mut objects = Vec::new();
    let mut seen = HashSet::new();
    let nodes = compose_all(text.as_bytes(), Dialect::V3).map_err(|error| error.to_string())?;
    for node in &nodes {
        let value = reencoded_to_json(node).map_err(|error| error.to_string())?;
        if value.is_null() {
            continue;
        }
        let mut object = Object::from_value(value).map_err(|error| error.to_string())?;
        let key = (object.gvk(), object.namespaced_name());
        if !object.name().is_empty() && !seen.insert(key) {
            return Err(format!(
                "may not add resource with an already registered id: {}",
                kustomize_id(&object)
            ));
        }
        if let Some(common) = &release.spec.common_metadata {
            set_common(&mut object, common);
        }
        set_origin(&mut object, release);
        objects.push(skein_yaml::to_string(&object.into_value()));
    }
    Ok(objects.join("---\n"))
}

/// `Kind.version.group/name.namespace`, as kustomize writes identities.
fn kustomize_id(object: &Object) -> String {
    let gvk = object.gvk();
    let or = |text: &str, default: &str| {
        if text.is_empty() {
            default.to_owned()
        } else {
            text.to_owned()
        }
    };
    format!(
        "{}.{}.{}/{}.{}",
        gvk.kind,
        gvk.version,
        or(&gvk.group, "[noGrp]"),
        object.name(),
        or(object.namespace(), "[noNs]")
    )
}

fn kustomized(text: &str, kustomize: &KustomizePostRenderer) -> Result<String, String> {
    let patches: Vec<Value> = kustomize
        .patches
        .iter()
        .map(|patch| serde_json::to_value(patch).unwrap_or_default())
        .collect();
    let images: Vec<Value> = kustomize
        .images
        .iter()
        .map(|image| serde_json::to_value(image).unwrap_or_default())
        .collect();
    let kustomization = json!({
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": [INPUT],
        "patches": patches,
        "images": images,
    });
    let mut tree = FileTree::new();
    let insert = |tree: &mut FileTree, path: &str, content: String| {
        tree.insert(path, content.into_bytes())
            .map_err(|error| error.to_string())
    };
    insert(&mut tree, INPUT, text.to_owned())?;
    insert(&mut tree, "kustomization.yaml", kustomization.to_string())?;
    let built = skein_kustomize::build(&tree, ".", &skein_kustomize::Options::default());
    built
        .map(|built| built.to_yaml())
        .map_err(|error| error.upstream_message("."))
}

fn set_common(object: &mut Object, common: &CommonMetadata) {
    for (key, value) in &common.labels {
        object.set_label(key, value);
    }
    for (key, value) in &common.annotations {
        object.set_annotation(key, value);
    }
}

/// The labels that tell which HelmRelease an object is of.
pub(crate) fn set_origin(object: &mut Object, release: &HelmRelease) {
    object.set_label(HELM_RELEASE_NAME_LABEL, &release.metadata.name);
    object.set_label(HELM_RELEASE_NAMESPACE_LABEL, &release.metadata.namespace);
}
