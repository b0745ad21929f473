//! Refusals as the Kubernetes API gives them: HTTP code, reason, message, details and causes.

use serde_json::{Map, Value, json};
use skein_object::GroupVersionKind;
use skein_store::WriteError;

use crate::resource::Resource;

/// One cause of a refusal, as `details.causes` lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cause {
    pub(crate) reason: String,
    pub(crate) message: String,
    pub(crate) field: String,
}

impl Cause {
    pub(crate) fn new(
        reason: impl Into<String>,
        field: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            reason: reason.into(),
            message: message.into(),
            field: field.into(),
        }
    }

    fn to_value(&self) -> Value {
        let mut map = Map::new();
        for (key, text) in [
            ("reason", &self.reason),
            ("message", &self.message),
            ("field", &self.field),
        ] {
            if !text.is_empty() {
                map.insert(key.into(), text.as_str().into());
            }
        }
        Value::Object(map)
    }
}

/// What a refusal is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Details {
    pub(crate) name: String,
    pub(crate) group: String,
    /// Plural of the resource, or the kind for validation failures, as the real server has it.
    pub(crate) kind: String,
    pub(crate) uid: String,
    pub(crate) causes: Vec<Cause>,
    pub(crate) retry_after_seconds: u32,
}

/// A refused request. Boxed where it is returned, since answers are the common case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) code: u16,
    pub(crate) reason: &'static str,
    pub(crate) message: String,
    pub(crate) details: Option<Details>,
    /// Continue token that the client may go on with (expired lists).
    pub(crate) continue_token: Option<String>,
    /// Warnings that go with the refusal.
    pub(crate) warnings: Vec<String>,
    /// Told as plain text: nothing that knows of objects has seen the request.
    pub(crate) is_plain: bool,
}

/// The result of handling a request.
pub(crate) type Outcome<T> = Result<T, Box<Failure>>;

impl Failure {
    pub(crate) fn new(code: u16, reason: &'static str, message: impl Into<String>) -> Box<Self> {
        let message = message.into();
        Box::new(Self {
            code,
            reason,
            message,
            details: None,
            continue_token: None,
            warnings: Vec::new(),
            is_plain: false,
        })
    }

    fn with(mut self: Box<Self>, details: Details) -> Box<Self> {
        self.details = Some(details);
        self
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Box<Self> {
        Self::new(400, "BadRequest", message)
    }

    pub(crate) fn unauthorized() -> Box<Self> {
        Self::new(401, "Unauthorized", "Unauthorized")
    }

    pub(crate) fn not_found(resource: &Resource, name: &str) -> Box<Self> {
        Self::named_not_found(&resource.group, &resource.plural, name)
    }

    pub(crate) fn named_not_found(group: &str, plural: &str, name: &str) -> Box<Self> {
        let message = format!("{} {name:?} not found", qualified(group, plural));
        Self::new(404, "NotFound", message).with(about(group, plural, name))
    }

    /// The answer for a path that nothing serves.
    pub(crate) fn unknown_path() -> Box<Self> {
        let message = "the server could not find the requested resource";
        Self::new(404, "NotFound", message).with(Details::default())
    }

    /// The answer for a group, version or resource that nothing serves.
    pub(crate) fn page_not_found() -> Box<Self> {
        let mut failure = Self::new(404, "NotFound", "404 page not found\n");
        failure.is_plain = true;
        failure
    }

    pub(crate) fn already_exists(resource: &Resource, name: &str) -> Box<Self> {
        let qualified = qualified(&resource.group, &resource.plural);
        let message = format!("{qualified} {name:?} already exists");
        let details = about(&resource.group, &resource.plural, name);
        Self::new(409, "AlreadyExists", message).with(details)
    }

    pub(crate) fn conflict(resource: &Resource, name: &str, why: &str) -> Box<Self> {
        let qualified = qualified(&resource.group, &resource.plural);
        let message = format!("Operation cannot be fulfilled on {qualified} {name:?}: {why}");
        let details = about(&resource.group, &resource.plural, name);
        Self::new(409, "Conflict", message).with(details)
    }

    pub(crate) fn modified(resource: &Resource, name: &str) -> Box<Self> {
        let why = "the object has been modified; please apply your changes to the latest version and try again";
        Self::conflict(resource, name, why)
    }

    /// Server-side apply met fields of others.
    pub(crate) fn apply_conflict(message: String, causes: Vec<Cause>) -> Box<Self> {
        Self::new(409, "Conflict", message).with(Details {
            causes,
            ..Details::default()
        })
    }

    pub(crate) fn forbidden(resource: &Resource, name: &str, why: &str) -> Box<Self> {
        let qualified = qualified(&resource.group, &resource.plural);
        let message = if name.is_empty() {
            format!("{qualified} is forbidden: {why}")
        } else {
            format!("{qualified} {name:?} is forbidden: {why}")
        };
        let details = about(&resource.group, &resource.plural, name);
        Self::new(403, "Forbidden", message).with(details)
    }

    /// The object breaks rules of its kind.
    pub(crate) fn invalid(gvk: &GroupVersionKind, name: &str, causes: Vec<Cause>) -> Box<Self> {
        let mut texts: Vec<String> = Vec::with_capacity(causes.len());
        for cause in &causes {
            let text = if cause.field.is_empty() {
                cause.message.clone()
            } else {
                format!("{}: {}", cause.field, cause.message)
            };
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
        let joined = match texts.as_slice() {
            [single] => single.clone(),
            several => format!("[{}]", several.join(", ")),
        };
        let kind = gvk.group_kind().to_string();
        let message = format!("{kind} {name:?} is invalid: {joined}");
        let details = Details {
            causes,
            ..about(&gvk.group, &gvk.kind, name)
        };
        Self::new(422, "Invalid", message).with(details)
    }

    pub(crate) fn unsupported_method() -> Box<Self> {
        let message = "the server does not allow this method on the requested resource";
        Self::new(405, "MethodNotAllowed", message).with(Details::default())
    }

    pub(crate) fn not_acceptable(accepted: &[&str]) -> Box<Self> {
        let list = accepted.join(", ");
        let message = format!("406: Not Acceptable\n\nAvailable representations: {list}");
        Self::new(406, "NotAcceptable", message).with(Details::default())
    }

    /// The media type is known, what it is to hold is not.
    pub(crate) fn only_media_types(accepted: &[&str]) -> Box<Self> {
        let list = accepted.join(", ");
        let message = format!("only the following media types are accepted: {list}");
        Self::new(406, "NotAcceptable", message)
    }

    pub(crate) fn unsupported_patch_type() -> Box<Self> {
        Self::new(415, "UnsupportedMediaType", "415: Unsupported Media Type")
            .with(Details::default())
    }

    /// The request is refused without saying why, as some broken patches are.
    pub(crate) fn rejected() -> Box<Self> {
        let message = "the server rejected our request due to an error in our request";
        Self::new(422, "Invalid", message).with(Details::default())
    }

    /// The patched object does not fit its kind.
    pub(crate) fn invalid_patch(patched: &str, why: &str) -> Box<Self> {
        let text = format!("Invalid value: {patched:?}: {why}");
        let cause = Cause::new("FieldValueInvalid", "patch", text);
        Self::invalid(&GroupVersionKind::default(), "", vec![cause])
    }

    /// A precondition of a delete does not hold; these name the kind and not the resource.
    pub(crate) fn precondition(gvk: &GroupVersionKind, name: &str, why: &str) -> Box<Self> {
        let kind = gvk.group_kind().to_string();
        let message = format!("Operation cannot be fulfilled on {kind} {name:?}: {why}");
        Self::new(409, "Conflict", message).with(about(&gvk.group, &gvk.kind, name))
    }

    pub(crate) fn unsupported_media_type(accepted: &[&str]) -> Box<Self> {
        let list = accepted.join(", ");
        let message = format!(
            "the body of the request was in an unknown format - accepted media types include: {list}"
        );
        Self::new(415, "UnsupportedMediaType", message)
    }

    /// The revision is older than what is remembered.
    pub(crate) fn expired(message: impl Into<String>) -> Box<Self> {
        Self::new(410, "Expired", message)
    }

    pub(crate) fn future_revision(requested: u64, current: u64) -> Box<Self> {
        let message = format!("Too large resource version: {requested}, current: {current}");
        let cause = Cause::new("ResourceVersionTooLarge", "", "Too large resource version");
        let message = format!("Timeout: {message}");
        Self::new(504, "Timeout", message).with(Details {
            causes: vec![cause],
            retry_after_seconds: 1,
            ..Details::default()
        })
    }

    pub(crate) fn too_large(limit_bytes: usize) -> Box<Self> {
        let message = format!("Request entity too large: limit is {limit_bytes}");
        Self::new(413, "RequestEntityTooLarge", message)
    }

    pub(crate) fn too_many_requests(message: &str) -> Box<Self> {
        Self::new(429, "TooManyRequests", message).with(Details {
            retry_after_seconds: 1,
            ..Details::default()
        })
    }

    pub(crate) fn internal(message: impl Into<String>) -> Box<Self> {
        let message = message.into();
        let cause = Cause::new("", "", message.clone());
        Self::new(
            500,
            "InternalError",
            format!("Internal error occurred: {message}"),
        )
        .with(Details {
            causes: vec![cause],
            ..Details::default()
        })
    }

    /// What a refused write of the store means to the client.
    pub(crate) fn from_write(error: WriteError, resource: &Resource, name: &str) -> Box<Self> {
        match error {
            WriteError::Exists(_) => Self::already_exists(resource, name),
            WriteError::NotFound(_) => Self::not_found(resource, name),
            WriteError::Conflict(_) => Self::modified(resource, name),
            WriteError::TooLarge { .. } => Self::new(500, "", "etcdserver: request is too large"),
            other => Self::internal(other.to_string()),
        }
    }

    /// The `Status` object.
    pub(crate) fn to_value(&self) -> Value {
        let mut metadata = Map::new();
        if let Some(token) = &self.continue_token {
            metadata.insert("continue".into(), token.as_str().into());
        }
        let mut map = Map::new();
        map.insert("kind".into(), "Status".into());
        map.insert("apiVersion".into(), "v1".into());
        map.insert("metadata".into(), metadata.into());
        map.insert("status".into(), "Failure".into());
        map.insert("message".into(), self.message.as_str().into());
        if !self.reason.is_empty() {
            map.insert("reason".into(), self.reason.into());
        }
        if let Some(details) = &self.details {
            map.insert("details".into(), details.to_value());
        }
        map.insert("code".into(), self.code.into());
        Value::Object(map)
    }
}

impl Details {
    fn to_value(&self) -> Value {
        let mut map = Map::new();
        for (key, text) in [
            ("name", &self.name),
            ("group", &self.group),
            ("kind", &self.kind),
            ("uid", &self.uid),
        ] {
            if !text.is_empty() {
                map.insert(key.into(), text.as_str().into());
            }
        }
        if !self.causes.is_empty() {
            let causes = self.causes.iter().map(Cause::to_value).collect();
            map.insert("causes".into(), Value::Array(causes));
        }
        if self.retry_after_seconds > 0 {
            map.insert("retryAfterSeconds".into(), self.retry_after_seconds.into());
        }
        Value::Object(map)
    }
}

/// `plural.group`, or `plural` in the core group.
pub(crate) fn qualified(group: &str, plural: &str) -> String {
    if group.is_empty() {
        plural.to_owned()
    } else {
        format!("{plural}.{group}")
    }
}

fn about(group: &str, kind: &str, name: &str) -> Details {
    Details {
        name: name.into(),
        group: group.into(),
        kind: kind.into(),
        ..Details::default()
    }
}

/// The `Status` of a removed object that is not returned itself.
pub(crate) fn removed(resource: &Resource, name: &str, uid: &str) -> Value {
    let details = Details {
        uid: uid.into(),
        ..about(&resource.group, &resource.plural, name)
    };
    json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success",
        "details": details.to_value(),
    })
}
