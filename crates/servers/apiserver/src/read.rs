//! Get and list: revisions, paging with continue tokens, selectors, and the form of the answer.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use skein_store::{Key, ReadError, Snapshot, Stored};

use crate::api::{Api, Call};
use crate::failure::{Cause, Failure, Outcome};
use crate::negotiate::{self, Encoding, Form, Shape};
use crate::present::{self, ListMeta};
use crate::resource::Resource;
use crate::respond::{self, Reply};
use crate::selectors::Selection;
use crate::table;
use skein_object::{GroupVersionKind, Object};

/// What a continue token says: the list's revision and the path after which it goes on.
#[derive(Debug, Serialize, Deserialize)]
struct Continue {
    v: String,
    rv: i64,
    start: String,
}

/// Version mark of continue tokens.
const TOKEN_VERSION: &str = "meta.k8s.io/v1";

/// The namespace of a request on a resource; `None` for all or for cluster-scoped kinds.
pub(crate) fn namespace<'a>(call: &'a Call, resource: &Resource) -> Option<&'a str> {
    let namespace = call.info.namespace.as_str();
    (resource.namespaced && !namespace.is_empty()).then_some(namespace)
}

/// The key of the object that a request names.
pub(crate) fn key(call: &Call, resource: &Resource) -> Key {
    let namespace = namespace(call, resource).unwrap_or_default();
    Key::new(&resource.storage, namespace, call.info.name.clone())
}

/// The stored object that a request names.
pub(crate) fn find(api: &Api, call: &Call, resource: &Resource) -> Outcome<Arc<Stored>> {
    let found = api.store.get(&key(call, resource));
    found.ok_or_else(|| Failure::not_found(resource, &call.info.name))
}

/// Answers `get`.
pub(crate) fn get(api: &Api, call: &Call, resource: &Resource) -> Outcome<Reply> {
    let form = negotiate::form(call.header("accept"))?;
    reached(api, call.query.revision()?)?;
    let stored = find(api, call, resource)?;
    Ok(stored_reply(200, form, resource, call, &stored))
}

/// A stored object in the agreed form.
pub(crate) fn stored_reply(
    code: u16,
    form: Form,
    resource: &Resource,
    call: &Call,
    stored: &Stored,
) -> Reply {
    let plain = form
        == Form {
            shape: Shape::Full,
            encoding: Encoding::Json,
        };
    if plain && present::is_native(resource, stored) {
        return respond::raw(code, "application/json", stored.json.clone());
    }
    object_reply(
        code,
        form,
        resource,
        call,
        &present::object(resource, stored),
    )
}

/// An object at the resource's version in the agreed form.
pub(crate) fn object_reply(
    code: u16,
    form: Form,
    resource: &Resource,
    call: &Call,
    object: &Object,
) -> Reply {
    let value = match form.shape {
        Shape::Full => object.to_value(),
        Shape::Metadata => present::metadata(object),
        Shape::Table => {
            let meta = ListMeta {
                revision: object.resource_version().parse().unwrap_or_default(),
                continue_token: String::new(),
                remaining: None,
            };
            table::table(
                resource,
                &meta,
                std::slice::from_ref(object),
                call.query.text("includeObject"),
                true,
            )
        }
    };
    respond::value(code, form.encoding, &value)
}

fn reached(api: &Api, wanted: u64) -> Outcome<()> {
    let current = api.store.revision();
    if wanted > current {
        Err(Failure::future_revision(wanted, current))
    } else {
        Ok(())
    }
}

fn options_invalid(field: &str, reason: &str, message: &str) -> Box<Failure> {
    let gvk = GroupVersionKind::new("meta.k8s.io", "v1", "ListOptions");
    Failure::invalid(&gvk, "", vec![Cause::new(reason, field, message)])
}

fn check_list_options(call: &Call) -> Outcome<()> {
    let query = &call.query;
    let matching = query.text("resourceVersionMatch");
    let version = query.text("resourceVersion");
    if matching.is_empty() {
        return Ok(());
    }
    let forbidden = |text: &str| {
        Err(options_invalid(
            "resourceVersionMatch",
            "FieldValueForbidden",
            &format!("Forbidden: {text}"),
        ))
    };
    if !query.text("continue").is_empty() {
        return forbidden("resourceVersionMatch is forbidden when continue is provided");
    }
    if version.is_empty() {
        return forbidden("resourceVersionMatch is forbidden unless resourceVersion is provided");
    }
    match matching {
        "NotOlderThan" => Ok(()),
        "Exact" if version == "0" => {
            forbidden("resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"")
        }
        "Exact" => Ok(()),
        other => Err(options_invalid(
            "resourceVersionMatch",
            "FieldValueNotSupported",
            &format!(
                "Unsupported value: {other:?}: supported values: \"Exact\", \"NotOlderThan\", \"\""
            ),
        )),
    }
}

/// Answers `list`.
pub(crate) fn list(api: &Api, call: &Call, resource: &Resource) -> Outcome<Reply> {
    let form = negotiate::form(call.header("accept"))?;
    let selection = Selection::parse(&call.query, resource)?;
    check_list_options(call)?;
    let snapshot = snapshot(api, call, resource)?;
    let limit = call.query.number("limit")?.unwrap_or(0);
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let (items, meta) = page(snapshot, &selection, limit);
    let value = match form.shape {
        Shape::Full => {
            let items = items
                .iter()
                .map(|stored| present::list_item(resource, stored))
                .collect();
            present::list(resource, &meta, items)
        }
        Shape::Metadata => {
            let of = |stored: &Arc<Stored>| present::metadata(&present::object(resource, stored));
            present::metadata_list(&meta, items.iter().map(of).collect())
        }
        Shape::Table => {
            let objects: Vec<Object> = items
                .iter()
                .map(|stored| present::object(resource, stored))
                .collect();
            table::table(
                resource,
                &meta,
                &objects,
                call.query.text("includeObject"),
                true,
            )
        }
    };
    Ok(respond::value(200, form.encoding, &value))
}

/// The objects that the list is taken from.
fn snapshot(api: &Api, call: &Call, resource: &Resource) -> Outcome<Snapshot> {
    let namespace = namespace(call, resource);
    let token = call.query.text("continue");
    if !token.is_empty() {
        return continued(api, resource, namespace, token);
    }
    let version = call.query.revision()?;
    reached(api, version)?;
    let limited = call.query.number("limit")?.is_some_and(|limit| limit > 0);
    let matching = call.query.text("resourceVersionMatch");
    // A limited list at a revision without a match mode is exact, for the sake of old clients.
    if matching == "Exact" || (matching.is_empty() && limited && version > 0) {
        let snapshot = api
            .store
            .list_at(&resource.storage, namespace, None, version);
        return match snapshot {
            Ok(snapshot) => Ok(snapshot),
            Err(_) => Err(Failure::expired(
                "The resourceVersion for the provided list is too old.",
            )),
        };
    }
    Ok(api.store.list(&resource.storage, namespace))
}

fn continued(
    api: &Api,
    resource: &Resource,
    namespace: Option<&str>,
    token: &str,
) -> Outcome<Snapshot> {
    let bad = || {
        Failure::bad_request(
            "invalid continue token: continue key is not valid: illegal base64 data at input byte 0",
        )
    };
    let bytes = URL_SAFE_NO_PAD
        .decode(token.trim_end_matches('='))
        .map_err(|_| bad())?;
    let token: Continue = serde_json::from_slice(&bytes).map_err(|_| bad())?;
    if token.v != TOKEN_VERSION || token.start.is_empty() {
        return Err(bad());
    }
    let after = token.start.trim_end_matches('\0');
    // A negative revision goes on with whatever is there now: the list is known to be inconsistent.
    let revision = u64::try_from(token.rv).unwrap_or_else(|_| api.store.revision());
    match api
        .store
        .list_at(&resource.storage, namespace, Some(after), revision)
    {
        Ok(snapshot) => Ok(snapshot),
        Err(ReadError::Expired { .. }) => {
            let mut failure = Failure::expired(
                "The provided continue parameter is too old to display a consistent list result. \
                 You can start a new list without the continue parameter, or use the continue token \
                 in this response to retrieve the remainder of the results. Continuing with the \
                 provided token results in an inconsistent list - objects that were created, \
                 modified, or deleted between the time the first chunk was returned and now may \
                 show up in the list.",
            );
            failure.continue_token = Some(encode_token(-1, after));
            Err(failure)
        }
        Err(_) => Err(bad()),
    }
}

fn encode_token(revision: i64, after: &str) -> String {
    let token = Continue {
        v: TOKEN_VERSION.into(),
        rv: revision,
        start: format!("{after}\0"),
    };
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(&token).unwrap_or_default())
}

fn page(snapshot: Snapshot, selection: &Selection, limit: usize) -> (Vec<Arc<Stored>>, ListMeta) {
    let revision = snapshot.revision;
    let limit = if limit == 0 { usize::MAX } else { limit };
    let mut items = Vec::new();
    let mut rest = snapshot.items.into_iter();
    let mut token = String::new();
    let mut remaining = None;
    while let Some(stored) = rest.next() {
        if !selection.matches(&stored.object) {
            continue;
        }
        let path = stored.key.path();
        items.push(stored);
        let more = rest.len();
        if items.len() >= limit && more > 0 {
            token = encode_token(i64::try_from(revision).unwrap_or(i64::MAX), &path);
            // With a selector the server cannot know how many remain.
            remaining = selection.is_everything().then_some(more as u64);
            break;
        }
    }
    (
        items,
        ListMeta {
            revision,
            continue_token: token,
            remaining,
        },
    )
}

/// The whole list as a JSON value, for other handlers.
pub(crate) fn list_value(resource: &Resource, revision: u64, items: Vec<Value>) -> Value {
    let meta = ListMeta {
        revision,
        continue_token: String::new(),
        remaining: None,
    };
    present::list(resource, &meta, items)
}
