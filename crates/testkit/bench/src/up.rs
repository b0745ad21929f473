//! `skein up` over the example fleet, from start to all Ready.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tokio::process::Command;
use tokio::time::sleep;

use crate::process::{self, Usage};

/// Starts, of which the middle one counts.
const STARTS: usize = 3;
/// How often memory and CPU time are read.
const LOOK: Duration = Duration::from_millis(20);

/// What it took.
pub struct Up {
    /// Until the program ended because all was ready.
    pub seconds: f64,
    /// CPU time and peak of memory, embedded API included.
    pub usage: Usage,
}

/// Starts it a few times; the run with the middle time.
pub async fn measure(program: &Path) -> Result<Up> {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../examples/fleet");
    let mut runs = Vec::new();
    for number in 0..STARTS {
        eprintln!("up: start {} of {STARTS}", number + 1);
        runs.push(start(program, &example).await?);
    }
    runs.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
    Ok(runs.swap_remove(STARTS / 2))
}

async fn start(program: &Path, example: &Path) -> Result<Up> {
    let folder = tempfile::tempdir().context("creating a folder for the run")?;
    let log = folder.path().join("up.log");
    let output = std::fs::File::create(&log).context("creating a log")?;
    let state: PathBuf = folder.path().join("state");
    let started = Instant::now();
    let mut child = Command::new(program)
        .arg("up")
        .arg(example)
        .args([
            "--exit-when-ready",
            "--ephemeral",
            "--timeout=2m",
            "--state-dir",
        ])
        .arg(state)
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output)
        .kill_on_drop(true)
        .spawn()
        .context("starting skein up")?;
    let mut usage = Usage::default();
    loop {
        if let Some(id) = child.id()
            && let Ok(now) = process::usage(id)
        {
            usage = now;
        }
        if let Some(status) = child.try_wait()? {
            let seconds = started.elapsed().as_secs_f64();
            if !status.success() {
                let text = std::fs::read_to_string(&log).unwrap_or_default();
                bail!("skein up: {status}\n{text}");
            }
            return Ok(Up { seconds, usage });
        }
        sleep(LOOK).await;
    }
}
