//! Configurations of admission webhooks.

use std::collections::HashSet;

use skein_object::Object;

use crate::labels;
use crate::names::{old_label_problems, port_problems, subdomain_problems};
use crate::spot::{Errors, Spot};

const FAILURE_POLICIES: &[&str] = &["Fail", "Ignore"];
const MATCH_POLICIES: &[&str] = &["Equivalent", "Exact"];
const SIDE_EFFECTS: &[&str] = &["None", "NoneOnDryRun"];
const REINVOCATION: &[&str] = &["IfNeeded", "Never"];
const OPERATIONS: &[&str] = &["*", "CONNECT", "CREATE", "DELETE", "UPDATE"];
const SCOPES: &[&str] = &["*", "Cluster", "Namespaced"];
/// Versions of AdmissionReview that the server sends.
const REVIEWS: &[&str] = &["v1", "v1beta1"];
/// Longest time that a webhook may take, in seconds.
const MAX_TIMEOUT_SECONDS: i64 = 30;

/// A configuration; what the older state had wrong already may stay wrong.
pub(crate) fn check(errors: &mut Errors, old: Option<&Object>, object: &Object) {
    let hooks = Spot::of(object, "webhooks");
    let rules = Rules::for_change_of(old);
    let mut names = HashSet::new();
    for hook in hooks.items() {
        check_hook(errors, &hook, &rules);
        check_versions(errors, &hook.get("admissionReviewVersions"), &rules);
        let name = hook.get("name");
        if rules.unique_names && !name.is_blank() && !names.insert(name.text()) {
            errors.add(name.duplicate());
        }
    }
}

/// What is asked of a configuration.
struct Rules {
    harmless: bool,
    known_versions: bool,
    unique_names: bool,
}

impl Rules {
    fn for_change_of(old: Option<&Object>) -> Self {
        let Some(old) = old else {
            return Self {
                harmless: true,
                known_versions: true,
                unique_names: true,
            };
        };
        let hooks = Spot::of(old, "webhooks");
        let is_harmless = |hook: Spot<'_>| SIDE_EFFECTS.contains(&hook.get("sideEffects").text());
        let mut names = HashSet::new();
        Self {
            harmless: hooks.items().all(is_harmless),
            known_versions: hooks
                .items()
                .all(|hook| knows_version(&hook.get("admissionReviewVersions"))),
            unique_names: hooks
                .items()
                .all(|hook| names.insert(hook.get("name").text())),
        }
    }
}

fn check_hook(errors: &mut Errors, hook: &Spot<'_>, rules: &Rules) {
    check_qualified(errors, &hook.get("name"));
    for rule in hook.get("rules").items() {
        check_rule(errors, &rule);
    }
    errors.optional_choice(&hook.get("failurePolicy"), FAILURE_POLICIES);
    errors.optional_choice(&hook.get("matchPolicy"), MATCH_POLICIES);
    let effects = hook.get("sideEffects");
    let allowed: &[&str] = match rules.harmless {
        true => SIDE_EFFECTS,
        false => &["None", "NoneOnDryRun", "Some", "Unknown"],
    };
    if effects.is_set() {
        errors.optional_choice(&effects, allowed);
    } else {
        let text = format!("must specify one of {}", allowed.join(", "));
        errors.add(effects.required(&text));
    }
    let timeout = hook.get("timeoutSeconds");
    let in_range = |seconds| (1..=MAX_TIMEOUT_SECONDS).contains(&seconds);
    if timeout.number().is_some_and(|seconds| !in_range(seconds)) {
        errors.add(timeout.invalid("the timeout value must be between 1 and 30 seconds"));
    }
    for name in ["namespaceSelector", "objectSelector"] {
        let selector = hook.get(name);
        if selector.is_set() {
            labels::check_selector(errors, &selector);
        }
    }
    errors.optional_choice(&hook.get("reinvocationPolicy"), REINVOCATION);
    check_client(errors, &hook.get("clientConfig"));
}

/// A sub-domain of three parts or more.
fn check_qualified(errors: &mut Errors, name: &Spot<'_>) {
    if name.is_blank() {
        errors.add(name.required(""));
        return;
    }
    let problems = subdomain_problems(name.text());
    if !problems.is_empty() {
        errors.add(name.invalid(problems.join(",")));
    } else if name.text().split('.').count() < 3 {
        let text = "should be a domain with at least three segments separated by dots";
        errors.add(name.invalid(text));
    }
}

/// Operations, groups, versions and resources that a webhook or policy is asked about.
pub(crate) fn check_rule(errors: &mut Errors, rule: &Spot<'_>) {
    let operations = rule.get("operations");
    check_filled_list(errors, &operations, "operations");
    for operation in operations.items() {
        errors.add_if(!OPERATIONS.contains(&operation.text()), || {
            operation.not_supported(OPERATIONS)
        });
    }
    check_filled_list(errors, &rule.get("apiGroups"), "API groups");
    let versions = rule.get("apiVersions");
    check_filled_list(errors, &versions, "API versions");
    for version in versions.items() {
        errors.filled(&version);
    }
    check_resources(errors, &rule.get("resources"));
    errors.optional_choice(&rule.get("scope"), SCOPES);
}

/// A list with something in it, of which `*` stands alone.
fn check_filled_list(errors: &mut Errors, list: &Spot<'_>, what: &str) {
    errors.add_if(list.len() == 0, || list.required(""));
    if list.len() > 1 && list.items().any(|item| item.text() == "*") {
        errors.add(list.invalid(format!("if '*' is present, must not specify other {what}")));
    }
}

fn check_resources(errors: &mut Errors, resources: &Spot<'_>) {
    errors.add_if(resources.len() == 0, || resources.required(""));
    let (mut whole, mut everywhere) = (HashSet::new(), HashSet::new());
    let mut has_plain = false;
    for item in resources.items() {
        let text = item.text();
        if text.is_empty() {
            errors.add(item.required(""));
            continue;
        }
        let Some((resource, sub)) = text.split_once('/') else {
            has_plain = text != "*";
            continue;
        };
        for (clashes, shown) in [
            (whole.contains(resource), format!("{resource}/*")),
            (everywhere.contains(sub), format!("*/{sub}")),
        ] {
            let problem = format!("if '{shown}' is present, must not specify {text}");
            errors.add_if(clashes, || item.invalid(problem));
        }
        if sub == "*" {
            whole.insert(resource);
        }
        if resource == "*" {
            everywhere.insert(sub);
        }
    }
    let has = |wanted: &str| resources.items().any(|item| item.text() == wanted);
    if resources.len() > 1 && has("*/*") {
        let text = "if '*/*' is present, must not specify other resources";
        errors.add(resources.invalid(text));
    }
    if has("*") && has_plain {
        let text = "if '*' is present, must not specify other resources without subresources";
        errors.add(resources.invalid(text));
    }
}

fn check_client(errors: &mut Errors, client: &Spot<'_>) {
    let (url, service) = (client.get("url"), client.get("service"));
    match (url.is_set(), service.is_set()) {
        (true, false) => check_url(errors, &url),
        (false, true) => check_service(errors, &service),
        _ => errors.add(client.required("exactly one of url or service is required")),
    }
}

/// An `https` address of a host, perhaps with a path.
fn check_url(errors: &mut Errors, url: &Spot<'_>) {
    const FORM: &str = "; desired format: https://host[/path]";
    let text = url.text();
    let (text, fragment) = text.split_once('#').unwrap_or((text, ""));
    let (text, query) = text.split_once('?').unwrap_or((text, ""));
    let (scheme, rest) = text.split_once("://").unwrap_or(("", ""));
    let authority = rest.split('/').next().unwrap_or_default();
    let (user, host) = match authority.rsplit_once('@') {
        Some((user, host)) => (Some(user), host),
        None => (None, authority),
    };
    let problems = [
        (
            scheme != "https",
            scheme,
            format!("'https' is the only allowed URL scheme{FORM}"),
        ),
        (
            host.is_empty(),
            host,
            format!("host must be specified{FORM}"),
        ),
        (
            user.is_some(),
            user.unwrap_or_default(),
            "user information is not permitted in the URL".to_owned(),
        ),
        (
            !fragment.is_empty(),
            fragment,
            "fragments are not permitted in the URL".to_owned(),
        ),
        (
            !query.is_empty(),
            query,
            "query parameters are not permitted in the URL".to_owned(),
        ),
    ];
    for (is_wrong, shown, text) in problems {
        errors.add_if(is_wrong, || url.invalid_as(shown, text));
    }
}

fn check_service(errors: &mut Errors, service: &Spot<'_>) {
    // The API server takes the one for the other here.
    for (empty, told) in [("namespace", "name"), ("name", "namespace")] {
        let is_empty = service.get(empty).is_blank();
        errors.add_if(is_empty, || service.get(told).required(""));
    }
    let port = service.get("port");
    if let Some(number) = port.number() {
        let problems = port_problems(number);
        let text = format!("port is not valid: {}", problems.join(", "));
        errors.add_if(!problems.is_empty(), || port.invalid(text));
    }
    check_path(errors, &service.get("path"));
}

fn check_path(errors: &mut Errors, path: &Spot<'_>) {
    let text = path.text();
    if matches!(text, "" | "/") {
        return;
    }
    if text == "//" {
        errors.add(path.invalid("segment[0] may not be empty"));
        return;
    }
    errors.add_if(!text.starts_with('/'), || {
        path.invalid("must start with a '/'")
    });
    let mut characters = text.chars();
    characters.next();
    let rest = characters.as_str();
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    for (index, step) in rest.split('/').enumerate() {
        if step.is_empty() {
            errors.add(path.invalid(format!("segment[{index}] may not be empty")));
            continue;
        }
        for problem in subdomain_problems(step) {
            errors.add(path.invalid(format!("segment[{index}]: {problem}")));
        }
    }
}

fn knows_version(versions: &Spot<'_>) -> bool {
    versions
        .items()
        .any(|version| REVIEWS.contains(&version.text()))
}

fn check_versions(errors: &mut Errors, versions: &Spot<'_>, rules: &Rules) {
    let known = REVIEWS.join(", ");
    if versions.len() == 0 {
        errors.add(versions.required(&format!("must specify one of {known}")));
        return;
    }
    let mut seen = HashSet::new();
    for version in versions.items() {
        if seen.insert(version.text()) {
            errors.problems(&version, old_label_problems(version.text()));
        } else {
            errors.add(version.invalid("duplicate version"));
        }
    }
    if rules.known_versions && !knows_version(versions) {
        let text = format!("must include at least one of {known}");
        errors.add(versions.invalid(text));
    }
}
