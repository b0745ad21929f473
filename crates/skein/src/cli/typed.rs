//! Objects as the kinds' own types write them: durations in Go's form, unset fields left out.

use serde_json::Value;
use skein_api::FluxKind;
use skein_object::Object;

/// The object as its type writes it; as it is when it cannot be read as that.
pub(crate) fn written(kind: FluxKind, object: &Object) -> Object {
    macro_rules! through {
        ($($variant:ident => $name:ident),+ $(,)?) => {
            match kind {
                $(FluxKind::$variant => skein_api::$name::from_object(object)
                    .ok()
                    .and_then(|typed| typed.to_object().ok()),)+
            }
        };
    }
    let typed = through!(
        GitRepository => GitRepository,
        OciRepository => OciRepository,
        HelmRepository => HelmRepository,
        HelmChart => HelmChart,
        Bucket => Bucket,
        ExternalArtifact => ExternalArtifact,
        ArtifactGenerator => ArtifactGenerator,
        Kustomization => Kustomization,
        HelmRelease => HelmRelease,
        Provider => Provider,
        Alert => Alert,
        Receiver => Receiver,
        ImageRepository => ImageRepository,
        ImagePolicy => ImagePolicy,
        ImageUpdateAutomation => ImageUpdateAutomation,
    );
    typed.unwrap_or_else(|| object.clone())
}

/// The spec as its type writes it; what the type leaves out because it is the default stays, unless it is Go's zero.
pub(crate) fn spec(kind: FluxKind, object: &Object) -> Value {
    let part = |object: &Object| {
        object
            .at(&["spec"])
            .cloned()
            .unwrap_or_else(|| Value::Object(serde_json::Map::new()))
    };
    over(&part(object), part(&written(kind, object)))
}

fn over(stored: &Value, typed: Value) -> Value {
    match (stored, typed) {
        (Value::Object(stored), Value::Object(mut typed)) => {
            for (key, value) in stored {
                match typed.remove(key) {
                    Some(inner) => {
                        typed.insert(key.clone(), over(value, inner));
                    }
                    None if is_zero(value) => {}
                    None => {
                        typed.insert(key.clone(), value.clone());
                    }
                }
            }
            Value::Object(typed)
        }
        (Value::Array(stored), Value::Array(typed)) if stored.len() == typed.len() => stored
            .iter()
            .zip(typed)
            .map(|(stored, typed)| over(stored, typed))
            .collect(),
        (_, typed) => typed,
    }
}

fn is_zero(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Bool(true) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn durations_are_whole_and_what_is_unset_goes() {
        let object = Object::from_value(json!({
            "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
            "kind": "Kustomization",
            "metadata": {"name": "a", "namespace": "b"},
            "spec": {"interval": "10m", "force": false, "deletionPolicy": "MirrorPrune", "prune": false, "path": "./",
                "sourceRef": {"kind": "GitRepository", "name": "a"}},
        }))
        .unwrap();
        assert_eq!(
            spec(FluxKind::Kustomization, &object),
            json!({"interval": "10m0s", "prune": false, "deletionPolicy": "MirrorPrune", "path": "./",
                "sourceRef": {"kind": "GitRepository", "name": "a"}})
        );
    }
}
