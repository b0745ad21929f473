//! `oracle cli`: command lines run with the real flux and with skein against the same cluster; output, exit code and effects are compared.

mod api;
mod cases;
mod controller;
mod normal;
mod program;
mod world;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, bail};

use crate::control_plane::ControlPlane;
use crate::embedded::Embedded;
use crate::{process, tree, upstream};
use cases::Case;
use program::{Answer, Program};
use world::{Lane, World};

/// `oracle cli [--target embedded|real] [--only WORD] [--program SKEIN] [--verbose]`: without a target, both.
pub fn run(arguments: &[String]) -> Result<()> {
    let mut arguments = crate::arguments::Arguments::new(arguments);
    let target = arguments.value("--target")?;
    let choice = Choice {
        only: arguments.value("--only")?,
        program: arguments.value("--program")?.map(PathBuf::from),
        verbose: arguments.switch("--verbose"),
    };
    arguments.finish()?;
    let mut differs = 0;
    for name in ["embedded", "real"] {
        if target.as_deref().is_none_or(|wanted| wanted == name) {
            differs += compare(name, &choice)?.1;
        }
    }
    if differs > 0 {
        bail!("{differs} command lines differ");
    }
    Ok(())
}

/// Numbers of equal and different command lines by group.
type Groups = BTreeMap<String, (usize, usize)>;

/// What is run.
#[derive(Default)]
struct Choice {
    /// Only the lines with this word, or the group of this name.
    only: Option<String>,
    /// A built skein; built first when none is named.
    program: Option<PathBuf>,
    verbose: bool,
}

impl Choice {
    fn wants(&self, case: &Case) -> bool {
        self.only
            .as_deref()
            .is_none_or(|word| case.line.contains(word) || case.group == word)
    }
}

/// Runs the chosen cases on one target; returns how many are equal and how many differ.
fn compare(target: &str, choice: &Choice) -> Result<(usize, usize)> {
    for name in ["kubectl", "flux"] {
        upstream::build(&[skein_upstream::find(name)?])?;
    }
    let skein = if let Some(program) = &choice.program {
        program.clone()
    } else {
        process::program("skein")?
    };
    let (_server, kubeconfig) = Server::start(target)?;
    let chosen: Vec<Case> = cases::read(&tree::root().join("e2e/cli/cases"))?
        .into_iter()
        .filter(|case| choice.wants(case) && (target == "embedded" || case.needs_cluster()))
        .collect();
    let (independent, ordered): (Vec<&Case>, Vec<&Case>) =
        chosen.iter().partition(|case| case.is_independent());
    let mut files: BTreeMap<usize, Vec<&Case>> = BTreeMap::from([(0, vec![])]);
    for case in ordered {
        files.entry(case.file).or_default().push(case);
    }
    let lanes: Vec<Lane> = (0..files.len()).map(Lane::new).collect();
    let world = World::load(&skein, &kubeconfig, &lanes)?;
    let flux = skein_upstream::binary("flux")?;
    let pairs = lanes
        .into_iter()
        .map(|lane| Pair::new(&world, &flux, &skein, lane, choice.verbose))
        .collect::<Result<Vec<_>>>()?;
    // What only reads sees a world that nobody changes any more.
    let mut outcomes = side_by_side(&pairs, |pair, number| {
        let cases = files.values().nth(number).map(Vec::as_slice);
        pair.run(cases.unwrap_or_default())
    })?;
    let next = AtomicUsize::new(0);
    outcomes.extend(side_by_side(&pairs, |pair, _| {
        let mut outcomes = Vec::new();
        while let Some(case) = independent.get(next.fetch_add(1, Ordering::Relaxed)) {
            outcomes.extend(pair.run(&[case])?);
        }
        Ok(outcomes)
    })?);
    slowest(&mut outcomes);
    let mut groups = Groups::new();
    for outcome in outcomes {
        let row = groups.entry(outcome.group).or_default();
        if outcome.is_equal {
            row.0 += 1;
        } else {
            row.1 += 1;
        }
    }
    Ok(table(target, &groups))
}

/// Prints what came out; the last line is read by the suites.
fn table(target: &str, groups: &Groups) -> (usize, usize) {
    println!("\n{:<28}{:>8}{:>8}", "command", "equal", "differs");
    let mut sum = (0, 0);
    for (group, (equal, differs)) in groups {
        println!("{group:<28}{equal:>8}{differs:>8}");
        sum = (sum.0 + equal, sum.1 + differs);
    }
    println!("{:<28}{:>8}{:>8}", target, sum.0, sum.1);
    println!("{} passed, {} failed", sum.0, sum.1);
    sum
}

/// An API server of one of the two sorts.
enum Server {
    Real(#[expect(dead_code, reason = "kept alive")] ControlPlane),
    Ours(#[expect(dead_code, reason = "kept alive")] Embedded),
}

impl Server {
    fn start(target: &str) -> Result<(Self, String)> {
        Ok(match target {
            "real" => {
                let plane = ControlPlane::start()?;
                let kubeconfig = plane.kubeconfig().to_owned();
                (Self::Real(plane), kubeconfig)
            }
            "embedded" => {
                let ours = Embedded::start()?;
                let kubeconfig = ours.kubeconfig().to_owned();
                (Self::Ours(ours), kubeconfig)
            }
            other => bail!("no target {other:?}; there are embedded and real"),
        })
    }
}

/// How one command line came out.
struct Outcome {
    group: String,
    line: String,
    is_equal: bool,
    took: Duration,
}

/// Prints the lines that took longest: lines of one file wait for each other.
fn slowest(outcomes: &mut [Outcome]) {
    /// Most lines that are shown.
    const SHOWN: usize = 12;
    outcomes.sort_by_key(|outcome| std::cmp::Reverse(outcome.took));
    println!("\nseconds  the slowest command lines");
    for outcome in outcomes.iter().take(SHOWN) {
        println!("{:>7.1}  {}", outcome.took.as_secs_f64(), outcome.line);
    }
}

/// Does something with each pair at the same time: most of a run is waiting for time limits and answers.
fn side_by_side(
    pairs: &[Pair<'_>],
    work: impl Fn(&Pair<'_>, usize) -> Result<Vec<Outcome>> + Sync,
) -> Result<Vec<Outcome>> {
    let work = &work;
    std::thread::scope(|scope| {
        let lanes: Vec<_> = pairs
            .iter()
            .enumerate()
            .map(|(number, pair)| scope.spawn(move || work(pair, number)))
            .collect();
        let mut outcomes = Vec::new();
        for lane in lanes {
            let ended = lane.join().map_err(|_panic| anyhow!("a lane panicked"))?;
            outcomes.extend(ended?);
        }
        Ok(outcomes)
    })
}

/// The two programs and what they work on.
struct Pair<'a> {
    theirs: Program,
    ours: Program,
    lane: Lane,
    world: &'a World,
    verbose: bool,
}

impl<'a> Pair<'a> {
    fn new(world: &'a World, flux: &Path, skein: &Path, lane: Lane, verbose: bool) -> Result<Self> {
        Ok(Self {
            theirs: Program::new(flux, world, &lane.theirs)?,
            ours: Program::new(skein, world, &lane.ours)?,
            lane,
            world,
            verbose,
        })
    }

    /// Runs cases one after the other.
    fn run(&self, cases: &[&Case]) -> Result<Vec<Outcome>> {
        let mut outcomes = Vec::with_capacity(cases.len());
        for case in cases {
            let start = Instant::now();
            let differences = self.differences(case)?;
            if let Some(text) = &differences {
                println!("differs: {}{text}", case.line);
            }
            outcomes.push(Outcome {
                group: case.group.clone(),
                line: case.line.clone(),
                is_equal: differences.is_none(),
                took: start.elapsed(),
            });
        }
        Ok(outcomes)
    }

    /// Runs a case with both; the differences as text for people.
    fn differences(&self, case: &Case) -> Result<Option<String>> {
        let namespaces = [self.lane.theirs.clone(), self.lane.ours.clone()];
        let _controller = case
            .with_controller
            .then(|| controller::Controller::start(self.world.api(), namespaces));
        let running = (self.theirs.start(case)?, self.ours.start(case)?);
        let theirs = running.0.wait()?;
        let ours = running.1.wait()?;
        if self.verbose {
            println!("$ {}\n{}", case.line, ours.show());
        }
        let mut text = difference(case, &theirs, &ours);
        if case.changes() {
            let (expected, found) = self.world.states(&self.lane)?;
            if expected != found && !case.excused.contains("state") {
                text.push_str(&lines_of_difference("state", &expected, &found));
            }
        }
        Ok((!text.is_empty()).then(|| format!("\n{text}")))
    }
}

fn difference(case: &Case, theirs: &Answer, ours: &Answer) -> String {
    let mut text = String::new();
    for (part, expected, found) in [
        ("stdout", &theirs.stdout, &ours.stdout),
        ("stderr", &theirs.stderr, &ours.stderr),
        ("code", &theirs.code, &ours.code),
    ] {
        if expected != found && !case.excused.contains(part) {
            text.push_str(&lines_of_difference(part, expected, found));
        }
    }
    text
}

/// Lines that only one side has, in their order; the whole text is for `--verbose`.
fn lines_of_difference(part: &str, expected: &str, found: &str) -> String {
    /// Most lines that are shown of one side.
    const MOST_LINES: usize = 40;
    let (theirs, ours): (Vec<&str>, Vec<&str>) =
        (expected.lines().collect(), found.lines().collect());
    let same = theirs.iter().zip(&ours).take_while(|(a, b)| a == b).count();
    let rest = (&theirs[same..], &ours[same..]);
    let tail = rest
        .0
        .iter()
        .rev()
        .zip(rest.1.iter().rev())
        .take_while(|(a, b)| a == b)
        .count();
    let mut text = format!("  {part}, from line {}\n", same + 1);
    for (mark, lines) in [("flux ", rest.0), ("skein", rest.1)] {
        for line in lines[..lines.len() - tail].iter().take(MOST_LINES) {
            text.push_str(&format!("    {mark} |{line}\n"));
        }
    }
    if same == theirs.len() && same == ours.len() {
        text.push_str("    the ends of lines differ\n");
    }
    text
}

/// Both targets for the suites: the numbers of equal and different command lines.
pub fn suite(target: &str) -> Result<(usize, usize)> {
    compare(target, &Choice::default())
}
