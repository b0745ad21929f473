//! Removal of what a manager applied before and does not apply any more.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Ownership;
use super::managers::{ManagedEntry, Managers};
use super::versions::VersionError;
use crate::field_set::{FieldSet, Node};
use crate::path_element::PathElement;
use crate::typed::{self, Type};

impl Ownership<'_> {
    /// `merged` without the fields of `last` that neither the new configuration nor another manager owns, each looked at
    /// in the version in which it is owned.
    pub(crate) fn prune(
        &self,
        merged: Value,
        managers: &Managers,
        last: &ManagedEntry,
    ) -> Result<Value, VersionError> {
        if last.fields.is_empty() {
            return Ok(merged);
        }
        let version = last.api_version.as_str();
        let at_last = match self.at_version(&merged, version) {
            Err(VersionError::Missing(_)) => return Ok(merged),
            Err(error) => {
                return Err(failed("merged object to last applied version", &error));
            }
            Ok(value) => value.into_owned(),
        };
        let value_type = self.type_at(version)?;
        let last = with_named_fields(&last.fields, Some(value_type));
        let pruned = typed::remove_items(&at_last, &last, value_type);
        let pruned = self.add_back_owned(&at_last, pruned, managers, version)?;
        // Only what the manager itself had applied may go.
        let pruned = self.at_version(&pruned, version)?;
        let named = |value: &Value| named_fields_of(value, value_type);
        let gone = named(&at_last)
            .difference(&named(&pruned))
            .intersection(&last);
        let out = typed::remove_items(&at_last, &gone, value_type);
        Ok(self.at_version(&out, self.api_version)?.into_owned())
    }

    /// What somebody owns comes back: first what is owned in the version that was pruned.
    fn add_back_owned(
        &self,
        merged: &Value,
        mut pruned: Value,
        managers: &Managers,
        first: &str,
    ) -> Result<Value, VersionError> {
        let mut by_version: BTreeMap<&str, FieldSet> = BTreeMap::new();
        for entry in managers.0.values() {
            let set = by_version.entry(&entry.api_version).or_default();
            *set = set.union(&entry.fields);
        }
        let first = by_version.remove_entry(first);
        let mut merged = merged.clone();
        for (version, managed) in first.into_iter().chain(by_version) {
            let converted = self
                .at_version(&merged, version)
                .and_then(|merged| Ok((merged, self.at_version(&pruned, version)?)));
            let (of_merged, of_pruned) = match converted {
                Err(VersionError::Missing(_)) => continue,
                Err(error) => {
                    let what = format!("merged object at version {version}");
                    return Err(failed(&what, &error));
                }
                Ok((merged, pruned)) => (merged.into_owned(), pruned),
            };
            let value_type = self.type_at(version)?;
            let kept = named_fields_of(&of_pruned, value_type)
                .union(&with_named_fields(&managed, Some(value_type)));
            let gone = named_fields_of(&of_merged, value_type).difference(&kept);
            pruned = typed::remove_items(&of_merged, &gone, value_type);
            merged = of_merged;
        }
        Ok(pruned)
    }
}

fn failed(what: &str, error: &VersionError) -> VersionError {
    VersionError::Failed(format!(
        "failed to prune fields: failed to convert {what}: {error}"
    ))
}

fn named_fields_of(value: &Value, value_type: Type<'_>) -> FieldSet {
    with_named_fields(&typed::fields_of(value, value_type), Some(value_type))
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
