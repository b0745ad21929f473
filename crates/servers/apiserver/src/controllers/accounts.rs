//! Each namespace gets the ServiceAccount `default` and the ConfigMap `kube-root-ca.crt`.

use std::sync::Arc;

use serde_json::json;
use skein_object::Object;
use skein_store::{Key, ResourceId};

use crate::api::Api;
use crate::write;

/// The ConfigMap with the CA certificate.
const ROOT_CA: &str = "kube-root-ca.crt";

/// Keeps both in every namespace.
pub(crate) async fn run(api: Arc<Api>) {
    loop {
        let namespaces = ResourceId::new("", "namespaces");
        let (snapshot, mut watcher) = api.store.list_and_watch(&namespaces, None);
        for stored in &snapshot.items {
            complete(&api, &stored.key.name).await;
        }
        let (_, mut accounts) = api
            .store
            .list_and_watch(&ResourceId::new("", "serviceaccounts"), None);
        let (_, mut maps) = api
            .store
            .list_and_watch(&ResourceId::new("", "configmaps"), None);
        loop {
            let changes = tokio::select! {
                changes = watcher.next() => changes,
                changes = accounts.next() => changes,
                changes = maps.next() => changes,
            };
            let Ok(events) = changes else { break };
            for event in events {
                let key = &event.object.key;
                let name = if key.namespace.is_empty() {
                    &key.name
                } else {
                    &key.namespace
                };
                let ours = key.namespace.is_empty() || key.name == "default" || key.name == ROOT_CA;
                if ours {
                    complete(&api, name).await;
                }
            }
        }
        if *api.stopping.borrow() {
            return;
        }
    }
}

async fn complete(api: &Arc<Api>, namespace: &str) {
    let key = Key::new(&ResourceId::new("", "namespaces"), "", namespace);
    if api
        .store
        .get(&key)
        .is_none_or(|stored| stored.object.is_deleting())
    {
        return;
    }
    ensure(
        api,
        namespace,
        "serviceaccounts",
        "ServiceAccount",
        "default",
        json!({}),
    )
    .await;
    let data = json!({
        "metadata": {"annotations": {"kubernetes.io/description":
            "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters."}},
        "data": {"ca.crt": api.ca_pem},
    });
    ensure(api, namespace, "configmaps", "ConfigMap", ROOT_CA, data).await;
}

async fn ensure(
    api: &Arc<Api>,
    namespace: &str,
    plural: &str,
    kind: &str,
    name: &str,
    mut body: serde_json::Value,
) {
    let id = ResourceId::new("", plural);
    if api.store.get(&Key::new(&id, namespace, name)).is_some() {
        return;
    }
    let Some(resource) = api.registry.current().find("", "v1", plural) else {
        return;
    };
    body["apiVersion"] = "v1".into();
    body["kind"] = kind.into();
    body["metadata"]["name"] = name.into();
    body["metadata"]["namespace"] = namespace.into();
    let Ok(object) = Object::from_value(body) else {
        return;
    };
    let options = write::own_options("kube-controller-manager");
    if let Err(failure) = write::insert(api, &resource, object, &options, None).await
        && failure.code != 409
    {
        tracing::debug!(
            namespace,
            name,
            message = failure.message,
            "an object of the namespace was not made"
        );
    }
}
