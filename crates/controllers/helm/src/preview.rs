//! What a HelmRelease would be: its values, its objects and their marks, for those who want to look before anything is installed.

use skein_api::helm_release::HelmRelease;
use skein_cluster::Cluster;
use skein_helm::render::KubeVersion;
use skein_helm::{Chart, RenderOptions, Rendered, Values, render_through};
use skein_object::Object;
use skein_plan::ignore::IgnoreRules;
use skein_template::Environment;

use crate::render::{self, Purpose};
use crate::{drift, resources, spec};

pub use crate::render::{World, keys, schemas};
pub use crate::values::{Composition, ValuesError};

/// Field manager of what the controller applies.
pub const FIELD_MANAGER: &str = crate::controller::FIELD_MANAGER;

/// What templates learn about the cluster.
#[derive(Clone, Debug, Default)]
pub struct Capabilities {
    /// Version of Kubernetes; `None` for Helm's built-in one.
    pub kube_version: Option<KubeVersion>,
    /// API versions; `None` for Helm's built-in list.
    pub api_versions: Option<Vec<String>>,
    /// API versions added to the list.
    pub extra_api_versions: Vec<String>,
}

impl Capabilities {
    /// Those of a cluster. The errors are Helm's.
    pub async fn of(cluster: &Cluster) -> Result<Self, String> {
        Ok(Self {
            kube_version: Some(render::server_version(cluster).await?),
            api_versions: Some(render::api_versions(cluster).await?),
            extra_api_versions: vec![],
        })
    }
}

/// Renders a HelmRelease as the controller does: post-renderers, common metadata and labels of origin included. `revision` is the one of the release as it
/// is installed; `None` for a first install.
pub fn render(
    release: &HelmRelease,
    (chart, values): (&Chart, &Values),
    revision: Option<i64>,
    capabilities: &Capabilities,
    environment: &mut dyn Environment,
) -> Result<Rendered, skein_helm::RenderError> {
    let spec = &release.spec;
    let purpose = match revision {
        None => {
            let install = spec.install.as_ref();
            Purpose::install(install.is_some_and(|install| install.disable_schema_validation))
        }
        Some(revision) => {
            let upgrade = spec.upgrade.as_ref();
            let skip = upgrade.is_some_and(|upgrade| upgrade.disable_schema_validation);
            Purpose::upgrade(revision + 1, skip)
        }
    };
    let options = RenderOptions {
        kube_version: capabilities.kube_version.clone(),
        api_versions: capabilities.api_versions.clone(),
        extra_api_versions: capabilities.extra_api_versions.clone(),
        ..render::options_of(release, purpose)
    };
    let mut post = |text: &str| render::post_render(text, release);
    render_through(chart, values, &options, environment, Some(&mut post))
}

/// Marks an object as the release's, as the controller does before it applies it.
pub fn mark(object: &mut Object, release: &HelmRelease) {
    let name = spec::release_name(release);
    resources::mark(object, &name, spec::release_namespace(release));
}

/// The objects of a manifest; lists are taken apart.
pub fn objects(manifest: &str) -> Result<Vec<Object>, String> {
    let values = resources::parse(manifest)?;
    values
        .into_iter()
        .map(|value| Object::from_value(value).map_err(|error| error.to_string()))
        .collect()
}

/// The rules of `spec.driftDetection.ignore`.
pub fn ignore_rules(release: &HelmRelease) -> Result<IgnoreRules, String> {
    drift::rules(release)
}
