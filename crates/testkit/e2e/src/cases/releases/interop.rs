//! Records are Helm's own: the commands of Helm 4 and Helm 3 on our releases, and ours on theirs.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use skein_testkit::{Helm, write_chart};

use super::{KIND, chart};
use crate::place::{Place, named, version};

/// Helm 4 takes fields that another manager applied only when told so; Helm 3 takes them, and has no such flag.
const FORCE: &str = "--force-conflicts";

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
            upgrade.push(FORCE);
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

/// Kinds of what runs.
const RUNNING: &[&str] = &["Deployment", "Service", "Pod"];

/// A release that runs becomes ours with the chart and the values that it has: nothing is made anew, changed or started again. Then it is handed
/// back: the HelmRelease goes while it is suspended, and Helm goes on from there.
pub async fn takes_a_running_release_over_and_hands_it_back(mut place: Place<'_>) -> Result<()> {
    let files = chart("1.0.0");
    let folder = place.world.folder().join("handback-chart");
    write_chart(&folder, &files)?;
    let folder = folder.to_string_lossy();
    place.commit_chart(&files)?;
    place.create_all(&[place.source(&json!({}))]).await?;
    for program in MAJORS {
        let helm = place.world.helm(program)?;
        let name = format!("{program}-run");
        let set = "color=blue,workload=true";
        let install = ["install", &name, &folder, "--set", set, "--wait"];
        run(&helm, &place, &install)?;
        let before = running(&place, &name).await?;
        ensure!(before.len() >= RUNNING.len(), "{program}: {before:?}");

        let values = json!({"values": {"color": "blue", "workload": true}});
        place
            .create_all(&[named(place.release(&values), &name)])
            .await?;
        place.ready_of(KIND, &name, "True").await?;
        let after = running(&place, &name).await?;
        ensure!(before == after, "{program}: {before:?} became {after:?}");

        let suspended = json!({"spec": {"suspend": true}});
        place.patch(KIND, &name, &suspended).await?;
        place.remove(&name).await?;
        let left = running(&place, &name).await?;
        ensure!(before == left, "{program}: {before:?} became {left:?}");
        back_with_helm(&place, program, (&name, &folder))
            .await
            .with_context(|| format!("handed back to {program}"))?;
    }
    Ok(())
}

/// Helm lists, upgrades, rolls back and uninstalls what was ours.
async fn back_with_helm(
    place: &Place<'_>,
    program: &str,
    (name, folder): (&str, &str),
) -> Result<()> {
    let helm = place.world.helm(program)?;
    let forced = (program == "helm").then_some(FORCE);
    let said = |words: &[&str]| {
        let words: Vec<&str> = words.iter().copied().chain(forced).collect();
        run(&helm, place, &words)
    };
    let set = ["--reuse-values", "--set", "color=red"];
    said(&[&["upgrade", name, folder][..], &set].concat())?;
    place.shows(name, "red").await?;
    said(&["rollback", name, "2"])?;
    place.shows(name, "blue").await?;
    let history = run(&helm, place, &["history", name, "-o", "json"])?;
    let history: Value = serde_json::from_str(&history)?;
    let revisions = history.as_array().map_or(0, Vec::len);
    // Installed by Helm, taken over by us, upgraded and rolled back by Helm.
    ensure!(revisions == 4, "{history}");
    run(&helm, place, &["uninstall", name, "--wait"])?;
    place.goes("Deployment", name).await?;
    place.goes("ConfigMap", &format!("{name}-settings")).await
}

/// Who each object of a release that runs is, and which generation of it: equal means that it was neither made anew nor changed.
async fn running(place: &Place<'_>, release: &str) -> Result<Vec<(String, Value, Value)>> {
    let mut found = Vec::new();
    for kind in RUNNING {
        for object in place.all(kind).await? {
            let metadata = &object["metadata"];
            let name = metadata["name"].as_str().unwrap_or_default();
            if !name.starts_with(release) {
                continue;
            }
            let generation = metadata["generation"].clone();
            found.push((
                format!("{kind}/{name}"),
                metadata["uid"].clone(),
                generation,
            ));
        }
    }
    found.sort_by(|one, other| one.0.cmp(&other.0));
    Ok(found)
}
