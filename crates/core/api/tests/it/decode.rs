//! Reading objects: defaults, odd values, and errors that name object and field.

use serde_json::{Value, json};
use skein_api::source::git_repository::GitVerificationMode;
use skein_api::{DecodeError, FluxKind, GitRepository, HelmRelease, Kustomization, Provider};
use skein_object::{GoDuration, Object};

fn object(value: Value) -> Object {
    Object::from_value(value).expect("an object")
}

fn kustomization(spec: Value) -> Object {
    object(json!({
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
        "kind": "Kustomization",
        "metadata": {"name": "apps", "namespace": "flux-system"},
        "spec": spec,
    }))
}

fn minimal() -> Value {
    json!({"interval": "10m", "prune": true, "sourceRef": {"kind": "GitRepository", "name": "fleet"}})
}

fn with(path: &str, value: Value) -> Value {
    let mut spec = minimal();
    *spec.pointer_mut(path).expect("a path") = value;
    spec
}

#[test]
fn a_minimal_object_has_the_zero_values_of_everything_else() {
    let decoded = Kustomization::from_object(&kustomization(minimal())).expect("decodes");
    assert_eq!(decoded.spec.interval, GoDuration::from_secs(600));
    assert!(decoded.spec.depends_on.is_empty() && decoded.spec.timeout.is_none());
    assert!(!decoded.spec.suspend && decoded.spec.path.is_empty());
    assert_eq!(decoded.namespaced_name().to_string(), "flux-system/apps");
    assert_eq!(decoded.status, Default::default());
}

#[test]
fn unknown_fields_and_nulls_are_passed_over() {
    let mut spec = minimal();
    spec["fieldOfTheFuture"] = json!({"a": 1});
    spec["dependsOn"] = Value::Null;
    spec["postBuild"] = json!({"substitute": {"a": "b", "c": null}});
    let decoded = Kustomization::from_object(&kustomization(spec)).expect("decodes");
    let substitute = decoded.spec.post_build.expect("postBuild").substitute;
    assert_eq!(
        substitute.into_iter().collect::<Vec<_>>(),
        [("a".to_owned(), "b".to_owned())]
    );
}

#[test]
fn errors_name_object_and_field() {
    let message = |spec| {
        Kustomization::from_object(&kustomization(spec))
            .expect_err("is refused")
            .to_string()
    };
    assert_eq!(
        message(with("/interval", json!("1d"))),
        "cannot decode Kustomization/flux-system/apps: spec.interval: \
         time: unknown unit \"d\" in duration \"1d\""
    );
    assert_eq!(
        message(with("/sourceRef/kind", json!("HelmRepository"))),
        "cannot decode Kustomization/flux-system/apps: spec.sourceRef.kind: unknown variant \
         `HelmRepository`, expected one of `OCIRepository`, `GitRepository`, `Bucket`, `ExternalArtifact`"
    );
    assert_eq!(
        message(json!({"interval": "1m", "sourceRef": {"kind": "Bucket", "name": "a"}})),
        "cannot decode Kustomization/flux-system/apps: spec: missing field `prune`"
    );
    let mut spec = minimal();
    spec["healthChecks"] =
        json!([{"kind": "Deployment", "name": "a"}, {"kind": "Deployment", "name": 7}]);
    assert!(message(spec).contains("spec.healthChecks[1].name: invalid type: integer `7`"));
}

#[test]
fn another_kind_is_refused() {
    let error = GitRepository::from_object(&kustomization(minimal())).expect_err("is refused");
    assert!(matches!(error, DecodeError::OtherKind { .. }));
    assert_eq!(
        error.to_string(),
        "Kustomization/flux-system/apps is a Kustomization.kustomize.toolkit.fluxcd.io, \
         not a GitRepository.source.toolkit.fluxcd.io"
    );
}

#[test]
fn helm_values_keep_their_nulls() {
    let release = object(json!({
        "apiVersion": "helm.toolkit.fluxcd.io/v2",
        "kind": "HelmRelease",
        "metadata": {"name": "a"},
        "spec": {"interval": "1m", "chartRef": {"kind": "HelmChart", "name": "a"},
                 "timeout": null, "values": {"a": null, "b": {"c": null}}},
    }));
    let decoded = HelmRelease::from_object(&release).expect("decodes");
    assert_eq!(
        decoded.spec.values,
        Some(json!({"a": null, "b": {"c": null}}))
    );
    assert_eq!(
        decoded
            .to_object()
            .expect("encodes")
            .at(&["spec", "values"]),
        release.at(&["spec", "values"])
    );
}

#[test]
fn both_spellings_of_the_verification_mode_are_kept() {
    let decode = |mode: &str| {
        let repository = object(json!({
            "apiVersion": "source.toolkit.fluxcd.io/v1",
            "kind": "GitRepository",
            "metadata": {"name": "a"},
            "spec": {"interval": "1m", "url": "https://example.com", "verify": {"mode": mode, "secretRef": {"name": "k"}}},
        }));
        GitRepository::from_object(&repository)
            .expect("decodes")
            .spec
            .verify
            .expect("verify")
            .mode
    };
    assert_eq!(decode("head"), GitVerificationMode::LegacyHead);
    assert_eq!(decode("HEAD"), GitVerificationMode::Head);
}

#[test]
fn a_request_counts_until_it_was_handled() {
    let mut object = kustomization(minimal());
    let unhandled = |object: &Object| {
        Kustomization::from_object(object)
            .expect("decodes")
            .has_unhandled_request()
    };
    assert!(!unhandled(&object));
    object.set_annotation(skein_api::names::RECONCILE_REQUEST_ANNOTATION, "now");
    assert!(unhandled(&object));
    object.set(
        &["status"],
        json!({"observedGeneration": -1, "lastHandledReconcileAt": "now"}),
    );
    assert!(!unhandled(&object));
}

#[test]
fn kinds_are_found_by_every_name() {
    for word in ["ks", "Kustomization", "kustomizations", "KUSTOMIZATION"] {
        assert_eq!(FluxKind::named(word), Some(FluxKind::Kustomization));
    }
    assert_eq!(FluxKind::named("ocirepo"), Some(FluxKind::OciRepository));
    assert_eq!(FluxKind::named("pod"), None);
    assert_eq!(Provider::DEFINITION.storage_version(), "v1beta3");
}
