//! Which cluster of the fleet a kubeconfig leads to: told by the address in it.
//!
//! The Secret is read, its address is compared, and nothing of it is kept.

use std::collections::HashMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use skein_cluster::Cluster;
use skein_graph::ConnectionRef;
use skein_object::{GroupVersionKind, Object};
use tokio::time::Instant;

use crate::live::LiveFleet;

/// How often a connection that leads to no known cluster is looked at again.
const RETRY_INTERVAL: Duration = Duration::from_secs(10);
/// How often one that does is looked at again.
const RENEW_INTERVAL: Duration = Duration::from_secs(300);
/// Most connections that are looked at in one go.
const MAX_LOOKS: usize = 32;
/// Largest kubeconfig that is read, in bytes.
const MAX_KUBECONFIG_BYTES: usize = 1024 * 1024;
/// Keys of a Secret that hold the kubeconfig when the reference names none, as Flux tries them.
const DEFAULT_KEYS: [&str; 2] = ["value", "value.yaml"];

/// When each connection is looked at next.
#[derive(Debug, Default)]
pub struct Connections {
    due: HashMap<ConnectionRef, Instant>,
}

impl Connections {
    /// Looks at those that are due and tells the fleet where they lead.
    pub async fn follow(&mut self, fleet: &LiveFleet, name: &str, cluster: &Cluster) {
        let named = fleet.read(|fleet| fleet.connections(name));
        self.due.retain(|connection, _| named.contains(connection));
        let now = Instant::now();
        let mut due: Vec<ConnectionRef> = named.into_iter().collect();
        due.retain(|connection| self.due.get(connection).is_none_or(|at| *at <= now));
        due.truncate(MAX_LOOKS);
        for connection in due {
            let address = address(cluster, &connection).await.unwrap_or_default();
            let is_known = fleet.update(|fleet, _| {
                let target = fleet.cluster_at(&address).map(str::to_owned);
                fleet.set_target(name, &connection, target.as_deref());
                target.is_some()
            });
            let pause = if is_known {
                RENEW_INTERVAL
            } else {
                RETRY_INTERVAL
            };
            self.due.insert(connection, now + pause);
        }
    }
}

/// The address that a connection leads to; `None` when it cannot be read.
async fn address(cluster: &Cluster, connection: &ConnectionRef) -> Option<String> {
    let gvk = GroupVersionKind::new("", "v1", &connection.kind);
    let resource = cluster.resource(&gvk).await.ok()?;
    let found = cluster
        .get(&resource, &connection.namespace, &connection.name)
        .await;
    let object = found.ok()??;
    if connection.kind == "ConfigMap" {
        return Some(object.str_at(&["data", "address"])?.to_owned());
    }
    let text = secret_text(&object, &connection.data_key)?;
    server_of(&text)
}

fn secret_text(secret: &Object, data_key: &str) -> Option<Vec<u8>> {
    let keys: &[&str] = if data_key.is_empty() {
        &DEFAULT_KEYS
    } else {
        &[data_key]
    };
    let encoded = keys.iter().find_map(|key| secret.str_at(&["data", key]))?;
    STANDARD
        .decode(encoded)
        .ok()
        .filter(|text| text.len() <= MAX_KUBECONFIG_BYTES)
}

/// The server of the current context of a kubeconfig, or of its only cluster.
fn server_of(text: &[u8]) -> Option<String> {
    let config: Value = skein_yaml::from_slice(text).ok()?;
    let named = |list: &str, name: &str| {
        let entries = config.get(list)?.as_array()?;
        entries
            .iter()
            .find(|entry| entry.get("name").and_then(Value::as_str) == Some(name))
    };
    let context = config.get("current-context").and_then(Value::as_str);
    let of_context = context
        .and_then(|context| named("contexts", context))
        .and_then(|context| context.get("context")?.get("cluster")?.as_str())
        .and_then(|cluster| named("clusters", cluster));
    let cluster = of_context.or_else(|| config.get("clusters")?.as_array()?.first())?;
    Some(cluster.get("cluster")?.get("server")?.as_str()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_current_context_counts() {
        let text = "clusters:\n- name: a\n  cluster: {server: 'https://a'}\n- name: b\n  cluster: {server: 'https://b'}\n\
            contexts:\n- name: x\n  context: {cluster: b, user: u}\ncurrent-context: x\n";
        assert_eq!(server_of(text.as_bytes()).as_deref(), Some("https://b"));
        let text = "clusters: [{name: a, cluster: {server: 'https://a'}}]\n";
        assert_eq!(server_of(text.as_bytes()).as_deref(), Some("https://a"));
        for bad in ["", "[]", "clusters: x", "clusters: [{}]"] {
            assert_eq!(server_of(bad.as_bytes()), None, "{bad}");
        }
    }
}
