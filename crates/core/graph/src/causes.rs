//! The distinct first broken links behind many objects that are not ready.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::explain::{Explanation, explain};
use crate::place::Place;
use crate::view::View;

/// One cause, and who waits for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CauseGroup {
    /// Of the first object that has this cause; its `broken` is never `None`.
    pub explanation: Explanation,
    /// All objects that have this cause, in order.
    pub waiting: Vec<Place>,
}

/// Explains objects and brings together those with the same first broken link: failures first, then by the number of objects that wait.
pub fn root_causes(
    view: &impl View,
    places: impl IntoIterator<Item = Place>,
    now: Timestamp,
) -> Vec<CauseGroup> {
    let mut groups: BTreeMap<_, CauseGroup> = BTreeMap::new();
    let mut sorted: Vec<Place> = places.into_iter().collect();
    sorted.sort();
    sorted.dedup();
    for place in sorted {
        let explanation = explain(view, &place, now);
        let Some(broken) = &explanation.broken else {
            continue;
        };
        let cause = (
            broken.cluster.clone(),
            broken.place.clone(),
            broken.cause.as_str(),
        );
        groups
            .entry(cause)
            .and_modify(|group| group.waiting.push(place.clone()))
            .or_insert_with(|| CauseGroup {
                explanation,
                waiting: vec![place],
            });
    }
    let mut list: Vec<CauseGroup> = groups.into_values().collect();
    list.sort_by_key(|group| {
        let urgency = group.explanation.broken.as_ref().map(|b| b.urgency);
        (urgency, std::cmp::Reverse(group.waiting.len()))
    });
    list
}
