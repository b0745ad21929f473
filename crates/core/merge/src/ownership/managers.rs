//! managedFields: decoded, changed, encoded in the order of the API server.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use skein_object::Object;
use thiserror::Error;

use super::{ANCIENT_CHANGES, MAX_UPDATE_MANAGERS};
use crate::field_set::FieldSet;
use crate::path_element::PathElementError;

/// Why managedFields could not be read. The texts are the API server's.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ManagersError {
    /// Neither Apply nor Update.
    #[error("operation must be `Apply` or `Update`")]
    Operation,
    /// No apiVersion.
    #[error("apiVersion must not be empty")]
    ApiVersion,
    /// No fieldsType.
    #[error("missing fieldsType in managed fields entry {index}")]
    NoFieldsType {
        /// Position of the entry.
        index: usize,
    },
    /// Another fieldsType than FieldsV1.
    #[error("invalid fieldsType {found:?} in managed fields entry {index}")]
    FieldsType {
        /// Position of the entry.
        index: usize,
        /// What was found.
        found: String,
    },
    /// Broken fieldsV1.
    #[error("error decoding managed fields entry {index}")]
    Fields {
        /// Position of the entry.
        index: usize,
        /// What is wrong.
        source: PathElementError,
    },
}

/// How fields came to be owned. Applies come first wherever entries are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    /// By server-side apply.
    Apply,
    /// By any other write.
    Update,
}

impl Operation {
    /// As managedFields writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Apply => "Apply",
            Self::Update => "Update",
        }
    }

    /// Appliers have one entry whatever their version.
    fn keyed_version(self, api_version: &str) -> String {
        match self {
            Self::Apply => String::new(),
            Self::Update => api_version.to_owned(),
        }
    }
}

/// What tells managers apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ManagerKey {
    /// Name.
    pub manager: String,
    /// Apply or Update.
    pub operation: Operation,
    /// Version, for updates; appliers have one entry whatever their version.
    pub api_version: String,
    /// Sub-resource, or empty.
    pub subresource: String,
}

impl ManagerKey {
    /// The key of an apply or update.
    pub fn new(manager: &str, operation: Operation, api_version: &str, subresource: &str) -> Self {
        let manager = if manager.is_empty() {
            "unknown"
        } else {
            manager
        };
        Self {
            manager: manager.to_owned(),
            operation,
            api_version: operation.keyed_version(api_version),
            subresource: subresource.to_owned(),
        }
    }
}

/// What one manager owns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManagedEntry {
    /// Version in which the fields are named.
    pub api_version: String,
    /// The fields.
    pub fields: FieldSet,
    /// Time of the last change, RFC 3339.
    pub time: Option<String>,
}

/// All managers of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Managers(pub BTreeMap<ManagerKey, ManagedEntry>);

impl Managers {
    /// Reads `metadata.managedFields`.
    pub fn of(object: &Value) -> Result<Self, ManagersError> {
        let list = object
            .pointer("/metadata/managedFields")
            .and_then(Value::as_array);
        let mut managers = BTreeMap::new();
        for (index, entry) in list.into_iter().flatten().enumerate() {
            let (key, entry) = decode_entry(index, entry)?;
            managers.insert(key, entry);
        }
        Ok(Self(managers))
    }

    /// No managers.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Writes `metadata.managedFields`; removes the field when there are no managers.
    pub fn write(&self, object: &mut Object) {
        if self.is_empty() {
            object.remove(&["metadata", "managedFields"]);
            return;
        }
        object.set(&["metadata", "managedFields"], Value::Array(self.encode()));
    }

    /// As entries: Apply before Update, then by time, name, version and sub-resource.
    pub fn encode(&self) -> Vec<Value> {
        let mut entries: Vec<(&ManagerKey, &ManagedEntry)> = self.0.iter().collect();
        entries.sort_by(|(a_key, a), (b_key, b)| {
            a_key
                .operation
                .cmp(&b_key.operation)
                .then_with(|| a.time.cmp(&b.time))
                .then_with(|| a_key.manager.cmp(&b_key.manager))
                .then_with(|| a.api_version.cmp(&b.api_version))
                .then_with(|| a_key.subresource.cmp(&b_key.subresource))
        });
        entries
            .into_iter()
            .map(|(key, entry)| encode_entry(key, entry))
            .collect()
    }

    /// Drops managers that own nothing.
    pub(crate) fn drop_empty(&mut self) {
        self.0.retain(|_, entry| !entry.fields.is_empty());
    }

    /// Merges the oldest updates into [`ANCIENT_CHANGES`] until there are few enough.
    pub(crate) fn cap(&mut self) {
        let mut updaters: Vec<(Option<String>, ManagerKey)> = self
            .0
            .iter()
            .filter(|(key, _)| key.operation == Operation::Update)
            .map(|(key, entry)| (entry.time.clone(), key.clone()))
            .collect();
        if updaters.len() <= MAX_UPDATE_MANAGERS {
            return;
        }
        updaters.sort();
        let mut length = updaters.len();
        let mut first_of_version: BTreeMap<String, ManagerKey> = BTreeMap::new();
        for (_, key) in updaters {
            if length <= MAX_UPDATE_MANAGERS {
                break;
            }
            let version = key.api_version.clone();
            let bucket = ManagerKey::new(ANCIENT_CHANGES, Operation::Update, &version, "");
            let Some(first) = first_of_version.get(&version) else {
                first_of_version.insert(version, key);
                continue;
            };
            // The bucket is made from the first entry of the version once a second one joins it.
            if !self.0.contains_key(&bucket)
                && let Some(entry) = self.0.remove(first)
            {
                self.0.insert(bucket.clone(), entry);
            }
            if let Some(entry) = self.0.remove(&key)
                && let Some(there) = self.0.get_mut(&bucket)
            {
                there.fields = there.fields.union(&entry.fields);
                there.time = entry.time;
                length -= 1;
            }
        }
    }
}

fn decode_entry(index: usize, entry: &Value) -> Result<(ManagerKey, ManagedEntry), ManagersError> {
    let text = |key: &str| entry.get(key).and_then(Value::as_str).unwrap_or_default();
    let operation = match text("operation") {
        "Apply" => Operation::Apply,
        "Update" => Operation::Update,
        _ => return Err(ManagersError::Operation),
    };
    if text("apiVersion").is_empty() {
        return Err(ManagersError::ApiVersion);
    }
    match text("fieldsType") {
        "FieldsV1" => {}
        "" => return Err(ManagersError::NoFieldsType { index }),
        other => {
            return Err(ManagersError::FieldsType {
                index,
                found: other.to_owned(),
            });
        }
    }
    let empty = Map::new();
    let fields = entry
        .get("fieldsV1")
        .and_then(Value::as_object)
        .unwrap_or(&empty);
    let fields = FieldSet::from_fields_v1(fields)
        .map_err(|source| ManagersError::Fields { index, source })?;
    let key = ManagerKey {
        manager: text("manager").to_owned(),
        operation,
        api_version: operation.keyed_version(text("apiVersion")),
        subresource: text("subresource").to_owned(),
    };
    let time = entry.get("time").and_then(Value::as_str).map(str::to_owned);
    Ok((
        key,
        ManagedEntry {
            api_version: text("apiVersion").to_owned(),
            fields,
            time,
        },
    ))
}

fn encode_entry(key: &ManagerKey, entry: &ManagedEntry) -> Value {
    let mut out = json!({
        "manager": key.manager,
        "operation": key.operation.name(),
        "apiVersion": entry.api_version,
        "fieldsType": "FieldsV1",
        "fieldsV1": entry.fields.to_fields_v1(),
    });
    if key.manager.is_empty()
        && let Some(map) = out.as_object_mut()
    {
        map.remove("manager");
    }
    if let Some(time) = &entry.time {
        out["time"] = json!(time);
    }
    if !key.subresource.is_empty() {
        out["subresource"] = json!(key.subresource);
    }
    out
}
