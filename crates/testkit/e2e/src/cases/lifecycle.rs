//! From commit to cluster, and back out again.

use anyhow::{Result, ensure};
use serde_json::json;

use crate::place::{Files, Place, config_map, named, version};

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

/// History was rewritten: what is there now counts, and what only the lost commit had goes.
pub async fn follows_a_forced_push(mut place: Place<'_>) -> Result<()> {
    let one = config_map("one", "blue");
    let first = place.commit(&Files::from([("one.yaml", Some(one.as_str()))]))?;
    let (red, two) = (config_map("one", "red"), config_map("two", "red"));
    let lost = place.commit(&Files::from([
        ("one.yaml", Some(red.as_str())),
        ("two.yaml", Some(two.as_str())),
    ]))?;
    let objects = [place.source(&json!({})), place.kustomization(&json!({}))];
    place.create_all(&objects).await?;
    place.applied(&lost).await?;

    let repository = place.repository()?;
    repository.run(&["reset", "--quiet", "--hard", &first], None)?;
    let green = config_map("one", "green");
    let kept = place.commit(&Files::from([("one.yaml", Some(green.as_str()))]))?;
    place
        .repository()?
        .run_bare(&["gc", "--quiet", "--prune=now"])?;
    place.reconcile("GitRepository", "app").await?;
    place.applied(&kept).await?;
    ensure!(place.value("one", "key").await?.as_deref() == Some("green"));
    ensure!(place.find("ConfigMap", "two").await?.is_none(), "two stays");
    Ok(())
}

/// What says so itself is kept when it leaves the build, and when its Kustomization is deleted.
pub async fn keeps_what_must_not_be_pruned(mut place: Place<'_>) -> Result<()> {
    let kept = |name: &str| {
        let text = config_map(name, "blue");
        let annotation =
            "metadata:\n  annotations: {kustomize.toolkit.fluxcd.io/prune: disabled}\n";
        text.replace("metadata:\n", annotation)
    };
    let (one, two, three) = (kept("one"), config_map("two", "blue"), kept("three"));
    place.commit(&Files::from([
        ("one.yaml", Some(one.as_str())),
        ("two.yaml", Some(two.as_str())),
        ("three.yaml", Some(three.as_str())),
    ]))?;
    let objects = [place.source(&json!({})), place.kustomization(&json!({}))];
    place.create_all(&objects).await?;
    place.ready("Kustomization", "True").await?;

    let next = place.commit(&Files::from([("one.yaml", None), ("two.yaml", None)]))?;
    place.reconcile("GitRepository", "app").await?;
    place.applied(&next).await?;
    ensure!(place.find("ConfigMap", "two").await?.is_none(), "two stays");
    ensure!(place.find("ConfigMap", "one").await?.is_some(), "one went");
    delete(&place).await?;
    ensure!(place.find("ConfigMap", "one").await?.is_some(), "one went");
    ensure!(
        place.find("ConfigMap", "three").await?.is_some(),
        "three went"
    );
    Ok(())
}

/// One waits until the other is ready: first for good reason, then it starts by itself; and the order holds in a commit for both.
pub async fn keeps_the_order_of_dependencies(mut place: Place<'_>) -> Result<()> {
    let (base, app) = (config_map("base", "blue"), config_map("one", "blue"));
    place.commit(&Files::from([
        ("app/one.yaml", Some(app.as_str())),
        ("base/base.yaml", Some("apiVersion: v1\nkind: [\n")),
    ]))?;
    let on_base = json!({"path": "./app", "dependsOn": [{"name": "base"}]});
    let objects = [
        place.source(&json!({})),
        place.kustomization(&on_base),
        named(place.kustomization(&json!({"path": "./base"})), "base"),
    ];
    place.create_all(&objects).await?;
    place
        .refused("Kustomization", "base", &["base.yaml"])
        .await?;
    let words = ["dependency", "/base"];
    let (reason, _) = place.refused("Kustomization", "app", &words).await?;
    ensure!(reason == "DependencyNotReady", "reason {reason}");
    ensure!(place.find("ConfigMap", "one").await?.is_none(), "too early");

    let commit = place.commit(&Files::from([("base/base.yaml", Some(base.as_str()))]))?;
    place.reconcile("GitRepository", "app").await?;
    place.applied(&commit).await?;
    let revision = |object: Option<serde_json::Value>| -> Result<u64> {
        let version = version(&object.unwrap_or_default())?.1;
        Ok(version.parse()?)
    };
    let base = revision(place.find("ConfigMap", "base").await?)?;
    let one = revision(place.find("ConfigMap", "one").await?)?;
    ensure!(base < one, "one ({one}) was written before base ({base})");
    Ok(())
}

const DEFINITION: &str = "apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: gadgets.e2e.example.com
spec:
  group: e2e.example.com
  scope: Namespaced
  names: {kind: Gadget, plural: gadgets, singular: gadget, listKind: GadgetList}
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}}
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec: {type: object, properties: {size: {type: integer}}}
          status: {type: object, x-kubernetes-preserve-unknown-fields: true}
";

/// A definition and an object of it in one commit: one run, without a failure in between.
pub async fn applies_a_definition_with_its_objects(mut place: Place<'_>) -> Result<()> {
    let gadget =
        "apiVersion: e2e.example.com/v1\nkind: Gadget\nmetadata:\n  name: one\nspec:\n  size: 1\n";
    place.commit(&Files::from([
        ("gadget.yaml", Some(gadget)),
        ("definition.yaml", Some(DEFINITION)),
    ]))?;
    let kustomization = place.kustomization(&json!({"retryInterval": "1h", "wait": true}));
    place
        .create_all(&[place.source(&json!({})), kustomization])
        .await?;
    let (reason, message) = place
        .until("the first run has ended", || async {
            let object = place.find("Kustomization", "app").await?;
            Ok(object.is_some_and(|object| object["status"]["history"].is_array()))
        })
        .await
        .map(|()| place.ready("Kustomization", "True"))?
        .await?;
    ensure!(reason == "ReconciliationSucceeded", "{reason}: {message}");
    let warnings = place.warnings("app").await?;
    ensure!(warnings.is_empty(), "warnings: {warnings:?}");
    let gadget = place.find("Gadget", "one").await?.unwrap_or_default();
    ensure!(gadget["spec"]["size"] == 1, "{gadget}");
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
