//! Health of custom kinds by expressions that the user writes (`spec.healthCheckExprs`).

use std::collections::BTreeMap;

use skein_api::overlay::CustomHealthCheck;
use skein_object::{GroupKind, GroupVersionKind, Object};
use thiserror::Error;

use crate::compute::unobserved;
use crate::status::{Health, Status};

/// Most entries of one `healthCheckExprs` list.
pub const MAX_HEALTH_EXPRESSIONS: usize = 1_000;

/// Why a list of health expressions cannot be used.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum HealthExpressionError {
    /// Two entries are for the same kind.
    #[error("duplicate custom health check for GroupKind {kind} at healthchecks[{index}]")]
    Duplicate {
        /// The kind; the kind part is empty for a whole group.
        kind: GroupKind,
        /// Place of the second entry.
        index: usize,
    },
    /// The expression that every entry needs is empty.
    #[error(
        "failed to create custom status evaluator for healthchecks[{index}]: expression Current not specified"
    )]
    NoCurrent {
        /// Place of the entry.
        index: usize,
    },
    /// An expression does not compile.
    #[error(
        "failed to create custom status evaluator for healthchecks[{index}]: failed to parse the expression {field}: {reason}"
    )]
    Compile {
        /// Place of the entry.
        index: usize,
        /// `Current`, `Failed` or `InProgress`.
        field: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// There are too many entries.
    #[error("{count} custom health checks; at most {MAX_HEALTH_EXPRESSIONS} are allowed")]
    TooMany {
        /// Number of entries.
        count: usize,
    },
}

/// A compiled expression over the top-level fields of an object.
pub trait Evaluate {
    /// Whether the expression is true for the object; an error says what is wrong.
    fn evaluate(&self, object: &Object) -> Result<bool, String>;
}

#[derive(Clone, Debug)]
struct Checks<E> {
    in_progress: Option<E>,
    failed: Option<E>,
    current: E,
}

/// Compiled health expressions by kind; one for a kind counts before one for its group.
#[derive(Clone, Debug)]
pub struct HealthExpressions<E> {
    by_kind: BTreeMap<GroupKind, Checks<E>>,
}

impl<E> Default for HealthExpressions<E> {
    fn default() -> Self {
        Self {
            by_kind: BTreeMap::new(),
        }
    }
}

impl<E: Evaluate> HealthExpressions<E> {
    /// Compiles a list with the given compiler.
    pub fn compile(
        checks: &[CustomHealthCheck],
        compiler: impl Fn(&str) -> Result<E, String>,
    ) -> Result<Self, HealthExpressionError> {
        if checks.len() > MAX_HEALTH_EXPRESSIONS {
            return Err(HealthExpressionError::TooMany {
                count: checks.len(),
            });
        }
        let mut by_kind = BTreeMap::new();
        for (index, check) in checks.iter().enumerate() {
            let kind = GroupVersionKind::from_api_version(&check.api_version, &check.kind);
            let kind = kind.group_kind();
            if by_kind.contains_key(&kind) {
                return Err(HealthExpressionError::Duplicate { kind, index });
            }
            if check.current.is_empty() {
                return Err(HealthExpressionError::NoCurrent { index });
            }
            let compile = |field: &'static str, text: &str| {
                compiler(text).map_err(|reason| HealthExpressionError::Compile {
                    index,
                    field,
                    reason,
                })
            };
            let optional =
                |field, text: &str| (!text.is_empty()).then(|| compile(field, text)).transpose();
            let compiled = Checks {
                current: compile("Current", &check.current)?,
                failed: optional("Failed", &check.failed)?,
                in_progress: optional("InProgress", &check.in_progress)?,
            };
            by_kind.insert(kind, compiled);
        }
        Ok(Self { by_kind })
    }

    /// Whether there are none for any kind.
    pub fn is_empty(&self) -> bool {
        self.by_kind.is_empty()
    }

    /// The health of an object by its expressions; `None` when there are none for its kind.
    pub fn health(&self, object: &Object) -> Option<Health> {
        let kind = object.gvk().group_kind();
        let group = GroupKind::new(&kind.group, "");
        let checks = self
            .by_kind
            .get(&kind)
            .or_else(|| self.by_kind.get(&group))?;
        Some(checks.health(object))
    }
}

impl<E: Evaluate> Checks<E> {
    fn health(&self, object: &Object) -> Health {
        if let Some(health) = unobserved(object) {
            return health;
        }
        let steps = [
            (self.in_progress.as_ref(), Status::InProgress),
            (self.failed.as_ref(), Status::Failed),
            (Some(&self.current), Status::Current),
        ];
        for (expression, status) in steps {
            match expression.map(|expression| expression.evaluate(object)) {
                Some(Ok(true)) => return Health::new(status, "", ""),
                Some(Err(message)) => return Health::unknown(message),
                Some(Ok(false)) | None => {}
            }
        }
        Health::in_progress("", "")
    }
}

#[cfg(test)]
mod tests;
