//! The skein binary, end to end: the same cases on the embedded API and on a real control plane.
//!
//! `skein-e2e [--target embedded|real] [--only PART,PART] [--program FILE]`; the last line counts what passed and failed.

mod cases;
mod place;
mod up;
mod world;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use futures::StreamExt;

use cases::{Case, Exclusive, Standalone};
use up::Bench;
use world::World;

/// Cases that run side by side; each has a namespace of its own.
const JOBS: usize = 4;

struct Arguments {
    target: String,
    only: Option<String>,
    program: PathBuf,
}

/// What came of a case.
struct Ended {
    name: &'static str,
    outcome: Result<()>,
    seconds: f32,
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
    let mut world = World::start(&arguments.target, arguments.program.clone()).await?;
    let mut all = Vec::new();
    let chosen: Vec<&Case> = cases::CASES
        .iter()
        .filter(|case| arguments.chooses(case.name, case.real_only))
        .collect();
    let mut running = futures::stream::iter(chosen)
        .map(|case| run_case(&world, case))
        .buffer_unordered(JOBS);
    while let Some(ended) = running.next().await {
        all.push(told(ended));
    }
    drop(running);
    for case in cases::EXCLUSIVE {
        if arguments.chooses(case.name, case.real_only) {
            all.push(told(run_exclusive(&mut world, case).await));
        }
    }
    if arguments.target == "embedded" {
        let chosen: Vec<&Standalone> = cases::STANDALONE
            .iter()
            .filter(|case| arguments.chooses(case.name, false))
            .collect();
        let mut running = futures::stream::iter(chosen)
            .map(|case| run_standalone(&arguments.program, case))
            .buffer_unordered(JOBS);
        while let Some(ended) = running.next().await {
            all.push(told(ended));
        }
    }
    let passed = all.iter().filter(|passed| **passed).count();
    let failed = all.len() - passed;
    if failed > 0 {
        println!("{}", world.logs());
    }
    println!("{passed} passed, {failed} failed");
    Ok(failed == 0)
}

async fn run_case(world: &World, case: &Case) -> Ended {
    let start = Instant::now();
    let outcome = match world.place(case.name).await {
        Ok(place) => (case.run)(place).await,
        Err(error) => Err(error),
    };
    Ended {
        name: case.name,
        outcome,
        seconds: start.elapsed().as_secs_f32(),
    }
}

async fn run_exclusive(world: &mut World, case: &Exclusive) -> Ended {
    let start = Instant::now();
    let outcome = (case.run)(world).await;
    Ended {
        name: case.name,
        outcome,
        seconds: start.elapsed().as_secs_f32(),
    }
}

async fn run_standalone(program: &Path, case: &Standalone) -> Ended {
    let start = Instant::now();
    let outcome = match Bench::new(program) {
        Ok(bench) => (case.run)(bench).await,
        Err(error) => Err(error),
    };
    Ended {
        name: case.name,
        outcome,
        seconds: start.elapsed().as_secs_f32(),
    }
}

fn told(ended: Ended) -> bool {
    let Ended { name, seconds, .. } = ended;
    match &ended.outcome {
        Ok(()) => println!("ok   {name} ({seconds:.1} s)"),
        Err(error) => println!("FAIL {name} ({seconds:.1} s): {error:#}"),
    }
    ended.outcome.is_ok()
}

impl Arguments {
    fn read() -> Result<Self> {
        let mut arguments = Self {
            target: "embedded".to_owned(),
            only: None,
            program: default_program()?,
        };
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            let value = words
                .next()
                .with_context(|| format!("{word} needs a value"))?;
            match word.as_str() {
                "--target" => arguments.target = value,
                "--only" => arguments.only = Some(value),
                "--program" => arguments.program = value.into(),
                _ => bail!("unknown flag {word}"),
            }
        }
        Ok(arguments)
    }

    fn chooses(&self, name: &str, real_only: bool) -> bool {
        (!real_only || self.target == "real")
            && self
                .only
                .as_ref()
                .is_none_or(|parts| parts.split(',').any(|part| name.contains(part)))
    }
}

/// The binary that cargo built beside us.
fn default_program() -> Result<PathBuf> {
    let own = std::env::current_exe().context("finding our own binary")?;
    let folder = own.parent().map(Path::to_owned);
    Ok(folder
        .context("our binary lies in no folder")?
        .join("skein"))
}
