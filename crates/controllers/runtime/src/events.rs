//! Events about Flux objects: Kubernetes Events, and the JSON that a notification controller takes.
//!
//! Recording never waits: events go through a bounded channel to one background task per recorder.

mod correlator;

use std::collections::BTreeMap;
use std::time::Duration;

use correlator::{Correlator, Decision, Occurrence};

use jiff::Timestamp;
use serde_json::{Value, json};
use skein_cluster::{ApiError, ApiResource, Cluster};
use skein_object::{GroupVersionKind, Object};
use tokio::sync::mpsc;

/// Events waiting to be sent, about 1 KB each; more are dropped with a warning. A push that changes 5,000 Kustomizations tells
/// three events of each, faster than they are sent.
const PENDING_EVENTS_MAX: usize = 16_384;
/// Longest message of a Kubernetes Event, in bytes; the API server has no bound for them but the size of a request.
const EVENT_MESSAGE_MAX_BYTES: usize = 39_000;
/// Longest message of the JSON event, in characters.
const NOTIFICATION_MESSAGE_MAX_CHARS: usize = 39_000;
/// Deadline of one POST to the notification controller.
const NOTIFICATION_TIMEOUT: Duration = Duration::from_secs(5);
/// Tries of one POST when the receiver does not answer or answers 5xx.
const NOTIFICATION_TRIES: u32 = 4;

/// How serious an event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// A Kubernetes Event only, never sent to the notification controller.
    Trace,
    /// Normal.
    Info,
    /// Warning.
    Error,
}

impl Severity {
    /// `type` of the Kubernetes Event.
    fn event_type(self) -> &'static str {
        match self {
            Self::Trace | Self::Info => "Normal",
            Self::Error => "Warning",
        }
    }
}

/// One event about one object.
#[derive(Clone, Debug)]
pub struct Event {
    /// The object concerned, as it was read.
    pub object: Reference,
    /// How serious it is.
    pub severity: Severity,
    /// CamelCase reason.
    pub reason: String,
    /// For people; may have several lines.
    pub message: String,
    /// Annotations of the Event and metadata of the JSON, keys with their prefix.
    pub metadata: BTreeMap<String, String>,
}

/// Which object an event is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Reference {
    /// apiVersion.
    pub api_version: String,
    /// Kind.
    pub kind: String,
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Uid.
    pub uid: String,
    /// resourceVersion.
    pub resource_version: String,
}

impl From<&Object> for Reference {
    fn from(object: &Object) -> Self {
        Self {
            api_version: object.api_version().to_owned(),
            kind: object.kind().to_owned(),
            namespace: object.namespace().to_owned(),
            name: object.name().to_owned(),
            uid: object.uid().to_owned(),
            resource_version: object.resource_version().to_owned(),
        }
    }
}

impl Reference {
    fn to_value(&self) -> Value {
        json!({
            "apiVersion": self.api_version, "kind": self.kind, "namespace": self.namespace,
            "name": self.name, "uid": self.uid, "resourceVersion": self.resource_version,
        })
    }
}

/// Where events go.
#[derive(Clone, Debug, Default)]
pub struct EventSink {
    /// Name of the controller: source of Events, `reportingController` of the JSON.
    pub controller: String,
    /// Name of this instance (host name).
    pub instance: String,
    /// Base URL of the notification controller; empty for none.
    pub events_addr: String,
}

/// Takes events without waiting; clones share the background task, which ends after the last clone is dropped.
#[derive(Clone)]
pub struct EventRecorder {
    sender: mpsc::Sender<Event>,
}

impl EventRecorder {
    /// Starts the background task.
    pub fn start(cluster: Cluster, sink: EventSink) -> Self {
        let (sender, receiver) = mpsc::channel(PENDING_EVENTS_MAX);
        tokio::spawn(deliver(cluster, sink, receiver));
        Self { sender }
    }

    /// Records an event.
    pub fn record(&self, event: Event) {
        if let Err(error) = self.sender.try_send(event) {
            let dropped = match error {
                mpsc::error::TrySendError::Full(event)
                | mpsc::error::TrySendError::Closed(event) => event,
            };
            tracing::warn!(reason = %dropped.reason, object = %dropped.object.name, "event dropped");
        }
    }
}

async fn deliver(cluster: Cluster, sink: EventSink, mut events: mpsc::Receiver<Event>) {
    let client = reqwest::Client::builder()
        .timeout(NOTIFICATION_TIMEOUT)
        .build();
    let mut writer = EventWriter::new(cluster, sink.clone());
    while let Some(event) = events.recv().await {
        if let Err(error) = writer.write(&event).await {
            tracing::debug!(reason = %event.reason, %error, "event not written");
        }
        if sink.events_addr.is_empty() || event.severity == Severity::Trace {
            continue;
        }
        if let Ok(client) = &client {
            notify(client, &sink, &event).await;
        }
    }
}

struct EventWriter {
    cluster: Cluster,
    sink: EventSink,
    resource: ApiResource,
    correlator: Correlator,
}

impl EventWriter {
    fn new(cluster: Cluster, sink: EventSink) -> Self {
        let resource = ApiResource::new(&GroupVersionKind::new("", "v1", "Event"), "events", true);
        Self {
            cluster,
            sink,
            resource,
            correlator: Correlator::default(),
        }
    }

    async fn write(&mut self, event: &Event) -> Result<(), ApiError> {
        let now = Timestamp::now();
        let occurrence = match self.correlator.decide(event, now) {
            Decision::HoldBack => return Ok(()),
            Decision::Create(occurrence) => occurrence,
            Decision::Count(occurrence) => match self.count(event, &occurrence, now).await {
                // It was deleted meanwhile: it comes back with its count.
                Err(error) if error.is_not_found() => occurrence,
                counted => return counted,
            },
        };
        let object = self.event_object(event, &occurrence, now);
        self.cluster.create(&self.resource, &object, "").await?;
        Ok(())
    }

    async fn count(
        &self,
        event: &Event,
        occurrence: &Occurrence,
        now: Timestamp,
    ) -> Result<(), ApiError> {
        let patch = json!({
            "count": occurrence.count,
            "lastTimestamp": seconds(now),
            "message": shortened(&occurrence.message, EVENT_MESSAGE_MAX_BYTES),
        });
        let target = (event_namespace(&event.object), occurrence.name.as_str());
        self.cluster
            .merge_patch(&self.resource, target, None, &patch, "")
            .await?;
        Ok(())
    }

    fn event_object(&self, event: &Event, occurrence: &Occurrence, now: Timestamp) -> Object {
        let gvk = self.resource.gvk();
        let mut object = Object::new(&gvk, event_namespace(&event.object), &occurrence.name);
        if !event.metadata.is_empty() && !occurrence.is_combined {
            object.set(&["metadata", "annotations"], json!(event.metadata));
        }
        let message = shortened(&occurrence.message, EVENT_MESSAGE_MAX_BYTES);
        // A combined event is about no single message, and client-go names nobody who reports it.
        let reporter = match occurrence.is_combined {
            true => "",
            false => &self.sink.controller,
        };
        let fields = [
            ("involvedObject", event.object.to_value()),
            ("reason", event.reason.clone().into()),
            ("message", message.into()),
            ("type", event.severity.event_type().into()),
            ("source", json!({"component": self.sink.controller})),
            ("reportingComponent", reporter.into()),
            ("reportingInstance", "".into()),
            ("firstTimestamp", seconds(occurrence.first).into()),
            ("lastTimestamp", seconds(now).into()),
            ("count", occurrence.count.into()),
        ];
        for (field, value) in fields {
            object.set(&[field], value);
        }
        object
    }
}

/// Events about cluster-scoped objects live in `default`.
fn event_namespace(object: &Reference) -> &str {
    if object.namespace.is_empty() {
        "default"
    } else {
        &object.namespace
    }
}

fn seconds(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Cut at a character boundary, with an ellipsis.
fn shortened(text: &str, max_bytes: usize) -> String {
    const ELLIPSIS: &str = "...";
    if text.len() <= max_bytes {
        return text.to_owned();
    }
    let mut end = max_bytes - ELLIPSIS.len();
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{ELLIPSIS}", &text[..end])
}

/// The JSON body of an event, as a notification controller takes it.
pub fn notification_body(sink: &EventSink, event: &Event, now: Timestamp) -> Value {
    let message: String = event
        .message
        .chars()
        .take(NOTIFICATION_MESSAGE_MAX_CHARS)
        .collect();
    let severity = if event.severity == Severity::Error {
        "error"
    } else {
        "info"
    };
    let mut body = json!({
        "involvedObject": event.object.to_value(),
        "severity": severity,
        "timestamp": seconds(now),
        "message": message,
        "reason": event.reason,
        "reportingController": sink.controller,
        "reportingInstance": sink.instance,
    });
    if !event.metadata.is_empty() {
        body["metadata"] = json!(event.metadata);
    }
    body
}

async fn notify(client: &reqwest::Client, sink: &EventSink, event: &Event) {
    let body = notification_body(sink, event, Timestamp::now()).to_string();
    for attempt in 1..=NOTIFICATION_TRIES {
        let request = client
            .post(&sink.events_addr)
            .header("content-type", "application/json")
            .body(body.clone());
        match request.send().await {
            // 429 means that the event is a duplicate: never retried.
            Ok(answer) if answer.status().as_u16() < 500 => return,
            Ok(answer) => tracing::debug!(status = %answer.status(), "event not taken"),
            Err(error) => tracing::debug!(error = %error.without_url(), "event not sent"),
        }
        if attempt < NOTIFICATION_TRIES {
            tokio::time::sleep(Duration::from_millis(500) * 2u32.pow(attempt - 1)).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_messages_are_cut_between_characters() {
        let text = "é".repeat(30_000);
        let cut = shortened(&text, EVENT_MESSAGE_MAX_BYTES);
        assert!(cut.len() <= EVENT_MESSAGE_MAX_BYTES && cut.ends_with("é..."));
        assert_eq!(shortened("short", EVENT_MESSAGE_MAX_BYTES), "short");
    }

    #[test]
    fn body_of_a_notification() {
        let sink = EventSink {
            controller: "c".into(),
            instance: "i".into(),
            ..EventSink::default()
        };
        let event = Event {
            object: Reference {
                kind: "Kustomization".into(),
                ..Reference::default()
            },
            severity: Severity::Error,
            reason: "BuildFailed".into(),
            message: "m".into(),
            metadata: BTreeMap::from([("a/b".into(), "c".into())]),
        };
        let body = notification_body(&sink, &event, Timestamp::UNIX_EPOCH);
        assert_eq!(body["severity"], "error");
        assert_eq!(body["timestamp"], "1970-01-01T00:00:00Z");
        assert_eq!(body["metadata"]["a/b"], "c");
    }
}
