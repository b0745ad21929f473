//! What people may do to an object through the hub: reconcile, suspend, resume; each is one merge patch.

use std::sync::Arc;

use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use skein_object::{GroupVersionKind, NamespacedName};
use thiserror::Error;
use utoipa::ToSchema;

/// The annotation that asks a Flux controller to reconcile now.
pub const REQUESTED_AT: &str = "reconcile.fluxcd.io/requestedAt";

/// An action on a Flux object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Reconcile now.
    Reconcile,
    /// Stop reconciling.
    Suspend,
    /// Reconcile again.
    Resume,
}

impl Action {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reconcile => "reconcile",
            Self::Suspend => "suspend",
            Self::Resume => "resume",
        }
    }

    /// The merge patch that does it. `token` tells one request to reconcile from another.
    pub fn patch(self, token: &str) -> Value {
        match self {
            Self::Reconcile => json!({"metadata": {"annotations": {REQUESTED_AT: token}}}),
            Self::Suspend => json!({"spec": {"suspend": true}}),
            Self::Resume => json!({"spec": {"suspend": false}}),
        }
    }
}

/// Which object is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriteTarget {
    /// Group, version and kind as the object was seen.
    pub kind: GroupVersionKind,
    /// Namespace and name.
    pub name: NamespacedName,
}

/// Why a cluster did not take a change.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{message}")]
pub struct WriteError {
    /// HTTP status of the Kubernetes API; 502 when it could not be reached.
    pub status: u16,
    /// For people.
    pub message: String,
}

/// The one way in which the hub changes a cluster.
pub trait ClusterWriter: Send + Sync + 'static {
    /// Sends a JSON merge patch of an object.
    fn merge_patch<'a>(
        &'a self,
        target: &'a WriteTarget,
        patch: Value,
    ) -> BoxFuture<'a, Result<(), WriteError>>;
}

/// A cluster as the hub can change it; what it shows of it comes through [`crate::LiveFleet`].
#[derive(Clone)]
pub struct ClusterHandle {
    /// Name, as in the fleet.
    pub name: String,
    /// Writes to it.
    pub writer: Arc<dyn ClusterWriter>,
}
