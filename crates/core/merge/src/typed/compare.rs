//! How two typed values differ, as sets of fields.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{Form, ListType, MapOf, Type, element_of};
use crate::field_set::{FieldSet, Node};
use crate::path_element::{PathElement, values_equal};

/// The difference of two values. No field is in more than one set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// In the first only.
    pub removed: FieldSet,
    /// In both, different.
    pub modified: FieldSet,
    /// In the second only.
    pub added: FieldSet,
}

impl Comparison {
    /// No difference.
    pub fn is_same(&self) -> bool {
        self.removed.is_empty() && self.modified.is_empty() && self.added.is_empty()
    }

    /// What is other in the second, or only there.
    pub fn changed(&self) -> FieldSet {
        self.modified.union(&self.added)
    }

    /// Without the fields given and all below them.
    #[must_use]
    pub fn excluding(&self, fields: &FieldSet) -> Self {
        Self {
            removed: self.removed.recursive_difference(fields),
            modified: self.modified.recursive_difference(fields),
            added: self.added.recursive_difference(fields),
        }
    }
}

/// Compares two values of one type.
pub fn compare(left: &Value, right: &Value, value_type: Type<'_>) -> Comparison {
    let difference = difference(Some(left), Some(right), value_type);
    Comparison {
        removed: difference.removed.children,
        modified: difference.modified.children,
        added: difference.added.children,
    }
}

#[derive(Default)]
struct Difference {
    removed: Node,
    modified: Node,
    added: Node,
}

impl Difference {
    fn put(&mut self, element: &PathElement, below: Self) {
        self.removed.children.put(element.clone(), below.removed);
        self.modified.children.put(element.clone(), below.modified);
        self.added.children.put(element.clone(), below.added);
    }

    fn leaf(&mut self, left: Option<&Value>, right: Option<&Value>) {
        match (left, right) {
            (None, _) => self.added.member = true,
            (_, None) => self.removed.member = true,
            (Some(left), Some(right)) if !values_equal(left, right) => self.modified.member = true,
            _ => {}
        }
    }
}

fn difference(left: Option<&Value>, right: Option<&Value>, value_type: Type<'_>) -> Difference {
    let atom = value_type.atom();
    let left_atom = atom.deduce(left);
    let right_atom = atom.deduce(right);
    let mut out = Difference::default();
    let is_leaf = if right.is_none() {
        walk(left_atom.form(), left, right, &mut out)
    } else {
        if left.is_some() && !left_atom.same_forms(&right_atom) {
            walk(left_atom.form(), left, right, &mut out);
        }
        walk(right_atom.form(), left, right, &mut out)
    };
    if !is_leaf {
        if left.is_none() {
            out.added.member = true;
        } else if right.is_none() {
            out.removed.member = true;
        }
    }
    out
}

/// Walks one form; answers whether the value was treated as a leaf.
fn walk(form: Form<'_>, left: Option<&Value>, right: Option<&Value>, out: &mut Difference) -> bool {
    match form {
        Form::Scalar(_) => {
            out.leaf(left, right);
            true
        }
        Form::Map(map) => {
            let left_map = left.and_then(Value::as_object);
            let right_map = right.and_then(Value::as_object);
            let empty = left_map.is_none_or(Map::is_empty) && right_map.is_none_or(Map::is_empty);
            if map.atomic || empty {
                out.leaf(left, right);
                return true;
            }
            walk_map(&map, left_map, right_map, out);
            false
        }
        Form::List(list) => {
            let left_list = left
                .and_then(Value::as_array)
                .map(Vec::as_slice)
                .unwrap_or_default();
            let right_list = right
                .and_then(Value::as_array)
                .map(Vec::as_slice)
                .unwrap_or_default();
            if list.keys.is_none() || (left_list.is_empty() && right_list.is_empty()) {
                out.leaf(left, right);
                return true;
            }
            walk_list(&list, left_list, right_list, out);
            false
        }
    }
}

fn walk_map(
    map: &MapOf<'_>,
    left: Option<&Map<String, Value>>,
    right: Option<&Map<String, Value>>,
    out: &mut Difference,
) {
    let field_type = |name: &str| map.field(name).unwrap_or(Type::Deduced);
    for (name, value) in left.into_iter().flatten() {
        let other = right.and_then(|right| right.get(name));
        let below = difference(Some(value), other, field_type(name));
        out.put(&PathElement::field(name.as_str()), below);
    }
    for (name, value) in right.into_iter().flatten() {
        if left.is_some_and(|left| left.contains_key(name)) {
            continue;
        }
        let below = difference(None, Some(value), field_type(name));
        out.put(&PathElement::field(name.as_str()), below);
    }
}

fn walk_list(list: &ListType<'_>, left: &[Value], right: &[Value], out: &mut Difference) {
    let mut pairs: BTreeMap<PathElement, (Vec<&Value>, Vec<&Value>)> = BTreeMap::new();
    for value in left {
        if let Ok(element) = element_of(list, value) {
            pairs.entry(element).or_default().0.push(value);
        }
    }
    for value in right {
        if let Ok(element) = element_of(list, value) {
            pairs.entry(element).or_default().1.push(value);
        }
    }
    for (element, (left, right)) in &pairs {
        let mut below = match (left.len(), right.len()) {
            (0 | 1, 0 | 1) => {
                difference(left.first().copied(), right.first().copied(), list.element)
            }
            (2.., 1) => difference(None, Some(right[0]), list.element),
            (1, 2..) => difference(Some(left[0]), None, list.element),
            _ => Difference::default(),
        };
        // Elements that occur twice count as one leaf.
        match (left.len(), right.len()) {
            (2.., 2..) => {
                let same = left.len() == right.len()
                    && left
                        .iter()
                        .zip(right)
                        .all(|(left, right)| values_equal(left, right));
                below.modified.member |= !same;
            }
            (2.., _) => below.removed.member = true,
            (_, 2..) => below.added.member = true,
            _ => {}
        }
        out.put(element, below);
    }
}
