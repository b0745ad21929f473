//! What skein uses and asks while something happens.

use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::time::sleep;

use crate::audit::{Audit, Requests};
use crate::process::{self, Usage};

/// Events follow the last status: a step ends when nothing was asked for so long.
const CALM: Duration = Duration::from_secs(1);
/// Longest wait for that.
const CALM_LIMIT: Duration = Duration::from_secs(60);

/// Where the numbers come from.
pub struct Probe {
    /// What skein asks.
    pub audit: Audit,
    /// Id of the process.
    pub process: u32,
    /// Address of its metrics.
    pub metrics: String,
    /// Whose looks are counted, as the metrics name it.
    pub controller: &'static str,
}

impl Probe {
    /// Looks at objects that have ended so far, as the metrics count them.
    pub async fn looks(&self) -> Result<u64> {
        let text = http_get(&self.metrics, "/metrics").await?;
        let counts = text.lines().filter(|line| {
            line.starts_with("controller_runtime_reconcile_total") && line.contains(self.controller)
        });
        let numbers = counts.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok());
        Ok(numbers.sum::<f64>() as u64)
    }

    /// Waits until nothing is asked any more; what was asked meanwhile.
    pub async fn calm(&mut self) -> Result<Requests> {
        let (mut all, started) = (Requests::new(), Instant::now());
        loop {
            sleep(CALM).await;
            let requests = self.audit.take()?;
            let is_calm = requests.is_empty();
            for (what, number) in requests {
                *all.entry(what).or_insert(0) += number;
            }
            if is_calm || started.elapsed() > CALM_LIMIT {
                return Ok(all);
            }
        }
    }
}

async fn http_get(address: &str, path: &str) -> Result<String> {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut stream = tokio::net::TcpStream::connect(address).await?;
    let request = format!("GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

/// One step.
pub struct Step {
    /// What happened.
    pub name: &'static str,
    /// Until the last object was Ready.
    pub seconds: f64,
    /// Of the bare client, where there is one.
    pub floor_seconds: Option<f64>,
    /// CPU seconds of skein, what followed at once included.
    pub cpu_seconds: f64,
    /// Of skein.
    pub peak_mib: f64,
    /// What skein asked.
    pub requests: Requests,
    /// Looks at objects.
    pub looks: u64,
}

/// What was used when a step began.
pub struct Meter {
    usage: Usage,
    looks: u64,
    started: Instant,
}

impl Meter {
    pub async fn start(probe: &mut Probe) -> Result<Self> {
        probe.audit.take()?;
        process::reset_peak(probe.process)?;
        Ok(Self {
            usage: process::usage(probe.process)?,
            looks: probe.looks().await?,
            started: Instant::now(),
        })
    }

    /// The time ends now; what follows at once is counted as well.
    pub async fn end(
        self,
        probe: &mut Probe,
        name: &'static str,
        floor: Option<f64>,
    ) -> Result<Step> {
        let seconds = self.started.elapsed().as_secs_f64();
        let requests = probe.calm().await?;
        let step = self.end_at_once(probe, name, floor).await?;
        Ok(Step {
            seconds,
            requests,
            ..step
        })
    }

    pub async fn end_at_once(
        self,
        probe: &mut Probe,
        name: &'static str,
        floor: Option<f64>,
    ) -> Result<Step> {
        let usage = process::usage(probe.process)?;
        Ok(Step {
            name,
            seconds: self.started.elapsed().as_secs_f64(),
            floor_seconds: floor,
            cpu_seconds: usage.cpu_seconds - self.usage.cpu_seconds,
            peak_mib: usage.peak_mib,
            requests: probe.audit.take()?,
            looks: probe.looks().await? - self.looks,
        })
    }
}
