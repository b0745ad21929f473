//! Sources of volumes, of Pods and of PersistentVolumes: what each asks for.

mod disks;
mod networks;

pub(crate) use disks::{TOO_LONG as TOO_LONG_PORTAL, is_long_portal};

use crate::names::{label_problems, subdomain_problems};
use crate::spot::{Errors, Spot};

/// Said where a second source stands beside the first.
pub(crate) const ONE_SOURCE: &str = "may not specify more than 1 volume type";
/// Longest name of a driver.
const MAX_DRIVER_BYTES: u64 = 63;

const HOST_PATH_TYPES: &[&str] = &[
    "",
    "BlockDevice",
    "CharDevice",
    "Directory",
    "DirectoryOrCreate",
    "File",
    "FileOrCreate",
    "Socket",
];

/// Fields without which a source is of no use, in the order in which they are told.
const NEEDED: &[(&str, &[&str])] = &[
    ("gcePersistentDisk", &["pdName"]),
    ("awsElasticBlockStore", &["volumeID"]),
    ("nfs", &["server", "path"]),
    ("glusterfs", &["endpoints", "path"]),
    ("persistentVolumeClaim", &["claimName"]),
    ("rbd", &["monitors", "image"]),
    ("cinder", &["volumeID"]),
    ("cephfs", &["monitors"]),
    ("flexVolume", &["driver"]),
    ("azureFile", &["secretName", "shareName"]),
    ("vsphereVolume", &["volumePath"]),
    ("photonPersistentDisk", &["pdID"]),
    ("portworxVolume", &["volumeID"]),
    ("azureDisk", &["diskName", "diskURI"]),
    ("scaleIO", &["gateway", "system", "volumeName"]),
];

/// Whose volume it is: secrets of a PersistentVolume have a namespace.
#[derive(Clone, Copy)]
pub(crate) enum Owner<'a> {
    Pod,
    /// With its name.
    Volume(&'a str),
}

/// The place at which the API server tells errors inside a source.
pub(crate) fn inside<'a>(source: &Spot<'a>, kind: &str, parent: &Spot<'_>) -> Spot<'a> {
    let name = match kind {
        "gcePersistentDisk" => "persistentDisk",
        other => other,
    };
    Spot::new(Some(source.value), parent.path.child(name))
}

/// The place at which the API server tells that a source is one too many.
pub(crate) fn beside<'a>(source: &Spot<'a>, kind: &str, parent: &Spot<'_>) -> Spot<'a> {
    let name = match kind {
        "cephfs" => "cephFS",
        "downwardAPI" => "downwarAPI",
        other => other,
    };
    Spot::new(Some(source.value), parent.path.child(name))
}

/// One source of a kind that Pods and PersistentVolumes share.
pub(crate) fn check(errors: &mut Errors, kind: &str, source: &Spot<'_>, owner: Owner<'_>) {
    let needed = NEEDED.iter().find(|(name, _)| *name == kind);
    for name in needed.into_iter().flat_map(|(_, names)| *names) {
        let field = source.get(name);
        let is_missing = field.is_blank() || field.value.as_array().is_some_and(Vec::is_empty);
        errors.add_if(is_missing, || field.required(""));
    }
    match kind {
        "hostPath" => check_host_path(errors, source),
        "gcePersistentDisk" | "awsElasticBlockStore" => disks::check_partition(errors, source),
        "azureDisk" => disks::check_azure(errors, source),
        "fc" => disks::check_channel(errors, source),
        "iscsi" => disks::check_iscsi(errors, source, owner),
        "nfs" => networks::check_nfs(errors, source),
        "quobyte" => networks::check_quobyte(errors, source),
        "glusterfs" => networks::check_glusterfs(errors, source, owner),
        "flocker" => networks::check_flocker(errors, source),
        "flexVolume" => check_options(errors, &source.get("options")),
        "storageos" => {
            networks::check_storageos(errors, source);
            check_secret(errors, &source.get("secretRef"), owner);
        }
        "cinder" => check_secret(errors, &source.get("secretRef"), owner),
        "azureFile" => check_secret_namespace(errors, &source.get("secretNamespace"), owner),
        "csi" => check_driver(errors, source, owner),
        _ => {}
    }
}

fn check_host_path(errors: &mut Errors, source: &Spot<'_>) {
    let path = source.get("path");
    if path.is_blank() {
        errors.add(path.required(""));
        return;
    }
    check_no_backsteps(errors, &path);
    errors.optional_choice(&source.get("type"), HOST_PATH_TYPES);
}

/// A relative path that does not climb.
pub(crate) fn check_descending(errors: &mut Errors, path: &Spot<'_>) {
    if path.text().starts_with('/') {
        errors.add(path.invalid("must be a relative path"));
    }
    check_no_backsteps(errors, path);
}

/// A path without `..`.
pub(crate) fn check_no_backsteps(errors: &mut Errors, path: &Spot<'_>) {
    if climbs(path.text()) {
        errors.add(path.invalid("must not contain '..'"));
    }
}

/// Whether a path goes up.
pub(crate) fn climbs(path: &str) -> bool {
    path.split('/').any(|part| part == "..")
}

/// A relative path inside the volume, whose first part is not reserved.
pub(crate) fn check_local(errors: &mut Errors, path: &Spot<'_>) {
    check_descending(errors, path);
    let text = path.text();
    if text.starts_with("..") && !text.starts_with("../") {
        errors.add(path.invalid("must not start with '..'"));
    }
}

fn check_options(errors: &mut Errors, options: &Spot<'_>) {
    for (key, option) in options.members() {
        let namespace = key.split_once('/').map_or(key, |(namespace, _)| namespace);
        let dotted = format!(".{}", namespace.to_lowercase());
        if [".kubernetes.io", ".k8s.io"]
            .iter()
            .any(|reserved| dotted.ends_with(reserved))
        {
            let text = "kubernetes.io and k8s.io namespaces are reserved";
            errors.add(option.invalid_as(key, text));
        }
    }
}

/// A secret that is named by halves; other names are not looked at.
fn check_secret(errors: &mut Errors, secret: &Spot<'_>, owner: Owner<'_>) {
    if !secret.is_set() {
        return;
    }
    errors.filled(&secret.get("name"));
    if matches!(owner, Owner::Volume(_)) {
        errors.filled(&secret.get("namespace"));
    }
}

fn check_secret_namespace(errors: &mut Errors, namespace: &Spot<'_>, owner: Owner<'_>) {
    if matches!(owner, Owner::Volume(_)) && namespace.is_set() {
        errors.filled(namespace);
    }
}

fn check_driver(errors: &mut Errors, source: &Spot<'_>, owner: Owner<'_>) {
    let driver = source.get("driver");
    if driver.is_blank() {
        errors.add(driver.required(""));
    } else {
        if driver.text().len() as u64 > MAX_DRIVER_BYTES {
            let path = driver.path.clone();
            errors.add(skein_schema::FieldError::too_long(path, MAX_DRIVER_BYTES));
        }
        errors.problems(&driver, subdomain_problems(&driver.text().to_lowercase()));
    }
    match owner {
        Owner::Pod => check_publishing_secret(errors, source),
        Owner::Volume(_) => {
            errors.filled(&source.get("volumeHandle"));
            for name in [
                "controllerPublishSecretRef",
                "controllerExpandSecretRef",
                "nodePublishSecretRef",
                "nodeExpandSecretRef",
            ] {
                check_full_secret(errors, &source.get(name));
            }
        }
    }
}

fn check_publishing_secret(errors: &mut Errors, source: &Spot<'_>) {
    let secret = source.get("nodePublishSecretRef");
    if !secret.is_set() {
        return;
    }
    let name = secret.get("name");
    if name.is_blank() {
        errors.add(name.required(""));
    } else {
        // The API server tells this at the source.
        let told = Spot::new(Some(name.value), source.path.child("name"));
        errors.problems(&told, subdomain_problems(name.text()));
    }
}

/// A secret with a well-formed name and namespace.
fn check_full_secret(errors: &mut Errors, secret: &Spot<'_>) {
    if !secret.is_set() {
        return;
    }
    for (field, rule) in [
        ("name", subdomain_problems as fn(&str) -> Vec<String>),
        ("namespace", label_problems),
    ] {
        let spot = secret.get(field);
        if spot.is_blank() {
            errors.add(spot.required(""));
        } else {
            errors.problems(&spot, rule(spot.text()));
        }
    }
}
