//! The explanation of `skein-graph` as it goes over the wire.

use serde::{Deserialize, Serialize};
use skein_graph::{Broken, Part, Place, Urgency};
use skein_object::ObjectKey;
use utoipa::ToSchema;

use super::Fleet;
use super::node::{NodeId, NodeStatus, UnixMillis};
use super::view::timestamp;

/// One link of the chain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Link {
    /// The node; absent for a cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<NodeId>,
    /// The cluster that it is on, or that it is.
    pub cluster: String,
    /// Kind; empty for a cluster.
    pub kind: String,
    /// Namespace; empty for cluster-scoped objects.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// What it is in the chain.
    pub part: LinkPart,
    /// Its status.
    pub status: NodeStatus,
    /// Whether it is suspended.
    pub suspended: bool,
    /// One line for people; may be empty.
    pub message: String,
}

/// What a link is in the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum LinkPart {
    /// A cluster that something is read from or applied to.
    Cluster,
    /// Where desired state comes from.
    Source,
    /// Another reconciler that has to be ready first.
    Dependency,
    /// A Secret, ConfigMap or account that is needed.
    Reference,
    /// What applies.
    Reconciler,
    /// What is applied.
    Object,
}

/// How much a broken link needs somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum LinkUrgency {
    /// It stays broken until somebody does something.
    Failed,
    /// It may still come by itself.
    Waiting,
    /// Somebody paused it.
    Paused,
}

/// The first broken link.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BrokenLink {
    /// The node to look at; absent for a cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<NodeId>,
    /// The cluster that it is on, or that it is.
    pub cluster: String,
    /// Why in one word for programs: `missing`, `unauthorised`, `build`, `unhealthy`, ...
    pub cause: String,
    /// How much it needs somebody.
    pub urgency: LinkUrgency,
    /// The reason that the cluster gives; may be empty.
    pub reason: String,
    /// Why, for people; may be empty.
    pub message: String,
    /// Since when, RFC 3339; empty when unknown.
    pub since: String,
    /// What to do about it.
    pub remedy: String,
}

/// The chain of one node and its first broken link.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// From source to object.
    pub chain: Vec<Link>,
    /// The link that everything after it waits for; absent when all is well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub broken: Option<BrokenLink>,
    /// The same in one sentence; empty when all is well.
    pub sentence: String,
}

/// Explains a node of a cluster.
pub fn explain(fleet: &Fleet, cluster: &str, key: &ObjectKey, now: UnixMillis) -> Explanation {
    let place = Place::new(cluster, key.clone());
    let now = timestamp(now).unwrap_or_default();
    let found = skein_graph::explain(fleet, &place, now);
    Explanation {
        sentence: found.sentence(),
        chain: found.chain.iter().map(link).collect(),
        broken: found.broken.as_ref().map(broken),
    }
}

fn id(place: &Place) -> NodeId {
    NodeId::new(&place.cluster, &place.key)
}

fn link(link: &skein_graph::Link) -> Link {
    let key = link.place.as_ref().map(|place| place.key.clone());
    let key = key.unwrap_or_else(|| ObjectKey::new("", "", "", &*link.cluster));
    Link {
        id: link.place.as_ref().map(id),
        cluster: link.cluster.to_string(),
        kind: key.kind,
        namespace: key.namespace,
        name: key.name,
        part: part(link.part),
        status: link.standing.into(),
        suspended: link.suspended,
        message: link.message.clone(),
    }
}

fn part(part: Part) -> LinkPart {
    match part {
        Part::Cluster => LinkPart::Cluster,
        Part::Source => LinkPart::Source,
        Part::Dependency => LinkPart::Dependency,
        Part::Reference => LinkPart::Reference,
        Part::Reconciler => LinkPart::Reconciler,
        Part::Object => LinkPart::Object,
    }
}

fn broken(broken: &Broken) -> BrokenLink {
    BrokenLink {
        id: broken.place.as_ref().map(id),
        cluster: broken.cluster.to_string(),
        cause: broken.cause.as_str().to_owned(),
        urgency: match broken.urgency {
            Urgency::Failed => LinkUrgency::Failed,
            Urgency::Waiting => LinkUrgency::Waiting,
            Urgency::Paused => LinkUrgency::Paused,
        },
        reason: broken.reason.clone(),
        message: broken.message.clone(),
        since: broken
            .since
            .map(|since| since.to_string())
            .unwrap_or_default(),
        remedy: broken.remedy.clone(),
    }
}

#[cfg(test)]
mod tests;
