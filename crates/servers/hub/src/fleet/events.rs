//! Kubernetes events by the object they speak of, the newest of each, within fixed bounds.

use std::collections::{HashMap, VecDeque};

use serde_json::Value;
use skein_object::{Object, ObjectKey};

use super::node::EventView;

/// Most events that are kept of one object.
pub const MAX_EVENTS_PER_OBJECT: usize = 50;
/// Most objects of a cluster of which events are kept.
pub const MAX_OBJECTS_WITH_EVENTS: usize = 20_000;

/// Events of one cluster.
#[derive(Debug, Default)]
pub struct Events {
    by_object: HashMap<ObjectKey, VecDeque<(String, EventView)>>,
    /// Objects in the order in which their first event came; the oldest is forgotten first.
    arrival: VecDeque<ObjectKey>,
}

impl Events {
    /// Takes a new or changed event object (`v1` or `events.k8s.io/v1`); others are ignored.
    pub fn record(&mut self, event: &Object) {
        let Some((key, view)) = read(event) else {
            return;
        };
        if !self.by_object.contains_key(&key) {
            if self.arrival.len() == MAX_OBJECTS_WITH_EVENTS
                && let Some(oldest) = self.arrival.pop_front()
            {
                self.by_object.remove(&oldest);
            }
            self.arrival.push_back(key.clone());
        }
        let list = self.by_object.entry(key).or_default();
        let id = format!("{}/{}", event.namespace(), event.name());
        list.retain(|(known, _)| *known != id);
        if list.len() == MAX_EVENTS_PER_OBJECT {
            list.pop_front();
        }
        list.push_back((id, view));
    }

    /// Events about an object, newest first.
    pub fn of(&self, key: &ObjectKey) -> Vec<EventView> {
        let mut list: Vec<EventView> = self
            .by_object
            .get(key)
            .into_iter()
            .flatten()
            .map(|(_, view)| view.clone())
            .collect();
        list.reverse();
        list.sort_by(|a, b| b.last_seen.cmp(&a.last_seen));
        list
    }
}

fn read(event: &Object) -> Option<(ObjectKey, EventView)> {
    let about = event
        .at(&["involvedObject"])
        .or_else(|| event.at(&["regarding"]))?;
    let field = |name: &str| about.get(name).and_then(Value::as_str).unwrap_or_default();
    let group = field("apiVersion")
        .split_once('/')
        .map_or("", |(group, _)| group);
    let key = ObjectKey::new(group, field("kind"), field("namespace"), field("name"));
    let first = |places: &[&[&str]]| -> String {
        let found = places
            .iter()
            .find_map(|p| event.str_at(p).filter(|text| !text.is_empty()));
        found.unwrap_or_default().to_owned()
    };
    let count = event
        .i64_at(&["count"])
        .or_else(|| event.i64_at(&["series", "count"]))
        .and_then(|count| u64::try_from(count).ok())
        .unwrap_or(1);
    let view = EventView {
        event_type: first(&[&["type"]]),
        reason: first(&[&["reason"]]),
        message: first(&[&["message"], &["note"]]),
        count,
        last_seen: first(&[
            &["series", "lastObservedTime"],
            &["lastTimestamp"],
            &["eventTime"],
            &["metadata", "creationTimestamp"],
        ]),
        reporter: first(&[
            &["reportingComponent"],
            &["reportingController"],
            &["source", "component"],
        ]),
    };
    Some((key, view))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn event(name: &str, count: u64, last: &str) -> Object {
        Object::from_value(json!({"apiVersion": "v1", "kind": "Event",
            "metadata": {"name": name, "namespace": "apps"},
            "involvedObject": {"apiVersion": "apps/v1", "kind": "Deployment", "namespace": "apps", "name": "web"},
            "type": "Warning", "reason": "Failed", "message": "no", "count": count, "lastTimestamp": last}))
        .unwrap()
    }

    #[test]
    fn keeps_the_newest_of_each_event() {
        let mut events = Events::default();
        events.record(&event("a", 1, "2026-11-21T10:00:00Z"));
        events.record(&event("b", 1, "2026-11-21T11:00:00Z"));
        events.record(&event("a", 4, "2026-11-21T12:00:00Z"));
        let key = ObjectKey::new("apps", "Deployment", "apps", "web");
        let seen: Vec<(u64, String)> = events
            .of(&key)
            .into_iter()
            .map(|e| (e.count, e.last_seen))
            .collect();
        assert_eq!(
            seen,
            [
                (4, "2026-11-21T12:00:00Z".to_owned()),
                (1, "2026-11-21T11:00:00Z".to_owned())
            ]
        );
    }

    #[test]
    fn is_bounded() {
        let mut events = Events::default();
        for n in 0..MAX_EVENTS_PER_OBJECT + 5 {
            events.record(&event(&format!("e{n}"), 1, &format!("{n:04}")));
        }
        let list = events.of(&ObjectKey::new("apps", "Deployment", "apps", "web"));
        assert_eq!(list.len(), MAX_EVENTS_PER_OBJECT);
        assert_eq!(
            list[0].last_seen,
            format!("{:04}", MAX_EVENTS_PER_OBJECT + 4)
        );
    }
}
