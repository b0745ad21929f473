//! Scripts of API requests, sent to a real kube-apiserver and to ours; every answer must be equal but for ids and times.

pub mod mask;
mod script;

use std::collections::BTreeMap;
use std::path::Path;
use std::thread::{self, JoinHandle};
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::api::mask::{Names, comparable};
use crate::api::script::{Step, steps};
use crate::client::{Client, Exchange};
use crate::compare::differences;

/// How many differing lines are shown of one answer.
const SHOWN_LINES: usize = 4;
/// How much is shown of a line, in characters.
const SHOWN_CHARACTERS: usize = 400;
/// How many watches of a line run at the same time.
const WATCHES_AT_A_TIME: usize = 24;

/// One server and what is known of its objects.
struct Side<'a> {
    client: &'a Client,
    kubeconfig: &'a str,
    names: Names,
    watches: BTreeMap<String, JoinHandle<Result<Exchange>>>,
}

/// What one script has come to.
struct Tally<'a> {
    script: &'a str,
    verbose: bool,
    equal: usize,
    total: usize,
}

/// What a run looks at.
pub struct Scope<'a> {
    /// The folder of the scripts (`*.api`).
    pub folder: &'a Path,
    /// Only scripts whose name contains this.
    pub only: Option<&'a str>,
    /// Percent of answers that must be equal; 100 without one.
    pub floor: Option<f64>,
    /// Whether differences are shown whole.
    pub verbose: bool,
    /// The kubectl for `kubectl` steps.
    pub kubectl: &'a str,
    /// Kubeconfigs of the two.
    pub kubeconfigs: [&'a str; 2],
}

/// Runs every script; answers whether all was equal.
pub fn run(real: &Client, ours: &Client, scope: &Scope<'_>) -> Result<bool> {
    let mut files: Vec<_> = std::fs::read_dir(scope.folder)
        .with_context(|| format!("reading {}", scope.folder.display()))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "api"))
        .collect();
    files.sort();
    let (mut equal, mut total) = (0, 0);
    for file in files {
        let name = file
            .file_stem()
            .map(|stem| stem.to_string_lossy().into_owned())
            .unwrap_or_default();
        if scope.only.is_some_and(|only| !name.contains(only)) {
            continue;
        }
        let text = std::fs::read_to_string(&file)?;
        let steps = steps(&text).with_context(|| format!("in {}", file.display()))?;
        let mut sides = [real, ours].map(|client| Side {
            client,
            kubeconfig: "",
            names: Names::new(&name),
            watches: BTreeMap::new(),
        });
        for (side, kubeconfig) in sides.iter_mut().zip(scope.kubeconfigs) {
            side.kubeconfig = kubeconfig;
        }
        let mut tally = Tally {
            script: &name,
            verbose: scope.verbose,
            equal: 0,
            total: 0,
        };
        let start = Instant::now();
        script(&mut sides, &steps, scope.kubectl, &mut tally)?;
        println!(
            "{name:<24} {:>5} of {:>5} answers equal, {} seconds",
            tally.equal,
            tally.total,
            start.elapsed().as_secs()
        );
        equal += tally.equal;
        total += tally.total;
    }
    let share = 100.0 * equal as f64 / total.max(1) as f64;
    let holds = share >= scope.floor.unwrap_or(100.0);
    println!("{equal} of {total} answers equal ({share:.1} %)");
    println!(
        "{equal} passed, {} failed",
        if holds { 0 } else { total - equal }
    );
    Ok(holds)
}

fn script(
    sides: &mut [Side<'_>; 2],
    steps: &[Step],
    kubectl: &str,
    tally: &mut Tally<'_>,
) -> Result<()> {
    let mut rest = steps;
    while let Some(step) = rest.first() {
        let watches = rest
            .iter()
            .take_while(|next| next.line() == step.line() && next.is_watch())
            .count();
        if watches > 1 {
            together(sides, &rest[..watches], tally)?;
            rest = &rest[watches..];
            continue;
        }
        rest = &rest[1..];
        if let Step::Pause(time) = step {
            thread::sleep(*time);
            continue;
        }
        let [real, ours] = sides;
        let (expected, seen) = thread::scope(|scope| {
            let other = scope.spawn(|| perform(real, step, kubectl));
            let seen = perform(ours, step, kubectl);
            (other.join(), seen)
        });
        let expected = expected.ok().context("a request ended badly")??;
        if let (Some(expected), Some(seen)) = (expected, seen?) {
            report(sides, step, &expected, &seen, tally);
        }
    }
    Ok(())
}

/// Sends the watches of one line at the same time: each takes a while and changes nothing.
fn together(sides: &[Side<'_>; 2], steps: &[Step], tally: &mut Tally<'_>) -> Result<()> {
    for group in steps.chunks(WATCHES_AT_A_TIME) {
        let mut running = Vec::new();
        for step in group {
            let Step::Request(request) = step else {
                continue;
            };
            let both = sides.each_ref().map(|side| {
                let (request, address) =
                    (request.fill(&side.names), side.client.address().to_owned());
                thread::spawn(move || request.send(&address))
            });
            running.push((step, both));
        }
        for (step, [real, ours]) in running {
            let expected = real.join().ok().context("a watch ended badly")??;
            let seen = ours.join().ok().context("a watch ended badly")??;
            report(sides, step, &expected, &seen, tally);
        }
    }
    Ok(())
}

/// Compares two answers and counts them.
fn report(
    sides: &[Side<'_>; 2],
    step: &Step,
    expected: &Exchange,
    seen: &Exchange,
    tally: &mut Tally<'_>,
) {
    tally.total += 1;
    let expected = comparable(expected, &sides[0].names);
    let found = differences(&expected, &comparable(seen, &sides[1].names));
    if found.is_empty() {
        tally.equal += 1;
        return;
    }
    println!("--- {}:{}: {}", tally.script, step.line(), step.title());
    let (lines, characters) = match tally.verbose {
        true => (usize::MAX, usize::MAX),
        false => (SHOWN_LINES, SHOWN_CHARACTERS),
    };
    for line in found.iter().take(lines) {
        let end = line.char_indices().nth(characters);
        println!("    {}", &line[..end.map_or(line.len(), |(at, _)| at)]);
    }
}

/// Does a step on one side; `None` when there is nothing to compare yet.
fn perform(side: &mut Side<'_>, step: &Step, kubectl: &str) -> Result<Option<Exchange>> {
    match step {
        Step::Request(request) => {
            let request = request.fill(&side.names);
            if request.background {
                let client = side.client.address().to_owned();
                let name = request.name.clone();
                let watch = thread::spawn(move || request.send(&client));
                side.watches.insert(name, watch);
                return Ok(None);
            }
            let answer = request.send(side.client.address())?;
            side.names.learn(&request.name, &answer.body);
            Ok(Some(answer))
        }
        Step::Join { name, .. } => {
            let Some(watch) = side.watches.remove(name) else {
                bail!("line {}: no watch {name}", step.line());
            };
            let answer = watch.join().ok().context("the watch ended badly")??;
            side.names.learn(name, &answer.body);
            Ok(Some(answer))
        }
        Step::Kubectl(command) => {
            let command = command.fill(&side.names);
            command.run(kubectl, side.kubeconfig).map(Some)
        }
        Step::Pause(_) => Ok(None),
    }
}
