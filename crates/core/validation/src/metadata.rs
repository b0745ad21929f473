//! Rules of object metadata: names by kind, labels, annotations, owners, finalizers.

use serde_json::Value;
use skein_object::Object;
use skein_schema::FieldError;

use crate::labels;
use crate::names::{
    label_problems, path_segment_problems, qualified_name_problems, subdomain_problems,
};
use crate::spot::{Errors, Spot};

/// How a kind's names look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameRule {
    /// A DNS-1123 sub-domain, as most kinds have it.
    Subdomain,
    /// A DNS-1123 label.
    Label,
    /// Anything that fits into a path.
    PathSegment,
}

/// The rule for names of objects of a group and kind.
pub fn name_rule(group: &str, kind: &str) -> NameRule {
    match (group, kind) {
        ("", "Namespace" | "Service") | ("apps", "StatefulSet") => NameRule::Label,
        (
            "rbac.authorization.k8s.io" | "certificates.k8s.io" | "flowcontrol.apiserver.k8s.io",
            _,
        )
        | ("apiregistration.k8s.io", _)
        | ("policy", "PodDisruptionBudget") => NameRule::PathSegment,
        _ => NameRule::Subdomain,
    }
}

impl NameRule {
    /// Why a name is not allowed, in the words of the API.
    pub fn problems(self, name: &str) -> Vec<String> {
        match self {
            Self::Subdomain => subdomain_problems(name),
            Self::Label => label_problems(name),
            Self::PathSegment => path_segment_problems(name),
        }
    }
}

/// Errors of the metadata of an object that is about to be stored. Custom kinds do not ask finalizers to be qualified.
pub fn check(object: &Object, rule: NameRule) -> Vec<FieldError> {
    let mut errors = Errors::default();
    let metadata = Spot::of(object, "metadata");
    let (name, generate) = (metadata.get("name"), metadata.get("generateName"));
    if !generate.is_blank() {
        // A trailing dash is fine: characters follow it. As in the API, the one before it goes too.
        let text = generate.text();
        let whole = match text.strip_suffix('-') {
            Some(rest) if !rest.is_empty() => {
                let kept: String = rest.chars().take(rest.chars().count() - 1).collect();
                format!("{kept}a")
            }
            _ => text.to_owned(),
        };
        errors.problems(&generate, rule.problems(&whole));
    }
    if name.is_blank() {
        errors.add(name.required("name or generateName is required"));
    } else {
        errors.problems(&name, rule.problems(name.text()));
    }
    let namespace = metadata.get("namespace");
    if !namespace.is_blank() {
        errors.problems(&namespace, label_problems(namespace.text()));
    }
    labels::check(&mut errors, &metadata.get("labels"));
    labels::check_annotations(&mut errors, &metadata.get("annotations"));
    check_owners(&mut errors, &metadata.get("ownerReferences"));
    check_finalizers(&mut errors, &metadata.get("finalizers"));
    errors.0
}

fn check_owners(errors: &mut Errors, owners: &Spot<'_>) {
    let mut first: Option<String> = None;
    for owner in owners.items() {
        // The API server does not say which reference it is.
        let at = |key: &str| Spot::new(owner.value.get(key), owners.path.child(key));
        for (key, text) in [
            ("apiVersion", "version must not be empty"),
            ("kind", "must not be empty"),
            ("name", "must not be empty"),
            ("uid", "must not be empty"),
        ] {
            let spot = at(key);
            let is_missing = spot.is_blank() || key == "apiVersion" && !has_version(spot.text());
            errors.add_if(is_missing, || spot.invalid_as(spot.text(), text));
        }
        if at("apiVersion").text() == "v1" && at("kind").text() == "Event" {
            let shown = shown_owner(owner.value);
            let text = "/v1, Kind=Event is disallowed from being an owner";
            errors.add(owners.invalid(text).showing(shown));
        }
        if !at("controller").is_true() {
            continue;
        }
        let this = format!("{}/{}", at("kind").text(), at("name").text());
        match &first {
            None => first = Some(this),
            Some(first) => {
                let list: Vec<String> = owners.items().map(|o| shown_owner(o.value)).collect();
                let text = format!(
                    "Only one reference can have Controller set to true. Found \"true\" in references for {first} and {this}"
                );
                errors.add(
                    owners
                        .invalid(text)
                        .showing(format!("[{}]", list.join(","))),
                );
            }
        }
    }
}

/// Whether an apiVersion names a version: `v1` or `group/v1`, with one slash at most.
fn has_version(api_version: &str) -> bool {
    match api_version.split_once('/') {
        Some((_, version)) => !version.is_empty() && !version.contains('/'),
        None => !api_version.is_empty(),
    }
}

/// An owner reference as Go prints it: in the order of its type.
fn shown_owner(owner: &Value) -> String {
    let order = [
        "apiVersion",
        "kind",
        "name",
        "uid",
        "controller",
        "blockOwnerDeletion",
    ];
    let empty = Value::from("");
    let fields: Vec<String> = order
        .iter()
        .enumerate()
        .filter_map(|(index, key)| {
            let always = (index < 4).then_some(&empty);
            let value = owner
                .get(*key)
                .filter(|value| !value.is_null())
                .or(always)?;
            Some(format!("{key:?}:{value}"))
        })
        .collect();
    format!("{{{}}}", fields.join(","))
}

/// Finalizers that need no domain.
const STANDARD_FINALIZERS: &[&str] = &["orphan", "foregroundDeletion", "kubernetes"];

fn check_finalizers(errors: &mut Errors, finalizers: &Spot<'_>) {
    for finalizer in finalizers.items() {
        let problems = qualified_name_problems(finalizer.text());
        errors.add_all(
            problems
                .into_iter()
                .map(|text| finalizers.invalid_as(finalizer.text(), text)),
        );
    }
    let has = |name: &str| finalizers.items().any(|finalizer| finalizer.text() == name);
    if has("orphan") && has("foregroundDeletion") {
        let text = "finalizer orphan and foregroundDeletion cannot be both set";
        errors.add(finalizers.invalid(text));
    }
}

/// Built-in kinds also ask that a finalizer is a standard one or has a domain.
pub fn check_builtin_finalizers(object: &Object) -> Vec<FieldError> {
    let finalizers = Spot::of(object, "metadata").get("finalizers");
    let unknown = |finalizer: &Spot<'_>| {
        !finalizer.text().contains('/') && !STANDARD_FINALIZERS.contains(&finalizer.text())
    };
    let text = "name is neither a standard finalizer name nor is it fully qualified";
    finalizers
        .items()
        .filter(unknown)
        .map(|finalizer| finalizer.invalid_as(Value::from(finalizer.text()), text))
        .collect()
}

/// Kinds whose whole metadata the API server checks again on an update.
const CHECKED_AGAIN: &[(&str, &[&str])] = &[
    (
        "",
        &[
            "ConfigMap",
            "Secret",
            "ServiceAccount",
            "Namespace",
            "PersistentVolume",
            "PersistentVolumeClaim",
            "Pod",
        ],
    ),
    ("batch", &["Job"]),
    (
        "rbac.authorization.k8s.io",
        &["Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"],
    ),
    ("networking.k8s.io", &["Ingress", "IngressClass"]),
    ("storage.k8s.io", &["StorageClass"]),
];

/// Errors of the metadata of an object that replaces an older state of itself. The API server looks at most of it more than
/// once, and lists an error as often.
pub fn check_change(object: &Object, rule: NameRule, builtin: bool) -> Vec<FieldError> {
    let metadata = Spot::of(object, "metadata");
    let mut common = Errors::default();
    labels::check(&mut common, &metadata.get("labels"));
    labels::check_annotations(&mut common, &metadata.get("annotations"));
    check_owners(&mut common, &metadata.get("ownerReferences"));
    let mut errors = [common.0.clone(), common.0.clone(), common.0].concat();
    let mut finalizers = Errors::default();
    check_finalizers(&mut finalizers, &metadata.get("finalizers"));
    errors.append(&mut finalizers.0);
    if builtin {
        errors.extend(check_builtin_finalizers(object));
    }
    let gvk = object.gvk();
    let again = CHECKED_AGAIN
        .iter()
        .any(|(group, kinds)| *group == gvk.group && kinds.contains(&gvk.kind.as_str()));
    if again {
        errors.extend(check(object, rule));
        errors.extend(check_builtin_finalizers(object));
    }
    errors
}
