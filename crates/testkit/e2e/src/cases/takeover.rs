//! Drop-in: one controller takes over from another and no object is written.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use skein_testkit::Daemon;

use crate::place::{Files, Place, config_map, version};
use crate::world::World;

/// Objects to which API server and controllers add a lot.
const WORKLOAD: &str = "apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 0
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: main, image: example.com/main, resources: {limits: {cpu: 1000m}}}]
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: web}
";

const SECRET: &str =
    "apiVersion: v1\nkind: Secret\nmetadata:\n  name: word\nstringData:\n  key: blue\n";

/// Our own restart.
pub async fn a_restart_writes_nothing(world: &mut World) -> Result<()> {
    let before = {
        let mut place = world.place("restart").await?;
        start(&mut place).await?;
        versions(&place).await?
    };
    world.restart_controllers()?;
    let place = Place::open(world, "restart");
    place.reconcile("GitRepository", "app").await?;
    place.reconcile("Kustomization", "app").await?;
    ensure!(versions(&place).await? == before, "objects were written");
    Ok(())
}

/// The real kustomize-controller first, then ours, then the real one again.
pub async fn takes_over_from_flux_and_gives_back(world: &mut World) -> Result<()> {
    world.controllers.stop_component("kustomize");
    let flux = start_flux(world)?;
    let (objects, status) = {
        let mut place = world.place("takeover").await?;
        start(&mut place)
            .await
            .with_context(|| format!("Flux applies: {}", flux.last_words()))?;
        (versions(&place).await?, inventory(&place).await?)
    };
    drop(flux);

    world
        .controllers
        .start_component(&world.target, "kustomize")?;
    {
        let place = Place::open(world, "takeover");
        place.reconcile("Kustomization", "app").await?;
        place.ready("Kustomization", "True").await?;
        ensure!(
            versions(&place).await? == objects,
            "our take-over wrote objects"
        );
        ensure!(inventory(&place).await? == status, "our inventory differs");
    }

    world.controllers.stop_component("kustomize");
    let flux = start_flux(world)?;
    {
        let place = Place::open(world, "takeover");
        place.reconcile("Kustomization", "app").await?;
        place.ready("Kustomization", "True").await?;
        ensure!(
            versions(&place).await? == objects,
            "the way back wrote objects"
        );
        ensure!(
            inventory(&place).await? == status,
            "Flux's inventory differs"
        );
    }
    drop(flux);
    world
        .controllers
        .start_component(&world.target, "kustomize")
}

/// The real kustomize-controller with the account that ours has.
fn start_flux(world: &World) -> Result<Daemon> {
    let program = skein_upstream::binary("kustomize-controller")?;
    let kubeconfig = world.target.kubeconfig_of("kustomize-controller")?;
    let log = world.folder().join("flux.log");
    let arguments = [
        "--metrics-addr=127.0.0.1:0".to_owned(),
        "--health-addr=127.0.0.1:0".to_owned(),
        "--interval-jitter-percentage=0".to_owned(),
        "--enable-leader-election=false".to_owned(),
    ];
    let environment = [
        ("RUNTIME_NAMESPACE", Path::new("flux-system")),
        ("KUBECONFIG", kubeconfig.as_path()),
    ];
    Daemon::start_with(
        "kustomize-controller",
        &program,
        &arguments,
        &environment,
        &log,
    )
}

/// Objects of several kinds on the cluster, settled.
async fn start(place: &mut Place<'_>) -> Result<()> {
    let one = config_map("one", "blue");
    let files = Files::from([
        ("one.yaml", Some(one.as_str())),
        ("word.yaml", Some(SECRET)),
        ("web.yaml", Some(WORKLOAD)),
    ]);
    let commit = place.commit(&files)?;
    // With health: a Deployment whose status is still written would look as if it were changed.
    let kustomization = place.kustomization(&json!({"wait": true}));
    place
        .create_all(&[place.source(&json!({})), kustomization])
        .await?;
    place.applied(&commit).await?;
    place.ready("Kustomization", "True").await?;
    Ok(())
}

async fn versions(place: &Place<'_>) -> Result<Vec<(String, String)>> {
    let mut all = Vec::new();
    let applied = [
        ("ConfigMap", "one"),
        ("Secret", "word"),
        ("Service", "web"),
        ("Deployment", "web"),
        ("ServiceAccount", "web"),
    ];
    for (kind, name) in applied {
        let object = place.find(kind, name).await?;
        all.push(version(&object.with_context(|| format!("{kind} {name}"))?)?);
    }
    Ok(all)
}

async fn inventory(place: &Place<'_>) -> Result<Value> {
    let object = place.find("Kustomization", "app").await?;
    Ok(object.context("the Kustomization is gone")?["status"]["inventory"].clone())
}
