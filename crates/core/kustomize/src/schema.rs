//! What merges need to know of a schema: which lists merge and by which keys, and which kinds have no namespace.

use std::borrow::Cow;
use std::cell::Cell;
use std::sync::{Arc, OnceLock};

use foldhash::HashMap;

mod custom;
mod text;

/// The structure of kustomize's built-in OpenAPI document.
const BUILT_IN: &str = include_str!("../data/kubernetes-1.21.2.txt");

/// A name that is part of the built-in document, or of another one.
type Text = Cow<'static, str>;
/// Shapes of fields by name.
type ShapeFields = HashMap<Text, Shape>;

/// How a field is built, as far as merging matters.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Shape {
    /// A map with named fields: a type by name.
    Type(Text),
    /// A list; with keys it merges: element by element, or as a set when the only key is empty.
    List {
        /// `None`: the list is replaced.
        merge_keys: Option<Vec<String>>,
        items: Option<Box<Shape>>,
    },
    /// A map with values of one shape.
    Map(Box<Shape>),
    /// A map with fields defined in place.
    Inline(ShapeFields),
    /// Anything else that a schema describes.
    Leaf,
}

/// Types by name, and which kind has which type.
#[derive(Debug, Default)]
pub(crate) struct Definitions {
    types: HashMap<Text, TypeFields>,
    /// Names of types, by kind and then by apiVersion.
    by_kind: HashMap<Text, Vec<(Text, Text)>>,
    namespaced: Namespaced,
}

impl Definitions {
    fn type_of(&self, api_version: &str, kind: &str) -> Option<&Text> {
        let versions = self.by_kind.get(kind)?;
        let found = versions.iter().find(|(v, _)| v == api_version);
        found.map(|(_, name)| name)
    }

    /// The last type that says so is that of the kind.
    fn note_kind(&mut self, api_version: Text, kind: Text, name: Text) {
        let versions = self.by_kind.entry(kind).or_default();
        match versions.iter_mut().find(|(v, _)| *v == api_version) {
            Some((_, known)) => *known = name,
            None => versions.push((api_version, name)),
        }
    }
}

/// The fields of a type. Those of built-in types are read when they are first asked for: most builds need few of them.
#[derive(Debug, Default)]
struct TypeFields {
    text: &'static str,
    read: OnceLock<ShapeFields>,
}

impl TypeFields {
    fn built_in(text: &'static str) -> Self {
        Self {
            text,
            read: OnceLock::new(),
        }
    }

    fn get(&self, name: &str) -> Option<&Shape> {
        self.read.get_or_init(|| text::fields(self.text)).get(name)
    }
}

impl From<ShapeFields> for TypeFields {
    fn from(fields: ShapeFields) -> Self {
        Self {
            text: "",
            read: OnceLock::from(fields),
        }
    }
}

/// Whether a kind is namespaced: by kind, then by apiVersion.
#[derive(Debug, Default)]
struct Namespaced(HashMap<Text, Vec<(Text, bool)>>);

impl Namespaced {
    fn get(&self, api_version: &str, kind: &str) -> Option<bool> {
        let versions = self.0.get(kind)?;
        let found = versions.iter().find(|(v, _)| v == api_version);
        found.map(|(_, namespaced)| *namespaced)
    }

    /// One path that says so is enough.
    fn note(&mut self, api_version: Text, kind: Text, namespaced: bool) {
        let versions = self.0.entry(kind).or_default();
        match versions.iter_mut().find(|(v, _)| *v == api_version) {
            Some((_, known)) => *known |= namespaced,
            None => versions.push((api_version, namespaced)),
        }
    }
}

/// The schemas that one build merges by: kustomize's own, or those that a kustomization brings in `openapi`.
#[derive(Clone, Debug)]
pub(crate) struct MergeSchema {
    custom: Option<Arc<Definitions>>,
    built_in: bool,
    /// Whether a kustomization has chosen: the first choice holds.
    settled: bool,
    /// Whether the built-in schemas have been asked for. kustomize reads them only then, and keeps them beside custom ones that come later.
    asked: Cell<bool>,
}

fn built_in() -> &'static Definitions {
    static PARSED: OnceLock<Definitions> = OnceLock::new();
    PARSED.get_or_init(|| text::parse(BUILT_IN))
}

/// Which built-in kinds have no namespace: every build asks that, and few ask for more of the document.
fn built_in_scopes() -> &'static Namespaced {
    static PARSED: OnceLock<Namespaced> = OnceLock::new();
    PARSED.get_or_init(|| text::scopes(BUILT_IN))
}

/// Whether a built-in kind is known to have no namespace.
pub fn is_cluster_scoped(api_version: &str, kind: &str) -> bool {
    built_in_scopes().get(api_version, kind) == Some(false)
}

impl Default for MergeSchema {
    fn default() -> Self {
        Self {
            custom: None,
            built_in: true,
            settled: false,
            asked: Cell::new(false),
        }
    }
}

impl MergeSchema {
    /// Custom schemas instead of the built-in ones. `reset` forgets what was asked before.
    pub(crate) fn replace_by(&mut self, definitions: Definitions, reset: bool) {
        let built_in = self.built_in && self.asked.get() && !reset;
        *self = Self {
            custom: Some(Arc::new(definitions)),
            built_in,
            settled: true,
            asked: Cell::new(false),
        };
    }

    /// Whether a kustomization has chosen its schemas.
    pub(crate) fn is_settled(&self) -> bool {
        self.settled
    }

    /// Notes that a kustomization has chosen the built-in schemas.
    pub(crate) fn settle(&mut self) {
        self.settled = true;
    }

    fn sources(&self) -> impl Iterator<Item = &Definitions> {
        self.custom
            .as_deref()
            .into_iter()
            .chain(self.built_in.then(built_in))
    }

    /// The shape of a kind; `None` when it is not known.
    pub(crate) fn of_kind(&self, api_version: &str, kind: &str) -> Option<Shape> {
        self.asked.set(true);
        self.sources()
            .find_map(|d| d.type_of(api_version, kind))
            .map(|name| Shape::Type(name.clone()))
    }

    /// Whether the kind is known to be cluster-scoped.
    pub(crate) fn is_cluster_scoped(&self, api_version: &str, kind: &str) -> bool {
        let known = built_in_scopes().get(api_version, kind).or_else(|| {
            let custom = self.custom.as_deref()?;
            custom.namespaced.get(api_version, kind)
        });
        if known.is_none() {
            self.asked.set(true);
        }
        known == Some(false)
    }

    /// The shape of a field; `None` when the schema does not know it.
    pub(crate) fn field<'a>(&'a self, shape: &'a Shape, name: &str) -> Option<&'a Shape> {
        match shape {
            Shape::Type(type_name) => self
                .sources()
                .find_map(|d| d.types.get(type_name))?
                .get(name),
            Shape::Inline(fields) => fields.get(name),
            Shape::Map(values) => Some(values),
            Shape::List { .. } | Shape::Leaf => None,
        }
    }
}

impl Shape {
    /// The keys by which the list merges; `None` when it is replaced.
    pub(crate) fn merge_keys(&self) -> Option<&[String]> {
        match self {
            Self::List { merge_keys, .. } => merge_keys.as_deref(),
            _ => None,
        }
    }

    /// The shape of the elements of a list.
    pub(crate) fn elements(&self) -> Option<&Shape> {
        match self {
            Self::List { items, .. } => items.as_deref(),
            _ => None,
        }
    }
}

pub(crate) use custom::parse_custom;

#[cfg(test)]
mod tests;
