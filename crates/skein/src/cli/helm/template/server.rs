//! `--dry-run=server`: lookups find what the cluster has, and every kind must be one that it knows.

use anyhow::{anyhow, bail};
use skein_cluster::Cluster;
use skein_helm::{RenderOptions, Rendered};
use skein_helm_controller::preview::{self, Capabilities};
use skein_template::Environment;

use super::{ClusterArguments, TemplateArguments};

/// A cluster and what it can do.
pub(super) struct Server {
    cluster: Cluster,
    capabilities: Capabilities,
}

impl Server {
    /// Connects, when the flags ask for it.
    pub(super) async fn connect(
        arguments: &TemplateArguments,
        cluster: &ClusterArguments,
    ) -> anyhow::Result<Option<Self>> {
        let is_asked = arguments.validate || arguments.dry_run.as_deref() == Some("server");
        if !is_asked {
            return Ok(None);
        }
        if arguments.validate && arguments.dry_run.is_some() {
            bail!("--validate and --dry-run cannot be given together");
        }
        let unreachable = |problem: String| anyhow!("kubernetes cluster unreachable: {problem}");
        let cluster = Cluster::connect(&cluster.options())
            .await
            .map_err(|error| unreachable(error.to_string()))?;
        let capabilities = Capabilities::of(&cluster).await.map_err(unreachable)?;
        Ok(Some(Self {
            cluster,
            capabilities,
        }))
    }

    /// The options with the cluster's version, unless another was asked for, and its API versions.
    pub(super) fn options(&self, options: RenderOptions) -> RenderOptions {
        let own = self.capabilities.kube_version.clone();
        RenderOptions {
            kube_version: options.kube_version.or(own),
            api_versions: self.capabilities.api_versions.clone(),
            ..options
        }
    }

    /// An environment whose lookups ask the cluster.
    pub(super) fn world(&self) -> Box<dyn Environment> {
        Box::new(preview::World::new(Some(self.cluster.clone())))
    }

    /// Refuses kinds that the cluster does not know; those that the chart itself defines are not known yet, as with helm.
    pub(super) async fn check(&self, rendered: &Rendered) -> anyhow::Result<()> {
        let failed = |problem: &str| {
            anyhow!("unable to build kubernetes objects from release manifest: {problem}")
        };
        let objects = preview::objects(&rendered.manifest).map_err(|problem| failed(&problem))?;
        let mut problems = vec![];
        for object in objects {
            if let Err(error) = self.cluster.resource(&object.gvk()).await {
                let (name, namespace) = (object.name(), object.namespace());
                problems.push(format!(
                    "resource mapping not found for name: {name:?} namespace: {namespace:?} from \"\": {error}\nensure CRDs are installed first"
                ));
            }
        }
        match problems.as_slice() {
            [] => Ok(()),
            [one] => Err(failed(one)),
            many => Err(failed(&format!("[{}]", many.join(", ")))),
        }
    }
}
