//! Conflicts of an apply, in the words of the API server.

use serde_json::{Value, json};
use skein_gowords::quote;

use super::managers::{ManagerKey, Operation};
use crate::field_set::path_text;
use crate::path_element::PathElement;

/// A field that another manager owns and an apply would change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// Who owns it.
    pub manager: ManagerKey,
    /// The field.
    pub path: Vec<PathElement>,
}

/// `"mgr"`, `"mgr" using v1`, `"mgr" with subresource "status" using v1`.
fn manager_text(key: &ManagerKey) -> String {
    let mut text = quote(&key.manager);
    if !key.subresource.is_empty() {
        text.push_str(" with subresource ");
        text.push_str(&quote(&key.subresource));
    }
    if key.operation == Operation::Update {
        text.push_str(" using ");
        text.push_str(&key.api_version);
    }
    text
}

/// The message of the Status of reason Conflict (409).
pub fn conflict_message(conflicts: &[Conflict]) -> String {
    if let [only] = conflicts {
        let manager = manager_text(&only.manager);
        let path = path_text(&only.path);
        return format!("Apply failed with 1 conflict: conflict with {manager}: {path}");
    }
    let mut lines = Vec::new();
    let mut last = None;
    for conflict in conflicts {
        if last != Some(&conflict.manager) {
            lines.push(format!(
                "conflicts with {}:",
                manager_text(&conflict.manager)
            ));
            last = Some(&conflict.manager);
        }
        lines.push(format!("- {}", path_text(&conflict.path)));
    }
    format!(
        "Apply failed with {} conflicts: {}",
        conflicts.len(),
        lines.join("\n")
    )
}

/// `details.causes` of the Status.
pub fn conflict_causes(conflicts: &[Conflict]) -> Vec<Value> {
    let cause = |conflict: &Conflict| {
        json!({
            "reason": "FieldManagerConflict",
            "message": format!("conflict with {}", manager_text(&conflict.manager)),
            "field": path_text(&conflict.path),
        })
    };
    conflicts.iter().map(cause).collect()
}
