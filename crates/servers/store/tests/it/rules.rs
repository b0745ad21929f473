//! The store's rules, checked on both backends.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use serde_json::json;
use skein_object::Object;
use skein_store::{
    Cluster, EventKind, HISTORY_EVENTS, Key, ReadError, ResourceId, Scope, Store, WriteError,
};

fn config_maps() -> ResourceId {
    ResourceId::new("", "configmaps")
}

fn key(namespace: &str, name: &str) -> Key {
    Key::new(&config_maps(), namespace, name)
}

fn object(namespace: &str, name: &str, value: &str) -> Object {
    let value = json!({"apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"namespace": namespace, "name": name}, "data": {"v": value}});
    Object::from_value(value).expect("a valid object")
}

async fn put(cluster: &Cluster, namespace: &str, name: &str, value: &str) -> u64 {
    let key = key(namespace, name);
    let object = object(namespace, name, value);
    let stored = match cluster.get(&key) {
        Some(current) => cluster.replace(key, current.revision, object).await,
        None => cluster.create(key, object).await,
    };
    stored.expect("the write is allowed").revision
}

#[tokio::test]
async fn a_write_gets_the_next_revision_and_carries_it() {
    let cluster = Store::memory().cluster("a");
    let first = put(&cluster, "x", "one", "1").await;
    let second = put(&cluster, "x", "two", "1").await;
    assert_eq!(second, first + 1);
    let stored = cluster.get(&key("x", "two")).expect("stored");
    assert_eq!(stored.object.resource_version(), second.to_string());
    let decoded: serde_json::Value = serde_json::from_slice(&stored.json).expect("JSON");
    assert_eq!(decoded, stored.object.to_value());
}

#[tokio::test]
async fn stale_and_doubled_writes_are_refused() {
    let cluster = Store::memory().cluster("a");
    let first = put(&cluster, "x", "one", "1").await;
    let doubled = cluster
        .create(key("x", "one"), object("x", "one", "2"))
        .await;
    assert!(matches!(doubled, Err(WriteError::Exists(_))));
    let second = put(&cluster, "x", "one", "2").await;
    let stale = cluster
        .replace(key("x", "one"), first, object("x", "one", "3"))
        .await;
    assert!(matches!(stale, Err(WriteError::Conflict(_))));
    assert!(matches!(
        cluster.remove(key("x", "one"), first).await,
        Err(WriteError::Conflict(_))
    ));
    assert!(matches!(
        cluster.remove(key("x", "no"), 1).await,
        Err(WriteError::NotFound(_))
    ));
    assert_eq!(
        cluster.revision(),
        second,
        "a refused write takes no revision"
    );
}

#[tokio::test]
async fn too_large_objects_are_refused() {
    let cluster = Store::memory().cluster("a");
    let big = "x".repeat(skein_store::MAX_OBJECT_BYTES);
    let result = cluster
        .create(key("x", "big"), object("x", "big", &big))
        .await;
    assert!(matches!(result, Err(WriteError::TooLarge { .. })));
    assert!(cluster.get(&key("x", "big")).is_none());
}

#[tokio::test]
async fn lists_are_in_the_order_of_etcd_and_confined_to_the_namespace() {
    let cluster = Store::memory().cluster("a");
    for (namespace, name) in [("a", "z"), ("a-b", "x"), ("b", "y"), ("a", "b")] {
        put(&cluster, namespace, name, "1").await;
    }
    let paths = |namespace| {
        let items = cluster.list(&config_maps(), namespace).items;
        items
            .iter()
            .map(|stored| stored.key.path())
            .collect::<Vec<_>>()
    };
    assert_eq!(paths(None), ["a-b/x", "a/b", "a/z", "b/y"]);
    assert_eq!(paths(Some("a")), ["a/b", "a/z"]);
    assert!(paths(Some("c")).is_empty());
}

#[tokio::test]
async fn a_watch_resumes_after_any_kept_revision() {
    let cluster = Store::memory().cluster("a");
    let first = put(&cluster, "x", "one", "1").await;
    put(&cluster, "y", "other", "1").await;
    put(&cluster, "x", "one", "2").await;
    let current = cluster.get(&key("x", "one")).expect("stored");
    let removed = cluster
        .remove(key("x", "one"), current.revision)
        .await
        .expect("removed");
    let scope = Scope::Resource(config_maps(), Some("x".into()));
    let mut watcher = cluster.watch(scope.clone(), first).expect("kept");
    let events = watcher.next().await.expect("events");
    let seen: Vec<_> = events
        .iter()
        .map(|event| (event.kind, event.revision))
        .collect();
    let modified = (EventKind::Modified, current.revision);
    assert_eq!(seen, [modified, (EventKind::Deleted, removed.revision)]);
    assert_eq!(events[1].object.object.str_at(&["data", "v"]), Some("2"));
    let mut ahead = cluster
        .watch(scope, 10_000)
        .expect("a revision that is yet to come");
    let pending = ahead.pending().expect("nothing has been lost");
    assert!(pending.is_empty() && ahead.position() == 10_000);
}

#[tokio::test]
async fn a_waiting_watcher_is_woken_only_by_its_scope() {
    let cluster = Store::memory().cluster("a");
    let scope = Scope::Resource(config_maps(), Some("x".into()));
    let mut watcher = cluster.watch(scope, cluster.revision()).expect("kept");
    let writer = cluster.clone();
    let task = tokio::spawn(async move {
        put(&writer, "y", "other", "1").await;
        put(&writer, "x", "one", "1").await
    });
    let events = watcher.next().await.expect("events");
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].revision, task.await.expect("written"));
}

#[tokio::test]
async fn history_is_bounded_per_resource() {
    let cluster = Store::memory().cluster("a");
    let other = ResourceId::new("", "secrets");
    let early = cluster
        .create(Key::new(&other, "x", "s"), object("x", "s", "1"))
        .await
        .expect("created")
        .revision;
    let first = put(&cluster, "x", "one", "0").await;
    for number in 0..=HISTORY_EVENTS {
        put(&cluster, "x", "one", &number.to_string()).await;
    }
    let old = cluster.watch(Scope::Resource(config_maps(), None), first - 1);
    assert!(
        matches!(old, Err(ReadError::Expired { .. })),
        "dropped from the ring"
    );
    let quiet = cluster.watch(Scope::Resource(other, None), early);
    assert!(
        quiet.is_ok(),
        "a busy resource does not push out the history of a quiet one"
    );
    let list = cluster.list_at(&config_maps(), None, None, first - 1);
    assert!(matches!(list, Err(ReadError::Expired { .. })));
}

#[tokio::test]
async fn sqlite_keeps_objects_and_revisions_over_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("state.db");
    let store = Store::sqlite(&path).await.expect("opened");
    let (left, right) = (store.cluster("left"), store.cluster("right"));
    put(&left, "x", "one", "1").await;
    put(&left, "x", "two", "1").await;
    put(&right, "x", "one", "right").await;
    let current = left.get(&key("x", "one")).expect("stored");
    let removed = left
        .remove(key("x", "one"), current.revision)
        .await
        .expect("removed");
    // No close: what was answered must be there for whoever opens the file next.
    let again = Store::sqlite(&path).await.expect("opened again");
    assert_eq!(again.clusters(), ["left", "right"]);
    let cluster = again.cluster("left");
    // Somebody may have seen changes that were not durable, so revisions go on above them.
    let opened = cluster.revision();
    assert!(opened > removed.revision + 1_000);
    assert!(cluster.get(&key("x", "one")).is_none());
    let kept = cluster.get(&key("x", "two")).expect("kept");
    assert_eq!(
        kept.object,
        left.get(&key("x", "two")).expect("stored").object
    );
    let old = cluster.watch(Scope::Resource(config_maps(), None), removed.revision - 1);
    assert!(
        matches!(old, Err(ReadError::Expired { .. })),
        "history does not survive"
    );
    assert_eq!(put(&cluster, "x", "three", "1").await, opened + 1);
    store.close().await;
    let late = left
        .create(key("x", "late"), object("x", "late", "1"))
        .await;
    assert!(matches!(late, Err(WriteError::Database(_))));
}

#[tokio::test]
async fn writers_that_race_lose_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("state.db");
    let store = Store::sqlite(&path).await.expect("opened");
    let cluster = store.cluster("a");
    let tasks: Vec<_> = (0..8)
        .map(|writer| {
            let cluster = cluster.clone();
            tokio::spawn(async move {
                for number in 0..50 {
                    put(&cluster, "x", &format!("w{writer}-{number}"), "1").await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("written");
    }
    store.close().await;
    let again = Store::sqlite(&path)
        .await
        .expect("opened again")
        .cluster("a");
    assert_eq!(again.count(&config_maps()), 400);
    assert_eq!(again.revision(), cluster.revision());
}

#[derive(Clone, Debug)]
enum Step {
    Put(u8, u8),
    Remove(u8),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (0..6_u8, any::<u8>()).prop_map(|(name, value)| Step::Put(name, value)),
        (0..6_u8).prop_map(Step::Remove),
    ];
    prop::collection::vec(step, 1..40)
}

fn contents(items: &[Arc<skein_store::Stored>]) -> BTreeMap<String, String> {
    items
        .iter()
        .map(|stored| {
            let value = stored.object.str_at(&["data", "v"]).unwrap_or_default();
            (stored.key.path(), value.to_owned())
        })
        .collect()
}

proptest! {
    #[test]
    fn every_kept_revision_can_be_listed_as_it_was(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async {
            let cluster = Store::memory().cluster("a");
            let mut seen = vec![(cluster.revision(), BTreeMap::new())];
            for step in steps {
                match step {
                    Step::Put(name, value) => {
                        let namespace = if name % 2 == 0 { "even" } else { "odd" };
                        put(&cluster, namespace, &format!("n{name}"), &value.to_string()).await;
                    }
                    Step::Remove(name) => {
                        let namespace = if name % 2 == 0 { "even" } else { "odd" };
                        let key = key(namespace, &format!("n{name}"));
                        if let Some(current) = cluster.get(&key) {
                            cluster.remove(key, current.revision).await.expect("removed");
                        }
                    }
                }
                let items = cluster.list(&config_maps(), None).items;
                seen.push((cluster.revision(), contents(&items)));
            }
            for (revision, expected) in seen {
                let all = cluster.list_at(&config_maps(), None, None, revision).expect("kept");
                assert_eq!(contents(&all.items), expected);
                let after = cluster.list_at(&config_maps(), Some("even"), Some("even/n2"), revision);
                let rest: BTreeMap<_, _> = expected
                    .into_iter()
                    .filter(|(path, _)| path.starts_with("even/") && path.as_str() > "even/n2")
                    .collect();
                assert_eq!(contents(&after.expect("kept").items), rest);
            }
        });
    }
}
