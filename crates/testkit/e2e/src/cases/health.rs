//! Waiting for workloads, with Pods that become ready or never do.

use anyhow::{Result, ensure};
use serde_json::json;

use crate::place::{Files, Place};

fn deployment(name: &str, annotations: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {name}\nspec:\n  replicas: 2\n  selector:\n    matchLabels:\n      app: {name}\n  \
         template:\n    metadata:\n      labels:\n        app: {name}\n{annotations}    spec:\n      containers:\n      - name: main\n        image: example.com/main\n"
    )
}

/// Ready comes when the Deployment is available, not before.
pub async fn waits_for_workloads(mut place: Place<'_>) -> Result<()> {
    let web = deployment("web", "");
    place.commit(&Files::from([("web.yaml", Some(web.as_str()))]))?;
    let kustomization = place.kustomization(&json!({"wait": true, "timeout": "50s"}));
    place
        .create_all(&[place.source(&json!({})), kustomization])
        .await?;
    place.ready("Kustomization", "True").await?;
    let web = place.find("Deployment", "web").await?.unwrap_or_default();
    ensure!(web["status"]["availableReplicas"] == 2, "{}", web["status"]);
    Ok(())
}

/// A Deployment that never becomes ready is named.
pub async fn says_what_is_not_healthy(mut place: Place<'_>) -> Result<()> {
    let never = "      annotations:\n        fake/outcome: never\n";
    let web = deployment("web", never);
    place.commit(&Files::from([("web.yaml", Some(web.as_str()))]))?;
    let kustomization = place.kustomization(&json!({"wait": true, "timeout": "4s"}));
    place
        .create_all(&[place.source(&json!({})), kustomization])
        .await?;
    place
        .until("the Deployment is named", || async {
            let (reason, message) = place.ready("Kustomization", "False").await?;
            let name = "Deployment/says-what-is-not-healthy/web";
            Ok(reason == "HealthCheckFailed" && message.contains(name))
        })
        .await
}

/// Unhealthy first; the commit that mends it makes it ready, and the failure was told in between.
pub async fn recovers_from_bad_health(mut place: Place<'_>) -> Result<()> {
    let never = "      annotations:\n        fake/outcome: never\n";
    let bad = deployment("web", never);
    place.commit(&Files::from([("web.yaml", Some(bad.as_str()))]))?;
    let kustomization =
        place.kustomization(&json!({"wait": true, "timeout": "3s", "retryInterval": "1h"}));
    place
        .create_all(&[place.source(&json!({})), kustomization])
        .await?;
    let words = ["Deployment/recovers-from-bad-health/web"];
    let (reason, _) = place.refused("Kustomization", "app", &words).await?;
    ensure!(reason == "HealthCheckFailed", "reason {reason}");

    let good = deployment("web", "");
    let commit = place.commit(&Files::from([("web.yaml", Some(good.as_str()))]))?;
    place
        .patch("Kustomization", "app", &json!({"spec": {"timeout": "50s"}}))
        .await?;
    place.reconcile("GitRepository", "app").await?;
    place.applied(&commit).await?;
    place.ready("Kustomization", "True").await?;
    let web = place.find("Deployment", "web").await?.unwrap_or_default();
    ensure!(web["status"]["availableReplicas"] == 2, "{}", web["status"]);
    Ok(())
}
