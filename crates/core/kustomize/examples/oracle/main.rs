//! Builds every kustomization below some folders with ours and with a real kustomize, and compares.
//!
//! `oracle --kustomize BINARY [--legacy] [--root-only] [--verbose] [--words] PATH...`: every folder with a kustomization file below each PATH is a root.
//! `--words` shows failures whose words differ from kustomize's.
//! `oracle --kustomize BINARY --generate COUNT [--seed FIRST] [--hashes] [--keep FOLDER]`: so many generated trees; those that differ are kept in the
//! folder. With `--hashes`, objects of all kinds ask for a hash suffix.
//!
//! In the end there is a table of all roots. The run fails when a root differs, or when only one of the two builds it.

#[path = "../bench/disk.rs"]
mod disk;
mod generate;
mod hashes;
mod verdict;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use skein_kustomize::{LoadRestrictions, Options, RECOGNIZED_FILE_NAMES, Reorder, build};

use disk::Disk;
use verdict::{Counts, Verdict};

/// Folders that are never roots.
const SKIPPED: [&str; 3] = [".git", "node_modules", "target"];

struct Settings {
    kustomize: PathBuf,
    legacy: bool,
    root_only: bool,
    verbose: bool,
    words: bool,
    generate: u64,
    seed: u64,
    hashes: bool,
    keep: PathBuf,
    paths: Vec<PathBuf>,
}

fn settings() -> Option<Settings> {
    let mut settings = Settings {
        kustomize: PathBuf::from("kustomize"),
        legacy: false,
        root_only: false,
        verbose: false,
        words: false,
        generate: 0,
        seed: 1,
        hashes: false,
        keep: std::env::temp_dir().join("skein-kustomize-differences"),
        paths: Vec::new(),
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--kustomize" => settings.kustomize = PathBuf::from(arguments.next()?),
            "--legacy" => settings.legacy = true,
            "--root-only" => settings.root_only = true,
            "--verbose" => settings.verbose = true,
            "--words" => settings.words = true,
            "--generate" => settings.generate = arguments.next()?.parse().ok()?,
            "--seed" => settings.seed = arguments.next()?.parse().ok()?,
            "--hashes" => settings.hashes = true,
            "--keep" => settings.keep = PathBuf::from(arguments.next()?),
            path => settings.paths.push(PathBuf::from(path)),
        }
    }
    (!settings.paths.is_empty() || settings.generate > 0).then_some(settings)
}

fn main() -> ExitCode {
    let Some(settings) = settings() else {
        eprintln!(
            "oracle --kustomize BINARY [--legacy] [--root-only] [--verbose] [--words] [--generate COUNT [--seed FIRST] [--hashes] [--keep FOLDER]] PATH..."
        );
        return ExitCode::FAILURE;
    };
    let mut counts = Counts::default();
    for path in &settings.paths {
        let mut roots = Vec::new();
        if let Err(error) = find(path, &mut roots) {
            eprintln!("{}: {error}", path.display());
            return ExitCode::FAILURE;
        }
        roots.sort();
        roots.dedup();
        for root in roots {
            let outcome = compare(&settings, &root);
            counts.add(outcome.verdict, outcome.same_words);
            if settings.shows(&outcome) {
                let shown = root.strip_prefix(path).unwrap_or(&root).display();
                println!("{:?} {shown}: {}", outcome.verdict, outcome.note);
            }
        }
    }
    if let Err(error) = generated(&settings, &mut counts) {
        eprintln!("generated trees: {error}");
        return ExitCode::FAILURE;
    }
    println!("{counts}");
    if counts.bad() == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Builds generated trees, and keeps those that differ.
fn generated(settings: &Settings, counts: &mut Counts) -> std::io::Result<()> {
    for seed in settings.seed..settings.seed + settings.generate {
        let mut made = generate::tree(seed);
        if settings.hashes {
            hashes::ask_for_hashes(&mut made, seed);
        }
        let folder = settings.keep.join(seed.to_string());
        for (path, text) in &made.files {
            let path_on_disk = folder.join(path);
            if let Some(parent) = path_on_disk.parent() {
                std::fs::create_dir_all(parent)?;
            }
            std::fs::write(path_on_disk, text)?;
        }
        let outcome = compare(settings, &folder.join(&made.root));
        counts.add(outcome.verdict, outcome.same_words);
        let is_shown = settings.shows(&outcome);
        if is_shown {
            let (verdict, note) = (outcome.verdict, outcome.note);
            println!("{verdict:?} seed {seed}, root {}: {note}", made.root);
        }
        if !is_shown {
            std::fs::remove_dir_all(&folder)?;
        }
    }
    Ok(())
}

/// Finds the folders with a kustomization file below a folder.
fn find(folder: &Path, roots: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if path.is_dir() {
            if !SKIPPED.contains(&name.as_str()) && !path.is_symlink() {
                find(&path, roots)?;
            }
        } else if RECOGNIZED_FILE_NAMES.contains(&name.as_str()) {
            roots.push(folder.to_owned());
        }
    }
    Ok(())
}

/// What came of one root.
struct Outcome {
    verdict: Verdict,
    note: String,
    /// Whether both fail with the same words.
    same_words: bool,
}

impl Settings {
    fn shows(&self, outcome: &Outcome) -> bool {
        match outcome.verdict {
            Verdict::EqualBytes => self.verbose,
            Verdict::BothFail => self.verbose || (self.words && !outcome.same_words),
            _ => true,
        }
    }
}

fn compare(settings: &Settings, root: &Path) -> Outcome {
    let (verdict, note, same_words) = verdict(settings, root);
    Outcome {
        verdict,
        note,
        same_words,
    }
}

fn verdict(settings: &Settings, root: &Path) -> (Verdict, String, bool) {
    let options = Options {
        reorder: if settings.legacy {
            Reorder::Legacy
        } else {
            Reorder::None
        },
        load_restrictions: if settings.root_only {
            LoadRestrictions::RootOnly
        } else {
            LoadRestrictions::None
        },
        ..Options::default()
    };
    let restrictor = if settings.root_only {
        "LoadRestrictionsRootOnly"
    } else {
        "LoadRestrictionsNone"
    };
    let reorder = if settings.legacy { "legacy" } else { "none" };
    let theirs = Command::new(&settings.kustomize)
        .args([
            "build",
            "--load-restrictor",
            restrictor,
            "--reorder",
            reorder,
        ])
        .arg(root)
        .output();
    let theirs = match theirs {
        Ok(output) if output.status.success() => {
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        }
        Ok(output) => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        Err(error) => Err(error.to_string()),
    };
    // Ours reads on the whole disk, as the command line does.
    let real = std::fs::canonicalize(root).unwrap_or_else(|_| root.to_owned());
    match (build(&Disk, &real.to_string_lossy(), &options), theirs) {
        (Ok(ours), Ok(theirs)) => {
            let (verdict, note) = equality(&ours.to_yaml(), &theirs);
            (verdict, note, false)
        }
        (Err(ours), Err(theirs)) => {
            let (words, theirs) = (ours.upstream_message(""), words(&theirs));
            let note = format!("\n    ours: {words}\n    theirs: {theirs}\n    for people: {ours}");
            (Verdict::BothFail, note, words == theirs)
        }
        (Err(ours), Ok(_)) => (Verdict::OursFails, ours.to_string(), false),
        (Ok(_), Err(theirs)) => (Verdict::TheirsFails, theirs.trim().to_owned(), false),
    }
}

/// The error in what kustomize printed, behind its warnings.
fn words(printed: &str) -> &str {
    let printed = printed.trim();
    printed
        .split_once("Error: ")
        .map_or(printed, |(_, words)| words)
}

/// How two texts compare, and where they differ first.
fn equality(ours: &str, theirs: &str) -> (Verdict, String) {
    let verdict = Verdict::of(ours, theirs);
    let (mut a, mut b) = (ours.lines(), theirs.lines());
    let mut number = 0;
    loop {
        number += 1;
        match (a.next(), b.next()) {
            (None, None) => return (verdict, String::new()),
            (x, y) if x == y => {}
            (x, y) => return (verdict, format!("line {number}: ours {x:?}, theirs {y:?}")),
        }
    }
}
