//! Loading: a chart's files become a chart with all charts below it.

use std::collections::BTreeMap;
use std::sync::Arc;

use thiserror::Error;

use crate::archive::{ArchiveError, MAX_NESTED_BYTES, unpack_within};
use crate::chart::decode::{self, Draft};
use crate::chart::{Chart, File, FileTree, validate};
use crate::decode::Decoder;
use crate::values;
use crate::warning::Warning;

/// Deepest nesting of charts in charts/, in levels.
pub const MAX_CHART_LEVELS: usize = 32;
/// Most charts of one chart, all levels together.
pub const MAX_CHARTS: usize = 2_000;

/// Why a chart was not loaded; texts as in Helm.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum LoadError {
    /// There is no Chart.yaml at all.
    #[error("Chart.yaml file is missing")]
    Missing,
    /// An apiVersion that Helm does not know.
    #[error("unsupported chart version")]
    Version,
    /// A file does not read.
    #[error("cannot load {file}: {problem}")]
    File {
        /// The file.
        file: String,
        /// What is wrong in it.
        problem: String,
    },
    /// Chart.yaml misses something or has something wrong in it.
    #[error("{0}")]
    Invalid(String),
    /// A chart below does not load.
    #[error("error unpacking subchart {name} in {parent}: {source}")]
    Subchart {
        /// Name of its folder or archive.
        name: String,
        /// The chart that holds it.
        parent: String,
        /// Why it does not load.
        source: Box<LoadError>,
    },
    /// A folder whose name ends in `.tgz`.
    #[error("error unpacking subchart tar in {parent}: expected {name}, got {found}")]
    NotAnArchive {
        /// The chart that holds it.
        parent: String,
        /// Name that was expected to be an archive.
        name: String,
        /// What was found.
        found: String,
    },
    /// A packed chart does not unpack.
    #[error("{0}")]
    Archive(#[from] ArchiveError),
    /// Charts within charts within charts.
    #[error("charts are nested more than {MAX_CHART_LEVELS} levels deep")]
    TooDeep,
    /// Too many charts.
    #[error("the chart holds more than {MAX_CHARTS} charts")]
    TooMany,
}

/// Which of Helm's two loaders reads a chart.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Generation {
    /// apiVersion v1 and v2, with requirements.yaml.
    V2,
    /// apiVersion v3, which Helm 4 loads and then refuses to render.
    V3,
}

/// What all charts of one load share.
struct Loader {
    generation: Generation,
    bytes_left: u64,
    charts_left: usize,
}

/// Loads a chart from its files (with .helmignore already applied where they come from a folder).
pub fn load(files: FileTree) -> Result<Chart, LoadError> {
    load_within(files, MAX_NESTED_BYTES)
}

/// Loads a packed chart.
pub fn load_archive(bytes: &[u8]) -> Result<Chart, LoadError> {
    let mut bytes_left = MAX_NESTED_BYTES;
    let files = unpack_within(bytes, &mut bytes_left)?;
    load_within(files, bytes_left)
}

fn load_within(files: FileTree, bytes_left: u64) -> Result<Chart, LoadError> {
    let mut loader = Loader {
        generation: generation(&files)?,
        bytes_left,
        charts_left: MAX_CHARTS,
    };
    loader.chart(files, 0)
}

/// Loads a chart as one of apiVersion v1 or v2 whatever it says, as all commands of Helm do but those that render or pack.
pub fn load_as_v2(files: FileTree) -> Result<Chart, LoadError> {
    let mut loader = Loader {
        generation: Generation::V2,
        bytes_left: MAX_NESTED_BYTES,
        charts_left: MAX_CHARTS,
    };
    loader.chart(files, 0)
}

/// Looks at the apiVersion alone.
fn generation(files: &FileTree) -> Result<Generation, LoadError> {
    let Some(file) = files.iter().find(|file| file.name == "Chart.yaml") else {
        return Err(LoadError::Missing);
    };
    let mut version = String::new();
    let read = Decoder::new(&file.data).and_then(|(mut decoder, value)| {
        let wanted = crate::decode::GoType("loader.chartBase");
        decoder.object(
            &value,
            "chartBase",
            wanted,
            &["apiVersion"],
            |d, _, value| {
                d.text(value, "chartBase", &mut version);
            },
        );
        decoder.finish()
    });
    read.map_err(|problem| in_file("Chart.yaml", problem))?;
    match version.as_str() {
        "" | "v1" | "v2" => Ok(Generation::V2),
        "v3" => Ok(Generation::V3),
        _ => Err(LoadError::Version),
    }
}

fn in_file(file: &str, problem: String) -> LoadError {
    LoadError::File {
        file: file.to_owned(),
        problem,
    }
}

/// A chart that is being put together.
#[derive(Default)]
struct Parts {
    chart: Chart,
    draft: Draft,
    has_metadata: bool,
    /// Files below charts/, by the first part of their path there.
    below: BTreeMap<String, FileTree>,
}

impl Loader {
    fn chart(&mut self, files: FileTree, level: usize) -> Result<Chart, LoadError> {
        if level > MAX_CHART_LEVELS {
            return Err(LoadError::TooDeep);
        }
        self.charts_left = self.charts_left.checked_sub(1).ok_or(LoadError::TooMany)?;
        let mut parts = Parts::default();
        for file in files.iter().filter(|file| file.name == "Chart.yaml") {
            self.chart_yaml(file, &mut parts)?;
        }
        parts.chart.raw.clone_from(&files);
        for file in files {
            self.file(file, &mut parts)?;
        }
        if !parts.has_metadata {
            return Err(LoadError::Missing);
        }
        validate::validate(&mut parts.draft).map_err(LoadError::Invalid)?;
        let mut chart = parts.chart;
        chart.metadata = parts.draft.metadata;
        for (name, files) in parts.below {
            if name.starts_with(['_', '.']) {
                continue;
            }
            let parent = chart.name().to_owned();
            let child = self.below(&parent, &name, files, level)?;
            chart.dependencies.push(child);
        }
        Ok(chart)
    }

    fn chart_yaml(&self, file: &File, parts: &mut Parts) -> Result<(), LoadError> {
        parts.has_metadata = true;
        decode::metadata(&file.data, &mut parts.draft)
            .map_err(|problem| in_file("Chart.yaml", problem))?;
        let version = &mut parts.draft.metadata.api_version;
        if version.is_empty() {
            let default = match self.generation {
                Generation::V2 => "v1",
                Generation::V3 => "v3",
            };
            default.clone_into(version);
        }
        parts.chart.modified = file.modified;
        Ok(())
    }

    fn file(&self, file: File, parts: &mut Parts) -> Result<(), LoadError> {
        let chart = &mut parts.chart;
        let old_style = self.generation == Generation::V2;
        match file.name.as_str() {
            "Chart.yaml" => {}
            "Chart.lock" => {
                chart.lock = decode::lock(&file.data).map_err(|e| in_file(&file.name, e))?;
            }
            "values.yaml" => {
                let read = values::read_documents(&file.data);
                chart.values = Some(read.map_err(|e| in_file(&file.name, e))?);
            }
            "values.schema.json" => {
                chart.schema = Some(Arc::clone(&file.data));
                chart.schema_modified = file.modified;
            }
            "requirements.yaml" if old_style => requirements(file, parts)?,
            "requirements.lock" if old_style => requirements_lock(file, parts)?,
            name if name.starts_with("templates/") => chart.templates.push(file),
            name if name.starts_with("charts/") && !name.ends_with(".prov") => {
                let below = name["charts/".len()..].to_owned();
                let first = below.split('/').next().unwrap_or_default().to_owned();
                let file = File {
                    name: below,
                    ..file
                };
                parts.below.entry(first).or_default().push(file);
            }
            _ => chart.files.push(file),
        }
        Ok(())
    }

    fn below(
        &mut self,
        parent: &str,
        name: &str,
        files: FileTree,
        level: usize,
    ) -> Result<Chart, LoadError> {
        let child = if name.ends_with(".tgz") {
            let file = &files[0];
            if file.name != name {
                return Err(LoadError::NotAnArchive {
                    parent: parent.to_owned(),
                    name: name.to_owned(),
                    found: file.name.clone(),
                });
            }
            unpack_within(&file.data, &mut self.bytes_left)
                .map_err(LoadError::Archive)
                .and_then(|files| self.chart(files, level + 1))
        } else {
            let files = files
                .into_iter()
                .filter_map(|file| {
                    let (_, rest) = file.name.split_once('/')?;
                    let name = rest.to_owned();
                    Some(File { name, ..file })
                })
                .collect();
            self.chart(files, level + 1)
        };
        child.map_err(|source| LoadError::Subchart {
            name: name.to_owned(),
            parent: parent.to_owned(),
            source: Box::new(source),
        })
    }
}

fn requirements(file: File, parts: &mut Parts) -> Result<(), LoadError> {
    let is_v1 = parts.draft.metadata.api_version == "v1";
    if !is_v1 {
        parts.chart.warnings.push(Warning::info(
            "Warning: Dependencies are handled in Chart.yaml since apiVersion \"v2\". We recommend migrating dependencies to \
             Chart.yaml.",
        ));
    }
    parts.has_metadata = true;
    decode::metadata(&file.data, &mut parts.draft).map_err(|e| in_file(&file.name, e))?;
    if parts.draft.metadata.api_version == "v1" {
        parts.chart.files.push(file);
    }
    Ok(())
}

fn requirements_lock(file: File, parts: &mut Parts) -> Result<(), LoadError> {
    parts.chart.lock = decode::lock(&file.data).map_err(|e| in_file(&file.name, e))?;
    parts.has_metadata = true;
    if parts.draft.metadata.api_version == "v1" {
        parts.chart.files.push(file);
    } else {
        parts.chart.warnings.push(Warning::info(
            "Warning: Dependency locking is handled in Chart.lock since apiVersion \"v2\". We recommend migrating to Chart.lock.",
        ));
    }
    Ok(())
}
