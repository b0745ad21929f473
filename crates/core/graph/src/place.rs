//! Where an object is: a cluster and a key.

use std::fmt;
use std::sync::Arc;

use skein_object::ObjectKey;

/// An object of one cluster of a fleet, by cluster and key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Name of the cluster; empty where there is only one.
    pub cluster: Arc<str>,
    /// The object in it.
    pub key: ObjectKey,
}

impl Place {
    /// An object of a cluster.
    pub fn new(cluster: &str, key: ObjectKey) -> Self {
        Self {
            cluster: cluster.into(),
            key,
        }
    }

    /// Another object of the same cluster.
    pub fn beside(&self, key: ObjectKey) -> Self {
        Self {
            cluster: Arc::clone(&self.cluster),
            key,
        }
    }
}

/// `Kind namespace/name`, the way people say it; the cluster is left to whoever knows whether it matters.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.key.kind, self.key.namespaced_name())
    }
}
