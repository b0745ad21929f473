//! Records as objects of a cluster: Secrets (the default) and ConfigMaps, with the labels by which Helm finds them.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use thiserror::Error;

use super::{RecordError, Release, decode, encode};

/// Type of the Secrets.
pub const SECRET_TYPE: &str = "helm.sh/release.v1";
/// Key of the record in the data.
const DATA_KEY: &str = "release";
/// Labels that Helm sets itself, and that nobody else may.
pub const SYSTEM_LABELS: [&str; 6] = [
    "name",
    "owner",
    "status",
    "version",
    "createdAt",
    "modifiedAt",
];

/// Which kind of object holds the records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Driver {
    /// Secrets.
    #[default]
    Secret,
    /// ConfigMaps.
    ConfigMap,
}

impl Driver {
    /// Kind of the objects.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Secret => "Secret",
            Self::ConfigMap => "ConfigMap",
        }
    }

    /// Resource of the objects.
    pub fn plural(self) -> &'static str {
        match self {
            Self::Secret => "secrets",
            Self::ConfigMap => "configmaps",
        }
    }
}

/// Why an object is no record.
#[derive(Debug, Error)]
pub enum StoredError {
    /// There is no record in it.
    #[error("{name} holds no release record")]
    Missing {
        /// Name of the object.
        name: String,
    },
    /// The record cannot be read.
    #[error("{name}: {source}")]
    Record {
        /// Name of the object.
        name: String,
        /// Why.
        source: RecordError,
    },
}

/// Name of the object that holds a revision.
pub fn object_name(release: &str, version: i64) -> String {
    format!("sh.helm.release.v1.{release}.v{version}")
}

/// Label selector of all revisions of a release.
pub fn selector(release: &str) -> String {
    format!("name={release},owner=helm")
}

/// Whether a record is new or takes the place of an older state of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Write {
    /// The revision is new.
    Create,
    /// The revision is known.
    Update,
}

/// The labels that are the user's own.
pub fn custom_labels(labels: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let own = labels
        .iter()
        .filter(|(key, _)| !SYSTEM_LABELS.contains(&key.as_str()));
    own.map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

/// The object that holds a record; `now` is in seconds since 1970.
pub fn object(
    driver: Driver,
    release: &Release,
    storage_namespace: &str,
    write: Write,
    now: i64,
) -> Result<Value, RecordError> {
    let text = encode(release)?;
    let mut labels = release.labels.clone();
    let stamp = match write {
        Write::Create => "createdAt",
        Write::Update => "modifiedAt",
    };
    // As Helm: a stamp that the record was read with stays.
    labels
        .entry(stamp.to_owned())
        .or_insert_with(|| now.to_string());
    let system = [
        ("name", release.name.clone()),
        ("owner", "helm".to_owned()),
        ("status", release.info.status.to_string()),
        ("version", release.version.to_string()),
    ];
    for (key, value) in system {
        labels.insert(key.to_owned(), value);
    }
    let mut object = json!({
        "apiVersion": "v1",
        "kind": driver.kind(),
        "metadata": {
            "name": object_name(&release.name, release.version),
            "namespace": storage_namespace,
            "labels": labels,
        },
    });
    match driver {
        Driver::Secret => {
            object["type"] = SECRET_TYPE.into();
            object["data"] = json!({DATA_KEY: STANDARD.encode(text)});
        }
        Driver::ConfigMap => object["data"] = json!({DATA_KEY: text}),
    }
    Ok(object)
}

/// The record in an object, with the object's labels.
pub fn read(driver: Driver, object: &Value) -> Result<Release, StoredError> {
    let metadata = &object["metadata"];
    let name = || metadata["name"].as_str().unwrap_or_default().to_owned();
    let data = object["data"][DATA_KEY]
        .as_str()
        .ok_or_else(|| StoredError::Missing { name: name() })?;
    let wrong = |source| StoredError::Record {
        name: name(),
        source,
    };
    let mut release = match driver {
        Driver::ConfigMap => decode(data).map_err(wrong)?,
        Driver::Secret => {
            let bytes = STANDARD
                .decode(data)
                .map_err(|error| wrong(RecordError::Base64(error)))?;
            decode(&String::from_utf8_lossy(&bytes)).map_err(wrong)?
        }
    };
    let labels = metadata["labels"].as_object().into_iter().flatten();
    release.labels = labels
        .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
        .collect();
    Ok(release)
}
