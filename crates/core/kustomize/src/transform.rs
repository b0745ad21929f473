//! The transformers: each changes the objects of a build in one way.

use std::collections::BTreeMap;

use skein_yaml::{Kind, Node, Style, Tag};

use crate::error::{BuildError, Outcome, Problem};
use crate::field_specs::{CREATE_MAP, CREATE_TEXT, Create, FieldSpec, FieldSpecs, apply};
use crate::id::Gvk;
use crate::kustomization::{Replacement, Replica, SortOptions};
use crate::ops::{OpError, quote_if_ambiguous, set_field, set_scalar};
use crate::resmap::ResMap;
use crate::resource::Resource;
use crate::schema::MergeSchema;

pub(crate) mod images;
pub(crate) mod json_patch;
pub(crate) mod name_reference;
pub(crate) mod namespace;
pub(crate) mod patches;
pub(crate) mod path_match;
pub(crate) mod replacements;
pub(crate) mod sort;
pub(crate) mod value_add;
pub(crate) mod vars;

use images::ImageTransformer;
use namespace::NamespaceTransformer;
use patches::PatchTransformer;
use value_add::ValueAdd;

/// A transformer with its configuration.
#[derive(Debug)]
pub(crate) enum Transformer {
    /// Strategic patches that each find their own target.
    StrategicPatches(Vec<Resource>),
    Patch(Box<PatchTransformer>),
    Namespace(NamespaceTransformer),
    Prefix(String, FieldSpecs),
    Suffix(String, FieldSpecs),
    Labels(BTreeMap<String, String>, FieldSpecs),
    Annotations(BTreeMap<String, String>, FieldSpecs),
    Replicas(Replica, FieldSpecs),
    Images(Box<ImageTransformer>),
    Replacements(Vec<Replacement>),
    Sort(SortOptions),
    ValueAdd(ValueAdd),
    Hash,
}

/// Kinds whose names no prefix or suffix changes.
fn keeps_its_name(gvk: &Gvk) -> bool {
    matches!(gvk.kind.as_str(), "CustomResourceDefinition" | "Namespace")
        || (gvk.kind == "APIService" && gvk.group == "apiregistration.k8s.io")
}

const CREATE_INTEGER: Create = Create {
    kind: Kind::Scalar,
    tag: || Tag::Int,
};

impl Transformer {
    /// Changes the objects.
    pub(crate) fn apply(&self, map: &mut ResMap, schema: &MergeSchema) -> Outcome<()> {
        match self {
            Self::StrategicPatches(list) => patches::apply_strategic(list, map, schema),
            Self::Patch(patch) => patch.apply(map, schema),
            Self::Namespace(namespace) => namespace.apply(map, schema),
            Self::Prefix(text, specs) => affix(map, text, specs, true, schema),
            Self::Suffix(text, specs) => affix(map, text, specs, false, schema),
            Self::Labels(pairs, specs) | Self::Annotations(pairs, specs) => {
                set_pairs(map, pairs, specs)
            }
            Self::Replicas(replica, specs) => set_replicas(map, replica, specs, schema),
            Self::Images(images) => images.apply(map),
            Self::Replacements(list) => replacements::apply(list, map, schema),
            Self::Sort(options) => sort::apply(options, map, schema),
            Self::ValueAdd(add) => add.apply(map, schema),
            Self::Hash => add_hashes(map, schema),
        }
    }
}

/// Puts a text before or behind names.
fn affix(
    map: &mut ResMap,
    text: &str,
    specs: &FieldSpecs,
    before: bool,
    schema: &MergeSchema,
) -> Outcome<()> {
    for resource in map.list_mut() {
        let gvk = resource.original_gvk();
        if keeps_its_name(&gvk) {
            continue;
        }
        for spec in specs.0.iter().filter(|spec| gvk.is_selected(&spec.gvk)) {
            if spec.path == "metadata/name" && !text.is_empty() {
                let memory = &mut resource.memory;
                let list = if before {
                    &mut memory.prefixes
                } else {
                    &mut memory.suffixes
                };
                list.push(text.to_owned());
                resource.note_affix(text, before)?;
                resource.store_previous_id(schema);
            }
            let mut set = |node: &mut Node| {
                let value = if before {
                    format!("{text}{}", node.value)
                } else {
                    format!("{}{text}", node.value)
                };
                set_scalar(node, Node::scalar(value))
            };
            let shown = resource.shown();
            apply(&mut resource.node, spec, Some(CREATE_TEXT), &mut set)
                .map_err(|e| BuildError::from(e).on_object(shown))?;
        }
    }
    Ok(())
}

/// Sets labels or annotations where the specs say.
fn set_pairs(
    map: &mut ResMap,
    pairs: &BTreeMap<String, String>,
    specs: &FieldSpecs,
) -> Outcome<()> {
    if pairs.is_empty() {
        return Ok(());
    }
    let bytes = pairs.iter().map(|(key, value)| key.len() + value.len());
    let bytes = bytes.sum::<usize>() + pairs.len() * size_of::<[Node; 2]>();
    let objects = map.list().len();
    map.growth().add(bytes.saturating_mul(objects))?;
    for resource in map.list_mut() {
        let chosen: Vec<&FieldSpec> = specs
            .0
            .iter()
            .filter(|spec| spec.selects(&resource.node))
            .collect();
        for (key, value) in pairs {
            set_pair(resource, key, value, &chosen)?;
        }
        resource.shared.spread(&mut resource.node);
    }
    Ok(())
}

/// Sets one label or annotation everywhere. The places where it is new share it from then on.
fn set_pair(resource: &mut Resource, key: &str, value: &str, specs: &[&FieldSpec]) -> Outcome<()> {
    let mut value = Node::tagged(value, Tag::Str);
    let number = resource.shared.number(&value);
    let mut places = 0;
    let mut set = |node: &mut Node| {
        let is_new = node.get(key).is_none();
        places += usize::from(is_new);
        value.shared = if is_new { number } else { 0 };
        // One value is set everywhere, and takes the style of each place on its way.
        quote_if_ambiguous(&mut value);
        if let Some(field) = node.get(key) {
            value.style = field.style.without(Style::EMPTIED);
        }
        set_field(node, key, value.clone())
    };
    for spec in specs {
        apply(&mut resource.node, spec, Some(CREATE_MAP), &mut set)
            .map_err(|e| BuildError::from(e).on_object(resource.shown()))?;
    }
    if resource.is_detailed && places > 0 {
        set_style_of_shared(&mut resource.node, number, value.style);
    }
    if places < 2 {
        resource.shared.take_back(&mut resource.node, places > 0);
    }
    Ok(())
}

/// The places that share a value have one style, too.
fn set_style_of_shared(node: &mut Node, number: u32, style: Style) {
    if node.shared == number {
        node.style = style;
    }
    for child in &mut node.content {
        set_style_of_shared(child, number, style);
    }
}

/// Sets the number of replicas of the objects that have or had a name.
fn set_replicas(
    map: &mut ResMap,
    replica: &Replica,
    specs: &FieldSpecs,
    schema: &MergeSchema,
) -> Outcome<()> {
    let mut found = false;
    for spec in &specs.0 {
        let matches = map.find_by_any_id(schema, &replica.name, |id| id.gvk.is_selected(&spec.gvk));
        found |= !matches.is_empty();
        for at in matches {
            let resource = &mut map.list_mut()[at];
            let mut set = |node: &mut Node| -> Result<(), OpError> {
                set_scalar(node, Node::tagged(replica.count.to_string(), Tag::Int))
            };
            let shown = resource.shown();
            apply(&mut resource.node, spec, Some(CREATE_INTEGER), &mut set)
                .map_err(|e| BuildError::from(e).on_object(shown))?;
        }
    }
    if found {
        return Ok(());
    }
    let kinds: Vec<String> = specs.0.iter().map(|spec| spec.gvk.to_string()).collect();
    Err(Problem::NoMatch(format!(
        "resource with name {} does not match a config with the following GVK [{}]",
        replica.name,
        kinds.join(" ")
    ))
    .into())
}

/// Gives generated objects their hash suffix.
fn add_hashes(map: &mut ResMap, schema: &MergeSchema) -> Outcome<()> {
    if !map.list().iter().any(|r| r.memory.needs_hash) {
        return Ok(());
    }
    for resource in map.list_mut().iter_mut().filter(|r| r.memory.needs_hash) {
        let suffix = crate::hash::suffix(resource).map_err(|e| resource.blame(e))?;
        resource.store_previous_id(schema);
        let name = format!("{}-{suffix}", resource.name());
        resource.set_name(&name)?;
    }
    Ok(())
}
