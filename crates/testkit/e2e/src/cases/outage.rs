//! What breaks under the controllers: they themselves, and the API server.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::json;

use crate::place::{Files, Place, config_map};
use crate::world::World;

/// Objects of one commit: enough that the kill meets the middle.
const OBJECTS: usize = 120;
/// How often we kill.
const ROUNDS: usize = 4;
/// How long the API server stays away: longer than most pauses of watches and retries.
const OUTAGE: Duration = Duration::from_secs(60);

/// Killed as soon as the first objects are seen, and while it is dead the commit is replaced: everything that the dead run made
/// is known to the next one, which removes what is no longer wanted.
pub async fn survives_being_killed_in_the_middle(world: &mut World) -> Result<()> {
    let namespace = "killed";
    let mut place = world.place(namespace).await?;
    place.commit(&Files::from([("readme.md", Some("nothing yet"))]))?;
    let objects = [place.source(&json!({})), place.kustomization(&json!({}))];
    place.create_all(&objects).await?;
    place.ready("Kustomization", "True").await?;
    let mut repository = place.take_repository()?;
    drop(place);
    let mut was_partial = false;
    for round in 0..ROUNDS {
        let mut place = Place::open(world, namespace).with_repository(repository);
        place.commit_set(&format!("round{round}-lost"), OBJECTS)?;
        place.reconcile("GitRepository", "app").await?;
        place
            .until("the first objects are there", || async {
                let names = place.owned("ConfigMap", "app").await?;
                Ok(names
                    .iter()
                    .any(|name| name.contains(&format!("round{round}-lost"))))
            })
            .await?;
        repository = place.take_repository()?;
        world.controllers.kill_component("kustomize");

        let mut place = Place::open(world, namespace).with_repository(repository);
        let made = place.owned("ConfigMap", "app").await?;
        let known: BTreeSet<String> = place.inventory("app").await?.into_iter().collect();
        let unknown: Vec<&String> = made
            .iter()
            .filter(|name| !known.contains(&format!("{namespace}_{name}__ConfigMap")))
            .collect();
        ensure!(
            unknown.is_empty(),
            "made but not in the inventory: {unknown:?}"
        );
        let lost = made.iter().filter(|name| name.contains("lost")).count();
        was_partial |= lost < OBJECTS;
        let commit = place.commit_set(&format!("round{round}-kept"), OBJECTS / 4)?;
        place.reconcile("GitRepository", "app").await?;
        repository = place.take_repository()?;
        world
            .controllers
            .start_component(&world.target, "kustomize")?;
        let place = Place::open(world, namespace);
        place.applied(&commit).await?;
        place.ready("Kustomization", "True").await?;
        let (left, known) = (
            place.owned("ConfigMap", "app").await?,
            place.inventory("app").await?,
        );
        ensure!(
            left.len() == OBJECTS / 4,
            "round {round}: {} objects are left",
            left.len()
        );
        ensure!(
            left.iter().all(|name| name.contains("kept")),
            "orphans of the killed run: {left:?}"
        );
        ensure!(known.len() == left.len(), "inventory {known:?}");
    }
    ensure!(was_partial, "no kill met the middle of an apply");
    Ok(())
}

/// Gone and back again: watches and work resume by themselves, and what drifted or was committed meanwhile is found.
pub async fn survives_an_outage_of_the_api(world: &mut World) -> Result<()> {
    let namespace = "outage";
    let mut place = world.place(namespace).await?;
    let one = config_map("one", "blue");
    place.commit(&Files::from([("one.yaml", Some(one.as_str()))]))?;
    let objects = [place.source(&json!({})), place.kustomization(&json!({}))];
    place.create_all(&objects).await?;
    place.ready("Kustomization", "True").await?;
    let repository = place.take_repository()?;
    world.target.kill_api();
    tokio::time::sleep(OUTAGE).await;
    world
        .target
        .start_api()
        .await
        .context("starting the API server again")?;
    world.controllers.check()?;

    let mut place = Place::open(world, namespace).with_repository(repository);
    let wrong = json!({"data": {"key": "wrong"}});
    place.patch("ConfigMap", "one", &wrong).await?;
    place
        .until("one is blue again", || async {
            Ok(place.value("one", "key").await?.as_deref() == Some("blue"))
        })
        .await?;
    let red = config_map("one", "red");
    let commit = place.commit(&Files::from([("one.yaml", Some(red.as_str()))]))?;
    place.reconcile("GitRepository", "app").await?;
    place.applied(&commit).await?;
    ensure!(place.value("one", "key").await?.as_deref() == Some("red"));
    Ok(())
}
