//! Conditions: the status type that all Flux kinds share, and the rules by which a list of them changes.

use std::cmp::Ordering;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::reasons::ConditionType;
use crate::shape::is_unset;
use crate::time::Time;

/// Longest message of a condition that is written, in bytes; the API server takes as many characters.
pub const CONDITION_MESSAGE_LIMIT_BYTES: usize = 32_768;

/// What stands at the end of a message that was cut.
const CUT_MARK: &str = "...";

/// Whether a condition holds.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
pub enum ConditionStatus {
    /// It holds.
    True,
    /// It does not hold.
    False,
    /// It is not known whether it holds.
    #[default]
    Unknown,
}

impl ConditionStatus {
    /// The text of the field.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::True => "True",
            Self::False => "False",
            Self::Unknown => "Unknown",
        }
    }
}

impl fmt::Display for ConditionStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One aspect of the state of an object. Type and reason are text here, since others may write conditions too; ours
/// come from [`crate::reasons`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Condition {
    /// Type of the condition, unique in a list.
    #[serde(rename = "type")]
    #[schemars(length(max = 316))]
    #[schemars(regex(
        pattern = r"^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$"
    ))]
    pub condition_type: String,
    /// Whether the condition holds.
    pub status: ConditionStatus,
    /// Generation of the spec that the condition is about.
    #[serde(default, skip_serializing_if = "is_unset")]
    #[schemars(range(min = 0))]
    pub observed_generation: i64,
    /// When the status of the condition changed last.
    pub last_transition_time: Time,
    /// Why, in one camel-case word.
    #[schemars(length(min = 1, max = 1024))]
    #[schemars(regex(pattern = r"^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$"))]
    pub reason: String,
    /// Why, for people.
    #[schemars(length(max = 32768))]
    pub message: String,
}

/// The condition of a type, if there is one.
pub fn find<'a>(conditions: &'a [Condition], condition_type: &str) -> Option<&'a Condition> {
    conditions
        .iter()
        .find(|c| c.condition_type == condition_type)
}

/// Whether the condition of a type is there and holds.
pub fn is_true(conditions: &[Condition], condition_type: &str) -> bool {
    find(conditions, condition_type).is_some_and(|c| c.status == ConditionStatus::True)
}

/// Writes conditions of one object at one moment, by Flux's rules: a condition keeps its transition time as long as status,
/// reason and message stay, carries the generation of the object, and the list is sorted (Stalled, Reconciling, Ready, then
/// newer generations first, then by type).
#[derive(Debug)]
pub struct ConditionWriter<'a> {
    conditions: &'a mut Vec<Condition>,
    generation: i64,
    now: Time,
}

impl<'a> ConditionWriter<'a> {
    /// A writer for a list, with the `metadata.generation` of the object and the present time.
    pub fn new(conditions: &'a mut Vec<Condition>, generation: i64, now: Time) -> Self {
        Self {
            conditions,
            generation,
            now,
        }
    }

    /// The list as it is.
    pub fn conditions(&self) -> &[Condition] {
        self.conditions
    }

    /// The condition of a type.
    pub fn get(&self, condition_type: ConditionType) -> Option<&Condition> {
        find(self.conditions, condition_type.as_str())
    }

    /// Whether the condition of a type holds.
    pub fn is_true(&self, condition_type: ConditionType) -> bool {
        is_true(self.conditions, condition_type.as_str())
    }

    /// Sets a condition.
    pub fn set(
        &mut self,
        condition_type: ConditionType,
        status: ConditionStatus,
        reason: impl Into<String>,
        message: impl Into<String>,
    ) {
        let mut condition = Condition {
            condition_type: condition_type.into(),
            status,
            observed_generation: self.generation,
            last_transition_time: self.now,
            reason: reason.into(),
            message: cut(message.into()),
        };
        match self
            .conditions
            .iter_mut()
            .find(|c| c.condition_type == condition.condition_type)
        {
            Some(old) => {
                if old.status == condition.status
                    && old.reason == condition.reason
                    && old.message == condition.message
                {
                    condition.last_transition_time = old.last_transition_time;
                }
                *old = condition;
            }
            None => self.conditions.push(condition),
        }
        sort(self.conditions);
    }

    /// Sets a condition that holds.
    pub fn mark_true(
        &mut self,
        condition_type: ConditionType,
        reason: impl Into<String>,
        message: impl Into<String>,
    ) {
        self.set(condition_type, ConditionStatus::True, reason, message);
    }

    /// Sets a condition that does not hold.
    pub fn mark_false(
        &mut self,
        condition_type: ConditionType,
        reason: impl Into<String>,
        message: impl Into<String>,
    ) {
        self.set(condition_type, ConditionStatus::False, reason, message);
    }

    /// Sets a condition of which nothing is known.
    pub fn mark_unknown(
        &mut self,
        condition_type: ConditionType,
        reason: impl Into<String>,
        message: impl Into<String>,
    ) {
        self.set(condition_type, ConditionStatus::Unknown, reason, message);
    }

    /// Work goes on: Reconciling is set, Stalled goes.
    pub fn mark_reconciling(&mut self, reason: impl Into<String>, message: impl Into<String>) {
        self.remove(ConditionType::Stalled);
        self.mark_true(ConditionType::Reconciling, reason, message);
    }

    /// Work cannot go on: Stalled is set, Reconciling goes.
    pub fn mark_stalled(&mut self, reason: impl Into<String>, message: impl Into<String>) {
        self.remove(ConditionType::Reconciling);
        self.mark_true(ConditionType::Stalled, reason, message);
    }

    /// Removes a condition.
    pub fn remove(&mut self, condition_type: ConditionType) {
        self.conditions
            .retain(|c| c.condition_type != condition_type.as_str());
    }

    /// Sets a condition as [`summary`] computes it; nothing changes when no condition is in scope.
    pub fn summarize(&mut self, target: ConditionType, rules: &SummaryRules) {
        if let Some((status, reason, message)) = summary(self.conditions, rules) {
            self.set(target, status, reason, message);
        }
    }
}

fn cut(mut message: String) -> String {
    if message.len() > CONDITION_MESSAGE_LIMIT_BYTES {
        let end = message.floor_char_boundary(CONDITION_MESSAGE_LIMIT_BYTES - CUT_MARK.len());
        message.truncate(end);
        message.push_str(CUT_MARK);
    }
    message
}

/// Place of a type at the head of the list.
fn weight(condition_type: &str) -> Option<usize> {
    const HEAD: [ConditionType; 3] = [
        ConditionType::Stalled,
        ConditionType::Reconciling,
        ConditionType::Ready,
    ];
    HEAD.iter().position(|head| head.as_str() == condition_type)
}

/// Flux's order of conditions.
fn order(a: &Condition, b: &Condition) -> Ordering {
    match (weight(&a.condition_type), weight(&b.condition_type)) {
        (Some(a), Some(b)) => a.cmp(&b),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => b
            .observed_generation
            .cmp(&a.observed_generation)
            .then_with(|| a.condition_type.cmp(&b.condition_type)),
    }
}

fn sort(conditions: &mut [Condition]) {
    conditions.sort_by(order);
}

/// What goes into a summary condition.
#[derive(Clone, Copy, Debug)]
pub struct SummaryRules<'a> {
    /// The types that count; of several that are equally bad the one named first gives reason and message.
    pub summarized: &'a [ConditionType],
    /// The types of these that are bad when true.
    pub negative: &'a [ConditionType],
}

/// Sums conditions up to status, reason and message: the worst group decides, in the order bad and true, good and false,
/// good and true, bad and false, unknown. `None` when no condition counts.
pub fn summary(
    conditions: &[Condition],
    rules: &SummaryRules<'_>,
) -> Option<(ConditionStatus, String, String)> {
    let is_in = |types: &[ConditionType], c: &Condition| {
        types.iter().any(|t| t.as_str() == c.condition_type)
    };
    let priority = |c: &Condition| match (c.status, is_in(rules.negative, c)) {
        (ConditionStatus::True, true) => 0,
        (ConditionStatus::False, false) => 1,
        (ConditionStatus::True, false) => 2,
        (ConditionStatus::False, true) => 3,
        (ConditionStatus::Unknown, _) => 4,
    };
    let in_scope: Vec<&Condition> = conditions
        .iter()
        .filter(|c| is_in(rules.summarized, c))
        .collect();
    let worst = in_scope.iter().map(|c| priority(c)).min()?;
    let group: Vec<&Condition> = in_scope
        .into_iter()
        .filter(|c| priority(c) == worst)
        .collect();
    let first = rules
        .summarized
        .iter()
        .find_map(|t| group.iter().find(|c| c.condition_type == t.as_str()))
        .or_else(|| group.first())?;
    let status = match worst {
        0 | 1 => ConditionStatus::False,
        2 | 3 => ConditionStatus::True,
        _ => ConditionStatus::Unknown,
    };
    Some((status, first.reason.clone(), first.message.clone()))
}

#[cfg(test)]
mod tests;
