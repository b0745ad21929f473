//! The floor: the same applies sent by a bare client, until the Deployments are current.

use std::time::{Duration, Instant};

use anyhow::Result;
use futures::future::try_join_all;
use skein_testkit::{Api, Target};

use crate::follow;
use crate::manifests::{App, apply_path};

/// Connections of the bare client.
const CONNECTIONS: usize = 8;
/// Its name.
const MANAGER: &str = "floor";

/// Applies one release of all apps; the time until the last Deployment is current.
pub async fn apply(target: &Target, apps: &[App], release: u32) -> Result<Duration> {
    let clients: Vec<Api> = (0..CONNECTIONS)
        .map(|_| target.api())
        .collect::<Result<_>>()?;
    let connected = clients.iter().map(|client| client.get("/version"));
    try_join_all(connected).await?;
    let started = Instant::now();
    let send_all = async {
        let senders = clients.iter().enumerate().map(|(number, client)| {
            let mine = apps.iter().skip(number).step_by(CONNECTIONS);
            send(client, mine, release)
        });
        try_join_all(senders).await.map(|_| ())
    };
    let prefix = apps
        .first()
        .map(|app| app.namespace.clone())
        .unwrap_or_default();
    let prefix = prefix.split('-').next().unwrap_or_default().to_owned();
    let wanted = release.to_string();
    let is_so = |deployment: &serde_json::Value| {
        let namespace = deployment["metadata"]["namespace"]
            .as_str()
            .unwrap_or_default();
        let found = &deployment["metadata"]["annotations"]["example.com/release"];
        namespace.starts_with(&prefix)
            && *found == wanted.as_str()
            && follow::is_current(deployment)
    };
    let api = target.api()?;
    follow::until(
        &api,
        "/apis/apps/v1/deployments",
        apps.len(),
        is_so,
        send_all,
    )
    .await?;
    Ok(started.elapsed())
}

async fn send<'a>(client: &Api, apps: impl Iterator<Item = &'a App>, release: u32) -> Result<()> {
    for app in apps {
        for object in app.objects(release) {
            client
                .patch(&apply_path(&object, MANAGER), "apply", &object)
                .await?;
        }
    }
    Ok(())
}
