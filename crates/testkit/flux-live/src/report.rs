//! The table, and the two sides of every difference as files.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::compare::{Compared, SECTIONS, Verdict};

/// Counts by verdict.
#[derive(Debug, Default, Clone, Copy)]
struct Tally {
    equal: usize,
    differs: usize,
    not_available: usize,
}

impl Tally {
    fn add(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Equal => self.equal += 1,
            Verdict::Differs => self.differs += 1,
            Verdict::NotAvailable => self.not_available += 1,
        }
    }
}

/// Everything that was compared.
#[derive(Debug)]
pub struct Report {
    folder: PathBuf,
    sections: BTreeMap<&'static str, Tally>,
    equal_scenarios: usize,
    scenarios: usize,
    errors: usize,
}

impl Report {
    /// Differences are written below the folder.
    pub fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            sections: BTreeMap::new(),
            equal_scenarios: 0,
            scenarios: 0,
            errors: 0,
        }
    }

    /// Adds a scenario that was played: how long it took, and its steps with what was compared.
    pub fn add(
        &mut self,
        name: &str,
        took: Duration,
        steps: &[(String, BTreeMap<&'static str, Compared>)],
    ) -> Result<()> {
        self.scenarios += 1;
        let folder = self.folder.join(name);
        if folder.is_dir() {
            // Differences of an earlier run.
            fs::remove_dir_all(&folder)
                .with_context(|| format!("removing {}", folder.display()))?;
        }
        let mut mine: BTreeMap<&str, Tally> = BTreeMap::new();
        for (index, (step, sections)) in steps.iter().enumerate() {
            for (section, compared) in sections {
                let is_trivial = compared.expected == compared.seen && is_empty(&compared.seen);
                if is_trivial {
                    continue;
                }
                mine.entry(section).or_default().add(compared.verdict);
                self.sections
                    .entry(section)
                    .or_default()
                    .add(compared.verdict);
                if compared.verdict == Verdict::Differs {
                    let file = format!("{:02}-{step}.{section}", index + 1);
                    write_difference(&folder, &file, compared)?;
                }
            }
        }
        let differs: usize = mine.values().map(|tally| tally.differs).sum();
        self.equal_scenarios += usize::from(differs == 0);
        println!("{name:<52} {:>3} s  {}", took.as_secs(), line(&mine));
        Ok(())
    }

    /// Adds a scenario that could not be played.
    pub fn add_error(&mut self, name: &str, error: &anyhow::Error) {
        self.scenarios += 1;
        self.errors += 1;
        println!("{name:<52} error: {error:#}");
    }

    /// Prints the table; true when nothing differs, or when at least `floor` percent of what was compared is equal and every
    /// scenario could be played.
    pub fn finish(&self, floor: Option<f64>) -> bool {
        println!("\nsection        | equal | differs | n.a.");
        println!("---------------|------:|--------:|-----:");
        let (mut passed, mut failed) = (0, self.errors);
        for section in SECTIONS {
            let tally = self.sections.get(section).copied().unwrap_or_default();
            println!(
                "{section:<14} | {:>5} | {:>7} | {:>4}",
                tally.equal, tally.differs, tally.not_available
            );
            passed += tally.equal;
            failed += tally.differs;
        }
        let (equal, all) = (self.equal_scenarios, self.scenarios);
        println!(
            "{equal} of {all} scenarios without a difference, {} not played",
            self.errors
        );
        if failed > 0 {
            println!("differences: {}", self.folder.display());
        }
        let share = 100.0 * ratio(passed, passed + failed);
        println!("{share:.1} % of the sections are equal");
        let Some(floor) = floor else {
            println!("{passed} passed, {failed} failed");
            return failed == 0;
        };
        let holds = self.errors == 0 && share >= floor;
        println!(
            "at least {floor} % must be: {}",
            if holds { "they are" } else { "they are not" }
        );
        let counted = if holds { 0 } else { failed };
        println!("{passed} passed, {counted} failed");
        holds
    }
}

fn ratio(part: usize, whole: usize) -> f64 {
    let number = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    if whole == 0 {
        0.0
    } else {
        number(part) / number(whole)
    }
}

fn is_empty(value: &Value) -> bool {
    value.as_object().is_none_or(serde_json::Map::is_empty) && !value.is_array()
}

/// `objects 2/2 events 1/2 ...`.
fn line(tallies: &BTreeMap<&str, Tally>) -> String {
    let part = |section: &&str| {
        let tally = tallies.get(*section)?;
        let all = tally.equal + tally.differs;
        let text = if all == 0 {
            "n.a.".to_owned()
        } else {
            format!("{}/{all}", tally.equal)
        };
        Some(format!("{section} {text}"))
    };
    let parts: Vec<String> = SECTIONS.iter().filter_map(part).collect();
    parts.join("  ")
}

/// Both sides as YAML, and their difference line by line.
fn write_difference(folder: &Path, name: &str, compared: &Compared) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
    let side = |kind: &str, value: &Value| -> Result<PathBuf> {
        let path = folder.join(format!("{name}.{kind}.yaml"));
        fs::write(&path, skein_yaml::to_string(value))
            .with_context(|| format!("writing {}", path.display()))?;
        Ok(path)
    };
    let expected = side("expected", &compared.expected)?;
    let seen = side("seen", &compared.seen)?;
    let output = Command::new("diff")
        .args(["--unified=3", "--label=expected", "--label=seen"])
        .args([&expected, &seen])
        .output()
        .context("starting diff")?;
    let path = folder.join(format!("{name}.diff"));
    fs::write(&path, output.stdout).with_context(|| format!("writing {}", path.display()))
}
