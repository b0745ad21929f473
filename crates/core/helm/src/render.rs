//! Rendering: a chart and values become manifests, hooks and notes.

mod capabilities;
mod engine;
mod files;
mod glob;
mod post_render;
mod scope;

use skein_template::{Environment, Map, Value};
use thiserror::Error;

pub use capabilities::{DEFAULT_API_VERSIONS, DEFAULT_KUBE_VERSION, KubeVersion, KubeVersionError};
pub use post_render::{PostRender, PostRenderStrategy};

use crate::chart::{Chart, CustomResource};
pub use crate::manifest::{Hook, HookEvent};
use crate::manifest::{Manifest, sort};
use crate::values::{Mode, Values, coalesce, to_map, to_unicode};
use crate::warning::Warning;
use crate::{dependencies, schema};
use capabilities::Capabilities;
use engine::{Outputs, Strictness};
use scope::Shared;
use skein_template::raw_text;

/// What templates are called that are printed to the user instead of installed.
const NOTES: &str = "NOTES.txt";

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
    /// Version of Kubernetes; `None` for Helm's built-in one.
    pub kube_version: Option<KubeVersion>,
    /// API versions that the cluster serves (group versions, and group versions with kinds); `None` for Helm's built-in list.
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
    /// What of the output a post-renderer sees.
    pub post_render_strategy: PostRenderStrategy,
}

/// What a chart becomes.
#[derive(Clone, Debug)]
pub struct Rendered {
    /// The chart as a release record embeds it: dependencies pruned and aliased, values imported.
    pub chart: Chart,
    /// All manifests that are no hooks, in install order, each under `---` and `# Source: path`.
    pub manifest: String,
    /// The same, cut.
    pub manifests: Vec<Manifest>,
    /// The hooks in install order by kind; within an event, Helm runs them by weight, then kind, then name.
    pub hooks: Vec<Hook>,
    /// NOTES.txt; empty when there is none.
    pub notes: String,
    /// The files of crds/ of the enabled charts.
    pub crds: Vec<CustomResource>,
    /// Lines that Helm logs on the way (skipped values, unknown hooks), for the user.
    pub warnings: Vec<Warning>,
}

/// Why a chart was not rendered. The texts are Helm's.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum RenderError {
    /// A v3 chart, which Helm 4 loads and does not install.
    #[error("invalid chart apiVersion")]
    ApiVersion,
    /// The dependencies of the chart do not work out.
    #[error("chart dependencies processing failed: {0}")]
    Dependencies(String),
    /// The values do not fit together with the chart's.
    #[error("{0}")]
    Values(String),
    /// The values break a schema.
    #[error(
        "values don't meet the specifications of the schema(s) in the following chart(s):\n{0}"
    )]
    Schema(String),
    /// The chart wants another Kubernetes.
    #[error("chart requires kubeVersion: {wanted} which is incompatible with Kubernetes {version}")]
    KubeVersion {
        /// The chart's range.
        wanted: String,
        /// What there is.
        version: String,
    },
    /// A template does not parse or fails; the text names it and the line.
    #[error("{0}")]
    Template(String),
    /// The post-renderer failed, or its input or output is no YAML.
    #[error("{0}")]
    PostRender(String),
    /// A rendered file is no YAML, or no object; the text names it.
    #[error("{0}")]
    Manifest(String),
}

impl RenderError {
    /// Whether rendering had begun, so that Helm offers to print what there is (`--debug`).
    pub fn has_output(&self) -> bool {
        matches!(
            self,
            Self::KubeVersion { .. } | Self::Template(_) | Self::PostRender(_) | Self::Manifest(_)
        )
    }
}

/// Renders a chart with the user's values. Time, randomness and lookups come from the environment.
pub fn render(
    chart: &Chart,
    values: &Values,
    options: &RenderOptions,
    environment: &mut dyn Environment,
) -> Result<Rendered, RenderError> {
    render_through(chart, values, options, environment, None)
}

/// As [`render`]; what Helm logs on the way is there when rendering fails, too.
pub fn render_logged(
    chart: &Chart,
    values: &Values,
    options: &RenderOptions,
    environment: &mut dyn Environment,
    warnings: &mut Vec<Warning>,
) -> Result<Rendered, RenderError> {
    render_all(chart, values, options, environment, (None, warnings))
}

/// As [`render`], with a function that changes the manifests before they are sorted.
pub fn render_through(
    chart: &Chart,
    values: &Values,
    options: &RenderOptions,
    environment: &mut dyn Environment,
    post_renderer: Option<&mut PostRender<'_>>,
) -> Result<Rendered, RenderError> {
    let mut warnings = chart.warnings.clone();
    let to = (post_renderer, &mut warnings);
    let rendered = render_all(chart, values, options, environment, to)?;
    Ok(Rendered {
        warnings,
        ..rendered
    })
}

fn render_all(
    chart: &Chart,
    values: &Values,
    options: &RenderOptions,
    environment: &mut dyn Environment,
    (post_renderer, warnings): (Option<&mut PostRender<'_>>, &mut Vec<Warning>),
) -> Result<Rendered, RenderError> {
    if chart.metadata.api_version == "v3" {
        return Err(RenderError::ApiVersion);
    }
    let mut chart = chart.clone();
    let values = prepare(
        &mut chart,
        values,
        options,
        (&mut *environment, &mut *warnings),
    )?;
    let mut outputs = execute(&chart, &values, options, environment)?;
    let notes = take_notes(&chart, options.sub_notes, &mut outputs);
    if let Some(post_renderer) = post_renderer {
        outputs = post_render::run(outputs, options.post_render_strategy, post_renderer)
            .map_err(RenderError::PostRender)?;
    }
    let files = outputs
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()));
    let sorted = sort(files, warnings).map_err(RenderError::Manifest)?;
    Ok(Rendered {
        manifest: join(&sorted.manifests),
        manifests: sorted.manifests,
        hooks: sorted.hooks,
        notes,
        crds: chart.custom_resources(),
        chart,
        warnings: Vec::new(),
    })
}

/// The files of crds/ of a chart and of the charts below it that the values enable.
pub fn custom_resources(
    chart: &Chart,
    values: &Values,
) -> Result<Vec<CustomResource>, RenderError> {
    let mut chart = chart.clone();
    let values = to_map(Some(values));
    dependencies::process(&mut chart, &values, &mut Vec::new())
        .map_err(RenderError::Dependencies)?;
    Ok(chart.custom_resources())
}

/// The output of each template that is no partial, by full path, without sorting (`helm lint` looks at these).
pub fn render_files(
    chart: &Chart,
    values: &Values,
    options: &RenderOptions,
    environment: &mut dyn Environment,
    warnings: &mut Vec<Warning>,
) -> Result<Vec<(String, String)>, RenderError> {
    let mut chart = chart.clone();
    let values = prepare(
        &mut chart,
        values,
        options,
        (&mut *environment, &mut *warnings),
    )?;
    let outputs = execute(&chart, &values, options, environment)?;
    Ok(outputs.into_iter().collect())
}

/// Works out dependencies and the values that the templates see, and checks these.
fn prepare(
    chart: &mut Chart,
    values: &Values,
    options: &RenderOptions,
    (environment, warnings): (&mut dyn Environment, &mut Vec<Warning>),
) -> Result<Map, RenderError> {
    let values = to_map(Some(values));
    dependencies::process(chart, &values, warnings).map_err(RenderError::Dependencies)?;
    let values = coalesce(chart, &values, Mode::Coalesce, warnings).map_err(RenderError::Values)?;
    if !options.skip_schema_validation && schema::is_needed(chart) {
        let plain = to_unicode(&values).map_err(RenderError::Values)?;
        schema::validate(chart, &plain, environment, warnings).map_err(RenderError::Schema)?;
    }
    Ok(values.as_values())
}

fn execute(
    chart: &Chart,
    values: &Map,
    options: &RenderOptions,
    environment: &mut dyn Environment,
) -> Result<Outputs, RenderError> {
    let version = options.kube_version.clone().unwrap_or_default();
    let wanted = &chart.metadata.kube_version;
    if !options.lint
        && !wanted.is_empty()
        && !dependencies::is_compatible(wanted, &version.normalized)
    {
        return Err(RenderError::KubeVersion {
            wanted: wanted.clone(),
            version: version.version,
        });
    }
    let mut api_versions = match &options.api_versions {
        Some(versions) => versions.clone(),
        None => DEFAULT_API_VERSIONS
            .iter()
            .map(|v| (*v).to_owned())
            .collect(),
    };
    api_versions.extend(options.extra_api_versions.iter().cloned());
    let shared = Shared {
        release: release(options),
        capabilities: Value::object(Capabilities::new(version, api_versions)),
    };
    let templates = scope::collect(chart, Value::Map(values.clone()), &shared);
    let strictness = Strictness {
        strict: options.strict,
        lint: options.lint,
    };
    engine::execute(&templates, &chart.parsed, strictness, environment)
        .map_err(RenderError::Template)
}

/// `.Release`.
fn release(options: &RenderOptions) -> Value {
    let map = Map::new();
    map.insert("Name", options.release_name.as_str());
    map.insert("Namespace", options.namespace.as_str());
    map.insert("IsUpgrade", options.is_upgrade);
    map.insert("IsInstall", !options.is_upgrade);
    map.insert("Revision", Value::int(options.revision));
    map.insert("Service", "Helm");
    Value::Map(map)
}

/// Takes the notes out of the outputs: the chart's own, or with `sub_notes` all, in the order of their paths.
fn take_notes(chart: &Chart, sub_notes: bool, outputs: &mut Outputs) -> String {
    let own = format!("{}/templates/{NOTES}", chart.name());
    let paths: Vec<String> = outputs
        .keys()
        .filter(|path| path.ends_with(NOTES))
        .cloned()
        .collect();
    let mut notes = String::new();
    for path in paths {
        let Some(text) = outputs.remove(&path) else {
            continue;
        };
        if sub_notes || path == own {
            if !notes.is_empty() {
                notes.push('\n');
            }
            notes.push_str(&String::from_utf8_lossy(&raw_text::to_bytes(&text)));
        }
    }
    notes
}

/// Manifests as a release holds them.
fn join(manifests: &[Manifest]) -> String {
    let size: usize = manifests
        .iter()
        .map(|m| m.path.len() + m.content.len() + 16)
        .sum();
    let mut text = String::with_capacity(size);
    for manifest in manifests {
        push_source(&mut text, &manifest.path, &manifest.content);
    }
    text
}

/// Adds a document under its source.
pub fn push_source(text: &mut String, path: &str, content: &str) {
    for part in ["---\n# Source: ", path, "\n", content, "\n"] {
        text.push_str(part);
    }
}
