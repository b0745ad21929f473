//! Inventory entries: how Flux writes an object key into `status.inventory.entries[].id`.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::identity::ObjectKey;

/// An inventory id that does not have four parts.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("inventory entry {0:?} is not of the form <namespace>_<name>_<group>_<kind>")]
pub struct InventoryIdError(String);

/// `<namespace>_<name>_<group>_<kind>`; colons of RBAC names are written as `__`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InventoryId(pub ObjectKey);

const SEPARATOR: char = '_';
/// Names cannot hold an underscore, except that RBAC names may hold a colon, which is written so.
const COLON: &str = "__";

impl fmt::Display for InventoryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = &self.0;
        let name = key.name.replace(':', COLON);
        write!(f, "{}_{}_{}_{}", key.namespace, name, key.group, key.kind)
    }
}

impl FromStr for InventoryId {
    type Err = InventoryIdError;

    fn from_str(text: &str) -> Result<Self, InventoryIdError> {
        let wrong = || InventoryIdError(text.to_owned());
        let (namespace, rest) = text.split_once(SEPARATOR).ok_or_else(wrong)?;
        let (rest, kind) = rest.rsplit_once(SEPARATOR).ok_or_else(wrong)?;
        let (name, group) = rest.rsplit_once(SEPARATOR).ok_or_else(wrong)?;
        if name.is_empty() || kind.is_empty() {
            return Err(wrong());
        }
        Ok(Self(ObjectKey::new(
            group,
            kind,
            namespace,
            name.replace(COLON, ":"),
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_and_reads_ids() {
        for (key, text) in [
            (
                ObjectKey::new("", "ConfigMap", "ks01", "settings"),
                "ks01_settings__ConfigMap",
            ),
            (
                ObjectKey::new("apps", "Deployment", "a", "b"),
                "a_b_apps_Deployment",
            ),
            (
                ObjectKey::new("rbac.authorization.k8s.io", "ClusterRole", "", "system:x"),
                "_system__x_rbac.authorization.k8s.io_ClusterRole",
            ),
        ] {
            assert_eq!(InventoryId(key.clone()).to_string(), text);
            assert_eq!(text.parse::<InventoryId>().unwrap().0, key);
        }
        assert!("a_b".parse::<InventoryId>().is_err());
    }
}
