//! Nobody gives rights that he does not have: what the API server looks at before it stores roles and bindings.
//!
//! Whoever may `escalate` a role or `bind` one is not asked for its rules, and members of `system:masters` never are.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use skein_object::Object;

use crate::api::{Api, Call};
use crate::authn::User;
use crate::authz::{self, Attributes, RBAC, Rule};
use crate::failure::{Failure, Outcome};
use crate::resource::Resource;

/// Fields whose change alone is no grant: what garbage collection needs.
const COLLECTED: &[&str] = &[
    "ownerReferences",
    "finalizers",
    "managedFields",
    "resourceVersion",
];

/// Refuses a new role or binding, or a change of one, that gives more than its author has.
pub(crate) fn check(
    api: &Api,
    call: Option<&Call>,
    resource: &Resource,
    old: Option<&Object>,
    new: &Object,
) -> Outcome<()> {
    let Some(call) = call.filter(|_| resource.group == RBAC) else {
        return Ok(());
    };
    if authz::is_master(&call.user) || old.is_some_and(|old| grants(old) == grants(new)) {
        return Ok(());
    }
    match resource.plural.as_str() {
        "roles" | "clusterroles" => check_role(api, call, resource, new),
        "rolebindings" | "clusterrolebindings" => check_binding(api, call, resource, new),
        _ => Ok(()),
    }
}

fn grants(object: &Object) -> Object {
    let mut object = object.clone();
    for field in COLLECTED {
        object.remove(&["metadata", field]);
    }
    object
}

fn check_role(api: &Api, call: &Call, resource: &Resource, role: &Object) -> Outcome<()> {
    let wanted = Attributes {
        verb: "escalate".to_owned(),
        group: RBAC.to_owned(),
        resource: resource.plural.clone(),
        name: call.info.name.clone(),
        namespace: call.info.namespace.clone(),
        ..Attributes::default()
    };
    if authz::is_allowed(api, &call.user, &wanted) {
        return Ok(());
    }
    let namespace = &call.info.namespace;
    let refused = |why: &str| Failure::forbidden(resource, role.name(), why);
    missing(api, &call.user, namespace, &authz::rules(role)).map_err(|why| refused(&why))?;
    let selectors = role.at(&["aggregationRule", "clusterRoleSelectors"]);
    if selectors
        .and_then(Value::as_array)
        .is_some_and(|list| !list.is_empty())
    {
        let everything = json!([
            {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]},
            {"verbs": ["*"], "nonResourceURLs": ["*"]},
        ]);
        let everything: Vec<Rule> = everything
            .as_array()
            .into_iter()
            .flatten()
            .map(Rule::from_value)
            .collect();
        if missing(api, &call.user, namespace, &everything).is_err() {
            let why = "must have cluster-admin privileges to use the aggregationRule";
            return Err(refused(why));
        }
    }
    Ok(())
}

fn check_binding(api: &Api, call: &Call, resource: &Resource, binding: &Object) -> Outcome<()> {
    let text = |name: &str| binding.str_at(&["roleRef", name]).unwrap_or_default();
    let plural = match text("kind") {
        "Role" => "roles",
        _ => "clusterroles",
    };
    let namespace = &call.info.namespace;
    let wanted = Attributes {
        verb: "bind".to_owned(),
        group: RBAC.to_owned(),
        resource: plural.to_owned(),
        name: text("name").to_owned(),
        namespace: namespace.clone(),
        ..Attributes::default()
    };
    if authz::is_allowed(api, &call.user, &wanted) {
        return Ok(());
    }
    let rules = authz::role_rules(api, namespace, binding.at(&["roleRef"]));
    let rules =
        rules.ok_or_else(|| Failure::named_not_found(RBAC, &resource.plural, text("name")))?;
    missing(api, &call.user, namespace, &rules)
        .map_err(|why| Failure::forbidden(resource, binding.name(), &why))
}

/// What somebody wants to give and does not have, in the words of the API.
fn missing(api: &Api, user: &User, namespace: &str, wanted: &[Rule]) -> Result<(), String> {
    let mut own = Vec::new();
    authz::visit_rules(api, user, namespace, |rule| {
        own.push(rule.clone());
        false
    });
    let parts = wanted.iter().flat_map(parts_of);
    let open: Vec<Rule> = parts
        .filter(|part| !own.iter().any(|rule| includes(rule, part)))
        .collect();
    if open.is_empty() {
        return Ok(());
    }
    let texts: BTreeSet<String> = compact(open).iter().map(shown).collect();
    let texts: Vec<String> = texts.into_iter().collect();
    Err(format!(
        "user {:?} (groups={}) is attempting to grant RBAC permissions not currently held:\n{}",
        user.name,
        quoted(&user.groups),
        texts.join("\n")
    ))
}

/// A rule taken apart: one verb on one thing each.
fn parts_of(rule: &Rule) -> Vec<Rule> {
    let mut parts = Vec::new();
    let one = |text: &String| vec![text.clone()];
    for group in &rule.groups {
        for resource in &rule.resources {
            for verb in &rule.verbs {
                let part = Rule {
                    verbs: one(verb),
                    groups: one(group),
                    resources: one(resource),
                    ..Rule::default()
                };
                if rule.names.is_empty() {
                    parts.push(part);
                    continue;
                }
                parts.extend(rule.names.iter().map(|name| Rule {
                    names: one(name),
                    ..part.clone()
                }));
            }
        }
    }
    for path in &rule.paths {
        parts.extend(rule.verbs.iter().map(|verb| Rule {
            verbs: one(verb),
            paths: one(path),
            ..Rule::default()
        }));
    }
    parts
}

/// Whether a rule gives all that a part of another one does.
fn includes(rule: &Rule, part: &Rule) -> bool {
    let has = |list: &[String], item: &String| list.contains(item) || list.iter().any(|e| e == "*");
    let below = |resource: &String| match resource.split_once('/') {
        Some((_, sub)) => rule.resources.contains(&format!("*/{sub}")),
        None => false,
    };
    let path = |path: &String| {
        rule.paths.iter().any(|own| {
            own == path || (own.ends_with('*') && path.starts_with(own.trim_end_matches('*')))
        })
    };
    part.verbs.iter().all(|verb| has(&rule.verbs, verb))
        && part.groups.iter().all(|group| has(&rule.groups, group))
        && part
            .resources
            .iter()
            .all(|resource| has(&rule.resources, resource) || below(resource))
        && part.paths.iter().all(path)
        && (rule.names.is_empty()
            || !part.names.is_empty() && part.names.iter().all(|name| rule.names.contains(name)))
}

/// Parts about the same thing become one rule again.
fn compact(parts: Vec<Rule>) -> Vec<Rule> {
    // By groups, resources and names.
    let mut whole: BTreeMap<[Vec<String>; 3], Rule> = BTreeMap::new();
    let mut out = Vec::new();
    for part in parts {
        if !part.paths.is_empty() {
            out.push(part);
            continue;
        }
        let key = [
            part.groups.clone(),
            part.resources.clone(),
            part.names.clone(),
        ];
        let rule = whole.entry(key).or_insert_with(|| Rule {
            verbs: Vec::new(),
            ..part.clone()
        });
        for verb in part.verbs {
            if !rule.verbs.contains(&verb) {
                rule.verbs.push(verb);
            }
        }
    }
    out.extend(whole.into_values());
    out
}

fn shown(rule: &Rule) -> String {
    let lists = [
        ("APIGroups", &rule.groups),
        ("Resources", &rule.resources),
        ("NonResourceURLs", &rule.paths),
        ("ResourceNames", &rule.names),
        ("Verbs", &rule.verbs),
    ];
    let lists: Vec<String> = lists
        .into_iter()
        .filter(|(_, list)| !list.is_empty())
        .map(|(name, list)| format!("{name}:{}", quoted(list)))
        .collect();
    format!("{{{}}}", lists.join(", "))
}

/// A list as Go's `%q` prints it.
fn quoted(list: &[String]) -> String {
    let words: Vec<String> = list.iter().map(|word| format!("{word:?}")).collect();
    format!("[{}]", words.join(" "))
}
