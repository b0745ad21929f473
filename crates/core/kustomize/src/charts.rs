//! Helm charts of a kustomization: what is asked of the caller's Helm, and what becomes of its answer.

use std::sync::Arc;

use serde_json::{Map, Value};
use skein_yaml::{Dialect, Node, Style, compose_with_aliases};

use crate::error::{BuildError, Outcome, Problem};
use crate::go_json;
use crate::kustomization::Fields;
use crate::load::resources_from_text;
use crate::loader::Loader;
use crate::merge::{Merged, Merger};
use crate::ops::{clear, node_from_json};
use crate::resource::Resource;
use crate::schema::MergeSchema;
use crate::tree::{FileTree, Files};
use crate::upstream::{configuring, filled};

/// Directory of charts when `chartHome` is not set.
const DEFAULT_CHART_HOME: &str = "charts";
/// Marks objects from charts, whose namespace is Helm's business.
const HELM_GENERATED_ANNOTATION: &str = "internal.config.kubernetes.io/helm-generated";
const VALUES_FILE: &str = "values.yaml";
const MERGE_OPTIONS: [&str; 3] = ["merge", "override", "replace"];

/// The caller's Helm: fetches and renders charts. The answers are errors as texts for people.
pub trait Charts {
    /// The files of a chart of a repository, by paths below the chart's directory.
    fn pull(&self, chart: &ChartPull) -> Result<FileTree, String>;
    /// What `helm template` prints.
    fn template(&self, chart: &ChartTemplate) -> Result<Vec<u8>, String>;
}

/// A chart that is not among the files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChartPull {
    /// Name of the chart.
    pub name: String,
    /// Address of the repository: `https://...`, or `oci://...` without the chart's name.
    pub repository: String,
    /// Version or range; empty for the newest.
    pub version: String,
    /// Whether versions that are no releases count.
    pub devel: bool,
    /// Directory of the caller's files where kustomize would leave the chart; `None` within a remote base.
    pub directory: Option<String>,
}

/// Where the files of a chart are.
#[derive(Clone, Debug)]
pub enum ChartPlace {
    /// A directory of the caller's files.
    Directory(String),
    /// A directory of other files: of a remote base, or of what was pulled.
    Files(FileTree, String),
}

/// A chart to render.
#[derive(Clone, Debug)]
pub struct ChartTemplate {
    /// The chart.
    pub chart: ChartPlace,
    /// Name of the release; empty when none is given.
    pub release_name: String,
    /// Template of the name; empty when none is given.
    pub name_template: String,
    /// Namespace of the release; empty when none is given.
    pub namespace: String,
    /// Texts of files with values; later ones win.
    pub values: Vec<Arc<[u8]>>,
    /// Added to Helm's own list of API versions.
    pub api_versions: Vec<String>,
    /// Version of Kubernetes; empty for Helm's own.
    pub kube_version: String,
    /// Whether definitions are printed too.
    pub include_crds: bool,
    /// Whether tests are left out.
    pub skip_tests: bool,
    /// Whether hooks are left out.
    pub skip_hooks: bool,
    /// Whether more is said about errors.
    pub debug: bool,
}

/// What is the same for all charts of a kustomization.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct HelmGlobals {
    chart_home: String,
    /// Place of Helm's own configuration: only shown in errors.
    config_home: String,
}

/// A chart as a kustomization lists it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct HelmChart {
    name: String,
    version: String,
    repository: String,
    release_name: String,
    pub(crate) namespace: String,
    additional_values_files: Vec<String>,
    values_file: String,
    values_inline: Map<String, Value>,
    values_merge: String,
    include_crds: bool,
    skip_hooks: bool,
    api_versions: Vec<String>,
    kube_version: String,
    name_template: String,
    skip_tests: bool,
    debug: bool,
    devel: bool,
}

impl HelmChart {
    /// What kustomize configures its generator with.
    fn config(&self, globals: &HelmGlobals) -> Value {
        let list = |list: &[String]| {
            if list.is_empty() {
                Value::Null
            } else {
                list.into()
            }
        };
        filled([
            ("chartHome", globals.chart_home.as_str().into()),
            ("configHome", globals.config_home.as_str().into()),
            ("name", self.name.as_str().into()),
            ("version", self.version.as_str().into()),
            ("repo", self.repository.as_str().into()),
            ("releaseName", self.release_name.as_str().into()),
            ("namespace", self.namespace.as_str().into()),
            ("additionalValuesFiles", list(&self.additional_values_files)),
            ("valuesFile", self.values_file.as_str().into()),
            ("valuesInline", self.values_inline.clone().into()),
            ("valuesMerge", self.values_merge.as_str().into()),
            ("includeCRDs", self.include_crds.into()),
            ("skipHooks", self.skip_hooks.into()),
            ("apiVersions", list(&self.api_versions)),
            ("kubeVersion", self.kube_version.as_str().into()),
            ("nameTemplate", self.name_template.as_str().into()),
            ("skipTests", self.skip_tests.into()),
            ("debug", self.debug.into()),
            ("devel", self.devel.into()),
        ])
    }
}

/// Reads the globals out of a map.
pub(crate) fn helm_globals(fields: &mut Fields<'_>) -> Outcome<HelmGlobals> {
    Ok(HelmGlobals {
        config_home: fields.text("configHome")?,
        chart_home: fields.text("chartHome")?,
    })
}

fn free_map(fields: &mut Fields<'_>, name: &str) -> Outcome<Map<String, Value>> {
    match fields.take(name) {
        None => Ok(Map::new()),
        Some(Value::Object(map)) => Ok(map.clone()),
        Some(_) => Err(BuildError::invalid("expected a map").at_field(fields.at(name))),
    }
}

/// Reads a chart out of a map.
pub(crate) fn helm_chart(fields: &mut Fields<'_>) -> Outcome<HelmChart> {
    Ok(HelmChart {
        name: fields.text("name")?,
        version: fields.text("version")?,
        repository: fields.text("repo")?,
        release_name: fields.text("releaseName")?,
        namespace: fields.text("namespace")?,
        additional_values_files: fields.texts("additionalValuesFiles")?,
        values_file: fields.text("valuesFile")?,
        values_inline: free_map(fields, "valuesInline")?,
        values_merge: fields.text("valuesMerge")?,
        include_crds: fields.flag("includeCRDs")?,
        skip_hooks: fields.flag("skipHooks")?,
        api_versions: fields.texts("apiVersions")?,
        kube_version: fields.text("kubeVersion")?,
        name_template: fields.text("nameTemplate")?,
        skip_tests: fields.flag("skipTests")?,
        debug: fields.flag("debug")?,
        devel: fields.flag("devel")?,
    })
}

/// Reads an entry of the deprecated field `helmChartInflationGenerator`; its globals win over earlier ones.
pub(crate) fn old_helm_chart(
    fields: &mut Fields<'_>,
    globals: &mut HelmGlobals,
) -> Outcome<HelmChart> {
    for unused in ["chartRepoName", "helmBin", "releaseNamespace"] {
        fields.text(unused)?;
    }
    let config_home = fields.text("helmHome")?;
    if !config_home.is_empty() {
        globals.config_home = config_home;
    }
    fields.texts("extraArgs")?;
    let home = fields.text("chartHome")?;
    if !home.is_empty() {
        globals.chart_home = home;
    }
    Ok(HelmChart {
        name: fields.text("chartName")?,
        version: fields.text("chartVersion")?,
        repository: fields.text("chartRepoUrl")?,
        release_name: fields.text("releaseName")?,
        values_file: fields.text("values")?,
        values_inline: free_map(fields, "valuesLocal")?,
        values_merge: fields.text("valuesMerge")?,
        ..HelmChart::default()
    })
}

/// The objects of a chart.
pub(crate) fn inflate(
    chart: &HelmChart,
    globals: &HelmGlobals,
    loader: &Loader<'_>,
) -> Outcome<Vec<Resource>> {
    let Some(helm) = loader.charts() else {
        let error = BuildError::from(Problem::Refused(
            "Helm charts in a kustomization are not built here; use a HelmRelease, or render the chart beforehand".to_owned(),
        ));
        let error = error.upstream(|_| "must specify --enable-helm".to_owned());
        return Err(configuring(
            error,
            "HelmChartInflationGenerator",
            &chart.config(globals),
        ));
    };
    let named = |e: BuildError| e.on_object(format!("chart {}", chart.name));
    Inflation {
        chart,
        loader,
        helm,
    }
    .run(globals)
    .map_err(named)
}

struct Inflation<'i, 'a> {
    chart: &'i HelmChart,
    loader: &'i Loader<'a>,
    helm: &'i dyn Charts,
}

impl Inflation<'_, '_> {
    fn run(&self, globals: &HelmGlobals) -> Outcome<Vec<Resource>> {
        let chart = self.chart;
        if chart.name.is_empty() {
            return Err(BuildError::invalid("chart name cannot be empty"));
        }
        if chart.name.contains('/') {
            // kustomize names a file of values after the chart, and has no folder for it.
            let message = format!(
                "the chart name '{}' cannot have a slash, set helmGlobals.chartHome to the folder",
                chart.name
            );
            return Err(BuildError::invalid(message).at_field("name"));
        }
        let mut additional = Vec::new();
        for path in &chart.additional_values_files {
            let text = self.loader.load(path);
            additional.push(text.map_err(|e| e.at_field("additionalValuesFiles"))?);
        }
        let merge = match chart.values_merge.as_str() {
            "" => "override",
            known if MERGE_OPTIONS.contains(&known) => known,
            _ => {
                let message = format!("valuesMerge must be one of {MERGE_OPTIONS:?}");
                return Err(BuildError::invalid(message).at_field("valuesMerge"));
            }
        };
        let home = self.home(globals)?;
        let place = self.find(&home)?;
        let mut values = vec![self.values(&place, merge)?];
        values.extend(additional);
        let text = self
            .helm
            .template(&ChartTemplate {
                chart: place,
                release_name: chart.release_name.clone(),
                name_template: chart.name_template.clone(),
                namespace: chart.namespace.clone(),
                values,
                api_versions: chart.api_versions.clone(),
                kube_version: chart.kube_version.clone(),
                include_crds: chart.include_crds,
                skip_tests: chart.skip_tests,
                skip_hooks: chart.skip_hooks,
                debug: chart.debug,
            })
            .map_err(BuildError::invalid)?;
        let mut resources = resources_from_text(&text, self.loader.is_detailed())?;
        for resource in &mut resources {
            resource.set_annotation(HELM_GENERATED_ANNOTATION, Some("true"))?;
        }
        Ok(resources)
    }

    /// Directory of the charts. Versions of one chart that are pulled lie beside each other.
    fn home(&self, globals: &HelmGlobals) -> Outcome<String> {
        let chart = self.chart;
        let home = match globals.chart_home.as_str() {
            "" => DEFAULT_CHART_HOME,
            home => home,
        };
        let home = self.loader.resolve_any(home)?;
        if chart.version.is_empty() || chart.repository.is_empty() {
            return Ok(home);
        }
        let own = format!("{home}/{}-{}", chart.name, chart.version);
        self.loader.resolve_any(&format!("/{own}"))
    }

    /// The chart's files: where they are already, or pulled.
    fn find(&self, home: &str) -> Outcome<ChartPlace> {
        let chart = self.chart;
        let directory = self
            .loader
            .resolve_any(&format!("/{home}/{}", chart.name))?;
        let remote = self.loader.remote_files();
        if self.loader.files().is_directory(&directory) {
            return Ok(match remote {
                None => ChartPlace::Directory(directory),
                Some(files) => ChartPlace::Files(files.clone(), directory),
            });
        }
        if chart.repository.is_empty() {
            let message = format!("no repo specified for pull, no chart found at '{directory}'");
            return Err(BuildError::new(Problem::Missing(message))
                .upstream(|_| "no repo specified for pull, no chart found at ''".to_owned()));
        }
        let pulled = self.helm.pull(&ChartPull {
            name: chart.name.clone(),
            repository: chart.repository.clone(),
            version: chart.version.clone(),
            devel: chart.devel,
            directory: remote.is_none().then_some(directory),
        });
        let files = pulled.map_err(|e| BuildError::new(Problem::Missing(e)))?;
        Ok(ChartPlace::Files(files, String::new()))
    }

    /// The text of the first file of values: the chart's own or another, with the inline values worked in.
    fn values(&self, place: &ChartPlace, merge: &str) -> Outcome<Arc<[u8]>> {
        let inline = &self.chart.values_inline;
        if !inline.is_empty() && merge == "replace" {
            return Ok(json_text(&Value::Object(inline.clone())));
        }
        let file = self.values_file(place)?;
        if inline.is_empty() {
            return Ok(file);
        }
        let Some(mut from_file) = compose_with_aliases(&file, Dialect::V3)? else {
            let message = "the file of values is empty, which kustomize cannot merge inline values with; write {} into it";
            return Err(BuildError::invalid(message)
                .upstream(|_| "could not parse values file into rnode: EOF".to_owned()));
        };
        let mut inline = node_from_json(&Value::Object(inline.clone()));
        drop_aliases(&mut from_file, Some(&mut inline), merge == "merge")?;
        let (mut below, mut above) = match merge {
            "merge" => (inline, from_file),
            _ => (from_file, inline),
        };
        match Merger::new(&MergeSchema::default()).merge(&mut below, &mut above)? {
            Merged::Kept => {}
            Merged::Replaced(node) | Merged::KeptNull(node) => below = node,
            Merged::Removed => below = Node::mapping(),
        }
        Ok(json_text(&skein_yaml::reencoded_to_json(&below)?))
    }

    fn values_file(&self, place: &ChartPlace) -> Outcome<Arc<[u8]>> {
        if !self.chart.values_file.is_empty() {
            let text = self.loader.load_any(&self.chart.values_file);
            return text.map_err(|e| e.at_field("valuesFile"));
        }
        match place {
            ChartPlace::Directory(directory) => {
                self.loader.load_any(&format!("/{directory}/{VALUES_FILE}"))
            }
            ChartPlace::Files(files, directory) => {
                let path = format!("{directory}/{VALUES_FILE}");
                let text = files.read(path.trim_start_matches('/'));
                text.ok_or_else(|| {
                    Problem::Missing(format!("the chart has no {VALUES_FILE}")).into()
                })
            }
        }
    }
}

/// Drops the fields of maps whose values are aliases, and the inline values for them, as kustomize's merge does; lists keep theirs. What is refused
/// when the file is merged into the inline values is an alias where these have something.
fn drop_aliases(values: &mut Node, mut inline: Option<&mut Node>, file_wins: bool) -> Outcome<()> {
    if !values.is_mapping() {
        keep_aliases(values);
        return Ok(());
    }
    let mut kept = Vec::with_capacity(values.content.len());
    let mut fields = std::mem::take(&mut values.content).into_iter();
    while let (Some(mut key), Some(mut value)) = (fields.next(), fields.next()) {
        if !value.style.has(Style::ALIAS) {
            let other = inline.as_mut().and_then(|i| i.get_mut(&key.value));
            drop_aliases(&mut value, other, file_wins)?;
            keep_aliases(&mut key);
            kept.extend([key, value]);
            continue;
        }
        let Some(inline) = inline.as_mut().filter(|i| i.is_mapping()) else {
            continue;
        };
        let dropped = clear(inline, &key.value)?;
        if file_wins && dropped.is_some_and(|dropped| !dropped.is_null()) {
            let message = format!(
                "the alias of '{}' in the file of values cannot be merged with inline values",
                key.value
            );
            return Err(BuildError::invalid(message));
        }
    }
    values.content = kept;
    Ok(())
}

fn keep_aliases(node: &mut Node) {
    node.style = node.style.without(Style::ALIAS);
    node.content.iter_mut().for_each(keep_aliases);
}

fn json_text(value: &Value) -> Arc<[u8]> {
    go_json::to_text(value).into_bytes().into()
}
