//! Digests that Helm 4.3.1 wrote into Chart.lock.

use serde_json::json;

use super::*;

fn dependency(version: &str) -> Dependency {
    Dependency {
        name: "sub".into(),
        version: version.into(),
        repository: "file://../sub".into(),
        ..Dependency::default()
    }
}

#[test]
fn the_digest_is_that_of_helm() {
    let full = Dependency {
        condition: "sub.enabled,global.sub".into(),
        tags: vec!["a".into(), "b&c".into()],
        alias: "one".into(),
        import_values: vec![json!("data"), json!({"parent": "x", "child": "y.z"})],
        ..dependency(">=1.0.0 <2")
    };
    let locked = vec![Some(dependency("1.2.3")), Some(dependency("1.2.3"))];
    assert_eq!(
        digest(&[full, dependency("^1")], &locked).unwrap(),
        "sha256:9edd6107bd398ea2256b6ab05bab924029327078bbc8861dc6d76a1cbb40f882"
    );
}

#[test]
fn the_text_is_that_of_helm() {
    let lock = Lock {
        generated: "2026-11-21T19:47:35.907550635Z".into(),
        digest: "sha256:9edd".into(),
        dependencies: vec![dependency("1.2.3")],
    };
    let text = "dependencies:\n- name: sub\n  repository: file://../sub\n  version: 1.2.3\ndigest: sha256:9edd\n\
                generated: \"2026-11-21T19:47:35.907550635Z\"\n";
    assert_eq!(to_yaml(&lock).unwrap(), text);
}
