//! `tidy`: the rules of the tree, each a function from the tree to its findings; also run as tests.

mod exceptions;
mod files;
mod functions;
mod layers;
mod purity;
mod rust;
mod words;

use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::{arguments::Arguments, tree};

/// A text file of the tree.
#[derive(Debug)]
pub struct Source {
    /// Relative to the top folder, with `/`.
    pub path: String,
    pub text: String,
    /// Rust only: comments and the inside of strings blanked, lines kept.
    pub code: Option<String>,
}

impl Source {
    /// A source from its parts.
    pub fn new(path: &str, text: String) -> Self {
        let code = path.ends_with(".rs").then(|| rust::mask(&text));
        Self {
            path: path.to_owned(),
            text,
            code,
        }
    }

    /// Whether only tests see this file.
    pub fn is_test(&self) -> bool {
        let test_folder = self.path.split('/').any(|part| part == "tests");
        test_folder
            || self.path.ends_with("/tests.rs")
            || self.path.ends_with("_tests.rs")
            || self.path.starts_with("crates/testkit/")
    }
}

/// What a rule complains about.
#[derive(Debug, PartialEq, Eq)]
pub struct Finding {
    pub place: String,
    pub what: String,
}

impl Finding {
    fn new(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            what: what.into(),
        }
    }
}

/// All that the rules look at.
#[derive(Debug)]
pub struct Tree {
    sources: Vec<Source>,
    crates: Vec<layers::Crate>,
}

type Rule = fn(&Tree) -> Vec<Finding>;

const RULES: &[(&str, Rule)] = &[
    ("edges between crates point down", |tree| {
        layers::edges(&tree.crates)
    }),
    ("libraries stay in their rooms", |tree| {
        layers::libraries(&tree.crates)
    }),
    ("folder and package agree", |tree| {
        layers::names(&tree.crates)
    }),
    ("core code is pure", |tree| purity::check(&tree.sources)),
    ("Rust files open with a module doc", |tree| {
        files::module_docs(&tree.sources)
    }),
    ("no mod.rs", |tree| files::module_style(&tree.sources)),
    ("files are short", |tree| files::lengths(&tree.sources)),
    ("functions are short", |tree| {
        functions::check(&tree.sources)
    }),
    ("no machine path, no registry host", |tree| {
        words::places(&tree.sources)
    }),
    ("no placeholder, no switched-off test", |tree| {
        words::placeholders(&tree.sources)
    }),
];

/// What came of all rules.
#[derive(Debug)]
pub struct Outcome {
    pub passed: usize,
    pub failed: usize,
}

/// Prints findings and the function report; fails when there is a finding.
pub fn run(arguments: &[String]) -> Result<()> {
    Arguments::new(arguments).finish()?;
    let outcome = check()?;
    if outcome.failed > 0 {
        bail!("{} of {} rules are broken", outcome.failed, RULES.len());
    }
    Ok(())
}

/// Applies every rule and prints what it finds.
pub fn check() -> Result<Outcome> {
    let tree = load()?;
    let mut failed = 0;
    for (name, rule) in RULES {
        let findings = rule(&tree);
        println!(
            "{} {name}",
            if findings.is_empty() { "ok  " } else { "FAIL" }
        );
        for finding in &findings {
            println!("     {}: {}", finding.place, finding.what);
        }
        failed += usize::from(!findings.is_empty());
    }
    println!("{}", functions::report(&tree.sources));
    Ok(Outcome {
        passed: RULES.len() - failed,
        failed,
    })
}

fn load() -> Result<Tree> {
    let sources = tree::files()?.into_iter().filter_map(read).collect();
    let crates: Result<Vec<_>> = tree::packages()?
        .iter()
        .map(layers::Crate::from_metadata)
        .collect();
    Ok(Tree {
        sources,
        crates: crates?,
    })
}

/// The file, unless it is binary.
fn read(path: PathBuf) -> Option<Source> {
    let bytes = std::fs::read(tree::root().join(&path)).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    Some(Source::new(&path.to_string_lossy(), text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_is_tidy() {
        let tree = load().unwrap();
        for (name, rule) in RULES {
            let findings = rule(&tree);
            assert!(findings.is_empty(), "{name}: {findings:#?}");
        }
    }
}
