//! Chart.yaml and Chart.lock as types, with the fields in Go's order so that release records come out the same.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

fn is_false(value: &bool) -> bool {
    !value
}

/// A maintainer of a chart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Maintainer {
    /// A person or an organisation.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// An email address.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub email: String,
    /// An address on the web.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub url: String,
}

/// The contents of Chart.yaml; empty strings and lists are absent fields.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Metadata {
    /// Name of the chart (required).
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The project's page.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub home: String,
    /// Where the source is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<String>,
    /// Version of the chart (required).
    #[serde(skip_serializing_if = "String::is_empty")]
    pub version: String,
    /// One sentence.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Words for a search.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub keywords: Vec<String>,
    /// Who maintains it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub maintainers: Vec<Maintainer>,
    /// Address of a picture.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub icon: String,
    /// `v1` or `v2` (`v3` charts are loaded and then refused).
    #[serde(rename = "apiVersion", skip_serializing_if = "String::is_empty")]
    pub api_version: String,
    /// Condition of the chart itself (unused by Helm).
    #[serde(skip_serializing_if = "String::is_empty")]
    pub condition: String,
    /// Tags of the chart itself (unused by Helm).
    #[serde(skip_serializing_if = "String::is_empty")]
    pub tags: String,
    /// Version of what the chart installs.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub app_version: String,
    /// Whether the chart is deprecated.
    #[serde(skip_serializing_if = "is_false")]
    pub deprecated: bool,
    /// Free annotations.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// Version range of Kubernetes that the chart needs.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub kube_version: String,
    /// The charts that this chart needs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dependencies: Vec<Dependency>,
    /// `application` (or empty) or `library`.
    #[serde(rename = "type", skip_serializing_if = "String::is_empty")]
    pub kind: String,
    /// Whether `dependencies` is written at all, be it empty: without it the charts below are left as they are.
    #[serde(skip)]
    pub lists_dependencies: bool,
}

/// One entry of `dependencies`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Dependency {
    /// Name in the other chart's Chart.yaml; after processing the alias, where there is one.
    pub name: String,
    /// Version or version range; in a lock always one version.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub version: String,
    /// Address of the repository.
    pub repository: String,
    /// Comma-separated paths into the values; the first that is a boolean decides.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub condition: String,
    /// Tags by which the values can switch charts on and off together.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Whether the chart takes part (set by processing).
    #[serde(skip_serializing_if = "is_false")]
    pub enabled: bool,
    /// Strings (exports) or maps of child and parent.
    #[serde(rename = "import-values", skip_serializing_if = "Vec::is_empty")]
    pub import_values: Vec<Value>,
    /// Name under which the chart is known to its parent.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub alias: String,
}

/// Chart.lock.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Lock {
    /// When it was written, RFC 3339 with the offset of the writer.
    pub generated: String,
    /// Hash of the dependencies in Chart.yaml.
    pub digest: String,
    /// The versions that were chosen.
    pub dependencies: Vec<Dependency>,
}

impl Default for Lock {
    fn default() -> Self {
        Self {
            // Go's zero time.
            generated: "0001-01-01T00:00:00Z".to_owned(),
            digest: String::new(),
            dependencies: Vec::new(),
        }
    }
}
