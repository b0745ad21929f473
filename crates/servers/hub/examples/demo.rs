//! The hub with a made-up fleet that keeps changing: for the web page's tests and for looking at it with no cluster.
//!
//! `cargo run -p skein-hub --example demo -- [--listen 127.0.0.1:8099] [--apps 12] [--clusters 3] [--still]`

use std::collections::HashMap;
use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use serde_json::{Value, json};
use skein_hub::fleet::cluster::ShownObject;
use skein_hub::fleet::node::LinkState;
use skein_hub::{
    ClusterHandle, ClusterWriter, Hub, HubOptions, LiveFleet, WriteError, WriteTarget,
};
use skein_object::{Object, ObjectKey};

/// Revision that the sources of the demo are at.
const REVISION: &str = "main@sha1:9f2c4d81b7e05a36c1d2f8e94b7a6053d8c1e2f4";
const OLD_REVISION: &str = "main@sha1:1b7e05a3d8c1e2f46c1d2f8e94b7a6059f2c4d81";
const START: &str = "2026-11-21T09:00:00Z";
const CHANGED: &str = "2026-11-21T12:41:00Z";
/// How often a rollout moves on.
const STEP: Duration = Duration::from_secs(2);

/// Applies merge patches to the made-up objects, as an API server would.
struct DemoWriter {
    fleet: LiveFleet,
    cluster: String,
}

impl ClusterWriter for DemoWriter {
    fn merge_patch<'a>(
        &'a self,
        target: &'a WriteTarget,
        patch: Value,
    ) -> BoxFuture<'a, Result<(), WriteError>> {
        Box::pin(async move {
            let key = ObjectKey::new(
                &target.kind.group,
                &target.kind.kind,
                &target.name.namespace,
                &target.name.name,
            );
            let gone = || WriteError {
                status: 404,
                message: format!("{key} not found"),
            };
            self.fleet.update(|fleet, now| {
                let tree = fleet.tree(&self.cluster).ok_or_else(gone)?;
                let mut value = tree.observed(&key).ok_or_else(gone)?.object.to_value();
                merge(&mut value, &patch);
                let object = Object::from_value(value).map_err(|_| gone())?;
                let outcome = fleet.upsert(&self.cluster, ShownObject::new(object), now);
                outcome.map_err(|error| WriteError {
                    status: 500,
                    message: error.to_string(),
                })
            })
        })
    }
}

/// RFC 7386 for maps.
fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    if let Value::Object(map) = target {
        for (key, value) in patch {
            merge(map.entry(key).or_insert(Value::Null), value);
        }
    }
}

fn condition(status: &str, reason: &str, message: &str) -> Value {
    json!([{"type": "Ready", "status": status, "reason": reason, "message": message,
        "lastTransitionTime": CHANGED, "observedGeneration": 3}])
}

fn metadata(namespace: &str, name: &str) -> Value {
    let mut metadata = json!({"name": name, "generation": 3, "creationTimestamp": START, "uid": format!("uid-{namespace}-{name}")});
    if !namespace.is_empty() {
        metadata["namespace"] = namespace.into();
    }
    metadata
}

fn git(name: &str, url: &str) -> Value {
    json!({"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository",
        "metadata": metadata("flux-system", name),
        "spec": {"url": url, "interval": "1m0s", "ref": {"branch": "main"}},
        "status": {"artifact": {"revision": REVISION}, "conditions":
            condition("True", "Succeeded", &format!("stored artifact for revision '{REVISION}'"))}})
}

struct Ks<'a> {
    name: &'a str,
    source: &'a str,
    depends: &'a [&'a str],
    ready: (&'a str, &'a str, String),
    revision: &'a str,
    suspend: bool,
    inventory: Vec<String>,
}

impl Ks<'_> {
    fn object(&self) -> Value {
        let depends: Vec<Value> = self
            .depends
            .iter()
            .map(|name| json!({"name": name}))
            .collect();
        let entries: Vec<Value> = self
            .inventory
            .iter()
            .map(|id| json!({"id": id, "v": "v1"}))
            .collect();
        json!({"apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
            "metadata": metadata("flux-system", self.name),
            "spec": {"interval": "10m0s", "path": format!("./{}", self.name), "prune": true, "dependsOn": depends,
                "suspend": self.suspend, "sourceRef": {"kind": "GitRepository", "name": self.source}},
            "status": {"lastAppliedRevision": self.revision, "inventory": {"entries": entries},
                "conditions": condition(self.ready.0, self.ready.1, &self.ready.2)}})
    }
}

fn applied() -> (&'static str, &'static str, String) {
    (
        "True",
        "ReconciliationSucceeded",
        format!("Applied revision: {REVISION}"),
    )
}

fn deployment(namespace: &str, name: &str, replicas: i64, ready: i64) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata(namespace, name),
        "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": name, "image": format!("registry.example.com/{name}:1.8.2")}]}}},
        "status": {"observedGeneration": 3, "replicas": replicas, "updatedReplicas": replicas,
            "readyReplicas": ready, "availableReplicas": ready, "unavailableReplicas": replicas - ready,
            "conditions": [
                {"type": "Available", "status": if ready == replicas { "True" } else { "False" }},
                {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"}]}})
}

fn plain(api: &str, kind: &str, namespace: &str, name: &str) -> Value {
    json!({"apiVersion": api, "kind": kind, "metadata": metadata(namespace, name)})
}

/// An application with the usual objects, their Pods, and what its inventory holds.
fn application(name: &str, replicas: i64, ready: i64) -> (Vec<Value>, Vec<String>) {
    let mut objects = vec![
        plain("v1", "Namespace", "", name),
        deployment(name, "web", replicas, ready),
        plain("v1", "Service", name, "web"),
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata(name, "web-credentials"),
            "type": "Opaque", "data": {"password": "bm90LXJlYWw="}}),
        plain("v1", "ConfigMap", name, "web-settings"),
    ];
    let owner = |api: &str, kind: &str, owner: &str| json!([{"apiVersion": api, "kind": kind, "name": owner, "controller": true}]);
    let mut set = plain("apps/v1", "ReplicaSet", name, "web-6f7d8c9b5");
    set["metadata"]["ownerReferences"] = owner("apps/v1", "Deployment", "web");
    set["spec"] = json!({"replicas": replicas});
    set["status"] = json!({"replicas": replicas, "fullyLabeledReplicas": replicas, "readyReplicas": ready,
        "availableReplicas": ready, "observedGeneration": 3});
    objects.push(set);
    for n in 0..replicas {
        let mut pod = plain("v1", "Pod", name, &format!("web-6f7d8c9b5-{n:02}x7k"));
        pod["metadata"]["ownerReferences"] = owner("apps/v1", "ReplicaSet", "web-6f7d8c9b5");
        let up = if n < ready { "True" } else { "False" };
        pod["status"] = json!({"phase": "Running", "conditions": [{"type": "Ready", "status": up}], "observedGeneration": 3});
        if n >= ready {
            pod["status"]["containerStatuses"] = json!([{"name": "web", "restartCount": 6,
                "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 2m40s restarting failed container"}},
                "lastState": {"terminated": {"exitCode": 1, "message": "no such host: orders-db"}}}]);
        }
        objects.push(pod);
    }
    let inventory = vec![
        format!("_{name}__Namespace"),
        format!("{name}_web_apps_Deployment"),
        format!("{name}_web__Service"),
        format!("{name}_web-credentials__Secret"),
        format!("{name}_web-settings__ConfigMap"),
    ];
    (objects, inventory)
}

const APPLICATIONS: [&str; 8] = [
    "storefront",
    "checkout",
    "catalogue",
    "insights",
    "search",
    "mailer",
    "accounts",
    "media",
];

fn application_name(n: usize) -> String {
    match APPLICATIONS.get(n) {
        Some(name) => (*name).to_owned(),
        None => format!("service-{n:04}"),
    }
}

/// A chart repository, a chart of it and its release, with what it installed.
fn release() -> Vec<Value> {
    let source = "source.toolkit.fluxcd.io/v1";
    let of = json!({"kind": "HelmRepository", "name": "charts"});
    let flux = |api: &str, kind: &str, name: &str, spec: Value, status: Value| json!({"apiVersion": api, "kind": kind, "metadata": metadata("flux-system", name), "spec": spec, "status": status});
    let stored = |revision: &str, message: &str| json!({"artifact": {"revision": revision}, "conditions": condition("True", "Succeeded", message)});
    let mut installed = stored("", "");
    installed["conditions"] = condition(
        "True",
        "InstallSucceeded",
        "Helm install succeeded for release ingress/gateway.v1 with chart gateway@2.4.1",
    );
    installed["lastAttemptedRevision"] = json!("2.4.1");
    installed["inventory"] = json!({"entries": [{"id": "ingress_gateway_apps_Deployment", "v": "v1"}, {"id": "ingress_gateway__Service", "v": "v1"}]});
    vec![
        flux(
            source,
            "HelmRepository",
            "charts",
            json!({"url": "https://charts.example.com", "interval": "1h"}),
            stored("sha256:4f0c1e", "stored artifact: revision 'sha256:4f0c1e'"),
        ),
        flux(
            source,
            "HelmChart",
            "flux-system-gateway",
            json!({"chart": "gateway", "version": "2.x", "sourceRef": of}),
            stored("2.4.1", "pulled 'gateway' chart with version '2.4.1'"),
        ),
        flux(
            "helm.toolkit.fluxcd.io/v2",
            "HelmRelease",
            "gateway",
            json!({"interval": "10m", "chart": {"spec": {"chart": "gateway", "version": "2.x", "sourceRef": of}}}),
            installed,
        ),
        deployment("ingress", "gateway", 2, 2),
        plain("v1", "Service", "ingress", "gateway"),
    ]
}

/// One cluster's objects; the troubled one has a failing rollout, what waits for it, and a suspended application.
fn cluster_objects(apps: usize, troubled: bool) -> Vec<Value> {
    let mut objects = vec![
        git("flux-system", "https://git.example.com/platform/fleet.git"),
        git("tenants", "https://git.example.com/platform/tenants.git"),
    ];
    objects.extend(release());
    for (name, depends) in [("crds", &[][..]), ("infrastructure", &["crds"][..])] {
        let (owned, inventory) = application(&format!("{name}-system"), 2, 2);
        objects.extend(owned);
        let ks = Ks {
            name,
            source: "flux-system",
            depends,
            ready: applied(),
            revision: REVISION,
            suspend: false,
            inventory,
        };
        objects.push(ks.object());
    }
    for n in 0..apps {
        let name = application_name(n);
        let failing = troubled && n == 1;
        let waiting = troubled && n == 0;
        let (owned, inventory) = application(&name, 3, if failing { 1 } else { 3 });
        objects.extend(owned);
        let ready = match (failing, waiting) {
            (true, _) => (
                "False",
                "HealthCheckFailed",
                format!("timeout waiting for: [Deployment/{name}/web status: 'InProgress']"),
            ),
            (_, true) => (
                "False",
                "DependencyNotReady",
                "dependency 'flux-system/checkout' is not ready".into(),
            ),
            _ => applied(),
        };
        let ks = Ks {
            name: &name,
            source: "tenants",
            depends: if n == 0 {
                &["infrastructure", "checkout"]
            } else {
                &["infrastructure"]
            },
            ready,
            revision: if failing || waiting {
                OLD_REVISION
            } else {
                REVISION
            },
            suspend: troubled && n == 3,
            inventory,
        };
        objects.push(ks.object());
    }
    objects
}

fn event(n: usize, reason: &str, kind: &str, message: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Event", "metadata": {"name": format!("checkout.{n}"), "namespace": "flux-system"},
        "involvedObject": {"apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
            "namespace": "flux-system", "name": "checkout"},
        "type": kind, "reason": reason, "message": message, "count": n,
        "lastTimestamp": format!("2026-11-21T12:4{n}:00Z"), "reportingComponent": "kustomize-controller"})
}

fn shown(value: Value) -> Result<ShownObject, Box<dyn Error>> {
    Ok(ShownObject::new(Object::from_value(value)?))
}

fn fill(fleet: &LiveFleet, clusters: &[String], apps: usize) -> Result<(), Box<dyn Error>> {
    for (n, cluster) in clusters.iter().enumerate() {
        let objects = cluster_objects(apps, n == 0);
        fleet.update(|fleet, now| -> Result<(), Box<dyn Error>> {
            fleet.add_cluster(cluster, true, now)?;
            for object in objects {
                fleet.upsert(cluster, shown(object)?, now)?;
            }
            let broken = n == 2;
            let (link, message) = if broken {
                (
                    LinkState::Broken,
                    "https://10.4.0.12:6443: connection refused",
                )
            } else {
                (LinkState::Live, "")
            };
            fleet.set_link(
                cluster,
                LinkState::Live,
                "",
                now.saturating_sub(if broken { 194_000 } else { 0 }),
            )?;
            fleet.set_link(cluster, link, message, now)?;
            Ok(())
        })?;
    }
    let first = &clusters[0];
    fleet.update(|fleet, _| -> Result<(), Box<dyn Error>> {
        for event in [
            event(
                1,
                "Progressing",
                "Normal",
                "Deployment/checkout/web configured",
            ),
            event(
                2,
                "HealthCheckFailed",
                "Warning",
                "timeout waiting for: [Deployment/checkout/web status: 'InProgress']",
            ),
        ] {
            fleet.record_event(first, &Object::from_value(event)?)?;
        }
        Ok(())
    })
}

/// A rollout on the second cluster that goes on for ever, and a heartbeat of every live cluster.
async fn keep_moving(fleet: LiveFleet, clusters: Vec<String>, still: bool) {
    for step in 0_i64.. {
        tokio::time::sleep(STEP).await;
        fleet.update(|fleet, now| {
            for (n, cluster) in clusters.iter().enumerate().filter(|(n, _)| *n != 2) {
                // Clusters are never removed here.
                let _ = fleet.contact(cluster, now);
                let ready = 1 + step % 3;
                if n == 1
                    && !still
                    && let Ok(object) = shown(deployment("search", "web", 3, ready))
                {
                    let _ = fleet.upsert(cluster, object, now);
                }
            }
        });
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut options: HashMap<&str, &str> = HashMap::new();
    for pair in arguments.chunks(2) {
        options.insert(&pair[0], pair.get(1).map_or("", String::as_str));
    }
    let listen: SocketAddr = options
        .get("--listen")
        .unwrap_or(&"127.0.0.1:8099")
        .parse()?;
    let apps: usize = options.get("--apps").unwrap_or(&"6").parse()?;
    let count: usize = options.get("--clusters").unwrap_or(&"3").parse()?;
    let names = ["eu-production", "eu-staging", "us-edge"];
    let clusters: Vec<String> = (0..count.max(1))
        .map(|n| {
            names
                .get(n)
                .map_or_else(|| format!("us-edge-{n:03}"), |name| (*name).to_owned())
        })
        .collect();
    let fleet = LiveFleet::default();
    fill(&fleet, &clusters, apps)?;
    let writer = |name: &String| ClusterHandle {
        name: name.clone(),
        writer: Arc::new(DemoWriter {
            fleet: fleet.clone(),
            cluster: name.clone(),
        }),
    };
    let hub = Hub::start(HubOptions {
        listen,
        further_hosts: Vec::new(),
        fleet: fleet.clone(),
        clusters: clusters.iter().map(writer).collect(),
        audit_file: None,
    })
    .await?;
    println!("{}", hub.url_with_token());
    keep_moving(fleet, clusters, options.contains_key("--still")).await;
    Ok(())
}
