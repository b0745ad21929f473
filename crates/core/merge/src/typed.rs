//! Walks over typed values: which fields there are, how two values differ, merge and removal.
//!
//! The semantics are those of structured-merge-diff v6, which kube-apiserver uses for server-side apply.

use serde_json::Value;
use skein_schema::builtin::{QUANTITY, RAW_EXTENSION};
use skein_schema::{Additional, MapType, Schema, SchemaRef, ValueType};

pub mod compare;
pub mod fields;
pub mod merging;
pub mod reconcile;
pub mod remove;
pub mod validate;

pub use compare::{Comparison, compare};
pub use fields::fields_of;
pub use merging::merge;
pub use reconcile::reconcile;
pub use remove::remove_items;
pub use validate::{TypeError, validate};

use crate::path_element::PathElement;

/// Type of a value. Cheap to copy.
#[derive(Clone, Copy, Debug)]
pub enum Type<'a> {
    /// By a schema.
    Known {
        /// The schema.
        schema: &'a Schema,
        /// How a map merges, when the field says it beside its reference.
        map_type: Option<MapType>,
        /// Unknown fields are kept here and below.
        preserve: bool,
    },
    /// Anything: maps are merged key by key, lists replaced.
    Deduced,
    /// Anything: replaced as a whole.
    Untyped,
}

/// Which JSON forms a value of a type may have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Atom<'a> {
    pub scalar: Option<Scalar>,
    pub list: Option<ListType<'a>>,
    pub map: Option<MapOf<'a>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scalar {
    Numeric,
    String,
    Boolean,
    Untyped,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct ListType<'a> {
    /// Key fields of an associative list (none: a set); absent when atomic.
    pub keys: Option<&'a [String]>,
    pub element: Type<'a>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct MapOf<'a> {
    pub schema: Option<&'a Schema>,
    pub atomic: bool,
    preserve: bool,
}

/// The form that was chosen for a value.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Form<'a> {
    Map(MapOf<'a>),
    Scalar(Scalar),
    List(ListType<'a>),
}

impl<'a> Type<'a> {
    /// The type of a whole object; without a schema it is deduced.
    pub fn of(schema: Option<&'a SchemaRef>) -> Self {
        schema.map_or(Self::Deduced, |schema| Self::reference(schema, false))
    }

    fn reference(schema: &'a SchemaRef, preserve: bool) -> Self {
        let named = schema.name.is_some();
        Self::Known {
            schema,
            map_type: schema.field_map_type(),
            preserve: (preserve && !named) || schema.preserve_unknown_fields,
        }
    }

    pub(crate) fn atom(self) -> Atom<'a> {
        match self {
            Self::Deduced => Atom {
                scalar: Some(Scalar::Untyped),
                list: Some(ListType {
                    keys: None,
                    element: Self::Untyped,
                }),
                map: Some(MapOf {
                    schema: None,
                    atomic: false,
                    preserve: true,
                }),
            },
            Self::Untyped => Atom {
                scalar: Some(Scalar::Untyped),
                list: Some(ListType {
                    keys: None,
                    element: Self::Untyped,
                }),
                map: Some(MapOf {
                    schema: None,
                    atomic: true,
                    preserve: true,
                }),
            },
            Self::Known {
                schema,
                map_type,
                preserve,
            } => known_atom(schema, map_type, preserve),
        }
    }
}

fn known_atom<'a>(schema: &'a Schema, map_type: Option<MapType>, preserve: bool) -> Atom<'a> {
    match schema.name.as_deref() {
        Some(QUANTITY) => {
            return Atom {
                scalar: Some(Scalar::Untyped),
                list: None,
                map: None,
            };
        }
        Some(RAW_EXTENSION) => return Type::Untyped.atom(),
        _ => {}
    }
    let list = ListType {
        keys: schema.list_keys(),
        element: schema
            .items
            .as_ref()
            .map_or(Type::Untyped, |items| Type::reference(items, preserve)),
    };
    let atomic = map_type.or(schema.map_type) == Some(MapType::Atomic);
    let map = MapOf {
        schema: Some(schema),
        atomic,
        preserve,
    };
    let scalar = |scalar| Atom {
        scalar: Some(scalar),
        list: None,
        map: None,
    };
    match schema.value_type {
        None => Atom {
            scalar: Some(Scalar::Untyped),
            list: Some(list),
            map: Some(map),
        },
        Some(ValueType::Object) => Atom {
            scalar: None,
            list: None,
            map: Some(map),
        },
        Some(ValueType::Array) => Atom {
            scalar: None,
            list: Some(list),
            map: None,
        },
        Some(ValueType::Boolean) => scalar(Scalar::Boolean),
        Some(ValueType::Integer | ValueType::Number) => scalar(Scalar::Numeric),
        Some(ValueType::String) => match schema.format.as_deref() {
            None | Some("" | "byte") => scalar(Scalar::String),
            Some(_) => scalar(Scalar::Untyped),
        },
    }
}

impl<'a> MapOf<'a> {
    /// Whether the schema has a field of that name of its own.
    pub fn declares(&self, name: &str) -> bool {
        self.schema
            .is_some_and(|schema| schema.properties.contains_key(name))
    }

    /// The type of a field; `None` when the schema does not allow it.
    pub fn field(&self, name: &str) -> Option<Type<'a>> {
        let Some(schema) = self.schema else {
            return Some(if self.atomic {
                Type::Untyped
            } else {
                Type::Deduced
            });
        };
        match schema.properties.get(name) {
            Some(field) => Some(Type::reference(field, self.preserve)),
            None => self.element(),
        }
    }

    /// The type of fields that the schema does not declare.
    fn element(&self) -> Option<Type<'a>> {
        let schema = self.schema?;
        match &schema.additional {
            Additional::Schema(field) => Some(Type::reference(field, self.preserve)),
            Additional::Allowed(true) => Some(Type::Deduced),
            Additional::Allowed(false) => None,
            Additional::Unset => {
                (self.preserve || schema.properties.is_empty()).then_some(Type::Deduced)
            }
        }
    }

    /// A map without declared fields whose values are deduced.
    pub fn is_deduced(&self) -> bool {
        match self.schema {
            None => !self.atomic,
            Some(schema) => {
                schema.properties.is_empty() && matches!(self.element(), Some(Type::Deduced))
            }
        }
    }
}

impl<'a> Atom<'a> {
    /// Keeps the form that the value has; everything when there is no value, it is null, or the form is not allowed.
    pub fn deduce(self, value: Option<&Value>) -> Self {
        match value {
            Some(Value::Bool(_) | Value::Number(_) | Value::String(_)) if self.scalar.is_some() => {
                Self {
                    list: None,
                    map: None,
                    ..self
                }
            }
            Some(Value::Array(_)) if self.list.is_some() => Self {
                scalar: None,
                map: None,
                ..self
            },
            Some(Value::Object(_)) if self.map.is_some() => Self {
                scalar: None,
                list: None,
                ..self
            },
            _ => self,
        }
    }

    pub fn same_forms(&self, other: &Self) -> bool {
        self.scalar.is_some() == other.scalar.is_some()
            && self.list.is_some() == other.list.is_some()
            && self.map.is_some() == other.map.is_some()
    }

    /// The form to walk: map before scalar before list.
    pub fn form(self) -> Form<'a> {
        match (self.map, self.scalar, self.list) {
            (Some(map), _, _) => Form::Map(map),
            (None, Some(scalar), _) => Form::Scalar(scalar),
            (None, None, Some(list)) => Form::List(list),
            (None, None, None) => Form::Scalar(Scalar::Untyped),
        }
    }
}

/// The path element of an element of an associative list, or why it has none.
pub(crate) fn element_of(list: &ListType<'_>, value: &Value) -> Result<PathElement, String> {
    let Some(keys) = list.keys else {
        return Err("invalid indexing of non-associative list".to_owned());
    };
    if keys.is_empty() {
        return match value {
            Value::Object(_) => {
                Err("associative list without keys has an element that's a map type".to_owned())
            }
            Value::Array(_) => {
                Err("not supported: associative list with lists as elements".to_owned())
            }
            Value::Null => Err(
                "associative list without keys has an element that's an explicit null".to_owned(),
            ),
            scalar => Ok(PathElement::Value(scalar.clone())),
        };
    }
    let map = match value {
        Value::Object(map) => map,
        Value::Null => {
            return Err("associative list with keys may not have a null element".to_owned());
        }
        _ => return Err("associative list with keys may not have non-map elements".to_owned()),
    };
    let mut fields: Vec<(String, Value)> = keys
        .iter()
        .filter_map(|key| {
            let value = map.get(key).or_else(|| key_default(list, key))?;
            Some((key.clone(), value.clone()))
        })
        .collect();
    if fields.is_empty() {
        let names: Vec<String> = keys.iter().map(|key| skein_gowords::quote(key)).collect();
        return Err(format!(
            "associative list with keys has an element that omits all key fields [{}] (and doesn't have default values for any key fields)",
            names.join(" ")
        ));
    }
    fields.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(PathElement::Key(fields))
}

fn key_default<'a>(list: &ListType<'a>, key: &str) -> Option<&'a Value> {
    let Type::Known { schema, .. } = list.element else {
        return None;
    };
    schema.properties.get(key)?.field_default()
}
