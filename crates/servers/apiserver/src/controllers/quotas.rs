//! ResourceQuotas tell what they allow and what is used of it, over all objects of their namespaces.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;
use skein_object::Object;
use skein_store::Stored;
use skein_validation::resource_quotas;

use super::{Change as Changes, Feed};
use crate::api::Api;
use crate::quotas;
use crate::write::{self, Change, Proposal};

/// Keeps the status of every quota up to date.
pub(crate) async fn run(api: Arc<Api>) {
    let Some(mut feed) = Feed::open(&api) else {
        return;
    };
    recount(&api, None).await;
    loop {
        match feed.next().await {
            // Most clusters have no quotas: then changes cost nothing.
            Changes::Events(_) if api.store.count(&quotas::id()) == 0 => {}
            Changes::Events(events) => {
                let namespaces = events
                    .iter()
                    .map(|event| event.object.key.namespace.clone());
                let namespaces: BTreeSet<String> = namespaces.collect();
                recount(&api, Some(&namespaces)).await;
            }
            Changes::Missed => recount(&api, None).await,
            Changes::Closed => return,
        }
    }
}

/// Counts again for the quotas of some namespaces, or of all.
async fn recount(api: &Arc<Api>, namespaces: Option<&BTreeSet<String>>) {
    for quota in api.store.list(&quotas::id(), None).items {
        if namespaces.is_none_or(|namespaces| namespaces.contains(&quota.key.namespace)) {
            write_status(api, &quota).await;
        }
    }
}

fn counted(api: &Api, quota: &Object) -> Object {
    let mut out = quota.clone();
    let resources = api.store.resources();
    let lists: Vec<_> = resources
        .iter()
        .map(|id| (id, api.store.list(id, Some(quota.namespace()))))
        .collect();
    let objects = lists.iter().flat_map(|(id, list)| {
        let kind = (id.group(), id.plural());
        list.items.iter().map(move |stored| (kind, &stored.object))
    });
    for (field, value) in resource_quotas::status(quota, &quotas::classes(api), objects) {
        out.set(&["status", &field], value);
    }
    out
}

async fn write_status(api: &Arc<Api>, quota: &Stored) {
    let status = |object: &Object| object.at(&["status"]).cloned().unwrap_or(Value::Null);
    if status(&quota.object) == status(&counted(api, &quota.object)) {
        return;
    }
    let Some(resource) = api.registry.current().find("", "v1", "resourcequotas") else {
        return;
    };
    let options = write::own_options("kube-controller-manager");
    let change = Change {
        resource: &resource,
        subresource: "status",
        options: &options,
        call: None,
    };
    let propose = |quota: &Object| {
        Ok(Proposal {
            object: counted(api, quota),
            warnings: Vec::new(),
            owned: false,
            whole: false,
        })
    };
    if let Err(failure) = change.run(api, &quota.key, propose).await {
        tracing::debug!(message = failure.message, "a quota was not counted");
    }
}
