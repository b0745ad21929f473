//! One object in a build, with what the build remembers about it.

use std::sync::Arc;

use serde_json::{Map, Value};
use skein_object::LabelSelector;
use skein_yaml::{CompactString, Kind, Node, Tag};

use crate::error::{BuildError, Outcome};
use crate::field_specs::{CREATE_MAP, FieldSpec, apply};
use crate::id::{Gvk, IdKey, ResId, split_api_version};
use crate::merge::{Merged, Merger};
use crate::ops::{OpError, clear, get_or_create, quote_if_ambiguous, set_field};
use crate::schema::MergeSchema;
use crate::shared::SharedValues;
use crate::source::Source;
use crate::trace::Trail;

mod notes;

const ENABLED: &str = "enabled";

/// What a generator does with an object that is there already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Behavior {
    #[default]
    Unspecified,
    Create,
    Replace,
    Merge,
}

impl Behavior {
    /// Any other word counts as unspecified.
    pub(crate) fn from_text(text: &str) -> Self {
        match text {
            "create" => Self::Create,
            "replace" => Self::Replace,
            "merge" => Self::Merge,
            _ => Self::Unspecified,
        }
    }

    pub(crate) fn as_text(self) -> &'static str {
        match self {
            Self::Unspecified => "unspecified",
            Self::Create => "create",
            Self::Replace => "replace",
            Self::Merge => "merge",
        }
    }
}

/// An identity that the object had before a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PreviousId {
    pub(crate) name: CompactString,
    /// The effective namespace of that time.
    pub(crate) namespace: CompactString,
    pub(crate) kind: CompactString,
}

/// What the build remembers about an object; kustomize keeps it in annotations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Memory {
    pub(crate) previous: Vec<PreviousId>,
    pub(crate) prefixes: Vec<String>,
    pub(crate) suffixes: Vec<String>,
    pub(crate) behavior: Behavior,
    pub(crate) needs_hash: bool,
    pub(crate) allow_name_change: bool,
    pub(crate) allow_kind_change: bool,
    /// Whether annotations of the file tell of earlier identities in numbers that do not fit together.
    pub(crate) is_broken: bool,
}

impl Memory {
    /// Whether annotations of the file told the build something. What a patch is allowed to change comes from its kustomization.
    fn is_of_file(&self) -> bool {
        let of_build = Self {
            allow_name_change: self.allow_name_change,
            allow_kind_change: self.allow_kind_change,
            ..Self::default()
        };
        *self != of_build
    }
}

/// One object in a build. A deleted one has a null node until it is dropped.
#[derive(Clone, Debug)]
pub(crate) struct Resource {
    pub(crate) node: Node,
    pub(crate) memory: Memory,
    /// Names of the vars that read from this object.
    pub(crate) vars: Vec<String>,
    /// Values that stand in several places at once.
    pub(crate) shared: SharedValues,
    /// Whether its nodes know their places and comments. Then what the build remembers also stands in its annotations, as kustomize has it: a hash of
    /// the node tells.
    pub(crate) is_detailed: bool,
    /// Where its fields came from, in a traced build.
    pub(crate) trail: Option<Box<Trail>>,
    /// The file that it was read from, or the kustomization that made it.
    pub(crate) source: Option<Arc<Source>>,
    /// Its line in that file; 0 for none.
    pub(crate) line: u32,
    /// What gave it another name or kind, when that was a patch.
    pub(crate) renamed_by: Option<Arc<Source>>,
    /// Whether a patch gave it another name or kind, and [`Self::renamed_by`] does not tell yet.
    pub(crate) is_renamed: bool,
}

impl Resource {
    /// Wraps an object; what its annotations tell the build moves into memory.
    pub(crate) fn new(node: Node) -> Self {
        let mut resource = Self {
            is_detailed: node.detail.is_some(),
            node,
            memory: Memory::default(),
            vars: Vec::new(),
            shared: SharedValues::default(),
            trail: None,
            source: None,
            line: 0,
            renamed_by: None,
            is_renamed: false,
        };
        resource.absorb();
        resource
    }

    fn field(&self, name: &str) -> &str {
        self.node.get(name).map_or("", |v| v.value.as_str())
    }

    pub(crate) fn kind(&self) -> &str {
        self.field("kind")
    }

    pub(crate) fn api_version(&self) -> &str {
        self.field("apiVersion")
    }

    fn metadata(&self) -> Option<&Node> {
        self.node.get("metadata").filter(|m| !m.is_null_or_empty())
    }

    fn metadata_text(&self, name: &str) -> &str {
        self.metadata().map_or("", |m| m.text(name))
    }

    pub(crate) fn name(&self) -> &str {
        self.metadata_text("name")
    }

    pub(crate) fn namespace(&self) -> &str {
        self.metadata_text("namespace")
    }

    pub(crate) fn gvk(&self) -> Gvk {
        Gvk::new(self.api_version(), self.kind())
    }

    /// `Kind/name`, for messages.
    pub(crate) fn shown(&self) -> String {
        format!("{}/{}", self.kind(), self.name())
    }

    /// Names the object and its file in an error.
    pub(crate) fn blame(&self, error: BuildError) -> BuildError {
        let error = error.on_object(self.shown());
        match &self.source {
            Some(source) => source.blame_key(error),
            None => error.without_bare_line(),
        }
    }

    /// Names the place of the object itself in an error about what it was when it was read.
    pub(crate) fn blame_line(&self, error: BuildError) -> BuildError {
        match &self.source {
            Some(source) if source.field.is_empty() => source.blame(error).on_line(self.line),
            Some(source) => source.blame(error),
            None => error,
        }
    }

    /// Notes whether a patch gave it another name or kind.
    pub(crate) fn note_rename(&mut self, kind: &str, name: &str) {
        self.is_renamed |= self.name() != name || self.kind() != kind;
    }

    /// The identity as it is now.
    pub(crate) fn id(&self, schema: &MergeSchema) -> ResId {
        ResId {
            gvk: self.gvk(),
            name: self.name().into(),
            namespace: self.namespace().into(),
            cluster_scoped: schema.is_cluster_scoped(self.api_version(), self.kind()),
        }
    }

    /// What its identity has in common exactly with those that mean the same object.
    pub(crate) fn key(&self, schema: &MergeSchema) -> IdKey {
        let kind = (self.api_version(), self.kind());
        let scoped = schema.is_cluster_scoped(kind.0, kind.1);
        IdKey::new(kind, self.name(), self.namespace(), scoped)
    }

    /// Group, version and kind of the identity that the object was loaded with.
    pub(crate) fn original_gvk(&self) -> Gvk {
        match self.memory.previous.first() {
            Some(first) => Gvk::new(self.api_version(), &first.kind),
            None => self.gvk(),
        }
    }

    /// Whether kustomize loses count of the earlier identities: it keeps them in lists with commas, and some of their parts have commas too.
    pub(crate) fn has_broken_history(&self) -> bool {
        let commas = |part: fn(&PreviousId) -> &str| -> usize {
            let bytes = self.memory.previous.iter().map(part).flat_map(str::bytes);
            bytes.filter(|byte| *byte == b',').count()
        };
        let names = commas(|id| &id.name);
        self.memory.is_broken
            || names != commas(|id| &id.namespace)
            || names != commas(|id| &id.kind)
    }

    /// The earlier identities, the first one first.
    pub(crate) fn previous_ids(&self) -> impl Iterator<Item = ResId> {
        let (group, version) = split_api_version(self.api_version());
        self.memory.previous.iter().map(move |p| ResId {
            gvk: Gvk {
                group: group.into(),
                version: version.into(),
                kind: p.kind.clone(),
            },
            name: p.name.clone(),
            namespace: p.namespace.clone(),
            cluster_scoped: false,
        })
    }

    /// Whether one of its identities has a name.
    pub(crate) fn has_or_had_name(&self, name: &str) -> bool {
        self.name() == name || self.memory.previous.iter().any(|p| p.name == name)
    }

    /// The identity that the object was loaded with.
    pub(crate) fn original_id(&self, schema: &MergeSchema) -> ResId {
        self.previous_ids()
            .next()
            .unwrap_or_else(|| self.id(schema))
    }

    /// Remembers the identity as it is now.
    pub(crate) fn store_previous_id(&mut self, schema: &MergeSchema) {
        let id = self.id(schema);
        self.note_id(&id);
        self.memory.previous.push(PreviousId {
            namespace: id.effective_namespace().into(),
            name: id.name,
            kind: id.gvk.kind,
        });
    }

    pub(crate) fn set_name(&mut self, name: &str) -> Result<(), OpError> {
        self.set_metadata("name", name)
    }

    /// Sets the namespace; an empty one is removed.
    pub(crate) fn set_namespace(&mut self, namespace: &str) -> Result<(), OpError> {
        if namespace.is_empty() {
            return match self.node.get_mut("metadata") {
                Some(metadata) => clear(metadata, "namespace").map(|_| ()),
                None => Ok(()),
            };
        }
        self.set_metadata("namespace", namespace)
    }

    fn set_metadata(&mut self, field: &str, value: &str) -> Result<(), OpError> {
        match get_or_create(&mut self.node, "metadata", Kind::Mapping)? {
            Some(metadata) => set_field(metadata, field, Node::scalar(value)),
            None => Ok(()),
        }
    }

    pub(crate) fn set_kind(&mut self, kind: &str) -> Result<(), OpError> {
        set_field(&mut self.node, "kind", Node::scalar(kind))
    }

    pub(crate) fn set_api_version(&mut self, api_version: &str) -> Result<(), OpError> {
        set_field(&mut self.node, "apiVersion", Node::scalar(api_version))
    }

    fn metadata_map(&self, field: &str) -> Vec<(String, String)> {
        let map = self.metadata().and_then(|m| m.get(field));
        let mut pairs: Vec<(String, String)> = Vec::new();
        for (key, value) in map.into_iter().flat_map(Node::entries) {
            match pairs.iter_mut().find(|(k, _)| *k == key.value) {
                Some(pair) => pair.1 = value.value.as_str().to_owned(),
                None => pairs.push((
                    key.value.as_str().to_owned(),
                    value.value.as_str().to_owned(),
                )),
            }
        }
        pairs
    }

    pub(crate) fn labels(&self) -> Vec<(String, String)> {
        self.metadata_map("labels")
    }

    pub(crate) fn annotations(&self) -> Vec<(String, String)> {
        self.metadata_map("annotations")
    }

    /// The text of an annotation.
    pub(crate) fn annotation(&self, key: &str) -> Option<&str> {
        let annotations = self.metadata()?.get("annotations")?;
        annotations
            .entries()
            .find(|(k, _)| k.value == key)
            .map(|(_, v)| v.value.as_str())
    }

    fn set_metadata_map(
        &mut self,
        field: &str,
        mut pairs: Vec<(String, String)>,
    ) -> Result<(), OpError> {
        let Some(metadata) = get_or_create(&mut self.node, "metadata", Kind::Mapping)? else {
            return Ok(());
        };
        clear(metadata, field)?;
        if pairs.is_empty() {
            return Ok(());
        }
        pairs.sort_unstable();
        // Where the field stands twice, the second one takes the pairs in.
        let Some(map) = get_or_create(metadata, field, Kind::Mapping)? else {
            return Ok(());
        };
        for (key, value) in pairs {
            set_field(map, &key, Node::string(value))?;
        }
        Ok(())
    }

    /// Lets a strategic patch change the name or kind of what it is applied to. kustomize notes that in the patch's annotations, and
    /// writing them makes strings of all of them, nulls included.
    pub(crate) fn allow_changes(&mut self, name: bool, kind: bool) -> Result<(), OpError> {
        self.memory.allow_name_change |= name;
        self.memory.allow_kind_change |= kind;
        for (wanted, key) in [(name, "allowNameChange"), (kind, "allowKindChange")] {
            if wanted {
                self.note_setting(key, ENABLED)?;
            }
        }
        Ok(())
    }

    /// Replaces all labels; values become strings.
    pub(crate) fn set_labels(&mut self, pairs: Vec<(String, String)>) -> Result<(), OpError> {
        self.set_metadata_map("labels", pairs)
    }

    /// Replaces all annotations; values become strings.
    pub(crate) fn set_annotations(&mut self, pairs: Vec<(String, String)>) -> Result<(), OpError> {
        self.set_metadata_map("annotations", pairs)
    }

    /// Adds one annotation as `commonAnnotations` does; the others stay as they are.
    pub(crate) fn annotate(&mut self, key: &str, value: &str) -> Result<(), OpError> {
        let spec = FieldSpec::new(Gvk::default(), "metadata/annotations", true);
        apply(&mut self.node, &spec, Some(CREATE_MAP), &mut |node| {
            set_field(node, key, Node::tagged(value, Tag::Str))
        })
    }

    /// Sets one annotation, or removes it.
    pub(crate) fn set_annotation(&mut self, key: &str, value: Option<&str>) -> Result<(), OpError> {
        let mut pairs = self.annotations();
        pairs.retain(|(k, _)| k != key);
        pairs.extend(value.map(|v| (key.to_owned(), v.to_owned())));
        self.set_annotations(pairs)
    }

    /// Whether a selector over labels or annotations, in text form, matches.
    pub(crate) fn matches_selector(&self, field: &str, selector: &LabelSelector) -> bool {
        let pairs = self.metadata_map(field);
        let map: Map<String, Value> = pairs.into_iter().map(|(k, v)| (k, v.into())).collect();
        selector.matches(Some(&map))
    }

    /// Merges a strategic patch in. Kind, name and namespace stay unless the patch may change them.
    pub(crate) fn apply_patch(
        &mut self,
        patch: &mut Resource,
        schema: &MergeSchema,
    ) -> Outcome<()> {
        let (name, namespace) = (self.name().to_owned(), self.namespace().to_owned());
        let kind = self.kind().to_owned();
        let (may_name, may_kind) = (
            patch.memory.allow_name_change,
            patch.memory.allow_kind_change,
        );
        if may_name || may_kind {
            self.store_previous_id(schema);
        }
        let tells_build = patch.memory.is_of_file();
        let touches_memory = tells_build || patch.touches_all_annotations();
        if touches_memory {
            self.materialize();
        }
        if tells_build {
            patch.materialize();
        }
        let shown = self.shown();
        match Merger::new(schema).merge(&mut self.node, &mut patch.node) {
            Err(error) => return Err(BuildError::from(error).on_object(shown)),
            // kustomize changes the object in place; a patch that replaces it whole is lost.
            Ok(Merged::Kept | Merged::Replaced(_) | Merged::KeptNull(_)) => {}
            Ok(Merged::Removed) => self.node = Node::null(),
        }
        if self.node.is_null_or_empty() {
            self.node = Node::null();
            return Ok(());
        }
        if touches_memory || self.is_detailed {
            self.memory = Memory::default();
            self.absorb();
        }
        if !may_kind {
            self.set_kind(&kind)?;
        }
        if !may_name {
            self.set_name(&name)?;
        }
        self.set_namespace(&namespace)?;
        self.note_rename(&kind, &name);
        self.shared.spread(&mut self.node);
        Ok(())
    }
}

/// Pairs of both lists, sorted; those of `over` win.
pub(crate) fn merge_pairs(
    base: Vec<(String, String)>,
    over: Vec<(String, String)>,
) -> Vec<(String, String)> {
    let mut map: std::collections::BTreeMap<String, String> = base.into_iter().collect();
    map.extend(over);
    map.into_iter().collect()
}

/// How a generated object takes over from the one that it replaces or is merged into.
impl Resource {
    /// Takes name, namespace, labels, annotations and memory of another object; own labels and annotations win.
    pub(crate) fn copy_metadata_from(&mut self, other: &Resource) -> Result<(), OpError> {
        self.set_labels(merge_pairs(other.labels(), self.labels()))?;
        let annotations = self.merged_annotations(other);
        self.set_annotations(annotations)?;
        let needs_hash = self.memory.needs_hash && other.memory.needs_hash;
        self.memory = Memory {
            needs_hash,
            ..other.memory.clone()
        };
        self.set_name(other.name())?;
        self.set_namespace(other.namespace())?;
        self.vars.clone_from(&other.vars);
        Ok(())
    }

    /// As [`Resource::copy_metadata_from`], and keeps the other's data where there is none of its own.
    pub(crate) fn merge_data_from(&mut self, other: &Resource) -> Result<(), OpError> {
        let origin = other.annotation(ORIGIN_ANNOTATION).map(str::to_owned);
        self.copy_metadata_from(other)?;
        for field in ["data", "binaryData"] {
            let pairs = merge_pairs(data_of(&other.node, field), data_of(&self.node, field));
            clear(&mut self.node, field)?;
            set_data(&mut self.node, field, pairs)?;
        }
        if origin.is_some() {
            self.set_annotation(ORIGIN_ANNOTATION, origin.as_deref())?;
        }
        Ok(())
    }
}

/// Keys and values of a data field; a null value counts as empty.
fn data_of(node: &Node, field: &str) -> Vec<(String, String)> {
    let text = |n: &Node| {
        if n.is_null() {
            String::new()
        } else {
            n.value.as_str().to_owned()
        }
    };
    let entries = node.get(field).into_iter().flat_map(Node::entries);
    entries.map(|(k, v)| (text(k), text(v))).collect()
}

/// Sets data from text; nothing is made of no pairs.
fn set_data(node: &mut Node, field: &str, pairs: Vec<(String, String)>) -> Result<(), OpError> {
    if pairs.is_empty() {
        return Ok(());
    }
    let mut map = Node::mapping();
    for (key, value) in pairs {
        let mut value = Node::string(value);
        quote_if_ambiguous(&mut value);
        map.content.push(Node::scalar(key));
        map.content.push(value);
    }
    set_field(node, field, map)
}

/// Where an object came from, when `buildMetadata` asks for it.
pub(crate) const ORIGIN_ANNOTATION: &str = "config.kubernetes.io/origin";
/// What changed an object, when `buildMetadata` asks for it.
pub(crate) const TRANSFORMATIONS_ANNOTATION: &str = "alpha.config.kubernetes.io/transformations";
