//! Records are Helm's own: the commands of Helm 4 and Helm 3 on our releases, and ours on theirs.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use skein_testkit::{Helm, write_chart};

use super::{KIND, chart};
use crate::place::{Place, named, version};

/// Both majors.
const MAJORS: &[&str] = &["helm", "helm3"];

/// List, history, status, get, test, rollback, upgrade and uninstall on a release that we made.
pub async fn lets_helm_work_on_our_releases(mut place: Place<'_>) -> Result<()> {
    let fields = json!({"values": {"color": "blue", "test": "Succeeded"}});
    place.start_release(&fields).await?;
    place.change(&json!({"values": {"color": "green"}})).await?;
    place.shows("app", "green").await?;
    place.ready(KIND, "True").await?;
    for program in MAJORS {
        reads(&place, program)
            .await
            .with_context(|| format!("reading by {program}"))?;
    }
    let folder = place.world.folder().join("interop-chart");
    write_chart(&folder, &chart("9.0.0"))?;
    let folder = folder.to_string_lossy();
    for program in MAJORS {
        place.change(&json!({"suspend": true})).await?;
        let helm = place.world.helm(program)?;
        let said = |words: &[&str]| run(&helm, &place, words);
        said(&["test", "app"]).with_context(|| format!("{program} test"))?;
        let mut upgrade = vec![
            "upgrade",
            "app",
            &folder,
            "--reuse-values",
            "--set",
            "color=red",
        ];
        if *program == "helm" {
            // Fields that were applied by another manager are taken over only when told so, as on Flux's own releases.
            upgrade.push("--force-conflicts");
        }
        said(&upgrade).with_context(|| format!("{program} upgrade"))?;
        place.shows("app", "red").await?;
        place.change(&json!({"suspend": false})).await?;
        place.shows("app", "green").await?;
        place.ready(KIND, "True").await?;
        said(&["uninstall", "app", "--wait"]).with_context(|| format!("{program} uninstall"))?;
        place.reconcile(KIND, "app").await?;
        place.shows("app", "green").await?;
        place.ready(KIND, "True").await?;
        place.has_snapshots(&[(1, "deployed")]).await?;
    }
    Ok(())
}

async fn reads(place: &Place<'_>, program: &str) -> Result<()> {
    let helm = place.world.helm(program)?;
    let said = |words: &[&str]| run(&helm, place, words);
    let list: Value = serde_json::from_str(&said(&["list", "-o", "json"])?)?;
    let found = (&list[0]["name"], &list[0]["revision"], &list[0]["status"]);
    ensure!(
        found == (&json!("app"), &json!("2"), &json!("deployed")),
        "{list}"
    );
    let history: Value = serde_json::from_str(&said(&["history", "app", "-o", "json"])?)?;
    let entries = history.as_array().context("a history is a list")?;
    let statuses: Vec<&str> = entries
        .iter()
        .filter_map(|entry| entry["status"].as_str())
        .collect();
    ensure!(statuses == ["superseded", "deployed"], "{history}");
    let values: Value = serde_json::from_str(&said(&["get", "values", "app", "-o", "json"])?)?;
    ensure!(
        values == json!({"color": "green", "test": "Succeeded"}),
        "{values}"
    );
    ensure!(said(&["get", "manifest", "app"])?.contains("app-settings"));
    ensure!(said(&["get", "hooks", "app"])?.contains("app-check"));
    ensure!(said(&["get", "notes", "app"])?.contains("app is green."));
    ensure!(said(&["status", "app"])?.contains("deployed"));
    Ok(())
}

fn run(helm: &Helm, place: &Place<'_>, words: &[&str]) -> Result<String> {
    let mut words = words.to_vec();
    words.extend(["-n", &place.namespace]);
    helm.run(&words)
}

/// A release that Helm installed becomes ours as its next revision; no object is made anew, and its history stays.
pub async fn takes_over_from_helm(mut place: Place<'_>) -> Result<()> {
    let folder = place.world.folder().join("takeover-chart");
    write_chart(&folder, &chart("0.9.0"))?;
    let folder = folder.to_string_lossy();
    place.commit_chart(&chart("1.0.0"))?;
    place.create_all(&[place.source(&json!({}))]).await?;
    for program in MAJORS {
        let helm = place.world.helm(program)?;
        let name = format!("by-{program}");
        let settings = format!("{name}-settings");
        run(
            &helm,
            &place,
            &["install", &name, &folder, "--set", "color=blue"],
        )?;
        let before = place.find("ConfigMap", &settings).await?;
        let before = version(&before.context("Helm made nothing")?)?;
        let release = named(place.release(&json!({"values": {"color": "green"}})), &name);
        place.create_all(&[release]).await?;
        place.ready_of(KIND, &name, "True").await?;
        place.shows(&name, "green").await?;
        let after = place.find("ConfigMap", &settings).await?;
        let after = version(&after.context("it is gone")?)?;
        ensure!(before.0 == after.0, "{program}: the object was made anew");
        for reader in MAJORS {
            let helm = place.world.helm(reader)?;
            let history = run(&helm, &place, &["history", &name, "-o", "json"])?;
            let history: Value = serde_json::from_str(&history)?;
            let revisions: Vec<i64> = history
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|entry| entry["revision"].as_i64())
                .collect();
            ensure!(revisions == [1, 2], "{program}, {reader}: {history}");
        }
        place.remove(&name).await?;
        ensure!(place.find("ConfigMap", &settings).await?.is_none());
        let left = run(&helm, &place, &["list", "-q"])?;
        ensure!(
            left.trim().is_empty(),
            "{program}: records are left: {left}"
        );
    }
    Ok(())
}
