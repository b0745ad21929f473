//! Scripts of API requests, sent to a real kube-apiserver and to ours; every answer must be equal but for ids and times.

mod mask;
mod script;

use std::collections::BTreeMap;
use std::path::Path;
use std::thread::{self, JoinHandle};

use anyhow::{Context, Result, bail};

use crate::api::mask::{Names, comparable};
use crate::api::script::{Step, steps};
use crate::client::{Client, Exchange};
use crate::compare::differences;

/// How many differing lines are shown of one answer.
const SHOWN_LINES: usize = 4;
/// How many watches of a line run at the same time.
const WATCHES_AT_A_TIME: usize = 24;

/// One server and what is known of its objects.
struct Side<'a> {
    client: &'a Client,
    kubeconfig: &'a str,
    names: Names,
    watches: BTreeMap<String, JoinHandle<Result<Exchange>>>,
}

/// What a run looks at.
pub struct Scope<'a> {
    /// The folder of the scripts (`*.api`).
    pub folder: &'a Path,
    /// Only scripts whose name contains this.
    pub only: Option<&'a str>,
    /// Percent of answers that must be equal; 100 without one.
    pub floor: Option<f64>,
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
        let (same, all) = script(&mut sides, &steps, &name, scope.kubectl)?;
        println!("{name:<24} {same:>5} of {all:>5} answers equal");
        equal += same;
        total += all;
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
    file: &str,
    kubectl: &str,
) -> Result<(usize, usize)> {
    let mut tally = (0, 0);
    let mut rest = steps;
    while let Some(step) = rest.first() {
        let watches = rest
            .iter()
            .take_while(|next| next.line() == step.line() && next.is_watch())
            .count();
        if watches > 1 {
            together(sides, &rest[..watches], file, &mut tally)?;
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
            report(sides, step, file, &expected, &seen, &mut tally);
        }
    }
    Ok(tally)
}

/// Sends the watches of one line at the same time: each takes a while and changes nothing.
fn together(
    sides: &[Side<'_>; 2],
    steps: &[Step],
    file: &str,
    tally: &mut (usize, usize),
) -> Result<()> {
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
            report(sides, step, file, &expected, &seen, tally);
        }
    }
    Ok(())
}

/// Compares two answers and counts them.
fn report(
    sides: &[Side<'_>; 2],
    step: &Step,
    file: &str,
    expected: &Exchange,
    seen: &Exchange,
    tally: &mut (usize, usize),
) {
    tally.1 += 1;
    let expected = comparable(expected, &sides[0].names);
    let found = differences(&expected, &comparable(seen, &sides[1].names));
    if found.is_empty() {
        tally.0 += 1;
        return;
    }
    println!("--- {file}:{}: {}", step.line(), step.title());
    found
        .iter()
        .take(SHOWN_LINES)
        .for_each(|line| println!("    {line:.400}"));
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
