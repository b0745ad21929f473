//! The terminal's picture of the fleet: a tree for a terminal, plain lines for everything else. Pure text from a snapshot.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;
use std::sync::Arc;

use jiff::Timestamp;
use skein_graph::{CauseGroup, Urgency, age};
use skein_hub::fleet::Snapshot;
use skein_hub::fleet::node::{LinkState, Node, NodeId, NodeRole, NodeStatus};

/// Objects of one reconciler that are shown one by one when they are not ready; the rest is counted.
const SHOWN_OBJECTS_MAX: usize = 8;
/// First broken links below the picture.
const SHOWN_CAUSES_MAX: usize = 3;
/// Levels of reconcilers under reconcilers.
const DEPTH_MAX: usize = 16;

/// One word and one sign per status.
fn sign(status: NodeStatus, suspended: bool) -> (&'static str, &'static str) {
    if suspended {
        return ("‖", "suspended");
    }
    match status {
        NodeStatus::Ready => ("✔", "ready"),
        NodeStatus::Progressing => ("◎", "progressing"),
        NodeStatus::Failed => ("✗", "failed"),
        NodeStatus::Missing => ("?", "missing"),
        NodeStatus::Deleting => ("⌫", "deleting"),
        NodeStatus::Unknown => ("·", "unknown"),
    }
}

/// The tree as lines, each cut to `width` characters; the time gives ages.
pub fn tree(snapshot: &Snapshot, width: usize, time: Timestamp) -> Vec<String> {
    let mut children: HashMap<Option<&NodeId>, Vec<&Arc<Node>>> = HashMap::new();
    for node in &snapshot.nodes {
        children.entry(node.parent.as_ref()).or_default().push(node);
    }
    for list in children.values_mut() {
        list.sort_by(|a, b| order(a).cmp(&order(b)));
    }
    let mut lines = Vec::new();
    for cluster in &snapshot.clusters {
        let link = match cluster.link {
            LinkState::Live => String::new(),
            LinkState::Connecting => "  connecting".into(),
            LinkState::Broken => format!("  no contact: {}", cluster.link_message),
        };
        let simulated = if cluster.simulated {
            "  (workloads simulated)"
        } else {
            ""
        };
        lines.push(format!("{}{simulated}{link}", cluster.name));
        let before = lines.len();
        let roots = children.get(&None).into_iter().flatten();
        for node in roots.filter(|node| node.cluster == cluster.name) {
            branch(node, &children, 1, time, &mut lines);
        }
        if lines.len() == before {
            lines.extend(applied_from_elsewhere(snapshot, &cluster.name));
        }
    }
    lines.into_iter().map(|line| cut(&line, width)).collect()
}

/// What is told of a cluster without Flux objects of its own: how many objects others apply to it.
fn applied_from_elsewhere(snapshot: &Snapshot, cluster: &str) -> Option<String> {
    let prefix = format!("{cluster}/");
    let mut count = 0;
    let mut appliers = BTreeSet::new();
    for node in snapshot.nodes.iter().filter(|n| n.cluster == cluster) {
        count += 1;
        let parent = node.parent.as_ref().map(NodeId::as_str);
        let other = parent.filter(|parent| !parent.starts_with(&prefix));
        appliers.extend(other.and_then(|parent| parent.split('/').next()));
    }
    let names: Vec<&str> = appliers.into_iter().collect();
    (!names.is_empty()).then(|| format!("  {count} objects, applied from {}", names.join(", ")))
}

fn order(node: &Node) -> (u8, &str, &str, &str) {
    let role = match node.role {
        NodeRole::Source => 0,
        NodeRole::Reconciler => 1,
        NodeRole::Object => 2,
    };
    (role, &node.namespace, &node.kind, &node.name)
}

fn branch(
    node: &Arc<Node>,
    children: &HashMap<Option<&NodeId>, Vec<&Arc<Node>>>,
    depth: usize,
    time: Timestamp,
    lines: &mut Vec<String>,
) {
    if depth > DEPTH_MAX {
        return;
    }
    lines.push(format!("{}{}", "  ".repeat(depth), row(node, Some(time))));
    let below = children
        .get(&Some(&node.id))
        .map(Vec::as_slice)
        .unwrap_or_default();
    let (objects, others): (Vec<_>, Vec<_>) = below
        .iter()
        .partition(|child| child.role == NodeRole::Object);
    for child in others {
        branch(child, children, depth + 1, time, lines);
    }
    let mut by_cluster: BTreeMap<&str, Vec<&Arc<Node>>> = BTreeMap::new();
    for object in objects {
        by_cluster.entry(&object.cluster).or_default().push(object);
    }
    for (cluster, objects) in by_cluster {
        let on = match cluster == node.cluster {
            true => String::new(),
            false => format!("  on {cluster}"),
        };
        object_lines(&objects, depth + 1, &on, time, lines);
    }
}

fn object_lines(
    objects: &[&Arc<Node>],
    depth: usize,
    on: &str,
    time: Timestamp,
    lines: &mut Vec<String>,
) {
    let indent = "  ".repeat(depth);
    let waiting: Vec<_> = objects
        .iter()
        .filter(|node| !matches!(node.status, NodeStatus::Ready | NodeStatus::Unknown))
        .collect();
    for node in waiting.iter().take(SHOWN_OBJECTS_MAX) {
        lines.push(format!("{indent}{}{on}", row(node, Some(time))));
    }
    if waiting.len() > SHOWN_OBJECTS_MAX {
        lines.push(format!(
            "{indent}… {} more not ready{on}",
            waiting.len() - SHOWN_OBJECTS_MAX
        ));
    }
    let ready = objects.len() - waiting.len();
    if ready > 0 {
        let plural = if ready == 1 { "" } else { "s" };
        lines.push(format!("{indent}✔ {ready} object{plural}{on}"));
    }
}

/// One node; with a time, also for how long it has been so.
fn row(node: &Node, time: Option<Timestamp>) -> String {
    let (glyph, word) = sign(node.status, node.suspended);
    let mut text = format!("{glyph} {} {}  {word}", node.kind, qualified(node));
    let since = time.zip(node.changed_at.parse().ok());
    if let Some((time, since)) = since {
        // Writing to a String cannot fail.
        let _ = write!(text, " {}", age(since, time));
    }
    if !node.revision.is_empty() {
        // Writing to a String cannot fail.
        let _ = write!(text, "  {}", node.revision);
    }
    if node.status != NodeStatus::Ready && !node.message.is_empty() {
        let _ = write!(
            text,
            "  {}",
            node.message.lines().next().unwrap_or_default()
        );
    }
    text
}

/// `namespace/name`, or the name alone.
fn qualified(node: &Node) -> String {
    if node.namespace.is_empty() {
        node.name.clone()
    } else {
        format!("{}/{}", node.namespace, node.name)
    }
}

fn cut(line: &str, width: usize) -> String {
    if line.chars().count() <= width {
        return line.to_owned();
    }
    let mut kept: String = line.chars().take(width.saturating_sub(1)).collect();
    kept.push('…');
    kept
}

/// Remembers what was printed, so that only news is printed.
#[derive(Default)]
pub struct News {
    seen: BTreeMap<NodeId, (NodeStatus, bool, String, String)>,
}

impl News {
    /// One line for each source or reconciler whose status, revision or message changed.
    pub fn lines(&mut self, snapshot: &Snapshot, elapsed_seconds: f64) -> Vec<String> {
        let mut nodes: Vec<_> = snapshot
            .nodes
            .iter()
            .filter(|node| node.role != NodeRole::Object)
            .collect();
        nodes.sort_by(|a, b| a.id.cmp(&b.id));
        let mut lines = Vec::new();
        for node in nodes {
            // A ready node's message repeats its revision.
            let message = if node.status == NodeStatus::Ready {
                String::new()
            } else {
                node.message.clone()
            };
            let now = (node.status, node.suspended, node.revision.clone(), message);
            let before = self.seen.get(&node.id);
            // What nobody has looked at yet is no news.
            let is_unseen = before.is_none() && node.status == NodeStatus::Unknown;
            if is_unseen || before == Some(&now) {
                continue;
            }
            self.seen.insert(node.id.clone(), now);
            lines.push(format!(
                "{elapsed_seconds:7.1}s  {}  {}",
                node.cluster,
                row(node, None)
            ));
        }
        lines
    }
}

/// The first broken links below the picture: what is broken, and what to do.
pub fn causes(groups: &[CauseGroup], width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let failed = groups.iter().filter_map(|group| {
        let broken = group.explanation.broken.as_ref();
        broken.filter(|broken| broken.urgency == Urgency::Failed)
    });
    for broken in failed.take(SHOWN_CAUSES_MAX) {
        let first = broken.clause(&broken.cluster);
        let first = first.lines().next().unwrap_or_default();
        lines.push(format!("✗ {}: {first}", broken.cluster));
        lines.push(format!("  to do: {}", broken.remedy));
    }
    lines.into_iter().map(|line| cut(&line, width)).collect()
}

#[cfg(test)]
pub mod fixtures;
#[cfg(test)]
mod tests;
