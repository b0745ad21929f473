//! Volumes: one source each, and what the common sources ask for.

use std::collections::HashSet;

use super::containers::{Volumes, check_descending, check_no_backsteps};
use super::variables;
use crate::names::label_problems;
use crate::spot::{Errors, Spot};

/// Sources in the order in which the API server looks at them.
const SOURCES: &[&str] = &[
    "emptyDir",
    "hostPath",
    "gitRepo",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "secret",
    "nfs",
    "iscsi",
    "glusterfs",
    "persistentVolumeClaim",
    "rbd",
    "cinder",
    "cephfs",
    "flocker",
    "downwardAPI",
    "fc",
    "flexVolume",
    "configMap",
    "azureFile",
    "vsphereVolume",
    "quobyte",
    "azureDisk",
    "storageos",
    "projected",
    "photonPersistentDisk",
    "portworxVolume",
    "scaleIO",
    "csi",
    "ephemeral",
    "image",
];

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

/// Checks the volumes and answers the names of the good ones, with `claims` that a controller adds.
pub(super) fn check<'a>(
    errors: &mut Errors,
    volumes: &Spot<'a>,
    claims: &[&'a str],
) -> Volumes<'a> {
    let mut names: HashSet<&str> = claims.iter().copied().collect();
    for volume in volumes.items() {
        let name = volume.get("name");
        // A claim's volume takes the place of one of the same name.
        if claims.contains(&name.text()) {
            continue;
        }
        let mut mine = Errors::default();
        check_source(&mut mine, &volume);
        if name.is_blank() {
            mine.add(name.required(""));
        } else {
            mine.problems(&name, label_problems(name.text()));
        }
        if names.contains(name.text()) {
            mine.add(name.duplicate());
        }
        if mine.0.is_empty() {
            names.insert(name.text());
        }
        errors.add_all(mine.0);
    }
    names
}

fn check_source(errors: &mut Errors, volume: &Spot<'_>) {
    let mut found = 0;
    for kind in SOURCES {
        let source = volume.get(kind);
        if !source.is_set() {
            continue;
        }
        found += 1;
        if found > 1 {
            errors.add(source.forbidden("may not specify more than 1 volume type"));
            continue;
        }
        match *kind {
            "hostPath" => check_host_path(errors, &source),
            "secret" => {
                errors.filled(&source.get("secretName"));
                check_mode(errors, &source.get("defaultMode"));
                check_items(errors, &source);
            }
            "configMap" => {
                errors.filled(&source.get("name"));
                check_mode(errors, &source.get("defaultMode"));
                check_items(errors, &source);
            }
            "persistentVolumeClaim" => errors.filled(&source.get("claimName")),
            "nfs" => check_nfs(errors, &source),
            "downwardAPI" => {
                check_mode(errors, &source.get("defaultMode"));
                for file in source.get("items").items() {
                    check_file(errors, &file);
                }
            }
            "projected" => check_projected(errors, &source),
            "csi" => errors.filled(&source.get("driver")),
            "ephemeral" => check_ephemeral(errors, &source),
            _ => {}
        }
    }
    if found == 0 {
        errors.add(volume.required("must specify a volume type"));
    }
}

fn check_host_path(errors: &mut Errors, source: &Spot<'_>) {
    let path = source.get("path");
    if path.is_blank() {
        errors.add(path.required(""));
        return;
    }
    check_no_backsteps(errors, &path);
    let kind = source.get("type");
    errors.optional_choice(&kind, HOST_PATH_TYPES);
}

fn check_nfs(errors: &mut Errors, source: &Spot<'_>) {
    errors.filled(&source.get("server"));
    let path = source.get("path");
    errors.filled(&path);
    if !path.text().starts_with('/') {
        errors.add(path.invalid_as(path.text(), "must be an absolute path"));
    }
}

/// Highest file mode: 0777.
const MAX_MODE: i64 = 0o777;

fn check_mode(errors: &mut Errors, mode: &Spot<'_>) {
    if mode
        .number()
        .is_some_and(|mode| !(0..=MAX_MODE).contains(&mode))
    {
        errors.add(mode.invalid("must be a number between 0 and 0777 (octal), both inclusive"));
    }
}

fn check_items(errors: &mut Errors, source: &Spot<'_>) {
    for item in source.get("items").items() {
        errors.filled(&item.get("key"));
        let path = item.get("path");
        errors.filled(&path);
        check_local(errors, &path);
        check_mode(errors, &item.get("mode"));
    }
}

/// A relative path inside the volume, whose first part is not reserved.
fn check_local(errors: &mut Errors, path: &Spot<'_>) {
    check_descending(errors, path);
    let text = path.text();
    if text.starts_with("..") && !text.starts_with("../") && text != ".." {
        errors.add(path.invalid("must not start with '..'"));
    }
}

fn check_file(errors: &mut Errors, file: &Spot<'_>) {
    let path = file.get("path");
    errors.filled(&path);
    check_local(errors, &path);
    let (field, resource) = (file.get("fieldRef"), file.get("resourceFieldRef"));
    if field.is_set() {
        variables::check_volume_field(errors, &field);
        if resource.is_set() {
            let text = "fieldRef and resourceFieldRef can not be specified simultaneously";
            errors.add(file.invalid_as("resource", text));
        }
    } else if resource.is_set() {
        variables::check_resource(errors, &resource, true);
    } else {
        errors.add(file.required("one of fieldRef and resourceFieldRef is required"));
    }
    check_mode(errors, &file.get("mode"));
}

/// Sources of one volume; one that projects nothing is let through.
fn check_projected(errors: &mut Errors, source: &Spot<'_>) {
    check_mode(errors, &source.get("defaultMode"));
    for part in source.get("sources").items() {
        let mut found = 0;
        for kind in [
            "secret",
            "configMap",
            "downwardAPI",
            "serviceAccountToken",
            "clusterTrustBundle",
            "podCertificate",
        ] {
            let projection = part.get(kind);
            if !projection.is_set() {
                continue;
            }
            found += 1;
            if found > 1 {
                errors.add(projection.forbidden("may not specify more than 1 volume type"));
                continue;
            }
            match kind {
                "secret" | "configMap" => {
                    errors.filled(&projection.get("name"));
                    check_items(errors, &projection);
                }
                "downwardAPI" => {
                    for file in projection.get("items").items() {
                        // The API server tells these without the index.
                        let path = projection.path.clone();
                        check_file(errors, &Spot::new(Some(file.value), path));
                    }
                }
                "serviceAccountToken" => check_token(errors, &projection, source),
                _ => {}
            }
        }
    }
}

/// Shortest and longest life of a projected token, in seconds.
const TOKEN_SECONDS: (i64, i64) = (600, 1 << 32);

fn check_token(errors: &mut Errors, token: &Spot<'_>, volume: &Spot<'_>) {
    let seconds = token.get("expirationSeconds");
    if let Some(number) = seconds.number() {
        if number < TOKEN_SECONDS.0 {
            errors.add(seconds.invalid("may not specify a duration less than 10 minutes"));
        } else if number > TOKEN_SECONDS.1 {
            errors.add(seconds.invalid("may not specify a duration larger than 2^32 seconds"));
        }
    }
    // The API server tells this at the volume.
    let path = Spot::new(Some(token.get("path").value), volume.get("path").path);
    errors.filled(&path);
}

fn check_ephemeral(errors: &mut Errors, source: &Spot<'_>) {
    let template = source.get("volumeClaimTemplate");
    if !template.is_set() {
        errors.add(template.required(""));
        return;
    }
    crate::storage::check_claim_spec(errors, &template.get("spec"));
}
