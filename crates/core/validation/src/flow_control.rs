//! Which requests come first: FlowSchemas and PriorityLevelConfigurations.

use std::collections::HashSet;

use serde_json::Value;
use skein_object::Object;

use crate::names::{label_problems, subdomain_problems};
use crate::spot::{Errors, Spot, go_struct};

const EVERYTHING: &str = "*";
/// The level and the schema of what is never held back.
const EXEMPT: &str = "exempt";
const MAX_PRECEDENCE: i64 = 10_000;
const MAX_QUEUES: i64 = 10_000_000;
/// Bits of the hash by which a flow gets its queues.
const MAX_HASH_BITS: f64 = 60.0;
/// An annotation that only a version of old may have.
const KEPT_ZERO: &str = "flowcontrol.k8s.io/v1beta3-preserve-zero-concurrency-shares";

const VERBS: &[&str] = &[
    "create",
    "delete",
    "deletecollection",
    "get",
    "list",
    "patch",
    "proxy",
    "update",
    "watch",
];

/// The kinds of subjects, where each stands, and what is said of one that is missing or beside another.
const SUBJECTS: &[(&str, &str, &str, &str)] = &[
    (
        "ServiceAccount",
        "serviceAccount",
        "serviceAccount is required when subject kind is 'ServiceAccount'",
        "serviceAccount is forbidden when subject kind is not 'ServiceAccount'",
    ),
    (
        "User",
        "user",
        "user is required when subject kind is 'User'",
        "user is forbidden when subject kind is not 'User'",
    ),
    (
        "Group",
        "group",
        "group is required when subject kind is 'Group'",
        "group is forbidden when subject kind is not 'Group'",
    ),
];

/// A FlowSchema.
pub(crate) fn check_schema(errors: &mut Errors, object: &Object) {
    let spec = Spot::of(object, "spec");
    let precedence = spec.get("matchingPrecedence");
    let number = precedence.number().unwrap_or_default();
    if number <= 0 {
        errors.add(precedence.invalid_as(number, "must be a positive value"));
    }
    if number > MAX_PRECEDENCE {
        let text = format!("must not be greater than {MAX_PRECEDENCE}");
        errors.add(precedence.invalid(text));
    }
    if number == 1 && object.name() != EXEMPT {
        let text = "only the schema named 'exempt' may have matchingPrecedence 1";
        errors.add(precedence.invalid(text));
    }
    let method = spec.get("distinguisherMethod");
    let kind = method.get("type");
    let allowed = ["ByNamespace", "ByUser"];
    if method.is_set() && !allowed.contains(&kind.text()) {
        let shown = go_struct(&[("Type", &kind.text().into())]);
        errors.add(kind.not_supported(&allowed).showing(shown));
    }
    let level = spec.get("priorityLevelConfiguration.name");
    if level.is_blank() {
        errors.add(level.required("must reference a priority level"));
    } else {
        errors.problems(&level, subdomain_problems(level.text()));
    }
    for rule in spec.get("rules").items() {
        check_rule(errors, &rule);
    }
}

fn check_rule(errors: &mut Errors, rule: &Spot<'_>) {
    let subjects = rule.get("subjects");
    if subjects.len() == 0 {
        errors.add(subjects.required("subjects must contain at least one value"));
    }
    for subject in subjects.items() {
        check_subject(errors, &subject);
    }
    let (resources, others) = (rule.get("resourceRules"), rule.get("nonResourceRules"));
    if resources.len() + others.len() == 0 {
        let text = "at least one of resourceRules and nonResourceRules has to be non-empty";
        errors.add(rule.required(text));
    }
    for rule in resources.items() {
        check_resource_rule(errors, &rule);
    }
    for rule in others.items() {
        check_verbs(errors, &rule);
        let urls = rule.get("nonResourceURLs");
        if urls.len() == 0 {
            errors.add(urls.required("nonResourceURLs must contain at least one value"));
        } else if has_wildcard(&urls) {
            check_alone(errors, &urls, "non-resource URLs");
        } else {
            for url in urls.items() {
                if let Some(problem) = url_problem(url.text()) {
                    errors.add(url.invalid(problem));
                }
            }
        }
    }
}

fn check_subject(errors: &mut Errors, subject: &Spot<'_>) {
    let kind = subject.get("kind");
    let Some((_, field, missing, _)) = SUBJECTS.iter().find(|(name, ..)| *name == kind.text())
    else {
        let shown = Value::from(kind.text());
        let kind = Spot::new(Some(&shown), kind.path.clone());
        errors.add(kind.not_supported(&["Group", "ServiceAccount", "User"]));
        return;
    };
    let own = subject.get(field);
    if own.is_set() {
        let name = own.get("name");
        errors.filled(&name);
        if *field == "serviceAccount" {
            check_account(errors, &own);
        }
    } else {
        errors.add(own.required(missing));
    }
    for (_, other, _, beside) in SUBJECTS.iter().filter(|(_, other, ..)| other != field) {
        let other = subject.get(other);
        errors.add_if(other.is_set(), || other.forbidden(beside));
    }
}

fn check_account(errors: &mut Errors, account: &Spot<'_>) {
    let (name, namespace) = (account.get("name"), account.get("namespace"));
    if !name.is_blank() && name.text() != EVERYTHING {
        errors.problems(&name, subdomain_problems(name.text()));
    }
    if namespace.is_blank() {
        errors.add(namespace.required("must specify namespace for service account"));
    } else {
        errors.problems(&namespace, label_problems(namespace.text()));
    }
}

fn has_wildcard(list: &Spot<'_>) -> bool {
    list.items().any(|item| item.text() == EVERYTHING)
}

/// A wildcard stands alone.
fn check_alone(errors: &mut Errors, list: &Spot<'_>, what: &str) {
    if list.len() > 1 && has_wildcard(list) {
        let text = format!("if '*' is present, must not specify other {what}");
        errors.add(list.invalid(text));
    }
}

fn check_verbs(errors: &mut Errors, rule: &Spot<'_>) {
    let verbs = rule.get("verbs");
    if verbs.len() == 0 {
        errors.add(verbs.required("verbs must contain at least one value"));
    } else if has_wildcard(&verbs) {
        check_alone(errors, &verbs, "verbs");
    } else if !verbs.items().all(|verb| VERBS.contains(&verb.text())) {
        errors.add(verbs.not_supported(VERBS));
    }
}

fn check_resource_rule(errors: &mut Errors, rule: &Spot<'_>) {
    check_verbs(errors, rule);
    for (name, one, what) in [
        ("apiGroups", "api group", "api groups"),
        ("resources", "resource", "resources"),
    ] {
        let list = rule.get(name);
        let text = format!("resource rules must supply at least one {one}");
        errors.add_if(list.len() == 0, || list.required(&text));
        check_alone(errors, &list, what);
    }
    let namespaces = rule.get("namespaces");
    if namespaces.len() == 0 && !rule.get("clusterScope").is_true() {
        let text = "resource rules that are not cluster scoped must supply at least one namespace";
        errors.add(namespaces.required(text));
    } else if has_wildcard(&namespaces) {
        check_alone(errors, &namespaces, "namespaces");
    } else {
        for namespace in namespaces.items() {
            let told = label_problems(namespace.text()).into_iter();
            errors.add_all(told.map(|problem| {
                namespace.invalid(format!(
                    "each member of this list must be '*' or a DNS-1123 label; {problem}"
                ))
            }));
        }
    }
}

/// What is wrong with a path that is no resource.
fn url_problem(path: &str) -> Option<&'static str> {
    let wildcards = path.matches('*').count();
    if path.is_empty() {
        Some("must not be empty")
    } else if path == "/" {
        None
    } else if !path.starts_with('/') {
        Some("must start with slash")
    } else if path.contains(' ') {
        Some("must not contain white-space")
    } else if path.contains("//") {
        Some("must not contain double slash")
    } else if wildcards > 1 || (wildcards == 1 && !path.ends_with("/*")) {
        Some("wildcard can only do suffix matching")
    } else {
        None
    }
}

/// A PriorityLevelConfiguration.
pub(crate) fn check_level(errors: &mut Errors, object: &Object) {
    if object.annotation(KEPT_ZERO).is_some() {
        let annotations = Spot::of(object, "metadata").get("annotations");
        let text = format!("annotation '{KEPT_ZERO}' is forbidden");
        errors.add(annotations.forbidden(&text));
    }
    let spec = Spot::of(object, "spec");
    let kind = spec.get("type");
    if (object.name() == EXEMPT) != (kind.text() == "Exempt") {
        let text = "must be 'Exempt' if and only if `name` is 'exempt'";
        errors.add(kind.invalid_as(kind.text(), text));
    }
    let (limited, exempt) = (spec.get("limited"), spec.get("exempt"));
    match kind.text() {
        "Exempt" => {
            let text = "must be nil if the type is not Limited";
            errors.add_if(limited.is_set(), || limited.forbidden(text));
            check_shares(errors, &exempt);
            check_percent(errors, &exempt.get("lendablePercent"));
        }
        "Limited" => {
            let text = "must be nil if the type is Limited";
            errors.add_if(exempt.is_set(), || exempt.forbidden(text));
            if limited.is_set() {
                check_limited(errors, &limited);
            } else {
                errors.add(limited.required("must not be empty when type is Limited"));
            }
        }
        _ => errors.choice(&kind, &["Exempt", "Limited"]),
    }
}

fn check_shares(errors: &mut Errors, level: &Spot<'_>) {
    let shares = level.get("nominalConcurrencyShares");
    let is_negative = shares.number().is_some_and(|shares| shares < 0);
    errors.add_if(is_negative, || {
        shares.invalid("must be a non-negative integer")
    });
}

fn check_percent(errors: &mut Errors, percent: &Spot<'_>) {
    let is_outside = percent.number().is_some_and(|n| !(0..=100).contains(&n));
    let text = "must be between 0 and 100, inclusive";
    errors.add_if(is_outside, || percent.invalid(text));
}

fn check_limited(errors: &mut Errors, limited: &Spot<'_>) {
    check_shares(errors, limited);
    let response = limited.get("limitResponse");
    let (kind, queuing) = (response.get("type"), response.get("queuing"));
    match kind.text() {
        "Reject" => {
            let text = "must be nil if limited.limitResponse.type is not Limited";
            errors.add_if(queuing.is_set(), || queuing.forbidden(text));
        }
        "Queue" if queuing.is_set() => check_queuing(errors, &queuing),
        "Queue" => {
            let text = "must not be empty if limited.limitResponse.type is Limited";
            errors.add(queuing.required(text));
        }
        _ => errors.choice(&kind, &["Queue", "Reject"]),
    }
    check_percent(errors, &limited.get("lendablePercent"));
    let borrowing = limited.get("borrowingLimitPercent");
    let is_negative = borrowing.number().is_some_and(|percent| percent < 0);
    let text = "if specified, must be a non-negative integer";
    errors.add_if(is_negative, || borrowing.invalid(text));
}

fn check_queuing(errors: &mut Errors, queuing: &Spot<'_>) {
    let number = |name: &str| queuing.get(name).number().unwrap_or_default();
    let (queues, hand) = (number("queues"), number("handSize"));
    for name in ["queueLengthLimit", "queues", "handSize"] {
        let spot = queuing.get(name);
        let value = number(name);
        let text = match name {
            _ if value <= 0 => "must be positive".to_owned(),
            "queues" if value > MAX_QUEUES => {
                format!("must not be greater than {MAX_QUEUES}")
            }
            "handSize" if value > queues => {
                format!("should not be greater than queues ({queues})")
            }
            "handSize" if ((queues as f64).log2() * hand as f64).ceil() > MAX_HASH_BITS => {
                format!(
                    "required entropy bits of deckSize {queues} and handSize {hand} should not be greater than {MAX_HASH_BITS}"
                )
            }
            _ => continue,
        };
        errors.add(spot.invalid_as(value, text));
    }
}

/// Conditions that are reported of either kind.
pub(crate) fn check_status(errors: &mut Errors, status: &Spot<'_>) {
    let mut seen = HashSet::new();
    for condition in status.get("conditions").items() {
        let kind = condition.get("type");
        let shown = Value::from(kind.text());
        let told = Spot::new(Some(&shown), kind.path.clone());
        errors.add_if(!seen.insert(kind.text()), || told.duplicate());
        errors.filled(&kind);
    }
}
