//! Watch: a stream of changes with resume, initial events, selectors, bookmarks and expiry.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use bytes::{BufMut, Bytes, BytesMut};
use futures::stream;
use http::Response;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use serde_json::{Value, json};
use skein_object::GroupVersionKind;
use skein_store::{Event, EventKind, ReadError, Scope, Stored, Watcher};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use crate::api::{Api, Call};
use crate::failure::{Cause, Failure, Outcome};
use crate::negotiate::{self, Encoding, Shape};
use crate::present::{self, ListMeta};
use crate::read;
use crate::resource::Resource;
use crate::respond::Reply;
use crate::selectors::Selection;
use crate::table;

/// How often a watcher that allows it gets a bookmark, in seconds.
const BOOKMARK_SECONDS: u64 = 60;
/// How long a watch lasts when the client names no time, in seconds: a random time from this to twice this.
const TIMEOUT_SECONDS: u64 = 1_800;
/// Largest piece of a response that is put together before it is sent, in bytes.
const CHUNK_BYTES: usize = 256 * 1_024;

/// The annotation that marks the bookmark after the initial events.
const INITIAL_END: &str = "k8s.io/initial-events-end";

struct Stream {
    resource: Arc<Resource>,
    shape: Shape,
    include_object: String,
    selection: Selection,
    watcher: Watcher,
    pending: VecDeque<Bytes>,
    bookmarks: Option<Interval>,
    deadline: Instant,
    stopping: tokio::sync::watch::Receiver<bool>,
    /// Whether the column definitions of a table still have to be sent.
    first_row: bool,
    done: bool,
    _permit: OwnedSemaphorePermit,
}

/// Answers `watch`.
pub(crate) fn watch(api: &Arc<Api>, call: &Call, resource: &Arc<Resource>) -> Outcome<Reply> {
    let form = negotiate::form(call.header("accept"))?;
    if form.encoding != Encoding::Json {
        return Err(Failure::not_acceptable(&["application/json"]));
    }
    let mut selection_query = call.query.clone();
    if !call.info.name.is_empty() {
        selection_query.set(
            "fieldSelector",
            &format!("metadata.name={}", call.info.name),
        );
    }
    let selection = Selection::parse(&selection_query, resource)?;
    check_options(call)?;
    let permit = Arc::clone(&api.watches)
        .try_acquire_owned()
        .map_err(|_| Failure::too_many_requests("too many watches, please try again later"))?;
    let bookmarks = call.query.flag("allowWatchBookmarks").then(|| {
        let period = Duration::from_secs(BOOKMARK_SECONDS);
        let mut interval = interval_at(Instant::now() + period, period);
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        interval
    });
    let seconds = match call.query.number("timeoutSeconds")? {
        Some(seconds) if seconds > 0 => seconds,
        _ => TIMEOUT_SECONDS + rand::random_range(0..TIMEOUT_SECONDS),
    };
    let (watcher, initial, expired) = open(api, call, resource)?;
    let mut stream = Stream {
        resource: Arc::clone(resource),
        shape: form.shape,
        include_object: call.query.text("includeObject").to_owned(),
        selection,
        watcher,
        pending: VecDeque::new(),
        bookmarks,
        deadline: Instant::now() + Duration::from_secs(seconds),
        stopping: api.stopping.clone(),
        first_row: true,
        done: false,
        _permit: permit,
    };
    stream.start(&initial, call.query.flag("sendInitialEvents"), expired);
    Ok(reply(stream))
}

fn reply(stream: Stream) -> Reply {
    let chunks = stream::unfold(stream, |mut stream| async move {
        let chunk = stream.next_chunk().await?;
        Some((Ok::<Bytes, std::convert::Infallible>(chunk), stream))
    });
    let mut response = Response::new(Body::from_stream(chunks));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, private"));
    response
}

fn check_options(call: &Call) -> Outcome<()> {
    let query = &call.query;
    let matching = query.text("resourceVersionMatch");
    let forbidden = |field: &str, text: &str| {
        let gvk = GroupVersionKind::new("meta.k8s.io", "v1", "ListOptions");
        let cause = Cause::new("FieldValueForbidden", field, format!("Forbidden: {text}"));
        Err(Failure::invalid(&gvk, "", vec![cause]))
    };
    if query.text("sendInitialEvents").is_empty() {
        if matching.is_empty() {
            return Ok(());
        }
        return forbidden(
            "resourceVersionMatch",
            "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
        );
    }
    if matching == "NotOlderThan" {
        return Ok(());
    }
    forbidden(
        "resourceVersionMatch",
        "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
    )
}

/// Where the watch starts: a watcher, the objects to begin with, and whether the revision is forgotten.
type Opened = (Watcher, Vec<Arc<Stored>>, Option<ReadError>);

fn open(api: &Api, call: &Call, resource: &Resource) -> Outcome<Opened> {
    let namespace = read::namespace(call, resource);
    let version = call.query.revision()?;
    let send = call.query.text("sendInitialEvents");
    let initial = if send.is_empty() {
        version == 0
    } else {
        call.query.flag("sendInitialEvents")
    };
    if initial || version == 0 {
        let current = api.store.revision();
        if version > current {
            return Err(Failure::future_revision(version, current));
        }
        let (snapshot, watcher) = api.store.list_and_watch(&resource.storage, namespace);
        let items = if initial { snapshot.items } else { Vec::new() };
        return Ok((watcher, items, None));
    }
    let scope = Scope::Resource(resource.storage.clone(), namespace.map(str::to_owned));
    match api.store.watch(scope, version) {
        Ok(watcher) => Ok((watcher, Vec::new(), None)),
        Err(error) => {
            let (_, watcher) = api.store.list_and_watch(&resource.storage, namespace);
            Ok((watcher, Vec::new(), Some(error)))
        }
    }
}

impl Stream {
    fn start(&mut self, initial: &[Arc<Stored>], mark_end: bool, expired: Option<ReadError>) {
        if let Some(error) = expired {
            self.fail(&error);
            return;
        }
        let wanted: Vec<Arc<Stored>> = initial
            .iter()
            .filter(|s| self.selection.matches(&s.object))
            .cloned()
            .collect();
        for stored in &wanted {
            let line = self.line("ADDED", stored);
            self.pending.push_back(line);
        }
        if mark_end && self.bookmarks.is_some() {
            let line = self.bookmark(true);
            self.pending.push_back(line);
        }
    }

    fn fail(&mut self, error: &ReadError) {
        let message = match error {
            ReadError::Expired { requested, oldest } => {
                format!("too old resource version: {requested} ({oldest})")
            }
            // A revision from a store that is gone: the client has to list again.
            other => other.to_string(),
        };
        let status = Failure::expired(message).to_value();
        self.pending
            .push_back(encode(&json!({"type": "ERROR", "object": status})));
        self.done = true;
    }

    /// The next piece of the response; `None` ends it.
    async fn next_chunk(&mut self) -> Option<Bytes> {
        loop {
            if let Some(chunk) = self.take_pending() {
                return Some(chunk);
            }
            if self.done || *self.stopping.borrow() {
                return None;
            }
            tokio::select! {
                events = self.watcher.next() => match events {
                    Ok(events) => self.queue(&events),
                    Err(error) => self.fail(&error),
                },
                () = tick(&mut self.bookmarks) => {
                    let line = self.bookmark(false);
                    self.pending.push_back(line);
                }
                () = tokio::time::sleep_until(self.deadline) => {
                    self.done = true;
                    if self.bookmarks.is_some() {
                        let line = self.bookmark(false);
                        self.pending.push_back(line);
                    }
                }
                _ = self.stopping.changed() => self.done = true,
            }
        }
    }

    fn take_pending(&mut self) -> Option<Bytes> {
        let first = self.pending.pop_front()?;
        if self.pending.is_empty() {
            return Some(first);
        }
        let mut chunk = BytesMut::from(first);
        while chunk.len() < CHUNK_BYTES
            && let Some(line) = self.pending.pop_front()
        {
            chunk.put(line);
        }
        Some(chunk.freeze())
    }

    fn queue(&mut self, events: &[Arc<Event>]) {
        for event in events {
            if let Some(line) = self.event_line(event) {
                self.pending.push_back(line);
            }
        }
    }

    /// The event as this watcher sees it: an object that starts or stops matching is added or deleted.
    fn event_line(&mut self, event: &Event) -> Option<Bytes> {
        let now = event.kind != EventKind::Deleted && self.selection.matches(&event.object.object);
        let before = event
            .previous
            .as_ref()
            .is_some_and(|old| self.selection.matches(&old.object));
        let kind = match (before, now) {
            (false, true) => "ADDED",
            (true, true) => "MODIFIED",
            (true, false) => "DELETED",
            (false, false) => return None,
        };
        if kind == "DELETED" && event.kind != EventKind::Deleted {
            // It left the selection: the client gets its last matching state at the new revision.
            let previous = event.previous.as_ref()?;
            let mut object = present::object(&self.resource, previous);
            object.set(
                &["metadata", "resourceVersion"],
                event.revision.to_string().into(),
            );
            return Some(self.object_line(kind, &object));
        }
        Some(self.line(kind, &event.object))
    }

    fn line(&mut self, kind: &str, stored: &Stored) -> Bytes {
        if self.shape == Shape::Full && present::is_native(&self.resource, stored) {
            let mut line = BytesMut::with_capacity(stored.json.len() + 40);
            line.put_slice(b"{\"type\":\"");
            line.put_slice(kind.as_bytes());
            line.put_slice(b"\",\"object\":");
            line.put_slice(&stored.json);
            line.put_slice(b"}\n");
            return line.freeze();
        }
        let object = present::object(&self.resource, stored);
        self.object_line(kind, &object)
    }

    fn object_line(&mut self, kind: &str, object: &skein_object::Object) -> Bytes {
        let value = match self.shape {
            Shape::Full => object.to_value(),
            Shape::Metadata => present::metadata(object),
            Shape::Table => {
                let meta = ListMeta {
                    revision: object.resource_version().parse().unwrap_or_default(),
                    continue_token: String::new(),
                    remaining: None,
                };
                let columns = std::mem::take(&mut self.first_row);
                let object = std::slice::from_ref(object);
                table::table(&self.resource, &meta, object, &self.include_object, columns)
            }
        };
        encode(&json!({"type": kind, "object": value}))
    }

    fn bookmark(&self, initial_end: bool) -> Bytes {
        let mut metadata = json!({"resourceVersion": self.watcher.position().to_string()});
        if initial_end {
            metadata["annotations"] = json!({INITIAL_END: "true"});
        }
        let object = match self.shape {
            Shape::Full => json!({
                "kind": self.resource.kind,
                "apiVersion": self.resource.api_version(),
                "metadata": metadata,
            }),
            Shape::Metadata => json!({
                "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": metadata,
            }),
            Shape::Table => json!({
                "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata,
                "columnDefinitions": [], "rows": [],
            }),
        };
        encode(&json!({"type": "BOOKMARK", "object": object}))
    }
}

async fn tick(interval: &mut Option<Interval>) {
    match interval {
        Some(interval) => {
            interval.tick().await;
        }
        None => std::future::pending().await,
    }
}

fn encode(value: &Value) -> Bytes {
    let mut text = value.to_string();
    text.push('\n');
    Bytes::from(text)
}
