//! `helm lint`: what is wrong, odd or unusual about a chart.

mod chart_file;
mod templates;

use std::fmt;

use skein_template::Environment;

use crate::chart::{Chart, FileTree};
use crate::load::load;
use crate::render::KubeVersion;
use crate::schema;
use crate::values::{Mode, Values, coalesce_over, read_documents};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// For the record.
    Info,
    /// Against convention.
    Warning,
    /// The chart cannot be installed.
    Error,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// The file or folder.
    pub path: String,
    /// What was found.
    pub problem: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Info => "INFO",
            Severity::Warning => "WARNING",
            Severity::Error => "ERROR",
        };
        write!(f, "[{severity}] {}: {}", self.path, self.problem)
    }
}

/// How a chart is linted.
#[derive(Clone, Debug, Default)]
pub struct LintOptions {
    /// `.Release.Namespace`.
    pub namespace: String,
    /// Version of Kubernetes, for deprecations too; `None` for Helm's built-in one.
    pub kube_version: Option<KubeVersion>,
    /// Whether values are not checked against the schema.
    pub skip_schema_validation: bool,
}

/// Collects findings.
#[derive(Default)]
struct Linter(Vec<Finding>);

impl Linter {
    fn say(&mut self, severity: Severity, path: &str, problem: String) {
        self.0.push(Finding {
            severity,
            path: path.to_owned(),
            problem,
        });
    }
}

/// Lints a chart. `folder` is its path for messages that name it.
pub fn lint(
    files: &FileTree,
    folder: &str,
    values: &Values,
    options: &LintOptions,
    environment: &mut dyn Environment,
) -> Vec<Finding> {
    let mut linter = Linter::default();
    let file = |name: &str| files.iter().find(|file| file.name == name);
    if let Some(chart_file) = file("Chart.yaml") {
        chart_file::lint(&chart_file.data, &mut linter);
    }
    match file("values.yaml") {
        None => {
            let problem = "file does not exist".to_owned();
            linter.say(Severity::Info, "values.yaml", problem);
        }
        Some(defaults) => {
            let schema = file("values.schema.json").map(|file| &*file.data);
            let schema = schema.filter(|_| !options.skip_schema_validation);
            if let Err(problem) = check_values(&defaults.data, schema, values) {
                linter.say(Severity::Error, "values.yaml", problem);
            }
        }
    }
    let loaded = load(files.clone());
    let has = |folder: &str| files.iter().any(|file| file.name.starts_with(folder));
    if !has("templates/") {
        let problem = "directory does not exist".to_owned();
        linter.say(Severity::Warning, "templates/", problem);
    } else {
        match &loaded {
            Ok(chart) => templates::lint(chart, values, options, environment, &mut linter),
            Err(error) => linter.say(Severity::Error, "templates/", error.to_string()),
        }
    }
    match &loaded {
        Ok(chart) => dependencies(chart, folder, &mut linter),
        Err(error) => {
            let problem = format!("unable to load chart\n\t{error}");
            linter.say(Severity::Error, "", problem);
        }
    }
    if has("crds/") {
        match &loaded {
            Ok(chart) => templates::lint_crds(chart, &mut linter),
            Err(error) => linter.say(Severity::Error, "crds/", error.to_string()),
        }
    }
    linter.0
}

fn check_values(defaults: &[u8], schema: Option<&[u8]>, values: &Values) -> Result<(), String> {
    let defaults =
        read_documents(defaults).map_err(|problem| format!("unable to parse YAML: {problem}"))?;
    let Some(schema) = schema.filter(|schema| !schema.is_empty()) else {
        return Ok(());
    };
    let all = coalesce_over(values, &defaults, Mode::Coalesce)?;
    schema::validate_one(schema, &all)
}

fn dependencies(chart: &Chart, folder: &str, linter: &mut Linter) {
    let listed = &chart.metadata.dependencies;
    let unlisted: Vec<&str> = chart
        .dependencies
        .iter()
        .map(Chart::name)
        .filter(|name| listed.iter().all(|wanted| wanted.name != *name))
        .collect();
    if !unlisted.is_empty() {
        let names = unlisted.join(",");
        let problem = format!("chart metadata is missing these dependencies: {names}");
        linter.say(Severity::Error, folder, problem);
    }
    let missing = crate::dependencies::missing(chart);
    if !missing.is_empty() {
        let names = missing.join(",");
        let problem = format!("chart directory is missing these dependencies: {names}");
        linter.say(Severity::Warning, folder, problem);
    }
}
