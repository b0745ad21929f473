//! Why an object is not ready, for commands that show it: asks the cluster for what the explanation wants to see.

use std::collections::BTreeSet;

use jiff::Timestamp;
use skein_cluster::ListOptions;
use skein_graph::{
    Cause, Explanation, FleetIndex, ObjectIndex, Part, Place, age, explain, summarise,
};
use skein_object::{GroupKind, Object, ObjectKey};

use crate::arguments::Session;
use crate::objects;
use crate::output::Output;

/// How often what is still to be seen is asked for: a chain has fewer links.
const MAX_ROUNDS: usize = 12;
/// Most objects that are asked for in all.
const MAX_OBJECTS: usize = 400;
/// Name of the one cluster.
const HERE: &str = "";

/// Says on the second stream what the first broken link of an object is, if there is one. `known` are objects that were read already;
/// when all of them are ready, nothing is asked.
pub(crate) async fn tell(
    session: &Session,
    key: &ObjectKey,
    known: &[&Object],
    output: &mut Output,
) -> anyhow::Result<()> {
    let now = Timestamp::now();
    let is_broken = |object: &&Object| summarise(object, now).standing.is_broken();
    if !known.iter().any(is_broken) {
        return Ok(());
    }
    let explanation = look(session, key, known, now).await;
    let Some(broken) = &explanation.broken else {
        return Ok(());
    };
    let since = broken.since.map(|since| age(since, now));
    let since = since.filter(|age| !age.is_empty());
    let since = since.map_or_else(String::new, |age| format!(" (since {age})"));
    output.failure(&format!("{}{since}", explanation.sentence()))?;
    output.note_line(&format!("  chain: {}", explanation.path()))?;
    output.note_line(&format!("  to do: {}", broken.remedy))?;
    Ok(())
}

/// Explains with what is known, looks at what that did not know, and explains again.
async fn look(
    session: &Session,
    key: &ObjectKey,
    known: &[&Object],
    now: Timestamp,
) -> Explanation {
    let place = Place::new(HERE, key.clone());
    let mut fleet = FleetIndex::default();
    for object in known {
        fleet.cluster_mut(HERE).insert((*object).clone());
    }
    let mut asked = BTreeSet::new();
    let mut listed = BTreeSet::new();
    let mut found = explain(&fleet, &place, now);
    for _ in 0..MAX_ROUNDS {
        let mut is_news = false;
        for unseen in found.unseen.iter().map(|place| &place.key) {
            if asked.len() >= MAX_OBJECTS || !asked.insert(unseen.clone()) {
                continue;
            }
            is_news |= see(session, unseen, fleet.cluster_mut(HERE)).await;
        }
        for (kind, namespace) in further_kinds(&found) {
            if listed.insert((kind.clone(), namespace.clone())) {
                is_news |= list(session, &kind, &namespace, fleet.cluster_mut(HERE)).await;
            }
        }
        if !is_news {
            break;
        }
        found = explain(&fleet, &place, now);
    }
    found
}

/// Reads one object; what cannot be read (no right to) stays unseen.
async fn see(session: &Session, key: &ObjectKey, index: &mut ObjectIndex) -> bool {
    match objects::find(session, key).await {
        Ok(Some(object)) => index.insert(object),
        Ok(None) => index.mark_absent(key.clone()),
        Err(_) => return false,
    }
    true
}

/// Lists whose objects may say more: the Pods of a workload that is not well, and namesakes of what is missing.
fn further_kinds(found: &Explanation) -> Vec<(GroupKind, String)> {
    let Some(broken) = &found.broken else {
        return Vec::new();
    };
    let Some(place) = &broken.place else {
        return Vec::new();
    };
    let key = &place.key;
    let runs_pods = matches!(key.group.as_str(), "apps" | "batch");
    match &broken.cause {
        Cause::Missing { .. } if broken.part != Part::Object && !key.group.is_empty() => {
            vec![(key.group_kind(), String::new())]
        }
        _ if broken.part == Part::Object && runs_pods => vec![
            (GroupKind::new("apps", "ReplicaSet"), key.namespace.clone()),
            (GroupKind::new("", "Pod"), key.namespace.clone()),
        ],
        _ => Vec::new(),
    }
}

async fn list(
    session: &Session,
    kind: &GroupKind,
    namespace: &str,
    index: &mut ObjectIndex,
) -> bool {
    let Ok(resources) = session.cluster.resources().await else {
        return false;
    };
    let Some(resource) = resources.iter().find(|r| r.group_kind() == *kind) else {
        return false;
    };
    let options = ListOptions {
        namespace: namespace.to_owned(),
        ..ListOptions::default()
    };
    let Ok(answer) = session.cluster.list(resource, &options).await else {
        return false;
    };
    let mut is_news = false;
    for object in answer.items {
        is_news |= index.get(&object.key()).is_none();
        index.insert(object);
    }
    is_news
}
