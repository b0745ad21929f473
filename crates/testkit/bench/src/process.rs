//! CPU time and memory of a process, as the kernel counts them.

use std::fs;

use anyhow::{Context, Result};

/// The kernel's unit of CPU time towards programs: 1/100 s on all Linux machines.
const TICKS_PER_SECOND: f64 = 100.0;
/// What `/proc/PID/clear_refs` takes to start a new peak of memory.
const RESET_PEAK: &str = "5";

/// What a process has used.
#[derive(Clone, Copy, Debug, Default)]
pub struct Usage {
    /// User and system time, in seconds.
    pub cpu_seconds: f64,
    /// Highest resident memory since the last reset, in MiB.
    pub peak_mib: f64,
    /// Resident memory, in MiB.
    pub resident_mib: f64,
}

/// Of a process so far.
pub fn usage(id: u32) -> Result<Usage> {
    let stat = read(id, "stat")?;
    // The name in parentheses may hold anything; fields are counted from its end.
    let (_, fields) = stat.rsplit_once(')').context("no name in stat")?;
    let ticks = |number: usize| -> Result<f64> {
        let field = fields.split_whitespace().nth(number);
        Ok(field.context("stat is too short")?.parse()?)
    };
    const USER: usize = 11;
    const SYSTEM: usize = 12;
    let status = read(id, "status")?;
    Ok(Usage {
        cpu_seconds: (ticks(USER)? + ticks(SYSTEM)?) / TICKS_PER_SECOND,
        peak_mib: mebibytes(&status, "VmHWM:")?,
        resident_mib: mebibytes(&status, "VmRSS:")?,
    })
}

/// Starts a new peak of memory.
pub fn reset_peak(id: u32) -> Result<()> {
    fs::write(format!("/proc/{id}/clear_refs"), RESET_PEAK).context("resetting the peak of memory")
}

fn read(id: u32, file: &str) -> Result<String> {
    fs::read_to_string(format!("/proc/{id}/{file}"))
        .with_context(|| format!("reading /proc/{id}/{file}"))
}

fn mebibytes(status: &str, field: &str) -> Result<f64> {
    const KIBIBYTES_PER_MEBIBYTE: f64 = 1024.0;
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    let number = line.and_then(|rest| rest.split_whitespace().next());
    let kibibytes: f64 = number.with_context(|| format!("no {field}"))?.parse()?;
    Ok(kibibytes / KIBIBYTES_PER_MEBIBYTE)
}
