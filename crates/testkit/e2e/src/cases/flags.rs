//! Flags of Flux's controllers, each seen to work in a running controller, and what the controllers expose.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::place::{Files, Place, config_map};
use crate::world::World;

/// The encrypted Secret of the example fleet, and the key for it.
const ENCRYPTED: &str = include_str!(
    "../../../../../examples/fleet/infrastructure/base/gateway/dns-credentials.sops.yaml"
);
/// See [`ENCRYPTED`].
const KEY: &str = include_str!("../../../../../examples/fleet/keys/TEST-ONLY.agekey");
/// Namespace of the controllers.
const CONTROLLERS: &str = "flux-system";

/// Families that source-controller 1.9.1 and kustomize-controller 1.9.5 showed after a few reconciliations, one a line: name, type and labels; those of
/// the Go runtime left out.
const RECORDED: &[(&str, &str)] = &[
    (
        "source",
        include_str!("../../recorded/metrics-source-controller.txt"),
    ),
    (
        "kustomize",
        include_str!("../../recorded/metrics-kustomize-controller.txt"),
    ),
];
/// Families of webhooks, which we have none of; and those that this case gives no reason to show: their lines are tests of the runtime.
const LEFT_OUT: &[&str] = &[
    "certwatcher_",
    "controller_runtime_conversion_webhook_",
    "controller_runtime_webhook_",
    "gotk_cache_events_total",
    "leader_election_master_status",
];
/// Families of the process that our kernel interface does not tell.
const LEFT_OUT_OF_PROCESS: &[&str] = &[
    "process_network_receive_bytes_total",
    "process_network_transmit_bytes_total",
    "process_virtual_memory_max_bytes",
];

/// The kustomize controller anew, with these flags.
fn restart_with(world: &mut World, flags: &[&str]) -> Result<()> {
    world.controllers.stop_component("kustomize");
    let flags = flags.iter().map(|flag| (*flag).to_owned()).collect();
    world.controllers.set_flags(flags);
    world
        .controllers
        .start_component(&world.target, "kustomize")
}

/// Fields of a manager that is named go with the first apply, those of others with a like name stay.
pub async fn takes_over_from_named_managers(world: &mut World) -> Result<()> {
    restart_with(world, &["--override-manager-before-dry-run=old-tool"])?;
    {
        let mut place = world.place("flag-managers").await?;
        for (name, manager) in [("one", "old-tool"), ("two", "old-tool-2")] {
            let object = json!({
                "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name},
                "data": {"key": "old", "old": "x"},
            });
            let path = format!("/api/v1/namespaces/{}/configmaps", place.namespace);
            let path = format!("{path}?fieldManager={manager}");
            place.world.api.create(&path, &object).await?;
        }
        let (one, two) = (config_map("one", "blue"), config_map("two", "blue"));
        let commit = place.commit(&Files::from([
            ("one.yaml", Some(one.as_str())),
            ("two.yaml", Some(two.as_str())),
        ]))?;
        start(&place, &json!({})).await?;
        place.applied(&commit).await?;
        for name in ["one", "two"] {
            ensure!(place.value(name, "key").await?.as_deref() == Some("blue"));
        }
        ensure!(
            place.value("one", "old").await?.is_none(),
            "a field of the named manager is left"
        );
        ensure!(
            place.value("two", "old").await?.is_some(),
            "a field of another manager is gone"
        );
    }
    restart_with(world, &[])
}

/// A Kustomization that decrypts and names no Secret gets the key of the controllers' own namespace; without the flag it is told
/// that there is none.
pub async fn decrypts_with_the_key_of_the_controllers(world: &mut World) -> Result<()> {
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "fallback-keys"},
        "stringData": {"age.agekey": KEY},
    });
    let path = format!("/api/v1/namespaces/{CONTROLLERS}/secrets");
    world.api.create(&path, &secret).await?;
    let decryption = json!({"decryption": {"provider": "sops"}});
    {
        let mut place = world.place("flag-keys").await?;
        place.commit(&Files::from([("dns.sops.yaml", Some(ENCRYPTED))]))?;
        start(&place, &decryption).await?;
        place
            .refused("Kustomization", "app", &["dns-credentials"])
            .await?;
    }
    restart_with(world, &["--sops-age-secret=fallback-keys"])?;
    {
        let place = Place::open(world, "flag-keys");
        place.reconcile("Kustomization", "app").await?;
        place.ready("Kustomization", "True").await?;
        let applied = place.find("Secret", "dns-credentials").await?;
        let applied = applied.context("the Secret is not applied")?;
        let token = applied["data"]["token"].as_str().unwrap_or_default();
        // Base64 has no bracket: the value is no longer SOPS's `ENC[...]`, which would begin so.
        ensure!(
            !token.is_empty() && !token.starts_with("RU5DW"),
            "still encrypted"
        );
    }
    restart_with(world, &[])
}

/// A ConfigMap names the cluster and an account of the namespace, whose token opens it; without the gate of Flux that is refused.
pub async fn reaches_a_cluster_that_a_config_map_names(world: &mut World) -> Result<()> {
    let kubeconfig = skein_yaml::from_slice(world.target.kubeconfig()?.as_bytes())?;
    let cluster = &kubeconfig["clusters"][0]["cluster"];
    let authority = cluster["certificate-authority-data"].as_str();
    let authority = STANDARD.decode(authority.context("a kubeconfig holds its authority")?)?;
    let data = json!({
        "provider": "generic", "address": cluster["server"], "serviceAccountName": "deployer",
        "ca.crt": String::from_utf8(authority)?, "audiences": "https://kubernetes.default.svc",
    });
    let repository = {
        let mut place = world.place("flag-identity").await?;
        let subject =
            json!({"kind": "ServiceAccount", "name": "deployer", "namespace": place.namespace});
        let role =
            json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "edit"});
        place
            .create_all(&[
                json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "deployer"}}),
                json!({
                    "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
                    "metadata": {"name": "deployer"}, "subjects": [subject], "roleRef": role,
                }),
                json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "cluster"}, "data": data}),
            ])
            .await?;
        let one = config_map("one", "blue");
        place.commit(&Files::from([("one.yaml", Some(one.as_str()))]))?;
        let fields = json!({"kubeConfig": {"configMapRef": {"name": "cluster"}}});
        start(&place, &fields).await?;
        let gate = "ObjectLevelWorkloadIdentity feature gate is not enabled";
        place.refused("Kustomization", "app", &[gate]).await?;
        place.take_repository()?
    };
    restart_with(world, &["--feature-gates=ObjectLevelWorkloadIdentity=true"])?;
    {
        let mut place = Place::open(world, "flag-identity").with_repository(repository);
        place.reconcile("Kustomization", "app").await?;
        place.ready("Kustomization", "True").await?;
        ensure!(place.value("one", "key").await?.as_deref() == Some("blue"));
        // What the account may not do is refused there, not here.
        let role = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata:\n  name: flag-identity\n";
        place.commit(&Files::from([("role.yaml", Some(role))]))?;
        place.reconcile("GitRepository", "app").await?;
        place
            .refused("Kustomization", "app", &["forbidden", "deployer"])
            .await?;
    }
    restart_with(world, &[])
}

/// The event by which a commit gets its status is left out where the operator wants it so; other events stay.
pub async fn leaves_out_events_for_commits(world: &mut World) -> Result<()> {
    for (gate, wanted) in [("DisableCommitStatusEvent=true", false), ("", true)] {
        restart_with(world, &[&format!("--feature-gates={gate}")])?;
        let mut place = world.place(&format!("flag-events-{wanted}")).await?;
        let one = config_map("one", "blue");
        let commit = place.commit(&Files::from([("one.yaml", Some(one.as_str()))]))?;
        start(&place, &json!({})).await?;
        place.applied(&commit).await?;
        place
            .until("the event about the object is there", || async {
                Ok(events(&place).await?.iter().any(|e| e.contains("created")))
            })
            .await?;
        let finished = || async {
            let all = events(&place).await?;
            Ok(all.iter().any(|e| e.starts_with("Reconciliation finished")))
        };
        if wanted {
            place.until("the run is told", finished).await?;
        } else {
            place
                .stays("the run is not told", || async { Ok(!finished().await?) })
                .await?;
        }
    }
    restart_with(world, &[])
}

async fn events(place: &Place<'_>) -> Result<Vec<String>> {
    let all = place.all("Event").await?;
    let about = all
        .iter()
        .filter(|event| event["involvedObject"]["kind"] == "Kustomization");
    Ok(about
        .filter_map(|event| Some(event["message"].as_str()?.to_owned()))
        .collect())
}

async fn start(place: &Place<'_>, fields: &Value) -> Result<()> {
    place
        .create_all(&[place.source(&json!({})), place.kustomization(fields)])
        .await
}

/// Names, types and labels of a metrics page: those of the real controllers are all there.
pub async fn exposes_the_metrics_of_flux(mut place: Place<'_>) -> Result<()> {
    let one = config_map("one", "blue");
    let commit = place.commit(&Files::from([("one.yaml", Some(one.as_str()))]))?;
    start(&place, &json!({})).await?;
    place.applied(&commit).await?;
    for (component, recorded) in RECORDED {
        let ours = families(&place.world.controllers.metrics_of(component).await?)?;
        let mut wrong = Vec::new();
        for line in recorded.lines() {
            let name = line.split(' ').next().unwrap_or_default();
            let is_left_out = LEFT_OUT.iter().any(|start| name.starts_with(start))
                || LEFT_OUT_OF_PROCESS.contains(&name);
            let found = ours.get(name).map_or("nothing", String::as_str);
            if !is_left_out && found != line {
                wrong.push(format!("recorded {line:?}, ours {found:?}"));
            }
        }
        ensure!(wrong.is_empty(), "{component}: {}", wrong.join("\n"));
    }
    Ok(())
}

/// The families of a page that have samples, as they are recorded: `name type label,label`.
fn families(page: &str) -> Result<BTreeMap<String, String>> {
    let mut families: BTreeMap<&str, (&str, BTreeSet<&str>)> = BTreeMap::new();
    let mut current = ("", "");
    for line in page.lines() {
        if let Some(family) = line.strip_prefix("# TYPE ") {
            current = family.split_once(' ').context("a family without a type")?;
        } else if !line.starts_with('#') {
            let (_, labels) = families
                .entry(current.0)
                .or_insert_with(|| (current.1, BTreeSet::new()));
            let set = line
                .split_once('{')
                .and_then(|(_, rest)| rest.rsplit_once('}'));
            let pairs = set.map_or("", |(set, _)| set).split("\",");
            let names = pairs.filter_map(|pair| pair.split_once("=\""));
            labels.extend(names.map(|(name, _)| name).filter(|name| *name != "le"));
        }
    }
    let line = |(name, (kind, labels)): (&str, (&str, BTreeSet<&str>))| {
        let labels: Vec<&str> = labels.into_iter().collect();
        let line = format!("{name} {kind} {}", labels.join(","));
        (name.to_owned(), line.trim_end().to_owned())
    };
    Ok(families.into_iter().map(line).collect())
}
