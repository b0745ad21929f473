//! Security contexts.

use std::collections::HashSet;
use std::sync::LazyLock;

use regex::Regex;
use skein_schema::FieldError;

use super::windows;
use crate::names::range_problems;
use crate::sources;
use crate::spot::{Errors, Spot, go_struct};

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
    if kind.is_blank() {
        errors.add(kind.required("type is required when seccompProfile is set"));
    } else {
        errors.optional_choice(&kind, PROFILES);
    }
    if kind.text() != "Localhost" {
        errors.add_if(local.is_set(), || {
            let text = "can only be set when seccomp type is Localhost";
            let shown = go_struct(&[("Type", kind.value), ("LocalhostProfile", local.value)]);
            local.invalid(text).showing(shown)
        });
    } else if local.is_set() {
        sources::check_descending(errors, &local);
    } else {
        errors.add(local.required("must be set when seccomp type is Localhost"));
    }
}

/// Longest name of a profile, in bytes.
const MAX_PROFILE_BYTES: u64 = 4_095;

fn check_armor(errors: &mut Errors, profile: &Spot<'_>) {
    if !profile.is_set() {
        return;
    }
    let (kind, local) = (profile.get("type"), profile.get("localhostProfile"));
    match kind.text() {
        "" => errors.add(kind.required("type is required when appArmorProfile is set")),
        "Localhost" => check_armor_name(errors, &local),
        name if PROFILES.contains(&name) => {
            let text = "can only be set when AppArmor type is Localhost";
            errors.add_if(local.is_set(), || local.invalid(text));
        }
        _ => errors.add(kind.not_supported(PROFILES)),
    }
}

fn check_armor_name(errors: &mut Errors, name: &Spot<'_>) {
    let trimmed = name.text().trim();
    if name.text() != trimmed {
        errors.add(name.invalid("must not be padded with whitespace"));
    } else if trimmed.is_empty() {
        errors.add(name.required("must be set when AppArmor type is Localhost"));
    }
    errors.add_if(name.text().len() as u64 > MAX_PROFILE_BYTES, || {
        FieldError::too_long(name.path.clone(), MAX_PROFILE_BYTES)
    });
}

/// The context of a whole Pod.
pub(super) fn check_pod(errors: &mut Errors, spec: &Spot<'_>) {
    let context = spec.get("securityContext");
    check_ids(errors, &context, &["fsGroup", "runAsUser", "runAsGroup"]);
    for group in context.get("supplementalGroups").items() {
        if let Some(id) = group.number() {
            errors.problems(&group, range_problems(id, 0, MAX_ID));
        }
    }
    if spec.get("shareProcessNamespace").is_true() && spec.get("hostPID").is_true() {
        let shared = Spot::new(
            Some(spec.get("shareProcessNamespace").value),
            context.path.child("shareProcessNamespace"),
        );
        errors.add(shared.invalid("ShareProcessNamespace and HostPID cannot both be enabled"));
    }
    check_parameters(errors, spec);
    errors.optional_choice(
        &context.get("fsGroupChangePolicy"),
        &["Always", "OnRootMismatch"],
    );
    check_profile(errors, &context.get("seccompProfile"));
    windows::check_options(errors, &context.get("windowsOptions"));
    check_armor(errors, &context.get("appArmorProfile"));
    errors.optional_choice(
        &context.get("supplementalGroupsPolicy"),
        &["Merge", "Strict"],
    );
    errors.optional_choice(&context.get("seLinuxChangePolicy"), &["Recursive"]);
}

/// Names of parameters of the kernel.
const PARAMETER: &str = "^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$";
/// Longest name of a parameter, in bytes.
const MAX_PARAMETER_BYTES: usize = 253;

static PARAMETERS: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(PARAMETER).expect("the pattern is a constant"));

/// Parameters of the kernel; those that belong to the host are not set in a Pod that shares them.
fn check_parameters(errors: &mut Errors, spec: &Spot<'_>) {
    let mut seen = HashSet::new();
    for parameter in spec.get("securityContext.sysctls").items() {
        let name = parameter.get("name");
        let fits = name.text().len() <= MAX_PARAMETER_BYTES && PARAMETERS.is_match(name.text());
        if name.is_blank() {
            errors.add(name.required(""));
        } else if !fits {
            errors.add(name.invalid(format!(
                "must have at most {MAX_PARAMETER_BYTES} characters and match regex {PARAMETER}"
            )));
        } else if seen.contains(name.text()) {
            errors.add(name.duplicate());
        }
        check_shared(errors, spec, &name);
        seen.insert(name.text());
    }
}

/// Parameters of the communication between processes.
const OF_PROCESSES: &[&str] = &[
    "kernel.sem",
    "kernel.shmall",
    "kernel.shmmax",
    "kernel.shmmni",
    "kernel.shm_rmid_forced",
    "kernel.msgmax",
    "kernel.msgmnb",
    "kernel.msgmni",
];

fn check_shared(errors: &mut Errors, spec: &Spot<'_>, name: &Spot<'_>) {
    let dotted = normal(name.text());
    let is_of_network = dotted.starts_with("net.");
    let is_of_processes = OF_PROCESSES.contains(&dotted.as_str())
        || ["kernel.shm.", "kernel.msg.", "fs.mqueue."]
            .iter()
            .any(|lead| dotted.starts_with(lead));
    for (shared, is_ours) in [("hostNetwork", is_of_network), ("hostIPC", is_of_processes)] {
        if spec.get(shared).is_true() && is_ours {
            let text = format!("may not be specified when '{shared}' is true");
            errors.add(name.invalid(text));
            return;
        }
    }
}

/// The name with dots between its parts, where it was written with slashes.
fn normal(name: &str) -> String {
    let first = name.find(['.', '/']).and_then(|at| name.as_bytes().get(at));
    let swap = |c: char| match c {
        '.' => '/',
        '/' => '.',
        other => other,
    };
    match first {
        Some(b'/') => name.chars().map(swap).collect(),
        _ => name.to_owned(),
    }
}

/// The context of a container.
pub(super) fn check_container(errors: &mut Errors, context: &Spot<'_>, shares_users: bool) {
    check_ids(errors, context, &["runAsUser", "runAsGroup"]);
    let mount = context.get("procMount");
    errors.optional_choice(&mount, &["Default", "Unmasked"]);
    if shares_users && mount.text() == "Unmasked" {
        errors.add(mount.invalid("`hostUsers` must be false to use `Unmasked`"));
    }
    check_profile(errors, &context.get("seccompProfile"));
    check_escalation(errors, context);
    windows::check_options(errors, &context.get("windowsOptions"));
    check_armor(errors, &context.get("appArmorProfile"));
}

fn check_escalation(errors: &mut Errors, context: &Spot<'_>) {
    let escalation = context.get("allowPrivilegeEscalation");
    if escalation.value.as_bool() != Some(false) {
        return;
    }
    let error = |other: &str| {
        let text = format!("cannot set `allowPrivilegeEscalation` to false and {other}");
        context.invalid(text).showing(go_context(context))
    };
    if context.get("privileged").is_true() {
        errors.add(error("`privileged` to true"));
    }
    let added = context.get("capabilities.add");
    let all = added.items().filter(|one| one.text() == "CAP_SYS_ADMIN");
    errors.add_all(all.map(|_| error("`capabilities.Add` CAP_SYS_ADMIN")));
}

/// The context with the fields of Go's internal type.
fn go_context(context: &Spot<'_>) -> String {
    let mut fields = Vec::new();
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
        fields.push((go, value));
    }
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value)).collect();
    go_struct(&fields)
}
