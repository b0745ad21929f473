//! What the hub shows of one object and of one cluster: plain data, as it goes over the wire.

use std::fmt;

use serde::{Deserialize, Serialize};
use skein_object::ObjectKey;
use utoipa::ToSchema;

/// Milliseconds since the Unix epoch, by the hub's clock.
pub type UnixMillis = u64;

/// What stands for an empty group or namespace inside a [`NodeId`]; no Kubernetes name can be equal to it.
const EMPTY_PART: &str = "-";

/// `<cluster>/<group>/<kind>/<namespace>/<name>`, with `-` for an empty group or namespace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct NodeId(String);

impl NodeId {
    /// The id of an object of a cluster.
    pub fn new(cluster: &str, key: &ObjectKey) -> Self {
        Self(format!(
            "{cluster}/{}/{}/{}/{}",
            non_empty(&key.group),
            key.kind,
            non_empty(&key.namespace),
            key.name
        ))
    }

    /// Cluster and key again; `None` when the text does not have five parts.
    pub fn parse(text: &str) -> Option<(String, ObjectKey)> {
        let parts: Vec<&str> = text.split('/').collect();
        let [cluster, group, kind, namespace, name] = parts.as_slice() else {
            return None;
        };
        if [cluster, kind, name].iter().any(|part| part.is_empty()) {
            return None;
        }
        let key = ObjectKey::new(or_empty(group), *kind, or_empty(namespace), *name);
        Some(((*cluster).to_owned(), key))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn non_empty(part: &str) -> &str {
    if part.is_empty() { EMPTY_PART } else { part }
}

/// Undoes what [`NodeId::new`] does to empty parts; path parameters need it too.
pub fn or_empty(part: &str) -> &str {
    if part == EMPTY_PART { "" } else { part }
}

/// Where a node stands in the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum NodeRole {
    /// Where desired state comes from: GitRepository, OCIRepository, Bucket, HelmRepository, HelmChart, ...
    Source,
    /// What applies desired state: Kustomization, HelmRelease.
    Reconciler,
    /// Everything else.
    Object,
}

/// The one status word of a node.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum NodeStatus {
    /// As desired.
    Ready,
    /// On the way, or waiting for something else.
    Progressing,
    /// Needs somebody.
    Failed,
    /// Named by another object, but not in the cluster.
    Missing,
    /// Being deleted.
    Deleting,
    /// The hub has not seen it yet, does not watch this kind, or cannot tell.
    Unknown,
}

/// One row of the tree.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Node {
    /// Identity, unique in the fleet.
    pub id: NodeId,
    /// The node it hangs under; absent directly under its cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<NodeId>,
    /// Where it stands in the tree.
    pub role: NodeRole,
    /// Name of the cluster.
    pub cluster: String,
    /// API group; empty for the core group.
    pub group: String,
    /// Kind.
    pub kind: String,
    /// Namespace; empty for cluster-scoped objects.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Status in one word.
    pub status: NodeStatus,
    /// Whether reconciliation is suspended; the status is then of the past.
    pub suspended: bool,
    /// Machine-readable reason of the status; empty when there is none.
    pub reason: String,
    /// One line for people; empty when there is none.
    pub message: String,
    /// Revision with a short hash (`main@sha1:7d25a88`); empty when there is none.
    pub revision: String,
    /// When the status last changed, RFC 3339, as the cluster says; empty when unknown.
    pub changed_at: String,
    /// When the hub got the version that is shown, milliseconds since the Unix epoch.
    pub observed_at: UnixMillis,
}

/// How the hub is connected to a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum LinkState {
    /// First contact is being made; what is shown may be incomplete.
    Connecting,
    /// Watches are open.
    Live,
    /// Watches are broken; what is shown is of `contactAt`.
    Broken,
}

/// One cluster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClusterView {
    /// Name, unique in the fleet.
    pub name: String,
    /// Whether its workloads are simulated (`skein up`).
    pub simulated: bool,
    /// How the hub is connected to it.
    pub link: LinkState,
    /// Why the link is not live; empty when it is.
    pub link_message: String,
    /// When the link state last changed, milliseconds since the Unix epoch.
    pub link_since: UnixMillis,
    /// When the cluster was last heard of, milliseconds since the Unix epoch; absent when never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact_at: Option<UnixMillis>,
}

/// One Kubernetes event about an object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EventView {
    /// `Normal` or `Warning`.
    #[serde(rename = "type")]
    pub event_type: String,
    /// Reason.
    pub reason: String,
    /// Message.
    pub message: String,
    /// How often it was seen.
    pub count: u64,
    /// When it was last seen, RFC 3339; empty when unknown.
    pub last_seen: String,
    /// The component that reported it.
    pub reporter: String,
}
