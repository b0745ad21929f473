//! Claims of resources: those of a Pod, and their use by its containers.

use std::collections::{BTreeSet, HashSet};

use serde_json::Value;
use skein_schema::FieldError;
use skein_schema::field_error::{FieldErrorKind, FieldPath};

use crate::names::{label_problems, subdomain_problems};
use crate::spot::{Errors, Spot, go_struct};

/// Says that the kubelet made the Pod from a file.
const MIRROR: &str = "kubernetes.io/config.mirror";

/// The names of the claims of a Pod.
pub(super) fn names<'a>(claims: &Spot<'a>) -> BTreeSet<&'a str> {
    let names = claims.items().map(|claim| claim.get("name").text());
    names.filter(|name| !name.is_empty()).collect()
}

pub(super) fn check(errors: &mut Errors, claims: &Spot<'_>, annotations: Option<&Spot<'_>>) {
    let mut seen = HashSet::new();
    for claim in claims.items() {
        if annotations.is_some_and(|all| all.value.get(MIRROR).is_some()) {
            let text = "static pods do not support resource claims";
            errors.add(FieldError::forbidden(FieldPath::root(), text));
            continue;
        }
        let name = claim.get("name");
        if name.is_blank() {
            errors.add(name.required(""));
        } else if seen.insert(name.text()) {
            errors.problems(&name, label_problems(name.text()));
        } else {
            errors.add(name.duplicate());
        }
        check_reference(errors, &claim);
    }
}

fn check_reference(errors: &mut Errors, claim: &Spot<'_>) {
    let (direct, template) = (
        claim.get("resourceClaimName"),
        claim.get("resourceClaimTemplateName"),
    );
    let text = match (direct.is_set(), template.is_set()) {
        (true, true) => {
            "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified"
        }
        (false, false) => "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`",
        _ => "",
    };
    errors.add_if(!text.is_empty(), || {
        let name = Value::from(claim.get("name").text());
        let shown = go_struct(&[
            ("Name", &name),
            ("ResourceClaimName", direct.value),
            ("ResourceClaimTemplateName", template.value),
        ]);
        claim.invalid(text).showing(shown)
    });
    for spot in [direct, template] {
        if spot.is_set() {
            errors.problems(&spot, subdomain_problems(spot.text()));
        }
    }
}

/// The claims that a container uses, out of those of its Pod.
pub(super) fn check_used(errors: &mut Errors, used: &Spot<'_>, claims: &BTreeSet<&str>) {
    let mut seen: BTreeSet<String> = BTreeSet::new();
    for (claim, name) in used.items().map(|claim| (claim.clone(), claim.get("name"))) {
        let told = Spot::new(Some(name.value), claim.path.clone());
        if name.is_blank() {
            errors.add(told.required(""));
            continue;
        }
        check_twice(errors, &claim, &told, &mut seen);
        if claims.contains(name.text()) {
            continue;
        }
        let known: Vec<&str> = claims.iter().copied().collect();
        let rest = if known.is_empty() {
            " which is empty".to_owned()
        } else {
            format!(": {}", known.join(", "))
        };
        let text = format!("must be one of the names in pod.spec.resourceClaims{rest}");
        let (kind, value) = (FieldErrorKind::NotFound, Some(name.value.clone()));
        errors.add(FieldError::new(kind, told.path, value, text));
    }
}

/// A claim, or one request of it, is used once.
fn check_twice(
    errors: &mut Errors,
    claim: &Spot<'_>,
    told: &Spot<'_>,
    seen: &mut BTreeSet<String>,
) {
    let (name, request) = (told.text(), claim.get("request"));
    if seen.contains(name) {
        errors.add(told.duplicate());
        return;
    }
    let mut key = name.to_owned();
    if !request.is_blank() {
        errors.problems(&request, label_problems(request.text()));
        key = format!("{name}/{}", request.text());
    }
    if seen.contains(&key) {
        errors.add(FieldError::duplicate(
            told.path.clone(),
            key.as_str().into(),
        ));
    } else if request.is_blank() {
        let lead = format!("{name}/");
        let parts = seen.iter().filter(|other| other.starts_with(&lead));
        errors.add_all(parts.map(|_| told.duplicate()));
    }
    seen.insert(key);
}
