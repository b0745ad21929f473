//! What an explanation may ask about the clusters of a fleet.

use jiff::Timestamp;
use skein_object::Object;

use crate::links::connection_of;
use crate::place::Place;

/// What is known of an object.
#[derive(Clone, Copy, Debug)]
pub enum Sight<'a> {
    /// As it was last seen.
    Seen(&'a Object),
    /// It does not exist: every object of its kind is known.
    Absent,
    /// Nobody looked.
    Unseen,
}

impl<'a> Sight<'a> {
    /// The object, when it was seen.
    pub fn seen(self) -> Option<&'a Object> {
        match self {
            Self::Seen(object) => Some(object),
            Self::Absent | Self::Unseen => None,
        }
    }
}

/// How a cluster is reached by whoever looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Contact {
    /// What is known is of now.
    Live,
    /// The cluster does not answer; what is known is of the past.
    Lost {
        /// Why, for people.
        message: String,
        /// Since when.
        since: Option<Timestamp>,
    },
}

/// The cluster that an applier applies to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Its own.
    Own,
    /// Another one, by name.
    Cluster(String),
    /// One that is not among those that are looked at.
    Unknown,
}

/// An event that warns about an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// Why, in one word.
    pub reason: String,
    /// Why, for people.
    pub message: String,
}

/// What is known of the clusters of a fleet.
pub trait View {
    /// An object.
    fn find(&self, place: &Place) -> Sight<'_>;

    /// The objects that name this one as an owner.
    fn owned(&self, place: &Place) -> Vec<Place>;

    /// The appliers whose inventory names an object, in a stable order.
    fn appliers(&self, place: &Place) -> Vec<Place>;

    /// Objects of the same cluster, kind and name in other namespaces.
    fn namesakes(&self, place: &Place) -> Vec<Place>;

    /// How a cluster is reached.
    fn contact(&self, cluster: &str) -> Contact;

    /// Where an applier applies to.
    fn target(&self, _place: &Place, applier: &Object) -> Target {
        match connection_of(applier) {
            None => Target::Own,
            Some(_) => Target::Unknown,
        }
    }

    /// The newest warning about an object, if events are known.
    fn warning(&self, _place: &Place) -> Option<Warning> {
        None
    }
}
