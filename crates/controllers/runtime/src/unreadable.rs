//! What is told of an object that its controller cannot read: the API server refuses such objects, but one that is older than the
//! definition, or that slipped in, must be named and must not stop the others (CVE-2022-39272).

use jiff::Timestamp;
use serde_json::{Value, json};
use skein_api::conditions::{Condition, ConditionWriter};
use skein_api::{ConditionType, Time};
use skein_object::Object;

/// Reason of the conditions.
pub const UNREADABLE_REASON: &str = "InvalidSpec";

/// The object's status with Ready=False and Stalled: nothing happens until somebody changes the object.
pub fn unreadable_status(object: &Object, problem: &str, now: Timestamp) -> Value {
    let mut status = object.at(&["status"]).cloned().unwrap_or_default();
    if !status.is_object() {
        status = json!({});
    }
    let mut conditions: Vec<Condition> =
        serde_json::from_value(status["conditions"].take()).unwrap_or_default();
    let mut writer = ConditionWriter::new(&mut conditions, object.generation(), Time::new(now));
    let message = format!("{problem}; correct the object, it is left alone until then");
    writer.mark_stalled(UNREADABLE_REASON, &message);
    writer.mark_false(ConditionType::Ready, UNREADABLE_REASON, &message);
    status["conditions"] = json!(conditions);
    status
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_told_once() {
        let mut object = Object::from_value(json!({
            "apiVersion": "v1", "kind": "Any", "metadata": {"name": "a", "generation": 3},
            "spec": {"interval": "5 parsecs"},
            "status": {"lastAppliedRevision": "main@sha1:1", "conditions": [{"type": 7}]},
        }))
        .unwrap();
        let first = unreadable_status(&object, "spec.interval: no", Timestamp::UNIX_EPOCH);
        assert_eq!(first["lastAppliedRevision"], "main@sha1:1");
        let types: Vec<&Value> = first["conditions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|condition| &condition["type"])
            .collect();
        assert_eq!(types, ["Stalled", "Ready"]);
        assert_eq!(first["conditions"][1]["observedGeneration"], 3);
        object.set(&["status"], first.clone());
        let again = unreadable_status(&object, "spec.interval: no", Timestamp::now());
        assert_eq!(again, first, "times stay: nothing is written again");
    }
}
