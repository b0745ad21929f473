//! A stored object with its revision and encoding, and the change events made of them.

use bytes::Bytes;
use skein_object::Object;
use std::sync::Arc;

use crate::key::Key;

/// One version of an object. `metadata.resourceVersion` equals `revision`.
#[derive(Debug)]
pub struct Stored {
    /// What it is.
    pub key: Key,
    /// The cluster's revision at which this version was written.
    pub revision: u64,
    /// The object.
    pub object: Object,
    /// The object as compact JSON, made once so that answers and watches only copy it.
    pub json: Bytes,
}

/// What happened to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// It was created.
    Added,
    /// It was replaced by a new version.
    Modified,
    /// It was removed; the event carries its last state with the revision of the removal.
    Deleted,
}

/// One change of one object.
#[derive(Debug)]
pub struct Event {
    /// What happened.
    pub kind: EventKind,
    /// The cluster's revision of the change.
    pub revision: u64,
    /// The object after the change (for a removal: its last state).
    pub object: Arc<Stored>,
    /// The object before the change; `None` for a creation.
    pub previous: Option<Arc<Stored>>,
}
