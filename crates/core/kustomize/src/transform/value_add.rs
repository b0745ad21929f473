//! Adds a value to fields, or a part to paths in them.

use skein_yaml::{Kind, Node};

use super::namespace::NamespaceTransformer;
use crate::error::Outcome;
use crate::growth::refuse_deep;
use crate::ops::{OpError, lookup_create, require, set_scalar, split_path};
use crate::resmap::ResMap;
use crate::resource::Resource;
use crate::schema::MergeSchema;
use crate::selector::Selector;

/// One field to add the value to.
#[derive(Clone, Debug)]
pub(crate) struct ValueAddTarget {
    pub(crate) selector: Option<Selector>,
    pub(crate) field_path: String,
    /// Place of the value in the path that the field holds, from 1; 0 replaces the field.
    pub(crate) position: i64,
}

/// Adds a value.
#[derive(Clone, Debug)]
pub(crate) struct ValueAdd {
    pub(crate) value: String,
    pub(crate) targets: Vec<ValueAddTarget>,
}

impl ValueAdd {
    pub(crate) fn apply(&self, map: &mut ResMap, schema: &MergeSchema) -> Outcome<()> {
        for target in &self.targets {
            let selected = match &target.selector {
                None => (0..map.list().len()).collect(),
                Some(selector) => map.select(selector, schema)?,
            };
            for at in selected {
                let resource = &mut map.list_mut()[at];
                let shown = resource.shown();
                self.add(resource, target, schema)
                    .map_err(|e| e.on_object(shown))?;
            }
        }
        Ok(())
    }

    fn add(
        &self,
        resource: &mut Resource,
        target: &ValueAddTarget,
        schema: &MergeSchema,
    ) -> Outcome<()> {
        if target.field_path == "metadata/namespace" {
            let mut one = ResMap::default();
            // This change of the namespace is not remembered.
            let mut copy = resource.clone();
            copy.is_detailed = false;
            one.list_mut().push(copy);
            let namespace = NamespaceTransformer {
                namespace: self.value.clone(),
                ..NamespaceTransformer::default()
            };
            let memory = resource.memory.clone();
            namespace.apply(&mut one, schema)?;
            if let Some(changed) = one.into_list().pop() {
                *resource = Resource {
                    memory,
                    is_detailed: resource.is_detailed,
                    ..changed
                };
            }
            return Ok(());
        }
        let parts = split_path(&target.field_path, '/');
        refuse_deep(parts.len())?;
        self.set(&mut resource.node, &parts, target.position)?;
        resource.shared.spread(&mut resource.node);
        Ok(())
    }

    fn set(&self, node: &mut Node, parts: &[String], position: i64) -> Result<(), OpError> {
        let Some(field) = lookup_create(node, parts, Kind::Scalar)? else {
            return Ok(());
        };
        require(field, Kind::Scalar)?;
        let value = match usize::try_from(position) {
            Ok(position) if position > 0 => insert_part(&field.value, position - 1, &self.value),
            _ => self.value.clone(),
        };
        set_scalar(field, Node::scalar(value))
    }
}

/// Inserts a part into a path; beyond the end it is appended.
fn insert_part(path: &str, at: usize, part: &str) -> String {
    let absolute = path.starts_with('/');
    let mut parts: Vec<&str> = path.split('/').filter(|p| !p.is_empty()).collect();
    parts.insert(at.min(parts.len()), part);
    let joined = parts.join("/");
    if absolute {
        format!("/{joined}")
    } else {
        joined
    }
}
