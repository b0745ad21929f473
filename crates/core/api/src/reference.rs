//! References from Flux objects to other objects, and metadata that they pass on.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::shape::is_unset;

/// The name of an object in the same namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LocalObjectReference {
    /// Name of the object.
    pub name: String,
}

/// The name of a Secret in the same namespace, and the key to read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecretKeyReference {
    /// Name of the Secret.
    pub name: String,
    /// Key in the data of the Secret.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub key: String,
}

/// A name, and a namespace when it is another than the one of the referring object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NamespacedObjectReference {
    /// Name of the object.
    pub name: String,
    /// Namespace of the object; empty for the namespace of the referring object.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub namespace: String,
}

/// An object of any kind in any namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NamespacedObjectKindReference {
    /// API version of the object; empty for the preferred one.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub api_version: String,
    /// Kind of the object.
    pub kind: String,
    /// Name of the object.
    pub name: String,
    /// Namespace of the object; empty for the namespace of the referring object.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub namespace: String,
}

/// An object of the same kind that must be ready first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DependencyReference {
    /// Name of the dependency.
    pub name: String,
    /// Namespace of the dependency; empty for the namespace of the dependent.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub namespace: String,
    /// CEL expression over `self` and `dep` that says whether the dependency is ready, in place of the built-in check.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub ready_expr: String,
}

/// How to reach the cluster to reconcile, when it is not the own one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [
    {
        "rule": "has(self.configMapRef) || has(self.secretRef)",
        "message": "exactly one of spec.kubeConfig.configMapRef or spec.kubeConfig.secretRef must be specified",
    },
    {
        "rule": "!has(self.configMapRef) || !has(self.secretRef)",
        "message": "exactly one of spec.kubeConfig.configMapRef or spec.kubeConfig.secretRef must be specified",
    },
]))]
pub struct KubeConfigReference {
    /// ConfigMap with address and provider, for access by workload identity.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub config_map_ref: Option<LocalObjectReference>,
    /// Secret with a self-contained kubeconfig; the key is `value`, else `value.yaml`, unless named.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub secret_ref: Option<SecretKeyReference>,
}

/// Labels and annotations that are put on objects, over what they have.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CommonMetadata {
    /// Annotations to set.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub annotations: BTreeMap<String, String>,
    /// Labels to set.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub labels: BTreeMap<String, String>,
}

/// Which namespaces may refer to an object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccessFrom {
    /// Selectors of namespaces; one that matches is enough.
    pub namespace_selectors: Vec<NamespaceSelector>,
}

/// Namespaces by their labels.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NamespaceSelector {
    /// Labels that the namespace must have; none match every namespace.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub match_labels: BTreeMap<String, String>,
}
