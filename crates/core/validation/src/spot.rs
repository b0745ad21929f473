//! A field with its place: what the rules look at and what they complain about.

use serde_json::{Map, Value};
use skein_object::Object;
use skein_schema::FieldError;
use skein_schema::field_error::{FieldPath, go_value};

static NULL: Value = Value::Null;

/// A value (null when absent) and its path.
#[derive(Clone, Debug)]
pub(crate) struct Spot<'a> {
    pub(crate) value: &'a Value,
    pub(crate) path: FieldPath,
}

impl<'a> Spot<'a> {
    /// A top-level field of an object.
    pub(crate) fn of(object: &'a Object, name: &str) -> Self {
        Self {
            value: object.at(&[name]).unwrap_or(&NULL),
            path: FieldPath::new(name),
        }
    }

    pub(crate) fn new(value: Option<&'a Value>, path: FieldPath) -> Self {
        Self {
            value: value.unwrap_or(&NULL),
            path,
        }
    }

    /// The field below; dots go deeper: `template.spec`.
    pub(crate) fn get(&self, names: &str) -> Self {
        names.split('.').fold(self.clone(), |spot, name| Self {
            value: spot.value.get(name).unwrap_or(&NULL),
            path: spot.path.child(name),
        })
    }

    /// Elements of a list.
    pub(crate) fn items(
        &self,
    ) -> impl DoubleEndedIterator<Item = Self> + ExactSizeIterator + use<'a> {
        let path = self.path.clone();
        let list = self.value.as_array().map_or(&[][..], Vec::as_slice);
        list.iter().enumerate().map(move |(index, value)| Self {
            value,
            path: path.index(index),
        })
    }

    /// Members of a map, sorted, each at `path[key]`.
    pub(crate) fn members(&self) -> Vec<(&'a str, Self)> {
        let mut members: Vec<_> = self.map().into_iter().flatten().collect();
        members.sort_by_key(|(key, _)| key.as_str());
        let member = |(key, value): (&'a String, &'a Value)| {
            let path = self.path.key(key);
            (key.as_str(), Self { value, path })
        };
        members.into_iter().map(member).collect()
    }

    pub(crate) fn map(&self) -> Option<&'a Map<String, Value>> {
        self.value.as_object()
    }

    /// How many elements a list or members a map has.
    pub(crate) fn len(&self) -> usize {
        match self.value {
            Value::Array(list) => list.len(),
            Value::Object(map) => map.len(),
            _ => 0,
        }
    }

    /// The text; empty when it is none.
    pub(crate) fn text(&self) -> &'a str {
        self.value.as_str().unwrap_or_default()
    }

    pub(crate) fn number(&self) -> Option<i64> {
        self.value.as_i64()
    }

    pub(crate) fn is_true(&self) -> bool {
        self.value.as_bool() == Some(true)
    }

    pub(crate) fn is_set(&self) -> bool {
        !self.value.is_null()
    }

    /// Absent, or an empty text.
    pub(crate) fn is_blank(&self) -> bool {
        self.value.is_null() || self.value.as_str() == Some("")
    }

    pub(crate) fn required(&self, detail: &str) -> FieldError {
        FieldError::required(self.path.clone(), detail)
    }

    pub(crate) fn invalid(&self, detail: impl Into<String>) -> FieldError {
        FieldError::invalid(self.path.clone(), self.value.clone(), detail)
    }

    /// An error that shows another value than the field's.
    pub(crate) fn invalid_as(
        &self,
        shown: impl Into<Value>,
        detail: impl Into<String>,
    ) -> FieldError {
        FieldError::invalid(self.path.clone(), shown.into(), detail)
    }

    pub(crate) fn forbidden(&self, detail: &str) -> FieldError {
        FieldError::forbidden(self.path.clone(), detail)
    }

    pub(crate) fn duplicate(&self) -> FieldError {
        FieldError::duplicate(self.path.clone(), self.value.clone())
    }

    pub(crate) fn not_supported(&self, allowed: &[&str]) -> FieldError {
        FieldError::not_supported(
            self.path.clone(),
            self.value.clone(),
            allowed.iter().copied(),
        )
    }
}

/// A struct as Go's encoder writes it: fields in their own order. Values are shown as they stand.
pub(crate) fn go_struct(fields: &[(&str, &Value)]) -> String {
    let fields: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{}:{}", Value::from(*name), go_json(value)))
        .collect();
    format!("{{{}}}", fields.join(","))
}

/// A value inside a Go struct; unlike on its own a text is JSON there.
fn go_json(value: &Value) -> String {
    match value {
        Value::String(_) => value.to_string(),
        other => go_value(other),
    }
}

/// What is wrong; rules add to it.
#[derive(Debug, Default)]
pub(crate) struct Errors(pub(crate) Vec<FieldError>);

impl Errors {
    pub(crate) fn add(&mut self, error: FieldError) {
        self.0.push(error);
    }

    pub(crate) fn add_all(&mut self, errors: impl IntoIterator<Item = FieldError>) {
        self.0.extend(errors);
    }

    /// Adds an error where a condition holds.
    pub(crate) fn add_if(&mut self, wrong: bool, error: impl FnOnce() -> FieldError) {
        if wrong {
            self.0.push(error());
        }
    }

    /// One error for each problem of the text.
    pub(crate) fn problems(&mut self, spot: &Spot<'_>, problems: Vec<String>) {
        self.0
            .extend(problems.into_iter().map(|problem| spot.invalid(problem)));
    }

    /// A text that must be there and among the allowed ones.
    pub(crate) fn choice(&mut self, spot: &Spot<'_>, allowed: &[&str]) {
        if spot.is_blank() {
            self.add(spot.required(""));
        } else {
            self.optional_choice(spot, allowed);
        }
    }

    /// A text that, when set, must be among the allowed ones.
    pub(crate) fn optional_choice(&mut self, spot: &Spot<'_>, allowed: &[&str]) {
        if spot.is_set() && !allowed.contains(&spot.text()) {
            self.add(spot.not_supported(allowed));
        }
    }

    /// A number that is not negative, when set.
    pub(crate) fn not_negative(&mut self, spot: &Spot<'_>) {
        if spot.number().is_some_and(|number| number < 0) {
            self.add(spot.invalid("must be greater than or equal to 0"));
        }
    }

    /// A text that must be there.
    pub(crate) fn filled(&mut self, spot: &Spot<'_>) {
        if spot.is_blank() {
            self.add(spot.required(""));
        }
    }
}
