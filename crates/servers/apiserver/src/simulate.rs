//! Simulated workloads: controllers that make Deployments, Jobs and the like come alive without a node.

use std::sync::Arc;

use tokio::task::JoinSet;

use crate::api::Api;

/// Starts the simulation of a cluster.
pub(crate) fn start(_api: &Arc<Api>, _tasks: &mut JoinSet<()>) {}
