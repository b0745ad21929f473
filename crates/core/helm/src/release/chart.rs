//! The chart inside a record: metadata, templates, values, schema and files; charts below it are not part of it.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Moment;
use crate::chart::{Chart, Dependency, File, Metadata};
use crate::values::Values;

/// A chart as records hold it. Absent lists are null, as Go's nil slices are.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RecordedChart {
    /// Chart.yaml.
    #[serde(deserialize_with = "super::null_default")]
    pub metadata: Metadata,
    /// Chart.lock.
    pub lock: Option<RecordedLock>,
    /// The files below templates/.
    pub templates: Option<Vec<RecordedFile>>,
    /// Default values.
    #[serde(deserialize_with = "super::optional_values")]
    pub values: Option<Values>,
    /// values.schema.json, in base64.
    pub schema: Option<String>,
    /// When the schema was last changed.
    #[serde(serialize_with = "write_always")]
    pub schemamodtime: Moment,
    /// All other files.
    pub files: Option<Vec<RecordedFile>>,
    /// When Chart.yaml was last changed.
    #[serde(skip_serializing_if = "Moment::is_zero")]
    pub modtime: Moment,
}

/// A file of a chart.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RecordedFile {
    /// Path below the chart.
    pub name: String,
    /// The bytes, in base64; Go writes no bytes at all as null.
    #[serde(
        serialize_with = "write_bytes",
        deserialize_with = "super::null_default"
    )]
    pub data: String,
    /// When it was last changed.
    #[serde(skip_serializing_if = "Moment::is_zero")]
    pub modtime: Moment,
}

/// Chart.lock.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RecordedLock {
    /// When it was written.
    #[serde(serialize_with = "write_always")]
    pub generated: Moment,
    /// Hash of the dependencies.
    pub digest: String,
    /// The versions that were chosen.
    pub dependencies: Option<Vec<Dependency>>,
}

impl From<&Chart> for RecordedChart {
    fn from(chart: &Chart) -> Self {
        Self {
            metadata: chart.metadata.clone(),
            lock: chart.lock.as_ref().map(|lock| RecordedLock {
                generated: lock.generated.clone().into(),
                digest: lock.digest.clone(),
                dependencies: (!lock.dependencies.is_empty()).then(|| lock.dependencies.clone()),
            }),
            templates: files(&chart.templates),
            values: chart.values.clone(),
            schema: chart.schema.as_ref().map(|schema| STANDARD.encode(schema)),
            schemamodtime: chart.schema_modified.into(),
            files: files(&chart.files),
            modtime: chart.modified.into(),
        }
    }
}

impl RecordedChart {
    /// The chart again, as far as the record has it (without the charts below it).
    pub fn to_chart(&self) -> Chart {
        let file = |file: &RecordedFile| File {
            name: file.name.clone(),
            data: STANDARD.decode(&file.data).unwrap_or_default().into(),
            modified: file.modtime.timestamp(),
        };
        Chart {
            metadata: self.metadata.clone(),
            lock: None,
            templates: self.templates.iter().flatten().map(file).collect(),
            values: self.values.clone(),
            schema: self
                .schema
                .as_ref()
                .and_then(|schema| STANDARD.decode(schema).ok())
                .map(Arc::from),
            schema_modified: self.schemamodtime.timestamp(),
            files: self.files.iter().flatten().map(file).collect(),
            modified: self.modtime.timestamp(),
            ..Chart::default()
        }
    }
}

fn files(files: &[File]) -> Option<Vec<RecordedFile>> {
    let recorded = files.iter().map(|file| RecordedFile {
        name: file.name.clone(),
        data: STANDARD.encode(&file.data),
        modtime: file.modified.into(),
    });
    (!files.is_empty()).then(|| recorded.collect())
}

fn write_always<S: Serializer>(moment: &Moment, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(moment.as_str())
}

fn write_bytes<S: Serializer>(data: &str, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(data)
}

pub(super) fn write_shared<S: Serializer>(
    chart: &Option<Arc<RecordedChart>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match chart {
        Some(chart) => chart.serialize(serializer),
        None => serializer.serialize_none(),
    }
}

pub(super) fn read_shared<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Arc<RecordedChart>>, D::Error> {
    Ok(Option::<RecordedChart>::deserialize(deserializer)?.map(Arc::new))
}
