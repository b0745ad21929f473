//! Every object that the real controllers wrote is read and written back without loss.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};
use skein_api::{
    Alert, Bucket, ExternalArtifact, FluxKind, GitRepository, HelmChart, HelmRelease,
    HelmRepository, ImagePolicy, ImageRepository, ImageUpdateAutomation, KindSpec, Kustomization,
    OciRepository, Provider, Receiver, Resource,
};
use skein_object::{GoDuration, Object};
use skein_yaml::Dialect;

fn recordings() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/real/flux-live")
}

fn steps(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            steps(&path, out);
        } else if folder.ends_with("expected") && path.extension().is_some_and(|e| e == "yaml") {
            out.push(path);
        }
    }
}

fn round_trip<S: KindSpec>(object: &Object) -> Value {
    Resource::<S>::from_object(object)
        .expect("decodes")
        .to_object()
        .expect("encodes")
        .into_value()
}

fn again(kind: FluxKind, object: &Object) -> Value {
    fn of<S: KindSpec>(
        _: fn(&Object) -> Result<Resource<S>, skein_api::DecodeError>,
        o: &Object,
    ) -> Value {
        round_trip::<S>(o)
    }
    match kind {
        FluxKind::GitRepository => of(GitRepository::from_object, object),
        FluxKind::OciRepository => of(OciRepository::from_object, object),
        FluxKind::HelmRepository => of(HelmRepository::from_object, object),
        FluxKind::HelmChart => of(HelmChart::from_object, object),
        FluxKind::Bucket => of(Bucket::from_object, object),
        FluxKind::ExternalArtifact => of(ExternalArtifact::from_object, object),
        FluxKind::ArtifactGenerator => of(skein_api::ArtifactGenerator::from_object, object),
        FluxKind::Kustomization => of(Kustomization::from_object, object),
        FluxKind::HelmRelease => of(HelmRelease::from_object, object),
        FluxKind::Provider => of(Provider::from_object, object),
        FluxKind::Alert => of(Alert::from_object, object),
        FluxKind::Receiver => of(Receiver::from_object, object),
        FluxKind::ImageRepository => of(ImageRepository::from_object, object),
        FluxKind::ImagePolicy => of(ImagePolicy::from_object, object),
        FluxKind::ImageUpdateAutomation => of(ImageUpdateAutomation::from_object, object),
    }
}

/// The recordings hold `<time>` and `<dur>` where values change from run to run.
fn fill_placeholders(value: &mut Value) {
    match value {
        Value::String(text) if text == "<time>" => *text = "2026-01-01T00:00:00Z".into(),
        Value::String(text) if text == "<dur>" => *text = "1.5s".into(),
        Value::String(text) if text == "<size>" => *value = 1.into(),
        Value::Array(items) => items.iter_mut().for_each(fill_placeholders),
        Value::Object(map) => map.values_mut().for_each(fill_placeholders),
        _ => {}
    }
}

/// Durations in their normal form; what says nothing (false, 0, empty) left out, as Go's `omitempty` does.
fn normal(value: &Value) -> Value {
    match value {
        Value::Null => Value::Object(Map::new()),
        Value::String(text) => text
            .parse::<GoDuration>()
            .map_or_else(|_| value.clone(), |duration| duration.to_string().into()),
        Value::Array(items) => items.iter().map(normal).collect(),
        Value::Object(map) => Value::Object(
            map.iter()
                .filter(|(_, v)| !is_empty(v))
                .map(|(k, v)| (k.clone(), normal(v)))
                .collect::<Map<_, _>>(),
        ),
        _ => value.clone(),
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(flag) => !flag,
        Value::Number(number) => number.as_i64() == Some(0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
    }
}

#[test]
fn recorded_objects_survive() {
    let mut files = Vec::new();
    steps(&recordings(), &mut files);
    if files.is_empty() {
        println!("skipped: no recordings of Flux beside the repository");
        return;
    }
    let mut count = 0;
    for file in &files {
        let text = fs::read(file).expect("readable");
        // Written by a YAML 1.2 writer: a plain `n` is text.
        for node in skein_yaml::compose_all(&text, Dialect::V3).expect("YAML") {
            let document = skein_yaml::node_to_json(&node, Dialect::V3).expect("JSON");
            for item in document["items"].as_array().into_iter().flatten() {
                let Ok(mut object) = Object::from_value(item.clone()) else {
                    continue;
                };
                let Some(kind) = FluxKind::of(&object.gvk().group_kind()) else {
                    continue;
                };
                let mut filled = object.to_value();
                fill_placeholders(&mut filled);
                object = Object::from_value(filled).expect("an object");
                let written = again(kind, &object);
                // Fields that a definition gives a value where none was written come back when written again.
                for part in ["spec", "status"] {
                    let mut before = normal(object.as_map().get(part).unwrap_or(&Value::Null));
                    let mut after = normal(&written[part]);
                    drop_defaults(&mut before);
                    drop_defaults(&mut after);
                    assert_eq!(
                        before,
                        after,
                        "{} {part} in {}",
                        object.key(),
                        file.display()
                    );
                }
                count += 1;
            }
        }
    }
    println!("{count} objects of {} files", files.len());
    assert!(count > 500);
}

/// Values that the API server fills in and that the types treat as unset.
fn drop_defaults(value: &mut Value) {
    if let Value::Object(map) = value {
        map.retain(|key, value| {
            !matches!(
                (key.as_str(), value.as_str()),
                ("provider", Some("generic"))
                    | ("reconcileStrategy", Some("ChartVersion"))
                    | ("eventSeverity", Some("info"))
            )
        });
        map.values_mut().for_each(drop_defaults);
    }
}
