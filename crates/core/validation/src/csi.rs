//! What storage drivers tell of themselves: CSIDrivers, CSINodes, CSIStorageCapacities and VolumeAttachments.

use std::collections::{HashMap, HashSet};

use serde_json::Value;
use skein_object::Object;
use skein_schema::FieldError;

use crate::names::{qualified_name_problems, subdomain_problems};
use crate::spot::{Errors, Spot, go_struct};
use crate::{labels, quantities, storage};

const IMMUTABLE: &str = "field is immutable";
/// Longest name of a driver, in bytes.
const MAX_DRIVER_BYTES: usize = 63;
/// Longest id that a driver gives a node, in bytes.
const MAX_NODE_ID_BYTES: usize = 192;
/// Shortest period after which a driver tells again how many volumes a node takes, in seconds.
const MIN_UPDATE_SECONDS: i64 = 10;
/// Shortest and longest life of a token, in seconds.
const TOKEN_SECONDS: (i64, i64) = (600, 1 << 32);
/// Size of what a driver tells of an attached volume, keys and values, in bytes.
const MAX_METADATA_BYTES: usize = 256 * 1024;
/// Longest message about a volume that could not be attached, in bytes.
const MAX_MESSAGE_BYTES: usize = 1_024;

/// A CSIDriver.
pub(crate) fn check_driver(errors: &mut Errors, object: &Object) {
    let spec = Spot::of(object, "spec");
    let policies = ["File", "None", "ReadWriteOnceWithFSType"];
    errors.optional_choice(&spec.get("fsGroupPolicy"), &policies);
    let requests = spec.get("tokenRequests");
    check_token_requests(errors, &requests);
    let modes = spec.get("volumeLifecycleModes");
    for mode in modes.items() {
        // Told at the list.
        let mode = Spot::new(Some(mode.value), modes.path.clone());
        errors.optional_choice(&mode, &["Persistent", "Ephemeral"]);
    }
    let period = spec.get("nodeAllocatableUpdatePeriodSeconds");
    let is_short = period.number().is_some_and(|n| n < MIN_UPDATE_SECONDS);
    let text = "must be greater than or equal to 10 seconds";
    errors.add_if(is_short, || period.invalid(text));
    let in_secrets = spec.get("serviceAccountTokenInSecrets");
    let text = "serviceAccountTokenInSecrets is set but no tokenRequests are specified";
    errors.add_if(in_secrets.is_set() && requests.len() == 0, || {
        in_secrets.invalid(text)
    });
}

fn check_token_requests(errors: &mut Errors, requests: &Spot<'_>) {
    let mut audiences = HashSet::new();
    for request in requests.items() {
        let audience = request.get("audience");
        if !audiences.insert(audience.text()) {
            let path = audience.path.clone();
            errors.add(FieldError::duplicate(path, audience.text().into()));
            continue;
        }
        let expiration = request.get("expirationSeconds");
        let Some(seconds) = expiration.number() else {
            continue;
        };
        let (least, most) = TOKEN_SECONDS;
        if seconds < least {
            errors.add(expiration.invalid("may not specify a duration less than 10 minutes"));
        }
        if seconds > most {
            errors.add(expiration.invalid("may not specify a duration larger than 2^32 seconds"));
        }
    }
}

/// What of a CSIDriver may not change.
pub(crate) fn check_driver_change(errors: &mut Errors, old: &Object, new: &Object) {
    // The API server tells the first one by another name.
    for (field, told) in [
        ("attachRequired", "attachedRequired"),
        ("volumeLifecycleModes", "volumeLifecycleModes"),
    ] {
        let spec = Spot::of(new, "spec");
        let now = spec.get(field);
        if Some(now.value) != old.at(&["spec", field]) {
            errors.add(Spot::new(Some(now.value), spec.path.child(told)).invalid(IMMUTABLE));
        }
    }
}

/// The name of a driver.
fn check_driver_name(errors: &mut Errors, name: &Spot<'_>) {
    if name.is_blank() {
        errors.add(name.required(""));
        return;
    }
    if name.text().len() > MAX_DRIVER_BYTES {
        let path = name.path.clone();
        errors.add(FieldError::too_long(path, MAX_DRIVER_BYTES as u64));
    }
    errors.problems(name, subdomain_problems(&name.text().to_lowercase()));
}

/// A CSINode.
pub(crate) fn check_node(errors: &mut Errors, object: &Object) {
    let mut names = HashSet::new();
    for driver in Spot::of(object, "spec").get("drivers").items() {
        let name = driver.get("name");
        check_driver_name(errors, &name);
        let id = driver.get("nodeID");
        errors.filled(&id);
        if id.text().len() > MAX_NODE_ID_BYTES {
            errors.add(id.invalid(format!("must be {MAX_NODE_ID_BYTES} characters or less")));
        }
        errors.not_negative(&driver.get("allocatable.count"));
        errors.add_if(!names.insert(name.text()), || name.duplicate());
        let mut keys = HashSet::new();
        for key in driver.get("topologyKeys").items() {
            let key = Spot::new(Some(key.value), driver.path.clone());
            errors.filled(&key);
            errors.add_if(!keys.insert(key.text()), || key.duplicate());
            errors.problems(&key, qualified_name_problems(key.text()));
        }
    }
}

/// Drivers of a CSINode come and go; how many volumes they take is all that changes of one.
pub(crate) fn check_node_change(errors: &mut Errors, old: &Object, new: &Object) {
    const FIELDS: [(&str, &str); 3] = [
        ("Name", "name"),
        ("NodeID", "nodeID"),
        ("TopologyKeys", "topologyKeys"),
    ];
    let drivers = Spot::of(new, "spec").get("drivers");
    let known = Spot::of(old, "spec").get("drivers");
    let known: HashMap<&str, Spot<'_>> = known
        .items()
        .map(|driver| (driver.get("name").text(), driver))
        .collect();
    let mut changed = Vec::new();
    for driver in drivers.items() {
        let Some(before) = known.get(driver.get("name").text()) else {
            continue;
        };
        let is_same = |(_, name): &(&str, &str)| driver.get(name).value == before.get(name).value;
        if !FIELDS.iter().all(is_same) {
            let null = Value::Null;
            let values: Vec<Spot<'_>> = FIELDS.iter().map(|(_, name)| driver.get(name)).collect();
            let mut shown: Vec<(&str, &Value)> = FIELDS
                .iter()
                .zip(&values)
                .map(|((shown, _), spot)| (*shown, spot.value))
                .collect();
            shown.push(("Allocatable", &null));
            changed.push(drivers.invalid(IMMUTABLE).showing(go_struct(&shown)));
        }
    }
    errors.add_all(changed);
}

/// A CSIStorageCapacity.
pub(crate) fn check_capacity(errors: &mut Errors, object: &Object) {
    labels::check_selector(errors, &Spot::of(object, "nodeTopology"));
    let class = Spot::of(object, "storageClassName");
    let problems = subdomain_problems(class.text());
    let told = problems
        .into_iter()
        .map(|problem| class.invalid_as(class.text(), problem));
    errors.add_all(told);
    let capacity = Spot::of(object, "capacity");
    let is_negative = quantities::parse(capacity.value).is_some_and(|amount| amount.sign() < 0);
    errors.add_if(is_negative, || {
        capacity.invalid("must be greater than or equal to 0")
    });
}

/// Where capacity is, and of which class, stays.
pub(crate) fn check_capacity_change(errors: &mut Errors, old: &Object, new: &Object) {
    let topology = Spot::of(new, "nodeTopology");
    if old.at(&["nodeTopology"]) != new.at(&["nodeTopology"]) {
        errors.add(labels::invalid_selector(&topology, IMMUTABLE));
    }
    let class = Spot::of(new, "storageClassName");
    if old.str_at(&["storageClassName"]) != new.str_at(&["storageClassName"]) {
        errors.add(class.invalid_as(class.text(), IMMUTABLE));
    }
}

/// A VolumeAttachment.
pub(crate) fn check_attachment(errors: &mut Errors, object: &Object) {
    let spec = Spot::of(object, "spec");
    check_driver_name(errors, &spec.get("attacher"));
    let source = spec.get("source");
    let (inline, volume) = (
        source.get("inlineVolumeSpec"),
        source.get("persistentVolumeName"),
    );
    let text = "must specify exactly one of inlineVolumeSpec and persistentVolumeName";
    match (inline.is_set(), volume.is_set()) {
        (false, false) => errors.add(source.required(text)),
        (true, true) => errors.add(source.forbidden(text)),
        (false, true) => {
            let text = "must specify non empty persistentVolumeName";
            errors.add_if(volume.is_blank(), || volume.required(text));
        }
        (true, false) => storage::check_inline_volume(errors, &inline),
    }
    let node = spec.get("nodeName");
    let problems = subdomain_problems(node.text());
    let told = problems
        .into_iter()
        .map(|problem| node.invalid_as(node.text(), problem));
    errors.add_all(told);
    check_attachment_status(errors, object);
    if volume.is_set() {
        errors.problems(&volume, subdomain_problems(volume.text()));
    }
}

/// What is reported of a VolumeAttachment.
fn check_attachment_status(errors: &mut Errors, object: &Object) {
    let status = Spot::of(object, "status");
    let metadata = status.get("attachmentMetadata");
    let size: usize = metadata
        .members()
        .iter()
        .map(|(key, value)| key.len() + value.text().len())
        .sum();
    let too_long = |spot: &Spot<'_>| {
        // The API server names this limit in both cases.
        FieldError::too_long(spot.path.clone(), MAX_METADATA_BYTES as u64)
    };
    errors.add_if(size > MAX_METADATA_BYTES, || too_long(&metadata));
    for name in ["attachError", "detachError"] {
        let error = status.get(name);
        let message = error.get("message");
        errors.add_if(message.text().len() > MAX_MESSAGE_BYTES, || {
            too_long(&message)
        });
        let code = error.get("errorCode");
        errors.add_if(code.number().is_some_and(|code| code < 0), || {
            code.invalid("must be between 0 and 2147483647, inclusive")
        });
    }
}

/// What is to be attached to which node does not change.
pub(crate) fn check_attachment_change(errors: &mut Errors, old: &Object, new: &Object) {
    if old.at(&["spec"]) == new.at(&["spec"]) {
        return;
    }
    let spec = Spot::of(new, "spec");
    let source = spec.get("source");
    let inner = go_struct(&[
        (
            "PersistentVolumeName",
            source.get("persistentVolumeName").value,
        ),
        ("InlineVolumeSpec", source.get("inlineVolumeSpec").value),
    ]);
    let text = |name: &str| Value::from(spec.get(name).text());
    let shown = format!(
        "{{\"Attacher\":{},\"Source\":{inner},\"NodeName\":{}}}",
        text("attacher"),
        text("nodeName")
    );
    errors.add(spec.invalid(IMMUTABLE).showing(shown));
}

/// The status of a VolumeAttachment is checked with the rest of it.
pub(crate) fn check_whole_attachment(errors: &mut Errors, old: &Object, new: &Object) {
    check_attachment(errors, new);
    check_attachment_change(errors, old, new);
}
