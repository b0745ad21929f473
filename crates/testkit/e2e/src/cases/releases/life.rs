//! The life of a release as it should go: install, test, upgrade, move, suspend, delete.

use anyhow::{Result, ensure};
use serde_json::json;

use super::{KIND, chart};
use crate::place::{Place, named, version};

/// From a registry: installed, tested, upgraded by values and by a new version of the chart, and uninstalled with all that it made.
pub async fn installs_upgrades_and_uninstalls(place: Place<'_>) -> Result<()> {
    let fields = json!({
        "values": {"color": "blue", "workload": true, "test": "Succeeded", "hook": "Succeeded"},
        "test": {"enable": true},
    });
    let objects = place.release_from_registry("1.0.0", &fields).await?;
    place.create_all(&objects).await?;
    place.ready(KIND, "True").await?;
    place.shows("app", "blue").await?;
    place.has_snapshots(&[(1, "deployed")]).await?;
    let (tested, reason, message) = place.condition("TestSuccess").await?;
    ensure!(
        (tested.as_str(), reason.as_str()) == ("True", "TestSucceeded"),
        "{message}"
    );
    let web = place.find("Deployment", "app").await?.unwrap_or_default();
    ensure!(web["status"]["availableReplicas"] == 1, "{}", web["status"]);

    place
        .change(&json!({"values": {"color": "green", "workload": false}}))
        .await?;
    place.shows("app", "green").await?;
    place.ready(KIND, "True").await?;
    place
        .has_snapshots(&[(2, "deployed"), (1, "superseded")])
        .await?;
    place.goes("Deployment", "app").await?;

    let charts = place.world.charts().await?;
    charts.push(&place.namespace, &chart("1.1.0"))?;
    place.reconcile("OCIRepository", "web").await?;
    place
        .until("the new version is deployed", || async {
            let object = place.find(KIND, "app").await?.unwrap_or_default();
            let version = object["status"]["history"][0]["chartVersion"].as_str();
            Ok(version.is_some_and(|version| version.starts_with("1.1.0+")))
        })
        .await?;
    place.ready(KIND, "True").await?;

    place.remove("app").await?;
    ensure!(place.find("ConfigMap", "app-settings").await?.is_none());
    let records = place.world.helm("helm")?;
    let listed = records.run(&["list", "-n", &place.namespace, "-q"])?;
    ensure!(listed.trim().is_empty(), "records are left: {listed}");
    Ok(())
}

/// A value in a watched Secret changes: an upgrade follows at once, without anything of its own being changed.
pub async fn follows_values_of_a_secret(mut place: Place<'_>) -> Result<()> {
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret",
        "metadata": {"name": "values", "labels": {"reconcile.fluxcd.io/watch": "Enabled"}},
        "stringData": {"values.yaml": "color: blue\n", "more": "one"},
    });
    place.create_all(&[secret]).await?;
    let from = json!([
        {"kind": "Secret", "name": "values"},
        {"kind": "Secret", "name": "values", "valuesKey": "more", "targetPath": "more"},
        {"kind": "ConfigMap", "name": "absent", "optional": true},
    ]);
    place.start_release(&json!({"valuesFrom": from})).await?;
    place.shows("app", "blue").await?;
    ensure!(place.value("app-settings", "more").await?.as_deref() == Some("one"));
    let change = json!({"stringData": {"values.yaml": "color: green\n", "more": "two"}});
    place.patch("Secret", "values", &change).await?;
    place.shows("app", "green").await?;
    ensure!(place.value("app-settings", "more").await?.as_deref() == Some("two"));
    let message = place.ready(KIND, "True").await?.1;
    ensure!(
        !message.contains("green"),
        "a secret value is told: {message}"
    );
    Ok(())
}

/// The same chart from another place: an upgrade, nothing is made anew, and the chart that is no longer needed goes.
pub async fn follows_a_moved_chart(mut place: Place<'_>) -> Result<()> {
    place
        .start_release(&json!({"values": {"color": "blue"}}))
        .await?;
    let before = place.find("ConfigMap", "app-settings").await?;
    let before = version(&before.unwrap_or_default())?;
    let name = format!("{}-app", place.namespace);
    ensure!(place.find("HelmChart", &name).await?.is_some());

    let [source, release] = place.release_from_registry("2.0.0", &json!({})).await?;
    place.create_all(&[source]).await?;
    let reference = &release["spec"]["chartRef"];
    place
        .change(&json!({"chart": null, "chartRef": reference}))
        .await?;
    place
        .until("the chart of the registry is deployed", || async {
            let object = place.find(KIND, "app").await?.unwrap_or_default();
            let version = object["status"]["history"][0]["chartVersion"].as_str();
            Ok(version.is_some_and(|version| version.starts_with("2.0.0+")))
        })
        .await?;
    place.ready(KIND, "True").await?;
    place.goes("HelmChart", &name).await?;
    let after = place.find("ConfigMap", "app-settings").await?;
    let after = version(&after.unwrap_or_default())?;
    ensure!(after.0 == before.0, "the object was made anew");
    place
        .has_snapshots(&[(2, "deployed"), (1, "superseded")])
        .await
}

/// Suspended, nothing is done, not even at its deletion.
pub async fn suspends_releases(mut place: Place<'_>) -> Result<()> {
    place
        .start_release(&json!({"values": {"color": "blue"}}))
        .await?;
    place
        .change(&json!({"suspend": true, "values": {"color": "green"}}))
        .await?;
    place
        .stays("app is blue", || async {
            Ok(place.value("app-settings", "color").await?.as_deref() == Some("blue"))
        })
        .await?;
    place.change(&json!({"suspend": false})).await?;
    place.shows("app", "green").await?;
    place.ready(KIND, "True").await?;
    place.change(&json!({"suspend": true})).await?;
    place.remove("app").await?;
    ensure!(
        place.find("ConfigMap", "app-settings").await?.is_some(),
        "a suspended release was uninstalled"
    );
    Ok(())
}

/// One waits for the other, and goes on as soon as that is ready.
pub async fn keeps_the_order_of_releases(mut place: Place<'_>) -> Result<()> {
    place.commit_chart(&chart("1.0.0"))?;
    let later = place.release(&json!({"dependsOn": [{"name": "base"}]}));
    place.create_all(&[place.source(&json!({})), later]).await?;
    let words = ["base"];
    let (reason, _) = place.refused(KIND, "app", &words).await?;
    ensure!(reason == "DependencyNotReady", "reason {reason}");
    ensure!(place.find("ConfigMap", "app-settings").await?.is_none());
    let base = named(place.release(&json!({"values": {"color": "blue"}})), "base");
    place.create_all(&[base]).await?;
    place.ready_of(KIND, "base", "True").await?;
    place.ready(KIND, "True").await?;
    Ok(())
}

/// The chart's definitions: made at the install, left alone by an upgrade that skips them, replaced by one that says so, and kept at the end.
pub async fn upgrades_definitions(mut place: Place<'_>) -> Result<()> {
    let definition = |field: &str| {
        format!(
            "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {{name: widgets.releases.example.com}}\n\
             spec:\n  group: releases.example.com\n  scope: Namespaced\n  names: {{kind: Widget, plural: widgets}}\n  versions:\n  - name: v1\n    \
             served: true\n    storage: true\n    schema:\n      openAPIV3Schema:\n        type: object\n        properties:\n          \
             spec: {{type: object, properties: {{{field}: {{type: string}}}}}}\n"
        )
    };
    let with = |version: &str, field: &str| {
        let mut files = chart(version);
        files.insert("crds/widgets.yaml".to_owned(), definition(field));
        let widget = "apiVersion: releases.example.com/v1\nkind: Widget\nmetadata: {name: one}\nspec: {first: x}\n";
        files.insert("templates/widget.yaml".to_owned(), widget.to_owned());
        files
    };
    place.commit_chart(&with("1.0.0", "first"))?;
    let release = place.release(&json!({"upgrade": {"crds": "Skip"}}));
    place
        .create_all(&[place.source(&json!({})), release])
        .await?;
    place.ready(KIND, "True").await?;
    ensure!(properties(&place).await? == ["first"]);
    let commit = place.commit_chart(&with("1.1.0", "second"))?;
    place.reconcile("GitRepository", "app").await?;
    place.deploys(&commit).await?;
    let left = properties(&place).await?;
    ensure!(left == ["first"], "Skip replaced it: {left:?}");

    place
        .change(&json!({"upgrade": {"crds": "CreateReplace"}, "values": {"color": "red"}}))
        .await?;
    place.shows("app", "red").await?;
    place.ready(KIND, "True").await?;
    ensure!(
        properties(&place).await? == ["second"],
        "CreateReplace left it"
    );
    place.remove("app").await?;
    // An error if it was deleted.
    properties(&place).await.map(drop)
}

/// The fields of the definition that the chart brings.
async fn properties(place: &Place<'_>) -> Result<Vec<String>> {
    let path =
        "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.releases.example.com";
    let live = place.world.api.get(path).await?;
    let schema = &live["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
    let names = schema["properties"]["spec"]["properties"].as_object();
    Ok(names
        .map(|names| names.keys().cloned().collect())
        .unwrap_or_default())
}
