//! What somebody else changed, until it is corrected.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use serde_json::json;
use tokio::time::sleep;

use crate::fleet::Fleet;

/// Longest wait for a correction.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often it is looked at.
const LOOK: Duration = Duration::from_millis(5);
/// Pause between two changes.
const PAUSE: Duration = Duration::from_millis(200);

/// Times from change to correction.
pub struct Drift {
    /// Sorted, in seconds.
    seconds: Vec<f64>,
}

impl Drift {
    /// The time that so many percent did not exceed.
    pub fn percentile(&self, percent: usize) -> f64 {
        let last = self.seconds.len().saturating_sub(1);
        self.seconds
            .get(last * percent / 100)
            .copied()
            .unwrap_or_default()
    }

    /// How many changes there were.
    pub fn count(&self) -> usize {
        self.seconds.len()
    }
}

/// Changes a ConfigMap of so many Kustomizations, one after the other.
pub async fn measure(fleet: &Fleet, count: usize) -> Result<Drift> {
    let mut seconds = Vec::new();
    let stride = (fleet.apps.len() / count.max(1)).max(1);
    for app in fleet.apps.iter().step_by(stride).take(count) {
        let path = format!(
            "/api/v1/namespaces/{}/configmaps/{}",
            app.namespace, app.name
        );
        let right = fleet.subject.api.get(&path).await?["data"]["text"].clone();
        let patch = json!({"data": {"text": "somebody else was here"}});
        let started = Instant::now();
        fleet.subject.api.patch(&path, "merge", &patch).await?;
        while fleet.subject.api.get(&path).await?["data"]["text"] != right {
            if started.elapsed() > PATIENCE {
                bail!("{}/{} is not corrected", app.namespace, app.name);
            }
            sleep(LOOK).await;
        }
        seconds.push(started.elapsed().as_secs_f64());
        sleep(PAUSE).await;
    }
    seconds.sort_by(f64::total_cmp);
    Ok(Drift { seconds })
}
