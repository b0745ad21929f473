//! A loaded chart: its metadata, templates, values, files and the charts below it.

pub(crate) mod decode;
pub(crate) mod kept;
mod metadata;
pub(crate) mod validate;

use std::sync::Arc;

use jiff::Timestamp;

pub use metadata::{Dependency, Lock, Maintainer, Metadata};

use crate::values::Values;
use crate::warning::Warning;

/// One file of a chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Path below the chart's root, with `/`.
    pub name: String,
    /// The bytes, without a byte order mark.
    pub data: Arc<[u8]>,
    /// When the file was last changed, where that is known (release records carry it).
    pub modified: Option<Timestamp>,
}

/// The files of a chart in the order in which a directory walk or an archive gives them.
pub type FileTree = Vec<File>;

/// A chart with everything below it. Files are shared, so a clone is cheap.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chart {
    /// Chart.yaml, with the dependencies of requirements.yaml in charts of apiVersion v1.
    pub metadata: Metadata,
    /// Chart.lock or requirements.lock.
    pub lock: Option<Lock>,
    /// The files below templates/.
    pub templates: Vec<File>,
    /// values.yaml; `None` when there is no such file.
    pub values: Option<Values>,
    /// values.schema.json as it is.
    pub schema: Option<Arc<[u8]>>,
    /// When values.schema.json was last changed.
    pub schema_modified: Option<Timestamp>,
    /// All other files, crds/ among them.
    pub files: Vec<File>,
    /// Every file as it was loaded (`helm show values` prints values.yaml with its comments).
    pub raw: Vec<File>,
    /// When Chart.yaml was last changed.
    pub modified: Option<Timestamp>,
    /// The charts below charts/, sorted by their file names.
    pub dependencies: Vec<Chart>,
    /// Lines that Helm logs while it loads the chart.
    pub warnings: Vec<Warning>,
    /// Its templates as they were parsed last.
    pub parsed: kept::Parsed,
    /// Its schema as it was read last.
    pub read_schema: kept::ReadSchema,
}

/// One file of crds/ of a chart or of a chart below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomResource {
    /// Path below its chart, such as `crds/things.yaml`.
    pub name: String,
    /// Path below the root chart, such as `parent/charts/child/crds/things.yaml`.
    pub path: String,
    /// The bytes.
    pub data: Arc<[u8]>,
}

impl Chart {
    /// The chart's name; under an alias the alias.
    pub fn name(&self) -> &str {
        &self.metadata.name
    }

    /// The files of crds/ of this chart and of all charts below it, parents first.
    pub fn custom_resources(&self) -> Vec<CustomResource> {
        let mut found = Vec::new();
        self.collect_custom_resources(self.name().to_owned(), &mut found);
        found
    }

    fn collect_custom_resources(&self, path: String, found: &mut Vec<CustomResource>) {
        for file in &self.files {
            if file.name.starts_with("crds/") && is_manifest(&file.name) {
                found.push(CustomResource {
                    name: file.name.clone(),
                    path: format!("{path}/{}", file.name),
                    data: Arc::clone(&file.data),
                });
            }
        }
        for child in &self.dependencies {
            child.collect_custom_resources(format!("{path}/charts/{}", child.name()), found);
        }
    }
}

/// Whether a file of crds/ is read as a manifest.
fn is_manifest(name: &str) -> bool {
    let base = name.rsplit('/').next().unwrap_or(name);
    base.rsplit_once('.').is_some_and(|(_, extension)| {
        ["yaml", "yml", "json"]
            .iter()
            .any(|known| extension.eq_ignore_ascii_case(known))
    })
}
