//! A chart with values as the objects and hooks of a release: rendered, patched by the spec's post-renderers, and labelled.

mod kept;
pub mod keys;
pub mod schemas;
mod world;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use serde_json::{Map, Value, json};
use skein_api::helm_release::HelmRelease;
use skein_api::helm_release::actions::{KustomizePostRenderer, PostRenderStrategy};
use skein_api::names::{HELM_RELEASE_NAME_LABEL, HELM_RELEASE_NAMESPACE_LABEL};
use skein_api::reference::CommonMetadata;
use skein_cluster::Cluster;
use skein_helm::release::{RecordedChart, RecordedHook};
use skein_helm::render::{KubeVersion, PostRenderStrategy as Strategy, custom_resources};
use skein_helm::{RenderError, RenderOptions, render_through};
use skein_kustomize::FileTree;
use skein_object::Object;
use skein_runtime::targets::Target;
use skein_yaml::{Dialect, compose_all, reencoded_to_json};

use crate::action::Wanted;
use crate::spec;

use kept::Kept;
pub use world::World;

/// Servers whose version is remembered.
const VERSIONS_MAX: usize = 1_000;
/// How old the kinds of a cluster may be whose definitions are not watched.
const KINDS_AGE_MAX: Duration = Duration::from_secs(60);
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
#[derive(Clone)]
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

impl Made {
    /// Bytes of its texts.
    fn bytes(&self) -> usize {
        let hooks: usize = self.hooks.iter().map(|hook| hook.manifest.len()).sum();
        self.manifest.len() + hooks + self.notes.len()
    }
}

/// Renders charts; remembers what clusters can do, and what was rendered a moment ago.
pub(crate) struct Renderer {
    versions: Mutex<HashMap<String, KubeVersion>>,
    kept: Kept,
    resolves_hosts: bool,
    /// The server whose definitions are watched.
    watched: Option<String>,
}

impl Renderer {
    /// A renderer; templates may look up hosts if `resolves_hosts`. New definitions of the `watched` server are told to its discovery.
    pub(crate) fn new(resolves_hosts: bool, watched: Option<String>) -> Self {
        Self {
            versions: Mutex::default(),
            kept: Kept::default(),
            resolves_hosts,
            watched,
        }
    }

    /// Makes sure that the kinds that templates are told of are not old.
    async fn renew_kinds(&self, release: &HelmRelease, cluster: &Cluster) {
        if release.spec.persistent_client == Some(false) {
            cluster.renew_discovery();
        } else if self.watched.as_deref() != Some(cluster.server()) {
            cluster.renew_discovery_after(KINDS_AGE_MAX).await;
        }
    }

    /// The files of crds/ of the enabled charts: name and text.
    pub(crate) fn custom_resources(
        &self,
        wanted: &Wanted,
    ) -> Result<Vec<(String, String)>, String> {
        if wanted.chart.custom_resources().is_empty() {
            return Ok(Vec::new());
        }
        let files = custom_resources(&wanted.chart, &wanted.values).map_err(|e| match e {
            RenderError::Dependencies(problem) => {
                format!("failed to process chart dependencies: {problem}")
            }
            e => e.to_string(),
        })?;
        Ok(files
            .into_iter()
            .map(|file| (file.name, String::from_utf8_lossy(&file.data).into_owned()))
            .collect())
    }

    /// Renders, unless the same was rendered a moment ago from nothing but its inputs.
    pub(crate) async fn render(
        &self,
        release: &HelmRelease,
        target: &Target,
        wanted: &Wanted,
        strategy: PostRenderStrategy,
        purpose: Purpose,
    ) -> Result<Made, String> {
        self.renew_kinds(release, &target.cluster).await;
        let options = RenderOptions {
            kube_version: Some(self.version(&target.cluster).await?),
            api_versions: Some(api_versions(&target.cluster).await?),
            post_render_strategy: strategy_of(strategy),
            ..options_of(release, purpose)
        };
        let key = wanted.digest.as_ref().map(|digest| {
            let inputs = inputs_of(release, wanted, &options);
            kept::key(&json!([digest, target.cluster.server(), inputs]))
        });
        if let Some(made) = key.as_ref().and_then(|key| self.kept.get(key)) {
            return Ok(Made::clone(&made));
        }
        let (wanted, release) = (wanted.clone(), release.clone());
        let world = World::new(Some(target.cluster.clone()));
        let mut world = world.resolving_hosts(self.resolves_hosts);
        let rendered = tokio::task::spawn_blocking(move || {
            let made = render_all(&release, &wanted, &options, &mut world)?;
            Ok((made, world.was_asked()))
        });
        let rendered = rendered
            .await
            .unwrap_or_else(|error| Err(format!("the rendering was interrupted: {error}")));
        let (made, asked) = rendered?;
        if let Some(key) = key
            && !asked
        {
            self.kept.put(key, &Arc::new(made.clone()));
        }
        Ok(made)
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

fn render_all(
    release: &HelmRelease,
    wanted: &Wanted,
    options: &RenderOptions,
    world: &mut World,
) -> Result<Made, String> {
    let mut post = |text: &str| post_render(text, release);
    let rendered = render_through(
        &wanted.chart,
        &wanted.values,
        options,
        world,
        Some(&mut post),
    )
    .map_err(|error| match error {
        // An upgrade says nothing more.
        RenderError::Dependencies(problem) if options.is_upgrade => problem,
        error => error.to_string(),
    })?;
    for warning in &rendered.warnings {
        tracing::debug!(release = %options.release_name, "{warning}");
    }
    Ok(Made {
        chart: Arc::new(RecordedChart::from(&rendered.chart)),
        manifest: rendered.manifest,
        hooks: rendered.hooks.into_iter().map(RecordedHook::from).collect(),
        notes: rendered.notes,
    })
}

/// All that a rendering depends on but the chart and the server.
fn inputs_of(release: &HelmRelease, wanted: &Wanted, options: &RenderOptions) -> Value {
    let spec = &release.spec;
    json!({
        "version": wanted.chart.metadata.version,
        "values": wanted.values,
        "release": [options.release_name, options.namespace],
        "revision": options.revision,
        "isUpgrade": options.is_upgrade,
        "skipsSchema": options.skip_schema_validation,
        "strategy": format!("{:?}", options.post_render_strategy),
        "kubeVersion": options.kube_version.as_ref().map(|version| format!("{version:?}")),
        "apiVersions": options.api_versions,
        "postRenderers": spec.post_renderers,
        "commonMetadata": spec.common_metadata,
        "origin": [release.metadata.namespace, release.metadata.name],
    })
}

/// How a HelmRelease is rendered, save for what the cluster is.
pub(crate) fn options_of(release: &HelmRelease, purpose: Purpose) -> RenderOptions {
    RenderOptions {
        release_name: spec::release_name(release),
        namespace: spec::release_namespace(release).to_owned(),
        revision: purpose.revision,
        is_upgrade: purpose.is_upgrade,
        skip_schema_validation: purpose.skip_schema,
        post_render_strategy: release
            .spec
            .post_render_strategy
            .map_or(Strategy::Combined, strategy_of),
        ..RenderOptions::default()
    }
}

fn strategy_of(strategy: PostRenderStrategy) -> Strategy {
    match strategy {
        PostRenderStrategy::Combined => Strategy::Combined,
        PostRenderStrategy::Separate => Strategy::Separate,
        PostRenderStrategy::NoHooks => Strategy::NoHooks,
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
        check_identity(&value)?;
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

/// What kustomize asks of an object: a kind, and a name unless it is a list.
fn check_identity(value: &Value) -> Result<(), String> {
    let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).unwrap_or("");
    let (kind, name) = (text("/kind"), text("/metadata/name"));
    let missing = match (kind, name) {
        ("", _) => "kind",
        (kind, "") if !kind.ends_with("List") => "metadata.name",
        _ => return Ok(()),
    };
    let nothing = Map::new();
    let map = value.as_object().unwrap_or(&nothing);
    let shown = skein_gowords::resource_identity(map);
    Err(format!("missing {missing} in object {shown}"))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_without_kind_or_name_are_told_as_kustomize_does() {
        let mut object = json!({"apiVersion": "v1", "metadata": {"name": "x", "annotations": {"b": "2", "a": "1"}}});
        assert_eq!(
            check_identity(&object).unwrap_err(),
            "missing kind in object {{v1 } {{x } map[] map[a:1 b:2]}}"
        );
        object["kind"] = "ConfigMap".into();
        assert_eq!(check_identity(&object), Ok(()));
        object["metadata"] = json!({"generateName": "x-", "namespace": "n"});
        assert_eq!(
            check_identity(&object).unwrap_err(),
            "missing metadata.name in object {{v1 ConfigMap} {{ n} map[] map[]}}"
        );
        object["kind"] = "ConfigMapList".into();
        assert_eq!(check_identity(&object), Ok(()));
    }
}
