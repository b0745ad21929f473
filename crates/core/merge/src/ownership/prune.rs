//! Removal of what a manager applied before and does not apply any more.

use serde_json::Value;

use super::Ownership;
use super::managers::Managers;
use crate::field_set::{FieldSet, Node};
use crate::path_element::PathElement;
use crate::typed::{self, Type};

impl Ownership<'_> {
    /// `merged` without the fields of `last` that neither the new configuration nor another manager owns.
    pub(crate) fn prune(&self, merged: Value, managers: &Managers, last: &FieldSet) -> Value {
        if last.is_empty() {
            return merged;
        }
        let value_type = self.value_type();
        let named = |set: &FieldSet| with_named_fields(set, Some(value_type));
        let last = named(last);
        let pruned = typed::remove_items(&merged, &last, value_type);
        let merged_set = named(&typed::fields_of(&merged, value_type));

        let mut managed = FieldSet::new();
        for entry in managers.0.values() {
            managed = managed.union(&entry.fields);
        }
        let pruned_set = named(&typed::fields_of(&pruned, value_type));
        let kept = pruned_set.union(&named(&managed));
        let pruned = typed::remove_items(&merged, &merged_set.difference(&kept), value_type);

        // Only what the manager itself had applied may go.
        let pruned_set = named(&typed::fields_of(&pruned, value_type));
        let gone = merged_set.difference(&pruned_set).intersection(&last);
        typed::remove_items(&merged, &gone, value_type)
    }
}

/// The set with every declared field that has members below it as a member too.
fn with_named_fields(set: &FieldSet, value_type: Option<Type<'_>>) -> FieldSet {
    let atom = value_type.map(Type::atom);
    let mut out = FieldSet::new();
    for (element, node) in set.iter() {
        let (child_type, declared) = match (element, &atom) {
            (PathElement::Field(name), Some(atom)) => match &atom.map {
                Some(map) => (map.field(name), map.declares(name)),
                None => (None, false),
            },
            (PathElement::Key(_), Some(atom)) => (atom.list.map(|list| list.element), false),
            _ => (None, false),
        };
        let children = with_named_fields(&node.children, child_type);
        let member = node.member || (declared && !node.children.is_empty());
        out.put(element.clone(), Node { member, children });
    }
    out
}
