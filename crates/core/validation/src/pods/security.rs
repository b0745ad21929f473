//! Security contexts.

use crate::names::range_problems;
use crate::spot::{Errors, Spot};

/// Highest id of a user or group.
const MAX_ID: i64 = 2_147_483_647;
const PROFILES: &[&str] = &["Localhost", "RuntimeDefault", "Unconfined"];

fn check_ids(errors: &mut Errors, context: &Spot<'_>, names: &[&str]) {
    for name in names {
        let spot = context.get(name);
        if let Some(id) = spot.number() {
            errors.problems(&spot, range_problems(id, 0, MAX_ID));
        }
    }
}

fn check_profile(errors: &mut Errors, profile: &Spot<'_>) {
    if !profile.is_set() {
        return;
    }
    let (kind, local) = (profile.get("type"), profile.get("localhostProfile"));
    match kind.text() {
        "Localhost" if !local.is_set() => {
            errors.add(local.required("must be set when seccomp type is Localhost"));
        }
        "Localhost" => {
            if local.text().starts_with('/') {
                errors.add(local.invalid("must be a relative path"));
            }
            if local.text().split('/').any(|part| part == "..") {
                errors.add(local.invalid("must not contain '..'"));
            }
        }
        _ if local.is_set() => {
            errors.add(local.invalid("can only be set when seccomp type is Localhost"));
        }
        _ => {}
    }
    if kind.is_blank() {
        errors.add(kind.required("type is required when seccompProfile is set"));
    } else {
        errors.optional_choice(&kind, PROFILES);
    }
}

/// The context of a whole Pod.
pub(super) fn check_pod(errors: &mut Errors, context: &Spot<'_>) {
    check_ids(errors, context, &["fsGroup", "runAsUser", "runAsGroup"]);
    for group in context.get("supplementalGroups").items() {
        if let Some(id) = group.number() {
            errors.problems(&group, range_problems(id, 0, MAX_ID));
        }
    }
    check_profile(errors, &context.get("seccompProfile"));
    errors.optional_choice(
        &context.get("fsGroupChangePolicy"),
        &["Always", "OnRootMismatch"],
    );
    errors.optional_choice(
        &context.get("supplementalGroupsPolicy"),
        &["Merge", "Strict"],
    );
}

/// The context of a container.
pub(super) fn check_container(errors: &mut Errors, context: &Spot<'_>) {
    check_ids(errors, context, &["runAsUser", "runAsGroup"]);
    errors.optional_choice(&context.get("procMount"), &["Default", "Unmasked"]);
    check_profile(errors, &context.get("seccompProfile"));
    let escalation = context.get("allowPrivilegeEscalation");
    if escalation.value.as_bool() == Some(false) {
        if context.get("privileged").is_true() {
            let text = "cannot set `allowPrivilegeEscalation` to false and `privileged` to true";
            errors.add(context.invalid_as(go_context(context), text));
        }
        let added = context.get("capabilities.add");
        if added
            .items()
            .any(|capability| capability.text() == "CAP_SYS_ADMIN")
        {
            let text = "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN";
            errors.add(context.invalid_as(go_context(context), text));
        }
    }
}

/// The context with the fields of Go's internal type.
fn go_context(context: &Spot<'_>) -> serde_json::Value {
    let mut out = serde_json::Map::new();
    for (go, name) in [
        ("Capabilities", "capabilities"),
        ("Privileged", "privileged"),
        ("SELinuxOptions", "seLinuxOptions"),
        ("WindowsOptions", "windowsOptions"),
        ("RunAsUser", "runAsUser"),
        ("RunAsGroup", "runAsGroup"),
        ("RunAsNonRoot", "runAsNonRoot"),
        ("ReadOnlyRootFilesystem", "readOnlyRootFilesystem"),
        ("AllowPrivilegeEscalation", "allowPrivilegeEscalation"),
        ("ProcMount", "procMount"),
        ("SeccompProfile", "seccompProfile"),
        ("AppArmorProfile", "appArmorProfile"),
    ] {
        let mut value = context.get(name).value.clone();
        if name == "capabilities"
            && let Some(map) = value.as_object()
        {
            let part = |key: &str| map.get(key).cloned().unwrap_or_default();
            value = serde_json::json!({"Add": part("add"), "Drop": part("drop")});
        }
        out.insert(go.to_owned(), value);
    }
    out.into()
}
