//! What the build remembers of an object, as kustomize keeps it: in annotations of the object.

use skein_yaml::{Kind, Node, Style, Tag};

use super::{Behavior, ENABLED, PreviousId, Resource, merge_pairs};
use crate::error::Outcome;
use crate::id::ResId;
use crate::ops::{OpError, clear, get_or_create, node_from_json, reread, set_field};

/// Annotations that kustomize keeps for itself while it builds; they never appear in the result.
const INTERNAL_DOMAIN: &str = "internal.config.kubernetes.io/";
/// Those of the memory.
const MEMORY_KEYS: [&str; 10] = [
    "previousKinds",
    "previousNames",
    "prefixes",
    "suffixes",
    "previousNamespaces",
    "allowNameChange",
    "allowKindChange",
    "refBy",
    "generatorBehavior",
    "needsHashSuffix",
];
/// Others that belong to the build.
const OTHER_BUILD_KEYS: [&str; 9] = [
    "internal.config.kubernetes.io/path",
    "internal.config.kubernetes.io/index",
    "internal.config.kubernetes.io/seqindent",
    "internal.config.kubernetes.io/id",
    "internal.config.kubernetes.io/annotations-migration-resource-id",
    "config.kubernetes.io/path",
    "config.kubernetes.io/index",
    "config.k8s.io/id",
    "internal.config.kubernetes.io/helm-generated",
];
/// Those of other domains that a JSON patch cannot remove either.
const LEGACY_KEYS: [&str; 3] = [
    "config.kubernetes.io/path",
    "config.kubernetes.io/index",
    "config.k8s.io/id",
];

fn is_of_build(key: &str) -> bool {
    let in_domain = key.strip_prefix(INTERNAL_DOMAIN);
    in_domain.is_some_and(|k| MEMORY_KEYS.contains(&k)) || OTHER_BUILD_KEYS.contains(&key)
}

impl Resource {
    /// Whether a patch removes or replaces annotations or metadata as a whole, and with them what kustomize keeps there.
    pub(super) fn touches_all_annotations(&self) -> bool {
        let whole = |n: Option<&Node>| n.is_some_and(|n| n.is_null() || n.get("$patch").is_some());
        let metadata = self.node.get("metadata");
        whole(metadata) || whole(metadata.and_then(|m| m.get("annotations")))
    }

    /// Writes the memory into annotations, where kustomize keeps it, for operations that see them.
    pub(crate) fn materialize(&mut self) {
        if self.is_detailed {
            return;
        }
        let memory = std::mem::take(&mut self.memory);
        let csv = |list: Vec<&str>| list.join(",");
        let previous = &memory.previous;
        let mut pairs = vec![
            (
                "previousNames",
                csv(previous.iter().map(|p| p.name.as_str()).collect()),
            ),
            (
                "previousNamespaces",
                csv(previous.iter().map(|p| p.namespace.as_str()).collect()),
            ),
            (
                "previousKinds",
                csv(previous.iter().map(|p| p.kind.as_str()).collect()),
            ),
            (
                "prefixes",
                csv(memory.prefixes.iter().map(String::as_str).collect()),
            ),
            (
                "suffixes",
                csv(memory.suffixes.iter().map(String::as_str).collect()),
            ),
        ];
        let flag = |on: bool| {
            if on {
                ENABLED.to_owned()
            } else {
                String::new()
            }
        };
        pairs.push(("needsHashSuffix", flag(memory.needs_hash)));
        pairs.push(("allowNameChange", flag(memory.allow_name_change)));
        pairs.push(("allowKindChange", flag(memory.allow_kind_change)));
        if memory.behavior != Behavior::Unspecified {
            pairs.push(("generatorBehavior", memory.behavior.as_text().to_owned()));
        }
        let Ok(Some(metadata)) = get_or_create(&mut self.node, "metadata", Kind::Mapping) else {
            return;
        };
        if metadata
            .get("annotations")
            .is_some_and(Node::is_null_or_empty)
        {
            let _ = clear(metadata, "annotations");
        }
        pairs.retain(|(_, value)| !value.is_empty());
        if pairs.is_empty() {
            return;
        }
        let Ok(Some(annotations)) = get_or_create(metadata, "annotations", Kind::Mapping) else {
            return;
        };
        for (key, value) in pairs {
            let _ = set_field(
                annotations,
                &format!("{INTERNAL_DOMAIN}{key}"),
                Node::tagged(value, Tag::Str),
            );
        }
    }

    /// Moves what annotations tell the build into memory; in an object with details they also stay.
    pub(crate) fn absorb(&mut self) {
        let stays = self.is_detailed;
        let Some(annotations) = self
            .node
            .get_mut("metadata")
            .and_then(|metadata| metadata.get_mut("annotations"))
        else {
            return;
        };
        let has_any = annotations
            .entries()
            .any(|(k, _)| k.value.starts_with(INTERNAL_DOMAIN));
        if !has_any {
            return;
        }
        let mut take = |key: &str| {
            let key = format!("{INTERNAL_DOMAIN}{key}");
            if stays {
                return annotations.get(&key).map(|v| v.value.as_str().to_owned());
            }
            clear(annotations, &key)
                .ok()
                .flatten()
                .map(|v| v.value.into_string())
        };
        let list = |text: Option<String>| -> Vec<String> {
            text.map(|t| t.split(',').map(str::to_owned).collect())
                .unwrap_or_default()
        };
        let names = list(take("previousNames"));
        let namespaces = list(take("previousNamespaces"));
        let kinds = list(take("previousKinds"));
        if names.len() == namespaces.len() && names.len() == kinds.len() {
            let triples = names.into_iter().zip(namespaces).zip(kinds);
            self.memory.previous = triples
                .map(|((name, namespace), kind)| PreviousId {
                    name: name.into(),
                    namespace: namespace.into(),
                    kind: kind.into(),
                })
                .collect();
        } else {
            self.memory.is_broken = true;
        }
        self.memory.prefixes = list(take("prefixes"));
        self.memory.suffixes = list(take("suffixes"));
        self.memory.needs_hash = take("needsHashSuffix").as_deref() == Some(ENABLED);
        self.memory.allow_name_change = take("allowNameChange").as_deref() == Some(ENABLED);
        self.memory.allow_kind_change = take("allowKindChange").as_deref() == Some(ENABLED);
        self.memory.behavior = Behavior::from_text(&take("generatorBehavior").unwrap_or_default());
        take("refBy");
    }

    /// Annotations of the build that no JSON patch removes; none where memory keeps them.
    pub(crate) fn notes(&self) -> Vec<(String, String)> {
        if !self.is_detailed {
            return Vec::new();
        }
        let mut pairs = self.annotations();
        pairs.retain(|(key, _)| {
            key.starts_with(INTERNAL_DOMAIN) || LEGACY_KEYS.contains(&key.as_str())
        });
        pairs
    }

    /// Replaces the whole object by a value, as kustomize does: through YAML text, when places matter.
    pub(crate) fn put_value(&mut self, value: &serde_json::Value) -> Outcome<()> {
        self.node = node_from_json(value);
        if self.is_detailed {
            self.node = reread(&self.node)?;
        }
        Ok(())
    }

    /// Appends to a list in an annotation.
    fn append_note(&mut self, key: &str, value: &str) -> Result<(), OpError> {
        if !self.is_detailed || value.is_empty() {
            return Ok(());
        }
        let key = format!("{INTERNAL_DOMAIN}{key}");
        let text = match self.annotation(&key) {
            Some(before) => format!("{before},{value}"),
            None => value.to_owned(),
        };
        if let Some(metadata) = self.node.get_mut("metadata") {
            let is_empty = |n: &Node| n.content.is_empty();
            if metadata.get("annotations").is_some_and(is_empty) {
                clear(metadata, "annotations")?;
            }
            if is_empty(metadata) {
                clear(&mut self.node, "metadata")?;
            }
        }
        let mut text = Node::tagged(text, Tag::Str);
        text.style = Style::SINGLE_QUOTED;
        if let Some(metadata) = get_or_create(&mut self.node, "metadata", Kind::Mapping)?
            && let Some(annotations) = get_or_create(metadata, "annotations", Kind::Mapping)?
        {
            set_field(annotations, &key, text)?;
        }
        Ok(())
    }

    /// Notes an identity that is about to change.
    pub(super) fn note_id(&mut self, id: &ResId) {
        if !self.is_detailed {
            return;
        }
        let namespace = id.effective_namespace();
        for (key, value) in [
            ("previousNames", id.name.as_str()),
            ("previousNamespaces", namespace),
            ("previousKinds", id.gvk.kind.as_str()),
        ] {
            // An object whose metadata is no map has other problems.
            let _ = self.append_note(key, value);
        }
    }

    /// Notes a prefix or suffix.
    pub(crate) fn note_affix(&mut self, text: &str, is_prefix: bool) -> Result<(), OpError> {
        self.append_note(if is_prefix { "prefixes" } else { "suffixes" }, text)
    }

    /// Notes a setting. Writing annotations makes strings of all of them, nulls included, also where the setting stays in memory.
    pub(crate) fn note_setting(&mut self, key: &str, value: &str) -> Result<(), OpError> {
        let mut pairs = self.annotations();
        if self.is_detailed {
            let note = (format!("{INTERNAL_DOMAIN}{key}"), value.to_owned());
            pairs = merge_pairs(pairs, vec![note]);
        }
        if pairs.is_empty() && !self.has_null_annotations() {
            return Ok(());
        }
        self.set_annotations(pairs)
    }

    fn has_null_annotations(&self) -> bool {
        let annotations = self.node.get("metadata").and_then(|m| m.get("annotations"));
        annotations.is_some_and(Node::is_null)
    }

    /// The annotations of both, where own ones win; those of the build are the other's.
    pub(super) fn merged_annotations(&self, other: &Resource) -> Vec<(String, String)> {
        let (own, others) = (self.annotations(), other.annotations());
        if !self.is_detailed {
            return merge_pairs(others, own);
        }
        let needs_hash = format!("{INTERNAL_DOMAIN}needsHashSuffix");
        let wants_hash = own.iter().any(|(key, _)| *key == needs_hash);
        let (of_build, others): (Vec<_>, Vec<_>) =
            others.into_iter().partition(|(key, _)| is_of_build(key));
        let own = own.into_iter().filter(|(key, _)| !is_of_build(key));
        let mut merged = merge_pairs(merge_pairs(others, own.collect()), of_build);
        merged.retain(|(key, _)| *key != needs_hash || wants_hash);
        merged
    }

    /// Takes the notes out of the annotations; memory has them.
    pub(crate) fn drop_notes(&mut self) -> Result<(), OpError> {
        if !std::mem::take(&mut self.is_detailed) {
            return Ok(());
        }
        let annotations = self
            .node
            .get_mut("metadata")
            .and_then(|m| m.get_mut("annotations"));
        if let Some(annotations) = annotations.filter(|a| a.is_mapping()) {
            for key in MEMORY_KEYS {
                clear(annotations, &format!("{INTERNAL_DOMAIN}{key}"))?;
            }
        }
        Ok(())
    }
}
