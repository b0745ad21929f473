//! Watches how much of its memory limit the process uses, so that it can stop in good order before the kernel ends it.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

/// Shortest pause between two looks.
const INTERVAL_MIN: Duration = Duration::from_millis(50);
/// Where control groups are mounted.
const CONTROL_GROUPS: &str = "/sys/fs/cgroup";
/// Files with the limit: of version 2, else of version 1.
const LIMIT_FILES: [&str; 2] = ["memory.max", "memory/memory.limit_in_bytes"];
/// Files with the usage: of version 2, else of version 1.
const USAGE_FILES: [&str; 2] = ["memory.current", "memory/memory.usage_in_bytes"];

/// How memory is watched.
#[derive(Clone, Debug)]
pub struct MemoryWatchOptions {
    /// Share of the limit, 1 to 100.
    pub threshold_percent: u8,
    /// Pause between looks.
    pub interval: Duration,
    /// File with the limit; that of the control group when absent.
    pub limit_file: Option<PathBuf>,
    /// File with the usage; that of the control group when absent.
    pub usage_file: Option<PathBuf>,
}

/// A watch over the memory of the control group.
#[derive(Debug)]
pub struct MemoryWatch {
    limit_bytes: u64,
    usage_file: PathBuf,
    threshold_percent: u8,
    interval: Duration,
}

impl MemoryWatch {
    /// A watch; an error when there is no limit to be read or a setting is out of range.
    pub fn new(options: &MemoryWatchOptions) -> Result<Self> {
        let threshold = options.threshold_percent;
        if !(1..=100).contains(&threshold) {
            bail!("--oom-watch-memory-threshold must be between 1 and 100, got {threshold}");
        }
        if options.interval < INTERVAL_MIN {
            bail!(
                "--oom-watch-interval must be at least {INTERVAL_MIN:?}, got {:?}",
                options.interval
            );
        }
        let limit_file = given_or_found(options.limit_file.as_deref(), LIMIT_FILES)
            .context("no memory limit was found; name its file by --oom-watch-max-memory-path")?;
        let usage_file = given_or_found(options.usage_file.as_deref(), USAGE_FILES).context(
            "no memory usage was found; name its file by --oom-watch-current-memory-path",
        )?;
        read_bytes(&usage_file)?;
        Ok(Self {
            limit_bytes: read_bytes(&limit_file)?,
            usage_file,
            threshold_percent: threshold,
            interval: options.interval,
        })
    }

    /// Ends when the threshold is reached.
    pub async fn reached(self) {
        loop {
            tokio::time::sleep(self.interval).await;
            match read_bytes(&self.usage_file) {
                Ok(usage) if self.is_reached(usage) => {
                    let limit = self.limit_bytes;
                    tracing::warn!(usage, limit, "memory usage is near its limit, stopping");
                    return;
                }
                Ok(_) => {}
                Err(error) => tracing::error!("{error:#}; this look is passed over"),
            }
        }
    }

    fn is_reached(&self, usage_bytes: u64) -> bool {
        const PERCENT: u128 = 100;
        let threshold = u128::from(self.limit_bytes) * u128::from(self.threshold_percent);
        u128::from(usage_bytes) * PERCENT >= threshold
    }
}

fn given_or_found(given: Option<&Path>, names: [&str; 2]) -> Option<PathBuf> {
    if let Some(given) = given {
        return Some(given.to_owned());
    }
    let mut candidates = names
        .iter()
        .map(|name| Path::new(CONTROL_GROUPS).join(name));
    candidates.find(|path| path.exists())
}

fn read_bytes(file: &Path) -> Result<u64> {
    let text = fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
    let number = text.trim().parse();
    number.with_context(|| {
        format!(
            "{} holds no number of bytes: {:?}",
            file.display(),
            text.trim()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(folder: &Path) -> MemoryWatchOptions {
        MemoryWatchOptions {
            threshold_percent: 90,
            interval: INTERVAL_MIN,
            limit_file: Some(folder.join("limit")),
            usage_file: Some(folder.join("usage")),
        }
    }

    #[test]
    fn the_watch_ends_at_the_threshold() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("limit"), "1000\n").unwrap();
        fs::write(folder.path().join("usage"), "10\n").unwrap();
        let watch = MemoryWatch::new(&options(folder.path())).unwrap();
        assert!(!watch.is_reached(899) && watch.is_reached(900) && watch.is_reached(u64::MAX));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        fs::write(folder.path().join("usage"), "901\n").unwrap();
        runtime.block_on(watch.reached());
    }

    #[test]
    fn what_cannot_be_watched_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let told =
            |options: &MemoryWatchOptions| format!("{:#}", MemoryWatch::new(options).unwrap_err());
        fs::write(folder.path().join("usage"), "10\n").unwrap();
        assert!(told(&options(folder.path())).contains("limit"));
        fs::write(folder.path().join("limit"), "max\n").unwrap();
        assert!(told(&options(folder.path())).contains("\"max\""));
        let mut wrong = options(folder.path());
        wrong.threshold_percent = 0;
        assert!(told(&wrong).contains("between 1 and 100"));
        wrong.threshold_percent = 95;
        wrong.interval = Duration::from_millis(1);
        assert!(told(&wrong).contains("at least 50ms"));
    }
}
