//! What is said about a run: conditions, history, events. Pure: status in, status and events out.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use skein_api::conditions::{ConditionStatus, find};
use skein_api::inventory::{HISTORY_LIMIT_ENTRIES, ResourceInventory, ResourceRef, Snapshot};
use skein_api::kustomization::KustomizationStatus;
use skein_api::{
    Artifact, ConditionType, ConditionWriter, Kustomization, KustomizationReason, Time,
};
use skein_object::GoDuration;
use skein_plan::{Inventory, InventoryEntry};
use skein_runtime::{Event, Severity, events::Reference};

/// Prefix of event metadata.
const METADATA_PREFIX: &str = "kustomize.toolkit.fluxcd.io";

/// Steps of a run that are told while it is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Downloading.
    Fetching,
    /// Building.
    Building,
    /// Comparing and applying.
    Applying,
    /// Waiting for health.
    Waiting,
}

impl Phase {
    /// The message of the Reconciling condition.
    pub fn message(self, revision: &str, timeout: GoDuration) -> String {
        let what = match self {
            Self::Fetching => "Fetching manifests",
            Self::Building => "Building manifests",
            Self::Applying => "Detecting drift",
            Self::Waiting => "Running health checks",
        };
        format!("{what} for revision {revision} with a timeout of {timeout}")
    }
}

/// Writes one object's status at one moment.
pub struct Report<'a> {
    /// The status being written.
    pub status: &'a mut KustomizationStatus,
    /// `metadata.generation`.
    pub generation: i64,
    /// Now.
    pub now: Timestamp,
}

impl Report<'_> {
    fn conditions(&mut self) -> ConditionWriter<'_> {
        ConditionWriter::new(
            &mut self.status.conditions,
            self.generation,
            Time::new(self.now),
        )
    }

    /// Work is under way.
    pub fn progressing(&mut self, phase: Phase, revision: &str, timeout: GoDuration) {
        let message = phase.message(revision, timeout);
        let mut conditions = self.conditions();
        conditions.mark_unknown(
            ConditionType::Ready,
            KustomizationReason::Progressing,
            "Reconciliation in progress",
        );
        if phase == Phase::Waiting {
            conditions.mark_unknown(
                ConditionType::Healthy,
                KustomizationReason::Progressing,
                message.clone(),
            );
        }
        conditions.mark_reconciling(KustomizationReason::Progressing, message);
    }

    /// All is applied (and healthy).
    pub fn succeeded(&mut self, artifact: &Artifact) {
        self.status
            .last_applied_revision
            .clone_from(&artifact.revision);
        self.status
            .last_attempted_revision
            .clone_from(&artifact.revision);
        self.status.last_applied_origin_revision =
            artifact.origin_revision().unwrap_or_default().to_owned();
        self.status.observed_generation = self.generation;
        let message = format!("Applied revision: {}", artifact.revision);
        let mut conditions = self.conditions();
        conditions.remove(ConditionType::Reconciling);
        conditions.remove(ConditionType::Stalled);
        conditions.mark_true(
            ConditionType::Ready,
            KustomizationReason::ReconciliationSucceeded,
            message,
        );
    }

    /// Something failed; it will be tried again. The generation stays unobserved.
    pub fn failed(&mut self, reason: KustomizationReason, message: &str, progress: &str) {
        let mut conditions = self.conditions();
        conditions.mark_false(ConditionType::Ready, reason, message);
        conditions.mark_reconciling(KustomizationReason::ProgressingWithRetry, progress);
    }

    /// Something else has to come first.
    pub fn waiting_for(&mut self, reason: KustomizationReason, message: &str) {
        self.conditions()
            .mark_false(ConditionType::Ready, reason, message);
        self.settle();
    }

    /// What is true at the end of any run: who is still ready has observed this generation, who is not will be retried.
    pub fn settle(&mut self) {
        let conditions = &self.status.conditions;
        let ready = find(conditions, ConditionType::Ready.as_str()).map(|held| held.status);
        let progress =
            find(conditions, ConditionType::Reconciling.as_str()).map(|held| held.message.clone());
        match (ready, progress) {
            (Some(ConditionStatus::True), _) => {
                self.conditions().remove(ConditionType::Reconciling);
                self.status.observed_generation = self.generation;
            }
            (Some(ConditionStatus::False), Some(progress)) => {
                let reason = KustomizationReason::ProgressingWithRetry;
                self.conditions().mark_reconciling(reason, progress);
            }
            _ => {}
        }
    }

    /// Only a change of the spec helps. Who is denied access has not observed it: the grant may come from outside.
    pub fn stalled(&mut self, reason: KustomizationReason, message: &str) {
        if reason != KustomizationReason::AccessDenied {
            self.status.observed_generation = self.generation;
        }
        let mut conditions = self.conditions();
        conditions.mark_false(ConditionType::Ready, reason, message);
        conditions.mark_stalled(reason, message);
    }

    /// The verdict about health.
    pub fn healthy(&mut self, took: GoDuration) {
        let message = format!("Health check passed in {took}");
        let reason = KustomizationReason::Succeeded;
        self.conditions()
            .mark_true(ConditionType::Healthy, reason, message);
    }

    /// The verdict about health, when it is bad.
    pub fn unhealthy(&mut self, message: &str) {
        let reason = KustomizationReason::HealthCheckFailed;
        self.conditions()
            .mark_false(ConditionType::Healthy, reason, message);
    }

    /// Nothing is waited for, so nothing is said about health.
    pub fn without_health(&mut self) {
        self.conditions().remove(ConditionType::Healthy);
    }

    /// Records the outcome in the history: one entry per digest and outcome, newest first.
    pub fn record(&mut self, outcome: Outcome<'_>) {
        let now = Time::new(self.now);
        let history = &mut self.status.history;
        let same = history.iter().position(|held| {
            held.digest == outcome.digest && held.last_reconciled_status == outcome.reason.as_str()
        });
        let mut metadata = BTreeMap::from([("revision".into(), outcome.artifact.revision.clone())]);
        if let Some(origin) = outcome.artifact.origin_revision() {
            metadata.insert("originRevision".into(), origin.to_owned());
        }
        let (first_reconciled, runs) = match same {
            Some(at) => {
                let held = history.remove(at);
                (held.first_reconciled, held.total_reconciliations)
            }
            None => (now, 0),
        };
        let snapshot = Snapshot {
            digest: outcome.digest.to_owned(),
            first_reconciled,
            last_reconciled: now,
            last_reconciled_duration: GoDuration::from_std(outcome.took),
            last_reconciled_status: outcome.reason.as_str().to_owned(),
            total_reconciliations: runs + 1,
            metadata,
        };
        history.insert(0, snapshot);
        history.truncate(HISTORY_LIMIT_ENTRIES);
    }
}

/// The outcome of a run, for the history.
pub struct Outcome<'a> {
    /// Digest of the build.
    pub digest: &'a str,
    /// Reason of the Ready condition.
    pub reason: KustomizationReason,
    /// What was applied.
    pub artifact: &'a Artifact,
    /// How long it took.
    pub took: Duration,
}

/// The plan room's inventory from a status.
pub fn inventory_of(status: &KustomizationStatus) -> Inventory {
    let entries = status
        .inventory
        .iter()
        .flat_map(|inventory| &inventory.entries);
    Inventory {
        entries: entries
            .map(|entry| InventoryEntry {
                id: entry.id.clone(),
                v: entry.version.clone(),
            })
            .collect(),
    }
}

/// Puts an inventory into a status.
pub fn set_inventory(status: &mut KustomizationStatus, inventory: &Inventory) {
    let entry = |entry: &InventoryEntry| ResourceRef {
        id: entry.id.clone(),
        version: entry.v.clone(),
    };
    status.inventory = Some(ResourceInventory {
        entries: inventory.entries.iter().map(entry).collect(),
    });
}

/// Makes the events of one run.
pub struct Events {
    reference: Reference,
    metadata: BTreeMap<String, String>,
}

impl Events {
    /// Events about a Kustomization at a revision (empty for none).
    pub fn new(kustomization: &Kustomization, artifact: Option<&Artifact>) -> Self {
        let definition = Kustomization::DEFINITION;
        let metadata = &kustomization.metadata;
        let reference = Reference {
            api_version: definition.api_version(),
            kind: definition.kind.to_owned(),
            namespace: metadata.namespace.clone(),
            name: metadata.name.clone(),
            uid: metadata.uid.clone(),
            resource_version: metadata.resource_version.clone(),
        };
        let mut pairs = BTreeMap::new();
        for (key, value) in &metadata.annotations {
            if key.starts_with(skein_api::names::EVENT_ANNOTATION_PREFIX) {
                pairs.insert(key.clone(), value.clone());
            }
        }
        if let Some(artifact) = artifact {
            pairs.insert(
                format!("{METADATA_PREFIX}/revision"),
                artifact.revision.clone(),
            );
            if let Some(origin) = artifact.origin_revision() {
                pairs.insert(
                    format!("{METADATA_PREFIX}/originRevision"),
                    origin.to_owned(),
                );
            }
        }
        Self {
            reference,
            metadata: pairs,
        }
    }

    /// One event.
    pub fn event(
        &self,
        severity: Severity,
        reason: KustomizationReason,
        message: impl Into<String>,
    ) -> Event {
        Event {
            object: self.reference.clone(),
            severity,
            reason: reason.as_str().to_owned(),
            message: message.into(),
            metadata: self.metadata.clone(),
        }
    }

    /// The event at the end of a successful run.
    pub fn finished(&self, took: Duration, next: GoDuration) -> Event {
        let took = rounded(took);
        let message = format!("Reconciliation finished in {took}, next run in {next}");
        let reason = KustomizationReason::ReconciliationSucceeded;
        let mut event = self.event(Severity::Info, reason, message);
        event
            .metadata
            .insert(format!("{METADATA_PREFIX}/commit_status"), "update".into());
        event
    }
}

/// A duration for people: to the microsecond.
pub fn rounded(took: Duration) -> GoDuration {
    GoDuration::from_std(took).round(GoDuration::from_nanos(1_000))
}

/// The deadline of apply and health checks: `spec.timeout`, else the interval less 30 s, never under 30 s.
pub fn timeout(kustomization: &Kustomization) -> GoDuration {
    let spec = &kustomization.spec;
    const MARGIN: GoDuration = GoDuration::from_secs(30);
    let timeout = spec
        .timeout
        .unwrap_or_else(|| GoDuration::from_nanos(spec.interval.as_nanos() - MARGIN.as_nanos()));
    timeout.max(MARGIN)
}

#[cfg(test)]
mod tests;
