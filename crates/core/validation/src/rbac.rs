//! Roles and their bindings.

use skein_object::Object;

use crate::labels;
use crate::names::{path_segment_problems, subdomain_problems};
use crate::spot::{Errors, Spot};

const GROUP: &str = "rbac.authorization.k8s.io";

pub(crate) fn check_role(errors: &mut Errors, object: &Object) {
    let namespaced = object.kind() == "Role";
    for rule in Spot::of(object, "rules").items() {
        check_rule(errors, &rule, namespaced);
    }
    let aggregation = Spot::of(object, "aggregationRule");
    if namespaced || !aggregation.is_set() {
        return;
    }
    let selectors = aggregation.get("clusterRoleSelectors");
    if selectors.len() == 0 {
        let text = "at least one clusterRoleSelector required if aggregationRule is non-nil";
        errors.add(selectors.required(text));
    }
    for selector in selectors.items() {
        let before = errors.0.len();
        labels::check_selector(errors, &selector);
        let is_broken = errors.0.len() > before;
        errors.add_if(is_broken, || {
            selector.invalid_as(serde_json::Value::Null, "invalid label selector.")
        });
    }
}

fn check_rule(errors: &mut Errors, rule: &Spot<'_>, namespaced: bool) {
    let verbs = rule.get("verbs");
    let text = "verbs must contain at least one value";
    errors.add_if(verbs.len() == 0, || verbs.required(text));
    let urls = rule.get("nonResourceURLs");
    let (groups, resources) = (rule.get("apiGroups"), rule.get("resources"));
    if urls.len() > 0 {
        if namespaced {
            errors.add(urls.invalid("namespaced rules cannot apply to non-resource URLs"));
        }
        if groups.len() + resources.len() + rule.get("resourceNames").len() > 0 {
            let text = "rules cannot apply to both regular resources and non-resource URLs";
            errors.add(urls.invalid(text));
        }
        return;
    }
    let text = "resource rules must supply at least one api group";
    errors.add_if(groups.len() == 0, || groups.required(text));
    let text = "resource rules must supply at least one resource";
    errors.add_if(resources.len() == 0, || resources.required(text));
}

pub(crate) fn check_binding(errors: &mut Errors, object: &Object) {
    let namespaced = object.kind() == "RoleBinding";
    let role = Spot::of(object, "roleRef");
    let (group, kind, name) = (role.get("apiGroup"), role.get("kind"), role.get("name"));
    if group.text() != GROUP {
        errors.add(shown(&group).not_supported(&[GROUP]));
    }
    let kinds: &[&str] = if namespaced {
        &["Role", "ClusterRole"]
    } else {
        &["ClusterRole"]
    };
    if !kinds.contains(&kind.text()) {
        errors.add(shown(&kind).not_supported(kinds));
    }
    if name.is_blank() {
        errors.add(name.required(""));
    } else {
        errors.problems(&name, path_segment_problems(name.text()));
    }
    for subject in Spot::of(object, "subjects").items() {
        check_subject(errors, &subject, namespaced);
    }
}

static BLANK: std::sync::LazyLock<serde_json::Value> = std::sync::LazyLock::new(|| "".into());

/// A text that is not there is an empty one.
fn shown<'a>(spot: &Spot<'a>) -> Spot<'a> {
    let value = if spot.is_set() { spot.value } else { &*BLANK };
    Spot::new(Some(value), spot.path.clone())
}

fn check_subject(errors: &mut Errors, subject: &Spot<'_>, namespaced: bool) {
    let (name, kind) = (subject.get("name"), subject.get("kind"));
    let group = subject.get("apiGroup");
    errors.filled(&name);
    match kind.text() {
        "ServiceAccount" => {
            if !name.is_blank() {
                errors.problems(&name, subdomain_problems(name.text()));
            }
            errors.add_if(!group.is_blank(), || group.not_supported(&[""]));
            let namespace = subject.get("namespace");
            // In a RoleBinding an account without namespace is one of the binding's own.
            let missing = !namespaced && namespace.is_blank();
            errors.add_if(missing, || namespace.required(""));
        }
        "User" | "Group" => {
            let wrong = group.text() != GROUP;
            errors.add_if(wrong, || shown(&group).not_supported(&[GROUP]));
        }
        _ => errors.add(shown(&kind).not_supported(&["ServiceAccount", "User", "Group"])),
    }
}
