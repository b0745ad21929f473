//! The entry: one root of a tree becomes a list of objects.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::fmt;

use serde_json::Value;
use skein_object::{Object, ObjectError};

use crate::error::{BuildError, Outcome, Problem};
use crate::field_specs::{FieldSpec, FieldSpecs};
use crate::id::{Gvk, ResId};
use crate::load::check_metadata;
use crate::loader::Loader;
use crate::options::{Options, Reorder};
use crate::plugins::legacy_order;
use crate::resmap::ResMap;
use crate::resource::{ORIGIN_ANNOTATION, Resource, TRANSFORMATIONS_ANNOTATION};
use crate::schema::MergeSchema;
use crate::target::{Accumulator, Context, Target};
use crate::trace::{History, Tracer};
use crate::transform::{Transformer, name_reference, vars};
use crate::tree::Files;

/// Names that a kustomization file may have; a directory has exactly one.
pub const RECOGNIZED_FILE_NAMES: [&str; 3] =
    ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// The version of kustomize whose behaviour this is.
const KUSTOMIZE_VERSION: &str = "v5.8.1";
const MANAGED_BY_LABEL: &str = "app.kubernetes.io/managed-by";
/// An object with this annotation, unless `false`, serves the build only.
const LOCAL_CONFIG_ANNOTATION: &str = "config.kubernetes.io/local-config";

/// Annotations that tools leave in files and that no result carries.
const REMOVED_ANNOTATIONS: [&str; 9] = [
    "internal.config.kubernetes.io/path",
    "internal.config.kubernetes.io/index",
    "internal.config.kubernetes.io/seqindent",
    "internal.config.kubernetes.io/id",
    "internal.config.kubernetes.io/annotations-migration-resource-id",
    "internal.config.kubernetes.io/helm-generated",
    "config.kubernetes.io/path",
    "config.kubernetes.io/index",
    "config.k8s.io/id",
];

/// Something that works and should be changed all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The kustomization file in the tree.
    pub file: String,
    /// kustomize's own words, one line; most begin with `# Warning: `.
    pub text: Cow<'static, str>,
}

/// `file: text`
impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.text.trim_start_matches("# Warning: ");
        write!(f, "{}: {text}", self.file)
    }
}

/// What a build made.
#[derive(Clone, Debug, Default)]
pub struct Build {
    /// The objects in order, as JSON values. Each has a kind; `apiVersion` is not checked.
    pub values: Vec<Value>,
    /// Where the fields of each object came from, in the order of the values; empty unless [`Options::trace`] asks for it.
    pub histories: Vec<History>,
    /// Warnings, for example of deprecated fields, in the order in which kustomize prints them.
    pub warnings: Vec<Warning>,
}

impl Build {
    /// The text that `kustomize build` prints.
    pub fn to_yaml(&self) -> String {
        let documents: Vec<String> = self.values.iter().map(skein_yaml::to_string).collect();
        documents.join("---\n")
    }

    /// The objects; an error for one without apiVersion.
    pub fn objects(&self) -> Result<Vec<Object>, ObjectError> {
        self.values
            .iter()
            .cloned()
            .map(Object::from_value)
            .collect()
    }
}

/// Builds the kustomization in a directory of the files (empty or `.` for their root).
pub fn build(tree: &dyn Files, root: &str, options: &Options<'_>) -> Result<Build, BuildError> {
    match build_once(tree, root, options, false) {
        Err(error) if error.place.wants_details => build_once(tree, root, options, true),
        done => done,
    }
}

/// One build; `detailed` ones know the places and comments of all nodes, which few need.
fn build_once(
    tree: &dyn Files,
    root: &str,
    options: &Options<'_>,
    detailed: bool,
) -> Result<Build, BuildError> {
    let loader = Loader::new(tree, root, *options, detailed)?;
    let mut context = Context {
        schema: MergeSchema::default(),
        warnings: Vec::new(),
        kustomizations: 0,
        tracer: options.trace.then(Tracer::default),
    };
    let mut target = Target::load(loader, &mut context)?;
    target.set_schema(&mut context, true)?;
    target.track_origins();
    let mut ra = target.accumulate(Accumulator::default(), &mut context)?;
    finish_names(&mut ra, &target.file(), &mut context)?;
    let has_twins = drop_local(&mut ra.map, &context.schema)?;
    let k = &target.kustomization;
    if has_twins && (k.sort_options.is_some() || options.reorder == Reorder::Legacy) {
        let words = |e: &str| format!("SortOrderTransformer: Failed to append to resources: {e}");
        ra.map
            .check_unique(&context.schema)
            .map_err(|e| e.upstream(words))?;
    }
    match (&k.sort_options, options.reorder) {
        (Some(order), _) => Transformer::Sort(order.clone())
            .apply(&mut ra.map, &context.schema)
            .map_err(|e| target.locate(e.in_file(&target.file())))?,
        (None, Reorder::Legacy) => {
            Transformer::Sort(legacy_order()).apply(&mut ra.map, &context.schema)?;
        }
        (None, Reorder::None) => {}
    }
    if options.managed_by_label || k.has_metadata_option("managedByLabel") {
        context.traced(&mut ra.map, "managedByLabel", |map, schema| {
            add_managed_by(map, schema)
        })?;
    }
    let keep_origin = k.has_metadata_option("originAnnotations");
    let keep_transformations = k.has_metadata_option("transformerAnnotations");
    context.traced(&mut ra.map, "notes of the build", |map, _| {
        clean_annotations(map, keep_origin, keep_transformations)
    })?;
    let values = ra.map.list().iter().map(|resource| {
        let (value, is_plain) =
            skein_yaml::reencoded_and_seen(&resource.node).map_err(|e| resource.blame(e.into()))?;
        if !is_plain {
            refuse_unprintable(&value).map_err(|e| resource.blame(e))?;
        }
        Ok(value)
    });
    Ok(Build {
        values: values.collect::<Outcome<_>>()?,
        histories: context
            .tracer
            .map(|tracer| tracer.histories(&ra.map))
            .unwrap_or_default(),
        warnings: context.warnings,
    })
}

/// Refuses what YAML cannot hold: control characters that JSON does not escape.
fn refuse_unprintable(value: &Value) -> Outcome<()> {
    let check = |text: &str| {
        let bad = |c: char| matches!(c, '\u{7F}'..='\u{84}' | '\u{86}'..='\u{9F}' | '\u{FFFE}' | '\u{FFFF}');
        match text.chars().find(|c| bad(*c)) {
            Some(c) => Err(BuildError::invalid(format!(
                "the control character {:?} cannot be part of a result",
                c
            ))),
            None => Ok(()),
        }
    };
    match value {
        Value::String(text) => check(text),
        Value::Array(items) => items.iter().try_for_each(refuse_unprintable),
        Value::Object(map) => map.iter().try_for_each(|(key, value)| {
            check(key)?;
            refuse_unprintable(value)
        }),
        _ => Ok(()),
    }
}

/// Hash suffixes, references to what was renamed, and vars: once, when everything is collected.
fn finish_names(ra: &mut Accumulator, file: &str, context: &mut Context) -> Outcome<()> {
    if let Some(broken) = ra.map.list().iter().find(|r| r.has_broken_history()) {
        let message = "number of previous names, number of previous namespaces, number of previous kinds not equal";
        return Err(broken.blame(BuildError::invalid(message)));
    }
    let config = &ra.config;
    context.traced(&mut ra.map, "hash of the content", |map, schema| {
        Transformer::Hash.apply(map, schema)
    })?;
    for resource in ra.map.list_mut() {
        resource.drop_notes()?;
    }
    context.traced(
        &mut ra.map,
        "reference to a renamed object",
        |map, schema| name_reference::apply(&config.name_reference, map, schema),
    )?;
    let mut unused = Vec::new();
    context.traced(&mut ra.map, "vars", |map, _| {
        unused = vars::resolve(&ra.vars, &config.var_reference, map)?;
        Ok(())
    })?;
    if !unused.is_empty() {
        let unused = unused.join(",");
        context.warnings.push(Warning {
            file: file.to_owned(),
            text: format!("well-defined vars that were never replaced: {unused}").into(),
        });
    }
    Ok(())
}

/// Drops the objects that serve the build only, but those that share their identity with one that stays: kustomize looks for identities.
/// Returns whether there are such.
fn drop_local(map: &mut ResMap, schema: &MergeSchema) -> Outcome<bool> {
    map.drop_empties();
    for resource in map.list() {
        check_metadata(&resource.node).map_err(|e| resource.blame(e))?;
    }
    let is_local = |r: &Resource| {
        r.annotation(LOCAL_CONFIG_ANNOTATION)
            .is_some_and(|value| value != "false")
    };
    map.check_unique_among(schema, |r| !is_local(r))?;
    if !map.list().iter().any(is_local) {
        return Ok(false);
    }
    let (local, stay): (Vec<_>, Vec<_>) = map.list().iter().partition(|r| is_local(r));
    let staying = stay.len();
    let ids: HashSet<ResId> = stay.into_iter().map(|r| r.id(schema)).collect();
    let mut removed = HashSet::new();
    for resource in local {
        let id = resource.id(schema);
        if !ids.contains(&id) && !removed.insert(id.clone()) {
            let message = format!("id {id} not found in removal");
            return Err(resource.blame(BuildError::new(Problem::Conflict(message))));
        }
    }
    map.list_mut().retain(|r| ids.contains(&r.id(schema)));
    Ok(map.list().len() > staying)
}

fn add_managed_by(map: &mut ResMap, schema: &MergeSchema) -> Outcome<()> {
    let label = format!("kustomize-{KUSTOMIZE_VERSION}");
    let pairs = BTreeMap::from([(MANAGED_BY_LABEL.to_owned(), label)]);
    let specs = FieldSpecs(vec![FieldSpec::new(
        Gvk::default(),
        "metadata/labels",
        true,
    )]);
    Transformer::Labels(pairs, specs).apply(map, schema)
}

/// Takes out what only the build needed. Annotations that remain become strings, and an empty map of them goes.
fn clean_annotations(
    map: &mut ResMap,
    keep_origin: bool,
    keep_transformations: bool,
) -> Outcome<()> {
    for resource in map.list_mut() {
        let before = resource.annotations();
        let kept = before.into_iter().filter(|(key, _)| {
            !REMOVED_ANNOTATIONS.contains(&key.as_str())
                && (keep_origin || key != ORIGIN_ANNOTATION)
                && (keep_transformations || key != TRANSFORMATIONS_ANNOTATION)
        });
        let kept = kept.collect();
        resource.set_annotations(kept)?;
    }
    Ok(())
}
