//! Field errors as kube-apiserver words them: path, reason, message.

use std::fmt;

use serde_json::Value;
use skein_gowords::quote;
use skein_object::GroupKind;

/// Path of a field: `spec.ports[0].name`, `metadata.labels[app]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldPath(String);

impl FieldPath {
    /// The root; prints as `<nil>` in a message, as Kubernetes does.
    pub fn root() -> Self {
        Self::default()
    }

    /// A path from its text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// A named field below this one.
    #[must_use]
    pub fn child(&self, name: &str) -> Self {
        if self.0.is_empty() {
            Self(name.to_owned())
        } else {
            Self(format!("{}.{name}", self.0))
        }
    }

    /// An element of a list below this one.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        Self(format!("{}[{index}]", self.0))
    }

    /// A key of a map below this one.
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        Self(format!("{}[{key}]", self.0))
    }

    /// The text; empty for the root.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "<nil>" } else { &self.0 })
    }
}

/// Why a field is refused; the `reason` of a StatusCause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldErrorKind {
    /// Not there.
    Required,
    /// Of the wrong form.
    Invalid,
    /// Of the wrong JSON type.
    TypeInvalid,
    /// Not among the allowed ones.
    NotSupported,
    /// Must be unique.
    Duplicate,
    /// Not allowed here or now.
    Forbidden,
    /// Too many characters or bytes.
    TooLong,
    /// Too few characters.
    TooShort,
    /// Too many elements.
    TooMany,
    /// What it refers to does not exist.
    NotFound,
    /// The check itself failed.
    Internal,
}

impl FieldErrorKind {
    /// `reason` of the StatusCause.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Required => "FieldValueRequired",
            Self::Invalid => "FieldValueInvalid",
            Self::TypeInvalid => "FieldValueTypeInvalid",
            Self::NotSupported => "FieldValueNotSupported",
            Self::Duplicate => "FieldValueDuplicate",
            Self::Forbidden => "FieldValueForbidden",
            Self::TooLong => "FieldValueTooLong",
            Self::TooShort => "FieldValueTooShort",
            Self::TooMany => "FieldValueTooMany",
            Self::NotFound => "FieldValueNotFound",
            Self::Internal => "InternalError",
        }
    }

    /// From the `reason` of a CEL rule.
    pub fn from_reason(reason: &str) -> Option<Self> {
        Some(match reason {
            "FieldValueRequired" => Self::Required,
            "FieldValueInvalid" => Self::Invalid,
            "FieldValueForbidden" => Self::Forbidden,
            "FieldValueDuplicate" => Self::Duplicate,
            _ => return None,
        })
    }

    fn words(self) -> &'static str {
        match self {
            Self::Required => "Required value",
            Self::Invalid | Self::TypeInvalid => "Invalid value",
            Self::NotSupported => "Unsupported value",
            Self::Duplicate => "Duplicate value",
            Self::Forbidden => "Forbidden",
            Self::TooLong => "Too long",
            Self::TooShort => "Too short",
            Self::TooMany => "Too many",
            Self::NotFound => "Not found",
            Self::Internal => "Internal error",
        }
    }

    fn shows_value(self) -> bool {
        !matches!(
            self,
            Self::Required | Self::Forbidden | Self::TooLong | Self::TooShort | Self::Internal
        )
    }
}

/// One refused field.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldError {
    /// Why.
    pub kind: FieldErrorKind,
    /// Where.
    pub field: FieldPath,
    /// The refused value, when the message shows it.
    pub value: Option<Value>,
    /// The value as the message shows it, where that is not [`go_value`] of it: Go keeps the order of its fields.
    pub shown: Option<String>,
    /// The rest of the message; may be empty.
    pub detail: String,
}

impl FieldError {
    /// An error of any kind.
    pub fn new(
        kind: FieldErrorKind,
        field: FieldPath,
        value: Option<Value>,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            kind,
            field,
            value,
            shown: None,
            detail: detail.into(),
        }
    }

    /// The same with the value shown in this way.
    #[must_use]
    pub fn showing(mut self, text: impl Into<String>) -> Self {
        self.shown = Some(text.into());
        self
    }

    /// A field that must be there.
    pub fn required(field: FieldPath, detail: impl Into<String>) -> Self {
        Self::new(FieldErrorKind::Required, field, None, detail)
    }

    /// A value of the wrong form.
    pub fn invalid(field: FieldPath, value: Value, detail: impl Into<String>) -> Self {
        Self::new(FieldErrorKind::Invalid, field, Some(value), detail)
    }

    /// A value that occurs twice.
    pub fn duplicate(field: FieldPath, value: Value) -> Self {
        Self::new(FieldErrorKind::Duplicate, field, Some(value), "")
    }

    /// A field that may not be set here or now.
    pub fn forbidden(field: FieldPath, detail: impl Into<String>) -> Self {
        Self::new(FieldErrorKind::Forbidden, field, None, detail)
    }

    /// A string that is too long, in bytes.
    pub fn too_long(field: FieldPath, limit: u64) -> Self {
        let unit = if limit == 1 { "byte" } else { "bytes" };
        let detail = format!("may not be more than {limit} {unit}");
        Self::new(FieldErrorKind::TooLong, field, None, detail)
    }

    /// A list or map that has too many members.
    pub fn too_many(field: FieldPath, actual: u64, limit: u64) -> Self {
        let noun = if limit == 1 { "item" } else { "items" };
        let detail = format!("must have at most {limit} {noun}");
        Self::new(FieldErrorKind::TooMany, field, Some(actual.into()), detail)
    }

    /// A value that is not among the allowed ones.
    pub fn not_supported<'a>(
        field: FieldPath,
        value: Value,
        allowed: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let allowed: Vec<String> = allowed.into_iter().map(quote).collect();
        let detail = if allowed.is_empty() {
            String::new()
        } else {
            format!("supported values: {}", allowed.join(", "))
        };
        Self::new(FieldErrorKind::NotSupported, field, Some(value), detail)
    }

    /// The message without the path: `message` of a StatusCause.
    pub fn body(&self) -> String {
        let mut text = self.kind.words().to_owned();
        if self.kind.shows_value()
            && let Some(value) = &self.value
        {
            text.push_str(": ");
            text.push_str(&self.shown.clone().unwrap_or_else(|| go_value(value)));
        }
        if !self.detail.is_empty() {
            text.push_str(": ");
            text.push_str(&self.detail);
        }
        text
    }

    /// `reason` of the StatusCause.
    pub fn reason(&self) -> &'static str {
        self.kind.reason()
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.body())
    }
}

/// All errors as one text: the error itself, or `[first, second]`; equal ones are said once.
pub fn aggregate(errors: &[FieldError]) -> String {
    let mut texts: Vec<String> = Vec::new();
    for error in errors {
        let text = error.to_string();
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    match texts.as_slice() {
        [only] => only.clone(),
        _ => format!("[{}]", texts.join(", ")),
    }
}

/// The message of a Status of reason Invalid (422).
pub fn invalid_message(kind: &GroupKind, name: &str, errors: &[FieldError]) -> String {
    format!("{kind} {} is invalid: {}", quote(name), aggregate(errors))
}

/// A value as it stands in a message: strings quoted as Go does, the rest as JSON with sorted keys.
pub fn go_value(value: &Value) -> String {
    match value {
        Value::String(text) => quote(text),
        other => sorted_json(other),
    }
}

fn sorted_json(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let mut keys: Vec<_> = map.iter().collect();
            keys.sort_by(|a, b| a.0.cmp(b.0));
            let member = |(key, value): (&String, &Value)| {
                format!("{}:{}", json_string(key), sorted_json(value))
            };
            format!(
                "{{{}}}",
                keys.into_iter().map(member).collect::<Vec<_>>().join(",")
            )
        }
        Value::Array(list) => {
            format!(
                "[{}]",
                list.iter().map(sorted_json).collect::<Vec<_>>().join(",")
            )
        }
        Value::String(text) => json_string(text),
        other => other.to_string(),
    }
}

/// A string as Go's encoder writes it.
fn json_string(text: &str) -> String {
    let mut out = String::new();
    skein_gowords::push_json_string(&mut out, text);
    out
}
