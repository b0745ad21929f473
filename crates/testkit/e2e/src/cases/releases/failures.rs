//! What fails: upgrades, hooks and tests, and what is done about it.

use anyhow::{Result, ensure};
use serde_json::json;

use super::KIND;
use crate::place::Place;

/// A failed upgrade is rolled back, told, and not tried again when no retry is left; the next good values go out.
pub async fn rolls_back_a_failed_upgrade(mut place: Place<'_>) -> Result<()> {
    let remediation = json!({"retries": 0, "remediateLastFailure": true});
    let fields = json!({"values": {"color": "blue"}, "upgrade": {"remediation": remediation}});
    place.start_release(&fields).await?;
    place
        .change(&json!({"values": {"color": "red", "invalid": true}}))
        .await?;
    place.comes("Stalled", "True", "RetriesExceeded").await?;
    place.shows("app", "blue").await?;
    let (status, reason, message) = place.condition("Remediated").await?;
    ensure!(
        (status.as_str(), reason.as_str()) == ("True", "RollbackSucceeded"),
        "{message}"
    );
    let (_, _, message) = place.condition("Released").await?;
    ensure!(message.contains("app-invalid"), "{message}");
    let helm = place.world.helm("helm")?;
    let history = helm.run(&["history", "app", "-n", &place.namespace, "-o", "json"])?;
    let history: serde_json::Value = serde_json::from_str(&history)?;
    let statuses: Vec<&str> = history
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|entry| entry["status"].as_str())
        .collect();
    ensure!(
        statuses == ["superseded", "failed", "deployed"],
        "{statuses:?}"
    );

    place
        .change(&json!({"values": {"color": "green", "invalid": false}}))
        .await?;
    place.shows("app", "green").await?;
    place.ready(KIND, "True").await?;
    let (status, _, _) = place.condition("Stalled").await?;
    ensure!(status.is_empty(), "still stalled");
    Ok(())
}

/// A failed install is uninstalled and tried again as often as it says.
pub async fn tries_a_failed_install_again(mut place: Place<'_>) -> Result<()> {
    place.commit_chart(&super::chart("1.0.0"))?;
    let fields = json!({
        "values": {"color": "blue", "invalid": true},
        "install": {"remediation": {"retries": 1, "remediateLastFailure": true}},
    });
    place
        .create_all(&[place.source(&json!({})), place.release(&fields)])
        .await?;
    place.comes("Stalled", "True", "RetriesExceeded").await?;
    let object = place.find(KIND, "app").await?.unwrap_or_default();
    ensure!(
        object["status"]["installFailures"] == 2,
        "{}",
        object["status"]
    );
    ensure!(place.find("ConfigMap", "app-settings").await?.is_none());
    place
        .change(&json!({"values": {"color": "green", "invalid": false}}))
        .await?;
    place.shows("app", "green").await?;
    place.ready(KIND, "True").await?;
    Ok(())
}

/// A test that fails makes the release fail; one that is ignored does not.
pub async fn tells_a_failed_test(mut place: Place<'_>) -> Result<()> {
    let fields = json!({"values": {"color": "blue", "test": "Failed"}, "test": {"enable": true}});
    place.commit_chart(&super::chart("1.0.0"))?;
    place
        .create_all(&[place.source(&json!({})), place.release(&fields)])
        .await?;
    let message = place.comes("TestSuccess", "False", "TestFailed").await?;
    ensure!(message.contains("app-check"), "{message}");
    place.ready(KIND, "False").await?;
    place
        .change(&json!({"test": {"enable": true, "ignoreFailures": true}}))
        .await?;
    place.ready(KIND, "True").await?;
    place
        .change(&json!({"values": {"color": "green", "test": "Succeeded"}, "test": {"ignoreFailures": false}}))
        .await?;
    place.shows("app", "green").await?;
    place.comes("TestSuccess", "True", "TestSucceeded").await?;
    place.ready(KIND, "True").await?;
    Ok(())
}

/// A hook that fails stops the upgrade before any object is touched, and is named.
pub async fn stops_at_a_failed_hook(mut place: Place<'_>) -> Result<()> {
    let fields = json!({"values": {"color": "blue", "hook": "Succeeded"}});
    place.start_release(&fields).await?;
    place
        .change(&json!({"values": {"color": "red", "hook": "Failed"}}))
        .await?;
    let message = place.comes("Released", "False", "UpgradeFailed").await?;
    ensure!(
        message.contains("pre-upgrade hooks failed") && message.contains("app-before"),
        "{message}"
    );
    ensure!(
        place.value("app-settings", "color").await?.as_deref() == Some("blue"),
        "objects were written in spite of the hook"
    );
    place
        .change(&json!({"values": {"color": "green"}, "upgrade": {"disableHooks": true}}))
        .await?;
    place.shows("app", "green").await?;
    place.ready(KIND, "True").await?;
    Ok(())
}

/// What a hook wrote goes to the controller's log where the chart asks for it. On the real control plane nothing runs in Pods and
/// nobody has their logs: that is told, and the release goes on.
pub async fn tells_the_output_of_hooks(mut place: Place<'_>) -> Result<()> {
    let mut chart = super::chart("1.0.0");
    let policies = "annotations:\n    helm.sh/hook-output-log-policy: hook-succeeded,hook-failed\n";
    for file in ["templates/hook.yaml", "templates/test.yaml"] {
        let template = chart.entry(file.to_owned()).or_default();
        *template = template.replacen("annotations:\n", policies, 1);
    }
    place.commit_chart(&chart)?;
    let values = json!({"color": "blue", "hook": "Succeeded", "test": "Failed"});
    let fields = json!({"values": values, "test": {"enable": true, "ignoreFailures": true}});
    place
        .create_all(&[place.source(&json!({})), place.release(&fields)])
        .await?;
    place.comes("TestSuccess", "False", "TestFailed").await?;
    place.ready(KIND, "True").await?;
    let log = std::fs::read(place.world.controllers.log_of("helm"))?;
    let log = String::from_utf8_lossy(&log);
    let lines: Vec<&str> = log
        .lines()
        .filter(|line| line.contains(&place.namespace))
        .collect();
    for hook in ["app-before", "app-check"] {
        let told = format!("hook output: pod {hook}");
        let refused = "output of a hook cannot be told";
        let is_told = lines
            .iter()
            .any(|line| line.contains(hook) && (line.contains(&told) || line.contains(refused)));
        ensure!(is_told, "nothing about {hook} in:\n{}", lines.join("\n"));
    }
    Ok(())
}
