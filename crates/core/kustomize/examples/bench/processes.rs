//! Both as processes over the roots of the corpus: time and peak memory.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

#[path = "../../tests/it/case_file.rs"]
mod case_file;

/// Runs of each root of which the fastest counts.
const ROUNDS: usize = 3;

/// Milliseconds and bytes of one run.
type Cost = (f64, f64);

/// Lays the corpus out on the disk, builds every root and prints medians. Without a binary of ours it is this program.
pub fn run(kustomize: &str, corpus: &str, skein: Option<&str>) -> Result<(), String> {
    let own = std::env::current_exe().map_err(|e| e.to_string())?;
    let own = own.to_string_lossy();
    let unrestricted = ["--load-restrictor", "LoadRestrictionsNone"];
    let mut ours = match skein {
        Some(skein) => vec![skein, "kustomize", "build"],
        None => vec![&*own, "build"],
    };
    let mut theirs = vec![kustomize, "build"];
    theirs.extend(unrestricted);
    if skein.is_some() {
        ours.extend(unrestricted);
    }
    let folder = std::env::temp_dir().join(format!("skein-kustomize-bench-{}", std::process::id()));
    let roots = lay_out(Path::new(corpus), &folder)?;
    let mut costs: Vec<(Cost, Cost)> = Vec::new();
    for root in &roots {
        let pair = (best(&ours, root)?, best(&theirs, root)?);
        if let (Some(ours), Some(theirs)) = pair {
            costs.push((ours, theirs));
        }
    }
    fs::remove_dir_all(&folder).map_err(|e| e.to_string())?;
    let median = |get: fn(&(Cost, Cost)) -> f64| {
        let mut all: Vec<f64> = costs.iter().map(get).collect();
        all.sort_by(f64::total_cmp);
        all.get(all.len() / 2).copied().unwrap_or_default()
    };
    println!("{} roots that both build, medians", costs.len());
    println!("| | ours | kustomize | ratio |\n| --- | --- | --- | --- |");
    let (time, their_time) = (median(|c| c.0.0), median(|c| c.1.0));
    println!(
        "| time, ms | {time:.2} | {their_time:.2} | {:.1} |",
        their_time / time
    );
    let (memory, their_memory) = (median(|c| c.0.1), median(|c| c.1.1));
    println!(
        "| peak memory, MB | {:.1} | {:.1} | {:.1} |",
        memory / 1e6,
        their_memory / 1e6,
        their_memory / memory
    );
    Ok(())
}

/// Lays the corpus out on the disk and prints the roots that build, a line each.
pub fn print_roots(corpus: &str, folder: &str) -> Result<(), String> {
    for root in lay_out(Path::new(corpus), Path::new(folder))? {
        println!("{}", root.display());
    }
    Ok(())
}

/// The cheapest of some runs; `None` for a root that is refused.
fn best(command: &[&str], root: &Path) -> Result<Option<Cost>, String> {
    let mut found: Option<Cost> = None;
    for _ in 0..ROUNDS {
        let Some((time, memory)) = measured(command, root)? else {
            return Ok(None);
        };
        let (best, peak) = found.unwrap_or((time, memory));
        found = Some((best.min(time), peak.max(memory)));
    }
    Ok(found)
}

fn measured(command: &[&str], root: &Path) -> Result<Option<Cost>, String> {
    let [program, words @ ..] = command else {
        return Err("no program".to_owned());
    };
    // Once for the time, once for the memory, which is looked at all the while.
    let mut run = Command::new(program);
    run.args(words).arg(root);
    run.stdout(Stdio::null()).stderr(Stdio::null());
    let start = Instant::now();
    let status = run.status().map_err(|e| format!("{program}: {e}"))?;
    let time = start.elapsed().as_secs_f64() * 1e3;
    if !status.success() {
        return Ok(None);
    }
    let mut child = run.spawn().map_err(|e| format!("{program}: {e}"))?;
    let mut peak: f64 = 0.0;
    while child.try_wait().map_err(|e| e.to_string())?.is_none() {
        peak = peak.max(peak_bytes(child.id()).unwrap_or_default());
    }
    Ok(Some((time, peak)))
}

/// The peak of the resident memory of a running process.
fn peak_bytes(process: u32) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"))?;
    let kilobytes: f64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024.0)
}

/// Writes the cases of the corpus to folders, and returns the roots that kustomize builds.
fn lay_out(corpus: &Path, folder: &Path) -> Result<Vec<PathBuf>, String> {
    let told = |path: &Path, error: std::io::Error| format!("{}: {error}", path.display());
    let shared = case_file::shared(corpus);
    let mut roots = Vec::new();
    for entry in fs::read_dir(corpus).map_err(|e| told(corpus, e))? {
        let path = entry.map_err(|e| told(corpus, e))?.path();
        if path.ends_with(case_file::SHARED) {
            continue;
        }
        let text = fs::read_to_string(&path).map_err(|e| told(&path, e))?;
        for case in case_file::parse(&text, &shared) {
            let top = folder.join(&case.name);
            for (path, content) in &case.files {
                let path = top.join(path);
                let parent = path.parent().unwrap_or(&top);
                fs::create_dir_all(parent).map_err(|e| told(parent, e))?;
                fs::write(&path, content).map_err(|e| told(&path, e))?;
            }
            let built = case.wanted.iter().filter(|(_, wanted)| wanted.is_some());
            roots.extend(built.map(|(root, _)| top.join(root)));
        }
    }
    Ok(roots)
}
