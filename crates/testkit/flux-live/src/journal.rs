//! Everything that happens, in order: changes of objects, Events, notifications. Scenarios read their part of it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use parking_lot::Mutex;
use serde_json::Value;
use skein_testkit::Api;
use tokio::time::sleep;

use crate::scenario::text;

/// Pause before a watch that ended is opened again.
const WATCH_PAUSE: Duration = Duration::from_millis(200);

/// What happened.
#[derive(Debug, Clone)]
pub enum Happening {
    /// A Flux object was created, changed or deleted.
    Object { deleted: bool, object: Value },
    /// A Kubernetes Event was written.
    Event(Value),
    /// A controller told the notification address something.
    Notification(Value),
}

impl Happening {
    fn namespace(&self) -> String {
        match self {
            Self::Object { object, .. } => text(&object["metadata"]["namespace"]),
            Self::Event(event) | Self::Notification(event) => {
                text(&event["involvedObject"]["namespace"])
            }
        }
    }
}

/// The list of all happenings, written by watches and by the receiver of notifications.
#[derive(Debug, Default)]
pub struct Journal {
    entries: Mutex<Vec<Entry>>,
    /// When something happened last, by namespace.
    last: Mutex<HashMap<String, Instant>>,
}

#[derive(Debug)]
struct Entry {
    namespace: String,
    happening: Happening,
}

impl Journal {
    /// Adds an entry.
    pub fn add(&self, happening: Happening) {
        let namespace = happening.namespace();
        self.last.lock().insert(namespace.clone(), Instant::now());
        self.entries.lock().push(Entry {
            namespace,
            happening,
        });
    }

    /// A place to read from later.
    pub fn mark(&self) -> usize {
        self.entries.lock().len()
    }

    /// What happened in these namespaces since the mark.
    pub fn since(&self, mark: usize, namespaces: &[String]) -> Vec<Happening> {
        self.entries
            .lock()
            .iter()
            .skip(mark)
            .filter(|entry| namespaces.contains(&entry.namespace))
            .map(|entry| entry.happening.clone())
            .collect()
    }

    /// When something happened last in these namespaces.
    pub fn last(&self, namespaces: &[String]) -> Option<Instant> {
        let last = self.last.lock();
        let times = namespaces.iter().filter_map(|name| last.get(name));
        times.max().copied()
    }
}

/// Watches a collection in all namespaces until the task is dropped.
pub async fn watch(
    api: Api,
    path: String,
    journal: Arc<Journal>,
    make: fn(bool, Value) -> Happening,
) {
    let mut version = None;
    loop {
        if version.is_none() {
            version = list_version(&api, &path).await.ok();
        }
        if let Some(from) = version.clone() {
            version = follow(&api, &path, &from, &journal, make).await.ok();
        }
        sleep(WATCH_PAUSE).await;
    }
}

async fn list_version(api: &Api, path: &str) -> Result<String> {
    let list = api.get(&format!("{path}?limit=1")).await?;
    Ok(text(&list["metadata"]["resourceVersion"]))
}

/// One watch; gives the version from which the next one goes on.
async fn follow(
    api: &Api,
    path: &str,
    from: &str,
    journal: &Journal,
    make: fn(bool, Value) -> Happening,
) -> Result<String> {
    let query = format!("{path}?watch=1&allowWatchBookmarks=true&resourceVersion={from}");
    let mut response = api.watch(&query).await?;
    let mut version = from.to_owned();
    let mut buffer = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        buffer.extend_from_slice(&chunk);
        while let Some(end) = buffer.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = buffer.drain(..=end).collect();
            let mut event: Value =
                serde_json::from_slice(&line).context("a watch event is JSON")?;
            let object = event["object"].take();
            match event["type"].as_str() {
                // The version is too old: list again.
                Some("ERROR") | None => anyhow::bail!("the watch of {path} failed: {object}"),
                Some("BOOKMARK") => version = text(&object["metadata"]["resourceVersion"]),
                Some(kind) => {
                    version = text(&object["metadata"]["resourceVersion"]);
                    journal.add(make(kind == "DELETED", object));
                }
            }
        }
    }
    Ok(version)
}
