//! Revisioned Kubernetes objects of many clusters with watch, in memory or in SQLite.
//!
//! Reads, lists and watches are always served from memory. With SQLite a write is answered after its
//! transaction has been committed (WAL, `synchronous = NORMAL`): an answered write survives a killed
//! process; a power cut may lose the last moments but never corrupts. Writes that arrive together
//! share one transaction. Watchers may see a change a moment before it is durable; after a kill, revisions go on
//! above all that anybody can have seen, so that a watch that resumes is told to list again and loses nothing.
//!
//! Each cluster has its own revision, which grows by one per write. The last [`HISTORY_EVENTS`]
//! changes of each resource are kept, so that a watch can resume and a list can be read at an older
//! revision; beyond that the answer is [`ReadError::Expired`]. History is not kept over a restart.

mod history;
mod key;
mod sqlite;
mod state;
mod store;
mod stored;
mod watch;

pub use history::HISTORY_EVENTS;
pub use key::{Key, ResourceId};
pub use state::Snapshot;
pub use store::{Cluster, MAX_OBJECT_BYTES, OpenError, ReadError, Store, WriteError};
pub use stored::{Event, EventKind, Stored};
pub use watch::{Scope, Watcher};
