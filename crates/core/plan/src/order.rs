//! In which stages and in which order objects are applied.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use skein_object::{GroupKind, Object, ObjectKey};

/// Kinds that go first, in this order. Only the kind counts, whatever the group.
const FIRST: [&str; 23] = [
    "CustomResourceDefinition",
    "Namespace",
    "ClusterRole",
    "ClusterClass",
    "RuntimeClass",
    "PriorityClass",
    "StorageClass",
    "VolumeSnapshotClass",
    "IngressClass",
    "GatewayClass",
    "ClusterRoleBinding",
    "ResourceQuota",
    "ServiceAccount",
    "Role",
    "RoleBinding",
    "ConfigMap",
    "Secret",
    "Service",
    "LimitRange",
    "Deployment",
    "StatefulSet",
    "CronJob",
    "PodDisruptionBudget",
];
/// Kinds that go last, in this order.
const LAST: [&str; 2] = [
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
];

/// Objects of a stage are checked together before any of them is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Custom resource definitions, namespaces, cluster roles: others need them to exist, so the plan waits until they are ready.
    Definitions,
    /// Kinds whose name ends in `Class`; waited for as well.
    Classes,
    /// Kinds that the operator named.
    Custom,
    /// All others.
    Rest,
}

impl Stage {
    /// All stages in order.
    pub const ALL: [Self; 4] = [Self::Definitions, Self::Classes, Self::Custom, Self::Rest];

    /// The stage of an object.
    pub fn of(object: &Object, custom: &BTreeSet<GroupKind>) -> Self {
        if is_crd(object) || is_namespace(object) || is_cluster_role(object) {
            Self::Definitions
        } else if object.kind().ends_with("Class") {
            Self::Classes
        } else if custom.contains(&object.gvk().group_kind()) {
            Self::Custom
        } else {
            Self::Rest
        }
    }

    /// Whether the objects of the stage must be ready before the next stage begins.
    pub fn waits(self) -> bool {
        matches!(self, Self::Definitions | Self::Classes)
    }
}

/// Whether the object is a CustomResourceDefinition.
pub fn is_crd(object: &Object) -> bool {
    object
        .kind()
        .eq_ignore_ascii_case("CustomResourceDefinition")
        && object.api_version().starts_with("apiextensions.k8s.io/")
}

fn is_namespace(object: &Object) -> bool {
    object.kind().eq_ignore_ascii_case("Namespace") && object.api_version() == "v1"
}

fn is_cluster_role(object: &Object) -> bool {
    object.kind().eq_ignore_ascii_case("ClusterRole")
        && object
            .api_version()
            .starts_with("rbac.authorization.k8s.io/")
}

/// The objects of each stage, in the order in which they are applied. Stages without objects are left out.
pub fn stages(objects: Vec<Object>, custom: &BTreeSet<GroupKind>) -> Vec<(Stage, Vec<Object>)> {
    let mut by_stage: Vec<(Stage, Vec<Object>)> = Stage::ALL
        .iter()
        .map(|stage| (*stage, Vec::new()))
        .collect();
    for object in objects {
        let stage = Stage::of(&object, custom);
        if let Some((_, list)) = by_stage
            .iter_mut()
            .find(|(candidate, _)| *candidate == stage)
        {
            list.push(object);
        }
    }
    for (_, list) in &mut by_stage {
        list.sort_by_cached_key(|object| SortKey(object.key()));
    }
    by_stage.retain(|(_, list)| !list.is_empty());
    by_stage
}

/// Sorts keys as they are applied; pruning goes the other way.
pub fn compare(left: &ObjectKey, right: &ObjectKey) -> Ordering {
    rank(&left.kind)
        .cmp(&rank(&right.kind))
        .then_with(|| left.group.cmp(&right.group))
        .then_with(|| left.kind.cmp(&right.kind))
        .then_with(|| left.namespace.cmp(&right.namespace))
        .then_with(|| left.name.cmp(&right.name))
}

/// Place of a kind: those named first, then all others as equals, then those named last.
fn rank(kind: &str) -> usize {
    let find = |list: &[&str]| list.iter().position(|listed| *listed == kind);
    find(&FIRST)
        .or_else(|| find(&LAST).map(|at| FIRST.len() + 1 + at))
        .unwrap_or(FIRST.len())
}

#[derive(PartialEq, Eq)]
struct SortKey(ObjectKey);

impl PartialOrd for SortKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for SortKey {
    fn cmp(&self, other: &Self) -> Ordering {
        compare(&self.0, &other.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use skein_object::GroupVersionKind;

    fn object(api_version: &str, kind: &str, name: &str) -> Object {
        Object::new(
            &GroupVersionKind::from_api_version(api_version, kind),
            "n",
            name,
        )
    }

    #[test]
    fn stages_and_order() {
        let objects = vec![
            object("v1", "Service", "s"),
            object("example.io/v1", "Thing", "t"),
            object(
                "admissionregistration.k8s.io/v1",
                "ValidatingWebhookConfiguration",
                "w",
            ),
            object("storage.k8s.io/v1", "StorageClass", "fast"),
            object("rbac.authorization.k8s.io/v1", "ClusterRole", "r"),
            object("v1", "Namespace", "n"),
            object("v1", "ConfigMap", "b"),
            object("v1", "ConfigMap", "a"),
            object("other.io/v1", "Namespace", "not-a-namespace"),
        ];
        let custom = BTreeSet::from([GroupKind::new("example.io", "Thing")]);
        let found: Vec<(Stage, Vec<String>)> = stages(objects, &custom)
            .into_iter()
            .map(|(stage, list)| (stage, list.iter().map(|o| o.name().to_owned()).collect()))
            .collect();
        let names = |list: &[&str]| list.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
        assert_eq!(
            found,
            [
                (Stage::Definitions, names(&["n", "r"])),
                (Stage::Classes, names(&["fast"])),
                (Stage::Custom, names(&["t"])),
                (Stage::Rest, names(&["not-a-namespace", "a", "b", "s", "w"])),
            ]
        );
    }

    /// Every kind that has a place of its own with its group, and some that have none, in the order of Flux (fluxcd/pkg/ssa): stages,
    /// then the place of the kind, then group, kind, namespace and name.
    const ORDERED: &[(Stage, &str, &str, &str)] = &[
        (
            Stage::Definitions,
            "apiextensions.k8s.io/v1",
            "CustomResourceDefinition",
            "b",
        ),
        (Stage::Definitions, "v1", "Namespace", "z"),
        (
            Stage::Definitions,
            "rbac.authorization.k8s.io/v1",
            "ClusterRole",
            "a",
        ),
        (
            Stage::Classes,
            "cluster.x-k8s.io/v1beta1",
            "ClusterClass",
            "c",
        ),
        (Stage::Classes, "node.k8s.io/v1", "RuntimeClass", "r"),
        (Stage::Classes, "scheduling.k8s.io/v1", "PriorityClass", "p"),
        (Stage::Classes, "storage.k8s.io/v1", "StorageClass", "s"),
        (
            Stage::Classes,
            "snapshot.storage.k8s.io/v1",
            "VolumeSnapshotClass",
            "v",
        ),
        (Stage::Classes, "networking.k8s.io/v1", "IngressClass", "i"),
        (
            Stage::Classes,
            "gateway.networking.k8s.io/v1",
            "GatewayClass",
            "g",
        ),
        (Stage::Classes, "resource.k8s.io/v1", "DeviceClass", "d"),
        (
            Stage::Custom,
            "external-secrets.io/v1",
            "ExternalSecret",
            "e",
        ),
        (
            Stage::Rest,
            "rbac.authorization.k8s.io/v1",
            "ClusterRoleBinding",
            "c",
        ),
        (Stage::Rest, "v1", "ResourceQuota", "r"),
        (Stage::Rest, "v1", "ServiceAccount", "s"),
        (Stage::Rest, "rbac.authorization.k8s.io/v1", "Role", "r"),
        (
            Stage::Rest,
            "rbac.authorization.k8s.io/v1",
            "RoleBinding",
            "r",
        ),
        (Stage::Rest, "v1", "ConfigMap", "a"),
        (Stage::Rest, "v1", "ConfigMap", "b"),
        (Stage::Rest, "v1", "Secret", "s"),
        (Stage::Rest, "v1", "Service", "s"),
        (Stage::Rest, "serving.knative.dev/v1", "Service", "a"),
        (Stage::Rest, "v1", "LimitRange", "l"),
        (Stage::Rest, "apps/v1", "Deployment", "d"),
        (Stage::Rest, "apps/v1", "StatefulSet", "s"),
        (Stage::Rest, "batch/v1", "CronJob", "c"),
        (Stage::Rest, "policy/v1", "PodDisruptionBudget", "p"),
        (Stage::Rest, "v1", "PersistentVolumeClaim", "x"),
        (Stage::Rest, "v1", "Pod", "a"),
        (Stage::Rest, "apps/v1", "DaemonSet", "d"),
        (Stage::Rest, "batch/v1", "Job", "j"),
        (Stage::Rest, "networking.k8s.io/v1", "Ingress", "i"),
        (
            Stage::Rest,
            "admissionregistration.k8s.io/v1",
            "MutatingWebhookConfiguration",
            "m",
        ),
        (
            Stage::Rest,
            "admissionregistration.k8s.io/v1",
            "ValidatingWebhookConfiguration",
            "a",
        ),
    ];

    #[test]
    fn shuffled_kinds_come_in_the_order_of_flux() {
        let custom = BTreeSet::from([GroupKind::new("external-secrets.io", "ExternalSecret")]);
        let id = |object: &Object| format!("{} {}", object.key(), object.api_version());
        let expected: Vec<(Stage, String)> = ORDERED
            .iter()
            .map(|(stage, version, kind, name)| (*stage, id(&object(version, kind, name))))
            .collect();
        let count = ORDERED.len();
        // Steps that share no divisor with the number of kinds visit all of them, each in another order.
        let steps = (1..count).filter(|step| {
            (2..=*step).all(|d| !step.is_multiple_of(d) || !count.is_multiple_of(d))
        });
        for step in steps {
            let shuffled = (0..count).map(|at| {
                let (_, version, kind, name) = ORDERED[(at * step + step) % count];
                object(version, kind, name)
            });
            let staged = stages(shuffled.collect(), &custom);
            let found: Vec<(Stage, String)> = staged
                .iter()
                .flat_map(|(stage, list)| list.iter().map(|object| (*stage, id(object))))
                .collect();
            assert_eq!(found, expected, "step {step}");
        }
    }

    #[test]
    fn unknown_kinds_lie_between() {
        let key = |kind: &str| ObjectKey::new("", kind, "", "x");
        let mut keys = [
            key("MutatingWebhookConfiguration"),
            key("Ingress"),
            key("PodDisruptionBudget"),
        ];
        keys.sort_by(compare);
        let kinds: Vec<_> = keys.iter().map(|k| k.kind.as_str()).collect();
        assert_eq!(
            kinds,
            [
                "PodDisruptionBudget",
                "Ingress",
                "MutatingWebhookConfiguration"
            ]
        );
    }
}
