//! The kustomization file: its types, and how they are read.

use std::collections::BTreeMap;
use std::fmt;

use crate::charts::{HelmChart, HelmGlobals};
use crate::field_specs::FieldSpec;
use crate::id::{Gvk, ResId};
use crate::selector::Selector;
use crate::source::Source;

mod decode;
mod fields;
mod go_types;
mod read;

pub(crate) use fields::Fields;
pub(crate) use go_types::refusal;
pub(crate) use read::{
    PATCH_FIELD, field_spec, field_spec_of_file, generator_args, image, line_below, line_of, read,
    replacement, replacement_field, replica, selector, with_line,
};

/// What a generated object may be given besides data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct GeneratorOptions {
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) annotations: BTreeMap<String, String>,
    pub(crate) disable_name_suffix_hash: bool,
    pub(crate) immutable: bool,
}

impl GeneratorOptions {
    /// The options of one generator with those of the whole kustomization: own labels and annotations win, flags add up.
    pub(crate) fn merged(local: Option<&Self>, global: Option<&Self>) -> Option<Self> {
        let Some(global) = global else {
            return local.cloned();
        };
        let mut merged = local.cloned().unwrap_or_default();
        for (key, value) in &global.labels {
            merged
                .labels
                .entry(key.clone())
                .or_insert_with(|| value.clone());
        }
        for (key, value) in &global.annotations {
            merged
                .annotations
                .entry(key.clone())
                .or_insert_with(|| value.clone());
        }
        merged.disable_name_suffix_hash |= global.disable_name_suffix_hash;
        merged.immutable |= global.immutable;
        Some(merged)
    }
}

/// A ConfigMap or Secret to generate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct GeneratorArgs {
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) behavior: String,
    pub(crate) literals: Vec<String>,
    pub(crate) files: Vec<String>,
    pub(crate) envs: Vec<String>,
    pub(crate) options: Option<GeneratorOptions>,
    /// Type of a Secret; empty for `Opaque`.
    pub(crate) secret_type: String,
}

/// A patch, inline or by path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Patch {
    pub(crate) path: String,
    pub(crate) patch: String,
    pub(crate) target: Option<Selector>,
    pub(crate) allow_name_change: bool,
    pub(crate) allow_kind_change: bool,
}

/// An image to change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Image {
    pub(crate) name: String,
    pub(crate) new_name: String,
    pub(crate) tag_suffix: String,
    pub(crate) new_tag: String,
    pub(crate) digest: String,
}

/// Labels to set, and where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Label {
    pub(crate) pairs: BTreeMap<String, String>,
    pub(crate) include_selectors: bool,
    pub(crate) include_templates: bool,
    pub(crate) fields: Vec<FieldSpec>,
}

/// A number of replicas to set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Replica {
    pub(crate) name: String,
    pub(crate) count: i64,
}

/// How a value is cut out of, or put into, a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FieldOptions {
    pub(crate) delimiter: String,
    pub(crate) index: i64,
    pub(crate) create: bool,
}

/// Where the value of a replacement comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ReplacementSource {
    pub(crate) id: ResId,
    pub(crate) field_path: String,
    pub(crate) options: Option<FieldOptions>,
}

/// `id:path:options`, as kustomize shows it.
impl fmt::Display for ReplacementSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.id)?;
        if !self.field_path.is_empty() {
            write!(f, ":{}", self.field_path)?;
        }
        let is_shown = |o: &&FieldOptions| !o.delimiter.is_empty() || o.create;
        match self.options.as_ref().filter(is_shown) {
            None => Ok(()),
            Some(FieldOptions {
                delimiter,
                index,
                create,
            }) => write!(f, ":{delimiter}({index}), create={create}"),
        }
    }
}

/// Where the value of a replacement goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ReplacementTarget {
    pub(crate) select: Option<Selector>,
    pub(crate) reject: Vec<Selector>,
    pub(crate) field_paths: Vec<String>,
    pub(crate) options: Option<FieldOptions>,
}

/// A value to copy from one field to others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Replacement {
    pub(crate) source: Option<ReplacementSource>,
    pub(crate) source_value: Option<String>,
    /// `None` when the field is absent.
    pub(crate) targets: Option<Vec<ReplacementTarget>>,
    /// The field that lists it, of the kustomization or of a file of its own.
    pub(crate) place: Source,
}

/// A replacement as the kustomization lists it: in place, or by path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ReplacementField {
    pub(crate) path: String,
    pub(crate) replacement: Replacement,
}

/// A variable: a name for a field of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Var {
    pub(crate) name: String,
    pub(crate) object: ResId,
    pub(crate) field_path: String,
    /// Where it stands.
    pub(crate) source: Source,
}

/// The order of the result.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SortOptions {
    pub(crate) order: String,
    /// Kinds that come first and last.
    pub(crate) legacy: Option<(Vec<String>, Vec<String>)>,
}

/// A kustomization or component file.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Kustomization {
    pub(crate) api_version: String,
    pub(crate) kind: String,
    pub(crate) openapi: BTreeMap<String, String>,
    pub(crate) name_prefix: String,
    pub(crate) name_suffix: String,
    pub(crate) namespace: String,
    pub(crate) common_labels: BTreeMap<String, String>,
    pub(crate) labels: Vec<Label>,
    pub(crate) common_annotations: BTreeMap<String, String>,
    pub(crate) patches_strategic_merge: Vec<String>,
    pub(crate) patches_json6902: Vec<Patch>,
    pub(crate) patches: Vec<Patch>,
    pub(crate) images: Vec<Image>,
    pub(crate) replacements: Vec<ReplacementField>,
    pub(crate) replicas: Vec<Replica>,
    pub(crate) vars: Vec<Var>,
    pub(crate) sort_options: Option<SortOptions>,
    pub(crate) resources: Vec<String>,
    pub(crate) components: Vec<String>,
    pub(crate) crds: Vec<String>,
    pub(crate) config_maps: Vec<GeneratorArgs>,
    pub(crate) secrets: Vec<GeneratorArgs>,
    pub(crate) generator_options: Option<GeneratorOptions>,
    pub(crate) configurations: Vec<String>,
    pub(crate) generators: Vec<String>,
    pub(crate) transformers: Vec<String>,
    pub(crate) validators: Vec<String>,
    pub(crate) build_metadata: Vec<String>,
    pub(crate) helm_globals: HelmGlobals,
    pub(crate) helm_charts: Vec<HelmChart>,
    /// Deprecated fields that are used.
    pub(crate) deprecated: Vec<&'static str>,
}

/// Kind of a component file.
pub(crate) const COMPONENT_KIND: &str = "Component";

impl Kustomization {
    pub(crate) fn is_component(&self) -> bool {
        self.kind == COMPONENT_KIND
    }

    pub(crate) fn has_metadata_option(&self, option: &str) -> bool {
        self.build_metadata.iter().any(|o| o == option)
    }
}

/// An identity from its parts.
pub(crate) fn res_id(gvk: Gvk, name: String, namespace: String) -> ResId {
    ResId {
        gvk,
        name: name.into(),
        namespace: namespace.into(),
        cluster_scoped: false,
    }
}
