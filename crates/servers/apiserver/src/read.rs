//! Get and list: revisions, paging with continue tokens, selectors, and the form of the answer.

use std::sync::Arc;

use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use skein_store::{Key, ReadError, Snapshot, Stored};

use crate::api::{Api, Call};
use crate::convert;
use crate::custom;
use crate::failure::{Failure, Outcome};
use crate::list_options::{self, ListOptions, Match};
use crate::negotiate::{self, Form, Shape};
use crate::present::{self, ListMeta};
use crate::resource::Resource;
use crate::respond::{self, Reply};
use crate::selectors::Selection;
use crate::table;
use skein_object::Object;

/// What a continue token says: the list's revision and the path after which it goes on.
#[derive(Debug, Serialize, Deserialize)]
struct Continue {
    #[serde(default)]
    v: String,
    #[serde(default)]
    rv: i64,
    #[serde(default)]
    start: String,
}

/// Go's decoder does not look at the bits that the last character has too many.
const TOKENS: GeneralPurpose =
    GeneralPurpose::new(&URL_SAFE, NO_PAD.with_decode_allow_trailing_bits(true));

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
    let found = found.ok_or_else(|| Failure::not_found(resource, &call.info.name))?;
    custom::check_readable(resource, &found.object)?;
    Ok(found)
}

/// Answers `get`.
pub(crate) fn get(api: &Api, call: &Call, resource: &Resource) -> Outcome<Reply> {
    let form = negotiate::form(call.header("accept"))?;
    let version = list_options::revision(call.query.text("resourceVersion"));
    reached(api, version.map_err(|text| Failure::new(500, "", text))?)?;
    let stored = find(api, call, resource)?;
    stored_reply(200, form, resource, call, &stored)
}

/// A stored object in the agreed form.
pub(crate) fn stored_reply(
    code: u16,
    form: Form,
    resource: &Resource,
    call: &Call,
    stored: &Stored,
) -> Outcome<Reply> {
    if form == Form::PLAIN && present::is_native(resource, stored) {
        let json = stored.json.clone();
        return Ok(respond::raw(code, "application/json", json));
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
) -> Outcome<Reply> {
    let mut value = match form.shape {
        Shape::Full => object.to_value(),
        Shape::Metadata => present::metadata(&convert::inner(resource, object)),
        Shape::MetadataList => {
            let text = format!(
                "you requested PartialObjectMetadataList, but the requested object is not a list ({})",
                present::go_type(resource, false)
            );
            return Err(Failure::new(406, "NotAcceptable", text));
        }
        Shape::Table => {
            let meta = ListMeta {
                revision: object.resource_version().parse().unwrap_or_default(),
                continue_token: String::new(),
                remaining: None,
            };
            let include = table::Include::parse(&call.query)?;
            table::table(resource, &meta, std::slice::from_ref(object), include, true)
        }
    };
    if form.beta {
        present::to_beta(&mut value);
    }
    Ok(respond::value(code, form.encoding, &value))
}

fn reached(api: &Api, wanted: u64) -> Outcome<()> {
    let current = api.store.revision();
    if wanted > current {
        Err(Failure::future_revision(wanted, current))
    } else {
        Ok(())
    }
}

/// Answers `list`.
pub(crate) fn list(api: &Api, call: &Call, resource: &Resource) -> Outcome<Reply> {
    let form = negotiate::list_form(call.header("accept"))?;
    let options = ListOptions::parse(call, resource, false)?;
    // Pages come from the store itself, all else from the cache.
    if options.limit == 0 || options.resource_version == "0" {
        custom::check_listable(resource)?;
    }
    let (items, meta) = select(api, call, resource, &options)?;
    let value = shaped(form, call, resource, &items, &meta)?;
    Ok(respond::value(200, form.encoding, &value))
}

/// The page of objects that a request asks for.
pub(crate) fn select(
    api: &Api,
    call: &Call,
    resource: &Resource,
    options: &ListOptions,
) -> Outcome<(Vec<Arc<Stored>>, ListMeta)> {
    let snapshot = snapshot(api, call, resource, options)?;
    // A list at revision 0 comes from the cache of the real server, which knows no pages.
    let limit = match options.resource_version.as_str() {
        "0" if options.continue_token.is_empty() => 0,
        _ => options.limit,
    };
    let namespace = namespace(call, resource);
    let (items, meta) = page(snapshot, namespace, &options.selection, limit);
    for stored in &items {
        custom::check_readable(resource, &stored.object)?;
    }
    Ok((items, meta))
}

/// A list in the agreed shape.
pub(crate) fn shaped(
    form: Form,
    call: &Call,
    resource: &Resource,
    items: &[Arc<Stored>],
    meta: &ListMeta,
) -> Outcome<Value> {
    let mut value = match form.shape {
        Shape::Full => {
            let items = items
                .iter()
                .map(|stored| present::list_item(resource, stored))
                .collect();
            present::list(resource, meta, items)
        }
        Shape::Metadata => {
            let text = format!(
                "you requested PartialObjectMetadata, but the requested object is a list ({})",
                present::go_type(resource, true)
            );
            return Err(Failure::new(406, "NotAcceptable", text));
        }
        Shape::MetadataList => {
            let of = |stored: &Arc<Stored>| {
                let object = present::object(resource, stored);
                present::metadata(&convert::inner(resource, &object))
            };
            present::metadata_list(meta, items.iter().map(of).collect())
        }
        Shape::Table => {
            let objects: Vec<Object> = items
                .iter()
                .map(|stored| present::object(resource, stored))
                .collect();
            let include = table::Include::parse(&call.query)?;
            table::table(resource, meta, &objects, include, true)
        }
    };
    if form.beta {
        present::to_beta(&mut value);
    }
    Ok(value)
}

/// The objects that the list is taken from.
fn snapshot(
    api: &Api,
    call: &Call,
    resource: &Resource,
    options: &ListOptions,
) -> Outcome<Snapshot> {
    let namespace = namespace(call, resource);
    if !options.continue_token.is_empty() {
        let token = decode_token(&options.continue_token)?;
        if !matches!(options.resource_version.as_str(), "" | "0") {
            return Err(Failure::bad_request(
                "specifying resource version is not allowed when using continue",
            ));
        }
        return continued(api, resource, namespace, &token);
    }
    let version = options.revision()?;
    reached(api, version)?;
    // A limited list at a revision without a match mode is exact, for the sake of old clients.
    let legacy = options.matching == Match::Unset && options.limit > 0 && version > 0;
    if options.matching == Match::Exact || legacy {
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

/// Reads a continue token, by the rules and in the words of the API.
fn decode_token(text: &str) -> Outcome<Continue> {
    let bad = |why: &str| {
        Failure::bad_request(format!(
            "invalid continue token: continue key is not valid: {why}"
        ))
    };
    let bytes = TOKENS.decode(text).map_err(|error| {
        let at = match error {
            base64::DecodeError::InvalidByte(at, _)
            | base64::DecodeError::InvalidLastSymbol(at, _) => at,
            // One character too many: Go tells where it is.
            base64::DecodeError::InvalidLength(_) | base64::DecodeError::InvalidPadding => {
                text.len().saturating_sub(1)
            }
        };
        bad(&format!("illegal base64 data at input byte {at}"))
    })?;
    let token: Continue = serde_json::from_slice(&bytes).map_err(|_| {
        let first = String::from_utf8_lossy(&bytes).chars().next();
        match first {
            Some('{') | None => bad("unexpected end of JSON input"),
            Some(other) => bad(&format!(
                "invalid character {other:?} looking for beginning of value"
            )),
        }
    })?;
    if token.v != TOKEN_VERSION {
        return Err(bad(&format!(
            "server does not recognize this encoded version {}",
            token.v
        )));
    }
    if token.rv == 0 {
        return Err(bad(&format!(
            "incorrect encoded start resourceVersion (version {TOKEN_VERSION})"
        )));
    }
    if token.start.is_empty() {
        return Err(bad(&format!(
            "encoded start key empty (version {TOKEN_VERSION})"
        )));
    }
    Ok(token)
}

fn continued(
    api: &Api,
    resource: &Resource,
    namespace: Option<&str>,
    token: &Continue,
) -> Outcome<Snapshot> {
    let after = match namespace {
        // The real server's keys are relative to the list: inside a namespace they are names.
        Some(namespace) => format!("{namespace}/{}", token.start),
        None => token.start.clone(),
    };
    let after = after.trim_end_matches('\0');
    // A negative revision goes on with whatever is there now: the list is known to be inconsistent.
    let revision = u64::try_from(token.rv).unwrap_or_else(|_| api.store.revision());
    match api
        .store
        .list_at(&resource.storage, namespace, Some(after), revision)
    {
        Ok(snapshot) => Ok(snapshot),
        Err(ReadError::Future { requested, current }) => {
            Err(Failure::future_revision(requested, current))
        }
        Err(_) => {
            let mut failure = Failure::expired(
                "The provided continue parameter is too old to display a consistent list result. \
                 You can start a new list without the continue parameter, or use the continue token \
                 in this response to retrieve the remainder of the results. Continuing with the \
                 provided token results in an inconsistent list - objects that were created, \
                 modified, or deleted between the time the first chunk was returned and now may \
                 show up in the list.",
            );
            failure.continue_token = Some(encode_token(-1, &token.start));
            Err(failure)
        }
    }
}

fn encode_token(revision: i64, after: &str) -> String {
    let token = Continue {
        v: TOKEN_VERSION.into(),
        rv: revision,
        start: format!("{}\0", after.trim_end_matches('\0')),
    };
    TOKENS.encode(serde_json::to_vec(&token).unwrap_or_default())
}

fn page(
    snapshot: Snapshot,
    namespace: Option<&str>,
    selection: &Selection,
    limit: usize,
) -> (Vec<Arc<Stored>>, ListMeta) {
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
        let path = match namespace {
            Some(_) => stored.key.name.clone(),
            None => stored.key.path(),
        };
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
