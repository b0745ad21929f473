//! Where transformers write: field specs, and the configuration of all transformers of one kustomization.

use std::sync::{Arc, OnceLock};

use skein_yaml::{CompactString, Kind, Node, Tag};

use crate::error::{BuildError, Problem};
use crate::growth::refuse_deep;
use crate::id::{Gvk, or, split_api_version};
use crate::ops::{OpError, Step, get_or_create, lookup_mut, split_path, step_of};

/// The fields that kustomize's transformers write by default.
const DEFAULTS: &str = include_str!("../data/field-specs.txt");

/// A field of the kinds that `gvk` selects.
#[derive(Clone, Debug, Default)]
pub(crate) struct FieldSpec {
    pub(crate) gvk: Gvk,
    /// Path as written, parts separated by `/`, `\/` for a slash.
    pub(crate) path: String,
    /// Whether the field is made where it is missing.
    pub(crate) create: bool,
    /// The parts of the path, once they are needed: most defaults select no object of a build.
    parts: OnceLock<Vec<String>>,
}

impl PartialEq for FieldSpec {
    fn eq(&self, other: &Self) -> bool {
        (&self.gvk, &self.path, self.create) == (&other.gvk, &other.path, other.create)
    }
}

impl Eq for FieldSpec {}

impl FieldSpec {
    pub(crate) fn new(gvk: Gvk, path: &str, create: bool) -> Self {
        Self {
            gvk,
            path: path.to_owned(),
            create,
            parts: OnceLock::new(),
        }
    }

    /// The parts of the path.
    pub(crate) fn parts(&self) -> &[String] {
        self.parts.get_or_init(|| split_path(&self.path, '/'))
    }

    /// Whether this spec selects the object by its kind.
    pub(crate) fn selects(&self, object: &Node) -> bool {
        let fits = |wanted: &str, have: &str| wanted.is_empty() || wanted == have;
        if !fits(&self.gvk.kind, value_of(object, "kind")) {
            return false;
        }
        if self.gvk.group.is_empty() && self.gvk.version.is_empty() {
            return true;
        }
        let (group, version) = split_api_version(value_of(object, "apiVersion"));
        fits(&self.gvk.group, group) && fits(&self.gvk.version, version)
    }
}

fn value_of<'a>(object: &'a Node, key: &str) -> &'a str {
    object.get(key).map_or("", |v| v.value.as_str())
}

/// What is made of a field that is missing or null.
#[derive(Clone, Copy)]
pub(crate) struct Create {
    pub(crate) kind: Kind,
    pub(crate) tag: fn() -> Tag,
}

/// Text of a scalar field that a transformer makes.
pub(crate) const CREATE_TEXT: Create = Create {
    kind: Kind::Scalar,
    tag: || Tag::Str,
};
/// A map that a transformer makes.
pub(crate) const CREATE_MAP: Create = Create {
    kind: Kind::Mapping,
    tag: || Tag::Map,
};

/// Changes one field that a spec leads to.
pub(crate) type SetField<'a> = &'a mut dyn FnMut(&mut Node) -> Result<(), OpError>;

/// Applies `set` at every place of the object that the spec leads to.
pub(crate) fn apply(
    object: &mut Node,
    spec: &FieldSpec,
    create: Option<Create>,
    set: SetField<'_>,
) -> Result<(), OpError> {
    if spec.selects(object) {
        apply_path(object, spec, create, set)
    } else {
        Ok(())
    }
}

/// As [`apply`], whatever kind of object the spec is for.
pub(crate) fn apply_path(
    object: &mut Node,
    spec: &FieldSpec,
    create: Option<Create>,
    set: SetField<'_>,
) -> Result<(), OpError> {
    let create = create.filter(|_| spec.create);
    let deepest = create.map_or(0, |_| spec.parts().len());
    refuse_deep(deepest)
        .and_then(|()| walk(object, spec.parts(), create, set))
        .map_err(|e| OpError(format!("at the field '{}': {}", spec.path, e.0)))
}

fn walk(
    node: &mut Node,
    parts: &[String],
    create: Option<Create>,
    set: SetField<'_>,
) -> Result<(), OpError> {
    let Some((part, rest)) = parts.split_first() else {
        return set(node);
    };
    if node.is_null() {
        return Ok(());
    }
    match node.kind {
        Kind::Scalar => Err(OpError(format!(
            "expected a list or a map but found '{}'",
            node.value
        ))),
        Kind::Sequence => node
            .content
            .iter_mut()
            .try_for_each(|item| walk(item, parts, create, &mut *set)),
        Kind::Mapping => {
            let (name, is_list) = match part.strip_suffix("[]") {
                Some(name) => (name, true),
                None => (part.as_str(), false),
            };
            if name.is_empty() {
                return Err(OpError("a part of the path is empty".to_owned()));
            }
            let made = match create {
                Some(_) if is_list => Some(Create {
                    kind: Kind::Sequence,
                    tag: || Tag::None,
                }),
                None if is_list => Some(Create {
                    kind: Kind::Sequence,
                    tag: || Tag::None,
                }),
                Some(create) if rest.is_empty() => Some(create),
                Some(_) => Some(CREATE_MAP),
                None => None,
            };
            let field = match made {
                Some(made) if create.is_some() && !is_list => create_step(node, name, made.kind)?,
                _ => lookup_mut(node, &[name])?,
            };
            let Some(field) = field else { return Ok(()) };
            if field.is_null()
                && let Some(made) = made
            {
                field.kind = made.kind;
                field.tag = (made.tag)();
            }
            walk(field, rest, create, set)
        }
    }
}

fn create_step<'a>(
    node: &'a mut Node,
    name: &str,
    kind: Kind,
) -> Result<Option<&'a mut Node>, OpError> {
    match step_of(name)? {
        Some(Step::Field(name)) => get_or_create(node, name, kind),
        _ => lookup_mut(node, &[name]),
    }
}

/// Field specs in order, merged by kind and path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FieldSpecs(pub(crate) Vec<FieldSpec>);

impl FieldSpecs {
    /// Adds specs that are not there yet; the same field with another `create` is a conflict.
    pub(crate) fn merge(&mut self, more: &[FieldSpec]) -> Result<(), BuildError> {
        for spec in more {
            match self
                .0
                .iter()
                .find(|have| have.path == spec.path && have.gvk.is_selected(&spec.gvk))
            {
                Some(have) if have.create != spec.create => {
                    let message = format!(
                        "conflicting field specs for '{}' of {}: 'create' differs",
                        spec.path, spec.gvk
                    );
                    return Err(Problem::Conflict(message).into());
                }
                Some(_) => {}
                None => self.0.push(spec.clone()),
            }
        }
        Ok(())
    }

    fn sort(&mut self) {
        sort_by_kind(&mut self.0, |spec| &spec.gvk);
    }
}

/// Fields that hold the names of objects of a kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct NameReference {
    pub(crate) target: Gvk,
    pub(crate) referrers: FieldSpecs,
}

/// The configuration of all transformers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TransformerConfig {
    pub(crate) name_prefix: FieldSpecs,
    pub(crate) name_suffix: FieldSpecs,
    pub(crate) namespace: FieldSpecs,
    pub(crate) common_labels: FieldSpecs,
    pub(crate) labels: FieldSpecs,
    pub(crate) template_labels: FieldSpecs,
    pub(crate) common_annotations: FieldSpecs,
    pub(crate) var_reference: FieldSpecs,
    pub(crate) images: FieldSpecs,
    pub(crate) replicas: FieldSpecs,
    pub(crate) name_reference: Vec<NameReference>,
}

impl TransformerConfig {
    /// kustomize's default configuration.
    pub(crate) fn default_config() -> &'static Arc<Self> {
        static DEFAULT: OnceLock<Arc<TransformerConfig>> = OnceLock::new();
        DEFAULT.get_or_init(|| Arc::new(parse_defaults(DEFAULTS)))
    }

    /// The specs of a section by its name in a configuration file.
    pub(crate) fn section(&mut self, name: &str) -> Option<&mut FieldSpecs> {
        Some(match name {
            "namePrefix" => &mut self.name_prefix,
            "nameSuffix" => &mut self.name_suffix,
            "namespace" => &mut self.namespace,
            "commonLabels" => &mut self.common_labels,
            "labels" => &mut self.labels,
            "templateLabels" => &mut self.template_labels,
            "commonAnnotations" => &mut self.common_annotations,
            "varReference" => &mut self.var_reference,
            "images" => &mut self.images,
            "replicas" => &mut self.replicas,
            _ => return None,
        })
    }

    /// The names of the sections of plain field specs.
    pub(crate) const SECTIONS: [&'static str; 10] = [
        "namePrefix",
        "nameSuffix",
        "namespace",
        "commonLabels",
        "labels",
        "templateLabels",
        "commonAnnotations",
        "varReference",
        "images",
        "replicas",
    ];

    /// Merges another configuration in.
    pub(crate) fn merge(&mut self, other: &Self) -> Result<(), BuildError> {
        self.name_prefix.merge(&other.name_prefix.0)?;
        self.name_suffix.merge(&other.name_suffix.0)?;
        self.namespace.merge(&other.namespace.0)?;
        self.common_annotations.merge(&other.common_annotations.0)?;
        self.common_labels.merge(&other.common_labels.0)?;
        self.labels.merge(&other.labels.0)?;
        self.template_labels.merge(&other.template_labels.0)?;
        self.var_reference.merge(&other.var_reference.0)?;
        for reference in &other.name_reference {
            self.merge_reference(reference)?;
        }
        self.images.merge(&other.images.0)?;
        self.replicas.merge(&other.replicas.0)?;
        self.sort();
        Ok(())
    }

    /// Merges the referrers of one kind in.
    pub(crate) fn merge_reference(&mut self, reference: &NameReference) -> Result<(), BuildError> {
        match self
            .name_reference
            .iter_mut()
            .find(|have| have.target == reference.target)
        {
            Some(have) => have.referrers.merge(&reference.referrers.0),
            None => {
                self.name_reference.push(reference.clone());
                Ok(())
            }
        }
    }

    /// Sorts everything as kustomize does: by the fixed order of kinds, then by group, version and kind.
    pub(crate) fn sort(&mut self) {
        for name in Self::SECTIONS {
            if let Some(specs) = self.section(name) {
                specs.sort();
            }
        }
        sort_by_kind(&mut self.name_reference, |reference| &reference.target);
    }

    /// Merges a shared configuration into a shared one. Most kustomizations have the default, which needs no work.
    pub(crate) fn merge_shared(base: &mut Arc<Self>, other: &Arc<Self>) -> Result<(), BuildError> {
        if Arc::ptr_eq(base, other) {
            return Ok(());
        }
        // Merging the default into nothing makes the default: a test sees to it.
        if Arc::ptr_eq(other, Self::default_config()) && **base == Self::default() {
            base.clone_from(other);
            return Ok(());
        }
        Arc::make_mut(base).merge(other)
    }
}

/// Kinds that come first and last in kustomize's fixed order.
pub(crate) const ORDER_FIRST: [&str; 22] = [
    "Namespace",
    "ResourceQuota",
    "StorageClass",
    "CustomResourceDefinition",
    "ServiceAccount",
    "PodSecurityPolicy",
    "Role",
    "ClusterRole",
    "RoleBinding",
    "ClusterRoleBinding",
    "ConfigMap",
    "Secret",
    "Endpoints",
    "Service",
    "LimitRange",
    "PriorityClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Deployment",
    "StatefulSet",
    "CronJob",
    "PodDisruptionBudget",
];
/// Kinds that come last.
pub(crate) const ORDER_LAST: [&str; 2] = [
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
];

/// Place of a kind in an order: negative for the first ones, positive for the last ones.
pub(crate) fn kind_rank<S: AsRef<str>>(kind: &str, first: &[S], last: &[S]) -> isize {
    let position = |list: &[S]| list.iter().rposition(|k| k.as_ref() == kind);
    match (position(last), position(first)) {
        (Some(at), _) => isize::try_from(at).unwrap_or(0) + 1,
        (None, Some(at)) => {
            isize::try_from(at).unwrap_or(0) - isize::try_from(first.len()).unwrap_or(0)
        }
        (None, None) => 0,
    }
}

/// Sorts by the fixed order of kinds, then by the text of group, version and kind. Every build sorts hundreds of specs, so no text is made for it.
fn sort_by_kind<T>(list: &mut Vec<T>, gvk: impl Fn(&T) -> &Gvk) {
    let rank = |item: &T| kind_rank(&gvk(item).kind, &ORDER_FIRST, &ORDER_LAST);
    let mut ranked: Vec<(isize, T)> = list.drain(..).map(|item| (rank(&item), item)).collect();
    ranked.sort_by(|(left_rank, left), (right_rank, right)| {
        let bytes = |item| sort_parts(gvk(item)).into_iter().flat_map(str::bytes);
        left_rank
            .cmp(right_rank)
            .then_with(|| bytes(left).cmp(bytes(right)))
    });
    list.extend(ranked.into_iter().map(|(_, item)| item));
}

/// `group_version_kind` with a mark for each empty part, for sorting.
pub(crate) fn sort_text(gvk: &Gvk) -> String {
    sort_parts(gvk).concat()
}

fn sort_parts(gvk: &Gvk) -> [&str; 5] {
    [
        or(&gvk.group, "~G"),
        "_",
        or(&gvk.version, "~V"),
        "_",
        or(&gvk.kind, "~K"),
    ]
}

/// Reads the data file of defaults, which is sorted and has no conflicts.
fn parse_defaults(text: &str) -> TransformerConfig {
    let mut config = TransformerConfig::default();
    let part = |text: &str| {
        if text == "~" {
            CompactString::default()
        } else {
            text.into()
        }
    };
    let mut section = String::new();
    for line in text.lines().filter(|l| !l.starts_with('#')) {
        if let Some(head) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            let words: Vec<&str> = head.split(' ').collect();
            section = words[0].to_owned();
            if let [_, group, version, kind] = words[..] {
                let target = Gvk {
                    group: part(group),
                    version: part(version),
                    kind: part(kind),
                };
                config.name_reference.push(NameReference {
                    target,
                    ..NameReference::default()
                });
            }
            continue;
        }
        let words: Vec<&str> = line.splitn(5, ' ').collect();
        let [create, group, version, kind, path] = words[..] else {
            continue;
        };
        let gvk = Gvk {
            group: part(group),
            version: part(version),
            kind: part(kind),
        };
        let spec = FieldSpec::new(gvk, path, create == "+");
        if section == "nameReference" {
            if let Some(reference) = config.name_reference.last_mut() {
                reference.referrers.0.push(spec);
            }
        } else if let Some(specs) = config.section(&section) {
            specs.0.push(spec);
        }
    }
    config
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_sorted_and_merged_already() {
        let default = TransformerConfig::default_config();
        let mut sorted = (**default).clone();
        sorted.sort();
        assert_eq!(**default, sorted);
        let mut merged = TransformerConfig::default();
        merged.merge(default).unwrap();
        assert_eq!(**default, merged);
    }
}
