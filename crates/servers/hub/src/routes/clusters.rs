//! `GET /api/v1/clusters`: clusters with counts by status.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::HubState;
use crate::fleet::Fleet;
use crate::fleet::node::{ClusterView, NodeStatus};
use crate::problem::Problem;

/// A cluster and how its nodes are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClusterSummary {
    /// The cluster.
    #[serde(flatten)]
    pub cluster: ClusterView,
    /// Nodes by status.
    pub counts: BTreeMap<NodeStatus, u64>,
    /// Nodes that are suspended.
    pub suspended: u64,
}

/// All clusters, by name.
#[utoipa::path(get, path = "/api/v1/clusters", tag = "fleet",
    responses((status = 200, body = Vec<ClusterSummary>), (status = 401, body = Problem)))]
pub async fn list_clusters(State(state): State<HubState>) -> Json<Vec<ClusterSummary>> {
    Json(state.fleet.read(summarise))
}

fn summarise(fleet: &Fleet) -> Vec<ClusterSummary> {
    let summary = |cluster: &ClusterView| {
        let mut counts = BTreeMap::new();
        let mut suspended = 0;
        for node in fleet
            .tree(&cluster.name)
            .into_iter()
            .flat_map(|tree| tree.nodes())
        {
            *counts.entry(node.status).or_default() += 1;
            suspended += u64::from(node.suspended);
        }
        ClusterSummary {
            cluster: cluster.clone(),
            counts,
            suspended,
        }
    };
    fleet.clusters().map(summary).collect()
}
