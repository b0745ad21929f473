//! Operating systems: what a Pod for Windows, or for Linux, may not say.

use std::sync::LazyLock;

use regex::Regex;

use super::containers;
use crate::names::subdomain_problems;
use crate::spot::{Errors, Spot};

const SYSTEMS: &[&str] = &["linux", "windows"];
const NOT_ON_WINDOWS: &str = "cannot be set for a windows pod";
/// Size of a specification of credentials, in bytes.
const MAX_CREDENTIAL_BYTES: usize = 64 * 1024;
/// Lengths of the two parts of the name of a user, in bytes.
const MAX_DOMAIN_BYTES: usize = 256;
const MAX_USER_BYTES: usize = 104;
const BAD_IN_USER: &str = "\"/\\:;|=,+*?<>@[]";

/// Fields of a Pod's security, in the order in which they are told; those without a dot stand in the specification.
const OF_POD: &[&str] = &[
    "securityContext.appArmorProfile",
    "securityContext.seLinuxOptions",
    "hostUsers",
    "hostPID",
    "hostIPC",
    "securityContext.seccompProfile",
    "securityContext.fsGroup",
    "securityContext.fsGroupChangePolicy",
    "securityContext.sysctls",
    "shareProcessNamespace",
    "securityContext.runAsUser",
    "securityContext.runAsGroup",
    "securityContext.supplementalGroups",
    "securityContext.supplementalGroupsPolicy",
    "securityContext.seLinuxChangePolicy",
];

const OF_CONTAINER: &[&str] = &[
    "appArmorProfile",
    "seLinuxOptions",
    "seccompProfile",
    "capabilities",
    "readOnlyRootFilesystem",
    "privileged",
    "allowPrivilegeEscalation",
    "procMount",
    "runAsUser",
    "runAsGroup",
];

/// Domains of users: of NetBIOS, or of DNS.
static DOMAINS: LazyLock<[Regex; 2]> = LazyLock::new(|| {
    const LABEL: &str = "[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?";
    let regex = |pattern: &str| Regex::new(pattern).expect("the pattern is a constant");
    [
        regex(r#"^[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}$"#),
        regex(&format!(r"^{LABEL}(?:\.{LABEL})*$")),
    ]
});

/// The system of a Pod, and what does not go with it.
pub(super) fn check_system(errors: &mut Errors, spec: &Spot<'_>) {
    let (system, name) = (spec.get("os"), spec.get("os.name"));
    if !system.is_set() {
        return;
    }
    match name.text() {
        "" => errors.add(name.required("")),
        "linux" => check_linux(errors, spec),
        "windows" => check_windows(errors, spec),
        _ => errors.add(Spot::new(Some(name.value), system.path).not_supported(SYSTEMS)),
    }
}

fn check_linux(errors: &mut Errors, spec: &Spot<'_>) {
    let containers = containers::all(spec);
    for owner in std::iter::once(spec.clone()).chain(containers) {
        let options = owner.get("securityContext.windowsOptions");
        let text = "windows options cannot be set for a linux pod";
        errors.add_if(options.is_set(), || options.forbidden(text));
    }
}

fn check_windows(errors: &mut Errors, spec: &Spot<'_>) {
    let is_set = |spot: &Spot<'_>, name: &str| match name {
        "hostPID" | "hostIPC" => spot.is_true(),
        "securityContext.sysctls" => spot.len() > 0,
        _ => spot.is_set(),
    };
    for name in OF_POD {
        let spot = spec.get(name);
        errors.add_if(is_set(&spot, name), || spot.forbidden(NOT_ON_WINDOWS));
    }
    for container in containers::all(spec) {
        for name in OF_CONTAINER {
            let spot = container.get("securityContext").get(name);
            errors.add_if(spot.is_set(), || spot.forbidden(NOT_ON_WINDOWS));
        }
    }
}

/// Containers that are processes of the host: all of a Pod or none.
pub(super) fn check_host_process(errors: &mut Errors, spec: &Spot<'_>) {
    const FLAG: &str = "securityContext.windowsOptions.hostProcess";
    let of_pod = spec.get(FLAG).value.as_bool();
    let (mut all, mut ours) = (0, 0);
    for container in containers::all(spec) {
        all += 1;
        let flag = container.get(FLAG);
        let own = flag.value.as_bool();
        if let (Some(pod), Some(own)) = (of_pod, own)
            && pod != own
        {
            let text =
                format!("pod hostProcess value must be identical if both are specified, was {pod}");
            errors.add(flag.invalid(text));
        }
        ours += usize::from(own.or(of_pod) == Some(true));
    }
    if ours == 0 {
        return;
    }
    if ours != all {
        let text = "If pod contains any hostProcess containers then all containers must be HostProcess containers";
        errors.add(spec.invalid_as("", text));
    }
    let network = spec.get("hostNetwork");
    let text = "hostNetwork must be true if pod contains any hostProcess containers";
    errors.add_if(!network.is_true(), || network.invalid_as(false, text));
}

/// Options for Windows of a Pod or container.
pub(super) fn check_options(errors: &mut Errors, options: &Spot<'_>) {
    let name = options.get("gmsaCredentialSpecName");
    if name.is_set() {
        errors.problems(&name, subdomain_problems(name.text()));
    }
    let credentials = options.get("gmsaCredentialSpec");
    if credentials.is_set() {
        match credentials.text().len() {
            0 => errors.add(credentials.invalid("gmsaCredentialSpec cannot be an empty string")),
            size if size > MAX_CREDENTIAL_BYTES => {
                errors.add(credentials.invalid("gmsaCredentialSpec size must be under 64 KiB"));
            }
            _ => {}
        }
    }
    let user = options.get("runAsUserName");
    if user.is_set() {
        check_user(errors, &user);
    }
}

fn check_user(errors: &mut Errors, name: &Spot<'_>) {
    let text = name.text();
    let whole = if text.is_empty() {
        "runAsUserName cannot be an empty string"
    } else if text.contains(|c: char| c.is_ascii_control()) {
        "runAsUserName cannot contain control characters"
    } else if text.matches('\\').count() > 1 {
        "runAsUserName cannot contain more than one backslash"
    } else {
        ""
    };
    if !whole.is_empty() {
        // Go writes it as JSON, as all that it points to.
        errors.add(name.invalid(whole).showing(name.value.to_string()));
        return;
    }
    let user = match text.split_once('\\') {
        Some((domain, user)) => {
            check_domain(errors, name, domain);
            user
        }
        None => text,
    };
    let length = match user.len() {
        0 => "runAsUserName's User cannot be empty",
        size if size > MAX_USER_BYTES => {
            "runAsUserName's User length must not be longer than 104 characters"
        }
        _ => "",
    };
    errors.add_if(!length.is_empty(), || name.invalid(length));
    let is_hollow = !user.is_empty() && user.chars().all(|c| c == '.' || c == ' ');
    errors.add_if(is_hollow, || {
        name.invalid("runAsUserName's User cannot contain only periods or spaces")
    });
    errors.add_if(user.contains(|c: char| BAD_IN_USER.contains(c)), || {
        let text = "runAsUserName's User cannot contain the following characters:";
        name.invalid(format!("{text} \"/\\:;|=,+*?<>@[]"))
    });
}

fn check_domain(errors: &mut Errors, name: &Spot<'_>, domain: &str) {
    if domain.len() >= MAX_DOMAIN_BYTES {
        let text = "runAsUserName's Domain length must be under 256 characters";
        errors.add(name.invalid(text));
    }
    if !DOMAINS.iter().any(|form| form.is_match(domain)) {
        let text = "runAsUserName's Domain doesn't match the NetBios nor the DNS format";
        errors.add(name.invalid(text));
    }
}
