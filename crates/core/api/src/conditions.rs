//! Conditions: the status type that all Flux kinds share, and the rules by which a list of them changes.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::shape::is_unset;
use crate::time::Time;

/// Longest message of a condition that the API server takes, in characters.
pub const CONDITION_MESSAGE_LIMIT_CHARS: usize = 32_768;

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
