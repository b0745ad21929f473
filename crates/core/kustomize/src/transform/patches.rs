//! Strategic and JSON patches on the objects that they mean.

use std::sync::Arc;

use serde_json::Value;

use super::json_patch::JsonPatch;
use crate::error::{BuildError, Outcome};
use crate::growth::Growth;
use crate::kustomization::{PATCH_FIELD, Patch, with_line};
use crate::load::resources_from_text;
use crate::loader::Loader;
use crate::resmap::ResMap;
use crate::resource::{Resource, merge_pairs};
use crate::schema::MergeSchema;
use crate::selector::Selector;
use crate::upstream::patch_config;

/// What a patch does.
#[derive(Debug)]
enum Change {
    Strategic(Vec<Resource>),
    Json(JsonPatch),
    /// Only comments: nothing.
    Nothing,
}

/// The text of a patch.
#[derive(Debug)]
struct PatchText {
    bytes: Arc<[u8]>,
    /// File in the tree, or empty for an inline patch.
    source: String,
    /// Empty lines of an inline patch before its text.
    skipped: u32,
}

impl PatchText {
    fn inline(text: &str) -> Self {
        let trimmed = text.trim();
        let before = text.len() - text.trim_start().len();
        let breaks = text[..before].matches('\n').count();
        Self {
            bytes: Arc::from(trimmed.as_bytes()),
            source: String::new(),
            skipped: u32::try_from(breaks).unwrap_or(u32::MAX),
        }
    }

    fn of_file(path: &str, loader: &Loader<'_>) -> Outcome<Self> {
        Ok(Self {
            bytes: loader.load(path)?,
            source: loader.path_of(path),
            skipped: 0,
        })
    }

    /// Names the place of an error: that of its field in the text, else the line that it has.
    fn blame(&self, error: BuildError) -> BuildError {
        if error.place.file.is_some() {
            return error;
        }
        let error = with_line(error, &self.bytes);
        if self.source.is_empty() {
            error.in_text_of_field(u64::from(self.skipped))
        } else {
            error.in_file(&self.source)
        }
    }
}

/// One entry of `patches`.
#[derive(Debug)]
pub(crate) struct PatchTransformer {
    change: Change,
    target: Option<Selector>,
    /// Text or path as kustomize tells it in errors.
    told: String,
    /// The patch as it was read.
    text: PatchText,
    /// Whether the identity before the patch is remembered (not for `patchesJson6902`).
    remembers: bool,
}

impl PatchTransformer {
    /// Loads a patch that may be of either kind.
    pub(crate) fn new(patch: &Patch, loader: &Loader<'_>) -> Outcome<Self> {
        let inline = patch.patch.trim();
        let config = || skein_yaml::to_string(&patch_config(patch, PATCH_FIELD));
        let text = match (inline.is_empty(), patch.path.is_empty()) {
            (true, true) => {
                let error = BuildError::invalid("must specify one of patch and path");
                return Err(error.upstream(|inner| format!("{inner} in\n{}", config())));
            }
            (false, false) => {
                let error = BuildError::invalid("patch and path can't be set at the same time");
                return Err(error.upstream(|inner| format!("{inner}\n{}", config())));
            }
            (false, true) => PatchText::inline(&patch.patch),
            (true, false) => {
                let words = |inner: &str| {
                    format!(
                        "failed to get the patch file from path({}): {inner}",
                        patch.path
                    )
                };
                PatchText::of_file(&patch.path, loader).map_err(|e| e.upstream(words))?
            }
        };
        let told = if text.source.is_empty() {
            format!("[patch: {inline:?}]")
        } else {
            format!("[path: {:?}]", patch.path)
        };
        let strategic = resources_from_text(&text.bytes, loader.is_detailed());
        let json = JsonPatch::parse(&text.bytes);
        let change = match (strategic, json) {
            (Ok(strategic), Ok(Some(_))) if !strategic.is_empty() => {
                let message = "illegally qualifies as both a strategic merge and a JSON patch";
                return Err(text.blame(BuildError::invalid(message)).upstream(|_| {
                    format!("illegally qualifies as both an SM and JSON patch: {told}")
                }));
            }
            (Ok(strategic), _) if strategic.is_empty() => Change::Nothing,
            (Ok(strategic), _) => Change::Strategic(strategic),
            (Err(_), Ok(Some(json))) => Change::Json(json),
            (Err(_), Ok(None)) => Change::Nothing,
            (Err(error), Err(json)) => {
                let error = text.blame(not_a_patch(error, json, &text.bytes));
                return Err(
                    error.upstream(|_| format!("unable to parse SM or JSON patch from {told}"))
                );
            }
        };
        let mut transformer = Self {
            change,
            target: patch.target.clone(),
            told,
            text,
            remembers: true,
        };
        if let Change::Strategic(list) = &mut transformer.change {
            for resource in list {
                resource.allow_changes(patch.allow_name_change, patch.allow_kind_change)?;
            }
        }
        Ok(transformer)
    }

    /// Loads an entry of `patchesJson6902`.
    pub(crate) fn json_only(patch: &Patch, loader: &Loader<'_>) -> Outcome<Self> {
        let Some(target) = patch.target.clone().filter(|t| !t.id.name.is_empty()) else {
            return Err(BuildError::invalid("must specify the target name"));
        };
        let text = match (patch.patch.is_empty(), patch.path.is_empty()) {
            (true, true) => return Err(BuildError::invalid("empty file path and empty jsonOp")),
            (false, false) => {
                return Err(BuildError::invalid(
                    "must specify a file path or jsonOp, not both",
                ));
            }
            (false, true) => PatchText {
                bytes: Arc::from(patch.patch.as_bytes()),
                source: String::new(),
                skipped: 0,
            },
            (true, false) => PatchText::of_file(&patch.path, loader)?,
        };
        let json = JsonPatch::parse(&text.bytes).map_err(|e| text.blame(e))?;
        let Some(json) = json.filter(|p| !p.is_empty()) else {
            let words = |inner: &str| format!("{inner}; file={}, JsonOp=null", patch.path);
            let error = BuildError::invalid("patch appears to be empty").upstream(words);
            return Err(text.blame(error));
        };
        Ok(Self {
            change: Change::Json(json),
            target: Some(target),
            told: String::new(),
            text,
            remembers: false,
        })
    }

    /// Path of the patch, or empty for an inline one.
    pub(crate) fn source(&self) -> &str {
        &self.text.source
    }

    /// Empty lines of an inline patch before its text.
    pub(crate) fn skipped_lines(&self) -> u32 {
        self.text.skipped
    }

    /// The text of a JSON patch; `None` for others.
    pub(crate) fn json_text(&self) -> Option<&[u8]> {
        matches!(self.change, Change::Json(_)).then_some(&*self.text.bytes)
    }

    pub(crate) fn apply(&self, map: &mut ResMap, schema: &MergeSchema) -> Outcome<()> {
        let result = match (&self.change, &self.target) {
            (Change::Nothing, _) => Ok(()),
            (Change::Strategic(list), None) => apply_each(list, map, schema),
            (Change::Strategic(list), Some(target)) => {
                self.apply_to_selected(list, target, map, schema)
            }
            (Change::Json(_), None) => {
                let words = |_: &str| format!("must specify a target for JSON patch {}", self.told);
                let error = BuildError::invalid("must specify a target for a JSON patch");
                Err(error.upstream(words))
            }
            (Change::Json(patch), Some(target)) => self.apply_json(patch, target, map, schema),
        };
        result.map_err(|e| self.text.blame(e))
    }

    fn apply_to_selected(
        &self,
        list: &[Resource],
        target: &Selector,
        map: &mut ResMap,
        schema: &MergeSchema,
    ) -> Outcome<()> {
        let [patch] = list else {
            let words = |_: &str| {
                format!(
                    "Multiple Strategic-Merge Patches in one `patches` entry is not allowed to set `patches.target` field: {}",
                    self.told
                )
            };
            return Err(BuildError::invalid(
                "multiple strategic merge patches in one patch are not allowed to have a target",
            )
            .upstream(words));
        };
        let selected = map.select(target, schema)?;
        apply_patch_to(patch, &selected, map, schema)
    }

    fn apply_json(
        &self,
        patch: &JsonPatch,
        target: &Selector,
        map: &mut ResMap,
        schema: &MergeSchema,
    ) -> Outcome<()> {
        for at in map.select(target, schema)? {
            let (list, growth) = map.list_and_growth();
            let resource = &mut list[at];
            let shown = resource.shown();
            let (kind, name) = (resource.kind().to_owned(), resource.name().to_owned());
            if self.remembers {
                resource.store_previous_id(schema);
            }
            let memory = resource.memory.clone();
            let notes = resource.notes();
            resource.materialize();
            let mut value = skein_yaml::reencoded_to_json(&resource.node)
                .map_err(|e| resource.blame(e.into()))?;
            patch
                .apply(&mut value, growth)
                .map_err(|(number, message)| {
                    // The words are kustomize's, which does not say more.
                    let words = message.clone();
                    BuildError::invalid(message)
                        .upstream(|_| words)
                        .on_object(shown.as_str())
                        .at_field(format!("[{number}]"))
                })?;
            if !value.is_object() {
                return Err(BuildError::invalid("the patch leaves no object").on_object(shown));
            }
            resource.put_value(&value)?;
            resource.note_rename(&kind, &name);
            resource.absorb();
            resource.memory = memory;
            // Setting the annotations again makes strings of them.
            let annotations = merge_pairs(resource.annotations(), notes);
            resource.set_annotations(annotations)?;
        }
        Ok(())
    }
}

/// The error of the reading that the text looks more like.
fn not_a_patch(strategic: BuildError, json: BuildError, text: &[u8]) -> BuildError {
    match skein_yaml::from_slice(text) {
        Ok(Value::Array(_)) => json,
        _ => strategic,
    }
}

/// `patchesStrategicMerge`: each patch finds its target; two objects may not end with one identity.
pub(crate) fn apply_strategic(
    list: &[Resource],
    map: &mut ResMap,
    schema: &MergeSchema,
) -> Outcome<()> {
    for patch in list {
        let blame = |e: BuildError| patch.blame_line(e.on_object(patch.shown()));
        let at = map
            .get_by_id(&patch.original_id(schema), schema)
            .map_err(blame)?;
        apply_patch_to(patch, &[at], map, schema).map_err(blame)?;
    }
    Ok(())
}

/// Patches without target: each finds its own. Errors have lines of the text.
fn apply_each(list: &[Resource], map: &mut ResMap, schema: &MergeSchema) -> Outcome<()> {
    for patch in list {
        let id = patch.original_id(schema);
        let at = map.get_by_id(&id, schema).map_err(|e| {
            let words = |inner: &str| {
                format!("no resource matches strategic merge patch \"{id}\": {inner}")
            };
            e.on_object(patch.shown())
                .upstream(words)
                .on_line_of(&patch.node)
        })?;
        map.growth().add_node(&patch.node, 0)?;
        let applied = map.list_mut()[at].apply_patch(&mut patch.clone(), schema);
        applied.map_err(|e| e.on_line_of(&patch.node))?;
    }
    Ok(())
}

/// One patch on several objects: it takes each one's kind and version first, then identities must still be unique.
fn apply_patch_to(
    patch: &Resource,
    selected: &[usize],
    map: &mut ResMap,
    schema: &MergeSchema,
) -> Outcome<()> {
    let kind = patch.kind().to_owned();
    // Objects are chosen by identity, so that one with the identity of a selected one is, too.
    let chosen = map.with_same_identity(selected, schema);
    let mut growth = Growth::default();
    growth.add_node(&patch.node, 0)?;
    map.growth().add_times(&growth, chosen.len())?;
    map.change(&chosen, schema, |resource| {
        let mut copy = patch.clone();
        copy.copy_metadata_from(patch)?;
        copy.memory = patch.memory.clone();
        let gvk = resource.gvk();
        copy.set_api_version(&gvk.api_version())?;
        copy.set_kind(&kind)?;
        resource.apply_patch(&mut copy, schema)
    })
}
