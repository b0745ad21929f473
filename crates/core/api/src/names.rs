//! Labels, annotations, finalizers and field managers that Flux gives a meaning.

/// Annotation that asks for one run; any new value counts, and is copied to `status.lastHandledReconcileAt`.
pub const RECONCILE_REQUEST_ANNOTATION: &str = "reconcile.fluxcd.io/requestedAt";
/// Annotation of a HelmRelease that forces one release when it equals the request.
pub const FORCE_REQUEST_ANNOTATION: &str = "reconcile.fluxcd.io/forceAt";
/// Annotation of a HelmRelease that zeroes its failure counters when it equals the request.
pub const RESET_REQUEST_ANNOTATION: &str = "reconcile.fluxcd.io/resetAt";
/// Label of a ConfigMap or Secret whose changes wake the objects that refer to it.
pub const WATCH_LABEL: &str = "reconcile.fluxcd.io/watch";
/// The value of [`WATCH_LABEL`] that the default selector looks for.
pub const WATCH_LABEL_ENABLED: &str = "Enabled";
/// Label that assigns an object to a shard.
pub const SHARD_LABEL: &str = "sharding.fluxcd.io/key";
/// Finalizer of every reconciled kind but the generator's.
pub const FINALIZER: &str = "finalizers.fluxcd.io";
/// Finalizer of ArtifactGenerator.
pub const GENERATOR_FINALIZER: &str = "source.extensions.fluxcd.io/finalizer";
/// Label of ExternalArtifacts: the uid of the generator that made them.
pub const GENERATOR_LABEL: &str = "source.extensions.fluxcd.io/generator";
/// Annotation that pauses an ArtifactGenerator when `disabled`.
pub const GENERATOR_RECONCILE_ANNOTATION: &str = "source.extensions.fluxcd.io/reconcile";
/// Prefix of annotations that are copied into the metadata of events.
pub const EVENT_ANNOTATION_PREFIX: &str = "event.toolkit.fluxcd.io/";

/// Label of an applied object: name of its Kustomization.
pub const KUSTOMIZATION_NAME_LABEL: &str = "kustomize.toolkit.fluxcd.io/name";
/// Label of an applied object: namespace of its Kustomization.
pub const KUSTOMIZATION_NAMESPACE_LABEL: &str = "kustomize.toolkit.fluxcd.io/namespace";
/// Setting of an object: `disabled` keeps it from garbage collection.
pub const PRUNE_SETTING: &str = "kustomize.toolkit.fluxcd.io/prune";
/// Setting of an object: `Override`, `Merge`, `IfNotPresent` or `Ignore`.
pub const SSA_SETTING: &str = "kustomize.toolkit.fluxcd.io/ssa";
/// Setting of an object: `enabled` recreates it when an immutable field changes.
pub const FORCE_SETTING: &str = "kustomize.toolkit.fluxcd.io/force";
/// Setting of an object: `disabled` leaves it alone altogether.
pub const RECONCILE_SETTING: &str = "kustomize.toolkit.fluxcd.io/reconcile";
/// Setting of an object: `disabled` skips the substitution of variables.
pub const SUBSTITUTE_SETTING: &str = "kustomize.toolkit.fluxcd.io/substitute";
/// Setting of an object: `disabled` (in any case) skips decryption.
pub const DECRYPT_SETTING: &str = "kustomize.toolkit.fluxcd.io/decrypt";
/// Value of several settings that switches something off.
pub const DISABLED: &str = "disabled";
/// Value of several settings that switches something on.
pub const ENABLED: &str = "enabled";

/// Label of an applied object: name of its HelmRelease.
pub const HELM_RELEASE_NAME_LABEL: &str = "helm.toolkit.fluxcd.io/name";
/// Label of an applied object: namespace of its HelmRelease.
pub const HELM_RELEASE_NAMESPACE_LABEL: &str = "helm.toolkit.fluxcd.io/namespace";
/// Setting of an object: `disabled` leaves it out of drift detection.
pub const DRIFT_DETECTION_SETTING: &str = "helm.toolkit.fluxcd.io/driftDetection";

/// Manifest annotation: the revision at the origin.
pub const OCI_REVISION_ANNOTATION: &str = "org.opencontainers.image.revision";
/// Manifest annotation: the address of the origin.
pub const OCI_SOURCE_ANNOTATION: &str = "org.opencontainers.image.source";
/// Manifest annotation: when the artifact was made.
pub const OCI_CREATED_ANNOTATION: &str = "org.opencontainers.image.created";

/// Field manager under which kustomize-controller applies objects.
pub const KUSTOMIZE_FIELD_MANAGER: &str = "kustomize-controller";
/// Field manager under which kustomize-controller writes the status of Kustomizations.
pub const KUSTOMIZE_STATUS_MANAGER: &str = "gotk-kustomize-controller";
