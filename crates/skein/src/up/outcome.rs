//! Is all ready, can it still become ready, and if not: the first broken link.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use skein_hub::fleet::Snapshot;
use skein_hub::fleet::node::{LinkState, Node, NodeRole, NodeStatus};

use super::view::qualified;

/// Kinds that this version reconciles.
const ATTENDED: [&str; 2] = ["GitRepository", "Kustomization"];
/// How long nothing may change while something is broken before it counts as final.
const SETTLE: Duration = Duration::from_secs(20);
/// How long all must be ready before it counts.
const CALM: Duration = Duration::from_millis(600);

/// What is known about the whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Not yet clear.
    Waiting,
    /// Everything that this version reconciles is ready; what it does not reconcile is named.
    Ready {
        /// One line for each kind that nobody attends.
        unattended: Vec<String>,
    },
    /// It will not become ready; lines for people, the cause first.
    Broken(Vec<String>),
}

/// Watches snapshots and judges.
pub struct Judge {
    limit: Duration,
    began: Option<Instant>,
    last: Option<(u64, Instant)>,
    ready_since: Option<Instant>,
}

impl Judge {
    /// A judge that gives up after so long.
    pub fn new(limit: Duration) -> Self {
        Self {
            limit,
            began: None,
            last: None,
            ready_since: None,
        }
    }

    /// Judges a snapshot.
    pub fn look(&mut self, snapshot: &Snapshot, now: Instant) -> Verdict {
        let began = *self.began.get_or_insert(now);
        let changed_at = match self.last {
            Some((revision, at)) if revision == snapshot.revision => at,
            _ => now,
        };
        self.last = Some((snapshot.revision, changed_at));
        let pending = pending(snapshot);
        if pending.is_empty() && is_populated(snapshot) {
            let since = *self.ready_since.get_or_insert(now);
            if now.duration_since(since) >= CALM {
                return Verdict::Ready {
                    unattended: unattended(snapshot),
                };
            }
            return Verdict::Waiting;
        }
        self.ready_since = None;
        let failed = pending.iter().any(|node| node.status == NodeStatus::Failed);
        let over = now.duration_since(began) >= self.limit;
        let settled = failed && now.duration_since(changed_at) >= SETTLE;
        if over || settled {
            return Verdict::Broken(explain(snapshot, &pending));
        }
        Verdict::Waiting
    }
}

fn is_attended(node: &Node) -> bool {
    ATTENDED.contains(&node.kind.as_str())
}

/// Sources and reconcilers that are not ready yet.
fn pending(snapshot: &Snapshot) -> Vec<&Node> {
    snapshot
        .nodes
        .iter()
        .map(AsRef::as_ref)
        .filter(|node| is_attended(node) && !node.suspended && node.status != NodeStatus::Ready)
        .collect()
}

/// Every cluster is connected and at least one of them has something to reconcile.
fn is_populated(snapshot: &Snapshot) -> bool {
    snapshot
        .clusters
        .iter()
        .all(|cluster| cluster.link == LinkState::Live)
        && snapshot
            .nodes
            .iter()
            .any(|node| node.kind == "Kustomization")
}

fn unattended(snapshot: &Snapshot) -> Vec<String> {
    let kinds: BTreeSet<&str> = snapshot
        .nodes
        .iter()
        .filter(|node| node.role != NodeRole::Object && !is_attended(node))
        .map(|node| node.kind.as_str())
        .collect();
    kinds
        .into_iter()
        .map(|kind| {
            let count = snapshot
                .nodes
                .iter()
                .filter(|node| node.kind == kind)
                .count();
            format!("not reconciled by this version: {count} × {kind}")
        })
        .collect()
}

/// The first broken link of each cluster: sources before reconcilers, failures before what waits for them.
fn explain(snapshot: &Snapshot, pending: &[&Node]) -> Vec<String> {
    let mut lines = Vec::new();
    for cluster in &snapshot.clusters {
        let mut broken: Vec<&&Node> = pending
            .iter()
            .filter(|node| node.cluster == cluster.name)
            .collect();
        broken.sort_by_key(|node| (urgency(node), node.role != NodeRole::Source, &node.id));
        let Some(first) = broken.first() else {
            continue;
        };
        let message = if first.message.is_empty() {
            "no status yet"
        } else {
            &first.message
        };
        lines.push(format!(
            "{}: {} {} is not ready: {message}",
            cluster.name,
            first.kind,
            qualified(first)
        ));
        let culprits = snapshot.nodes.iter().filter(|node| {
            node.parent.as_ref() == Some(&first.id)
                && matches!(node.status, NodeStatus::Failed | NodeStatus::Progressing)
        });
        for culprit in culprits.take(3) {
            lines.push(format!(
                "  {} {}: {}",
                culprit.kind,
                qualified(culprit),
                culprit.message
            ));
        }
        if broken.len() > 1 {
            lines.push(format!("  and {} more wait or fail", broken.len() - 1));
        }
    }
    if lines.is_empty() {
        lines.push("nothing to reconcile was found; name the folder with --path".into());
    }
    lines.extend(unattended(snapshot));
    lines
}

/// Failures that are not about a dependency come first: they are the causes.
fn urgency(node: &Node) -> u8 {
    match node.status {
        NodeStatus::Failed if node.reason != "DependencyNotReady" => 0,
        NodeStatus::Missing => 1,
        NodeStatus::Progressing => 2,
        _ => 3,
    }
}

#[cfg(test)]
mod tests;
