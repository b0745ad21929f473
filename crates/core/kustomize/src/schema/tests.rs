//! The built-in data file is complete and read as meant.

use super::*;

#[test]
fn built_in_merge_keys() {
    let schema = MergeSchema::default();
    let deployment = schema.of_kind("apps/v1", "Deployment").unwrap();
    let shape = ["spec", "template", "spec", "containers"]
        .iter()
        .try_fold(&deployment, |shape, field| schema.field(shape, field))
        .unwrap();
    assert_eq!(shape.merge_keys().unwrap(), ["name"]);
    let container = shape.elements().unwrap();
    let ports = schema.field(container, "ports").unwrap();
    assert_eq!(ports.merge_keys().unwrap(), ["containerPort", "protocol"]);
    assert!(schema.field(container, "args").is_none());
}

#[test]
fn scopes() {
    let schema = MergeSchema::default();
    assert!(schema.is_cluster_scoped("v1", "Namespace"));
    assert!(!schema.is_cluster_scoped("v1", "ConfigMap"));
    assert!(!schema.is_cluster_scoped("example.com/v1", "Thing"));
}

#[test]
fn every_referenced_type_that_merges_is_defined() {
    let definitions = built_in();
    assert!(definitions.types.len() > 400 && definitions.by_kind.len() > 40);
    assert_eq!(built_in_scopes().0.values().flatten().count(), 76);
    let pod = &definitions.types["io.k8s.api.core.v1.PodSpec"];
    assert!(pod.get("volumes").is_some() && pod.get("nothing").is_none());
    assert!(!is_cluster_scoped("v1", "ServiceAccount") && is_cluster_scoped("v1", "Node"));
}
