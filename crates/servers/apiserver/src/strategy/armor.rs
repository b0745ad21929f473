//! Profiles of AppArmor that annotations of Pods name: they become fields, and clients are told to use these.

use serde_json::{Value, json};
use skein_object::Object;
use skein_validation::armor;

/// Lists of containers in the order in which they are looked at.
const LISTS: [&str; 3] = ["initContainers", "containers", "ephemeralContainers"];

/// Copies annotations into the fields of containers; answers what is told of it.
pub(super) fn copy(pod: &mut Object) -> Vec<String> {
    let mut told = Vec::new();
    if pod.str_at(&["spec", "os", "name"]) == Some("windows") || pod.annotations().is_none() {
        return told;
    }
    let of_pod = pod
        .at(&["spec", "securityContext", "appArmorProfile"])
        .cloned();
    for list in LISTS {
        let Some(mut containers) = pod.at(&["spec", list]).and_then(Value::as_array).cloned()
        else {
            continue;
        };
        for container in &mut containers {
            let key = format!(
                "{}{}",
                armor::ANNOTATION,
                container["name"].as_str().unwrap_or("")
            );
            let own = container.pointer("/securityContext/appArmorProfile");
            let (Some(annotation), None) = (pod.annotation(&key), own) else {
                continue;
            };
            let profile = armor::profile(annotation);
            if profile.is_some() && profile == of_pod {
                continue;
            }
            told.push(armor::deprecated("", &key));
            if let Some(profile) = profile.filter(armor::is_valid) {
                set(container, profile);
            }
        }
        pod.set(&["spec", list], Value::Array(containers));
    }
    told
}

fn set(container: &mut Value, profile: Value) {
    match container.get_mut("securityContext") {
        Some(Value::Object(context)) => drop(context.insert("appArmorProfile".to_owned(), profile)),
        _ => container["securityContext"] = json!({"appArmorProfile": profile}),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use skein_object::Object;

    use super::copy;

    #[test]
    fn annotations_become_fields() {
        let key = "container.apparmor.security.beta.kubernetes.io/c";
        let pod = |profile: &str| {
            Object::from_value(json!({"apiVersion": "v1", "kind": "Pod",
                "metadata": {"name": "p", "annotations": {key: profile}},
                "spec": {"containers": [{"name": "c"}]}}))
            .expect("an object")
        };
        let field = |profile: &str| {
            let mut pod = pod(profile);
            assert_eq!(copy(&mut pod).len(), 1, "{profile}");
            pod.to_value()["spec"]["containers"][0]["securityContext"]["appArmorProfile"].clone()
        };
        let local = json!({"type": "Localhost", "localhostProfile": "x"});
        assert_eq!(field("localhost/x"), local);
        assert_eq!(field("runtime/default"), json!({"type": "RuntimeDefault"}));
        assert_eq!(field("localhost/"), json!(null));
    }
}
