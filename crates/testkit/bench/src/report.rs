//! Tables: each step beside the floor, and the targets with what was reached.

use crate::audit;
use crate::meter::Step;
use crate::releases;
use crate::steps::Run;
use crate::up::Up;

/// Prints the steps of one fleet.
pub fn print_run(run: &Run) {
    println!("\n{}", run.size);
    print_steps(&run.steps, run.size.count);
    println!(
        "  drift of one ConfigMap to corrected, {} times: p50 {:.3} s, p90 {:.3} s; resident {:.0} MiB",
        run.drift.count(),
        run.drift.percentile(50),
        run.drift.percentile(90),
        run.resident_mib
    );
}

/// Prints the steps of one fleet of HelmReleases.
pub fn print_releases(fleet: &releases::Measured) {
    println!("\n{} HelmReleases, drift detection on", fleet.count);
    print_steps(&fleet.steps, fleet.count);
    println!("  resident {:.0} MiB", fleet.resident_mib);
}

fn print_steps(steps: &[Step], count: usize) {
    let count = count as f64;
    println!(
        "  {:<13} {:>8} {:>8} {:>7} {:>9} {:>8} {:>11} {:>9} {:>9}",
        "step",
        "time s",
        "floor s",
        "ratio",
        "CPU-s/1",
        "looks/1",
        "requests/1",
        "writes/1",
        "peak MiB"
    );
    for step in steps {
        let floor = |value: Option<f64>, digits| {
            value.map_or_else(|| "-".to_owned(), |value| format!("{value:.digits$}"))
        };
        println!(
            "  {:<13} {:>8.2} {:>8} {:>7} {:>9.4} {:>8.2} {:>11.2} {:>9.2} {:>9.0}",
            step.name,
            step.seconds,
            floor(step.floor_seconds, 2),
            floor(ratio(step), 2),
            step.cpu_seconds / count,
            step.looks as f64 / count,
            audit::total(&step.requests) as f64 / count,
            audit::writes(&step.requests) as f64 / count,
            step.peak_mib,
        );
    }
    for step in steps {
        let verbs = step
            .requests
            .iter()
            .map(|(what, number)| format!("{what} {:.2}", *number as f64 / count));
        let verbs: Vec<String> = verbs.collect();
        println!("  requests/1, {}: {}", step.name, verbs.join(", "));
    }
}

fn ratio(step: &Step) -> Option<f64> {
    Some(step.seconds / step.floor_seconds?)
}

/// Prints targets and what was reached.
pub fn print_summary(runs: &[Run], fleets: &[releases::Measured], up: Option<&Up>) {
    println!("\ntargets");
    if let Some(up) = up {
        line("up of examples/fleet, s", up.seconds, 5.0);
        println!(
            "    {:.2} CPU-s, peak {:.0} MiB, embedded API of two clusters included",
            up.usage.cpu_seconds, up.usage.peak_mib
        );
    }
    for run in runs {
        let count = run.size.count as f64;
        println!("  {}", run.size);
        if let Some(step) = run.step("all changed") {
            line("all changed / floor", ratio(step).unwrap_or_default(), 2.5);
            line(
                "requests per changed Kustomization",
                audit::total(&step.requests) as f64 / count,
                9.0,
            );
            line(
                "CPU-s per changed Kustomization",
                step.cpu_seconds / count,
                0.015,
            );
        }
        if let Some(step) = run.step("one interval") {
            line(
                "requests per unchanged Kustomization",
                audit::total(&step.requests) as f64 / count,
                0.1,
            );
            line(
                "writes in one interval",
                audit::writes(&step.requests) as f64,
                0.0,
            );
        }
        line("drift p50, s", run.drift.percentile(50), 1.0);
        let peak = run
            .steps
            .iter()
            .map(|step| step.peak_mib)
            .fold(0.0, f64::max);
        line("peak of resident memory, MiB", peak, 150.0);
    }
    fleets.iter().for_each(print_release_targets);
    let flat = runs.iter().filter(|run| run.size.rate == runs[0].size.rate);
    let costs: Vec<f64> = flat
        .filter_map(|run| Some(run.step("all changed")?.cpu_seconds / run.size.count as f64))
        .collect();
    if let (Some(first), Some(last), true) = (costs.first(), costs.last(), costs.len() > 1) {
        line(
            "CPU per Kustomization, largest fleet / smallest",
            last / first,
            1.2,
        );
    }
}

fn print_release_targets(fleet: &releases::Measured) {
    let count = fleet.count as f64;
    println!("  {} HelmReleases", fleet.count);
    for step in &fleet.steps {
        let requests = audit::total(&step.requests) as f64 / count;
        if let Some(ratio) = ratio(step) {
            line(&format!("{} / floor", step.name), ratio, 2.5);
            line(
                &format!("requests per HelmRelease, {}", step.name),
                requests,
                14.0,
            );
            line(
                &format!("CPU-s per HelmRelease, {}", step.name),
                step.cpu_seconds / count,
                0.03,
            );
        }
        if step.name == releases::ONE_INTERVAL {
            line("requests per unchanged HelmRelease", requests, 0.1);
            line(
                "writes in one interval",
                audit::writes(&step.requests) as f64,
                0.0,
            );
        }
    }
    let peaks = fleet.steps.iter().map(|step| step.peak_mib);
    line(
        "peak of resident memory, MiB",
        peaks.fold(0.0, f64::max),
        250.0,
    );
}

fn line(what: &str, value: f64, target: f64) {
    let verdict = if value <= target { "ok" } else { "MISSED" };
    println!("    {what:<50} {value:>8.3}  (target {target})  {verdict}");
}
