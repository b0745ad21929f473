//! Puts all namespaced objects into one namespace.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use skein_yaml::{Kind, Node, Tag};

use crate::error::{BuildError, Outcome, Problem};
use crate::field_specs::{CREATE_TEXT, Create, FieldSpec, FieldSpecs, apply};
use crate::id::{Gvk, IdKey};
use crate::ops::{OpError, get_or_create, set_scalar};
use crate::resmap::ResMap;
use crate::resource::Resource;
use crate::schema::MergeSchema;

/// Which subjects of role bindings get the namespace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum SubjectMode {
    /// Those named `default`.
    #[default]
    DefaultOnly,
    /// All service accounts.
    AllServiceAccounts,
    None,
}

impl SubjectMode {
    /// Reads the field `setRoleBindingSubjects`.
    pub(crate) fn from_text(text: &str) -> Outcome<Self> {
        match text {
            "" | "defaultOnly" => Ok(Self::DefaultOnly),
            "allServiceAccounts" => Ok(Self::AllServiceAccounts),
            "none" => Ok(Self::None),
            other => Err(BuildError::invalid(format!(
                "invalid value \"{other}\" for setRoleBindingSubjects: must be one of \"defaultOnly\", \"none\" or \"allServiceAccounts\""
            ))),
        }
    }
}

/// Sets the namespace.
#[derive(Debug, Default)]
pub(crate) struct NamespaceTransformer {
    pub(crate) namespace: String,
    pub(crate) specs: FieldSpecs,
    /// Only where no namespace is set.
    pub(crate) unset_only: bool,
    pub(crate) subjects: SubjectMode,
}

const METADATA_NAMESPACE: &str = "metadata/namespace";

impl NamespaceTransformer {
    pub(crate) fn apply(&self, map: &mut ResMap, schema: &MergeSchema) -> Outcome<()> {
        if self.namespace.is_empty() {
            return Ok(());
        }
        // How many objects have each identity.
        let mut counts: HashMap<IdKey, usize, RandomState> = HashMap::default();
        let before: Vec<IdKey> = map.list().iter().map(|r| r.key(schema)).collect();
        for key in &before {
            *counts.entry(key.clone()).or_insert(0) += 1;
        }
        for (resource, before) in map.list_mut().iter_mut().zip(before) {
            if resource.node.is_null_or_empty()
                || resource.annotation("internal.config.kubernetes.io/helm-generated")
                    == Some("true")
            {
                continue;
            }
            if let Some(count) = counts.get_mut(&before) {
                *count -= 1;
            }
            resource.store_previous_id(schema);
            self.set(resource, schema)
                .map_err(|e| BuildError::from(e).on_object(resource.shown()))?;
            let count = counts.entry(resource.key(schema)).or_insert(0);
            *count += 1;
            if *count != 1 {
                let id = resource.id(schema);
                let message = format!("namespace transformation produces ID conflict: {id}");
                return Err(BuildError::new(Problem::Conflict(message)).on_object(resource.shown()));
            }
        }
        Ok(())
    }

    fn set(&self, resource: &mut Resource, schema: &MergeSchema) -> Result<(), OpError> {
        let is_binding = matches!(resource.kind(), "RoleBinding" | "ClusterRoleBinding");
        let is_core = resource.api_version() == "v1";
        if !schema.is_cluster_scoped(resource.api_version(), resource.kind()) {
            let spec = FieldSpec::new(Gvk::default(), METADATA_NAMESPACE, true);
            let create = Create {
                kind: Kind::Scalar,
                tag: || Tag::None,
            };
            apply(&mut resource.node, &spec, Some(create), &mut |node| {
                self.set_text(node)
            })?;
        }
        if is_binding {
            self.set_subjects(resource)?;
        }
        for spec in &self.specs.0 {
            let of_bindings =
                matches!(spec.gvk.kind.as_str(), "RoleBinding" | "ClusterRoleBinding");
            if spec.path == METADATA_NAMESPACE
                || (!is_core && spec.path == "metadata/name")
                || (is_binding && of_bindings && spec.path == "subjects/namespace")
            {
                continue;
            }
            apply(&mut resource.node, spec, Some(CREATE_TEXT), &mut |node| {
                self.set_text(node)
            })?;
        }
        Ok(())
    }

    fn set_subjects(&self, resource: &mut Resource) -> Result<(), OpError> {
        let (field, wanted) = match self.subjects {
            SubjectMode::None => return Ok(()),
            SubjectMode::DefaultOnly => ("name", "default"),
            SubjectMode::AllServiceAccounts => ("kind", "ServiceAccount"),
        };
        let Some(subjects) = resource.node.get_mut("subjects").filter(|s| !s.is_null()) else {
            return Ok(());
        };
        crate::ops::require(subjects, Kind::Sequence)?;
        for subject in &mut subjects.content {
            crate::ops::require(subject, Kind::Mapping)?;
            if subject
                .get(field)
                .is_none_or(|value| value.is_null() || value.value != wanted)
            {
                continue;
            }
            if let Some(namespace) = get_or_create(subject, "namespace", Kind::Scalar)? {
                self.set_text(namespace)?;
            }
        }
        Ok(())
    }

    fn set_text(&self, node: &mut Node) -> Result<(), OpError> {
        if self.unset_only && node.is_scalar() && !node.is_null() && !node.value.is_empty() {
            return Ok(());
        }
        set_scalar(node, Node::tagged(self.namespace.as_str(), Tag::Str))
    }
}
