//! Profiles of AppArmor as annotations of Pods name them.

use serde_json::{Value, json};

/// What stands before the name of a container in the key of the annotation.
pub const ANNOTATION: &str = "container.apparmor.security.beta.kubernetes.io/";
/// Longest name of a profile, in bytes.
const MAX_PROFILE_BYTES: usize = 4_095;

/// The field that says what an annotation says; nothing when no field can.
pub fn profile(annotation: &str) -> Option<Value> {
    match annotation {
        "unconfined" => Some(json!({"type": "Unconfined"})),
        "runtime/default" => Some(json!({"type": "RuntimeDefault"})),
        _ => {
            let name = annotation.strip_prefix("localhost/")?;
            let profile = json!({"type": "Localhost", "localhostProfile": name});
            (!name.is_empty()).then_some(profile)
        }
    }
}

/// Whether a field that was made of an annotation would be let in.
pub fn is_valid(profile: &Value) -> bool {
    let name = profile["localhostProfile"].as_str().unwrap_or_default();
    name.trim() == name && name.len() <= MAX_PROFILE_BYTES
}

/// What clients are told of the annotation; `lead` is the path of the template, with its dot.
pub fn deprecated(lead: &str, key: &str) -> String {
    format!(
        "{lead}metadata.annotations[{key}]: deprecated since v1.30; use the \"appArmorProfile\" field instead"
    )
}
