//! ClusterRoles with an aggregation rule collect the rules of the roles that it selects.

use std::sync::Arc;

use serde_json::Value;
use skein_object::{LabelSelector, Object};
use skein_store::{ResourceId, Stored};

use crate::api::Api;

/// Keeps aggregated roles up to date.
pub(crate) async fn run(api: Arc<Api>) {
    let id = ResourceId::new("rbac.authorization.k8s.io", "clusterroles");
    loop {
        let (snapshot, mut watcher) = api.store.list_and_watch(&id, None);
        aggregate(&api, &snapshot.items).await;
        while watcher.next().await.is_ok() {
            aggregate(&api, &api.store.list(&id, None).items).await;
        }
        if *api.stopping.borrow() {
            return;
        }
    }
}

/// Writes the collected rules of every aggregated role that lacks them.
pub(crate) async fn aggregate(api: &Api, roles: &[Arc<Stored>]) {
    for stored in roles {
        let Some(rules) = collected(&stored.object, roles) else {
            continue;
        };
        if stored.object.at(&["rules"]) == Some(&rules) {
            continue;
        }
        let mut object = stored.object.clone();
        object.set(&["rules"], rules);
        if let Err(error) = api
            .store
            .replace(stored.key.clone(), stored.revision, object)
            .await
        {
            tracing::debug!(%error, "an aggregated role was not written");
        }
    }
}

fn collected(role: &Object, roles: &[Arc<Stored>]) -> Option<Value> {
    let selectors = role
        .at(&["aggregationRule", "clusterRoleSelectors"])?
        .as_array()?;
    let mut rules: Vec<Value> = Vec::new();
    for selector in selectors {
        let Ok(selector) = LabelSelector::from_value(selector) else {
            continue;
        };
        for other in roles
            .iter()
            .filter(|other| other.object.name() != role.name())
        {
            if !selector.matches(other.object.labels()) {
                continue;
            }
            let list = other.object.at(&["rules"]).and_then(Value::as_array);
            for rule in list.into_iter().flatten() {
                if !rules.contains(rule) {
                    rules.push(rule.clone());
                }
            }
        }
    }
    Some(Value::Array(rules))
}
