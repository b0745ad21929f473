//! A fleet of HelmReleases of one chart from an OCI registry: installed by one push, upgraded by the next, left alone for an interval.
//! The floor is the same writes sent bare: the objects, and the Secrets that are the records of the releases.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use futures::future::try_join_all;
use futures::stream::{StreamExt as _, TryStreamExt as _};
use serde_json::{Value, json};
use skein_testkit::{Api, ChartFiles, ChartRegistry, Target};
use tokio::time::sleep;

use crate::arguments::{Arguments, Size};
use crate::fleet::Fleet;
use crate::follow;
use crate::manifests::{self, App, SOURCE_NAMESPACE, apply_path};
use crate::meter::{Meter, Step};
use crate::process;
use crate::subject::{Role, Subject};

const ROLE: Role = Role {
    component: "helm",
    account: "helm-controller",
    queue: "helmrelease",
};
/// Requests of the set-up at a time.
const SETUP_JOBS: usize = 16;
/// Connections of the bare client.
const CONNECTIONS: usize = 8;
/// Its name.
const MANAGER: &str = "floor";
/// Releases written before anything is timed: the first requests warm the API server up.
const WARM_UP: usize = 20;
/// Bytes of a record of this chart, in base64.
const RECORD_BYTES: usize = 3_000;
/// Name of the source and of the chart.
const CHART: &str = "fleet";
/// The interval that is measured.
const INTERVAL: Duration = Duration::from_secs(30);
/// An interval during which nothing falls due.
const NO_INTERVAL: &str = "5h";
/// Name of the step in which nothing changes.
pub const ONE_INTERVAL: &str = "one interval";
const RELEASES: &str = "/apis/helm.toolkit.fluxcd.io/v2/helmreleases";

/// What was measured of one fleet.
pub struct Measured {
    /// HelmReleases.
    pub count: usize,
    /// In order.
    pub steps: Vec<Step>,
    /// Resident memory of skein at the end, in MiB.
    pub resident_mib: f64,
}

struct Releases {
    subject: Subject,
    apps: Vec<App>,
    registry: ChartRegistry,
    requests: u32,
}

/// Measures one fleet on a control plane of its own.
pub async fn measure(arguments: &Arguments, size: Size) -> Result<Measured> {
    eprintln!("{} HelmReleases: control plane and floor", size.count);
    let target = Fleet::plane(size.rate).await?;
    let warm = manifests::apps("warm", WARM_UP, 1);
    let bare = manifests::apps("floor", size.count, arguments.namespaces);
    let api = target.api()?;
    Fleet::make_namespaces(&api, &warm).await?;
    Fleet::make_namespaces(&api, &bare).await?;
    floor(&target, &warm, 1).await?;
    let first = floor(&target, &bare, 1).await?;
    let second = floor(&target, &bare, 2).await?;
    let apps = manifests::apps("tenant", size.count, arguments.namespaces);
    let mut fleet = Releases::start(target, arguments, apps).await?;
    let mut steps = Vec::new();
    let outcome = fleet.run([first, second], &mut steps).await;
    outcome.with_context(|| format!("skein says: {}", fleet.subject.daemon.last_words()))?;
    Ok(Measured {
        count: size.count,
        steps,
        resident_mib: process::usage(fleet.subject.daemon.id())?.resident_mib,
    })
}

impl Releases {
    async fn start(target: Target, arguments: &Arguments, apps: Vec<App>) -> Result<Self> {
        let subject = Subject::start(target, &arguments.program, &ROLE).await?;
        Ok(Self {
            registry: ChartRegistry::start(subject.folder.path()).await?,
            subject,
            apps,
            requests: 0,
        })
    }

    async fn run(&mut self, floors: [Duration; 2], steps: &mut Vec<Step>) -> Result<()> {
        Fleet::make_namespaces(&self.subject.api, &self.apps).await?;
        self.make_source().await?;
        steps.push(self.made().await?);
        let pushes = [("first push", "1.0.0"), ("all upgraded", "1.1.0")];
        for ((name, version), floor) in pushes.into_iter().zip(floors) {
            self.registry.push(CHART, &chart(version))?;
            let meter = Meter::start(&mut self.subject.probe).await?;
            let is_ready = |object: &Value| is_ready_at(object, version);
            let (api, count) = (self.subject.api.clone(), self.apps.len());
            follow::until(&api, RELEASES, count, is_ready, self.notify()).await?;
            let floor = Some(floor.as_secs_f64());
            steps.push(meter.end(&mut self.subject.probe, name, floor).await?);
        }
        self.set_interval(&format!("{}s", INTERVAL.as_secs()))
            .await?;
        steps.push(self.one_interval().await?);
        Ok(())
    }

    /// The source of a repository that is still empty.
    async fn make_source(&self) -> Result<()> {
        let media = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";
        let url = format!("oci://{}/{CHART}/{CHART}", self.registry.address());
        let source = json!({
            "apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "OCIRepository",
            "metadata": {"name": CHART, "namespace": SOURCE_NAMESPACE},
            "spec": {
                "interval": "5h", "url": url, "insecure": true, "ref": {"semver": "*"},
                "layerSelector": {"mediaType": media, "operation": "copy"},
            },
        });
        let collection = source_path("");
        self.subject.api.create(&collection, &source).await?;
        Ok(())
    }

    /// Asks for the source to be looked at, as a webhook does after a push.
    async fn notify(&mut self) -> Result<()> {
        self.requests += 1;
        let annotations =
            json!({"reconcile.fluxcd.io/requestedAt": format!("request-{}", self.requests)});
        let patch = json!({"metadata": {"annotations": annotations}});
        let path = source_path(CHART);
        self.subject.api.patch(&path, "merge", &patch).await?;
        Ok(())
    }

    /// The HelmReleases are made and wait for a chart.
    async fn made(&mut self) -> Result<Step> {
        let meter = Meter::start(&mut self.subject.probe).await?;
        let is_waiting = |object: &Value| object["status"]["conditions"].is_array();
        let api = &self.subject.api;
        let begin = async {
            let creations = self.apps.iter().map(|app| async move {
                let object = release(app);
                let created = api.create(&releases_of(&app.namespace), &object).await;
                created.map(drop)
            });
            futures::stream::iter(creations)
                .buffer_unordered(SETUP_JOBS)
                .try_collect()
                .await
        };
        follow::until(
            &self.subject.api,
            RELEASES,
            self.apps.len(),
            is_waiting,
            begin,
        )
        .await?;
        meter.end(&mut self.subject.probe, "made", None).await
    }

    async fn set_interval(&mut self, interval: &str) -> Result<()> {
        let patch = json!({"spec": {"interval": interval}});
        let api = &self.subject.api;
        let begin = async {
            let changes = self.apps.iter().map(|app| {
                let path = format!("{}/{}", releases_of(&app.namespace), app.name);
                let patch = patch.clone();
                async move { api.patch(&path, "merge", &patch).await.map(drop) }
            });
            futures::stream::iter(changes)
                .buffer_unordered(SETUP_JOBS)
                .try_collect()
                .await
        };
        let is_ready = |object: &Value| is_ready_at(object, "");
        follow::until(
            &self.subject.api,
            RELEASES,
            self.apps.len(),
            is_ready,
            begin,
        )
        .await?;
        self.subject.probe.calm().await.map(drop)
    }

    /// Nothing changes while every HelmRelease falls due once.
    async fn one_interval(&mut self) -> Result<Step> {
        let meter = Meter::start(&mut self.subject.probe).await?;
        sleep(INTERVAL).await;
        let step = meter
            .end_at_once(&mut self.subject.probe, ONE_INTERVAL, None)
            .await?;
        let due = u64::try_from(self.apps.len()).unwrap_or_default();
        ensure!(
            step.looks * 10 >= due * 9,
            "only {} of {due} were looked at",
            step.looks
        );
        Ok(step)
    }
}

fn source_path(name: &str) -> String {
    let collection =
        format!("/apis/source.toolkit.fluxcd.io/v1/namespaces/{SOURCE_NAMESPACE}/ocirepositories");
    match name {
        "" => collection,
        name => format!("{collection}/{name}"),
    }
}

fn releases_of(namespace: &str) -> String {
    format!("/apis/helm.toolkit.fluxcd.io/v2/namespaces/{namespace}/helmreleases")
}

fn release(app: &App) -> Value {
    json!({
        "apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease",
        "metadata": {"name": app.name, "namespace": app.namespace},
        "spec": {
            "interval": NO_INTERVAL, "timeout": "10m", "driftDetection": {"mode": "enabled"},
            "chartRef": {"kind": "OCIRepository", "name": CHART, "namespace": SOURCE_NAMESPACE},
        },
    })
}

/// Whether the newest release is of this version, deployed and told.
fn is_ready_at(release: &Value, version: &str) -> bool {
    let status = &release["status"];
    let newest = &status["history"][0];
    let deployed = newest["chartVersion"].as_str().unwrap_or_default();
    let conditions = status["conditions"].as_array().into_iter().flatten();
    deployed.starts_with(version)
        && newest["status"] == "deployed"
        && conditions.into_iter().any(|condition| {
            condition["type"] == "Ready"
                && condition["status"] == "True"
                && condition["observedGeneration"] == release["metadata"]["generation"]
        })
}

/// A chart of the four objects that the bare client sends.
fn chart(version: &str) -> ChartFiles {
    let metadata = format!("apiVersion: v2\nname: {CHART}\nversion: {version}\n");
    let app = App {
        namespace: "{{ .Release.Namespace }}".to_owned(),
        name: "{{ .Release.Name }}".to_owned(),
    };
    let release = version
        .split('.')
        .nth(1)
        .and_then(|minor| minor.parse().ok());
    let objects = app
        .objects(release.unwrap_or_default())
        .map(|object| format!("---\n{object}\n"));
    [
        ("Chart.yaml", metadata),
        ("templates/all.yaml", objects.concat()),
    ]
    .into_iter()
    .map(|(path, text)| (path.to_owned(), text))
    .collect()
}

/// Sends the objects and the records of one release of all apps; the time until the last Deployment is current.
async fn floor(target: &Target, apps: &[App], release: u32) -> Result<Duration> {
    let clients: Vec<Api> = (0..CONNECTIONS)
        .map(|_| target.api())
        .collect::<Result<_>>()?;
    try_join_all(clients.iter().map(|client| client.get("/version"))).await?;
    let started = Instant::now();
    let send_all = async {
        let senders = clients.iter().enumerate().map(|(number, client)| {
            let mine = apps.iter().skip(number).step_by(CONNECTIONS);
            send(client, mine, release)
        });
        try_join_all(senders).await.map(drop)
    };
    let wanted = release.to_string();
    let prefix = apps.first().map_or("", |app| app.namespace.as_str());
    let prefix = prefix.split('-').next().unwrap_or_default();
    let is_so = |deployment: &Value| {
        let metadata = &deployment["metadata"];
        let namespace = metadata["namespace"].as_str().unwrap_or_default();
        namespace.starts_with(prefix)
            && metadata["annotations"]["example.com/release"] == wanted.as_str()
            && follow::is_current(deployment)
    };
    let api = target.api()?;
    let deployments = "/apis/apps/v1/deployments";
    follow::until(&api, deployments, apps.len(), is_so, send_all).await?;
    Ok(started.elapsed())
}

async fn send<'a>(client: &Api, apps: impl Iterator<Item = &'a App>, release: u32) -> Result<()> {
    for app in apps {
        let secrets = format!("/api/v1/namespaces/{}/secrets", app.namespace);
        let name = |release: u32| format!("sh.helm.release.v1.{}.v{release}", app.name);
        let pending = record(&name(release), "pending");
        client.create(&secrets, &pending).await?;
        for object in app.objects(release) {
            let path = apply_path(&object, MANAGER);
            client.patch(&path, "apply", &object).await?;
        }
        if release > 1 {
            let older = name(release - 1);
            let superseded = record(&older, "superseded");
            client
                .replace(&format!("{secrets}/{older}"), &superseded)
                .await?;
        }
        let newest = name(release);
        let deployed = record(&newest, "deployed");
        client
            .replace(&format!("{secrets}/{newest}"), &deployed)
            .await?;
    }
    Ok(())
}

/// A Secret as large as the record of a release of the chart.
fn record(name: &str, status: &str) -> Value {
    let fill = status.chars().cycle().take(RECORD_BYTES);
    let letters: String = fill.filter(char::is_ascii_lowercase).collect();
    // Base64 comes in groups of four.
    let whole = letters.len() - letters.len() % 4;
    json!({
        "apiVersion": "v1", "kind": "Secret", "type": "helm.sh/release.v1",
        "metadata": {"name": name, "labels": {"owner": "helm", "status": status}},
        "data": {"release": letters.get(..whole).unwrap_or_default()},
    })
}
