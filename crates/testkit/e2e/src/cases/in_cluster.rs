//! Inside a cluster: no kubeconfig, but the files and variables that every Pod has.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use skein_testkit::Daemon;

use crate::place::{Files, Place, config_map};
use crate::world::World;

/// Puts the files of the account where Pods have them, seen by one process alone, and becomes the program.
const BECOME: &str = "mount -t tmpfs tmpfs /var/run && mkdir -p /var/run/secrets/kubernetes.io \
     && cp -r \"$1\" /var/run/secrets/kubernetes.io/serviceaccount && shift && unset KUBECONFIG && exec \"$@\"";
/// Account of the controller.
const ACCOUNT: &str = "/api/v1/namespaces/flux-system/serviceaccounts";

/// The source controller with the account of a Pod alone fetches a commit.
pub async fn uses_the_account_of_its_pod(world: &mut World) -> Result<()> {
    let may_mount = Command::new("unshare").args(["--mount", "true"]).status();
    if !may_mount.is_ok_and(|status| status.success()) {
        println!("skipped: no right to mount folders for one process");
        return Ok(());
    }
    world.controllers.stop_component("source");
    let controller = start(world).await?;
    {
        let mut place = world.place("in-cluster").await?;
        let one = config_map("one", "blue");
        let commit = place.commit(&Files::from([("one.yaml", Some(one.as_str()))]))?;
        place.create_all(&[place.source(&json!({}))]).await?;
        fetched(&place, &commit)
            .await
            .with_context(|| controller.last_words())?;
    }
    drop(controller);
    world.controllers.start_component(&world.target, "source")
}

async fn fetched(place: &Place<'_>, commit: &str) -> Result<()> {
    place.ready("GitRepository", "True").await?;
    let source = place.find("GitRepository", "app").await?;
    let source = source.context("the source is gone")?;
    let revision = source["status"]["artifact"]["revision"].as_str();
    ensure!(revision.is_some_and(|revision| revision.contains(commit)));
    Ok(())
}

/// The controller in a place where it finds what a Pod finds.
async fn start(world: &World) -> Result<Daemon> {
    let folder = world.folder().join("pod");
    std::fs::create_dir_all(&folder).context("creating the folder of the account")?;
    let kubeconfig: Value = skein_yaml::from_slice(world.target.kubeconfig()?.as_bytes())?;
    let authority = kubeconfig["clusters"][0]["cluster"]["certificate-authority-data"].as_str();
    let authority = STANDARD.decode(authority.context("no certificate of the API")?)?;
    let token = match kubeconfig["users"][0]["user"]["token"].as_str() {
        Some(token) => token.to_owned(),
        None => token(world).await?,
    };
    std::fs::write(folder.join("ca.crt"), authority)?;
    std::fs::write(folder.join("token"), token)?;
    std::fs::write(folder.join("namespace"), "flux-system")?;
    let address = world.target.address();
    let (host, port) = address
        .rsplit_once(':')
        .context("an address without port")?;
    let storage = world.controllers.storage();
    let storage_address = world.controllers.storage_address();
    let mut arguments: Vec<String> = ["--mount", "sh", "-c", BECOME, "sh"]
        .map(str::to_owned)
        .to_vec();
    arguments.push(folder.to_string_lossy().into_owned());
    arguments.push(world.program().to_string_lossy().into_owned());
    arguments.extend([
        "controllers".to_owned(),
        "--components=source".to_owned(),
        "--metrics-addr=".to_owned(),
        "--health-addr=".to_owned(),
        format!("--storage-path={}", storage.display()),
        format!("--storage-addr={storage_address}"),
        format!("--storage-adv-addr={storage_address}"),
    ]);
    let environment = [
        ("KUBERNETES_SERVICE_HOST", Path::new(host)),
        ("KUBERNETES_SERVICE_PORT", Path::new(port)),
        ("HOME", folder.as_path()),
    ];
    let log = world.folder().join("pod.log");
    Daemon::start_with(
        "a controller in a Pod",
        Path::new("unshare"),
        &arguments,
        &environment,
        &log,
    )
}

/// A token as Pods get it.
async fn token(world: &World) -> Result<String> {
    let account = json!({
        "apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "source-controller"},
    });
    world.api.create(ACCOUNT, &account).await?;
    let request =
        json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}});
    let path = format!("{ACCOUNT}/source-controller/token");
    let answer = world.api.create(&path, &request).await?;
    let token = answer["status"]["token"].as_str();
    Ok(token.context("no token in the answer")?.to_owned())
}
