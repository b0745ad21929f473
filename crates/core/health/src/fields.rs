//! Lenient access to the fields that health is told from: what is absent or of another type has a default.

use serde_json::Value;
use skein_object::Object;

/// One entry of `status.conditions`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ConditionView<'a> {
    pub kind: &'a str,
    pub status: &'a str,
    pub reason: &'a str,
    pub message: &'a str,
}

impl ConditionView<'_> {
    pub fn is(&self, kind: &str, status: &str) -> bool {
        self.kind == kind && self.status == status
    }
}

/// The conditions of an object in their order.
pub(crate) fn conditions(object: &Object) -> impl Iterator<Item = ConditionView<'_>> {
    let list = object
        .at(&["status", "conditions"])
        .and_then(Value::as_array);
    list.into_iter().flatten().map(|condition| {
        let text = |key: &str| {
            condition
                .get(key)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        ConditionView {
            kind: text("type"),
            status: text("status"),
            reason: text("reason"),
            message: text("message"),
        }
    })
}

/// The condition of that type and status.
pub(crate) fn condition<'a>(
    object: &'a Object,
    kind: &str,
    status: &str,
) -> Option<ConditionView<'a>> {
    conditions(object).find(|condition| condition.is(kind, status))
}

/// An integer of `spec`.
pub(crate) fn spec(object: &Object, field: &str, default: i64) -> i64 {
    object.i64_at(&["spec", field]).unwrap_or(default)
}

/// An integer of `status`; 0 when absent.
pub(crate) fn status(object: &Object, field: &str) -> i64 {
    object.i64_at(&["status", field]).unwrap_or_default()
}
