//! `GET /api/v1/stream`: a snapshot, then what changes, as server-sent events that can be resumed.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, Sse};
use futures::stream::{self, Stream};
use serde::{Deserialize, Serialize};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::time::{Instant, sleep, timeout};
use utoipa::ToSchema;

use super::HubState;
use crate::fleet::Delta;
use crate::fleet::node::{ClusterView, Node, NodeId, UnixMillis};
use crate::live::{LiveFleet, unix_millis};
use crate::problem::Problem;

/// Most streams at a time.
pub const MAX_STREAMS: usize = 128;
/// Most events that wait for one client.
pub const STREAM_QUEUE_EVENTS: usize = 8;
/// How long a client may leave its queue full before it is dropped; it then comes back and resumes.
pub const STREAM_STALL: Duration = Duration::from_secs(15);
/// How often a heartbeat is sent.
pub const HEARTBEAT: Duration = Duration::from_secs(5);
/// Changes within this time go into one event.
pub const COALESCE: Duration = Duration::from_millis(100);
/// Nodes of one part of a snapshot.
pub const SNAPSHOT_PART_NODES: usize = 1_000;

/// Limits and end of all streams of a hub.
pub struct Streams {
    permits: Arc<Semaphore>,
    stop: watch::Sender<bool>,
}

impl Default for Streams {
    fn default() -> Self {
        Self {
            permits: Arc::new(Semaphore::new(MAX_STREAMS)),
            stop: watch::Sender::new(false),
        }
    }
}

impl Streams {
    /// Ends all streams, now and later.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// How many more clients may come.
    pub fn free(&self) -> usize {
        self.permits.available_permits()
    }
}

/// Event `snapshot`: a part of everything; the first one replaces what the client knows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SnapshotMessage {
    /// Revision of the fleet.
    pub revision: u64,
    /// Whether this is the first part.
    pub first: bool,
    /// Whether this is the last part.
    pub last: bool,
    /// All clusters, in the first part.
    pub clusters: Vec<ClusterView>,
    /// Nodes of this part.
    pub nodes: Vec<Node>,
    /// The hub's clock.
    pub now: UnixMillis,
}

/// Event `delta`: what changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeltaMessage {
    /// Revision of the fleet.
    pub revision: u64,
    /// Clusters that are new or changed.
    pub clusters: Vec<ClusterView>,
    /// Clusters that are gone.
    pub removed_clusters: Vec<String>,
    /// Nodes that are new or changed.
    pub nodes: Vec<Node>,
    /// Nodes that are gone.
    pub removed: Vec<NodeId>,
    /// The hub's clock.
    pub now: UnixMillis,
}

/// Event `heartbeat`: the stream works, and how fresh each cluster is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct HeartbeatMessage {
    /// Revision of the fleet.
    pub revision: u64,
    /// All clusters.
    pub clusters: Vec<ClusterView>,
    /// The hub's clock.
    pub now: UnixMillis,
}

/// The stream. Event ids are `<run>-<revision>`; `Last-Event-ID` resumes after one.
#[utoipa::path(get, path = "/api/v1/stream", tag = "fleet",
    responses((status = 200, content_type = "text/event-stream", body = String,
            description = "events `snapshot`, `delta` and `heartbeat`"),
        (status = 401, body = Problem), (status = 503, body = Problem)))]
pub async fn open_stream(
    State(state): State<HubState>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let permit = Arc::clone(&state.streams.permits)
        .try_acquire_owned()
        .map_err(|_| {
            let detail = format!("{MAX_STREAMS} pages are open already; close one");
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail)
        })?;
    let known = headers
        .get("last-event-id")
        .and_then(|id| id.to_str().ok())
        .and_then(|id| known_revision(id, state.fleet.epoch()));
    let (sender, receiver) = mpsc::channel(STREAM_QUEUE_EVENTS);
    let stop = state.streams.stop.subscribe();
    tokio::spawn(produce(state.fleet, known, sender, stop, permit));
    let events = stream::unfold(receiver, |mut receiver| async move {
        receiver.recv().await.map(|event| (Ok(event), receiver))
    });
    Ok(Sse::new(events))
}

fn known_revision(id: &str, epoch: &str) -> Option<u64> {
    let (run, revision) = id.rsplit_once('-')?;
    if run == epoch {
        revision.parse().ok()
    } else {
        None
    }
}

/// Fills one client's queue until it leaves, stalls, or the hub stops.
async fn produce(
    fleet: LiveFleet,
    known: Option<u64>,
    sender: mpsc::Sender<Event>,
    mut stop: watch::Receiver<bool>,
    permit: OwnedSemaphorePermit,
) {
    let end = tokio::select! {
        end = feed(&fleet, known, &sender) => end,
        _ = stop.wait_for(|stop| *stop) => StreamEnd::HubStops,
        () = sender.closed() => StreamEnd::ClientLeft,
    };
    tracing::debug!(?end, "event stream ended");
    drop(permit);
}

/// Why a stream ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StreamEnd {
    ClientLeft,
    ClientStalled,
    HubStops,
}

async fn feed(fleet: &LiveFleet, known: Option<u64>, sender: &mpsc::Sender<Event>) -> StreamEnd {
    let mut changes = fleet.subscribe();
    let mut known = known;
    let mut heartbeat_at = Instant::now();
    loop {
        changes.mark_unchanged();
        let (events, revision) = match known {
            Some(revision) => changes_since(fleet, revision),
            None => everything(fleet),
        };
        known = Some(revision);
        for event in events {
            if let Err(end) = send(sender, event).await {
                return end;
            }
        }
        if Instant::now() >= heartbeat_at {
            if let Err(end) = send(sender, heartbeat(fleet)).await {
                return end;
            }
            heartbeat_at = Instant::now() + HEARTBEAT;
        }
        sleep(COALESCE).await;
        let quiet = heartbeat_at.saturating_duration_since(Instant::now());
        // Either a change or the time of the next heartbeat.
        let _ = timeout(quiet, changes.changed()).await;
    }
}

async fn send(sender: &mpsc::Sender<Event>, event: Event) -> Result<(), StreamEnd> {
    match timeout(STREAM_STALL, sender.send(event)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(StreamEnd::ClientLeft),
        Err(_) => Err(StreamEnd::ClientStalled),
    }
}

/// What a client that knows a revision has missed; everything when the log does not reach back.
fn changes_since(fleet: &LiveFleet, revision: u64) -> (Vec<Event>, u64) {
    let Some(delta) = fleet.read(|fleet| fleet.delta(revision)) else {
        return everything(fleet);
    };
    let head = delta.revision;
    if head == revision {
        return (Vec::new(), head);
    }
    (
        vec![event("delta", fleet.epoch(), head, &delta_message(delta))],
        head,
    )
}

fn delta_message(delta: Delta) -> DeltaMessage {
    DeltaMessage {
        revision: delta.revision,
        clusters: delta.clusters,
        removed_clusters: delta.removed_clusters,
        nodes: delta
            .nodes
            .iter()
            .map(|node| node.as_ref().clone())
            .collect(),
        removed: delta.removed,
        now: unix_millis(),
    }
}

fn everything(fleet: &LiveFleet) -> (Vec<Event>, u64) {
    let mut snapshot = fleet.read(crate::fleet::Fleet::snapshot);
    snapshot.nodes.sort_by(|a, b| a.id.cmp(&b.id));
    let parts = snapshot.nodes.len().div_ceil(SNAPSHOT_PART_NODES).max(1);
    let mut clusters = Some(snapshot.clusters);
    let events = (0..parts).map(|part| {
        let nodes = snapshot.nodes.iter().skip(part * SNAPSHOT_PART_NODES);
        let last = part + 1 == parts;
        let message = SnapshotMessage {
            revision: snapshot.revision,
            first: part == 0,
            last,
            clusters: clusters.take().unwrap_or_default(),
            nodes: nodes
                .take(SNAPSHOT_PART_NODES)
                .map(|node| node.as_ref().clone())
                .collect(),
            now: unix_millis(),
        };
        // Only the last part may be resumed after: before it the client does not have everything.
        let id = last.then_some(snapshot.revision);
        numbered("snapshot", fleet.epoch(), id, &message)
    });
    (events.collect(), snapshot.revision)
}

fn heartbeat(fleet: &LiveFleet) -> Event {
    let message = fleet.read(|fleet| HeartbeatMessage {
        revision: fleet.revision(),
        clusters: fleet.clusters().cloned().collect(),
        now: unix_millis(),
    });
    numbered("heartbeat", fleet.epoch(), None, &message)
}

fn event(name: &str, epoch: &str, revision: u64, message: &impl Serialize) -> Event {
    numbered(name, epoch, Some(revision), message)
}

fn numbered(name: &str, epoch: &str, revision: Option<u64>, message: &impl Serialize) -> Event {
    let event = Event::default()
        .event(name)
        .data(serde_json::to_string(message).unwrap_or_default());
    match revision {
        Some(revision) => event.id(format!("{epoch}-{revision}")),
        None => event,
    }
}

#[cfg(test)]
mod tests;
