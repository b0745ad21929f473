//! Helm's actions on one release: what they share, and the custom resource definitions of charts.

mod install;
mod rollback;
mod test;
mod uninstall;
mod upgrade;

pub(crate) use uninstall::Uninstalled;

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use skein_api::helm_release::HelmRelease;
use skein_api::helm_release::actions::{CrdsPolicy, ServerSideApplyMode};
use skein_health::HealthExpressions;
use skein_helm::{Chart, Values};
use skein_object::Object;
use skein_runtime::HealthExpression;
use skein_runtime::targets::Target;

use crate::helm_log::HelmLog;
use crate::render::Renderer;
use crate::resources::Resource;
use crate::running::Control;
use crate::spec::Options;
use crate::storage::Storage;
use crate::update::{Made, Method, Writer};
use crate::wait::{Readiness, WaitFailure, Waiter};
use crate::{resources, update};

/// How long definitions may take to be established.
const DEFINITIONS_TIMEOUT: Duration = Duration::from_secs(60);
/// The same for an action that does not wait: time enough for those that will be, and no failure otherwise. Helm does not wait at
/// all then; objects of the new kinds would mostly come too early.
const DEFINITIONS_GRACE: Duration = Duration::from_secs(2);

/// What an action works with.
pub(crate) struct Action<'a> {
    /// The HelmRelease.
    pub(crate) release: &'a HelmRelease,
    /// Its options.
    pub(crate) options: &'a Options,
    /// The cluster, with the rights that count there.
    pub(crate) target: &'a Target,
    /// The release's records.
    pub(crate) storage: &'a mut Storage,
    /// Helm's log.
    pub(crate) log: Arc<HelmLog>,
    /// Health of custom kinds.
    pub(crate) expressions: &'a HealthExpressions<HealthExpression>,
    /// The run.
    pub(crate) control: &'a Control,
    /// Renders charts.
    pub(crate) renderer: &'a Renderer,
    /// Name of the release.
    pub(crate) name: String,
    /// Namespace of the release.
    pub(crate) namespace: String,
    /// Whether this action waits for objects (hooks are always waited for).
    pub(crate) waits: bool,
}

/// A chart with values.
#[derive(Clone)]
pub(crate) struct Wanted {
    /// Digest of the artifact that the chart came in; nothing when it was changed since.
    pub(crate) digest: Option<String>,
    /// The chart.
    pub(crate) chart: Arc<Chart>,
    /// The values.
    pub(crate) values: Values,
}

impl Action<'_> {
    pub(crate) fn writer(&self) -> Writer<'_> {
        Writer {
            target: self.target,
            log: &self.log,
        }
    }

    pub(crate) fn waiter<'w>(&'w self, writer: &'w Writer<'w>) -> Waiter<'w> {
        Waiter {
            writer,
            expressions: self.expressions,
            control: self.control,
            // An action that waits for hooks only has Flux's own way of doing so.
            is_legacy: self.waits && self.options.waits_as_helm_3(),
        }
    }

    /// Waits for the objects of a release, when this action waits.
    async fn wait_ready(
        &self,
        resources: &[Resource],
        with_jobs: bool,
        timeout: Duration,
    ) -> Result<(), String> {
        if !self.waits {
            return Ok(());
        }
        let readiness = if with_jobs {
            Readiness::WithJobs
        } else {
            Readiness::WithoutJobs
        };
        let writer = self.writer();
        self.waiter(&writer)
            .ready(resources, readiness, timeout)
            .await
            .map_err(crate::wait::WaitFailure::text)
    }

    /// The objects of a manifest.
    async fn build(&self, manifest: &str) -> Result<Vec<Resource>, String> {
        resources::build(&self.target.cluster, manifest, &self.namespace).await
    }

    /// Marks objects as the release's.
    fn mark(&self, found: &mut [Resource]) {
        for resource in found {
            resources::mark(&mut resource.object, &self.name, &self.namespace);
        }
    }

    /// Brings the definitions of a chart's crds/ folders, as the policy says.
    async fn apply_definitions(
        &self,
        wanted: &Wanted,
        policy: CrdsPolicy,
        server_side: bool,
    ) -> Result<(), String> {
        let files = self.renderer.custom_resources(wanted)?;
        if files.is_empty() {
            return Ok(());
        }
        if policy == CrdsPolicy::Skip {
            let text = "skipping CustomResourceDefinition apply: policy is set to Skip";
            self.log.add(text, json!({}));
            return Ok(());
        }
        let definitions = self.definitions(&files).inspect_err(|problem| {
            self.log.add(&format!("error: {problem}"), json!({}));
        })?;
        self.log.add(
            &format!("applying CustomResourceDefinition(s) with policy {policy:?}"),
            json!({}),
        );
        if definitions.is_empty() {
            return Ok(());
        }
        let applied = match policy {
            CrdsPolicy::Skip => Vec::new(),
            CrdsPolicy::Create => self.create_definitions(definitions, server_side).await?,
            CrdsPolicy::CreateReplace => {
                let method = Method {
                    server_side,
                    force_conflicts: server_side,
                    replace: !server_side,
                    ..Method::default()
                };
                let writer = self.writer();
                writer
                    .update(&[], &definitions, method, &mut Made::default())
                    .await
                    .map_err(|e| format!("failed to update CustomResourceDefinition(s): {e}"))?;
                definitions
            }
        };
        if !applied.is_empty() {
            self.wait_established(&applied).await?;
            self.target.cluster.forget_discovery();
        }
        Ok(())
    }

    async fn wait_established(&self, definitions: &[Resource]) -> Result<(), String> {
        let timeout = match self.waits {
            true => DEFINITIONS_TIMEOUT,
            false => DEFINITIONS_GRACE,
        };
        let writer = self.writer();
        let waiter = self.waiter(&writer);
        let waited = waiter
            .ready(definitions, Readiness::WithJobs, timeout)
            .await;
        match waited {
            Err(WaitFailure::Failed(_)) if !self.waits => Ok(()),
            waited => waited.map_err(|failure| {
                let problem = failure.text();
                format!("failed to wait for CustomResourceDefinition(s): {problem}")
            }),
        }
    }

    /// The definitions in the files, with the labels of the HelmRelease; other objects do not belong there.
    fn definitions(&self, files: &[(String, String)]) -> Result<Vec<Resource>, String> {
        let mut found = Vec::new();
        for (name, text) in files {
            let values = resources::parse(text).map_err(|problem| {
                format!("failed to parse CustomResourceDefinitions from {name}: {problem}")
            })?;
            for value in values {
                let mut object = Object::from_value(value).map_err(|problem| {
                    format!("failed to parse CustomResourceDefinitions from {name}: {problem}")
                })?;
                if object.kind() != "CustomResourceDefinition" {
                    tracing::warn!(
                        object = %object.key(),
                        file = %name,
                        "the chart has an object in crds/ that is no definition; it is passed over"
                    );
                    continue;
                }
                crate::render::set_origin(&mut object, self.release);
                object.remove(&["metadata", "namespace"]);
                found.push(Resource {
                    object,
                    resource: update::definitions(),
                });
            }
        }
        Ok(found)
    }

    async fn create_definitions(
        &self,
        definitions: Vec<Resource>,
        server_side: bool,
    ) -> Result<Vec<Resource>, String> {
        let writer = self.writer();
        let mut created = Vec::new();
        for definition in definitions {
            let name = definition.object.name().to_owned();
            let failed = |problem: String| {
                let text = format!("failed to create CustomResourceDefinition {name}: {problem}");
                self.log.add(&format!("error: {text}"), json!({}));
                text
            };
            // By name alone: a definition that is there stays as it is under server-side apply too, where Helm applies it again.
            let live = writer
                .live(&definition)
                .await
                .map_err(|error| failed(error.to_string()))?;
            if live.is_some() && !server_side {
                continue;
            }
            if live.is_none_or(|live| !update::is_settled(&definition.object, &live)) {
                writer
                    .create(std::slice::from_ref(&definition), server_side)
                    .await
                    .map_err(failed)?;
            }
            created.push(definition);
        }
        self.log.add(
            &format!(
                "successfully applied {} CustomResourceDefinition(s)",
                created.len()
            ),
            json!({}),
        );
        Ok(created)
    }
}

/// Whether the server applies, where a mode may follow an older release.
pub(crate) fn is_server_side(mode: Option<ServerSideApplyMode>, as_before: bool) -> bool {
    match mode {
        Some(ServerSideApplyMode::Enabled) => true,
        Some(ServerSideApplyMode::Disabled) => false,
        Some(ServerSideApplyMode::Auto) | None => as_before,
    }
}
