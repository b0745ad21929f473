//! What others change in the objects of a release, and what others do to its records.

use anyhow::{Result, ensure};
use serde_json::json;

use super::KIND;
use crate::place::Place;

/// Drift is found as it happens, told and corrected; what is to be ignored stays.
pub async fn corrects_drift_of_releases(mut place: Place<'_>) -> Result<()> {
    let ignore = json!([{"paths": ["/data/revision"], "target": {"kind": "ConfigMap"}}]);
    let fields = json!({
        "values": {"color": "blue"}, "driftDetection": {"mode": "enabled", "ignore": ignore},
    });
    place.start_release(&fields).await?;
    let wrong = json!({"data": {"color": "wrong", "revision": "theirs"}});
    place.patch("ConfigMap", "app-settings", &wrong).await?;
    place.shows("app", "blue").await?;
    ensure!(
        place.value("app-settings", "revision").await?.as_deref() == Some("theirs"),
        "an ignored field was corrected"
    );
    place
        .until("the correction is told", || async {
            let list = place.world.api.get(&events(&place)).await?;
            let items = list["items"].as_array().into_iter().flatten();
            let reasons: Vec<&str> = items.filter_map(|event| event["reason"].as_str()).collect();
            Ok(reasons.contains(&"DriftDetected") && reasons.contains(&"DriftCorrected"))
        })
        .await?;
    let path = place.path("ConfigMap", "app-settings")?;
    place.world.api.delete(&path).await?;
    place.shows("app", "blue").await?;
    place.ready(KIND, "True").await?;
    place.has_snapshots(&[(1, "deployed")]).await
}

/// With `warn`, drift is told and left.
pub async fn warns_of_drift_of_releases(mut place: Place<'_>) -> Result<()> {
    let fields = json!({"values": {"color": "blue"}, "driftDetection": {"mode": "warn"}});
    place.start_release(&fields).await?;
    let wrong = json!({"data": {"color": "wrong"}});
    place.patch("ConfigMap", "app-settings", &wrong).await?;
    let message = place.comes("Drifted", "True", "DriftDetected").await?;
    ensure!(message.contains("app-settings changed"), "{message}");
    ensure!(place.value("app-settings", "color").await?.as_deref() == Some("wrong"));
    place
        .change(&json!({"driftDetection": {"mode": "enabled"}}))
        .await?;
    place.shows("app", "blue").await
}

/// Somebody rolls back by hand: the next look finds another release than its own and brings the wanted one back.
pub async fn undoes_a_rollback_by_hand(mut place: Place<'_>) -> Result<()> {
    place
        .start_release(&json!({"values": {"color": "blue"}}))
        .await?;
    place.change(&json!({"values": {"color": "green"}})).await?;
    place.shows("app", "green").await?;
    place.ready(KIND, "True").await?;
    for program in ["helm", "helm3"] {
        let helm = place.world.helm(program)?;
        let mut words = vec!["rollback", "app", "1", "-n", &place.namespace];
        if program == "helm" {
            // As on releases of Flux's own controller: its manager applied the fields.
            words.push("--force-conflicts");
        }
        helm.run(&words)?;
        place.shows("app", "blue").await?;
        place.reconcile(KIND, "app").await?;
        place.shows("app", "green").await?;
        place.ready(KIND, "True").await?;
    }
    // Two by hand, two of ours after them.
    let newest = place.snapshots().await?;
    ensure!(
        newest.first() == Some(&(6, "deployed".to_owned())),
        "{newest:?}"
    );
    Ok(())
}

fn events(place: &Place<'_>) -> String {
    format!("/api/v1/namespaces/{}/events", place.namespace)
}
