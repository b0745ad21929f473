//! The schema tree: what a value may be, how its lists and maps merge, and which rules it obeys.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;

use serde_json::Value;

use crate::builtin;

/// JSON type that a schema asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueType {
    /// A map.
    Object,
    /// A list.
    Array,
    /// A string.
    String,
    /// A whole number.
    Integer,
    /// Any number.
    Number,
    /// true or false.
    Boolean,
}

impl ValueType {
    /// The OpenAPI name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Object => "object",
            Self::Array => "array",
            Self::String => "string",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Boolean => "boolean",
        }
    }

    /// From the OpenAPI name.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "object" => Self::Object,
            "array" => Self::Array,
            "string" => Self::String,
            "integer" => Self::Integer,
            "number" => Self::Number,
            "boolean" => Self::Boolean,
            _ => return None,
        })
    }
}

/// `x-kubernetes-list-type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListType {
    /// Replaced as a whole.
    Atomic,
    /// Unique scalars, owned one by one.
    Set,
    /// Maps identified by `list_map_keys`, owned one by one.
    Map,
}

/// `x-kubernetes-map-type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MapType {
    /// Replaced as a whole.
    Atomic,
    /// Owned key by key.
    Granular,
}

/// `x-kubernetes-patch-strategy` and `x-kubernetes-patch-merge-key`: strategic merge patch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PatchStrategy {
    /// A patch's value stands alone, even of a map.
    pub replace: bool,
    /// Lists merge (by `merge_key`, or as a set of scalars without one).
    pub merge: bool,
    /// Fields that a patch's `$retainKeys` does not name are dropped.
    pub retain_keys: bool,
    /// Field that identifies an element.
    pub merge_key: Option<String>,
}

/// What a map may hold beyond its properties.
#[derive(Clone, Debug, Default)]
pub enum Additional {
    /// `additionalProperties` is not given.
    #[default]
    Unset,
    /// Given as a boolean.
    Allowed(bool),
    /// Given as a schema for the values.
    Schema(SchemaRef),
}

/// A CEL rule of `x-kubernetes-validations`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rule {
    /// Expression over `self` (and `oldSelf`) that must be true.
    pub rule: String,
    /// Text when the rule is broken.
    pub message: Option<String>,
    /// Expression that makes the text; wins over `message` when it yields a usable string.
    pub message_expression: Option<String>,
    /// Reason of the cause: `FieldValueInvalid` when absent.
    pub reason: Option<String>,
    /// Path of the field to blame, relative to where the rule stands: `.spec.x` or `['x']`.
    pub field_path: Option<String>,
    /// `oldSelf` is an optional and the rule also runs on create.
    pub optional_old_self: bool,
}

impl Rule {
    /// The rule as the API server prints it in refusals: Go's type, encoded as JSON with HTML escapes.
    pub fn go_text(&self) -> String {
        let text = |text: &str| Value::from(text).to_string();
        let some = |value: &Option<String>| text(value.as_deref().unwrap_or_default());
        let reason = self.reason.as_deref().map_or("null".to_owned(), text);
        let optional = if self.optional_old_self {
            "true"
        } else {
            "null"
        };
        format!(
            "{{\"Rule\":{},\"Message\":{},\"MessageExpression\":{},\"Reason\":{reason},\"FieldPath\":{},\"OptionalOldSelf\":{optional}}}",
            text(&self.rule),
            some(&self.message),
            some(&self.message_expression),
            some(&self.field_path),
        )
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
    }
}

/// Bounds on values. All are inclusive unless said otherwise.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Limits {
    /// Smallest number.
    pub minimum: Option<f64>,
    /// `minimum` itself is refused.
    pub exclusive_minimum: bool,
    /// Largest number.
    pub maximum: Option<f64>,
    /// `maximum` itself is refused.
    pub exclusive_maximum: bool,
    /// Numbers must be a multiple of this.
    pub multiple_of: Option<f64>,
    /// Shortest string, in characters.
    pub min_length: Option<u64>,
    /// Longest string, in characters.
    pub max_length: Option<u64>,
    /// Regular expression that a string must match somewhere.
    pub pattern: Option<String>,
    /// Fewest elements of a list.
    pub min_items: Option<u64>,
    /// Most elements of a list.
    pub max_items: Option<u64>,
    /// Elements of a list must differ.
    pub unique_items: bool,
    /// Fewest keys of a map.
    pub min_properties: Option<u64>,
    /// Most keys of a map.
    pub max_properties: Option<u64>,
}

/// Logical combinations of schemas; they only validate, they never add structure.
#[derive(Clone, Debug, Default)]
pub struct Junctors {
    /// All must hold.
    pub all_of: Vec<SchemaRef>,
    /// At least one must hold.
    pub any_of: Vec<SchemaRef>,
    /// Exactly one must hold.
    pub one_of: Vec<SchemaRef>,
    /// Must not hold.
    pub not: Option<SchemaRef>,
}

/// A schema. The default value accepts anything.
#[derive(Clone, Debug, Default)]
pub struct Schema {
    /// Full name of a named definition: `io.k8s.api.apps.v1.Deployment`.
    pub name: Option<String>,
    /// JSON type; any when absent.
    pub value_type: Option<ValueType>,
    /// `format`: `int32`, `int64`, `date-time`, `byte`, `int-or-string`, ...
    pub format: Option<String>,
    /// Fields of a map.
    pub properties: BTreeMap<String, SchemaRef>,
    /// What a map may hold beyond `properties`.
    pub additional: Additional,
    /// Elements of a list.
    pub items: Option<SchemaRef>,
    /// Fields that must be there.
    pub required: Vec<String>,
    /// Value when the field is absent.
    pub default: Option<Value>,
    /// null is a value.
    pub nullable: bool,
    /// The only values allowed, when not empty.
    pub enumeration: Vec<Value>,
    /// Bounds.
    pub limits: Option<Box<Limits>>,
    /// allOf, anyOf, oneOf, not.
    pub junctors: Option<Box<Junctors>>,
    /// Unknown fields survive pruning.
    pub preserve_unknown_fields: bool,
    /// The value is a Kubernetes object of its own.
    pub embedded_resource: bool,
    /// A whole number or a string.
    pub int_or_string: bool,
    /// How the list merges; atomic when absent (see [`Schema::list_keys`] for built-ins).
    pub list_type: Option<ListType>,
    /// Keys of a list of type map.
    pub list_map_keys: Vec<String>,
    /// How the map merges; granular when absent.
    pub map_type: Option<MapType>,
    /// Strategic merge patch, when given.
    pub patch: Option<Box<PatchStrategy>>,
    /// CEL rules.
    pub rules: Vec<Rule>,
    /// Scalar fields that Go leaves out when they are false, zero or empty (built-in definitions only).
    pub zero_omitted: Vec<String>,
    /// Fields that Go writes as null when they are not set (built-in definitions only).
    pub null_when_unset: Vec<String>,
}

/// A reference to a schema: owned and shared, or a built-in definition (resolved when first looked at, so definitions
/// may refer to themselves). What stands beside `$ref` in OpenAPI overrides the definition for this one field.
#[derive(Clone, Debug)]
pub struct SchemaRef {
    target: Target,
    overrides: Option<Box<Overrides>>,
}

#[derive(Clone, Debug)]
enum Target {
    Shared(Arc<Schema>),
    Builtin(u32),
}

/// What a field says beside its `$ref`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Overrides {
    pub default: Option<Value>,
    pub map_type: Option<MapType>,
    pub patch: Option<Box<PatchStrategy>>,
}

impl From<Schema> for SchemaRef {
    fn from(schema: Schema) -> Self {
        Self {
            target: Target::Shared(Arc::new(schema)),
            overrides: None,
        }
    }
}

impl From<Arc<Schema>> for SchemaRef {
    fn from(schema: Arc<Schema>) -> Self {
        Self {
            target: Target::Shared(schema),
            overrides: None,
        }
    }
}

impl Deref for SchemaRef {
    type Target = Schema;
    fn deref(&self) -> &Schema {
        match &self.target {
            Target::Shared(schema) => schema,
            Target::Builtin(index) => builtin::definition_at(*index),
        }
    }
}

impl SchemaRef {
    pub(crate) fn builtin(index: u32) -> Self {
        Self {
            target: Target::Builtin(index),
            overrides: None,
        }
    }

    pub(crate) fn with_overrides(mut self, overrides: Overrides) -> Self {
        let empty = overrides.default.is_none()
            && overrides.map_type.is_none()
            && overrides.patch.is_none();
        self.overrides = (!empty).then(|| Box::new(overrides));
        self
    }

    /// The default of this field: beside the reference, else of the definition.
    pub fn field_default(&self) -> Option<&Value> {
        self.overrides
            .as_ref()
            .and_then(|o| o.default.as_ref())
            .or(self.default.as_ref())
    }

    /// How a map in this field merges: said beside the reference, else by the definition.
    pub fn field_map_type(&self) -> Option<MapType> {
        self.overrides
            .as_ref()
            .and_then(|o| o.map_type)
            .or(self.map_type)
    }

    /// The patch strategy of this field: said beside the reference, else by the definition.
    pub fn field_patch(&self) -> Option<&PatchStrategy> {
        self.overrides
            .as_ref()
            .and_then(|o| o.patch.as_deref())
            .or(self.patch.as_deref())
    }
}

impl Schema {
    /// The schema of a field of a map: a property, or what additional properties say. `None` when the field is not
    /// known to the schema.
    pub fn field(&self, name: &str) -> Option<&SchemaRef> {
        self.properties.get(name).or(match &self.additional {
            Additional::Schema(schema) => Some(schema),
            _ => None,
        })
    }

    /// Follows a path of field names; list elements are crossed without an index: `spec.containers.ports`.
    pub fn at<'a>(&'a self, path: &[&str]) -> Option<&'a Schema> {
        let mut schema = self;
        for name in path {
            while let Some(items) = &schema.items {
                schema = items;
            }
            schema = schema.field(name)?;
        }
        Some(schema)
    }

    /// Whether Go leaves that scalar field out when it is false, zero or empty.
    pub fn omits_zero(&self, name: &str) -> bool {
        self.zero_omitted.iter().any(|field| field == name)
    }

    /// Whether the list's elements are owned one by one (`list-type` set or map, or a merging patch strategy).
    /// The answer holds the keys: empty for sets.
    pub fn list_keys(&self) -> Option<&[String]> {
        match (self.list_type, &self.patch) {
            (Some(ListType::Atomic), _) => None,
            (Some(ListType::Set), _) => Some(&[]),
            (Some(ListType::Map), _) => Some(&self.list_map_keys),
            (None, Some(patch)) if patch.merge => Some(patch.merge_key.as_slice()),
            (None, _) => None,
        }
    }
}
