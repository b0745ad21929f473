//! The index of a chart repository: read as Helm reads it, written as source-controller stores it, searched as it searches.

mod entry;
mod shape;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use skein_helm::Metadata;
use skein_semver::{Constraint, ConstraintError, Version};
use thiserror::Error;

/// Time of what has no time, as Go writes it.
pub const NO_TIME: &str = "0001-01-01T00:00:00Z";
/// Most charts, and most versions of a chart, that are read.
pub const MAX_ENTRIES: usize = 500_000;
/// Most warnings about entries that are kept.
const MAX_WARNINGS: usize = 100;

/// Why an index cannot be read.
#[derive(Debug, Error)]
pub enum IndexError {
    /// Nothing is there.
    #[error("empty index.yaml file")]
    Empty,
    /// It is no YAML.
    #[error("error converting YAML to JSON: {}", .0.go_text())]
    Yaml(skein_yaml::YamlError),
    /// It has another shape; Go's words.
    #[error("{0}")]
    Shape(String),
    /// It does not say its version.
    #[error("no API version specified")]
    NoApiVersion,
    /// It cannot be written.
    #[error("the index cannot be written: {0}")]
    Write(serde_json::Error),
}

/// Why no version of a chart was found.
#[derive(Debug, Error)]
pub enum FindError {
    /// The index has no such chart.
    #[error("no chart name found")]
    NoName,
    /// The chart has no version.
    #[error("no chart version found")]
    NoVersion,
    /// The range cannot be read.
    #[error(transparent)]
    Constraint(#[from] ConstraintError),
    /// No version is in the range.
    #[error("no '{name}' chart with version matching '{version}' found")]
    NoMatch {
        /// Name of the chart.
        name: String,
        /// The range.
        version: String,
    },
}

/// One version of a chart.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChartVersion {
    /// What its Chart.yaml says.
    #[serde(flatten)]
    pub metadata: Metadata,
    /// Where the package is; the first one is used.
    pub urls: Option<Vec<String>>,
    /// When it was published, RFC 3339.
    #[serde(default = "no_time")]
    pub created: String,
    /// Whether it was withdrawn.
    #[serde(default, skip_serializing_if = "is_false")]
    pub removed: bool,
    /// SHA-256 of the package.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub digest: String,
    /// What older Helms wrote in the place of `digest`; nobody reads it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub checksum: String,
    /// Template engine, of older Helms; nobody reads it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub engine: String,
    /// Version of Tiller, of older Helms; nobody reads it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub tiller_version: String,
    /// What older Helms wrote in the place of `urls`; nobody reads it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub url: String,
}

/// The index of a repository, versions of a chart from new to old.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChartIndex {
    /// What ChartMuseum says of itself.
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    pub server_info: serde_json::Map<String, Value>,
    /// Version of the format.
    pub api_version: String,
    /// When it was made, RFC 3339.
    #[serde(default = "no_time")]
    pub generated: String,
    /// Versions by chart; `None` for a chart whose list is null.
    pub entries: Option<BTreeMap<String, Option<Vec<ChartVersion>>>>,
    /// Keys of signers; nobody uses them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub public_keys: Vec<String>,
    /// Free annotations.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

fn no_time() -> String {
    NO_TIME.to_owned()
}

fn is_false(value: &bool) -> bool {
    !value
}

/// An index with what was left out of it.
#[derive(Debug)]
pub struct ReadIndex {
    /// The index.
    pub index: ChartIndex,
    /// Entries that were skipped, and why.
    pub warnings: Vec<String>,
}

impl ChartIndex {
    /// Reads JSON or YAML. Entries that are wrong are left out, and named in the warnings.
    pub fn parse(bytes: &[u8]) -> Result<ReadIndex, IndexError> {
        if bytes.is_empty() {
            return Err(IndexError::Empty);
        }
        let (value, is_json) = match serde_json::from_slice(bytes) {
            Ok(value) => (value, true),
            Err(_) => {
                let read = skein_yaml::from_slice_strict(bytes);
                (read.map_err(IndexError::Yaml)?, false)
            }
        };
        shape::check(&value, is_json).map_err(IndexError::Shape)?;
        let mut fields = match value {
            Value::Object(fields) => fields,
            // An empty document: nothing is set.
            _ => serde_json::Map::new(),
        };
        let mut warnings = Vec::new();
        let entries = match fields.remove("entries") {
            Some(Value::Object(charts)) => Some(read_charts(charts, &mut warnings)),
            _ => None,
        };
        let api_version = entry::text(fields.remove("apiVersion"));
        if api_version.is_empty() {
            return Err(IndexError::NoApiVersion);
        }
        let server_info = match fields.remove("serverInfo") {
            Some(Value::Object(info)) => info,
            _ => serde_json::Map::new(),
        };
        let index = Self {
            server_info,
            api_version,
            generated: entry::time(fields.remove("generated")).unwrap_or_else(no_time),
            entries,
            public_keys: entry::texts(fields.remove("publicKeys")),
            annotations: entry::text_map(fields.remove("annotations")),
        };
        Ok(ReadIndex { index, warnings })
    }

    /// The JSON that is stored: indented by two, characters escaped as Go does.
    pub fn to_json(&self) -> Result<Vec<u8>, IndexError> {
        let text = serde_json::to_string_pretty(self).map_err(IndexError::Write)?;
        Ok(skein_gowords::escape_json(&text).into_bytes())
    }

    /// Reads what [`Self::to_json`] wrote.
    pub fn from_json(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(bytes)
    }

    /// The highest version of a chart in a range; of versions that differ by build metadata alone, the one that was published last.
    pub fn find(&self, name: &str, version: &str) -> Result<&ChartVersion, FindError> {
        let charts = self.entries.as_ref().ok_or(FindError::NoName)?;
        let versions = charts.get(name).ok_or(FindError::NoName)?;
        let versions = versions.as_deref().unwrap_or_default();
        if versions.is_empty() {
            return Err(FindError::NoVersion);
        }
        if let Some(exact) = versions
            .iter()
            .find(|entry| !version.is_empty() && entry.metadata.version == version)
        {
            return Ok(exact);
        }
        let range = if version.is_empty() { "*" } else { version };
        let constraint = Constraint::parse(range)?;
        let mut best: Option<(&ChartVersion, Version)> = None;
        for entry in versions {
            let Some(parsed) = Version::parse_dotted(&entry.metadata.version) else {
                continue;
            };
            if !constraint.check(&parsed) {
                continue;
            }
            let is_better = best.as_ref().is_none_or(|(held, held_version)| {
                match parsed.precedence(held_version) {
                    std::cmp::Ordering::Greater => true,
                    std::cmp::Ordering::Less => false,
                    // Of those published at one time Flux takes the last in the list.
                    std::cmp::Ordering::Equal => moment(&held.created) <= moment(&entry.created),
                }
            });
            if is_better {
                best = Some((entry, parsed));
            }
        }
        best.map(|(entry, _)| entry)
            .ok_or_else(|| FindError::NoMatch {
                name: name.to_owned(),
                version: version.to_owned(),
            })
    }
}

/// The version when it is one in full: three numbers without leading zeros, a leading `v` aside.
pub fn parse_strict(text: &str) -> Option<Version> {
    let numbers = text
        .strip_prefix('v')
        .unwrap_or(text)
        .split(['-', '+'])
        .next()
        .unwrap_or_default();
    let parts: Vec<&str> = numbers.split('.').collect();
    let is_number = |part: &&str| {
        !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_digit())
            && (part.len() == 1 || !part.starts_with('0'))
    };
    (parts.len() == 3 && parts.iter().all(is_number)).then_some(())?;
    Version::parse(text).ok()
}

fn moment(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}

fn read_charts(
    charts: serde_json::Map<String, Value>,
    warnings: &mut Vec<String>,
) -> BTreeMap<String, Option<Vec<ChartVersion>>> {
    let mut read = BTreeMap::new();
    let mut count = 0;
    for (name, versions) in charts {
        let Value::Array(versions) = versions else {
            read.insert(name, None);
            continue;
        };
        let mut good: Vec<(ChartVersion, Version)> = Vec::new();
        for version in versions {
            count += 1;
            let entry = if count > MAX_ENTRIES {
                Err(format!("the index has more than {MAX_ENTRIES} entries"))
            } else {
                entry::read(version)
            };
            match entry {
                Ok(entry) => good.push(entry),
                Err(reason) if warnings.len() < MAX_WARNINGS => {
                    warnings.push(format!("chart {name:?}: {reason}"));
                }
                Err(_) => {}
            }
        }
        good.sort_by(|(_, a), (_, b)| b.precedence(a));
        let good = good.into_iter().map(|(entry, _)| entry).collect();
        read.insert(name, Some(good));
    }
    read
}

#[cfg(test)]
mod tests;
