//! `test`: everything that must hold, one suite after the other, and a table at the end.

mod count;
mod suites;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::arguments::Arguments;
use crate::{process, setup, tree};
use count::Counts;
use suites::{SUITES, Suite};

/// How a suite ended.
enum Outcome {
    Ran(Counts),
    /// Nothing ran; `excused` when a stranger's clone cannot have what it needs.
    Skipped {
        why: String,
        excused: bool,
    },
}

struct Row {
    suite: &'static str,
    outcome: Outcome,
    took: Duration,
    /// Processor time of what it started; a machine's cores bound `took` from below by it.
    busy: Duration,
}

/// `test [--only A,B] [--list]`.
pub fn run(arguments: &[String]) -> Result<ExitCode> {
    let mut arguments = Arguments::new(arguments);
    let only = arguments.value("--only")?;
    let list = arguments.switch("--list");
    arguments.finish()?;
    if list {
        for suite in SUITES {
            println!("{:<20} {}", suite.name, suite.what);
        }
        return Ok(ExitCode::SUCCESS);
    }
    setup::machine()?;
    let rows: Vec<Row> = selected(only.as_deref())?
        .into_iter()
        .map(run_one)
        .collect();
    Ok(summarise(&rows))
}

fn selected(only: Option<&str>) -> Result<Vec<&'static Suite>> {
    let Some(only) = only else {
        return Ok(SUITES.iter().collect());
    };
    let mut chosen = Vec::new();
    for name in only.split(',') {
        match SUITES.iter().find(|suite| suite.name == name) {
            Some(suite) => chosen.push(suite),
            None => bail!("no suite {name:?}; `cargo xtask test --list` names them"),
        }
    }
    Ok(chosen)
}

fn run_one(suite: &'static Suite) -> Row {
    println!("\n== {}: {}", suite.name, suite.what);
    let (start, busy) = (Instant::now(), process::time_of_children());
    let outcome = if suite.needs_shared && tree::shared_material().is_none() {
        let why = "the recorded inputs (../shared) are not beside this clone".to_owned();
        println!("skipped: {why}");
        Outcome::Skipped { why, excused: true }
    } else {
        outcome_of(suite)
    };
    Row {
        suite: suite.name,
        outcome,
        took: start.elapsed(),
        busy: process::time_of_children().saturating_sub(busy),
    }
}

/// An error before anything was counted is one failure; a suite in which nothing ran is skipped.
fn outcome_of(suite: &Suite) -> Outcome {
    match (suite.run)() {
        Ok(Some(counts)) if counts == Counts::default() => {
            skipped("it found no test to run".to_owned())
        }
        Ok(Some(counts)) => Outcome::Ran(counts),
        Ok(None) => skipped("its subject is not part of the tree".to_owned()),
        Err(error) => {
            println!("error: {error:#}");
            Outcome::Ran(Counts::one(false))
        }
    }
}

fn skipped(why: String) -> Outcome {
    println!("skipped: {why}");
    Outcome::Skipped {
        why,
        excused: false,
    }
}

/// Prints what failed, the table and the closing line; a failure unless everything ran and passed.
fn summarise(rows: &[Row]) -> ExitCode {
    let mut total = Counts::default();
    let mut wrong = Vec::new();
    for row in rows {
        if let Outcome::Ran(counts) = &row.outcome {
            for failure in &counts.failures {
                println!("{}: {failure}", row.suite);
            }
        }
    }
    println!("\nsuite                | passed | failed | skipped | seconds | CPU-s");
    println!("---------------------|-------:|-------:|--------:|-------:|-----:");
    for row in rows {
        let (counts, note) = match &row.outcome {
            Outcome::Ran(counts) => (counts.clone(), String::new()),
            Outcome::Skipped { why, .. } => (Counts::default(), format!("  skipped: {why}")),
        };
        let is_wrong = match &row.outcome {
            Outcome::Ran(counts) => counts.failed + counts.skipped > 0,
            Outcome::Skipped { excused, .. } => !excused,
        };
        if is_wrong {
            wrong.push(row.suite);
        }
        let (seconds, busy) = (row.took.as_secs(), row.busy.as_secs());
        println!(
            "{:<20} | {:>6} | {:>6} | {:>7} | {seconds:>6} | {busy:>5}{note}",
            row.suite, counts.passed, counts.failed, counts.skipped
        );
        total.add(counts);
    }
    if !wrong.is_empty() {
        println!("not everything ran and passed: {}", wrong.join(", "));
    }
    println!("{} passed, {} failed", total.passed, total.failed);
    if wrong.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
