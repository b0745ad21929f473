//! Requests are the cost: what an installed, an upgraded and an unchanged HelmRelease may send, counted by the API server's audit log.

use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use skein_testkit::ChartFiles;
use tokio::time::sleep;

use super::KIND;
use crate::cases::requests::{Log, Requests, looks, total};
use crate::place::{Place, named};
use crate::world::World;

/// HelmReleases of the fleet.
const FLEET: usize = 10;
/// Requests for a release of four objects that is made or changed: four applies, the record twice and the one before it once, a look at the
/// records, two statuses, an event.
const CHANGED_MAX: usize = 14;
/// Requests while ten are unchanged: what the cluster serves is asked anew now and then.
const UNCHANGED_MAX: usize = 2;
/// Interval while nothing changes.
const INTERVAL: Duration = Duration::from_secs(10);
/// Events and statuses that are under way are sent by then.
const SETTLE: Duration = Duration::from_secs(3);

/// A fleet is installed, upgraded by a new version of its chart, and left alone; drift detection is on.
pub async fn counts_requests_of_releases(world: &mut World) -> Result<()> {
    let fields = json!({"driftDetection": {"mode": "enabled"}});
    count(world, "release-requests", &fields, &[]).await
}

/// The same in the name of an account: its right to read is asked once.
pub async fn counts_requests_under_an_account(world: &mut World) -> Result<()> {
    let fields = json!({"driftDetection": {"mode": "enabled"}, "serviceAccountName": "tenant"});
    let account =
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "tenant"}});
    let binding = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "tenant"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [{"kind": "ServiceAccount", "name": "tenant"}],
    });
    count(world, "account-requests", &fields, &[account, binding]).await
}

async fn count(world: &World, case: &str, fields: &Value, before: &[Value]) -> Result<()> {
    let place = world.place(case).await?;
    let mut log = Log::at_end(world, &place.namespace, "helm-controller")?;
    place.create_all(before).await?;
    let [source, release] = place.release_from_registry("0.0.1", fields).await?;
    let charts = world.charts().await?;
    charts.push(&place.namespace, &chart("1.0.0"))?;
    place.create_all(&[source]).await?;
    place.ready_of("OCIRepository", "web", "True").await?;
    let fleet: Vec<Value> = (0..FLEET)
        .map(|number| named(release.clone(), &name(number)))
        .collect();
    place.create_all(&fleet).await?;
    all_at(&place, "1.0.0").await?;
    sleep(SETTLE).await;
    within("installed", &log.take()?)?;

    charts.push(&place.namespace, &chart("1.1.0"))?;
    place.reconcile("OCIRepository", "web").await?;
    all_at(&place, "1.1.0").await?;
    sleep(SETTLE).await;
    within("upgraded", &log.take()?)?;

    for number in 0..FLEET {
        let interval = json!({"spec": {"interval": format!("{}s", INTERVAL.as_secs())}});
        place.patch(KIND, &name(number), &interval).await?;
    }
    sleep(SETTLE).await;
    let before = looks(world, "helm", "helmrelease").await?;
    log.take()?;
    sleep(INTERVAL).await;
    let unchanged = log.take()?;
    let looked = looks(world, "helm", "helmrelease").await? - before;
    ensure!(looked >= FLEET, "only {looked} were looked at");
    ensure!(
        total(&unchanged) <= UNCHANGED_MAX
            && unchanged.keys().all(|what| what.starts_with("get /")),
        "unchanged: {unchanged:?}"
    );
    for number in 0..FLEET {
        place.remove(&name(number)).await?;
    }
    Ok(())
}

fn within(what: &str, requests: &Requests) -> Result<()> {
    println!("     requests of {FLEET} {what} releases: {requests:?}");
    ensure!(
        total(requests) <= FLEET * CHANGED_MAX,
        "{what}: {} requests, {requests:?}",
        total(requests)
    );
    Ok(())
}

fn name(number: usize) -> String {
    format!("app-{number}")
}

/// Four objects, all of which differ between two versions.
fn chart(version: &str) -> ChartFiles {
    let metadata = format!("apiVersion: v2\nname: web\nversion: {version}\n");
    let objects = "apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Release.Name }}}
data: {version: {{ .Chart.Version | quote }}}
---
apiVersion: v1
kind: Secret
metadata: {name: {{ .Release.Name }}}
stringData: {version: {{ .Chart.Version | quote }}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: {{ .Release.Name }}, annotations: {example.com/version: {{ .Chart.Version | quote }}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ .Release.Name }}, labels: {version: {{ .Chart.Version | replace \"+\" \"_\" | quote }}}}
spec:
  replicas: 0
  selector: {matchLabels: {app: {{ .Release.Name }}}}
  template:
    metadata: {labels: {app: {{ .Release.Name }}}}
    spec: {containers: [{name: main, image: \"example.com/main:{{ .Chart.Version | replace \"+\" \"_\" }}\"}]}
";
    [
        ("Chart.yaml", metadata.as_str()),
        ("templates/all.yaml", objects),
    ]
    .into_iter()
    .map(|(path, text)| (path.to_owned(), text.to_owned()))
    .collect()
}

/// Waits until all are Ready at this version.
async fn all_at(place: &Place<'_>, version: &str) -> Result<()> {
    for number in 0..FLEET {
        let name = name(number);
        place
            .until(&format!("{name} is ready at {version}"), || async {
                let object = place.find(KIND, &name).await?.unwrap_or_default();
                let status = &object["status"];
                let mut conditions = status["conditions"].as_array().into_iter().flatten();
                let deployed = status["history"][0]["chartVersion"].as_str();
                Ok(
                    deployed.is_some_and(|deployed| deployed.starts_with(version))
                        && conditions.any(|c| c["type"] == "Ready" && c["status"] == "True"),
                )
            })
            .await?;
    }
    Ok(())
}
