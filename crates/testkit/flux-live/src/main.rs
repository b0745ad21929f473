//! Replays recorded steps of the real Flux controllers against ours and compares what is seen.
//!
//! `skein-flux-live DIR [--target real|embedded] [--area A] [--scenario PART] [--jobs N] [--out DIR] [--program FILE]
//! [--floor PERCENT] [--record CONTROLLER,CONTROLLER]`
//!
//! With `--record` these programs of Flux run in the place of ours, and what is seen becomes what is expected.

mod cluster;
mod compare;
mod expected;
mod journal;
mod normal;
mod pack;
mod play;
mod record;
mod report;
mod scenario;
mod servers;
mod sink;
mod world;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use tokio::task::JoinSet;

use compare::{Compared, Terms};
use report::Report;
use scenario::Scenario;
use world::World;

/// Areas whose controllers we have.
const AREAS: &[&str] = &[
    "kustomization",
    "gitrepository",
    "ocirepository",
    "helmrepository",
    "helmchart",
    "helmrelease",
];

/// Scenarios that are played side by side: they mostly wait, each in namespaces of its own, for what controllers do on their own clocks.
const DEFAULT_JOBS: usize = 10;

/// Compared sections by step.
type Steps = Vec<(String, BTreeMap<&'static str, Compared>)>;

#[derive(Debug)]
struct Arguments {
    folder: PathBuf,
    target: String,
    area: Option<String>,
    scenario: Option<String>,
    jobs: usize,
    out: PathBuf,
    program: PathBuf,
    /// Percent of sections that must be equal; all when absent.
    floor: Option<f64>,
    /// Flux's own controllers, whose doings are recorded; none when ours are compared.
    record: Vec<PathBuf>,
}

fn main() -> ExitCode {
    let outcome = tokio::runtime::Runtime::new()
        .context("starting the async runtime")
        .and_then(|runtime| runtime.block_on(run()));
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<bool> {
    let arguments = Arguments::read()?;
    let scenarios = arguments.scenarios()?;
    let out = arguments.out.join(&arguments.target);
    let mut report = Report::new(out);
    let program = arguments.program.clone();
    let mut world = World::start(&arguments.target, program, arguments.record.clone()).await?;
    world.check()?;
    let world = Arc::new(world);
    let is_recording = !arguments.record.is_empty();
    let mut waiting = scenarios.into_iter();
    let mut running = JoinSet::new();
    let mut start = |running: &mut JoinSet<_>| {
        let Some(scenario) = waiting.next() else {
            return;
        };
        let world = Arc::clone(&world);
        running.spawn(async move {
            let begin = Instant::now();
            let steps = play(&world, &scenario, is_recording).await;
            (scenario.name, begin.elapsed(), steps)
        });
    };
    for _ in 0..arguments.jobs {
        start(&mut running);
    }
    while let Some(ended) = running.join_next().await {
        start(&mut running);
        let (name, took, steps) = ended.context("a scenario panicked")?;
        match steps {
            Ok(steps) => report.add(&name, took, &steps)?,
            Err(error) => report.add_error(&name, &error),
        }
    }
    Ok(report.finish(arguments.floor))
}

async fn play(world: &World, scenario: &Scenario, is_recording: bool) -> Result<Steps> {
    let seen = play::Play::new(world, scenario).run().await?;
    if is_recording {
        for (step, seen) in scenario.steps.iter().zip(&seen) {
            expected::write(&step.expected, &seen.sections)?;
        }
    }
    let has_requests = world.target.audit_log().is_some();
    let mut steps = Steps::new();
    let mut before = Vec::new();
    for (step, seen) in scenario.steps.iter().zip(seen) {
        if step.recorded || is_recording {
            let expected = expected::read(&step.expected)?;
            let terms = Terms {
                has_requests,
                retrying: step.retrying,
                before: &before,
            };
            let compared = compare::step(&expected, &seen.sections, terms);
            steps.push((seen.step, compared));
            before.push(expected);
        }
    }
    Ok(steps)
}

impl Arguments {
    fn read() -> Result<Self> {
        let mut folder = None;
        let mut values: BTreeMap<String, String> = BTreeMap::new();
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            match word.strip_prefix("--") {
                Some(flag) => {
                    let (name, value) = match flag.split_once('=') {
                        Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
                        None => (flag.to_owned(), words.next()),
                    };
                    let known = [
                        "target", "area", "scenario", "jobs", "out", "program", "floor", "record",
                    ];
                    if !known.contains(&name.as_str()) {
                        bail!("unknown flag --{name}");
                    }
                    let value = value.with_context(|| format!("--{name} needs a value"))?;
                    values.insert(name, value);
                }
                None => folder = Some(PathBuf::from(word)),
            }
        }
        let target_folder = target_folder()?;
        let path = |name: &str| values.get(name).map(PathBuf::from);
        Ok(Self {
            folder: folder.context("name the folder of the recordings")?,
            out: path("out").unwrap_or_else(|| target_folder.join("flux-live")),
            program: path("program").unwrap_or_else(|| target_folder.join("debug/skein")),
            jobs: match values.get("jobs") {
                Some(number) => number.parse().context("--jobs takes a number")?,
                None => DEFAULT_JOBS,
            },
            floor: values
                .get("floor")
                .map(|percent| percent.parse().context("--floor takes a number"))
                .transpose()?,
            record: values.get("record").map_or_else(Vec::new, |programs| {
                programs.split(',').map(PathBuf::from).collect()
            }),
            target: values.remove("target").unwrap_or_else(|| "real".to_owned()),
            area: values.remove("area"),
            scenario: values.remove("scenario"),
        })
    }

    fn scenarios(&self) -> Result<Vec<Scenario>> {
        let mut folders = Vec::new();
        let areas = self
            .area
            .as_deref()
            .map_or(AREAS.to_vec(), |area| vec![area]);
        for area in areas {
            folders.extend(scenario::find(
                &self.folder,
                Some(area),
                self.scenario.as_deref(),
            )?);
        }
        if folders.is_empty() {
            bail!("no scenario of that name below {}", self.folder.display());
        }
        let scenarios: Result<Vec<Scenario>> = folders
            .iter()
            .map(|folder| Scenario::read(folder))
            .collect();
        let mut scenarios = scenarios?;
        // The longest first, so that none of them is left to run alone.
        scenarios.sort_by_key(|scenario| std::cmp::Reverse(scenario.length()));
        Ok(scenarios)
    }
}

/// Cargo's target folder: our own binary lies two levels below it.
fn target_folder() -> Result<PathBuf> {
    let program = std::env::current_exe().context("finding our own binary")?;
    let folder = program.ancestors().nth(2).map(Path::to_owned);
    folder.context("our binary lies in no target folder")
}
