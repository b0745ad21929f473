//! The shape of the values that a rule looks at: types, and how large they may get.

use std::collections::BTreeMap;

/// A type with its bounds.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    /// The type.
    pub form: Form,
    /// Most characters, elements or members; 0 where nothing is counted.
    pub most_elements: u64,
    /// The fewest bytes of such a value as JSON.
    pub fewest_bytes: u64,
}

/// The types of values.
#[derive(Clone, Debug, PartialEq)]
pub enum Form {
    /// Only known when it runs.
    Dyn,
    /// `true` and `false`.
    Bool,
    /// Base64 text.
    Bytes,
    /// A floating point number.
    Double,
    /// A whole number.
    Int,
    /// Text.
    String,
    /// Text such as `5m`.
    Duration,
    /// A date, or a date with a time.
    Timestamp,
    /// A list.
    List(Box<Shape>),
    /// A map from text.
    Map(Box<Shape>),
    /// Fields by the names under which CEL reaches them.
    Object(BTreeMap<String, Shape>),
}

impl Shape {
    /// A type without a count of elements.
    pub fn plain(form: Form, fewest_bytes: u64) -> Self {
        Self {
            form,
            most_elements: 0,
            fewest_bytes,
        }
    }
}
