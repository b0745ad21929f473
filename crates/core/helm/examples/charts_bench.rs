//! How fast charts render: in process, and as a process beside the real helm. `--helm BINARY --ours BINARY CHARTS`, where CHARTS is the recorded folder.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

#[path = "../tests/support/disk.rs"]
mod disk;
#[path = "../tests/support/run.rs"]
mod run;

use run::Request;

/// Runs of each case in process; the fastest counts.
const RUNS: usize = 5;
/// How often the memory of a process is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(1);

struct Case {
    id: String,
    chart: PathBuf,
    values: Option<PathBuf>,
    request: Request,
    bytes: u64,
}

fn cases(root: &Path) -> Result<Vec<Case>, String> {
    let index = std::fs::read_to_string(root.join("index.jsonl")).map_err(|e| e.to_string())?;
    let lines = index.lines().map(serde_json::from_str);
    let mut cases = Vec::new();
    for line in lines {
        let case: Value = line.map_err(|e| e.to_string())?;
        if case["outcome"] != "ok" {
            continue;
        }
        let text = |key: &str| case[key].as_str().unwrap_or_default().to_owned();
        let flags = case["flags"].as_array().into_iter().flatten();
        let values = case["values"].as_str().map(|path| root.join(path));
        let content = values
            .iter()
            .filter_map(|path| std::fs::read_to_string(path).ok());
        cases.push(Case {
            id: text("id"),
            chart: root.join(text("chart")),
            request: Request {
                release: text("release"),
                flags: flags.filter_map(Value::as_str).map(str::to_owned).collect(),
                values: content.collect(),
            },
            values,
            bytes: case["bytes"].as_u64().unwrap_or(0),
        });
    }
    Ok(cases)
}

/// The fastest of a few renderings of a loaded chart; `None` when it fails.
fn in_process(case: &Case) -> Option<Duration> {
    // What does not render is not measured.
    run::template(&case.chart, &case.request).ok()?;
    let chart = run::load(&case.chart).ok()?;
    let flags = run::flags(&case.request).ok()?;
    let mut fastest = None;
    for _ in 0..RUNS {
        let start = Instant::now();
        run::render(&chart, &flags).ok()?;
        let took = start.elapsed();
        fastest = Some(fastest.map_or(took, |best: Duration| best.min(took)));
    }
    fastest
}

/// Time and peak memory in KiB of a process: of two, because who looks at the one takes time from it.
fn as_process(binary: &Path, first: &[&str], case: &Case) -> Option<(Duration, u64)> {
    let start = Instant::now();
    command(binary, first, case).status().ok()?;
    Some((start.elapsed(), peak_memory(binary, first, case)?))
}

fn command(binary: &Path, first: &[&str], case: &Case) -> Command {
    let mut command = Command::new(binary);
    command
        .args(first)
        .arg(&case.request.release)
        .arg(&case.chart);
    command.args(&case.request.flags);
    if let Some(values) = &case.values {
        command.arg("-f").arg(values);
    }
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Most memory that a process had, in KiB.
fn peak_memory(binary: &Path, first: &[&str], case: &Case) -> Option<u64> {
    let mut child = command(binary, first, case).spawn().ok()?;
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    loop {
        if let Ok(text) = std::fs::read_to_string(&status) {
            let line = text.lines().find(|line| line.starts_with("VmHWM:"));
            let words = line.and_then(|line| line.split_whitespace().nth(1));
            peak = words
                .and_then(|word| word.parse().ok())
                .unwrap_or(0)
                .max(peak);
        }
        if child.try_wait().ok()?.is_some() {
            return Some(peak);
        }
        std::thread::sleep(LOOK_EVERY);
    }
}

fn report_in_process(cases: &[Case]) {
    let mut times: Vec<(Duration, &Case)> = cases
        .iter()
        .filter_map(|case| Some((in_process(case)?, case)))
        .collect();
    times.sort_by_key(|(time, _)| *time);
    let total: Duration = times.iter().map(|(time, _)| *time).sum();
    println!(
        "in process, chart loaded: {} cases, {total:?} in all",
        times.len()
    );
    if let Some((median, _)) = times.get(times.len() / 2) {
        println!("  median {median:?}");
    }
    let podinfo = times
        .iter()
        .filter(|(_, case)| case.chart.ends_with("podinfo"));
    if let Some((time, case)) = podinfo.max_by_key(|(time, _)| *time) {
        println!("  podinfo, slowest {time:?} ({})", case.id);
    }
    for (time, case) in times.iter().rev().take(8) {
        println!("  slow {time:?} {} ({} bytes)", case.id, case.bytes);
    }
    let largest = times.iter().max_by_key(|(_, case)| case.bytes);
    if let Some((time, case)) = largest {
        println!("  largest {time:?} {} ({} bytes)", case.id, case.bytes);
    }
}

/// The middle of some numbers; 0 of none.
fn median(numbers: &mut [f64]) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or_default()
}

fn report_processes(cases: &[Case], helm: &Path, ours: &Path) {
    let (mut our_time, mut helm_time) = (Duration::ZERO, Duration::ZERO);
    let (mut our_peak, mut helm_peak, mut count) = (0, 0, 0);
    // Sums are ruled by the few charts that draw RSA keys, with luck or without.
    let (mut our_times, mut helm_times, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for case in cases {
        let our = as_process(ours, &["helm", "template"], case);
        let real = as_process(helm, &["template"], case);
        if let (Some(our), Some(real)) = (our, real) {
            count += 1;
            our_time += our.0;
            helm_time += real.0;
            our_times.push(our.0.as_secs_f64());
            helm_times.push(real.0.as_secs_f64());
            ratios.push(real.0.as_secs_f64() / our.0.as_secs_f64().max(1e-9));
            our_peak += our.1;
            helm_peak += real.1;
        }
    }
    println!(
        "as processes, medians: ours {:.1} ms, helm {:.1} ms; of the ratios {:.1} times faster",
        median(&mut our_times) * 1e3,
        median(&mut helm_times) * 1e3,
        median(&mut ratios)
    );
    let ratio = helm_time.as_secs_f64() / our_time.as_secs_f64().max(1e-9);
    println!(
        "as processes, {count} cases: ours {our_time:?}, helm {helm_time:?}, {ratio:.1} times faster"
    );
    let (our_mean, helm_mean) = (our_peak / count.max(1), helm_peak / count.max(1));
    let share = our_peak as f64 / (helm_peak as f64).max(1.0);
    println!("  mean peak memory: ours {our_mean} KiB, helm {helm_mean} KiB, {share:.2} of it");
}

fn run_all() -> Result<(), String> {
    let (mut helm, mut ours, mut root) = (None, None, None);
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--helm" => helm = words.next().map(PathBuf::from),
            "--ours" => ours = words.next().map(PathBuf::from),
            path => root = Some(PathBuf::from(path)),
        }
    }
    let cases = cases(&root.ok_or("the folder of recorded charts is missing")?)?;
    report_in_process(&cases);
    if let (Some(helm), Some(ours)) = (helm, ours) {
        report_processes(&cases, &helm, &ours);
    }
    Ok(())
}

fn main() -> ExitCode {
    match run_all() {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}
