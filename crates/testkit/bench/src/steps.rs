//! The steps of one run: made, first push, a commit that changes all, one interval, drift.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use skein_testkit::Target;
use tokio::time::sleep;

use crate::arguments::{Arguments, Size};
use crate::drift::{self, Drift};
use crate::fleet::{Fleet, KUSTOMIZATIONS};
use crate::floor;
use crate::follow;
use crate::manifests;
use crate::meter::{Meter, Step};
use crate::process;

/// Kustomizations applied before anything is timed: the first requests warm the API server up.
const WARM_UP_APPS: usize = 20;
/// The interval that is measured.
const INTERVAL: Duration = Duration::from_secs(30);
/// An interval during which nothing falls due.
const NO_INTERVAL: &str = "5h";

/// One fleet.
pub struct Run {
    /// Its size.
    pub size: Size,
    /// In order.
    pub steps: Vec<Step>,
    /// What somebody else changed.
    pub drift: Drift,
    /// Resident memory of skein at the end, in MiB.
    pub resident_mib: f64,
}

impl Run {
    /// A step by name.
    pub fn step(&self, name: &str) -> Option<&Step> {
        self.steps.iter().find(|step| step.name == name)
    }
}

/// Measures one fleet on a control plane of its own.
pub async fn measure(arguments: &Arguments, size: Size) -> Result<Run> {
    eprintln!("{size}: control plane and floor");
    let target = Fleet::plane(size.rate).await?;
    let floors = floors(&target, size, arguments.namespaces).await?;
    let apps = manifests::apps("tenant", size.count, arguments.namespaces);
    let mut fleet = Fleet::start(target, &arguments.program, apps).await?;
    let mut steps = Vec::new();
    let outcome = all(&mut fleet, floors, &mut steps, arguments.drifts).await;
    let drift = outcome.with_context(|| format!("skein says: {}", fleet.last_words()))?;
    let resident_mib = process::usage(fleet.subject.daemon.id())?.resident_mib;
    Ok(Run {
        size,
        steps,
        drift,
        resident_mib,
    })
}

/// Seconds of the bare client for a first release and for a second one.
async fn floors(target: &Target, size: Size, namespaces: usize) -> Result<[f64; 2]> {
    let warm = manifests::apps("warm", WARM_UP_APPS, 1);
    let apps = manifests::apps("floor", size.count, namespaces);
    let api = target.api()?;
    Fleet::make_namespaces(&api, &warm).await?;
    Fleet::make_namespaces(&api, &apps).await?;
    floor::apply(target, &warm, 1).await?;
    let first = floor::apply(target, &apps, 1).await?;
    let second = floor::apply(target, &apps, 2).await?;
    Ok([first.as_secs_f64(), second.as_secs_f64()])
}

async fn all(
    fleet: &mut Fleet,
    floors: [f64; 2],
    steps: &mut Vec<Step>,
    drifts: usize,
) -> Result<Drift> {
    fleet.make_tenants().await?;
    steps.push(made(fleet).await?);
    for (release, (name, floor)) in (1..).zip(["first push", "all changed"].into_iter().zip(floors))
    {
        let commit = fleet.commit(release)?;
        let is_ready = |object: &Value| follow::is_ready_at(object, &commit);
        steps.push(timed(fleet, name, Some(floor), is_ready).await?);
    }
    with_interval(fleet, &format!("{}s", INTERVAL.as_secs())).await?;
    steps.push(one_interval(fleet).await?);
    with_interval(fleet, NO_INTERVAL).await?;
    drift::measure(fleet, drifts).await
}

/// The Kustomizations are made and wait for a source that has nothing yet.
async fn made(fleet: &mut Fleet) -> Result<Step> {
    let meter = Meter::start(&mut fleet.subject.probe).await?;
    let is_waiting = |object: &Value| object["status"]["conditions"].is_array();
    let begin = fleet.make_kustomizations(NO_INTERVAL);
    follow::until(
        &fleet.subject.api,
        KUSTOMIZATIONS,
        fleet.apps.len(),
        is_waiting,
        begin,
    )
    .await?;
    meter.end(&mut fleet.subject.probe, "made", None).await
}

/// From the notice of a push until all are Ready.
async fn timed(
    fleet: &mut Fleet,
    name: &'static str,
    floor: Option<f64>,
    is_ready: impl Fn(&Value) -> bool,
) -> Result<Step> {
    let meter = Meter::start(&mut fleet.subject.probe).await?;
    let (api, count) = (fleet.subject.api.clone(), fleet.apps.len());
    follow::until(&api, KUSTOMIZATIONS, count, is_ready, fleet.notify()).await?;
    meter.end(&mut fleet.subject.probe, name, floor).await
}

async fn with_interval(fleet: &mut Fleet, interval: &str) -> Result<()> {
    let is_ready = |object: &Value| follow::is_ready_at(object, "");
    let begin = fleet.set_interval(interval);
    follow::until(
        &fleet.subject.api,
        KUSTOMIZATIONS,
        fleet.apps.len(),
        is_ready,
        begin,
    )
    .await?;
    fleet.subject.probe.calm().await.map(|_| ())
}

/// Nothing changes while every Kustomization falls due once.
async fn one_interval(fleet: &mut Fleet) -> Result<Step> {
    let meter = Meter::start(&mut fleet.subject.probe).await?;
    sleep(INTERVAL).await;
    let step = meter
        .end_at_once(&mut fleet.subject.probe, "one interval", None)
        .await?;
    let due = u64::try_from(fleet.apps.len()).unwrap_or_default();
    ensure!(
        step.looks * 10 >= due * 9,
        "only {} of {due} were looked at",
        step.looks
    );
    Ok(step)
}
