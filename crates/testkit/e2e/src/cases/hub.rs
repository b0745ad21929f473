//! One hub, many clusters: `spec.kubeConfig`.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use skein_testkit::{ControlPlane, Options, Target};

use crate::place::{Files, Place, config_map, named};

/// Two spokes, one of each make where there is one; each gets what is its own, and the hub gets nothing.
pub async fn applies_to_two_spokes(mut place: Place<'_>) -> Result<()> {
    let folder = place.world.folder().join("spokes");
    std::fs::create_dir_all(&folder).context("creating a folder for the spokes")?;
    let first = Target::start("embedded", place.world.program(), &folder).await?;
    let second = match place.world.target {
        Target::Real(_) => Target::Real(Box::new(ControlPlane::start(&Options::bare()).await?)),
        Target::Embedded { .. } => {
            let folder = folder.join("second");
            std::fs::create_dir_all(&folder).context("creating a folder for a spoke")?;
            Target::start("embedded", place.world.program(), &folder).await?
        }
    };
    let (north, south) = (config_map("one", "north"), config_map("one", "south"));
    let commit = place.commit(&Files::from([
        ("north/one.yaml", Some(north.as_str())),
        ("south/one.yaml", Some(south.as_str())),
    ]))?;
    let mut objects = vec![place.source(&json!({}))];
    for (name, spoke) in [("north", &first), ("south", &second)] {
        let namespace =
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": place.namespace}});
        spoke
            .api()?
            .create("/api/v1/namespaces", &namespace)
            .await?;
        objects.push(json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": {"name": name},
            "stringData": {"value": spoke.kubeconfig()?},
        }));
        let fields =
            json!({"path": format!("./{name}"), "kubeConfig": {"secretRef": {"name": name}}});
        objects.push(named(place.kustomization(&fields), name));
    }
    place.create_all(&objects).await?;
    for (name, spoke) in [("north", &first), ("south", &second)] {
        place.ready_of("Kustomization", name, "True").await?;
        let object = place.find("Kustomization", name).await?.unwrap_or_default();
        let revision = object["status"]["lastAppliedRevision"].as_str();
        ensure!(revision.is_some_and(|revision| revision.contains(&commit)));
        ensure!(
            value_on(&place, spoke).await? == name,
            "{name} has something else"
        );
    }
    ensure!(
        place.find("ConfigMap", "one").await?.is_none(),
        "the hub has it too"
    );

    // Drift on a spoke is the hub's to undo.
    let path = place.path("ConfigMap", "one")?;
    let wrong = json!({"data": {"key": "wrong"}});
    second.api()?.patch(&path, "merge", &wrong).await?;
    place
        .until("the spoke is put right", || async {
            Ok(value_on(&place, &second).await? == "south")
        })
        .await?;

    // A spoke that is gone breaks its own Kustomization, and no other; nobody has to ask, and the interval is an hour.
    drop(first);
    place.reconcile("Kustomization", "south").await?;
    place.ready_of("Kustomization", "south", "True").await?;
    place
        .until("the spoke that is away is told", || async {
            let told = place.message("Kustomization", "north").await?;
            Ok(!told.starts_with("Applied revision"))
        })
        .await?;
    place.reconcile("Kustomization", "south").await?;
    place.ready_of("Kustomization", "south", "True").await?;
    Ok(())
}

async fn value_on(place: &Place<'_>, spoke: &Target) -> Result<String> {
    let object: Value = spoke.api()?.get(&place.path("ConfigMap", "one")?).await?;
    Ok(object["data"]["key"]
        .as_str()
        .unwrap_or_default()
        .to_owned())
}
