//! Secret values masked before an object leaves for a person: page, log, diff or error.

use serde_json::Value;

use crate::object::Object;

/// What stands in the place of a masked value, as Flux's CLI prints it.
pub const MASK: &str = "**SOPS**";
/// What stands in the place of a value of a Secret.
pub const SECRET_MASK: &str = "*****";

const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Replaces every value under `data` and `stringData` of a Secret by `mask`, and drops the copy of them that
/// kubectl keeps in an annotation. Other kinds stay as they are.
pub fn mask_secret(object: &mut Object, mask: &str) {
    if object.kind() != "Secret" || object.api_version() != "v1" {
        return;
    }
    for field in ["data", "stringData"] {
        if let Some(Value::Object(map)) = object.as_map_mut().get_mut(field) {
            for value in map.values_mut() {
                *value = Value::String(mask.to_owned());
            }
        }
    }
    object.remove(&["metadata", "annotations", LAST_APPLIED]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn masks_only_secrets() {
        let mut secret = Object::from_value(json!({"apiVersion": "v1", "kind": "Secret",
            "metadata": {"name": "s", "annotations": {LAST_APPLIED: "{\"data\":{\"a\":\"cGFzcw==\"}}"}},
            "data": {"a": "cGFzcw=="}, "stringData": {"b": "plain"}}))
        .unwrap();
        mask_secret(&mut secret, SECRET_MASK);
        let text = secret.to_value().to_string();
        assert!(
            !text.contains("cGFzcw") && !text.contains("plain"),
            "{text}"
        );
        let mut map = Object::from_value(
            json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "b"}}),
        )
        .unwrap();
        mask_secret(&mut map, SECRET_MASK);
        assert_eq!(map.str_at(&["data", "a"]), Some("b"));
    }
}
