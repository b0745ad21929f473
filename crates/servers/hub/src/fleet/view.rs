//! The fleet as explanations see it.

use jiff::Timestamp;
use skein_graph::{Contact, Place, Sight, Target, View, Warning, connection_of};
use skein_object::Object;

use super::Fleet;
use super::node::{LinkState, UnixMillis};

impl View for Fleet {
    fn find(&self, place: &Place) -> Sight<'_> {
        let Some(tree) = self.tree(&place.cluster) else {
            return Sight::Unseen;
        };
        match tree.observed(&place.key) {
            Some(observed) => Sight::Seen(&observed.object),
            None if tree.is_complete(&place.key.group_kind()) => Sight::Absent,
            None => Sight::Unseen,
        }
    }

    fn owned(&self, place: &Place) -> Vec<Place> {
        let tree = self.tree(&place.cluster);
        tree.into_iter()
            .flat_map(|tree| tree.controlled(&place.key))
            .map(|key| place.beside(key.clone()))
            .collect()
    }

    fn appliers(&self, place: &Place) -> Vec<Place> {
        let tree = self.tree(&place.cluster);
        tree.into_iter()
            .flat_map(|tree| tree.appliers(&place.key))
            .cloned()
            .collect()
    }

    fn namesakes(&self, place: &Place) -> Vec<Place> {
        let wanted = &place.key;
        let tree = self.tree(&place.cluster);
        let mut found: Vec<Place> = tree
            .into_iter()
            .flat_map(|tree| tree.objects())
            .map(|(key, _)| key)
            .filter(|key| {
                key.kind == wanted.kind
                    && key.name == wanted.name
                    && key.group == wanted.group
                    && key.namespace != wanted.namespace
            })
            .map(|key| place.beside(key.clone()))
            .collect();
        found.sort();
        found
    }

    fn contact(&self, cluster: &str) -> Contact {
        match self.clusters.get(cluster).map(|state| &state.view) {
            Some(view) if view.link == LinkState::Broken => Contact::Lost {
                message: view.link_message.clone(),
                since: timestamp(view.link_since),
            },
            _ => Contact::Live,
        }
    }

    fn target(&self, place: &Place, applier: &Object) -> Target {
        match connection_of(applier) {
            None => Target::Own,
            Some(connection) => self
                .remotes
                .target(&place.cluster, &connection)
                .map_or(Target::Unknown, |name| Target::Cluster(name.to_owned())),
        }
    }

    fn warning(&self, place: &Place) -> Option<Warning> {
        let events = self.events(&place.cluster, &place.key);
        let newest = events
            .into_iter()
            .find(|event| event.event_type == "Warning")?;
        Some(Warning {
            reason: newest.reason,
            message: newest.message,
        })
    }
}

/// The hub's time as core has it.
pub fn timestamp(millis: UnixMillis) -> Option<Timestamp> {
    Timestamp::from_millisecond(i64::try_from(millis).ok()?).ok()
}
