//! From commit to cluster, and back out again.

use anyhow::{Result, ensure};
use serde_json::json;

use crate::place::{Files, Place, config_map, version};

/// A change arrives, what leaves the build goes, what stays is not made anew.
pub async fn applies_updates_and_prunes(mut place: Place<'_>) -> Result<()> {
    let (one, two) = (config_map("one", "blue"), config_map("two", "blue"));
    let files = Files::from([
        ("one.yaml", Some(one.as_str())),
        ("two.yaml", Some(two.as_str())),
    ]);
    let first = place.commit(&files)?;
    let objects = [place.source(&json!({})), place.kustomization(&json!({}))];
    place.create_all(&objects).await?;
    place.applied(&first).await?;
    ensure!(place.value("one", "key").await?.as_deref() == Some("blue"));
    let before = place.find("ConfigMap", "one").await?.unwrap_or_default();

    let red = config_map("one", "red");
    let files = Files::from([("one.yaml", Some(red.as_str())), ("two.yaml", None)]);
    let second = place.commit(&files)?;
    place.reconcile("GitRepository", "app").await?;
    place.applied(&second).await?;
    ensure!(place.value("one", "key").await?.as_deref() == Some("red"));
    ensure!(
        place.find("ConfigMap", "two").await?.is_none(),
        "two is still there"
    );
    let after = place.find("ConfigMap", "one").await?.unwrap_or_default();
    ensure!(
        version(&before)?.0 == version(&after)?.0,
        "one was made anew"
    );
    Ok(())
}

/// What somebody else changed or removed is put right at the next run.
pub async fn repairs_drift(mut place: Place<'_>) -> Result<()> {
    start(&mut place).await?;
    place
        .patch("ConfigMap", "one", &json!({"data": {"key": "wrong"}}))
        .await?;
    place.reconcile("Kustomization", "app").await?;
    place
        .until("one is blue again", || async {
            Ok(place.value("one", "key").await?.as_deref() == Some("blue"))
        })
        .await?;
    place
        .world
        .api
        .delete(&place.path("ConfigMap", "one")?)
        .await?;
    place.reconcile("Kustomization", "app").await?;
    place
        .until("one is back", || async {
            Ok(place.find("ConfigMap", "one").await?.is_some())
        })
        .await
}

/// A commit that does not build is named, and changes nothing on the cluster.
pub async fn keeps_objects_when_the_build_fails(mut place: Place<'_>) -> Result<()> {
    start(&mut place).await?;
    let broken = "resources:\n- nothing.yaml\n";
    place.commit(&Files::from([("kustomization.yaml", Some(broken))]))?;
    place.reconcile("GitRepository", "app").await?;
    let (reason, message) = place.ready("Kustomization", "False").await?;
    ensure!(reason == "BuildFailed", "reason {reason}");
    ensure!(message.contains("nothing.yaml"), "message {message}");
    ensure!(
        place.find("ConfigMap", "one").await?.is_some(),
        "one is gone"
    );

    let good = place.commit(&Files::from([("kustomization.yaml", None)]))?;
    place.reconcile("GitRepository", "app").await?;
    place.applied(&good).await
}

/// Suspended means that neither commits nor requests do anything.
pub async fn suspends_and_resumes(mut place: Place<'_>) -> Result<()> {
    start(&mut place).await?;
    let suspend = |on: bool| json!({"spec": {"suspend": on}});
    place.patch("Kustomization", "app", &suspend(true)).await?;
    let red = config_map("one", "red");
    let commit = place.commit(&Files::from([("one.yaml", Some(red.as_str()))]))?;
    place.reconcile("GitRepository", "app").await?;
    place
        .stays("one is blue while suspended", || async {
            Ok(place.value("one", "key").await?.as_deref() == Some("blue"))
        })
        .await?;
    place.patch("Kustomization", "app", &suspend(false)).await?;
    place.applied(&commit).await
}

/// Deleting a Kustomization deletes its objects.
pub async fn deletes_what_it_made(mut place: Place<'_>) -> Result<()> {
    start(&mut place).await?;
    delete(&place).await?;
    ensure!(
        place.find("ConfigMap", "one").await?.is_none(),
        "one is still there"
    );
    Ok(())
}

/// Unless it is told to leave them.
pub async fn leaves_orphans_when_told(mut place: Place<'_>) -> Result<()> {
    start(&mut place).await?;
    let orphan = json!({"spec": {"deletionPolicy": "Orphan"}});
    place.patch("Kustomization", "app", &orphan).await?;
    place.ready("Kustomization", "True").await?;
    delete(&place).await?;
    ensure!(
        place.find("ConfigMap", "one").await?.is_some(),
        "one is gone"
    );
    Ok(())
}

/// A run without a change does not write the objects.
pub async fn sends_nothing_for_unchanged_work(mut place: Place<'_>) -> Result<()> {
    start(&mut place).await?;
    let before = place.find("ConfigMap", "one").await?.unwrap_or_default();
    place.reconcile("GitRepository", "app").await?;
    place.reconcile("Kustomization", "app").await?;
    let after = place.find("ConfigMap", "one").await?.unwrap_or_default();
    ensure!(version(&before)? == version(&after)?, "one was written");
    Ok(())
}

/// One ConfigMap on the cluster.
async fn start(place: &mut Place<'_>) -> Result<()> {
    let one = config_map("one", "blue");
    let commit = place.commit(&Files::from([("one.yaml", Some(one.as_str()))]))?;
    let objects = [place.source(&json!({})), place.kustomization(&json!({}))];
    place.create_all(&objects).await?;
    place.applied(&commit).await?;
    place.ready("Kustomization", "True").await?;
    Ok(())
}

async fn delete(place: &Place<'_>) -> Result<()> {
    let path = place.path("Kustomization", "app")?;
    place.world.api.delete(&path).await?;
    place
        .until("the Kustomization is gone", || async {
            Ok(place.find("Kustomization", "app").await?.is_none())
        })
        .await
}
