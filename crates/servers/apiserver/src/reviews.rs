//! Reviews: questions about rights and identity, answered and not stored.

use serde_json::{Value, json};
use skein_object::Object;

use crate::admit;
use crate::api::{Api, Call};
use crate::authn::User;
use crate::authz::{self, Attributes, Rule};
use crate::decode;
use crate::failure::Outcome;
use crate::negotiate;
use crate::options::{FieldValidation, WriteOptions};
use crate::ownership;
use crate::read;
use crate::resource::Resource;
use crate::respond::Reply;

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
    let mut review = admit::conform(resource, decoded, FieldValidation::Ignore)?.object;
    if review.at(&["metadata"]).is_none() {
        review.set(&["metadata"], json!({}));
    }
    let options = WriteOptions::parse(call, "CreateOptions", false)?;
    let now = crate::api::now();
    ownership::track(resource, "", None, &mut review, &options.manager, &now);
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
        review.set(&["metadata", "creationTimestamp"], crate::api::now().into());
    }
    review.set(&["status"], status);
    read::object_reply(201, form, resource, call, &review)
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
    if authz::is_allowed(api, user, &attributes(review)) {
        json!({"allowed": true})
    } else {
        json!({"allowed": false})
    }
}

fn rules(api: &Api, user: &User, review: &Object) -> Value {
    let namespace = review.str_at(&["spec", "namespace"]).unwrap_or_default();
    let (mut resource_rules, mut path_rules) = (Vec::new(), Vec::new());
    if user.groups.iter().any(|group| group == "system:masters") {
        resource_rules.push(json!({"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}));
        path_rules.push(json!({"verbs": ["*"], "nonResourceURLs": ["*"]}));
    }
    authz::visit_rules(api, user, namespace, |rule: &Rule| {
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
