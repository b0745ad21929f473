//! How sources are reached.

use anyhow::{Result, ensure};
use serde_json::json;
use skein_testkit::Access;

use crate::place::{Files, Place, config_map};

/// Over ssh with a key, and only to the host that the key of the host names.
pub async fn reads_over_ssh(mut place: Place<'_>) -> Result<()> {
    let one = config_map("one", "blue");
    let commit = place.commit(&Files::from([("one.yaml", Some(one.as_str()))]))?;
    let ssh = &place.world.ssh;
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "key"},
        "stringData": {
            "identity": ssh.identity()?, "identity.pub": ssh.identity_public()?, "known_hosts": ssh.known_hosts()?,
        },
    });
    let url = ssh.url(&format!("{}/app", place.namespace));
    let source = place.source(&json!({"url": url, "secretRef": {"name": "key"}}));
    place
        .create_all(&[secret, source, place.kustomization(&json!({}))])
        .await?;
    place.applied(&commit).await?;

    // The key of another host: what answers is not who we know.
    let other = ssh.known_hosts()?.replace("AAAAC3", "AAAAC4");
    place
        .patch(
            "Secret",
            "key",
            &json!({"stringData": {"known_hosts": other}}),
        )
        .await?;
    place.reconcile("GitRepository", "app").await?;
    place.refused("GitRepository", "app", &["known"]).await?;
    Ok(())
}

/// With a user and a password; a wrong one is told without repeating it.
pub async fn reads_with_a_password(mut place: Place<'_>) -> Result<()> {
    let one = config_map("one", "blue");
    let commit = place.commit(&Files::from([("one.yaml", Some(one.as_str()))]))?;
    let access = Access::Basic {
        user: "me".into(),
        password: "right-word".into(),
    };
    place
        .world
        .git
        .set_access(&format!("{}/app", place.namespace), access);
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "login"},
        "stringData": {"username": "me", "password": "wrong-word"},
    });
    let source = place.source(&json!({"secretRef": {"name": "login"}}));
    place
        .create_all(&[secret, source, place.kustomization(&json!({}))])
        .await?;
    let (_, message) = place
        .refused("GitRepository", "app", &["authentication"])
        .await?;
    ensure!(
        !message.contains("wrong-word"),
        "the password is told: {message}"
    );

    let right = json!({"stringData": {"password": "right-word"}});
    place.patch("Secret", "login", &right).await?;
    place.reconcile("GitRepository", "app").await?;
    place.applied(&commit).await
}

/// Git out of order: the artifact stays, and the next commit arrives when it works again.
pub async fn survives_an_outage_of_git(mut place: Place<'_>) -> Result<()> {
    let one = config_map("one", "blue");
    let commit = place.commit(&Files::from([("one.yaml", Some(one.as_str()))]))?;
    let objects = [place.source(&json!({})), place.kustomization(&json!({}))];
    place.create_all(&objects).await?;
    place.applied(&commit).await?;

    let name = format!("{}/app", place.namespace);
    place.world.git.set_broken(&name, true);
    place.reconcile("GitRepository", "app").await?;
    place.ready("GitRepository", "False").await?;
    place.reconcile("Kustomization", "app").await?;
    place.ready("Kustomization", "True").await?;
    // What was fetched before is enough to put things right.
    let wrong = json!({"data": {"key": "wrong"}});
    place.patch("ConfigMap", "one", &wrong).await?;
    place
        .until("one is blue again without Git", || async {
            Ok(place.value("one", "key").await?.as_deref() == Some("blue"))
        })
        .await?;

    place.world.git.set_broken(&name, false);
    let red = config_map("one", "red");
    let commit = place.commit(&Files::from([("one.yaml", Some(red.as_str()))]))?;
    place.reconcile("GitRepository", "app").await?;
    place.applied(&commit).await
}
