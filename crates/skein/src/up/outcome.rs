//! Is all ready, can it still become ready, and if not: the first broken links.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use skein_graph::{Cause, CauseGroup, Place, age, root_causes};
use skein_hub::Fleet;
use skein_hub::fleet::node::{LinkState, Node, NodeId, NodeRole, NodeStatus};

/// Kinds that this version reconciles.
const ATTENDED: [&str; 6] = [
    "GitRepository",
    "OCIRepository",
    "HelmRepository",
    "HelmChart",
    "Kustomization",
    "HelmRelease",
];
/// How long nothing may change while something is broken before it counts as final.
const SETTLE: Duration = Duration::from_secs(20);
/// How long all must be ready before it counts.
const CALM: Duration = Duration::from_millis(600);
/// Causes that are told one by one.
const MAX_CAUSES: usize = 10;
/// Objects that wait for a cause and are named.
const MAX_WAITING: usize = 3;

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

/// Looks at the fleet again and again, and judges.
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

    /// Judges the fleet; `now` is the same moment on two clocks.
    pub fn look(&mut self, fleet: &Fleet, now: Instant, time: Timestamp) -> Verdict {
        let began = *self.began.get_or_insert(now);
        let changed_at = match self.last {
            Some((revision, at)) if revision == fleet.revision() => at,
            _ => now,
        };
        self.last = Some((fleet.revision(), changed_at));
        let mut is_pending = false;
        let mut is_failed = false;
        for node in pending(fleet) {
            is_pending = true;
            is_failed |= node.status == NodeStatus::Failed;
        }
        if !is_pending && is_populated(fleet) {
            let since = *self.ready_since.get_or_insert(now);
            if now.duration_since(since) >= CALM {
                return Verdict::Ready {
                    unattended: unattended(fleet),
                };
            }
            return Verdict::Waiting;
        }
        self.ready_since = None;
        let over = now.duration_since(began) >= self.limit;
        let settled = is_failed && now.duration_since(changed_at) >= SETTLE;
        if over || settled {
            return Verdict::Broken(explain(fleet, time));
        }
        Verdict::Waiting
    }
}

fn is_attended(node: &Node) -> bool {
    ATTENDED.contains(&node.kind.as_str())
}

/// Sources and reconcilers that are not ready yet.
fn pending(fleet: &Fleet) -> impl Iterator<Item = &Node> {
    let nodes = fleet.nodes().map(AsRef::as_ref);
    nodes.filter(|node: &&Node| {
        node.role != NodeRole::Object
            && is_attended(node)
            && !node.suspended
            && node.status != NodeStatus::Ready
    })
}

/// Every cluster is connected and at least one of them has something to reconcile.
fn is_populated(fleet: &Fleet) -> bool {
    fleet
        .clusters()
        .all(|cluster| cluster.link == LinkState::Live)
        && fleet.nodes().any(|node| node.role == NodeRole::Reconciler)
}

fn unattended(fleet: &Fleet) -> Vec<String> {
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    let others = fleet
        .nodes()
        .filter(|node| node.role != NodeRole::Object && !is_attended(node));
    for node in others {
        *kinds.entry(&node.kind).or_default() += 1;
    }
    kinds
        .into_iter()
        .map(|(kind, count)| format!("not reconciled by this version: {count} × {kind}"))
        .collect()
}

/// The distinct first broken links behind everything that is not ready, the worst first.
pub fn causes(fleet: &Fleet, time: Timestamp) -> Vec<CauseGroup> {
    let places = pending(fleet)
        .filter_map(|node| NodeId::parse(node.id.as_str()))
        .map(|(cluster, key)| Place::new(&cluster, key));
    root_causes(fleet, places, time)
}

fn explain(fleet: &Fleet, time: Timestamp) -> Vec<String> {
    let groups = causes(fleet, time);
    let mut lines = Vec::new();
    for (number, group) in groups.iter().take(MAX_CAUSES).enumerate() {
        lines.extend(cause_lines(number + 1, group, time));
    }
    if groups.len() > MAX_CAUSES {
        lines.push(format!("and {} more causes", groups.len() - MAX_CAUSES));
    }
    let lost = fleet
        .clusters()
        .filter(|cluster| cluster.link == LinkState::Broken)
        .map(|cluster| format!("no contact with {}: {}", cluster.name, cluster.link_message));
    if lines.is_empty() {
        lines.extend(lost);
    }
    if lines.is_empty() {
        lines.push("nothing to reconcile was found; name the folder with --path".into());
    }
    lines.extend(unattended(fleet));
    lines
}

fn cause_lines(number: usize, group: &CauseGroup, time: Timestamp) -> Vec<String> {
    let explanation = &group.explanation;
    let Some(broken) = &explanation.broken else {
        return Vec::new();
    };
    let cluster = &broken.cluster;
    let mut lines = vec![format!("{number}. {cluster}: {}", broken.clause(cluster))];
    let mut more = |label: &str, text: String| {
        if !text.is_empty() {
            lines.push(format!("   {label}: {text}"));
        }
    };
    more("chain", explanation.path());
    more(
        "since",
        broken
            .since
            .map(|since| age(since, time))
            .unwrap_or_default(),
    );
    let others: Vec<&Place> = group
        .waiting
        .iter()
        .filter(|place| broken.place.as_ref() != Some(place))
        .collect();
    let named: Vec<String> = others
        .iter()
        .take(MAX_WAITING)
        .map(ToString::to_string)
        .collect();
    let rest = match others.len().saturating_sub(MAX_WAITING) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    more("waiting for it", format!("{}{rest}", named.join(", ")));
    let is_elsewhere = matches!(
        broken.cause,
        Cause::Unreachable | Cause::Unauthorised | Cause::NotAtOrigin
    );
    let or_here = match is_elsewhere {
        true => "; or serve a copy from this machine: --instead-of URL=PATH",
        false => "",
    };
    more("to do", format!("{}{or_here}", broken.remedy));
    lines
}

#[cfg(test)]
mod tests;
