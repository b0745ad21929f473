//! Tests of what flags make.

use super::*;

#[test]
fn names_are_labels_of_two_characters_and_more() {
    assert_eq!(checked_name(Some("app-1")).unwrap(), "app-1");
    for name in ["a", "-ab", "ab-", "aB", "a.b", &"a".repeat(64)] {
        assert!(checked_name(Some(name)).is_err(), "{name}");
    }
    assert_eq!(
        checked_name(None).unwrap_err().to_string(),
        "name is required"
    );
}

#[test]
fn labels_are_checked() {
    let labels = parse_labels(&["a=b".into(), "x/y=".into()]).unwrap();
    assert_eq!(labels.len(), 2);
    for wrong in ["a", "a=b=c", "=b", "a=-b", "x/y/z=1", "/a=b"] {
        assert!(parse_labels(&[wrong.into()]).is_err(), "{wrong}");
    }
}

#[test]
fn references_have_kind_name_and_namespace() {
    let found = references::kustomization_source("ocirepository/a.b.ns").unwrap();
    assert_eq!(
        (
            found.kind.as_str(),
            found.name.as_str(),
            found.namespace.as_str()
        ),
        ("OCIRepository", "a.b", "ns")
    );
    assert_eq!(
        references::kustomization_source("app").unwrap().kind,
        "GitRepository"
    );
    assert!(references::kustomization_source("Bucket").is_err());
    assert!(references::chart_source("app").is_err());
}

#[test]
fn paths_stay_inside() {
    let paths =
        ["", "./", "a/b/", "./../../etc", "/abs", "a/../b"].map(references::safe_relative_path);
    assert_eq!(paths, ["./", "./", "./a/b", "./etc", "./abs", "./b"]);
}
