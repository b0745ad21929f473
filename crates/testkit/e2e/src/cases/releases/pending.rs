//! A controller that dies in the middle of an upgrade.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::KIND;
use crate::place::Place;
use crate::world::World;

/// The record says pending-upgrade; the next process unlocks it, says so, and upgrades.
pub async fn recovers_a_pending_release(world: &mut World) -> Result<()> {
    let namespace = "pending-release";
    {
        let mut place = world.place(namespace).await?;
        let fields = json!({"values": {"color": "blue", "hook": "Succeeded"}, "timeout": "30s"});
        place.start_release(&fields).await?;
        // The hook never ends, so that the kill meets the upgrade.
        place
            .change(&json!({"values": {"color": "green", "hook": "never"}}))
            .await?;
        place
            .until("the upgrade is pending", || async {
                let record = place.find("Secret", "sh.helm.release.v1.app.v2").await?;
                Ok(record.is_some_and(|record| {
                    record["metadata"]["labels"]["status"] == "pending-upgrade"
                }))
            })
            .await?;
    }
    world.controllers.kill_component("helm");
    {
        let place = Place::open(world, namespace);
        place
            .change(&json!({"values": {"color": "green", "hook": "Succeeded"}}))
            .await?;
        ensure!(place.value("app-settings", "color").await?.as_deref() == Some("blue"));
    }
    world.controllers.start_component(&world.target, "helm")?;
    let place = Place::open(world, namespace);
    place.shows("app", "green").await?;
    place.ready(KIND, "True").await?;
    let newest = place.snapshots().await?;
    ensure!(
        newest.first() == Some(&(3, "deployed".to_owned())),
        "{newest:?}"
    );
    let history = place
        .world
        .helm("helm")?
        .run(&["history", "app", "-n", namespace, "-o", "json"])?;
    let history: Value = serde_json::from_str(&history)?;
    let statuses: Vec<&str> = history
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|entry| entry["status"].as_str())
        .collect();
    ensure!(
        statuses == ["superseded", "failed", "deployed"],
        "{history}"
    );
    place
        .until("the unlock is told", || async {
            let path = format!("/api/v1/namespaces/{namespace}/events");
            let list = place.world.api.get(&path).await?;
            let items = list["items"].as_array().into_iter().flatten();
            Ok(items
                .filter_map(|event| event["message"].as_str())
                .any(|message| message.starts_with("Unlocked Helm release")))
        })
        .await
}
