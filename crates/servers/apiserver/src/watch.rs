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
use skein_object::Object;
use skein_store::{Event, EventKind, ReadError, Scope, Stored, Watcher};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use crate::api::{Api, Call};
use crate::convert;
use crate::custom;
use crate::failure::{Failure, Outcome};
use crate::list_options::{self, ListOptions};
use crate::negotiate::{self, Form, Shape};
use crate::present::{self, ListMeta};
use crate::read;
use crate::resource::Resource;
use crate::respond::Reply;
use crate::selectors::Selection;
use crate::table::{self, Include};

/// How often a watcher that allows it gets a bookmark, in seconds.
const BOOKMARK_SECONDS: u64 = 60;
/// How long before the end of a short watch a bookmark comes, in seconds.
const BOOKMARK_LEAD_SECONDS: u64 = 2;
/// How long a watch lasts when the client names no time, in seconds: a random time from this to twice this.
const TIMEOUT_SECONDS: u64 = 1_800;
/// Largest piece of a response that is put together before it is sent, in bytes.
const CHUNK_BYTES: usize = 256 * 1_024;

/// The annotation that marks the bookmark after the initial events.
const INITIAL_END: &str = "k8s.io/initial-events-end";

struct Stream {
    resource: Arc<Resource>,
    form: Form,
    include: Include,
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
    let form = negotiate::watch_form(call.header("accept"))?;
    let include = match form.shape {
        Shape::Table => Include::parse(&call.query)?,
        _ => Include::None,
    };
    let options = ListOptions::parse(call, resource, true)?;
    let permit = Arc::clone(&api.watches)
        .try_acquire_owned()
        .map_err(|_| Failure::too_many_requests("too many watches, please try again later"))?;
    let seconds = match options.timeout_seconds {
        Some(seconds) if seconds > 0 => seconds,
        _ => TIMEOUT_SECONDS + rand::random_range(0..TIMEOUT_SECONDS),
    };
    let bookmarks = options.bookmarks.then(|| {
        // The first one comes early enough before a short watch ends.
        let lead = seconds.saturating_sub(BOOKMARK_LEAD_SECONDS);
        let first = Duration::from_secs(if lead > 0 { lead } else { BOOKMARK_SECONDS })
            .min(Duration::from_secs(BOOKMARK_SECONDS));
        let period = Duration::from_secs(BOOKMARK_SECONDS);
        let mut interval = interval_at(Instant::now() + first, period);
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        interval
    });
    let (watcher, initial, expired) = open(api, call, resource, &options)?;
    let mut stream = Stream {
        resource: Arc::clone(resource),
        form,
        include,
        selection: options.selection,
        watcher,
        pending: VecDeque::new(),
        bookmarks,
        deadline: Instant::now() + Duration::from_secs(seconds),
        stopping: api.stopping.clone(),
        first_row: true,
        done: false,
        _permit: permit,
    };
    let mark_end = options.send_initial_events == Some(true);
    stream.start(&initial, mark_end, expired);
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

/// Where the watch starts: a watcher, the objects to begin with, and whether the revision is forgotten.
type Opened = (Watcher, Vec<Arc<Stored>>, Option<ReadError>);

fn open(api: &Api, call: &Call, resource: &Resource, options: &ListOptions) -> Outcome<Opened> {
    custom::check_listable(resource)?;
    let namespace = read::namespace(call, resource);
    let version = list_options::revision(&options.resource_version)
        .map_err(|text| Failure::new(500, "", text))?;
    let initial = options.send_initial_events.unwrap_or(version == 0);
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
            self.push(line);
        }
        if mark_end && self.bookmarks.is_some() {
            let line = self.bookmark(true);
            self.push(line);
        }
    }

    /// Queues the line of an object. One object is no list of metadata: whoever asked for that gets the end of the stream.
    fn push(&mut self, line: Bytes) {
        self.done |= self.form.shape == Shape::MetadataList;
        if !self.done {
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
                    self.push(line);
                }
                () = tokio::time::sleep_until(self.deadline) => self.done = true,
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
                self.push(line);
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
        if self.form.shape == Shape::Full && present::is_native(&self.resource, stored) {
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

    fn object_line(&mut self, kind: &str, object: &Object) -> Bytes {
        let mut value = match self.form.shape {
            Shape::Full => object.to_value(),
            Shape::Metadata | Shape::MetadataList => {
                present::metadata(&convert::inner(&self.resource, object))
            }
            Shape::Table => {
                let meta = ListMeta {
                    revision: object.resource_version().parse().unwrap_or_default(),
                    continue_token: String::new(),
                    remaining: None,
                };
                let columns = std::mem::take(&mut self.first_row);
                let object = std::slice::from_ref(object);
                table::table(&self.resource, &meta, object, self.include, columns)
            }
        };
        if self.form.beta {
            present::to_beta(&mut value);
        }
        encode(&json!({"type": kind, "object": value}))
    }

    fn bookmark(&mut self, initial_end: bool) -> Bytes {
        let mut metadata = json!({"resourceVersion": self.watcher.position().to_string()});
        if initial_end {
            metadata["annotations"] = json!({INITIAL_END: "true"});
        }
        if self.form.shape == Shape::Table {
            // A table has the bookmark as a row of an object without anything but metadata.
            let object = json!({"kind": self.resource.kind,
                "apiVersion": self.resource.api_version(), "metadata": metadata});
            return match Object::from_value(object) {
                Ok(object) => self.object_line("BOOKMARK", &object),
                Err(_) => Bytes::new(),
            };
        }
        let mut object = match self.form.shape {
            Shape::Full => {
                let mut zero = self.resource.zero();
                zero["metadata"] = metadata;
                zero
            }
            _ => json!({
                "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": metadata,
            }),
        };
        if self.form.beta {
            present::to_beta(&mut object);
        }
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
