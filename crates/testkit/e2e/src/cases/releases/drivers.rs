//! Records in ConfigMaps and in memory: the same records, which Helm reads and goes on with where there is something to read.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use skein_testkit::{Helm, write_chart};

use super::{KIND, chart};
use crate::place::{Place, named};
use crate::world::World;

/// Both majors.
const MAJORS: &[&str] = &["helm", "helm3"];
/// Namespace of the case; the controller looks at no other, whose releases have their records elsewhere.
const NAMESPACE: &str = "release-drivers";

/// Our records in ConfigMaps are listed, read and rolled back by Helm 4 and 3, and theirs are taken over.
pub async fn keeps_records_where_told(world: &mut World) -> Result<()> {
    start_with(world, Some("configmap"))?;
    {
        let mut place = world.place(NAMESPACE).await?;
        let fields = json!({"values": {"color": "blue", "test": "Succeeded"}});
        place.start_release(&fields).await?;
        place.change(&json!({"values": {"color": "green"}})).await?;
        place.shows("app", "green").await?;
        place.ready(KIND, "True").await?;
        ours_for_helm(&place).await?;
        theirs_for_us(&place).await?;
        place.remove("app").await?;
        for program in MAJORS {
            let left = run(&place, program, &["list", "-q"])?;
            ensure!(
                left.trim().is_empty(),
                "{program}: records are left: {left}"
            );
        }
    }
    start_with(world, Some("memory"))?;
    in_memory(&Place::open(world, NAMESPACE)).await?;
    start_with(world, None)
}

/// The helm controller anew, for this namespace alone, or as all cases have it.
fn start_with(world: &mut World, driver: Option<&str>) -> Result<()> {
    world.controllers.stop_component("helm");
    let flags = driver.map_or_else(Vec::new, |driver| {
        vec![
            format!("--helm-storage-driver={driver}"),
            "--watch-all-namespaces=false".to_owned(),
            format!("--runtime-namespace={NAMESPACE}"),
        ]
    });
    world.controllers.set_flags(flags);
    world.controllers.start_component(&world.target, "helm")
}

fn run(place: &Place<'_>, program: &str, words: &[&str]) -> Result<String> {
    let helm: Helm = place.world.helm(program)?.with_driver("configmap");
    let mut words = words.to_vec();
    words.extend(["-n", &place.namespace]);
    helm.run(&words)
}

async fn records(place: &Place<'_>, kind: &str) -> Result<Vec<String>> {
    let all = place.all(kind).await?;
    let names = all.iter().filter_map(|o| o["metadata"]["name"].as_str());
    let records = names.filter(|name| name.starts_with("sh.helm.release.v1."));
    Ok(records.map(str::to_owned).collect())
}

async fn ours_for_helm(place: &Place<'_>) -> Result<()> {
    ensure!(records(place, "Secret").await?.is_empty());
    let names = records(place, "ConfigMap").await?;
    ensure!(
        names == ["sh.helm.release.v1.app.v1", "sh.helm.release.v1.app.v2"],
        "{names:?}"
    );
    for program in MAJORS {
        let said = |words: &[&str]| run(place, program, words).context(program.to_owned());
        let list: Value = serde_json::from_str(&said(&["list", "-o", "json"])?)?;
        ensure!(
            list[0]["name"] == "app" && list[0]["status"] == "deployed",
            "{list}"
        );
        let values = said(&["get", "values", "app", "-o", "json"])?;
        let values: Value = serde_json::from_str(&values)?;
        ensure!(
            values == json!({"color": "green", "test": "Succeeded"}),
            "{values}"
        );
        ensure!(said(&["get", "manifest", "app"])?.contains("app-settings"));
        ensure!(said(&["get", "hooks", "app"])?.contains("app-check"));
        place.change(&json!({"suspend": true})).await?;
        let before = history(place, program)?;
        let mut rollback = vec!["rollback", "app", "1"];
        if *program == "helm" {
            rollback.push("--force-conflicts");
        }
        said(&rollback)?;
        place.shows("app", "blue").await?;
        let after = history(place, program)?;
        ensure!(after.len() == before.len() + 1, "{before:?} {after:?}");
        place.change(&json!({"suspend": false})).await?;
        place.shows("app", "green").await?;
        place.ready(KIND, "True").await?;
    }
    Ok(())
}

/// Revision numbers.
fn history(place: &Place<'_>, program: &str) -> Result<Vec<i64>> {
    let text = run(place, program, &["history", "app", "-o", "json"])?;
    let entries: Vec<Value> = serde_json::from_str(&text)?;
    Ok(entries
        .iter()
        .filter_map(|e| e["revision"].as_i64())
        .collect())
}

async fn theirs_for_us(place: &Place<'_>) -> Result<()> {
    let folder = place.world.folder().join("driver-chart");
    write_chart(&folder, &chart("0.9.0"))?;
    let folder = folder.to_string_lossy();
    for program in MAJORS {
        let name = format!("by-{program}");
        run(
            place,
            program,
            &["install", &name, &folder, "--set", "color=blue"],
        )?;
        let release = named(place.release(&json!({"values": {"color": "green"}})), &name);
        place.create_all(&[release]).await?;
        place.ready_of(KIND, &name, "True").await?;
        place.shows(&name, "green").await?;
        let text = run(place, program, &["history", &name, "-o", "json"])?;
        let entries: Vec<Value> = serde_json::from_str(&text)?;
        let statuses: Vec<_> = entries.iter().map(|e| &e["status"]).collect();
        ensure!(statuses == ["superseded", "deployed"], "{program}: {text}");
        place.remove(&name).await?;
    }
    Ok(())
}

/// Installed, upgraded and uninstalled without a trace of a record in the cluster.
async fn in_memory(place: &Place<'_>) -> Result<()> {
    let release = place.release(&json!({"values": {"color": "blue"}}));
    place.create_all(&[release]).await?;
    place.ready(KIND, "True").await?;
    place.change(&json!({"values": {"color": "green"}})).await?;
    place.shows("app", "green").await?;
    place.ready(KIND, "True").await?;
    place
        .has_snapshots(&[(2, "deployed"), (1, "superseded")])
        .await?;
    // What is unchanged stays unchanged.
    place.reconcile(KIND, "app").await?;
    place
        .has_snapshots(&[(2, "deployed"), (1, "superseded")])
        .await?;
    for kind in ["Secret", "ConfigMap"] {
        let names = records(place, kind).await?;
        ensure!(names.is_empty(), "{names:?}");
    }
    place.remove("app").await?;
    ensure!(place.find("ConfigMap", "app-settings").await?.is_none());
    Ok(())
}
