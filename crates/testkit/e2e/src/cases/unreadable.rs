//! Objects that got past validation.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::place::{Files, Place, config_map, named};
use crate::world::World;

const DEFINITIONS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

/// Objects that got past validation (written while the definition was weaker) and that no controller can read: they are named,
/// and the others go on, also after a restart (CVE-2022-39272).
pub async fn goes_on_beside_unreadable_objects(world: &mut World) -> Result<()> {
    let kinds = [
        (
            "kustomizations.kustomize.toolkit.fluxcd.io",
            "Kustomization",
        ),
        ("gitrepositories.source.toolkit.fluxcd.io", "GitRepository"),
    ];
    {
        let mut place = world.place("unreadable").await?;
        let one = config_map("one", "blue");
        place.commit(&Files::from([("one.yaml", Some(one.as_str()))]))?;
        let mut kept = Vec::new();
        for (definition, _) in kinds {
            kept.push(loosen(&place, definition).await?);
        }
        let bad = json!({"interval": "5 parsecs"});
        place
            .until("the weaker definitions are in force", || async {
                let source = named(place.source(&bad), "bad");
                let kustomization = named(place.kustomization(&bad), "bad");
                for object in [source, kustomization] {
                    let kind = object["kind"].as_str().unwrap_or_default();
                    let there = place.find(kind, "bad").await?.is_some();
                    if !there && place.create_all(&[object]).await.is_err() {
                        return Ok(false);
                    }
                }
                Ok(true)
            })
            .await?;
        for ((definition, _), spec) in kinds.iter().zip(kept) {
            let path = format!("{DEFINITIONS}/{definition}");
            let patch = json!([{"op": "replace", "path": "/spec/versions", "value": spec}]);
            place.world.api.patch(&path, "json", &patch).await?;
        }
        let objects = [place.source(&json!({})), place.kustomization(&json!({}))];
        place.create_all(&objects).await?;
        place.ready("Kustomization", "True").await?;
    }
    world.restart_controllers()?;
    world.controllers.check()?;
    let place = Place::open(world, "unreadable");
    place.reconcile("GitRepository", "app").await?;
    place.reconcile("Kustomization", "app").await?;
    let words = ["spec.interval", "5 parsecs", "correct the object"];
    for (_, kind) in kinds {
        place.refused(kind, "bad", &words).await?;
        // The real kustomize-controller, in a later case, would stand still beside it.
        place.world.api.delete(&place.path(kind, "bad")?).await?;
        place
            .until("the bad object is gone", || async {
                Ok(place.find(kind, "bad").await?.is_none())
            })
            .await?;
    }
    Ok(())
}

/// Takes the schema of all versions away; gives what they were.
async fn loosen(place: &Place<'_>, definition: &str) -> Result<Value> {
    let path = format!("{DEFINITIONS}/{definition}");
    let live = place.world.api.get(&path).await?;
    let kept = live["spec"]["versions"].clone();
    let mut loose = kept.clone();
    for version in loose.as_array_mut().context("a definition has versions")? {
        version["schema"] = json!({"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}});
    }
    let patch = json!([{"op": "replace", "path": "/spec/versions", "value": loose}]);
    place.world.api.patch(&path, "json", &patch).await?;
    Ok(kept)
}
