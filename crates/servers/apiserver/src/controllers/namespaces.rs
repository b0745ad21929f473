//! Namespaces that are being deleted empty themselves and go.

use std::sync::Arc;

use skein_store::{Key, ResourceId};

use super::{Change, Feed};
use crate::api::Api;
use crate::delete;
use crate::options::DeleteOptions;

fn id() -> ResourceId {
    ResourceId::new("", "namespaces")
}

/// Empties terminating namespaces; each is looked at again when one of its objects goes.
pub(crate) async fn run(api: Arc<Api>) {
    let Some(mut feed) = Feed::open(&api) else {
        return;
    };
    let mut terminating = all(&api);
    loop {
        for name in std::mem::take(&mut terminating) {
            empty(&api, &name).await;
        }
        match feed.next().await {
            Change::Closed => return,
            Change::Missed => terminating = all(&api),
            Change::Events(events) => {
                for event in events {
                    let key = &event.object.key;
                    let name = if key.resource == id() {
                        &key.name
                    } else {
                        &key.namespace
                    };
                    if !name.is_empty() && is_terminating(&api, name) && !terminating.contains(name)
                    {
                        terminating.push(name.clone());
                    }
                }
            }
        }
    }
}

fn all(api: &Api) -> Vec<String> {
    let namespaces = api.store.list(&id(), None).items;
    let deleting = namespaces
        .iter()
        .filter(|stored| stored.object.is_deleting());
    deleting.map(|stored| stored.key.name.clone()).collect()
}

fn is_terminating(api: &Api, name: &str) -> bool {
    api.store
        .get(&Key::new(&id(), "", name))
        .is_some_and(|stored| stored.object.is_deleting())
}

async fn empty(api: &Arc<Api>, name: &str) {
    let index = api.registry.current();
    let mut left = 0;
    for resource in index
        .stored_once()
        .iter()
        .filter(|resource| resource.namespaced)
    {
        for stored in api.store.list(&resource.storage, Some(name)).items {
            let options = DeleteOptions {
                grace_seconds: Some(0),
                ..DeleteOptions::default()
            };
            if !stored.object.is_deleting()
                && let Err(failure) = delete::remove(api, resource, &stored.key, &options).await
                && failure.code != 404
            {
                tracing::warn!(object = %stored.key, message = failure.message, "an object was not deleted");
            }
            left += usize::from(api.store.get(&stored.key).is_some());
        }
    }
    if left == 0 {
        finalize(api, name).await;
    }
}

/// Drops the namespace's own finalizer, and the namespace when no other holds it.
async fn finalize(api: &Api, name: &str) {
    let key = Key::new(&id(), "", name);
    let Some(stored) = api.store.get(&key) else {
        return;
    };
    let mut object = stored.object.clone();
    object.remove(&["spec", "finalizers"]);
    let result = if crate::lifecycle::may_go(&object) {
        api.store.remove(key, stored.revision).await
    } else if object == stored.object {
        return;
    } else {
        api.store.replace(key, stored.revision, object).await
    };
    if let Err(error) = result {
        tracing::debug!(%error, name, "a namespace was not let go");
    }
}
