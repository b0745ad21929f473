//! Ephemeral containers: what may be said of them.

use std::collections::HashSet;

use serde_json::Value;

use super::containers::{self, Surroundings};
use crate::spot::Errors;

/// Fields of containers that ephemeral ones cannot have.
const FORBIDDEN: &[&str] = &[
    "ports",
    "resources",
    "resizePolicy",
    "restartPolicy",
    "restartPolicyRules",
    "livenessProbe",
    "readinessProbe",
    "startupProbe",
    "lifecycle",
];
const TEXT: &str = "cannot be set for an Ephemeral Container";

pub(super) fn check(errors: &mut Errors, pod: &Surroundings<'_>) {
    let spec = pod.spec;
    let mut others = HashSet::new();
    for kind in ["containers", "initContainers"] {
        others.extend(spec.get(kind).items().map(|other| other.get("name").text()));
    }
    let mut names = others.clone();
    for container in spec.get("ephemeralContainers").items() {
        containers::check_common(errors, &container, pod);
        super::check_image(errors, &container);
        let name = container.get("name");
        errors.add_if(!names.insert(name.text()), || name.duplicate());
        let target = container.get("targetContainerName");
        if !target.is_blank() && !others.contains(target.text()) {
            errors.add(containers::not_found(&target));
        }
        for field in FORBIDDEN {
            let spot = container.get(field);
            // Resources are no pointer, and so always there.
            let is_set = match spot.value {
                Value::Object(map) if *field == "resources" => !map.is_empty(),
                value => !value.is_null(),
            };
            errors.add_if(is_set, || spot.forbidden(TEXT));
        }
        for mount in container.get("volumeMounts").items() {
            for field in ["subPath", "subPathExpr"] {
                let spot = mount.get(field);
                errors.add_if(!spot.is_blank(), || spot.forbidden(TEXT));
            }
        }
    }
}
