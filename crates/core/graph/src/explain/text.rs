//! An explanation in sentences.

use jiff::Timestamp;

use super::{Broken, Cause, Explanation, Part, Urgency};
use crate::standing::Standing;

impl Explanation {
    /// The first broken link in one sentence; empty when all is well.
    pub fn sentence(&self) -> String {
        let Some(broken) = &self.broken else {
            return String::new();
        };
        let what = broken.clause(&self.asked.cluster);
        match &broken.place {
            Some(place) if *place == self.asked => what,
            _ if self.asked_is_ready => format!("{} is ready, but {what}", self.asked),
            _ => format!("{} waits because {what}", self.asked),
        }
    }

    /// The chain in one line: `GitRepository f/fleet ✔ → Kustomization f/apps ✗`.
    pub fn path(&self) -> String {
        let links: Vec<String> = self
            .chain
            .iter()
            .map(|link| {
                let sign = match link.standing {
                    _ if link.suspended => "‖",
                    Standing::Ready => "✔",
                    Standing::Progressing => "◎",
                    Standing::Failed => "✗",
                    Standing::Missing => "?",
                    Standing::Deleting => "⌫",
                    Standing::Unknown => "·",
                };
                match &link.place {
                    Some(place) => format!("{place} {sign}"),
                    None => format!("cluster {} {sign}", link.cluster),
                }
            })
            .collect();
        links.join(" → ")
    }
}

impl Broken {
    /// What is broken and how, as a clause; the cluster is named when it is not the one of whoever asks.
    pub fn clause(&self, home: &str) -> String {
        let subject = match &self.place {
            None => format!("cluster {}", self.cluster),
            Some(place) if *self.cluster == *home => place.to_string(),
            Some(place) => format!("{place} on cluster {}", self.cluster),
        };
        let detail = self.message.trim();
        if detail.is_empty() {
            format!("{subject} {}", self.verb())
        } else {
            format!("{subject} {}: {detail}", self.verb())
        }
    }

    fn verb(&self) -> &'static str {
        match (&self.cause, self.urgency) {
            (Cause::ClusterLost, _) => "does not answer",
            (Cause::Missing { .. }, _) => "does not exist",
            (Cause::Cycle, _) => "waits for itself",
            (Cause::Unattended { observed: None, .. }, _) => "was not reconciled yet",
            (Cause::Unattended { .. }, _) => "was not reconciled since its last change",
            (Cause::Suspended, _) | (_, Urgency::Paused) => "is suspended",
            (Cause::Deleting, _) => "is being deleted",
            (Cause::Behind { .. }, _) => "has not applied the newest revision",
            (Cause::NoArtifact, _) => "has no artifact",
            (_, Urgency::Failed) if self.part == Part::Object => "is not healthy",
            (_, Urgency::Failed) => "fails",
            (_, Urgency::Waiting) => "is not ready yet",
        }
    }
}

/// How long ago, in one or two units: `42s`, `5m12s`, `3h20m`, `2d4h`; empty for the future.
pub fn age(since: Timestamp, now: Timestamp) -> String {
    const MINUTE: i64 = 60;
    const HOUR: i64 = 60 * MINUTE;
    const DAY: i64 = 24 * HOUR;
    let seconds = now.as_second() - since.as_second();
    let two = |large: i64, large_unit: &str, small: i64, small_unit: &str| {
        let (first, second) = (seconds / large, seconds % large / small);
        if second == 0 {
            format!("{first}{large_unit}")
        } else {
            format!("{first}{large_unit}{second}{small_unit}")
        }
    };
    match seconds {
        ..0 => String::new(),
        0..MINUTE => format!("{seconds}s"),
        MINUTE..HOUR => two(MINUTE, "m", 1, "s"),
        HOUR..DAY => two(HOUR, "h", MINUTE, "m"),
        _ => two(DAY, "d", HOUR, "h"),
    }
}
