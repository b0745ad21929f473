//! Volumes: one source each, and what the sources that only Pods have ask for.

use std::collections::HashSet;

use serde_json::Value;
use skein_object::quantity::Quantity;

use super::containers::Volumes;
use super::{projected, variables};
use crate::names::{label_problems, subdomain_problems};
use crate::sources::{self, ONE_SOURCE, Owner, check_local};
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
    "flocker",
    "persistentVolumeClaim",
    "rbd",
    "cinder",
    "cephfs",
    "quobyte",
    "downwardAPI",
    "fc",
    "flexVolume",
    "configMap",
    "azureFile",
    "vsphereVolume",
    "photonPersistentDisk",
    "portworxVolume",
    "azureDisk",
    "storageos",
    "projected",
    "scaleIO",
    "csi",
    "ephemeral",
    "image",
];

/// Highest file mode: 0777.
const MAX_MODE: i64 = 0o777;

/// Checks the volumes and answers the good ones, with `claims` that a controller adds. `pod` is the name of a Pod; empty
/// in a template, whose images may be named later.
pub(super) fn check<'a>(
    errors: &mut Errors,
    volumes: &Spot<'a>,
    claims: &[&'a str],
    pod: &str,
) -> Volumes<'a> {
    let mut good: Volumes<'a> = claims.iter().map(|claim| (*claim, Source::Claim)).collect();
    let made = made_claims(volumes, pod);
    for volume in volumes.items() {
        let name = volume.get("name");
        // A claim's volume takes the place of one of the same name.
        if claims.contains(&name.text()) {
            continue;
        }
        let mut mine = Errors::default();
        check_source(&mut mine, &volume, pod);
        if name.is_blank() {
            mine.add(name.required(""));
        } else {
            mine.problems(&name, label_problems(name.text()));
        }
        if good.contains_key(name.text()) {
            mine.add(name.duplicate());
        }
        if mine.0.is_empty() {
            good.insert(name.text(), Source::of(volume.value));
        }
        errors.add_all(mine.0);
        let claim = volume.get("persistentVolumeClaim.claimName");
        if made.contains(claim.text()) {
            let text = "must not reference a PVC that gets created for an ephemeral volume";
            errors.add(claim.invalid(text));
        }
    }
    good
}

/// What a container may do with a volume.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// Use it as a device.
    Claim,
    Other,
}

impl Source {
    fn of(volume: &Value) -> Self {
        let has = |kind: &str| volume.get(kind).is_some_and(|source| !source.is_null());
        if has("persistentVolumeClaim") || has("ephemeral") {
            Self::Claim
        } else {
            Self::Other
        }
    }
}

/// Names of the claims that are made for the volumes of a Pod.
fn made_claims(volumes: &Spot<'_>, pod: &str) -> HashSet<String> {
    let ephemeral = volumes
        .items()
        .filter(|volume| !pod.is_empty() && volume.get("ephemeral").is_set());
    ephemeral
        .map(|volume| format!("{pod}-{}", volume.get("name").text()))
        .collect()
}

fn check_source(errors: &mut Errors, volume: &Spot<'_>, pod: &str) {
    let mut found = 0;
    for kind in SOURCES {
        let source = volume.get(kind);
        if !source.is_set() {
            continue;
        }
        found += 1;
        if found > 1 {
            errors.add(sources::beside(&source, kind, volume).forbidden(ONE_SOURCE));
        } else {
            check_kind(errors, kind, volume, pod);
        }
        if *kind == "iscsi" {
            check_portal(errors, volume);
        }
    }
    if found == 0 {
        errors.add(volume.required("must specify a volume type"));
    }
}

fn check_kind(errors: &mut Errors, kind: &str, volume: &Spot<'_>, pod: &str) {
    let source = volume.get(kind);
    match kind {
        "emptyDir" => check_size(errors, &source.get("sizeLimit")),
        "gitRepo" => {
            errors.filled(&source.get("repository"));
            sources::check_descending(errors, &source.get("directory"));
        }
        "secret" => check_files(errors, &source, "secretName"),
        "configMap" => check_files(errors, &source, "name"),
        "downwardAPI" => {
            check_mode(errors, &source.get("defaultMode"));
            for file in source.get("items").items() {
                // The API server tells these without the index.
                check_file(errors, &Spot::new(Some(file.value), source.path.clone()));
            }
        }
        "projected" => projected::check(errors, &source),
        "ephemeral" => check_ephemeral(errors, &source, volume, pod),
        "image" => {
            let reference = source.get("reference");
            errors.add_if(reference.is_blank() && !pod.is_empty(), || {
                reference.required("")
            });
            errors.choice(
                &source.get("pullPolicy"),
                &["Always", "IfNotPresent", "Never"],
            );
        }
        _ => {
            let place = sources::inside(&source, kind, volume);
            sources::check(errors, kind, &place, Owner::Pod);
        }
    }
}

fn check_size(errors: &mut Errors, limit: &Spot<'_>) {
    let size = crate::quantities::parse(limit.value).map(Quantity::sign);
    if size.is_some_and(|sign| sign < 0) {
        errors.add(limit.forbidden("SizeLimit field must be a valid resource quantity"));
    }
}

fn check_portal(errors: &mut Errors, volume: &Spot<'_>) {
    let (name, source) = (volume.get("name"), volume.get("iscsi"));
    let is_long = sources::is_long_portal(name.text(), &source.get("targetPortal"));
    if is_long && source.get("initiatorName").is_set() {
        errors.add(name.invalid_as(name.text(), sources::TOO_LONG_PORTAL));
    }
}

/// Files of a Secret or ConfigMap, whose name is in `name`.
fn check_files(errors: &mut Errors, source: &Spot<'_>, name: &str) {
    errors.filled(&source.get(name));
    check_mode(errors, &source.get("defaultMode"));
    for item in source.get("items").items() {
        check_item(errors, &item);
    }
}

pub(super) fn check_mode(errors: &mut Errors, mode: &Spot<'_>) {
    if mode
        .number()
        .is_some_and(|mode| !(0..=MAX_MODE).contains(&mode))
    {
        errors.add(mode.invalid("must be a number between 0 and 0777 (octal), both inclusive"));
    }
}

pub(super) fn check_item(errors: &mut Errors, item: &Spot<'_>) {
    errors.filled(&item.get("key"));
    let path = item.get("path");
    errors.filled(&path);
    check_local(errors, &path);
    check_mode(errors, &item.get("mode"));
}

pub(super) fn check_file(errors: &mut Errors, file: &Spot<'_>) {
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

fn check_ephemeral(errors: &mut Errors, source: &Spot<'_>, volume: &Spot<'_>, pod: &str) {
    let (template, name) = (source.get("volumeClaimTemplate"), volume.get("name"));
    if template.is_set() {
        check_template(errors, &template);
    } else {
        errors.add(template.required(""));
    }
    if pod.is_empty() || name.is_blank() {
        return;
    }
    let claim = format!("{pod}-{}", name.text());
    for problem in subdomain_problems(&claim) {
        errors.add(name.invalid(format!("PVC name {claim:?}: {problem}")));
    }
}

/// A template of a claim, whose metadata says labels and annotations only.
fn check_template(errors: &mut Errors, template: &Spot<'_>) {
    let metadata = template.get("metadata");
    crate::labels::check_annotations(errors, &metadata.get("annotations"));
    crate::labels::check(errors, &metadata.get("labels"));
    let others = metadata.members().into_iter().filter(|(name, spot)| {
        !["annotations", "labels", "creationTimestamp"].contains(name) && !spot.is_blank()
    });
    for (name, _) in others {
        errors.add(metadata.get(name).forbidden("cannot be set"));
    }
    crate::storage::check_claim_spec(errors, &template.get("spec"));
}
