//! kyaml's strategic merge: a patch onto an object, by schema.

use foldhash::{HashSet, HashSetExt as _};

use skein_yaml::{CompactString, Kind, Node, Style};

use crate::ops::{OpError, clear, quote_if_ambiguous, require, set_field_with};
use crate::schema::{MergeSchema, Shape};

mod list;

use list::Other;

/// What became of a place in the object.
pub(crate) enum Merged {
    /// The object's own node, changed in place (or nothing was there and nothing came).
    Kept,
    /// This node takes the place.
    Replaced(Node),
    /// Null that was written as a word and stays.
    KeptNull(Node),
    /// The place is removed.
    Removed,
}

/// What `$patch` in a patch asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Directive {
    Merge,
    Replace,
    Delete,
}

const DIRECTIVE_KEY: &str = "$patch";

impl Directive {
    fn of(word: &str) -> Result<Self, OpError> {
        match word {
            "merge" => Ok(Self::Merge),
            "replace" => Ok(Self::Replace),
            "delete" => Ok(Self::Delete),
            other => Err(OpError(format!(
                "unknown patch strategy '{other}', $patch takes merge, replace or delete"
            ))),
        }
    }

    /// Takes the directive out of a patch.
    fn take(patch: Option<&mut Node>) -> Result<Self, OpError> {
        let Some(patch) = patch else {
            return Ok(Self::Merge);
        };
        match patch.kind {
            Kind::Mapping => match patch.get(DIRECTIVE_KEY) {
                None => Ok(Self::Merge),
                Some(word) => {
                    let directive = Self::of(&word.value)?;
                    clear(patch, DIRECTIVE_KEY)?;
                    Ok(directive)
                }
            },
            Kind::Sequence => Self::take_from_list(patch),
            Kind::Scalar => Err(OpError(format!(
                "'{}' cannot be merged into a map",
                patch.value
            ))),
        }
    }

    /// A list carries the directive as an element of its own.
    fn take_from_list(patch: &mut Node) -> Result<Self, OpError> {
        let first = patch
            .content
            .iter()
            .find_map(|item| Some((item, item.get(DIRECTIVE_KEY)?)));
        let Some((_, word)) = first.filter(|(item, _)| item.content.len() <= 2) else {
            return Ok(Self::Merge);
        };
        let word = word.value.as_str().to_owned();
        let directive = Self::of(&word)?;
        list::set_element(
            &mut patch.content,
            None,
            &[DIRECTIVE_KEY.to_owned()],
            &[word],
        )?;
        Ok(directive)
    }
}

fn missing(node: Option<&Node>) -> bool {
    node.is_none_or(Node::is_null)
}

/// Merges patches by a schema.
pub(crate) struct Merger<'s> {
    schema: &'s MergeSchema,
}

impl<'s> Merger<'s> {
    pub(crate) fn new(schema: &'s MergeSchema) -> Self {
        Self { schema }
    }

    /// Merges a patch into a whole object.
    pub(crate) fn merge(&self, object: &mut Node, patch: &mut Node) -> Result<Merged, OpError> {
        self.walk(Some(object), Some(patch), None)
    }

    /// The schema of a place: as inherited, else by the apiVersion and kind that stand there.
    fn shape_at(&self, dest: Option<&Node>, patch: Option<&Node>) -> Option<Shape> {
        for node in [dest, patch].into_iter().flatten() {
            let (kind, api_version) = (node.text("kind"), node.text("apiVersion"));
            if kind.is_empty() || api_version.is_empty() {
                continue;
            }
            if let Some(shape) = self.schema.of_kind(api_version, kind) {
                return Some(shape);
            }
        }
        None
    }

    fn walk(
        &self,
        dest: Option<&mut Node>,
        patch: Option<&mut Node>,
        shape: Option<&Shape>,
    ) -> Result<Merged, OpError> {
        let found;
        let shape = match shape {
            Some(shape) => Some(shape),
            None => {
                found = self.shape_at(dest.as_deref(), patch.as_deref());
                found.as_ref()
            }
        };
        let both = [dest.as_deref(), patch.as_deref()];
        let kind = both
            .into_iter()
            .flatten()
            .find(|n| !n.is_null())
            .map(|n| n.kind);
        if let Some(kind) = kind {
            for node in both.into_iter().flatten() {
                require(node, kind)?;
            }
        }
        match kind {
            None | Some(Kind::Mapping) => self.walk_map(dest, patch, shape),
            Some(Kind::Scalar) => Ok(replace_by(patch)),
            Some(Kind::Sequence) => match shape.and_then(Shape::merge_keys) {
                Some(keys) => self.walk_merging_list(dest, patch, shape, keys),
                None => {
                    adopt_style(dest, patch.as_deref());
                    Ok(replace_by(patch))
                }
            },
        }
    }

    fn walk_map(
        &self,
        dest: Option<&mut Node>,
        mut patch: Option<&mut Node>,
        shape: Option<&Shape>,
    ) -> Result<Merged, OpError> {
        let Some(dest) = dest.filter(|d| !d.is_null() || (patch.is_none() && !d.value.is_empty()))
        else {
            if Directive::take(patch.as_deref_mut()).ok() == Some(Directive::Delete) {
                return Ok(Merged::Removed);
            }
            return match patch {
                None => Ok(Merged::Removed),
                Some(patch) => self.adopt(patch, shape),
            };
        };
        if dest.is_null() {
            // kustomize makes a new node of it.
            return Ok(Merged::KeptNull(Node {
                detail: None,
                ..dest.clone()
            }));
        }
        adopt_style(Some(&mut *dest), patch.as_deref());
        adopt_comments(dest, patch.as_deref());
        if patch.as_deref().is_some_and(Node::is_null) {
            return Ok(Merged::Removed);
        }
        match Directive::take(patch.as_deref_mut())? {
            Directive::Delete => Ok(Merged::Removed),
            Directive::Replace => match patch {
                Some(patch) => self.adopt(patch, shape),
                None => Ok(Merged::Removed),
            },
            Directive::Merge => {
                self.merge_fields(dest, patch, shape)?;
                Ok(Merged::Kept)
            }
        }
    }

    /// Takes a node of the patch over: kyaml merges it with itself, so that directives in it take effect and nulls vanish.
    fn adopt(&self, patch: &Node, shape: Option<&Shape>) -> Result<Merged, OpError> {
        let mut node = patch.clone();
        if node.is_mapping() {
            self.settle_fields(&mut node, shape)?;
        }
        Ok(Merged::Replaced(node))
    }

    /// Merges a node with itself.
    fn settle(&self, node: &mut Node, shape: Option<&Shape>) -> Result<Merged, OpError> {
        if node.is_null() {
            return Ok(Merged::Removed);
        }
        let found;
        let shape = match shape {
            Some(shape) => Some(shape),
            None => {
                found = self.shape_at(Some(node), None);
                found.as_ref()
            }
        };
        let keys = shape.and_then(Shape::merge_keys);
        match (node.kind, keys) {
            (Kind::Scalar, _) | (Kind::Sequence, None) => return Ok(Merged::Kept),
            _ if Directive::take(Some(&mut *node))? == Directive::Delete => {
                return Ok(Merged::Removed);
            }
            (Kind::Mapping, _) => self.settle_fields(node, shape)?,
            (Kind::Sequence, Some(keys)) => {
                let elements = shape.and_then(Shape::elements);
                self.merge_elements(node, Other::Itself, elements, keys)?;
            }
        }
        Ok(Merged::Kept)
    }

    fn settle_fields(&self, node: &mut Node, shape: Option<&Shape>) -> Result<(), OpError> {
        each_field(node, |name, field| {
            let field_shape = shape.and_then(|s| self.schema.field(s, name));
            self.settle(field, field_shape)
        })
    }

    fn merge_fields(
        &self,
        dest: &mut Node,
        mut patch: Option<&mut Node>,
        shape: Option<&Shape>,
    ) -> Result<(), OpError> {
        let is_detailed = |node: &Node| node.detail.is_some();
        if patch.is_none() && !is_detailed(dest) {
            return each_field(dest, |name, field| {
                let field_shape = shape.and_then(|s| self.schema.field(s, name));
                self.walk(Some(field), None, field_shape)
            });
        }
        let mut seen: HashSet<CompactString> = HashSet::new();
        let mut names: Vec<CompactString> = Vec::new();
        for (key, _) in dest
            .entries()
            .chain(patch.as_deref().into_iter().flat_map(Node::entries))
        {
            if seen.insert(key.value.clone()) {
                names.push(key.value.clone());
            }
        }
        if is_detailed(dest) || patch.as_deref().is_some_and(is_detailed) {
            // New fields come in the order of their names, which only a hash of the node shows.
            names.sort_unstable();
        }
        for name in names {
            refuse_empty_name(&name)?;
            let field_shape = shape.and_then(|s| self.schema.field(s, &name));
            let key_style = patch
                .as_deref()
                .map_or(Style::PLAIN, |p| style_of_key(p, &name));
            let patch_field = patch.as_deref_mut().and_then(|p| p.get_mut(&name));
            match self.walk(dest.get_mut(&name), patch_field, field_shape)? {
                Merged::Kept => quote_kept(dest, &name),
                Merged::Removed => {
                    clear(dest, &name)?;
                }
                Merged::Replaced(value) => set_field_with(dest, &name, value, false, key_style)?,
                Merged::KeptNull(value) => set_field_with(dest, &name, value, true, key_style)?,
            }
        }
        Ok(())
    }

    fn walk_merging_list(
        &self,
        dest: Option<&mut Node>,
        mut patch: Option<&mut Node>,
        shape: Option<&Shape>,
        keys: &[String],
    ) -> Result<Merged, OpError> {
        let elements = shape.and_then(Shape::elements);
        let take_over = |patch: &Node| {
            let mut node = patch.clone();
            self.merge_elements(&mut node, Other::Itself, elements, keys)?;
            if !node.content.is_empty() {
                node.style = Style::PLAIN;
            }
            Ok(Merged::Replaced(node))
        };
        let Some(dest) = dest.filter(|d| !d.is_null()) else {
            return match patch.filter(|p| !p.is_null()) {
                None => Ok(Merged::Removed),
                Some(patch) => take_over(patch),
            };
        };
        adopt_style(Some(&mut *dest), patch.as_deref());
        adopt_comments(dest, patch.as_deref());
        if patch.as_deref().is_some_and(Node::is_null) {
            return Ok(Merged::Removed);
        }
        match Directive::take(patch.as_deref_mut())? {
            Directive::Delete => Ok(Merged::Removed),
            Directive::Replace => match patch {
                None => Ok(Merged::Removed),
                Some(patch) => take_over(patch),
            },
            Directive::Merge => {
                self.merge_elements(dest, Other::of(patch), elements, keys)?;
                Ok(Merged::Kept)
            }
        }
    }
}

/// Changes every field of a map in place, the first of each name, by what became of it.
fn each_field(
    map: &mut Node,
    mut change: impl FnMut(&str, &mut Node) -> Result<Merged, OpError>,
) -> Result<(), OpError> {
    let mut at = 1;
    while at < map.content.len() {
        let (before, rest) = map.content.split_at_mut(at);
        let (name, field) = (before[at - 1].value.as_str(), &mut rest[0]);
        refuse_empty_name(name)?;
        let is_repeated = || {
            before[..at - 1]
                .iter()
                .step_by(2)
                .any(|key| key.value == name)
        };
        let merged = if is_repeated() {
            Merged::Kept
        } else {
            change(name, field)?
        };
        match merged {
            Merged::Kept => {}
            Merged::Replaced(mut value) | Merged::KeptNull(mut value) => {
                value.style = field.style.without(Style::EMPTIED);
                value.shared = field.shared;
                *field = value;
            }
            Merged::Removed => {
                map.content.drain(at - 1..=at);
                if map.content.is_empty() {
                    map.style = map.style.with(Style::EMPTIED);
                }
                continue;
            }
        }
        quote_if_ambiguous(field);
        at += 2;
    }
    Ok(())
}

fn refuse_empty_name(name: &str) -> Result<(), OpError> {
    if name.is_empty() {
        return Err(OpError(
            "a field with an empty name cannot be merged".to_owned(),
        ));
    }
    Ok(())
}

/// An empty map or list takes the style of what is merged into it.
fn adopt_style(dest: Option<&mut Node>, patch: Option<&Node>) {
    if let (Some(dest), Some(patch)) = (dest, patch)
        && dest.kind != Kind::Scalar
        && dest.content.is_empty()
    {
        let emptied = dest.style.has(Style::EMPTIED);
        dest.style = patch.style.without(Style::EMPTIED);
        if emptied {
            dest.style = dest.style.with(Style::EMPTIED);
        }
    }
}

/// What stays takes over the comments of what is merged into it.
fn adopt_comments(dest: &mut Node, patch: Option<&Node>) {
    if let Some(patch) = patch {
        dest.take_comments(patch);
    }
}

fn replace_by(patch: Option<&mut Node>) -> Merged {
    match patch {
        None => Merged::Kept,
        Some(patch) if patch.is_null() => Merged::Removed,
        Some(patch) => Merged::Replaced(patch.clone()),
    }
}

fn style_of_key(map: &Node, name: &str) -> Style {
    map.entries()
        .find(|(k, _)| k.value == name)
        .map_or(Style::PLAIN, |(k, _)| k.style)
}

/// A string that stays is set again, and so gets quotes where YAML 1.1 needs them: they outlive the value that they were for.
fn quote_kept(map: &mut Node, name: &str) {
    if let Some(field) = map.get_mut(name) {
        quote_if_ambiguous(field);
    }
}
