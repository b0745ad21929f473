//! REST API, event stream and web page over clusters.
//!
//! [`fleet`] is the pure state: objects in, tree and changes out. [`live`] shares it between what feeds it and what
//! serves it. [`access`] is the one layer that every request passes. [`routes`] are small and know nothing of who asks.

pub mod access;
pub mod actions;
pub mod audit;
pub mod feed;
pub mod fleet;
pub mod live;
pub mod problem;
pub mod routes;
pub mod server;

pub use actions::{ClusterHandle, ClusterWriter, WriteError, WriteTarget};
pub use feed::Feed;
pub use fleet::{Fleet, FleetError};
pub use live::LiveFleet;
pub use server::{Hub, HubError, HubHandle, HubOptions};
