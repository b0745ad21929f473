//! Claims, volumes and classes of storage.

use skein_object::Object;

use crate::labels;
use crate::names::{qualified_name_problems, subdomain_problems};
use crate::quantities;
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
    for (name, quantity) in capacity.members() {
        quantities::check_value(errors, name, &quantity);
        quantities::check_positive(errors, &quantity);
    }
    let policy = spec.get("persistentVolumeReclaimPolicy");
    errors.optional_choice(&policy, &["Delete", "Recycle", "Retain"]);
    let mut found = 0;
    for kind in VOLUME_SOURCES {
        let source = spec.get(kind);
        if !source.is_set() {
            continue;
        }
        found += 1;
        if found > 1 {
            errors.add(source.forbidden("may not specify more than 1 volume type"));
            continue;
        }
        match *kind {
            "hostPath" => errors.filled(&source.get("path")),
            "nfs" => {
                errors.filled(&source.get("server"));
                errors.filled(&source.get("path"));
            }
            "csi" => {
                errors.filled(&source.get("driver"));
                errors.filled(&source.get("volumeHandle"));
            }
            "local" => {
                errors.filled(&source.get("path"));
                let affinity = spec.get("nodeAffinity");
                let text = "Local volume requires node affinity";
                errors.add_if(!affinity.is_set(), || affinity.required(text));
            }
            _ => {}
        }
    }
    errors.add_if(found == 0, || spec.required("must specify a volume type"));
    let class = spec.get("storageClassName");
    if !class.is_blank() {
        errors.problems(&class, subdomain_problems(class.text()));
    }
    errors.optional_choice(&spec.get("volumeMode"), VOLUME_MODES);
}

pub(crate) fn check_class(errors: &mut Errors, object: &Object) {
    let provisioner = Spot::of(object, "provisioner");
    if provisioner.is_blank() {
        errors.add(provisioner.required(""));
    } else {
        let lower = provisioner.text().to_lowercase();
        let problems = qualified_name_problems(&lower);
        errors.add_all(
            problems
                .into_iter()
                .map(|text| provisioner.invalid_as(lower.as_str(), text)),
        );
    }
    let policy = Spot::of(object, "reclaimPolicy");
    if !policy.is_blank() {
        errors.optional_choice(&policy, &["Delete", "Retain"]);
    }
    let mode = Spot::of(object, "volumeBindingMode");
    if mode.is_set() {
        errors.optional_choice(&mode, &["Immediate", "WaitForFirstConsumer"]);
    } else {
        errors.add(mode.required(""));
    }
}
