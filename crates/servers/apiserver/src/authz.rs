//! Authorisation: RBAC over the stored roles and bindings, impersonation, and the texts of refusals.

use std::sync::Arc;

use http::HeaderMap;
use serde_json::Value;
use skein_object::Object;
use skein_store::{Key, ResourceId, Stored};

use crate::api::Api;
use crate::authn::{User, service_account_groups};
use crate::failure::{Details, Failure, Outcome};
use crate::request::{RequestInfo, percent_decode};

/// The group that may do everything, whatever the roles say.
const MASTERS: &str = "system:masters";
/// The API group of roles and bindings.
pub(crate) const RBAC: &str = "rbac.authorization.k8s.io";

/// What somebody wants to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Attributes {
    pub(crate) verb: String,
    pub(crate) group: String,
    pub(crate) resource: String,
    pub(crate) subresource: String,
    pub(crate) name: String,
    pub(crate) namespace: String,
    /// Path of a request that names no resource.
    pub(crate) path: Option<String>,
}

impl Attributes {
    pub(crate) fn of(info: &RequestInfo) -> Self {
        if !info.is_resource {
            return Self {
                verb: info.verb.to_owned(),
                path: Some(info.path.clone()),
                ..Self::default()
            };
        }
        Self {
            verb: info.verb.to_owned(),
            group: info.group.clone(),
            resource: info.resource.clone(),
            subresource: info.subresource.clone(),
            name: info.name.clone(),
            namespace: info.namespace.clone(),
            path: None,
        }
    }
}

/// A rule of a role.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) verbs: Vec<String>,
    pub(crate) groups: Vec<String>,
    pub(crate) resources: Vec<String>,
    pub(crate) names: Vec<String>,
    pub(crate) paths: Vec<String>,
}

impl Rule {
    /// A rule as a role lists it.
    pub(crate) fn from_value(value: &Value) -> Self {
        let list = |key: &str| {
            let list = value.get(key).and_then(Value::as_array);
            list.into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect()
        };
        Self {
            verbs: list("verbs"),
            groups: list("apiGroups"),
            resources: list("resources"),
            names: list("resourceNames"),
            paths: list("nonResourceURLs"),
        }
    }

    fn allows(&self, wanted: &Attributes) -> bool {
        let has = |list: &[String], item: &str| list.iter().any(|e| e == "*" || e == item);
        if !has(&self.verbs, &wanted.verb) {
            return false;
        }
        if let Some(path) = &wanted.path {
            return self
                .paths
                .iter()
                .any(|allowed| match allowed.strip_suffix('*') {
                    Some(prefix) => path.starts_with(prefix),
                    None => allowed == path,
                });
        }
        let names = self.names.is_empty() || self.names.contains(&wanted.name);
        names && has(&self.groups, &wanted.group) && self.covers(wanted)
    }

    fn covers(&self, wanted: &Attributes) -> bool {
        let full = if wanted.subresource.is_empty() {
            wanted.resource.clone()
        } else {
            format!("{}/{}", wanted.resource, wanted.subresource)
        };
        let any = format!("*/{}", wanted.subresource);
        self.resources.iter().any(|allowed| {
            allowed == "*"
                || *allowed == full
                || (!wanted.subresource.is_empty() && *allowed == any)
        })
    }
}

fn id(plural: &str) -> ResourceId {
    ResourceId::new(RBAC, plural)
}

/// The rules of a role; none when it does not exist.
fn rules_of(api: &Api, namespace: &str, reference: Option<&Value>) -> Vec<Rule> {
    role_rules(api, namespace, reference).unwrap_or_default()
}

/// The rules of a role, when it exists.
pub(crate) fn role_rules(
    api: &Api,
    namespace: &str,
    reference: Option<&Value>,
) -> Option<Vec<Rule>> {
    let text = |key: &str| {
        reference
            .and_then(|r| r.get(key))
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let key = match text("kind") {
        "ClusterRole" => Key::new(&id("clusterroles"), "", text("name")),
        "Role" => Key::new(&id("roles"), namespace, text("name")),
        _ => return None,
    };
    api.store.get(&key).map(|role| rules(&role.object))
}

/// The rules that a role lists.
pub(crate) fn rules(role: &Object) -> Vec<Rule> {
    let rules = role.at(&["rules"]).and_then(Value::as_array);
    rules.into_iter().flatten().map(Rule::from_value).collect()
}

/// The subject of a binding that is the user.
fn subject(binding: &Object, user: &User, namespace: &str) -> Option<Value> {
    let subjects = binding.at(&["subjects"]).and_then(Value::as_array);
    let found = subjects.into_iter().flatten().find(|subject| {
        let text = |key: &str| subject.get(key).and_then(Value::as_str).unwrap_or_default();
        match text("kind") {
            "User" => user.name == text("name"),
            "Group" => user.groups.iter().any(|group| group == text("name")),
            "ServiceAccount" => {
                let of = if text("namespace").is_empty() {
                    namespace
                } else {
                    text("namespace")
                };
                let rest = user.name.strip_prefix("system:serviceaccount:");
                rest.and_then(|rest| rest.split_once(':')) == Some((of, text("name")))
            }
            _ => false,
        }
    });
    found.cloned()
}

/// Calls `visit` with each rule that holds for the user cluster-wide and in the namespace, until it
/// answers true; answers the binding that gave that rule.
pub(crate) fn visit_rules(
    api: &Api,
    user: &User,
    namespace: &str,
    mut visit: impl FnMut(&Rule) -> bool,
) -> Option<Arc<Stored>> {
    let mut bindings = api.store.list(&id("clusterrolebindings"), None).items;
    if !namespace.is_empty() {
        bindings.extend(api.store.list(&id("rolebindings"), Some(namespace)).items);
    }
    bindings
        .into_iter()
        .filter(|binding| subject(&binding.object, user, namespace).is_some())
        .find(|binding| {
            let rules = rules_of(api, namespace, binding.object.at(&["roleRef"]));
            rules.iter().any(&mut visit)
        })
}

/// Why the user may do that: nothing when it may not, an empty text when nobody had to be asked.
pub(crate) fn reason(api: &Api, user: &User, wanted: &Attributes) -> Option<String> {
    if is_master(user) {
        return Some(String::new());
    }
    let binding = visit_rules(api, user, &wanted.namespace, |rule| rule.allows(wanted))?;
    let binding = &binding.object;
    let text = |path: &[&str]| binding.str_at(path).unwrap_or_default();
    let within = |name: &str, namespace: &str| match namespace {
        "" => name.to_owned(),
        namespace => format!("{name}/{namespace}"),
    };
    let name = within(binding.name(), binding.namespace());
    let (role, role_name) = (text(&["roleRef", "kind"]), text(&["roleRef", "name"]));
    let who = subject(binding, user, &wanted.namespace).unwrap_or_default();
    let part = |key: &str| who.get(key).and_then(Value::as_str).unwrap_or_default();
    let namespace = match (part("kind"), part("namespace")) {
        ("ServiceAccount", "") => binding.namespace(),
        ("ServiceAccount", namespace) => namespace,
        _ => "",
    };
    let (kind, called) = (part("kind"), within(part("name"), namespace));
    Some(format!(
        "RBAC: allowed by {} {name:?} of {role} {role_name:?} to {kind} {called:?}",
        binding.kind()
    ))
}

/// Whether the user may do everything, whatever the roles say.
pub(crate) fn is_master(user: &User) -> bool {
    user.groups.iter().any(|group| group == MASTERS)
}

/// Whether the user may do that.
pub(crate) fn is_allowed(api: &Api, user: &User, wanted: &Attributes) -> bool {
    if is_master(user) {
        return true;
    }
    visit_rules(api, user, &wanted.namespace, |rule| rule.allows(wanted)).is_some()
}

/// Refuses a request that the user may not make.
pub(crate) fn check(api: &Api, user: &User, info: &RequestInfo) -> Outcome<()> {
    let wanted = Attributes::of(info);
    if is_allowed(api, user, &wanted) {
        Ok(())
    } else {
        Err(refusal(user, &wanted))
    }
}

/// The refusal in the words of kube-apiserver.
pub(crate) fn refusal(user: &User, wanted: &Attributes) -> Box<Failure> {
    let name = &user.name;
    let verb = &wanted.verb;
    if let Some(path) = &wanted.path {
        let message = format!("forbidden: User {name:?} cannot {verb} path {path:?}");
        let mut failure = Failure::new(403, "Forbidden", message);
        failure.details = Some(Details::default());
        return failure;
    }
    let resource = if wanted.subresource.is_empty() {
        wanted.resource.clone()
    } else {
        format!("{}/{}", wanted.resource, wanted.subresource)
    };
    let group = &wanted.group;
    let scope = if wanted.namespace.is_empty() {
        "at the cluster scope".to_owned()
    } else {
        format!("in the namespace {:?}", wanted.namespace)
    };
    let why =
        format!("User {name:?} cannot {verb} resource {resource:?} in API group {group:?} {scope}");
    let qualified = crate::failure::qualified(group, &wanted.resource);
    let subject = if wanted.name.is_empty() {
        qualified
    } else {
        format!("{qualified} {:?}", wanted.name)
    };
    let mut failure = Failure::new(403, "Forbidden", format!("{subject} is forbidden: {why}"));
    failure.details = Some(Details {
        name: wanted.name.clone(),
        group: group.clone(),
        kind: wanted.resource.clone(),
        ..Details::default()
    });
    failure
}

/// The user that a request acts as: itself, or whom its headers name and its rights allow.
pub(crate) fn impersonate(api: &Api, user: User, headers: &HeaderMap) -> Outcome<User> {
    let mut wanted = requested(headers);
    if wanted.name.is_empty() {
        if wanted == User::default() {
            return Ok(user);
        }
        let list: Vec<String> = wanted
            .groups
            .iter()
            .map(|group| format!("{group:?}"))
            .collect();
        let groups = match list.as_slice() {
            [] => "[]string(nil)".to_owned(),
            _ => format!("[]string{{{}}}", list.join(", ")),
        };
        let extra: Vec<String> = wanted
            .extra
            .iter()
            .map(|(key, values)| {
                let values: Vec<String> = values.iter().map(|value| format!("{value:?}")).collect();
                format!("{key:?}:[]string{{{}}}", values.join(", "))
            })
            .collect();
        let extra = match extra.as_slice() {
            [] => "map[string][]string(nil)".to_owned(),
            _ => format!("map[string][]string{{{}}}", extra.join(", ")),
        };
        let uid = &wanted.uid;
        return Err(Failure::bad_request(format!(
            "requested &user.DefaultInfo{{Name:\"\", UID:{uid:?}, Groups:{groups}, Extra:{extra}}} without impersonating a user name"
        )));
    }
    check_impersonation(api, &user, &wanted)?;
    if wanted.groups.is_empty()
        && let Some((namespace, _)) = service_account(&wanted.name)
    {
        wanted.groups = service_account_groups(namespace);
    }
    let anonymous = wanted.name == "system:anonymous";
    let everybody = if anonymous {
        "system:unauthenticated"
    } else {
        "system:authenticated"
    };
    if !wanted.groups.iter().any(|group| group == everybody) {
        wanted.groups.push(everybody.to_owned());
    }
    Ok(wanted)
}

/// The user that the impersonation headers name; empty when there are none.
fn requested(headers: &HeaderMap) -> User {
    let text = |name: &str| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    };
    let groups = headers.get_all("impersonate-group").iter();
    let groups = groups
        .filter_map(|value| value.to_str().ok().map(str::to_owned))
        .collect();
    let mut user = User {
        name: text("impersonate-user"),
        uid: text("impersonate-uid"),
        groups,
        ..User::default()
    };
    for (header, value) in headers {
        if let Some(key) = header.as_str().strip_prefix("impersonate-extra-") {
            let values = user.extra.entry(percent_decode(key)).or_default();
            values.push(value.to_str().unwrap_or_default().to_owned());
        }
    }
    user
}

/// Namespace and name of the ServiceAccount that a user name stands for.
fn service_account(name: &str) -> Option<(&str, &str)> {
    name.strip_prefix("system:serviceaccount:")
        .and_then(|rest| rest.split_once(':'))
}

/// Each part of the wanted identity needs its own right.
fn check_impersonation(api: &Api, user: &User, wanted: &User) -> Outcome<()> {
    const AUTHENTICATION: &str = "authentication.k8s.io";
    let name = match service_account(&wanted.name) {
        Some((namespace, account)) => impersonation("", "serviceaccounts", "", account, namespace),
        None => impersonation("", "users", "", &wanted.name, ""),
    };
    allow(api, user, &name)?;
    for group in &wanted.groups {
        allow(api, user, &impersonation("", "groups", "", group, ""))?;
    }
    for (key, values) in &wanted.extra {
        for value in values {
            allow(
                api,
                user,
                &impersonation(AUTHENTICATION, "userextras", key, value, ""),
            )?;
        }
    }
    if wanted.uid.is_empty() {
        return Ok(());
    }
    allow(
        api,
        user,
        &impersonation(AUTHENTICATION, "uids", "", &wanted.uid, ""),
    )
}

fn impersonation(
    group: &str,
    resource: &str,
    sub: &str,
    name: &str,
    namespace: &str,
) -> Attributes {
    Attributes {
        verb: "impersonate".into(),
        group: group.into(),
        resource: resource.into(),
        subresource: sub.into(),
        name: name.into(),
        namespace: namespace.into(),
        path: None,
    }
}

fn allow(api: &Api, user: &User, wanted: &Attributes) -> Outcome<()> {
    if is_allowed(api, user, wanted) {
        Ok(())
    } else {
        Err(refusal(user, wanted))
    }
}
