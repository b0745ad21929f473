//! Claims and volumes of storage.

use skein_object::Object;
use skein_object::quantity::Quantity;

use crate::labels;
use crate::names::subdomain_problems;
use crate::quantities;
use crate::sources::{self, ONE_SOURCE, Owner};
use crate::spot::{Errors, Spot};

const ACCESS_MODES: &[&str] = &[
    "ReadOnlyMany",
    "ReadWriteMany",
    "ReadWriteOnce",
    "ReadWriteOncePod",
];
const VOLUME_MODES: &[&str] = &["Block", "Filesystem"];

/// Sources of a PersistentVolume.
const VOLUME_SOURCES: &[&str] = &[
    "hostPath",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "glusterfs",
    "flocker",
    "nfs",
    "rbd",
    "quobyte",
    "cephfs",
    "iscsi",
    "cinder",
    "fc",
    "flexVolume",
    "azureFile",
    "vsphereVolume",
    "photonPersistentDisk",
    "portworxVolume",
    "azureDisk",
    "scaleIO",
    "local",
    "storageos",
    "csi",
];

pub(crate) fn check_claim(errors: &mut Errors, object: &Object) {
    check_claim_spec(errors, &Spot::of(object, "spec"));
}

pub(crate) fn check_claim_spec(errors: &mut Errors, spec: &Spot<'_>) {
    let modes = spec.get("accessModes");
    let text = "at least 1 access mode is required";
    errors.add_if(modes.len() == 0, || modes.required(text));
    labels::check_selector(errors, &spec.get("selector"));
    check_modes(errors, &modes);
    // The API server leaves `requests` out of the path.
    let asked = spec.get("resources.requests.storage");
    let path = spec.get("resources").path.key("storage");
    let storage = Spot::new(Some(asked.value), path);
    if !storage.is_set() {
        errors.add(storage.required(""));
    } else if quantities::check_positive(errors, &storage) {
        quantities::check_value(errors, "storage", &storage);
    }
    let class = spec.get("storageClassName");
    if !class.is_blank() {
        errors.problems(&class, subdomain_problems(class.text()));
    }
    errors.optional_choice(&spec.get("volumeMode"), VOLUME_MODES);
    for name in ["dataSource", "dataSourceRef"] {
        let source = spec.get(name);
        if !source.is_set() {
            continue;
        }
        errors.filled(&source.get("name"));
        errors.filled(&source.get("kind"));
        if source.get("apiGroup").is_blank() && source.get("kind").text() != "PersistentVolumeClaim"
        {
            let text = "must be 'PersistentVolumeClaim' when referencing the default apiGroup";
            errors.add(source.invalid_as(source.get("kind").text(), text));
        }
    }
}

/// All errors are told at the list.
fn check_modes(errors: &mut Errors, modes: &Spot<'_>) {
    let mut single = false;
    let mut others = false;
    for mode in modes.items() {
        let known = ACCESS_MODES.contains(&mode.text());
        if !known {
            let spot = Spot::new(Some(mode.value), modes.path.clone());
            errors.add(spot.not_supported(ACCESS_MODES));
        }
        single |= mode.text() == "ReadWriteOncePod";
        others |= known && mode.text() != "ReadWriteOncePod";
    }
    if single && others {
        let text = "may not use ReadWriteOncePod with other access modes";
        errors.add(modes.forbidden(text));
    }
}

pub(crate) fn check_volume(errors: &mut Errors, object: &Object) {
    let spec = Spot::of(object, "spec");
    let modes = spec.get("accessModes");
    errors.add_if(modes.len() == 0, || modes.required(""));
    check_modes(errors, &modes);
    let capacity = spec.get("capacity");
    errors.add_if(capacity.len() == 0, || capacity.required(""));
    if capacity.len() != 1 || capacity.value.get("storage").is_none() {
        let spot = Spot::new(Some(capacity.value), capacity.path.clone());
        errors.add(spot.not_supported(&["storage"]));
    }
    for (_, quantity) in capacity.members() {
        let sign = quantities::parse(quantity.value).map(Quantity::sign);
        if sign.is_some_and(|sign| sign < 0) {
            let number: serde_json::Value = quantity
                .text()
                .parse::<i64>()
                .map_or_else(|_| quantity.value.clone(), Into::into);
            errors.add(quantity.invalid_as(number, "must be a valid resource quantity"));
        }
        quantities::check_positive(errors, &quantity);
    }
    let policy = spec.get("persistentVolumeReclaimPolicy");
    errors.optional_choice(&policy, &["Delete", "Recycle", "Retain"]);
    let affinity = spec.get("nodeAffinity");
    check_node_affinity(errors, &affinity);
    check_sources(errors, &spec, object.name());
    let host = spec.get("hostPath.path");
    if is_root(host.text()) && policy.text() == "Recycle" {
        let text = "may not be 'recycle' for a hostPath mount of '/'";
        errors.add(policy.forbidden(text));
    }
    let class = spec.get("storageClassName");
    if !class.is_blank() {
        errors.problems(&class, subdomain_problems(class.text()));
    }
    errors.optional_choice(&spec.get("volumeMode"), VOLUME_MODES);
    check_attributes(errors, &spec);
}

/// The volume that stands in a VolumeAttachment itself.
pub(crate) fn check_inline_volume(errors: &mut Errors, spec: &Spot<'_>) {
    const ELSEWHERE: &str = "may not be specified in the context of inline volumes";
    let (claim, capacity) = (spec.get("claimRef"), spec.get("capacity"));
    errors.add_if(claim.is_set(), || claim.forbidden(ELSEWHERE));
    errors.add_if(capacity.len() > 0, || capacity.forbidden(ELSEWHERE));
    let csi = spec.get("csi");
    let text = "has to be specified in the context of inline volumes";
    errors.add_if(!csi.is_set(), || csi.required(text));
    let modes = spec.get("accessModes");
    errors.add_if(modes.len() == 0, || modes.required(""));
    check_modes(errors, &modes);
    let policy = spec.get("persistentVolumeReclaimPolicy");
    if !policy.is_blank() && policy.text() != "Retain" {
        errors.add(policy.forbidden("may only be Retain in the context of inline volumes"));
    }
    let affinity = spec.get("nodeAffinity");
    errors.add_if(affinity.is_set(), || affinity.forbidden(ELSEWHERE));
    check_sources(errors, spec, "");
    let class = spec.get("storageClassName");
    errors.add_if(!class.is_blank(), || class.forbidden(ELSEWHERE));
    let mode = spec.get("volumeMode");
    if mode.is_set() && mode.text() != "Filesystem" {
        let text =
            "may not specify volumeMode other than Filesystem in the context of inline volumes";
        errors.add(mode.forbidden(text));
    }
}

fn check_node_affinity(errors: &mut Errors, affinity: &Spot<'_>) {
    let required = affinity.get("required");
    if required.is_set() {
        crate::pods::check_node_selector(errors, &required);
    } else if affinity.is_set() {
        errors.add(required.required("must specify required node constraints"));
    }
}

fn check_sources(errors: &mut Errors, spec: &Spot<'_>, name: &str) {
    let mut found = 0;
    for kind in VOLUME_SOURCES {
        let source = spec.get(kind);
        if !source.is_set() {
            continue;
        }
        found += 1;
        // The API server lets this one stand beside others.
        if found > 1 && *kind != "flexVolume" {
            errors.add(sources::beside(&source, kind, spec).forbidden(ONE_SOURCE));
            continue;
        }
        let place = sources::inside(&source, kind, spec);
        sources::check(errors, kind, &place, Owner::Volume(name));
        if *kind == "local" {
            check_local(errors, spec);
        }
    }
    errors.add_if(found == 0, || spec.required("must specify a volume type"));
}

fn check_local(errors: &mut Errors, spec: &Spot<'_>) {
    let path = spec.get("local.path");
    errors.filled(&path);
    sources::check_no_backsteps(errors, &path);
    let affinity = spec.get("nodeAffinity");
    let text = "Local volume requires node affinity";
    errors.add_if(!affinity.is_set(), || affinity.required(text));
}

/// Whether a path, freed of what changes nothing, is that of the root.
fn is_root(path: &str) -> bool {
    let mut depth = 0_usize;
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => depth = depth.saturating_sub(1),
            _ => depth += 1,
        }
    }
    path.starts_with('/') && depth == 0
}

fn check_attributes(errors: &mut Errors, spec: &Spot<'_>) {
    let (class, csi) = (spec.get("volumeAttributesClassName"), spec.get("csi"));
    if !class.is_set() {
        return;
    }
    if class.is_blank() {
        errors.add(class.required("an empty string is disallowed"));
    } else {
        errors.problems(&class, subdomain_problems(class.text()));
    }
    let text = "has to be specified when using volumeAttributesClassName";
    errors.add_if(!csi.is_set(), || csi.required(text));
}
