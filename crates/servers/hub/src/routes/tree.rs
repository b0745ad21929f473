//! `GET /api/v1/nodes`: the nodes of the tree, filtered and in pages.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::HubState;
use crate::fleet::node::{Node, NodeRole, NodeStatus};
use crate::problem::Problem;

/// Nodes of a page when the request does not say.
pub const DEFAULT_PAGE_NODES: usize = 500;
/// Most nodes of a page.
pub const MAX_PAGE_NODES: usize = 5_000;
/// Longest search text, in bytes.
pub const MAX_SEARCH_BYTES: usize = 256;

/// Which nodes.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub struct NodeQuery {
    /// Only of this cluster.
    pub cluster: Option<String>,
    /// Only directly under this node.
    pub parent: Option<String>,
    /// Only with this status.
    pub status: Option<NodeStatus>,
    /// Only of this role.
    pub role: Option<NodeRole>,
    /// Only whose kind, namespace, name or message contains this text, whatever the case.
    pub search: Option<String>,
    /// Most nodes of the answer, 1 to 5,000; 500 when absent.
    pub limit: Option<usize>,
    /// Where the page before ended (`next` of its answer).
    pub after: Option<String>,
}

/// One page of nodes, by id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NodePage {
    /// Revision of the fleet that the page is of.
    pub revision: u64,
    /// How many nodes there are on all pages.
    pub total: usize,
    /// The nodes.
    pub items: Vec<Node>,
    /// What to pass as `after` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// Nodes by id, a page at a time.
#[utoipa::path(get, path = "/api/v1/nodes", tag = "fleet", params(NodeQuery),
    responses((status = 200, body = NodePage), (status = 400, body = Problem), (status = 401, body = Problem)))]
pub async fn list_nodes(
    State(state): State<HubState>,
    query: Result<Query<NodeQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<NodePage>, Problem> {
    let Query(query) = query.map_err(|error| Problem::bad_request(error.body_text()))?;
    let limit = query.limit.unwrap_or(DEFAULT_PAGE_NODES);
    if !(1..=MAX_PAGE_NODES).contains(&limit) {
        return Err(Problem::bad_request(format!(
            "limit must be 1 to {MAX_PAGE_NODES}"
        )));
    }
    if query
        .search
        .as_ref()
        .is_some_and(|text| text.len() > MAX_SEARCH_BYTES)
    {
        let detail = format!("search must not be longer than {MAX_SEARCH_BYTES} bytes");
        return Err(Problem::bad_request(detail));
    }
    let (revision, nodes) = state
        .fleet
        .read(|fleet| (fleet.revision(), fleet.nodes().cloned().collect::<Vec<_>>()));
    Ok(Json(page(revision, nodes, &query, limit)))
}

fn page(revision: u64, nodes: Vec<Arc<Node>>, query: &NodeQuery, limit: usize) -> NodePage {
    let search = query.search.as_ref().map(|text| text.to_lowercase());
    let mut matching: Vec<Arc<Node>> = nodes
        .into_iter()
        .filter(|node| matches(node, query, search.as_deref()))
        .collect();
    matching.sort_by(|a, b| a.id.cmp(&b.id));
    let total = matching.len();
    let start = query.after.as_ref().map_or(0, |after| {
        matching.partition_point(|node| node.id.as_str() <= after.as_str())
    });
    let items: Vec<Node> = matching
        .iter()
        .skip(start)
        .take(limit)
        .map(|node| node.as_ref().clone())
        .collect();
    let next = (start + items.len() < total)
        .then(|| items.last().map(|node| node.id.to_string()))
        .flatten();
    NodePage {
        revision,
        total,
        items,
        next,
    }
}

fn matches(node: &Node, query: &NodeQuery, search: Option<&str>) -> bool {
    let text_matches = |search: &str| {
        [&node.kind, &node.namespace, &node.name, &node.message]
            .iter()
            .any(|field| field.to_lowercase().contains(search))
    };
    query
        .cluster
        .as_ref()
        .is_none_or(|cluster| *cluster == node.cluster)
        && query.parent.as_ref().is_none_or(|parent| {
            node.parent
                .as_ref()
                .is_some_and(|own| own.as_str() == parent)
        })
        && query.status.is_none_or(|status| status == node.status)
        && query.role.is_none_or(|role| role == node.role)
        && search.is_none_or(text_matches)
}
