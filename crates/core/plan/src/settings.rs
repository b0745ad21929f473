//! Labels and annotations by which people steer how single objects are applied and pruned.

use skein_object::Object;

/// API group of the Kustomization kind, the prefix of its labels and annotations.
pub const GROUP: &str = "kustomize.toolkit.fluxcd.io";
/// Label with the name of the owning Kustomization.
pub const OWNER_NAME: &str = "kustomize.toolkit.fluxcd.io/name";
/// Label with the namespace of the owning Kustomization.
pub const OWNER_NAMESPACE: &str = "kustomize.toolkit.fluxcd.io/namespace";

/// `disabled`: neither applied nor pruned.
pub const RECONCILE: &str = "kustomize.toolkit.fluxcd.io/reconcile";
/// `Merge`, `IfNotPresent`, `Ignore`; anything else is `Override`.
pub const SSA: &str = "kustomize.toolkit.fluxcd.io/ssa";
/// `disabled`: never pruned.
pub const PRUNE: &str = "kustomize.toolkit.fluxcd.io/prune";
/// `enabled`: deleted and made anew when a change is refused as immutable.
pub const FORCE: &str = "kustomize.toolkit.fluxcd.io/force";
/// `disabled`: encrypted on purpose.
pub const DECRYPT: &str = "kustomize.toolkit.fluxcd.io/decrypt";

/// Whether a label or an annotation has the value, ignoring ASCII case as Flux does.
pub fn has(object: &Object, key: &str, value: &str) -> bool {
    [object.label(key), object.annotation(key)]
        .into_iter()
        .flatten()
        .any(|found| !found.is_empty() && found.eq_ignore_ascii_case(value))
}

/// Neither to be applied nor to be pruned.
pub fn is_excluded(object: &Object) -> bool {
    has(object, RECONCILE, "disabled") || has(object, SSA, "Ignore")
}

/// Only to be made when it does not exist.
pub fn is_if_not_present(object: &Object) -> bool {
    has(object, SSA, "IfNotPresent")
}

/// Fields of others are left alone and their ownership is not taken over.
pub fn is_merge(object: &Object) -> bool {
    has(object, SSA, "Merge")
}

/// To be deleted and made anew when a change is refused as immutable.
pub fn is_forced(object: &Object) -> bool {
    has(object, FORCE, "enabled")
}

/// Not to be pruned.
pub fn is_kept(object: &Object) -> bool {
    has(object, PRUNE, "disabled") || is_excluded(object)
}

/// Sets the owner labels, over any that the object has.
pub fn set_owner(object: &mut Object, namespace: &str, name: &str) {
    object.set_label(OWNER_NAME, name);
    object.set_label(OWNER_NAMESPACE, namespace);
}

/// Whether the labels say that this Kustomization owns the object.
pub fn is_owned_by(object: &Object, namespace: &str, name: &str) -> bool {
    object.label(OWNER_NAME) == Some(name) && object.label(OWNER_NAMESPACE) == Some(namespace)
}
