//! What is said about a run: conditions and events. Pure: status in, status and events out.

use std::collections::BTreeMap;

use jiff::Timestamp;
use skein_api::conditions::{Condition, ConditionStatus, find};
use skein_api::helm_release::HelmRelease;
use skein_api::helm_release::status::{HelmReleaseStatus, ReleaseSnapshot};
use skein_api::{ConditionType, ConditionWriter, Time};
use skein_helm::release::observation;
use skein_runtime::{Event, Severity, events::Reference};

use crate::snapshot;
use crate::spec::Options;

/// Prefix of event metadata.
const METADATA_PREFIX: &str = "helm.toolkit.fluxcd.io";

/// Writes one object's status at one moment.
pub struct Report<'a> {
    /// The status being written.
    pub status: &'a mut HelmReleaseStatus,
    /// `metadata.generation`.
    pub generation: i64,
    /// Now.
    pub now: Timestamp,
}

impl Report<'_> {
    /// A writer of conditions.
    pub fn conditions(&mut self) -> ConditionWriter<'_> {
        ConditionWriter::new(
            &mut self.status.conditions,
            self.generation,
            Time::new(self.now),
        )
    }

    /// Ready is false.
    pub fn not_ready(&mut self, reason: &str, message: &str) {
        self.conditions()
            .mark_false(ConditionType::Ready, reason, message);
    }

    /// Only a change helps.
    pub fn stalled(&mut self, reason: &str, message: &str) {
        self.conditions().mark_stalled(reason, message);
    }

    /// Work goes on.
    pub fn reconciling(&mut self, reason: &str, message: &str) {
        self.conditions().mark_reconciling(reason, message);
    }

    /// A failure that is no longer there does not stand in the way of an older verdict.
    pub fn forget_ready_reasons(&mut self, reasons: &[&str]) {
        let ready = find(&self.status.conditions, ConditionType::Ready.as_str());
        if ready.is_some_and(|ready| reasons.contains(&ready.reason.as_str())) {
            self.conditions().mark_unknown(
                ConditionType::Ready,
                "Progressing",
                "reconciliation in progress",
            );
        }
    }

    /// Whether Ready holds and nothing stalls or goes on.
    pub fn is_true(&self, condition: ConditionType) -> bool {
        skein_api::conditions::is_true(&self.status.conditions, condition.as_str())
    }

    /// Sums up Ready of what happened to the release, and notes what it was made with.
    pub fn summarize(&mut self, release: &HelmRelease, options: &Options) {
        let mut counting = vec!["Remediated", "Released"];
        if options.test.enable && !options.test.ignore_failures {
            counting.insert(1, "TestSuccess");
        }
        if !options.test.enable {
            self.conditions().remove(ConditionType::TestSuccess);
        }
        let Some(first) = first_of(&self.status.conditions, &counting) else {
            return;
        };
        let is_remediated = first.condition_type == ConditionType::Remediated.as_str();
        let status = if is_remediated {
            ConditionStatus::False
        } else {
            first.status
        };
        let mut conditions = self.conditions();
        if status == ConditionStatus::True {
            conditions.remove(ConditionType::Stalled);
        }
        conditions.set(ConditionType::Ready, status, first.reason, first.message);
        self.status.observed_post_renderers_digest = post_renderers_digest(release);
        self.status.observed_common_metadata_digest = common_metadata_digest(release);
    }

    /// One condition takes the place of another and keeps its time.
    pub fn remediated_is_released(&mut self, reason: &str, message: &str) {
        let remediated = ConditionType::Remediated.as_str();
        let Some(mut condition) = find(&self.status.conditions, remediated).cloned() else {
            return;
        };
        condition.condition_type = ConditionType::Released.as_str().to_owned();
        condition.status = ConditionStatus::True;
        condition.reason = reason.to_owned();
        condition.message = message.to_owned();
        condition.observed_generation = self.generation;
        let mut conditions = self.conditions();
        conditions.remove(ConditionType::Released);
        conditions.remove(ConditionType::Remediated);
        self.status.conditions.push(condition);
        // Setting it once more puts the list in order.
        self.conditions()
            .mark_true(ConditionType::Released, reason, message);
    }

    /// Counts start anew.
    pub fn clear_failures(&mut self) {
        self.status.failures = 0;
        self.status.install_failures = 0;
        self.status.upgrade_failures = 0;
    }
}

/// The condition that Ready repeats: the first by a stable insertion sort in which counting conditions come before others, and among
/// themselves in the order of the list as long as they are not about an older generation.
fn first_of(conditions: &[Condition], counting: &[&str]) -> Option<Condition> {
    let place = |c: &Condition| counting.iter().position(|name| *name == c.condition_type);
    let is_before = |a: &Condition, b: &Condition| match (place(a), place(b)) {
        (None, _) => false,
        (Some(_), None) => true,
        (Some(i), Some(j)) => a.observed_generation >= b.observed_generation && i < j,
    };
    let mut sorted: Vec<&Condition> = conditions.iter().collect();
    for end in 1..sorted.len() {
        let mut at = end;
        while at > 0 && is_before(sorted[at], sorted[at - 1]) {
            sorted.swap(at, at - 1);
            at -= 1;
        }
    }
    sorted.first().map(|condition| (*condition).clone())
}

/// The digest of `spec.postRenderers`; empty when there are none.
pub fn post_renderers_digest(release: &HelmRelease) -> String {
    if release.spec.post_renderers.is_empty() {
        return String::new();
    }
    observation::json_digest(&release.spec.post_renderers)
}

/// The digest of `spec.commonMetadata`; empty when there are none.
pub fn common_metadata_digest(release: &HelmRelease) -> String {
    let common = release.spec.common_metadata.as_ref();
    common.map(observation::json_digest).unwrap_or_default()
}

/// What an event says about the chart and the values.
#[derive(Clone, Debug, Default)]
pub struct About {
    /// Version of the chart.
    pub revision: String,
    /// Digest of the values.
    pub token: String,
    /// appVersion of the chart.
    pub app_version: String,
    /// Digest of the chart's artifact.
    pub oci_digest: String,
}

impl About {
    /// What a snapshot says.
    pub fn snapshot(snapshot: &ReleaseSnapshot) -> Self {
        Self {
            revision: snapshot.chart_version.clone(),
            token: snapshot.config_digest.clone(),
            app_version: snapshot.app_version.clone(),
            oci_digest: snapshot.oci_digest.clone(),
        }
    }
}

/// An event about a HelmRelease.
pub fn event(
    release: &HelmRelease,
    severity: Severity,
    reason: &str,
    message: impl Into<String>,
    about: Option<&About>,
) -> Event {
    let definition = HelmRelease::DEFINITION;
    let metadata = &release.metadata;
    let mut pairs = BTreeMap::new();
    // Annotations of the object travel only with events that say more than a reason.
    for (key, value) in &metadata.annotations {
        if key.starts_with(skein_api::names::EVENT_ANNOTATION_PREFIX) {
            pairs.insert(key.clone(), value.clone());
        }
    }
    if let Some(about) = about {
        for (key, value) in [
            ("revision", &about.revision),
            ("token", &about.token),
            ("app-version", &about.app_version),
            ("oci-digest", &about.oci_digest),
        ] {
            if !value.is_empty() {
                pairs.insert(format!("{METADATA_PREFIX}/{key}"), value.clone());
            }
        }
    }
    Event {
        object: Reference {
            api_version: definition.api_version(),
            kind: definition.kind.to_owned(),
            namespace: metadata.namespace.clone(),
            name: metadata.name.clone(),
            uid: metadata.uid.clone(),
            resource_version: metadata.resource_version.clone(),
        },
        severity,
        reason: reason.to_owned(),
        message: message.into(),
        metadata: pairs,
    }
}

/// The message of a release that worked out.
pub fn success_text(action: &str, latest: &ReleaseSnapshot) -> String {
    format!(
        "Helm {action} succeeded for release {} with chart {}",
        snapshot::full_name(latest),
        snapshot::chart_of(latest)
    )
}

#[cfg(test)]
mod tests;
