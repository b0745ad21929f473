//! Many writers beside watchers that start at every revision: no change is lost, doubled or out of order.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;
use skein_object::Object;
use skein_store::{
    Cluster, Event, EventKind, HISTORY_EVENTS, Key, ReadError, ResourceId, Scope, Store, Stored,
    WriteError,
};

/// Tasks that write at the same time.
const WRITERS: usize = 8;
/// Writes of each, refused ones included.
const STEPS: usize = 250;
/// Names that the writers fight about.
const NAMES: usize = 10;
/// How many watchers start while the writers are busy.
const WATCHERS: usize = 120;

fn resources() -> [ResourceId; 2] {
    [
        ResourceId::new("", "configmaps"),
        ResourceId::new("apps", "deployments"),
    ]
}

fn object(namespace: &str, name: &str, text: &str) -> Object {
    let value = json!({"apiVersion": "v1", "kind": "Any",
        "metadata": {"namespace": namespace, "name": name}, "text": text});
    Object::from_value(value).expect("an object")
}

/// A cheap sequence that differs per seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % sides as u64).expect("small")
    }
}

async fn write(cluster: Cluster, seed: usize) -> usize {
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15 ^ (seed as u64 + 1));
    let mut written = 0;
    for step in 0..STEPS {
        let resource = &resources()[dice.roll(2)];
        let namespace = ["a", "b", "a-b"][dice.roll(3)];
        let name = format!("n{}", dice.roll(NAMES));
        let key = Key::new(resource, namespace, &name);
        let text = format!("{seed}-{step}");
        let result = match cluster.get(&key) {
            None => cluster.create(key, object(namespace, &name, &text)).await,
            Some(current) if dice.roll(4) == 0 => cluster.remove(key, current.revision).await,
            Some(current) => {
                let object = object(namespace, &name, &text);
                cluster.replace(key, current.revision, object).await
            }
        };
        let lost = matches!(
            result,
            Err(WriteError::Exists(_) | WriteError::NotFound(_) | WriteError::Conflict(_))
        );
        if !lost {
            result.expect("only races are lost");
            written += 1;
        }
        if dice.roll(8) == 0 {
            tokio::task::yield_now().await;
        }
    }
    written
}

/// What a watcher started with and saw.
struct Seen {
    resource: ResourceId,
    namespace: Option<String>,
    start: u64,
    /// The objects of a list that the watch went on from.
    list: Option<Vec<Arc<Stored>>>,
    events: Vec<Arc<Event>>,
}

/// Watches from somewhere until the writers are done and nothing is left.
async fn watch(cluster: Cluster, seed: usize, done: Arc<AtomicBool>, first: u64) -> Seen {
    let mut dice = Dice(0xD1B5_4A32_D192_ED03 ^ (seed as u64 + 1));
    let resource = resources()[dice.roll(2)].clone();
    let namespace = [None, Some("a"), Some("b"), Some("a-b")][dice.roll(4)].map(str::to_owned);
    let (list, mut watcher) = if dice.roll(3) == 0 {
        let (list, watcher) = cluster.list_and_watch(&resource, namespace.as_deref());
        assert_eq!(list.revision, watcher.position());
        (Some(list.items), watcher)
    } else {
        let span = usize::try_from(cluster.revision() - first).expect("small");
        let start = first + dice.roll(span + 1) as u64;
        let scope = Scope::Resource(resource.clone(), namespace.clone());
        (None, cluster.watch(scope, start).expect("all is kept"))
    };
    let start = watcher.position();
    let mut events = Vec::new();
    loop {
        let last_look = done.load(Ordering::SeqCst);
        let more = watcher.pending().expect("all is kept");
        if more.is_empty() && last_look {
            break;
        }
        if more.is_empty() {
            // The next change may lie in another namespace: do not wait for ever.
            let next = tokio::time::timeout(std::time::Duration::from_millis(20), watcher.next());
            if let Ok(more) = next.await {
                events.extend(more.expect("all is kept"));
            }
        }
        events.extend(more);
    }
    Seen {
        resource,
        namespace,
        start,
        list,
        events,
    }
}

/// The whole truth: every change of the cluster.
fn truth(cluster: &Cluster, first: u64) -> Vec<Arc<Event>> {
    let mut all = cluster.watch(Scope::Cluster, first).expect("all is kept");
    let events = all.pending().expect("all is kept");
    for (event, revision) in events.iter().zip(first + 1..) {
        assert_eq!(
            event.revision, revision,
            "no revision is missing or used twice"
        );
        assert_eq!(event.object.revision, revision);
        assert_eq!(event.object.object.resource_version(), revision.to_string());
    }
    assert_eq!(
        events.last().map(|event| event.revision),
        Some(cluster.revision())
    );
    events
}

fn state_of(items: &[Arc<Stored>]) -> BTreeMap<String, u64> {
    items
        .iter()
        .map(|stored| (stored.key.path(), stored.revision))
        .collect()
}

fn check(cluster: &Cluster, all: &[Arc<Event>], seen: &Seen) {
    let namespace = seen.namespace.as_deref();
    let expected = all.iter().filter(|event| {
        let key = &event.object.key;
        event.revision > seen.start
            && key.resource == seen.resource
            && namespace.is_none_or(|name| name == key.namespace)
    });
    let revisions = |events: &mut dyn Iterator<Item = &Arc<Event>>| {
        events.map(|event| event.revision).collect::<Vec<_>>()
    };
    assert_eq!(
        revisions(&mut seen.events.iter()),
        revisions(&mut expected.into_iter()),
        "a watcher from {} sees every change once, in order",
        seen.start
    );
    let Some(list) = &seen.list else { return };
    let mut state = state_of(list);
    for event in &seen.events {
        let path = event.object.key.path();
        let before = state.get(&path).copied();
        let previous = event.previous.as_ref().map(|stored| stored.revision);
        assert_eq!(before, previous, "an event tells what was there before");
        assert_eq!(before.is_some(), event.kind != EventKind::Added);
        match event.kind {
            EventKind::Deleted => state.remove(&path),
            EventKind::Added | EventKind::Modified => state.insert(path, event.revision),
        };
    }
    let now = cluster.list(&seen.resource, namespace);
    assert_eq!(
        state,
        state_of(&now.items),
        "list and changes make the present"
    );
}

async fn race(store: &Store, name: &str) {
    let cluster = store.cluster(name);
    let other = store.cluster(&format!("{name}-other"));
    let first = cluster.revision();
    let alone = other.revision();
    let done = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..WRITERS)
        .map(|seed| tokio::spawn(write(cluster.clone(), seed)))
        .collect();
    let mut watchers = Vec::new();
    for seed in 0..WATCHERS {
        watchers.push(tokio::spawn(watch(
            cluster.clone(),
            seed,
            Arc::clone(&done),
            first,
        )));
        tokio::time::sleep(std::time::Duration::from_micros(300)).await;
    }
    let mut written = 0;
    for writer in writers {
        written += writer.await.expect("a writer");
    }
    done.store(true, Ordering::SeqCst);
    assert_eq!(
        cluster.revision(),
        first + written as u64,
        "only what is written counts"
    );
    assert_eq!(other.revision(), alone, "clusters share nothing");
    assert!(other.list(&resources()[0], None).items.is_empty());
    let all = truth(&cluster, first);
    for watcher in watchers {
        check(&cluster, &all, &watcher.await.expect("a watcher"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn watchers_in_memory_miss_nothing() {
    race(&Store::memory(), "memory").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn watchers_over_sqlite_miss_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("state.db");
    let store = Store::sqlite(&path).await.expect("opened");
    tokio::join!(race(&store, "one"), race(&store, "two"));
    let objects: Vec<_> = ["one", "two"]
        .map(|name| store.cluster(name))
        .iter()
        .flat_map(|cluster| resources().map(|id| state_of(&cluster.list(&id, None).items)))
        .collect();
    store.close().await;
    let again = Store::sqlite(&path).await.expect("opened again");
    let reopened: Vec<_> = ["one", "two"]
        .map(|name| again.cluster(name))
        .iter()
        .flat_map(|cluster| resources().map(|id| state_of(&cluster.list(&id, None).items)))
        .collect();
    assert_eq!(objects, reopened, "the file holds the last state");
}

/// A slow watcher is told that history is gone, lists again and is whole.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_watcher_recovers_by_listing() {
    let cluster = Store::memory().cluster("slow");
    let id = &resources()[0];
    let (_, mut slow) = cluster.list_and_watch(id, None);
    let start = slow.position();
    for turn in 0..HISTORY_EVENTS + 10 {
        let key = Key::new(id, "a", format!("n{}", turn % 7));
        let object = object("a", &key.name, &turn.to_string());
        let result = match cluster.get(&key) {
            None => cluster.create(key, object).await,
            Some(current) => cluster.replace(key, current.revision, object).await,
        };
        result.expect("written");
    }
    let Err(ReadError::Expired { requested, oldest }) = slow.pending() else {
        panic!("history is bounded");
    };
    assert_eq!(requested, start);
    assert!(
        cluster
            .watch(Scope::Resource(id.clone(), None), oldest - 1)
            .is_err()
    );
    let mut kept = cluster
        .watch(Scope::Resource(id.clone(), None), oldest)
        .expect("the named revision is kept");
    assert_eq!(kept.pending().expect("kept").len(), HISTORY_EVENTS);
    let (list, mut again) = cluster.list_and_watch(id, None);
    let current = list.items[0].clone();
    let next = cluster
        .replace(
            current.key.clone(),
            current.revision,
            object("a", &current.key.name, "last"),
        )
        .await
        .expect("written");
    let events = again.next().await.expect("an event");
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].revision, next.revision);
}
