//! `helm lint`: what is wrong, odd or unusual about a chart.

mod chart_file;
mod listening;
mod templates;

use std::fmt;

use skein_template::Environment;

use crate::chart::{Chart, FileTree};
use crate::decode::{Decoder, GoType};
use crate::folder::{self, Unpacked};
use crate::load::load_as_v2;
use crate::render::KubeVersion;
use crate::schema;
use crate::values::{Mode, Values, coalesce_over, read_documents};
use crate::warning::Warning;

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

/// What there is to say about a chart.
#[derive(Clone, Debug, Default)]
pub struct Linted {
    /// What is wrong, odd or unusual.
    pub findings: Vec<Finding>,
    /// What Helm logs on the way: values of the wrong shape, and what `required` and `fail` would have failed with.
    pub warnings: Vec<Warning>,
}

impl Linted {
    fn say(&mut self, severity: Severity, path: &str, problem: String) {
        self.findings.push(Finding {
            severity,
            path: path.to_owned(),
            problem,
        });
    }
}

/// What there is under a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Nothing.
    Absent,
    /// A folder.
    Folder,
    /// A file.
    File,
}

/// A chart as the linter looks at it: some files as they lie there, .helmignore or not, and the chart as it loads.
#[derive(Clone, Debug)]
pub struct LintInput {
    /// Path of the chart, for messages that name it.
    pub path: String,
    /// Chart.yaml.
    pub chart_file: Vec<u8>,
    /// values.yaml.
    pub values: Option<Vec<u8>>,
    /// values.schema.json.
    pub schema: Option<Vec<u8>>,
    /// templates.
    pub templates: Place,
    /// crds.
    pub crds: Place,
    /// The files that .helmignore leaves, or why they were not read.
    pub files: Result<FileTree, String>,
}

impl LintInput {
    /// Of a chart that was unpacked.
    pub fn of_files(path: String, files: FileTree) -> Self {
        let content = |name: &str| {
            let found = files.iter().rfind(|file| file.name == name);
            found.map(|file| file.data.to_vec())
        };
        let place = |name: &str| {
            let below = format!("{name}/");
            if files.iter().any(|file| file.name.starts_with(&below)) {
                Place::Folder
            } else if files.iter().any(|file| file.name == name) {
                Place::File
            } else {
                Place::Absent
            }
        };
        Self {
            path,
            chart_file: content("Chart.yaml").unwrap_or_default(),
            values: content("values.yaml"),
            schema: content("values.schema.json"),
            templates: place("templates"),
            crds: place("crds"),
            files: folder::read(&Unpacked(&files)).map_err(|error| error.to_string()),
        }
    }
}

/// Lints a chart.
pub fn lint(
    input: &LintInput,
    values: &Values,
    options: &LintOptions,
    environment: &mut dyn Environment,
) -> Linted {
    let mut linter = Linted::default();
    chart_file::lint(&input.chart_file, &mut linter);
    match &input.values {
        None => {
            let problem = "file does not exist".to_owned();
            linter.say(Severity::Info, "values.yaml", problem);
        }
        Some(defaults) => {
            let schema = input.schema.as_deref();
            let schema = schema.filter(|_| !options.skip_schema_validation);
            if let Err(problem) = check_values(defaults, schema, values, environment) {
                linter.say(Severity::Error, "values.yaml", problem);
            }
        }
    }
    let loaded = match &input.files {
        Ok(files) => load_as_v2(files.clone()).map_err(|error| error.to_string()),
        Err(problem) => Err(problem.clone()),
    };
    if let Ok(chart) = &loaded {
        // Helm loads the chart for its templates, for its dependencies and for its definitions.
        let places = [input.templates, Place::Folder, input.crds];
        let loads = places.iter().filter(|place| **place == Place::Folder);
        for _ in loads {
            linter.warnings.extend_from_slice(&chart.warnings);
        }
    }
    match is_folder(input.templates) {
        Ok(false) => {
            let problem = "directory does not exist".to_owned();
            linter.say(Severity::Warning, "templates/", problem);
        }
        Err(problem) => linter.say(Severity::Error, "templates/", problem),
        Ok(true) => match &loaded {
            Ok(chart) => templates::lint(chart, values, options, environment, &mut linter),
            Err(problem) => linter.say(Severity::Error, "templates/", problem.clone()),
        },
    }
    match &loaded {
        Ok(chart) => dependencies(chart, &input.path, &mut linter),
        Err(problem) => {
            let problem = format!("unable to load chart\n\t{problem}");
            linter.say(Severity::Error, "", problem);
        }
    }
    match is_folder(input.crds) {
        Ok(false) => {}
        Err(problem) => linter.say(Severity::Error, "crds/", problem),
        Ok(true) => match &loaded {
            Ok(chart) => templates::lint_crds(chart, &mut linter),
            Err(problem) => linter.say(Severity::Error, "crds/", problem.clone()),
        },
    }
    linter
}

/// Whether there is a folder; a file in its place is wrong.
fn is_folder(place: Place) -> Result<bool, String> {
    match place {
        Place::Absent => Ok(false),
        Place::Folder => Ok(true),
        Place::File => Err("not a directory".to_owned()),
    }
}

fn check_values(
    defaults: &[u8],
    schema: Option<&[u8]>,
    values: &Values,
    environment: &mut dyn Environment,
) -> Result<(), String> {
    let defaults =
        read_values(defaults).map_err(|problem| format!("unable to parse YAML: {problem}"))?;
    let Some(schema) = schema.filter(|schema| !schema.is_empty()) else {
        return Ok(());
    };
    let all = coalesce_over(values, &defaults, Mode::Coalesce)?;
    schema::validate_one(schema, &all, environment)
}

/// The first document of values.yaml, which must be a map.
fn read_values(text: &[u8]) -> Result<Values, String> {
    let (mut decoder, value) = Decoder::new(text)?;
    match value {
        serde_json::Value::Null => Ok(Values::new()),
        serde_json::Value::Object(_) => read_documents(text),
        other => {
            let wanted = GoType("common.Values");
            decoder.object(&other, "", wanted, &[], |_, _, _| {});
            decoder.finish().map(|()| Values::new())
        }
    }
}

fn dependencies(chart: &Chart, folder: &str, linter: &mut Linted) {
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
