//! The HelmChart object that a HelmRelease makes of `spec.chart`, and its end.

use serde_json::json;
use skein_api::KindSpec as _;
use skein_api::helm_release::{HelmChartTemplate, HelmRelease};
use skein_api::names::{HELM_RELEASE_NAME_LABEL, HELM_RELEASE_NAMESPACE_LABEL};
use skein_api::source::helm_chart::HelmChartSpec;
use skein_cluster::{ApiError, ApiResource, ApplyOptions, DeleteOptions, Propagation};
use skein_object::{GroupVersionKind, NamespacedName, Object};
use skein_runtime::{Severity, dry_run_refused};

use crate::chart::{SourceKind, source_of};
use crate::controller::{FIELD_MANAGER, HelmController};
use crate::reconcile::Run;
use crate::report;
use crate::update::is_settled;

/// Why the HelmChart is not as it should be.
pub(crate) enum TemplateError {
    /// Try again.
    Api(ApiError),
    /// A reference to another namespace is not allowed.
    Denied(String),
}

impl From<ApiError> for TemplateError {
    fn from(error: ApiError) -> Self {
        Self::Api(error)
    }
}

pub(crate) fn resource() -> ApiResource {
    let definition = HelmChartSpec::DEFINITION;
    let gvk = GroupVersionKind::new(definition.group, "v1", definition.kind);
    ApiResource::new(&gvk, definition.plural, true)
}

impl HelmController {
    /// Makes, changes or deletes the HelmChart.
    pub(crate) async fn reconcile_chart(&self, run: &mut Run) -> Result<(), TemplateError> {
        let wanted = run
            .release
            .spec
            .chart
            .as_ref()
            .and_then(|_| source_of(&run.release))
            .map(|(_, name)| name);
        let known = run.status.helm_chart.clone();
        let is_other = wanted.as_ref().map(ToString::to_string).as_deref() != Some(known.as_str());
        if !known.is_empty() && is_other {
            self.delete_chart(run).await?;
        }
        let (Some(name), Some(template)) = (wanted, run.release.spec.chart.clone()) else {
            return Ok(());
        };
        self.check_access(&run.release, SourceKind::HelmChart.as_str(), &name)
            .map_err(TemplateError::Denied)?;
        self.apply_chart(run, &name, &template).await?;
        run.status.helm_chart = name.to_string();
        Ok(())
    }

    async fn apply_chart(
        &self,
        run: &mut Run,
        name: &NamespacedName,
        template: &HelmChartTemplate,
    ) -> Result<(), ApiError> {
        let desired = chart_object(&run.release, name, template);
        let live = self.sources.get(SourceKind::HelmChart, name);
        if let Some(live) = &live
            && is_settled(&desired, &live.object)
        {
            return Ok(());
        }
        let options = ApplyOptions {
            field_manager: FIELD_MANAGER,
            force: true,
            ..ApplyOptions::default()
        };
        let source = format!(
            "{:?}/{}/{}",
            template.spec.source_ref.kind, name.namespace, template.spec.source_ref.name
        )
        .replace("OciRepository", "OCIRepository");
        match self
            .cluster
            .apply_telling(&resource(), &desired, &options)
            .await
        {
            Ok(applied) => {
                let before = live.as_ref().map(|live| live.object.resource_version());
                let unchanged = before == Some(applied.object.resource_version());
                let (word, reason) = if applied.status == 201 || live.is_none() {
                    ("Created", "HelmChartCreated")
                } else {
                    ("Configured", "HelmChartConfigured")
                };
                self.sources
                    .wrote(SourceKind::HelmChart, applied.object.clone());
                if !unchanged {
                    let text = format!("{word} HelmChart/{name} with SourceRef '{source}'");
                    self.recorder.record(report::event(
                        &run.release,
                        Severity::Trace,
                        reason,
                        text,
                        None,
                    ));
                }
                Ok(())
            }
            Err(error) => {
                let text = format!(
                    "failed to run server-side apply: {}",
                    dry_run_refused(&desired, &error)
                );
                self.recorder.record(report::event(
                    &run.release,
                    Severity::Trace,
                    "HelmChartSyncErr",
                    text,
                    None,
                ));
                Err(error)
            }
        }
    }

    /// Deletes the HelmChart that the status names.
    pub(crate) async fn delete_chart(&self, run: &mut Run) -> Result<(), TemplateError> {
        let known = run.status.helm_chart.clone();
        let Some((namespace, name)) = known.split_once('/') else {
            return Ok(());
        };
        if run.release.spec.suspend {
            return Ok(());
        }
        let at = NamespacedName::new(namespace, name);
        self.check_access(&run.release, SourceKind::HelmChart.as_str(), &at)
            .map_err(TemplateError::Denied)?;
        let options = DeleteOptions {
            propagation: Some(Propagation::Background),
            ..DeleteOptions::default()
        };
        if self
            .cluster
            .delete(&resource(), namespace, name, &options)
            .await?
        {
            self.recorder.record(report::event(
                &run.release,
                Severity::Trace,
                "HelmChartDeleted",
                format!("deleted HelmChart '{known}'"),
                None,
            ));
        }
        run.status.helm_chart.clear();
        Ok(())
    }

    /// Whether an object of another namespace may be used; the text says why not.
    pub(crate) fn check_access(
        &self,
        release: &HelmRelease,
        kind: &str,
        name: &NamespacedName,
    ) -> Result<(), String> {
        let is_foreign = name.namespace != release.metadata.namespace;
        if is_foreign && self.options.controller.no_cross_namespace_refs {
            return Err(format!(
                "can't access '{kind}/{name}', cross-namespace references have been blocked"
            ));
        }
        Ok(())
    }
}

/// The HelmChart that a template asks for.
fn chart_object(
    release: &HelmRelease,
    name: &NamespacedName,
    template: &HelmChartTemplate,
) -> Object {
    let gvk = resource().gvk();
    let mut object = Object::new(&gvk, &name.namespace, &name.name);
    if let Some(metadata) = &template.metadata {
        for (key, value) in &metadata.labels {
            object.set_label(key, value);
        }
        for (key, value) in &metadata.annotations {
            object.set_annotation(key, value);
        }
    }
    object.set_label(HELM_RELEASE_NAME_LABEL, &release.metadata.name);
    object.set_label(HELM_RELEASE_NAMESPACE_LABEL, &release.metadata.namespace);
    let spec = &template.spec;
    let mut value = json!({
        "chart": spec.chart,
        "interval": spec.interval.unwrap_or(release.spec.interval),
        "sourceRef": {"kind": spec.source_ref.kind, "name": spec.source_ref.name},
        "reconcileStrategy": spec.reconcile_strategy,
    });
    if !spec.version.is_empty() {
        value["version"] = spec.version.clone().into();
    }
    if !spec.values_files.is_empty() {
        value["valuesFiles"] = json!(spec.values_files);
    }
    if spec.ignore_missing_values_files {
        value["ignoreMissingValuesFiles"] = true.into();
    }
    if let Some(verify) = &spec.verify {
        value["verify"] = serde_json::to_value(verify).unwrap_or_default();
    }
    object.set(&["spec"], value);
    object
}
