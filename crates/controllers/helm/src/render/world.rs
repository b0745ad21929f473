//! What templates may ask the world for: the time, randomness, objects of the cluster and, where that is allowed, addresses of hosts.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use rand::RngCore as _;
use serde_json::{Value, json};
use skein_cluster::{ApiError, Cluster, ListOptions};
use skein_object::{GroupVersionKind, Object};
use skein_template::{Environment, Integers};

use super::{keys, schemas};

/// Longest time that one rendering may take.
const RENDER_LIMIT: Duration = Duration::from_secs(60);
/// Longest time that one look-up of a host may take.
const LOOKUP_LIMIT: Duration = Duration::from_secs(10);

/// Clock, randomness and lookups of a rendering, which must run where it may block.
pub struct World {
    cluster: Option<Cluster>,
    runtime: tokio::runtime::Handle,
    started: Instant,
    resolves_hosts: bool,
    was_asked: bool,
}

impl World {
    /// A world whose time for the rendering begins now. Without a cluster, lookups find nothing. It is made on the async runtime.
    pub fn new(cluster: Option<Cluster>) -> Self {
        Self {
            cluster,
            runtime: tokio::runtime::Handle::current(),
            started: Instant::now(),
            resolves_hosts: false,
            was_asked: false,
        }
    }

    /// The same, where `getHostByName` asks the name servers if `allowed`.
    #[must_use]
    pub fn resolving_hosts(mut self, allowed: bool) -> Self {
        self.resolves_hosts = allowed;
        self
    }

    /// Whether the rendering asked for anything that may be another time different.
    pub(crate) fn was_asked(&self) -> bool {
        self.was_asked
    }
}

impl Environment for World {
    fn now(&mut self) -> Timestamp {
        self.was_asked = true;
        Timestamp::now()
    }

    fn random(&mut self, bytes: &mut [u8]) {
        self.was_asked = true;
        rand::rng().fill_bytes(bytes);
    }

    fn rsa_key(&mut self, bits: usize) -> Option<Vec<u8>> {
        self.was_asked = true;
        keys::rsa_key(bits)
    }

    fn rsa_signature(&mut self, key: &[u8], message: &[u8]) -> Option<Vec<u8>> {
        keys::rsa_signature(key, message)
    }

    fn lookup(
        &mut self,
        api_version: &str,
        kind: &str,
        namespace: &str,
        name: &str,
    ) -> Result<skein_template::Value, String> {
        self.was_asked = true;
        let Some(cluster) = &self.cluster else {
            return Ok(skein_template::Value::from_json(
                &json!({}),
                Integers::Int64,
            ));
        };
        let found = lookup(cluster, api_version, kind, (namespace, name));
        match self.runtime.block_on(found) {
            Ok(value) => Ok(skein_template::Value::from_json(&value, Integers::Int64)),
            Err(error) => Err(error.to_string()),
        }
    }

    fn host_address(&mut self, host: &str) -> Option<String> {
        if !self.resolves_hosts {
            return Some(String::new());
        }
        self.was_asked = true;
        let look = tokio::time::timeout(LOOKUP_LIMIT, tokio::net::lookup_host((host, 0)));
        let found = self.runtime.block_on(look).ok()?.ok()?;
        let addresses: Vec<String> = found.map(|address| address.ip().to_string()).collect();
        let at = usize::try_from(rand::rng().next_u32()).ok()?;
        let at = at.checked_rem(addresses.len())?;
        addresses.into_iter().nth(at)
    }

    fn schema(&mut self, address: &str) -> Option<Result<Vec<u8>, String>> {
        self.was_asked = true;
        Some(self.runtime.block_on(schemas::fetch(address)))
    }

    fn is_cancelled(&mut self) -> bool {
        self.started.elapsed() > RENDER_LIMIT
    }
}

async fn lookup(
    cluster: &Cluster,
    api_version: &str,
    kind: &str,
    (namespace, name): (&str, &str),
) -> Result<Value, ApiError> {
    let gvk = GroupVersionKind::from_api_version(api_version, kind);
    let resource = cluster.resource(&gvk).await?;
    if !name.is_empty() {
        let found = cluster.get(&resource, namespace, name).await?;
        return Ok(found.map_or_else(|| json!({}), Object::into_value));
    }
    let scope = ListOptions {
        namespace: namespace.to_owned(),
        ..ListOptions::default()
    };
    match cluster.list(&resource, &scope).await {
        Ok(page) => Ok(json!({
            "apiVersion": api_version,
            "kind": format!("{kind}List"),
            "metadata": {"resourceVersion": page.resource_version},
            "items": page.items.into_iter().map(Object::into_value).collect::<Vec<_>>(),
        })),
        Err(error) if error.is_not_found() => Ok(json!({})),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn hosts_are_looked_up_only_where_that_is_allowed() {
        let found = tokio::task::spawn_blocking({
            let (off, on) = (World::new(None), World::new(None).resolving_hosts(true));
            move || {
                let (mut off, mut on) = (off, on);
                let asked = off.was_asked() || on.was_asked();
                let none = "no-such-host.invalid";
                let address = |world: &mut World| world.host_address("localhost");
                (
                    asked,
                    address(&mut off),
                    address(&mut on),
                    on.host_address(none),
                )
            }
        });
        let (asked, off, on, none) = found.await.unwrap();
        assert!(!asked);
        assert_eq!(off.as_deref(), Some(""));
        assert!(matches!(on.as_deref(), Some("127.0.0.1" | "::1")), "{on:?}");
        assert_eq!(none, None);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn what_templates_ask_is_noted() {
        let mut world = World::new(None);
        assert!(!world.is_cancelled() && !world.was_asked());
        world.now();
        assert!(world.was_asked());
        let mut world = World::new(None);
        world.random(&mut [0; 4]);
        assert!(world.was_asked());
        let mut world = World::new(None);
        world.lookup("v1", "Secret", "a", "b").unwrap();
        assert!(world.was_asked());
    }
}
