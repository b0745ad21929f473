//! Charts rendered by ours and by a real helm, compared byte for byte and as objects: `--helm BINARY [--record CASES |
//! [--generate] [--trees COUNT [--seed NUMBER]] PATH..] [--verbose]`. With `--generate`, charts from folders are rendered with values made from their own,
//! too, by rules and (`--mutate COUNT`) at random; with `--trees`, whole charts are made at random.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

#[path = "../tests/support/cases.rs"]
mod cases;
#[path = "../tests/support/compare.rs"]
mod compare;
#[path = "../tests/support/disk.rs"]
mod disk;
#[path = "charts_oracle/generate.rs"]
mod generate;
#[path = "../../template/examples/generate/random.rs"]
mod random;
#[path = "../tests/support/run.rs"]
mod run;
#[path = "charts_oracle/trees.rs"]
mod trees;
#[path = "charts_oracle/words.rs"]
mod words;

use compare::{Varies, Verdict, compare_errors, first_difference};
use run::Request;

/// How charts from folders are rendered.
const FLAGS: [&str; 5] = [
    "--namespace",
    "test-ns",
    "--include-crds",
    "--kube-version",
    "1.33.0",
];

/// Between two runs of helm a clock that shows seconds has moved.
const BETWEEN_RUNS: Duration = Duration::from_millis(1_100);
/// Memory that Helm may take, in KiB of addresses.
const MAX_HELM_KIB: u64 = 8 << 20;

struct Arguments {
    helm: PathBuf,
    record: Option<PathBuf>,
    verbose: bool,
    generate: bool,
    /// How often the values of a chart are changed at random.
    mutate: u64,
    /// Number of charts at random.
    trees: u64,
    seed: u64,
    paths: Vec<PathBuf>,
}

fn arguments() -> Result<Arguments, String> {
    let mut arguments = Arguments {
        helm: PathBuf::from("helm"),
        record: None,
        verbose: false,
        generate: false,
        mutate: 0,
        trees: 0,
        seed: 1,
        paths: Vec::new(),
    };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut number = || -> Result<u64, String> {
            let text = words.next().ok_or(format!("{word} needs a number"))?;
            text.parse().map_err(|e| format!("{word}: {e}"))
        };
        match word.as_str() {
            "--mutate" => arguments.mutate = number()?,
            "--trees" => arguments.trees = number()?,
            "--seed" => arguments.seed = number()?,
            "--helm" => arguments.helm = words.next().ok_or("--helm needs a path")?.into(),
            "--record" => {
                arguments.record = Some(words.next().ok_or("--record needs a folder")?.into());
            }
            "--generate" => arguments.generate = true,
            "--verbose" => arguments.verbose = true,
            path => arguments.paths.push(path.into()),
        }
    }
    Ok(arguments)
}

/// Standard output, or standard error from `Error:` on.
fn real(helm: &Path, chart: &Path, request: &Request) -> Result<String, String> {
    let folder = std::env::temp_dir().join(format!("skein-helm-oracle-{}", std::process::id()));
    std::fs::create_dir_all(&folder).map_err(|e| e.to_string())?;
    // A chart that is a bomb to Helm must not take the machine with it.
    let mut command = Command::new("sh");
    let limited = format!("ulimit -v {MAX_HELM_KIB} && exec \"$@\"");
    command.args(["-c", &limited, "helm"]).arg(helm);
    command.arg("template").arg(&request.release).arg(chart);
    command.args(&request.flags);
    for (at, text) in request.values.iter().enumerate() {
        let file = folder.join(format!("values-{at}.yaml"));
        std::fs::write(&file, text).map_err(|e| e.to_string())?;
        command.arg("-f").arg(file);
    }
    for (name, below) in [("HELM_CACHE_HOME", "cache"), ("HELM_CONFIG_HOME", "config")] {
        command.env(name, folder.join(below));
    }
    let output = command
        .output()
        .map_err(|e| format!("helm does not start: {e}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let at = text.find("Error: ").map_or(0, |at| at + "Error: ".len());
    // Where the files of values lie is no part of the answer.
    let here = format!("{}/", folder.display());
    Err(text[at..].trim().replace(&here, ""))
}

/// Whether Helm did not end of its own accord.
fn is_crash(words: &str) -> bool {
    let beginnings = ["panic: ", "fatal error: ", "runtime: "];
    beginnings
        .iter()
        .any(|beginning| words.starts_with(beginning))
}

/// One comparison.
fn compare_case(helm: &Path, chart: &Path, request: &Request) -> (Verdict, String) {
    let ours = std::panic::catch_unwind(|| run::template(chart, request));
    let Ok(ours) = ours else {
        return (Verdict::Different, "we panic".to_owned());
    };
    match (ours, real(helm, chart, request)) {
        (Ok(ours), Ok(first)) => {
            if ours == first {
                return (Verdict::Bytes, String::new());
            }
            // What differs between two runs of helm is random, or the time of day.
            std::thread::sleep(BETWEEN_RUNS);
            let second = real(helm, chart, request).ok();
            let varies = match &second {
                Some(second) if *second != first => Varies::Leaves,
                _ => Varies::Nothing,
            };
            let verdict = compare::compare(&ours, &first, second.as_deref(), varies);
            (verdict, first_difference(&ours, &first))
        }
        (Err(ours), Err(theirs)) => compare_errors(&ours, &theirs),
        // Helm's own mistakes are nothing to follow.
        (_, Err(theirs)) if is_crash(&theirs) => (Verdict::Objects, theirs),
        (Ok(_), Err(theirs)) => (Verdict::Different, format!("helm fails: {theirs}")),
        (Err(ours), Ok(_)) => (Verdict::Different, format!("we fail: {ours}")),
    }
}

/// Every chart in a folder that is not below another chart, with its defaults and each file of ci/.
fn find_charts(folder: &Path, found: &mut Vec<PathBuf>) {
    if folder.join("Chart.yaml").is_file() || folder.extension().is_some_and(|end| end == "tgz") {
        found.push(folder.to_owned());
        return;
    }
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths.iter().for_each(|path| find_charts(path, found));
}

fn request(values: Vec<String>) -> Request {
    Request {
        release: "test-release".to_owned(),
        flags: FLAGS.iter().map(|flag| (*flag).to_owned()).collect(),
        values,
    }
}

fn requests(chart: &Path, arguments: &Arguments) -> Vec<(String, Request)> {
    let mut all = vec![("default".to_owned(), request(Vec::new()))];
    if arguments.generate {
        all.extend(generate::requests(chart, &request(Vec::new())));
    }
    let seeds = arguments.seed..arguments.seed + arguments.mutate;
    all.extend(generate::at_random(chart, &request(Vec::new()), seeds));
    let mut files: Vec<PathBuf> = std::fs::read_dir(chart.join("ci"))
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|end| end == "yaml"))
        .collect();
    files.sort();
    for file in files {
        if let Ok(text) = std::fs::read_to_string(&file) {
            let name = file.file_stem().unwrap_or_default().to_string_lossy();
            all.push((name.into_owned(), request(vec![text])));
        }
    }
    all
}

/// Counts by verdict.
#[derive(Default)]
struct Tally(BTreeMap<Verdict, usize>);

impl Tally {
    fn add(&mut self, name: &str, verdict: Verdict, note: &str, verbose: bool) {
        *self.0.entry(verdict).or_default() += 1;
        if verdict == Verdict::Different || (verbose && verdict == Verdict::Objects) {
            println!("{verdict:?} {name}: {note}");
        }
    }

    fn print(&self) -> bool {
        let count = |verdict| self.0.get(&verdict).copied().unwrap_or(0);
        let (bytes, objects) = (count(Verdict::Bytes), count(Verdict::Objects));
        let different = count(Verdict::Different);
        let random = count(Verdict::Random);
        let all = bytes + random + objects + different;
        println!("{all:>6} cases");
        println!("{bytes:>6} equal in bytes");
        println!("{random:>6} equal in bytes but for lines in which two runs of helm differ");
        println!("{objects:>6} equal as objects only, or failing at the same place in other words");
        println!("{different:>6} different");
        different == 0
    }
}

fn record(helm: &Path, folder: &Path) -> Result<(), String> {
    let expected = folder.join("expected");
    let _ = std::fs::remove_dir_all(&expected);
    std::fs::create_dir_all(&expected).map_err(|e| e.to_string())?;
    for case in cases::read(folder) {
        let (suffix, text) = match real(helm, &folder.join(&case.chart), &case.request) {
            Ok(text) => ("yaml", text),
            Err(text) => {
                // Where the charts lie is no part of the answer.
                let here = format!("{}/", folder.display());
                ("err", text.replace(&here, "") + "\n")
            }
        };
        let file = expected.join(format!("{}.{suffix}", case.name));
        std::fs::write(file, text).map_err(|e| e.to_string())?;
    }
    Ok(())
}

/// Charts at random; those that differ stay on the disk.
fn run_trees(arguments: &Arguments, tally: &mut Tally) -> Result<(), String> {
    let top = std::env::temp_dir().join(format!("skein-helm-trees-{}", std::process::id()));
    for seed in arguments.seed..arguments.seed + arguments.trees {
        let folder = top.join(seed.to_string());
        let request = trees::write(seed, &folder, &request(Vec::new()))
            .map_err(|e| format!("{}: {e}", folder.display()))?;
        let (verdict, note) = compare_case(&arguments.helm, &folder, &request);
        let name = format!("{} {:?}", folder.display(), &request.flags[FLAGS.len()..]);
        tally.add(&name, verdict, &note, arguments.verbose);
        if verdict == Verdict::Different {
            for (at, text) in request.values.iter().enumerate() {
                let file = top.join(format!("{seed}-values-{at}.yaml"));
                std::fs::write(file, text).map_err(|e| e.to_string())?;
            }
        } else {
            std::fs::remove_dir_all(&folder).map_err(|e| e.to_string())?;
        }
    }
    let _ = std::fs::remove_dir(&top);
    Ok(())
}

fn run_all(arguments: &Arguments) -> Result<bool, String> {
    if let Some(folder) = &arguments.record {
        record(&arguments.helm, folder)?;
        return Ok(true);
    }
    let mut tally = Tally::default();
    run_trees(arguments, &mut tally)?;
    for path in &arguments.paths {
        if path.join("cases.json").is_file() {
            for case in cases::read(path) {
                let chart = path.join(&case.chart);
                let (verdict, note) = compare_case(&arguments.helm, &chart, &case.request);
                tally.add(&case.name, verdict, &note, arguments.verbose);
            }
            continue;
        }
        let mut charts = Vec::new();
        find_charts(path, &mut charts);
        for chart in charts {
            for (name, request) in requests(&chart, arguments) {
                let (verdict, note) = compare_case(&arguments.helm, &chart, &request);
                let name = format!("{}#{name}", chart.display());
                tally.add(&name, verdict, &note, arguments.verbose);
            }
        }
    }
    Ok(tally.print())
}

fn main() -> ExitCode {
    let outcome = arguments().and_then(|arguments| run_all(&arguments));
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}
