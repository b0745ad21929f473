//! CPU time, memory and files of this process as the kernel counts them, under the names that all Prometheus clients use.

use std::fmt;
use std::fs;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

/// The kernel's unit of CPU time towards programs: 1/100 s on all Linux machines.
const TICKS_PER_SECOND: f64 = 100.0;
/// Unit of sizes in `/proc/self/status`, in bytes.
const KIBIBYTE: f64 = 1024.0;

/// What the kernel tells of the process.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Usage {
    cpu_seconds: f64,
    start_seconds: f64,
    virtual_bytes: f64,
    resident_bytes: f64,
    open_files: f64,
    max_files: Option<f64>,
}

/// What `/proc` says, each file as text; apart from reading it, so that it can be tested.
struct Texts<'t> {
    stat: &'t str,
    status: &'t str,
    limits: &'t str,
    machine: &'t str,
    open_files: usize,
}

impl Usage {
    fn now() -> Option<Self> {
        let read = |path: &str| fs::read_to_string(path).ok();
        Self::of(&Texts {
            stat: &read("/proc/self/stat")?,
            status: &read("/proc/self/status")?,
            limits: &read("/proc/self/limits")?,
            machine: &read("/proc/stat")?,
            open_files: fs::read_dir("/proc/self/fd").ok()?.count(),
        })
    }

    fn of(texts: &Texts<'_>) -> Option<Self> {
        const USER: usize = 11;
        const SYSTEM: usize = 12;
        const START: usize = 19;
        // The name in parentheses may hold anything; fields are counted from its end.
        let (_, fields) = texts.stat.rsplit_once(')')?;
        let ticks = |number: usize| fields.split_whitespace().nth(number)?.parse::<f64>().ok();
        let field = |text: &str, name: &str| -> Option<f64> {
            let line = text.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_whitespace().next()?.parse().ok()
        };
        Some(Self {
            cpu_seconds: (ticks(USER)? + ticks(SYSTEM)?) / TICKS_PER_SECOND,
            start_seconds: field(texts.machine, "btime ")? + ticks(START)? / TICKS_PER_SECOND,
            virtual_bytes: field(texts.status, "VmSize:")? * KIBIBYTE,
            resident_bytes: field(texts.status, "VmRSS:")? * KIBIBYTE,
            open_files: f64::from(u32::try_from(texts.open_files).unwrap_or(u32::MAX)),
            // A process without a limit has a word there; the gauge is left out then.
            max_files: field(texts.limits, "Max open files"),
        })
    }
}

/// Shows what this process uses; nothing where the kernel does not tell.
#[derive(Debug)]
pub(super) struct Process;

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let Some(usage) = Usage::now() else {
            return Ok(());
        };
        let mut tell = |name: &str, help: &str, metric: &dyn EncodeMetric| {
            metric.encode(encoder.encode_descriptor(name, help, None, metric.metric_type())?)
        };
        tell(
            "process_cpu_seconds",
            "User and system time of the process, in seconds",
            &ConstCounter::new(usage.cpu_seconds),
        )?;
        let gauges = [
            (
                "process_start_time_seconds",
                "Start of the process, in seconds since 1970",
                Some(usage.start_seconds),
            ),
            (
                "process_virtual_memory_bytes",
                "Virtual memory, in bytes",
                Some(usage.virtual_bytes),
            ),
            (
                "process_resident_memory_bytes",
                "Resident memory, in bytes",
                Some(usage.resident_bytes),
            ),
            ("process_open_fds", "Open files", Some(usage.open_files)),
            ("process_max_fds", "Files that may be open", usage.max_files),
        ];
        for (name, help, value) in gauges {
            if let Some(value) = value {
                tell(name, help, &ConstGauge::new(value))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_kernel_writes() {
        let usage = Usage::of(&Texts {
            stat: "42 (a) b) S 1 2 3 4 5 6 7 8 9 10 150 50 0 0 20 0 7 0 300 1000 2 0",
            status: "Name:\ta\nVmSize:\t   2 kB\nVmRSS:\t   1 kB\n",
            limits: "Limit    Soft Limit  Hard Limit  Units\nMax open files            1024   4096   files\n",
            machine: "cpu 1 2 3\nbtime 1000\n",
            open_files: 5,
        });
        let expected = Usage {
            cpu_seconds: 2.0,
            start_seconds: 1003.0,
            virtual_bytes: 2048.0,
            resident_bytes: 1024.0,
            open_files: 5.0,
            max_files: Some(1024.0),
        };
        assert_eq!(usage, Some(expected));
    }
}
