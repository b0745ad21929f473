//! Why a node is not ready: the chain source → dependency → reconciler → object, and its first broken link.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use skein_object::ObjectKey;
use utoipa::ToSchema;

use super::cluster::ClusterTree;
use super::node::{Node, NodeId, NodeRole, NodeStatus};

/// Most nodes that are looked at for one explanation.
const MAX_VISITS: usize = 2_000;
/// How long a chain of dependencies and applied reconcilers may be.
const MAX_CHAIN: usize = 64;

/// One link of the chain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Link {
    /// The node.
    pub id: NodeId,
    /// Kind.
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
    /// Where desired state comes from.
    Source,
    /// Another reconciler that has to be ready first.
    Dependency,
    /// What applies.
    Reconciler,
    /// What is applied.
    Object,
}

/// The chain of one node and its first broken link.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// From source to object.
    pub chain: Vec<Link>,
    /// The link that everything after it waits for; absent when all is well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<NodeId>,
    /// The same in one sentence; empty when all is well.
    pub sentence: String,
}

/// Explains a node of a cluster.
pub fn explain(tree: &ClusterTree, key: &ObjectKey) -> Explanation {
    let mut search = Search {
        tree,
        visited: HashSet::new(),
        chain: Vec::new(),
    };
    let subject = search.subject(key);
    let cause = search.cause(&subject, LinkPart::Reconciler);
    if subject != *key && !search.chain.iter().any(|(known, _)| known == key) {
        search.chain.push((key.clone(), LinkPart::Object));
    }
    let cause = cause.or_else(|| search.is_broken(key).then(|| key.clone()));
    let chain: Vec<Link> = search
        .chain
        .iter()
        .filter_map(|(key, part)| Some(link(tree.node(key)?, *part)))
        .collect();
    let cause = cause.and_then(|cause| tree.node(&cause));
    let sentence = cause
        .map(|cause| sentence(tree.node(key), cause))
        .unwrap_or_default();
    Explanation {
        chain,
        cause: cause.map(|cause| cause.id.clone()),
        sentence,
    }
}

struct Search<'a> {
    tree: &'a ClusterTree,
    visited: HashSet<ObjectKey>,
    chain: Vec<(ObjectKey, LinkPart)>,
}

impl Search<'_> {
    /// The reconciler that is responsible for a node: itself, or who applied it or what controls it.
    fn subject(&self, key: &ObjectKey) -> ObjectKey {
        let mut key = key.clone();
        for _ in 0..MAX_CHAIN {
            let Some(node) = self.tree.node(&key) else {
                break;
            };
            if node.role != NodeRole::Object {
                break;
            }
            let parent = node
                .parent
                .as_ref()
                .and_then(|id| NodeId::parse(id.as_str()));
            match parent {
                Some((_, parent)) => key = parent,
                None => break,
            }
        }
        key
    }

    fn is_broken(&self, key: &ObjectKey) -> bool {
        self.tree
            .node(key)
            .is_some_and(|node| !matches!(node.status, NodeStatus::Ready | NodeStatus::Unknown))
    }

    /// Walks the chain of a reconciler or source in the order of the flow; returns the first broken link.
    fn cause(&mut self, key: &ObjectKey, part: LinkPart) -> Option<ObjectKey> {
        if self.visited.len() >= MAX_VISITS
            || self.chain.len() >= MAX_CHAIN
            || !self.visited.insert(key.clone())
        {
            return None;
        }
        let references = self.tree.references(key).cloned().unwrap_or_default();
        let mut cause = None;
        if let Some(source) = &references.source {
            cause = self.cause(source, LinkPart::Source);
        }
        for dependency in &references.depends_on {
            if cause.is_none() && self.tree.node(dependency).is_some() && self.is_broken(dependency)
            {
                cause = self.cause(dependency, LinkPart::Dependency);
            }
        }
        let is_source = self
            .tree
            .node(key)
            .is_some_and(|node| node.role == NodeRole::Source);
        let part = if is_source { LinkPart::Source } else { part };
        self.chain.push((key.clone(), part));
        if cause.is_some() || !self.is_broken(key) {
            return cause;
        }
        Some(self.broken_child(key).unwrap_or_else(|| key.clone()))
    }

    /// The first broken thing below a broken reconciler, failures before what is only on its way.
    fn broken_child(&mut self, key: &ObjectKey) -> Option<ObjectKey> {
        let inventory = &self.tree.references(key)?.inventory;
        let mut broken: Vec<&ObjectKey> = inventory
            .iter()
            .filter(|child| self.is_broken(child))
            .collect();
        broken.sort_by_key(|child| self.tree.node(child).map(|node| urgency(node.status)));
        let child = (*broken.first()?).clone();
        let is_reconciler = self
            .tree
            .node(&child)
            .is_some_and(|node| node.role != NodeRole::Object);
        if is_reconciler {
            return self.cause(&child, LinkPart::Reconciler).or(Some(child));
        }
        self.chain.push((child.clone(), LinkPart::Object));
        Some(child)
    }
}

/// Lower is worse.
fn urgency(status: NodeStatus) -> u8 {
    match status {
        NodeStatus::Failed => 0,
        NodeStatus::Missing => 1,
        NodeStatus::Deleting => 2,
        NodeStatus::Progressing => 3,
        NodeStatus::Unknown => 4,
        NodeStatus::Ready => 5,
    }
}

fn link(node: &Node, part: LinkPart) -> Link {
    Link {
        id: node.id.clone(),
        kind: node.kind.clone(),
        namespace: node.namespace.clone(),
        name: node.name.clone(),
        part,
        status: node.status,
        suspended: node.suspended,
        message: node.message.clone(),
    }
}

fn sentence(asked: Option<&std::sync::Arc<Node>>, cause: &Node) -> String {
    let verb = match cause.status {
        NodeStatus::Failed => "fails",
        NodeStatus::Missing => "is missing",
        NodeStatus::Deleting => "is being deleted",
        _ => "is not ready yet",
    };
    let what = format!("{} {}", cause.kind, qualified(cause));
    let detail = if cause.message.is_empty() {
        String::new()
    } else {
        format!(": {}", cause.message)
    };
    match asked {
        Some(asked) if asked.id != cause.id => {
            format!(
                "{} {} waits because {what} {verb}{detail}",
                asked.kind,
                qualified(asked)
            )
        }
        _ => format!("{what} {verb}{detail}"),
    }
}

fn qualified(node: &Node) -> String {
    if node.namespace.is_empty() {
        node.name.clone()
    } else {
        format!("{}/{}", node.namespace, node.name)
    }
}

#[cfg(test)]
mod tests;
