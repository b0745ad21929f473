//! Many clients write while others watch: from every revision, from streaming lists, over a restart.

use std::collections::BTreeMap;
use std::sync::Arc;

use reqwest::Method;
use serde_json::{Value, json};
use skein_apiserver::{ClusterOptions, Storage};

use crate::events::Events;
use crate::harness::Harness;

/// Clients that write at the same time.
const WRITERS: usize = 6;
/// Requests of each.
const STEPS: usize = 40;
/// Names that they fight about.
const NAMES: usize = 5;
/// Watches that start while they write.
const WATCHES: usize = 40;
/// The last object: a watch that has seen it has seen all.
const LAST: &str = "zz-last";

const SECRETS: &str = "/api/v1/namespaces/race/secrets";
const STREAM: &str =
    "watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";

/// What an event says: its revision, type, name, and whether the object has the label that some watch for.
#[derive(Clone, Debug, PartialEq)]
struct Seen {
    revision: u64,
    kind: String,
    name: String,
    is_marked: bool,
}

fn seen(event: &Value) -> Seen {
    let metadata = &event["object"]["metadata"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    Seen {
        revision: text(&metadata["resourceVersion"])
            .parse()
            .expect("a revision"),
        kind: text(&event["type"]),
        name: text(&metadata["name"]),
        is_marked: metadata["labels"]["marked"] == "1",
    }
}

fn secret(name: &str, marked: bool) -> Value {
    json!({"apiVersion": "v1", "kind": "Secret",
        "metadata": {"name": name, "labels": {"marked": if marked { "1" } else { "0" }}}})
}

async fn prepare(api: &Harness) -> u64 {
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "race"}});
    assert_eq!(api.post("/api/v1/namespaces", namespace).await.code, 201);
    api.get(SECRETS)
        .await
        .revision()
        .parse()
        .expect("a revision")
}

/// Creates, patches, replaces and deletes in an order of its own; refusals belong to a race.
async fn write(api: Arc<Harness>, writer: usize) {
    for step in 0..STEPS {
        let turn = (writer * 7 + step * (writer + 3)) % 97;
        let name = format!("n{}", turn % NAMES);
        let path = format!("{SECRETS}/{name}");
        let marked = turn.is_multiple_of(3);
        let code = match turn / NAMES % 5 {
            0 => api.delete(&path).await.code,
            1 => api.put(&path, secret(&name, marked)).await.code,
            2 | 3 => {
                let patch = json!({"metadata": {"labels": {"marked": if marked { "1" } else { "0" }},
                    "annotations": {"by": format!("{writer}-{step}")}}});
                api.merge(&path, patch).await.code
            }
            _ => api.post(SECRETS, secret(&name, marked)).await.code,
        };
        assert!(matches!(code, 200 | 201 | 404 | 409), "{code}");
    }
}

/// Everything that a watch tells until the last object comes.
async fn follow(api: Arc<Harness>, query: String) -> Vec<Value> {
    let mut events = Events::open(&api, &format!("{SECRETS}?{query}")).await;
    let mut all = Vec::new();
    loop {
        let event = events.next().await.expect("the watch goes on");
        assert_ne!(event["type"], "ERROR", "{event}");
        let last = event["object"]["metadata"]["name"] == LAST;
        all.push(event);
        if last {
            return all;
        }
    }
}

fn after(truth: &[Seen], revision: u64) -> Vec<Seen> {
    truth
        .iter()
        .filter(|event| event.revision > revision)
        .cloned()
        .collect()
}

/// Names and revisions that make up the state at a revision.
fn state(truth: &[Seen], revision: u64) -> BTreeMap<String, u64> {
    let mut state = BTreeMap::new();
    for event in truth.iter().filter(|event| event.revision <= revision) {
        match event.kind.as_str() {
            "DELETED" => state.remove(&event.name),
            _ => state.insert(event.name.clone(), event.revision),
        };
    }
    state
}

/// The events of a streaming list: its objects, then the bookmark, then every change.
fn check_stream(truth: &[Seen], events: &[Value]) {
    let is_bookmark = |event: &Value| event["type"] == "BOOKMARK";
    let end = events
        .iter()
        .position(is_bookmark)
        .expect("a bookmark ends the list");
    let metadata = &events[end]["object"]["metadata"];
    assert_eq!(metadata["annotations"]["k8s.io/initial-events-end"], "true");
    let revision: u64 = metadata["resourceVersion"]
        .as_str()
        .and_then(|text| text.parse().ok())
        .expect("a revision");
    let listed: BTreeMap<String, u64> = events[..end]
        .iter()
        .map(|event| {
            assert_eq!(event["type"], "ADDED");
            let seen = seen(event);
            (seen.name, seen.revision)
        })
        .collect();
    assert_eq!(listed, state(truth, revision), "the list shows one moment");
    let rest: Vec<Seen> = events[end + 1..]
        .iter()
        .filter(|event| !is_bookmark(event))
        .map(seen)
        .collect();
    assert_eq!(
        rest,
        after(truth, revision),
        "every change after it comes once"
    );
}

/// What a watch with a selector must tell: objects that start and stop to match are added and deleted.
fn selected(truth: &[Seen], revision: u64) -> Vec<(u64, &'static str)> {
    let mut marked: BTreeMap<&str, bool> = BTreeMap::new();
    let mut out = Vec::new();
    for event in truth {
        let before = marked.get(event.name.as_str()).copied().unwrap_or_default();
        let now = event.kind != "DELETED" && event.is_marked;
        marked.insert(&event.name, now);
        let kind = match (before, now) {
            (false, true) => "ADDED",
            (true, true) => "MODIFIED",
            (true, false) => "DELETED",
            (false, false) => continue,
        };
        if event.revision > revision {
            out.push((event.revision, kind));
        }
    }
    out
}

async fn race(api: Arc<Harness>) {
    let first = prepare(&api).await;
    let whole = tokio::spawn(follow(
        Arc::clone(&api),
        format!("watch=1&resourceVersion={first}"),
    ));
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| tokio::spawn(write(Arc::clone(&api), writer)))
        .collect();
    let mut watches = Vec::new();
    for number in 0..WATCHES {
        let list = api.get(SECRETS).await;
        let now: u64 = list.revision().parse().expect("a revision");
        // From now, from somewhere before, from a list that is streamed, and by a selector.
        let start = first + (now - first) * (number as u64 % 5) / 4;
        let query = match number % 3 {
            0 => format!("watch=1&resourceVersion={start}"),
            1 => STREAM.to_owned(),
            _ => format!("watch=1&resourceVersion={start}&labelSelector=marked%3D1"),
        };
        let task = tokio::spawn(follow(Arc::clone(&api), query));
        watches.push((number % 3, start, task));
    }
    for writer in writers {
        writer.await.expect("a writer");
    }
    assert_eq!(api.post(SECRETS, secret(LAST, true)).await.code, 201);
    let truth: Vec<Seen> = whole.await.expect("a watch").iter().map(seen).collect();
    assert!(truth.len() > STEPS / 2, "something happened");
    assert!(
        truth
            .windows(2)
            .all(|pair| pair[0].revision < pair[1].revision)
    );
    for (form, start, task) in watches {
        let events = task.await.expect("a watch");
        match form {
            0 => {
                let told: Vec<Seen> = events.iter().map(seen).collect();
                assert_eq!(told, after(&truth, start), "from {start}");
            }
            1 => check_stream(&truth, &events),
            _ => {
                let told: Vec<(u64, String)> = events
                    .iter()
                    .map(seen)
                    .map(|seen| (seen.revision, seen.kind))
                    .collect();
                let wanted = selected(&truth, start).into_iter();
                let wanted: Vec<(u64, String)> = wanted
                    .map(|(revision, kind)| (revision, kind.to_owned()))
                    .collect();
                assert_eq!(told, wanted, "selected from {start}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn watches_over_memory_miss_nothing() {
    race(Arc::new(Harness::start().await)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn watches_over_sqlite_miss_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = Storage::Folder(folder.path().join("state"));
    let api = Harness::with(|options| options.storage = place).await;
    race(Arc::new(api)).await;
}

/// A client whose revision is forgotten is told so, lists again and goes on from there.
#[tokio::test]
async fn a_client_recovers_from_a_forgotten_revision() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = Storage::Folder(folder.path().join("state"));
    let start = || Harness::with(|options| options.storage = place.clone());
    let api = start().await;
    let old = prepare(&api).await;
    assert_eq!(api.post(SECRETS, secret("a", false)).await.code, 201);
    api.server.stop().await;
    let api = start().await;
    let expired = api
        .get(&format!(
            "{SECRETS}?resourceVersion={old}&resourceVersionMatch=Exact"
        ))
        .await;
    assert_eq!(expired.code, 410);
    assert_eq!(expired.body["reason"], "Expired");
    let mut events = Events::open(&api, &format!("{SECRETS}?watch=1&resourceVersion={old}")).await;
    assert_eq!(
        events.next().await.expect("an event")["object"]["code"],
        410
    );
    let list = api.get(SECRETS).await;
    assert_eq!(list.body["items"][0]["metadata"]["name"], "a");
    let from = list.revision();
    let mut events = Events::open(&api, &format!("{SECRETS}?watch=1&resourceVersion={from}")).await;
    assert_eq!(api.post(SECRETS, secret("b", false)).await.code, 201);
    assert_eq!(events.summary().await, "ADDED b");
}

/// Clusters of one process share neither objects nor events, revisions, kinds or tokens.
#[tokio::test]
async fn clusters_of_one_process_share_nothing() {
    let api = Harness::with(|options| options.clusters.push(ClusterOptions::named("other"))).await;
    let url = api.server.url("other").expect("a cluster");
    let token = api.server.token("other").expect("a cluster").to_owned();
    let here = api.client.get(format!("{url}/api/v1/namespaces"));
    let refused = here
        .bearer_auth(&api.token)
        .send()
        .await
        .expect("an answer");
    assert_eq!(
        refused.status().as_u16(),
        401,
        "a token is good for one cluster"
    );
    let ask = async |path: &str| {
        let request = api.client.get(format!("{url}{path}")).bearer_auth(&token);
        let text = request
            .send()
            .await
            .expect("an answer")
            .text()
            .await
            .expect("a body");
        serde_json::from_str::<Value>(&text).unwrap_or(Value::String(text))
    };
    let before = ask("/api/v1/secrets").await;
    let watched = format!(
        "{url}/api/v1/secrets?watch=1&timeoutSeconds=1&resourceVersion={}",
        before["metadata"]["resourceVersion"]
            .as_str()
            .expect("a revision")
    );
    let watch = api
        .client
        .get(watched)
        .bearer_auth(&token)
        .send()
        .await
        .expect("an answer");
    prepare(&api).await;
    assert_eq!(api.post(SECRETS, secret("a", false)).await.code, 201);
    api.define_things(crate::harness::thing_schema()).await;
    assert_eq!(
        watch.text().await.expect("the end"),
        "",
        "no event crosses over"
    );
    let after = ask("/api/v1/secrets").await;
    assert_eq!(
        before["metadata"]["resourceVersion"],
        after["metadata"]["resourceVersion"]
    );
    assert_eq!(after["items"], json!([]));
    assert_eq!(ask("/apis/example.com/v1").await, "404 page not found\n");
    let kinds = api
        .send(Method::GET, "/apis/example.com/v1", &[], Value::Null)
        .await;
    assert_eq!(kinds.code, 200);
}
