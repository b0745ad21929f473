//! Drop-in: releases of Flux's helm-controller become ours, and go back, and nothing is written.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::{KIND, chart};
use crate::place::{Place, named, version};
use crate::world::World;

/// Releases in the states that a fleet has.
const RELEASES: &[&str] = &["app", "plain", "rolled", "registry"];

/// Kinds whose objects must stay as they are.
const KINDS: &[&str] = &["ConfigMap", "Secret", "Deployment", "Service", "HelmChart"];

/// Identity and version by kind and name.
type Versions = BTreeMap<String, (String, String)>;

/// The real helm-controller first, then ours, then the real one again: no object is written, records and Secrets included.
pub async fn takes_over_releases_from_flux_and_gives_back(world: &mut World) -> Result<()> {
    let namespace = "release-handover";
    world.controllers.stop_component("helm");
    let flux = skein_upstream::binary("helm-controller")?;
    world.controllers.use_real(flux.clone())?;
    world.controllers.start_component(&world.target, "helm")?;
    let before = {
        let place = world.place(namespace).await?;
        start(place).await.context("Flux installs")?
    };
    for ours in [true, false] {
        world.controllers.stop_component("helm");
        if ours {
            world.controllers.use_ours("helm");
        } else {
            world.controllers.use_real(flux.clone())?;
        }
        world.controllers.start_component(&world.target, "helm")?;
        let place = Place::open(world, namespace);
        let who = if ours {
            "our take-over"
        } else {
            "the way back"
        };
        for name in RELEASES {
            place
                .reconcile(KIND, name)
                .await
                .with_context(|| format!("{who}: {name}"))?;
        }
        let after = look(&place).await?;
        unchanged(&before, &after).with_context(|| who.to_owned())?;
    }
    stops_at_fields_of_the_controller(&Place::open(world, namespace))?;
    // Both go on from there: ours makes the next revision of what Flux made.
    world.controllers.stop_component("helm");
    world.controllers.use_ours("helm");
    world.controllers.start_component(&world.target, "helm")?;
    let place = Place::open(world, namespace);
    place.change(&json!({"values": {"color": "red"}})).await?;
    place.shows("app", "red").await?;
    place.ready(KIND, "True").await?;
    place.remove("plain").await?;
    ensure!(
        place.find("ConfigMap", "plain-settings").await?.is_none(),
        "what Flux had made is left"
    );
    Ok(())
}

/// Helm 4 refuses to roll a release back whose objects Flux's controller applied, unless it is told to take the fields: as with ours.
fn stops_at_fields_of_the_controller(place: &Place<'_>) -> Result<()> {
    let helm = place.world.helm("helm")?;
    let rolled = helm.run(&["rollback", "registry", "-n", &place.namespace]);
    let problem = rolled
        .err()
        .context("Helm rolled back without a conflict")?;
    let problem = problem.to_string();
    ensure!(
        problem.contains("conflicts with \"helm-controller\""),
        "{problem}"
    );
    Ok(())
}

/// What is there: versions of objects, and the parts of the statuses that tell the releases.
struct Look {
    versions: Versions,
    statuses: BTreeMap<String, Value>,
}

fn unchanged(before: &Look, after: &Look) -> Result<()> {
    for (name, version) in &before.versions {
        let now = after.versions.get(name);
        ensure!(now == Some(version), "{name} was {version:?}, is {now:?}");
    }
    ensure!(
        before.versions.len() == after.versions.len(),
        "objects were added"
    );
    for (name, status) in &before.statuses {
        let now = &after.statuses[name];
        ensure!(now == status, "status of {name}: was {status}, is {now}");
    }
    Ok(())
}

async fn look(place: &Place<'_>) -> Result<Look> {
    let mut versions = Versions::new();
    for kind in KINDS {
        for object in place.all(kind).await? {
            let name = object["metadata"]["name"].as_str().unwrap_or_default();
            versions.insert(format!("{kind}/{name}"), version(&object)?);
        }
    }
    let mut statuses = BTreeMap::new();
    for name in RELEASES {
        let object = place.find(KIND, name).await?.unwrap_or_default();
        let mut status = object["status"].clone();
        if let Some(status) = status.as_object_mut() {
            status.remove("lastHandledReconcileAt");
        }
        // When a condition was last looked at is no part of the release.
        for condition in status["conditions"].as_array_mut().into_iter().flatten() {
            if let Some(condition) = condition.as_object_mut() {
                condition.remove("lastTransitionTime");
            }
        }
        statuses.insert((*name).to_owned(), status);
    }
    Ok(Look { versions, statuses })
}

/// Installed, upgraded, tested, watched for drift; with everything in defaults; rolled back after a failure; from a registry.
async fn start(mut place: Place<'_>) -> Result<Look> {
    place.commit_chart(&chart("1.0.0"))?;
    let app = place.release(&json!({
        "values": {"color": "blue", "workload": true, "test": "Succeeded", "hook": "Succeeded"},
        "test": {"enable": true}, "driftDetection": {"mode": "enabled"},
        "commonMetadata": {"labels": {"team": "a"}},
        "postRenderers": [{"kustomize": {"images": [{"name": "example.com/main", "newTag": "2"}]}}],
    }));
    let plain = named(place.release(&json!({})), "plain");
    let rolled = named(
        place.release(&json!({
            "values": {"color": "blue"}, "upgrade": {"remediation": {"retries": 0, "remediateLastFailure": true}},
        })),
        "rolled",
    );
    let fields = json!({"values": {"color": "blue", "workload": true}, "maxHistory": 2});
    let [source, registry] = place.release_from_registry("1.0.0", &fields).await?;
    let registry = named(registry, "registry");
    place
        .create_all(&[
            place.source(&json!({})),
            app,
            plain,
            rolled,
            source,
            registry,
        ])
        .await?;
    for name in RELEASES {
        place.ready_of(KIND, name, "True").await?;
    }
    let color = |name: &'static str, color: &'static str| {
        let place = &place;
        async move {
            let values = json!({"spec": {"values": {"color": color}}});
            place.patch(KIND, name, &values).await?;
            place.shows(name, color).await?;
            place.ready_of(KIND, name, "True").await.map(drop)
        }
    };
    color("app", "green").await?;
    color("registry", "green").await?;
    color("registry", "red").await?;
    let invalid = json!({"spec": {"values": {"invalid": true}}});
    place.patch(KIND, "rolled", &invalid).await?;
    place
        .until("the failed upgrade is rolled back", || async {
            let object = place.find(KIND, "rolled").await?.unwrap_or_default();
            let conditions = object["status"]["conditions"].as_array();
            let has = |kind: &str| {
                let mut all = conditions.into_iter().flatten();
                all.any(|condition| condition["type"] == kind && condition["status"] == "True")
            };
            Ok(has("Remediated") && has("Stalled"))
        })
        .await?;
    place
        .until("everything rests", || async {
            let before = look(&place).await?;
            tokio::time::sleep(std::time::Duration::from_secs(2)).await;
            Ok(before.versions == look(&place).await?.versions)
        })
        .await?;
    look(&place).await
}
