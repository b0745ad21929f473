//! Where a release goes and as whom: other namespaces, another cluster, the account of a tenant.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use skein_testkit::Target;

use super::{KIND, chart};
use crate::place::Place;

/// Objects in one namespace, records in another; a move of the records takes the release along.
pub async fn installs_into_other_namespaces(mut place: Place<'_>) -> Result<()> {
    let (target, storage) = (
        format!("{}-target", place.namespace),
        format!("{}-storage", place.namespace),
    );
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": storage}});
    let api = &place.world.api;
    api.create("/api/v1/namespaces", &namespace).await?;
    place.commit_chart(&chart("1.0.0"))?;
    let release = place.release(&json!({
        "values": {"color": "blue"}, "targetNamespace": target, "storageNamespace": storage,
        "releaseName": "web", "install": {"createNamespace": true},
    }));
    place
        .create_all(&[place.source(&json!({})), release])
        .await?;
    place.ready(KIND, "True").await?;
    let settings = format!("/api/v1/namespaces/{target}/configmaps/web-settings");
    ensure!(api.get(&settings).await?["data"]["color"] == "blue");
    let helm = place.world.helm("helm")?;
    let in_storage = helm.run(&["list", "-n", &storage, "-q"])?;
    ensure!(in_storage.trim() == "web", "records: {in_storage:?}");
    ensure!(helm.run(&["list", "-n", &target, "-q"])?.trim().is_empty());

    place.remove("app").await?;
    ensure!(api.find(&settings).await?.is_none(), "the object is left");
    ensure!(
        api.find(&format!("/api/v1/namespaces/{target}"))
            .await?
            .is_some(),
        "the namespace was deleted too"
    );
    Ok(())
}

/// Objects and records go to the cluster of the kubeconfig and come away from it again.
pub async fn installs_into_another_cluster(mut place: Place<'_>) -> Result<()> {
    let folder = place.world.folder().join("release-spoke");
    std::fs::create_dir_all(&folder).context("creating a folder for the spoke")?;
    let spoke = Target::start("embedded", place.world.program(), &folder).await?;
    let namespace =
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": place.namespace}});
    let api = spoke.api()?;
    api.create("/api/v1/namespaces", &namespace).await?;
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "spoke"},
        "stringData": {"value": spoke.kubeconfig()?},
    });
    place.create_all(&[secret]).await?;
    let fields = json!({
        "values": {"color": "blue"}, "kubeConfig": {"secretRef": {"name": "spoke"}},
        "driftDetection": {"mode": "enabled"},
    });
    place.start_release(&fields).await?;
    let path = place.path("ConfigMap", "app-settings")?;
    ensure!(api.get(&path).await?["data"]["color"] == "blue");
    ensure!(
        place.find("ConfigMap", "app-settings").await?.is_none(),
        "the hub has it too"
    );
    // Drift on the spoke is the hub's to undo.
    let wrong = json!({"data": {"color": "wrong"}});
    api.patch(&path, "merge", &wrong).await?;
    place
        .until("the spoke is put right", || async {
            Ok(api.get(&path).await?["data"]["color"] == "blue")
        })
        .await?;
    place.remove("app").await?;
    ensure!(api.find(&path).await?.is_none(), "the object is left");
    let secrets: Value = api.get(&secrets_of(&place)).await?;
    let left = secrets["items"].as_array().map_or(0, Vec::len);
    ensure!(left == 0, "{left} records are left");
    Ok(())
}

fn secrets_of(place: &Place<'_>) -> String {
    format!(
        "/api/v1/namespaces/{}/secrets?labelSelector=owner%3Dhelm",
        place.namespace
    )
}

/// The rights of the named account count, for records and objects.
pub async fn acts_as_the_account_of_a_release(mut place: Place<'_>) -> Result<()> {
    let account =
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "tenant"}});
    place.create_all(&[account]).await?;
    place.commit_chart(&chart("1.0.0"))?;
    let fields = json!({"serviceAccountName": "tenant", "values": {"color": "blue"}});
    place
        .create_all(&[place.source(&json!({})), place.release(&fields)])
        .await?;
    let words = ["forbidden", "tenant"];
    place.refused(KIND, "app", &words).await?;
    ensure!(place.find("ConfigMap", "app-settings").await?.is_none());

    let api = "rbac.authorization.k8s.io/v1";
    let role = json!({
        "apiVersion": api, "kind": "Role", "metadata": {"name": "tenant"},
        "rules": [{"apiGroups": [""], "resources": ["configmaps", "secrets"], "verbs": ["*"]}],
    });
    let binding = json!({
        "apiVersion": api, "kind": "RoleBinding", "metadata": {"name": "tenant"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "tenant"},
        "subjects": [{"kind": "ServiceAccount", "name": "tenant", "namespace": place.namespace}],
    });
    place.create_all(&[role, binding]).await?;
    place
        .until("the rights are used", || async {
            place.reconcile(KIND, "app").await?;
            Ok(place.condition("Ready").await?.0 == "True")
        })
        .await?;
    place.shows("app", "blue").await
}
