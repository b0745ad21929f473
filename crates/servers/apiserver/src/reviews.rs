//! Reviews: questions about rights and identity, answered and not stored.

use serde_json::{Map, Value, json};
use skein_object::{GroupVersionKind, Object};
use skein_schema::{FieldError, FieldPath};

use crate::admit;
use crate::api::{Api, Call};
use crate::authn::User;
use crate::authz::{self, Attributes, Rule};
use crate::decode;
use crate::failure::{Failure, Outcome};
use crate::negotiate;
use crate::options::WriteOptions;
use crate::ownership;
use crate::read;
use crate::resource::Resource;
use crate::respond::{self, Reply};
use crate::write;

/// Whether the resource is a question and not something stored.
pub(crate) fn is_review(resource: &Resource) -> bool {
    matches!(
        resource.group.as_str(),
        "authorization.k8s.io" | "authentication.k8s.io"
    )
}

/// Answers a review.
pub(crate) fn answer(api: &Api, call: &Call, resource: &Resource) -> Outcome<Reply> {
    let form = negotiate::form(call.header("accept"))?;
    let decoded = decode::body(call)?;
    let options = WriteOptions::parse(call, "CreateOptions", false)?;
    let conformed = admit::conform(resource, decoded, options.validation)?;
    let mut review = conformed.object;
    if review.at(&["metadata"]).is_none() {
        review.set(&["metadata"], json!({}));
    }
    let now = crate::api::now();
    ownership::track(resource, "", None, &mut review, &options.manager, &now);
    if resource.namespaced && review.namespace().is_empty() {
        let namespace = read::namespace(call, resource).unwrap_or_default();
        review.set(&["metadata", "namespace"], namespace.into());
    }
    write::warned(check(resource, &review), &conformed.warnings)?;
    admit::lose_empties(resource, &mut review);
    let status = match resource.kind.as_str() {
        "SubjectAccessReview" | "LocalSubjectAccessReview" => {
            access(api, &subject(&review), &review)
        }
        "SelfSubjectAccessReview" => access(api, &call.user, &review),
        "SelfSubjectRulesReview" => rules(api, &call.user, &review),
        "SelfSubjectReview" => json!({"userInfo": user_info(&call.user)}),
        "TokenReview" => token(api, &review),
        _ => json!({}),
    };
    if resource.kind == "SelfSubjectReview" {
        review.remove(&["metadata", "name"]);
        review.set(&["metadata", "creationTimestamp"], crate::api::now().into());
    }
    if resource.kind == "SelfSubjectRulesReview" {
        // The answer says nothing but the rules.
        review.set(&["metadata"], json!({}));
        review.set(&["spec"], json!({}));
    }
    review.set(&["status"], status);
    let mut reply = read::object_reply(201, form, resource, call, &review)?;
    respond::warn(&mut reply, &conformed.warnings);
    Ok(reply)
}

fn texts(value: Option<&Value>) -> Vec<String> {
    let list = value.and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

fn subject(review: &Object) -> User {
    User {
        name: review
            .str_at(&["spec", "user"])
            .unwrap_or_default()
            .to_owned(),
        uid: review
            .str_at(&["spec", "uid"])
            .unwrap_or_default()
            .to_owned(),
        groups: texts(review.at(&["spec", "groups"])),
        ..User::default()
    }
}

fn attributes(review: &Object) -> Attributes {
    let text = |path: &[&str]| review.str_at(path).unwrap_or_default().to_owned();
    if review.at(&["spec", "nonResourceAttributes"]).is_some() {
        return Attributes {
            verb: text(&["spec", "nonResourceAttributes", "verb"]),
            path: Some(text(&["spec", "nonResourceAttributes", "path"])),
            ..Attributes::default()
        };
    }
    let part = |key: &str| text(&["spec", "resourceAttributes", key]);
    Attributes {
        verb: part("verb"),
        group: part("group"),
        resource: part("resource"),
        subresource: part("subresource"),
        name: part("name"),
        namespace: part("namespace"),
        path: None,
    }
}

fn access(api: &Api, user: &User, review: &Object) -> Value {
    let mut status = match authz::reason(api, user, &attributes(review)) {
        Some(reason) if reason.is_empty() => json!({"allowed": true}),
        Some(reason) => json!({"allowed": true, "reason": reason}),
        None => json!({"allowed": false}),
    };
    let attributes = review.at(&["spec", "resourceAttributes"]);
    let ignored = attributes.map(skein_validation::access::ignored_selectors);
    if let Some(ignored) = ignored.filter(|text| !text.is_empty()) {
        status["evaluationError"] = ignored.into();
    }
    status
}

/// Refuses questions that ask nothing, or two things at once.
fn check(resource: &Resource, review: &Object) -> Outcome<()> {
    match resource.kind.as_str() {
        "TokenReview"
            if review
                .str_at(&["spec", "token"])
                .unwrap_or_default()
                .is_empty() =>
        {
            let text = "token is required for TokenReview in authentication";
            return Err(Failure::bad_request(text));
        }
        "SelfSubjectRulesReview"
            if review
                .str_at(&["spec", "namespace"])
                .unwrap_or_default()
                .is_empty() =>
        {
            return Err(Failure::bad_request("no namespace on request"));
        }
        "SubjectAccessReview" | "LocalSubjectAccessReview" | "SelfSubjectAccessReview" => {}
        _ => return Ok(()),
    }
    let mut errors = spec_errors(resource, review);
    errors.extend(metadata_error(resource, review));
    if resource.kind == "LocalSubjectAccessReview" {
        errors.extend(local_errors(review));
    }
    if errors.is_empty() {
        return Ok(());
    }
    let causes = errors.iter().map(admit::cause).collect();
    // The real server leaves the kind out here.
    let gvk = GroupVersionKind::new(&resource.group, &resource.version, "");
    Err(Failure::invalid(&gvk, "", causes))
}

fn spec_errors(resource: &Resource, review: &Object) -> Vec<FieldError> {
    let at = |name: &str| FieldPath::new(format!("spec.{name}"));
    let spec = |name: &str| review.at(&["spec", name]).filter(|value| !value.is_null());
    let (path, resources) = (spec("nonResourceAttributes"), spec("resourceAttributes"));
    let mut errors = Vec::new();
    if let (Some(path), Some(_)) = (path, resources) {
        let text = "cannot be specified in combination with resourceAttributes";
        let error = FieldError::invalid(at("nonResourceAttributes"), path.clone(), text);
        errors.push(error.showing(go_attributes(path)));
    }
    if path.is_none() && resources.is_none() {
        let text = "exactly one of nonResourceAttributes or resourceAttributes must be specified";
        let place = at("resourceAttributes");
        errors.push(FieldError::invalid(place, Value::Null, text));
    }
    if let Some(resources) = resources {
        errors.extend(skein_validation::access::selector_errors(resources));
    }
    let nobody = texts(spec("groups")).is_empty()
        && review
            .str_at(&["spec", "user"])
            .unwrap_or_default()
            .is_empty();
    if resource.kind != "SelfSubjectAccessReview" && nobody {
        let text = "at least one of user or group must be specified";
        errors.push(FieldError::invalid(at("user"), "".into(), text));
    }
    errors
}

/// As Go prints the attributes of a path.
fn go_attributes(path: &Value) -> String {
    let text = |key: &str| Value::from(path.get(key).and_then(Value::as_str).unwrap_or_default());
    format!("{{\"Path\":{},\"Verb\":{}}}", text("path"), text("verb"))
}

/// Questions have no metadata but the namespace of the local kind.
fn metadata_error(resource: &Resource, review: &Object) -> Option<FieldError> {
    let is_local = resource.kind == "LocalSubjectAccessReview";
    let metadata = review.at(&["metadata"])?.as_object()?;
    let is_empty = metadata.iter().all(|(name, value)| {
        name == "managedFields"
            || (is_local && name == "namespace")
            || value.is_null()
            || value.as_str() == Some("")
    });
    if is_empty {
        return None;
    }
    let text = if is_local {
        "must be empty except for namespace"
    } else {
        "must be empty"
    };
    let value = Value::Object(metadata.clone());
    let error = FieldError::invalid(FieldPath::new("metadata"), value, text);
    Some(error.showing(go_metadata(metadata)))
}

/// Metadata in the order in which Go writes it.
fn go_metadata(metadata: &Map<String, Value>) -> String {
    const ORDER: [&str; 8] = [
        "name",
        "generateName",
        "namespace",
        "uid",
        "resourceVersion",
        "labels",
        "annotations",
        "finalizers",
    ];
    const ENTRY: [&str; 7] = [
        "manager",
        "operation",
        "apiVersion",
        "time",
        "fieldsType",
        "fieldsV1",
        "subresource",
    ];
    let ordered = |map: &Map<String, Value>, order: &[&str]| -> Vec<String> {
        let member = |name: &&str| Some(format!("{}:{}", Value::from(*name), map.get(*name)?));
        order.iter().filter_map(member).collect()
    };
    let mut members = ordered(metadata, &ORDER);
    if let Some(Value::Array(entries)) = metadata.get("managedFields") {
        let entries = entries.iter().filter_map(Value::as_object);
        let entries: Vec<String> = entries
            .map(|entry| format!("{{{}}}", ordered(entry, &ENTRY).join(",")))
            .collect();
        members.push(format!("\"managedFields\":[{}]", entries.join(",")));
    }
    format!("{{{}}}", members.join(","))
}

fn local_errors(review: &Object) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let at = |name: &str| FieldPath::new(format!("spec.{name}"));
    if review.at(&["spec", "resourceAttributes"]).is_some() {
        let namespace = review
            .str_at(&["spec", "resourceAttributes", "namespace"])
            .unwrap_or_default();
        if namespace != review.namespace() {
            let place = at("resourceAttributes.namespace");
            let text = "must match metadata.namespace";
            errors.push(FieldError::invalid(place, namespace.into(), text));
        }
    }
    if let Some(path) = review.at(&["spec", "nonResourceAttributes"]) {
        let text = "disallowed on this kind of request";
        let error = FieldError::invalid(at("nonResourceAttributes"), path.clone(), text);
        errors.push(error.showing(go_attributes(path)));
    }
    errors
}

fn rules(api: &Api, user: &User, review: &Object) -> Value {
    let namespace = review.str_at(&["spec", "namespace"]).unwrap_or_default();
    let (mut resource_rules, mut path_rules) = (Vec::new(), Vec::new());
    let _all = authz::visit_rules(api, user, namespace, |rule: &Rule| {
        if rule.paths.is_empty() {
            let mut value = json!({
                "verbs": rule.verbs, "apiGroups": rule.groups, "resources": rule.resources,
            });
            if !rule.names.is_empty() {
                value["resourceNames"] = json!(rule.names);
            }
            resource_rules.push(value);
        } else {
            path_rules.push(json!({"verbs": rule.verbs, "nonResourceURLs": rule.paths}));
        }
        false
    });
    json!({"resourceRules": resource_rules, "nonResourceRules": path_rules, "incomplete": false})
}

fn user_info(user: &User) -> Value {
    let mut info = json!({"username": user.name, "groups": user.groups});
    if !user.uid.is_empty() {
        info["uid"] = user.uid.as_str().into();
    }
    if !user.extra.is_empty() {
        info["extra"] = json!(user.extra);
    }
    info
}

fn token(api: &Api, review: &Object) -> Value {
    let token = review.str_at(&["spec", "token"]).unwrap_or_default();
    match api.authenticator.user_of_token(api, token) {
        Some(user) => {
            let audiences = match texts(review.at(&["spec", "audiences"])) {
                list if list.is_empty() => vec![crate::authn::ISSUER.to_owned()],
                list => list,
            };
            json!({"authenticated": true, "user": user_info(&user), "audiences": audiences})
        }
        None => json!({"user": {}, "error": "invalid bearer token"}),
    }
}
