//! The only door to a Kubernetes API: clients, impersonation, kubeconfigs, watch caches, apply.
//!
//! A [`Cluster`] is one API server seen with one identity; clones and impersonated copies share its connections, its
//! discovery and its request counters. A [`Cache`] is one watched collection, projected to what its reader needs.
//! No reconcile logic lives here.

pub mod cache;
pub mod client;
pub mod discovery;
pub mod error;
pub mod follow;
pub mod kubeconfig;
pub mod lease;
pub mod metering;
pub mod resource;

pub use cache::{Cache, Change, WatchSpec};
pub use client::{
    ApplyOptions, Cluster, DeleteOptions, Impersonation, ListOptions, ListPage, PatchKind,
    Propagation,
};
pub use error::ApiError;
pub use follow::{Followed, LogOptions};
pub use kubeconfig::{ConnectError, ConnectOptions, KubeconfigPolicy, install_crypto_provider};
pub use lease::{LeaseLock, LeaseOptions};
pub use metering::{Answer, AnswerCounts, RequestCounts};
pub use resource::ApiResource;
