//! Measures builds: in process, and as a process beside a real kustomize.
//!
//! `bench build DIRECTORY` builds once from the disk and prints the objects, as the command does.
//! `bench processes KUSTOMIZE CORPUS [SKEIN]` builds every root of the corpus with both as processes and prints medians of time and peak memory.
//! `bench lay-out CORPUS FOLDER` writes the roots of the corpus to a folder and prints their paths.
//! `bench curve [OBJECTS...]` builds overlays of three layers with 50 to 10,000 objects, or as many as named, in process; times are CPU times, so that
//! other work on the machine counts little.

mod disk;
mod layers;
mod processes;

use std::process::ExitCode;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use skein_kustomize::{LoadRestrictions, Options, Reorder, build};

/// What the shipped binary allocates with.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Builds of one size, at least, of which the median counts.
const ROUNDS: usize = 11;

/// CPU time that builds of one size take together, at least: the median of a few short ones tells how a process starts.
const SETTLED: Duration = Duration::from_millis(200);

/// Objects of the builds of a curve.
const SIZES: [usize; 6] = [50, 100, 300, 1_000, 3_000, 10_000];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words[..] {
        ["build", directory] => once(directory),
        ["processes", kustomize, corpus] => processes::run(kustomize, corpus, None),
        ["processes", kustomize, corpus, skein] => processes::run(kustomize, corpus, Some(skein)),
        ["lay-out", corpus, folder] => processes::print_roots(corpus, folder),
        ["curve", ..] => curve(&words[1..]),
        _ => Err("bench build DIRECTORY | lay-out CORPUS FOLDER | processes KUSTOMIZE CORPUS [SKEIN] | curve [OBJECTS...]".to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("Error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn once(directory: &str) -> Result<(), String> {
    let real = std::fs::canonicalize(directory).map_err(|e| format!("{directory}: {e}"))?;
    let root = real.to_string_lossy().trim_start_matches('/').to_owned();
    let options = Options {
        reorder: Reorder::Legacy,
        load_restrictions: LoadRestrictions::None,
        ..Options::default()
    };
    let built = build(&disk::Disk, &root, &options).map_err(|e| e.to_string())?;
    print!("{}", built.to_yaml());
    Ok(())
}

fn curve(sizes: &[&str]) -> Result<(), String> {
    let sizes: Vec<usize> = match sizes {
        [] => SIZES.to_vec(),
        named => {
            let parsed: Result<_, _> = named.iter().map(|size| size.parse()).collect();
            parsed.map_err(|_| "sizes are whole numbers of objects".to_owned())?
        }
    };
    println!("| objects | build, CPU ms | with YAML, CPU ms | µs an object |");
    println!("| --- | --- | --- | --- |");
    for objects in sizes {
        let tree = layers::tree(objects)?;
        let mut times: Vec<(u128, u128)> = Vec::new();
        let all = Clock::start();
        while times.len() < ROUNDS || all.micros() < SETTLED.as_micros() {
            let start = Clock::start();
            let built = build(&tree, "top", &Options::default()).map_err(|e| e.to_string())?;
            let after = start.micros();
            let text = built.to_yaml();
            times.push((after, start.micros()));
            drop(text);
        }
        times.sort_unstable();
        let (alone, whole) = times[times.len() / 2];
        println!(
            "| {objects} | {:.2} | {:.2} | {:.1} |",
            alone as f64 / 1e3,
            whole as f64 / 1e3,
            alone as f64 / objects as f64
        );
    }
    Ok(())
}

/// CPU time of this thread.
struct Clock {
    start: Duration,
}

impl Clock {
    fn start() -> Self {
        Self { start: cpu_time() }
    }

    fn micros(&self) -> u128 {
        cpu_time().saturating_sub(self.start).as_micros()
    }
}

fn cpu_time() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    Duration::try_from(now).unwrap_or_default()
}
