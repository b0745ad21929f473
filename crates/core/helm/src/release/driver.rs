//! Helm's storage drivers: where records are kept, by the names that `HELM_DRIVER` takes.

use std::str::FromStr;

use thiserror::Error;

use super::stored;

/// Where records are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StorageDriver {
    /// In Secrets of the cluster.
    #[default]
    Secret,
    /// In ConfigMaps of the cluster.
    ConfigMap,
    /// In the memory of the process.
    Memory,
}

/// A name that is no driver of ours.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("unknown storage driver {0:?}: it is one of secret, configmap and memory")]
pub struct UnknownDriver(String);

impl StorageDriver {
    /// The name by which Helm prints it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::ConfigMap => "configmap",
            Self::Memory => "memory",
        }
    }

    /// The kind of object that holds the records; none for those in memory.
    pub fn objects(self) -> Option<stored::Driver> {
        match self {
            Self::Secret => Some(stored::Driver::Secret),
            Self::ConfigMap => Some(stored::Driver::ConfigMap),
            Self::Memory => None,
        }
    }
}

impl FromStr for StorageDriver {
    type Err = UnknownDriver;

    /// Reads a name as Helm does: nothing means Secrets, and plurals are names too. `sql` is not supported.
    fn from_str(text: &str) -> Result<Self, UnknownDriver> {
        match text {
            "" | "secret" | "secrets" => Ok(Self::Secret),
            "configmap" | "configmaps" => Ok(Self::ConfigMap),
            "memory" => Ok(Self::Memory),
            other => Err(UnknownDriver(other.to_owned())),
        }
    }
}
