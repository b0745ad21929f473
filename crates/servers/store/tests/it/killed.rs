//! A process that writes to a SQLite store is killed in the middle: what was answered is there, nothing is half written.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::json;
use skein_object::Object;
use skein_store::{Cluster, Key, ReadError, ResourceId, Scope, Store};

/// Names the file to the child, which is this test binary itself.
const FILE: &str = "SKEIN_STORE_FILE";
/// Clusters that the child writes to at the same time.
const CLUSTERS: [&str; 2] = ["left", "right"];
/// Objects that each writer creates, changes and removes in turn.
const NAMES: usize = 12;
/// Bytes of each half of an object: more than a page of the database.
const HALF_BYTES: usize = 20_000;
/// How often the child is killed, always over the same file.
const ROUNDS: usize = 5;

fn things() -> ResourceId {
    ResourceId::new("example.com", "things")
}

fn key(name: &str) -> Key {
    Key::new(&things(), "x", name)
}

/// Both halves say the same, so that a torn object shows.
fn object(name: &str, count: usize) -> Object {
    let half = format!("{count}-").repeat(HALF_BYTES / format!("{count}-").len());
    let value = json!({"apiVersion": "example.com/v1", "kind": "Thing",
        "metadata": {"namespace": "x", "name": name}, "count": count, "first": half, "second": half});
    Object::from_value(value).expect("an object")
}

/// What the child did to an object, as it told after the store had answered.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Told {
    revision: u64,
    /// `None`: removed.
    count: Option<usize>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_survives_sigkill() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("state.db");
    let mut known: BTreeMap<(String, String), Told> = BTreeMap::new();
    let mut highest: BTreeMap<String, u64> = BTreeMap::new();
    for round in 0..ROUNDS {
        let told = killed_after(&path, 60 + 45 * round);
        assert!(told.len() >= 60, "the child wrote");
        let before = highest.clone();
        for (cluster, name, told) in told {
            let old = before.get(&cluster).copied().unwrap_or_default();
            assert!(told.revision > old, "no revision is used twice");
            let top = highest.entry(cluster.clone()).or_default();
            *top = (*top).max(told.revision);
            known.insert((cluster, name), told);
        }
        let store = Store::sqlite(&path).await.expect("the file is whole");
        for name in CLUSTERS {
            let cluster = store.cluster(name);
            let top = highest.get(name).copied().unwrap_or_default();
            assert!(cluster.revision() > top, "revisions only grow");
            let resumed = cluster.watch(Scope::Resource(things(), None), top);
            assert!(
                matches!(resumed, Err(ReadError::Expired { .. })),
                "who has seen what may be lost lists again"
            );
            check_objects(&cluster, &known);
        }
        store.close().await;
    }
}

/// Everything told is there, or something newer that was written and not told any more.
fn check_objects(cluster: &Cluster, known: &BTreeMap<(String, String), Told>) {
    for stored in cluster.list(&things(), None).items {
        let value = stored.object.to_value();
        assert_eq!(value["first"], value["second"], "nothing is half written");
        assert_eq!(
            value["metadata"]["resourceVersion"],
            stored.revision.to_string()
        );
        assert!(stored.revision <= cluster.revision());
    }
    for ((_, name), told) in known
        .iter()
        .filter(|((owner, _), _)| owner == cluster.name())
    {
        let stored = cluster.get(&key(name));
        let newer = |revision: u64| revision > told.revision;
        match (stored, told.count) {
            (Some(stored), Some(count)) => {
                let same = stored.object.to_value()["count"] == count;
                assert!((same && stored.revision == told.revision) || newer(stored.revision));
            }
            // The next write of that name was durable, and the kill came before it was told.
            (Some(stored), None) => assert!(newer(stored.revision), "{name} was removed"),
            (None, Some(count)) => assert!(count % 3 == 1, "{name} was written and is lost"),
            (None, None) => {}
        }
    }
}

/// Starts a child, reads that many lines of what it did, kills it and reads the rest.
fn killed_after(path: &Path, lines: usize) -> Vec<(String, String, Told)> {
    let mut child = Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "killed::writes_until_killed", "--nocapture"])
        .env(FILE, path)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("started");
    let output = child.stdout.take().expect("its output");
    let mut told = Vec::new();
    for line in BufReader::new(output).lines().map_while(Result::ok) {
        told.extend(parse(&line));
        if told.len() == lines {
            kill(&mut child);
        }
    }
    let status = child.wait().expect("ended");
    assert!(!status.success(), "it was killed");
    told
}

fn kill(child: &mut Child) {
    child.kill().expect("killed");
}

/// `told CLUSTER NAME REVISION COUNT|-`; a line that the kill cut is nothing.
fn parse(line: &str) -> Option<(String, String, Told)> {
    let rest = &line[line.find("told ")?..];
    let words: Vec<&str> = rest.split(' ').collect();
    let [_, cluster, name, revision, count, "end"] = words.as_slice() else {
        return None;
    };
    let told = Told {
        revision: revision.parse().ok()?,
        count: count.parse().ok(),
    };
    Some(((*cluster).to_owned(), (*name).to_owned(), told))
}

/// The child: by itself, without a file to write to, it does nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_until_killed() {
    let Some(path) = std::env::var_os(FILE) else {
        return;
    };
    let store = Store::sqlite(Path::new(&path)).await.expect("opened");
    let mut writers = Vec::new();
    for cluster in CLUSTERS {
        for writer in 0..2 {
            let cluster = store.cluster(cluster);
            writers.push(tokio::spawn(async move {
                for turn in 0.. {
                    let name = format!("w{writer}-{}", turn % NAMES);
                    step(&cluster, &name).await;
                }
            }));
        }
    }
    for writer in writers {
        writer.await.expect("it writes until it is killed");
    }
}

/// Creates, changes twice and removes an object, over and over; tells each answer.
async fn step(cluster: &Cluster, name: &str) {
    let current = cluster.get(&key(name));
    let count = current.as_ref().map_or(0, |stored| {
        let count = stored.object.to_value()["count"]
            .as_u64()
            .unwrap_or_default();
        usize::try_from(count).unwrap_or_default() + 1
    });
    let (stored, told) = match current {
        None => (
            cluster.create(key(name), object(name, 0)).await,
            "0".to_owned(),
        ),
        Some(current) if count % 3 == 2 => (
            cluster.remove(key(name), current.revision).await,
            "-".to_owned(),
        ),
        Some(current) => {
            let object = object(name, count);
            (
                cluster.replace(key(name), current.revision, object).await,
                count.to_string(),
            )
        }
    };
    let revision = stored.expect("written").revision;
    let line = format!("told {} {name} {revision} {told} end\n", cluster.name());
    let mut out = std::io::stdout().lock();
    // The reader goes away when it has killed us.
    let _gone = out.write_all(line.as_bytes()).and_then(|()| out.flush());
}
