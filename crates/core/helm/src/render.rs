//! Rendering: a chart and values become manifests, hooks and notes.

use thiserror::Error;

use crate::chart::{Chart, CustomResource};
use crate::values::Values;

/// What a release is called and how it is rendered.
#[derive(Clone, Debug, Default)]
pub struct RenderOptions {
    /// `.Release.Name`.
    pub release_name: String,
    /// `.Release.Namespace`.
    pub namespace: String,
    /// `.Release.Revision`, from 1.
    pub revision: i64,
    /// `.Release.IsUpgrade`; `.Release.IsInstall` is its opposite.
    pub is_upgrade: bool,
    /// Version of Kubernetes such as `v1.33.0`; `None` for Helm's built-in one.
    pub kube_version: Option<String>,
    /// API versions that the cluster serves; `None` for Helm's built-in list.
    pub api_versions: Option<Vec<String>>,
    /// API versions added to the list (`--api-versions`).
    pub extra_api_versions: Vec<String>,
    /// Whether NOTES.txt of the charts below takes part.
    pub sub_notes: bool,
    /// Whether values are not checked against values.schema.json.
    pub skip_schema_validation: bool,
    /// Whether a missing key is an error (`helm lint --strict`).
    pub strict: bool,
    /// Whether `required` and `fail` only warn (`helm lint`).
    pub lint: bool,
}

/// When a hook runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum HookEvent {
    /// Before the first install.
    PreInstall,
    /// After the first install.
    PostInstall,
    /// Before an uninstall.
    PreDelete,
    /// After an uninstall.
    PostDelete,
    /// Before an upgrade.
    PreUpgrade,
    /// After an upgrade.
    PostUpgrade,
    /// Before a rollback.
    PreRollback,
    /// After a rollback.
    PostRollback,
    /// When the release is tested.
    Test,
}

/// A manifest with the annotation `helm.sh/hook`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// `metadata.name`.
    pub name: String,
    /// `kind`.
    pub kind: String,
    /// Path of the template, from the root chart's name.
    pub path: String,
    /// The document, with its trailing blanks.
    pub manifest: String,
    /// When it runs, in the order written.
    pub events: Vec<HookEvent>,
    /// Order among hooks of the same event; 0 when absent or no number.
    pub weight: i64,
    /// Lower-case words of `helm.sh/hook-delete-policy` as they are (unknown words are kept, as in Helm).
    pub delete_policies: Vec<String>,
    /// Lower-case words of `helm.sh/hook-output-log-policy`.
    pub output_log_policies: Vec<String>,
}

/// What a chart becomes.
#[derive(Clone, Debug)]
pub struct Rendered {
    /// The chart as a release record embeds it: dependencies pruned and aliased, values imported.
    pub chart: Chart,
    /// All manifests that are no hooks, in install order, each under `---` and `# Source: path`.
    pub manifest: String,
    /// The hooks in install order by kind.
    pub hooks: Vec<Hook>,
    /// NOTES.txt; empty when there is none.
    pub notes: String,
    /// The files of crds/ of the enabled charts.
    pub crds: Vec<CustomResource>,
    /// Lines that Helm logs on the way (skipped values, unknown hooks), for the user.
    pub warnings: Vec<String>,
}

/// Why a chart was not rendered. The texts are Helm's.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum RenderError {
    /// The dependencies of the chart do not work out.
    #[error("chart dependencies processing failed: {problem}")]
    Dependencies {
        /// What is wrong.
        problem: String,
    },
}

/// Renders a chart with the user's values.
pub fn render(
    chart: &Chart,
    _values: Values,
    _options: &RenderOptions,
) -> Result<Rendered, RenderError> {
    Ok(Rendered {
        chart: chart.clone(),
        manifest: String::new(),
        hooks: Vec::new(),
        notes: String::new(),
        crds: chart.custom_resources(),
        warnings: Vec::new(),
    })
}
