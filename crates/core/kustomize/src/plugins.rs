//! kustomize's own generators and transformers, configured by objects.

use std::sync::Arc;

use serde_json::Value;
use skein_yaml::{Node, Tag};

use crate::charts::{helm_chart, helm_globals, inflate};
use crate::error::{BuildError, Outcome, Problem};
use crate::field_specs::FieldSpecs;
use crate::generate::{Generated, generate};
use crate::kustomization::{
    Fields, Patch, Replacement, ReplacementField, SortOptions, field_spec, generator_args, image,
    replacement, replacement_field, replica, selector, with_line,
};
use crate::load::resources_from_text;
use crate::loader::Loader;
use crate::ops::set_field;
use crate::resource::Resource;
use crate::schema::MergeSchema;
use crate::source::Source;
use crate::transform::Transformer;
use crate::transform::images::ImageTransformer;
use crate::transform::namespace::{NamespaceTransformer, SubjectMode};
use crate::transform::patches::PatchTransformer;
use crate::transform::value_add::{ValueAdd, ValueAddTarget};

/// apiVersion of objects that configure kustomize's own generators and transformers.
const BUILTIN: &str = "builtin";

/// Whether an object is for one of kustomize's own generators and transformers.
pub(crate) fn is_builtin(resource: &Resource) -> bool {
    resource.api_version() == BUILTIN
}

/// What a plugin does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Generator,
    Transformer,
}

impl Role {
    fn name(self) -> &'static str {
        match self {
            Self::Generator => "generator",
            Self::Transformer => "transformer",
        }
    }

    /// The plugins of the other role.
    fn others(self) -> &'static [&'static str] {
        match self {
            Self::Generator => &TRANSFORMERS,
            Self::Transformer => &GENERATORS,
        }
    }

    /// kustomize's words where it cannot load a plugin.
    fn not_loaded(self, words: String) -> String {
        match self {
            Self::Generator => {
                format!("loading generator plugins: failed to load generator: {words}")
            }
            Self::Transformer => words,
        }
    }
}

const GENERATORS: [&str; 4] = [
    "ConfigMapGenerator",
    "SecretGenerator",
    "IAMPolicyGenerator",
    "HelmChartInflationGenerator",
];
const TRANSFORMERS: [&str; 14] = [
    "AnnotationsTransformer",
    "HashTransformer",
    "ImageTagTransformer",
    "LabelTransformer",
    "NamespaceTransformer",
    "PatchJson6902Transformer",
    "PatchStrategicMergeTransformer",
    "PatchTransformer",
    "PrefixSuffixTransformer",
    "PrefixTransformer",
    "ReplacementTransformer",
    "ReplicaCountTransformer",
    "SuffixTransformer",
    "ValueAddTransformer",
];

fn refused(resource: &Resource, role: Role, message: String, words: String) -> BuildError {
    let error = BuildError::new(Problem::Refused(message)).on_object(resource.shown());
    error.upstream(|_| role.not_loaded(words))
}

/// Refuses what is not kustomize's own.
fn require_builtin(resource: &Resource, role: Role) -> Outcome<Value> {
    if !is_builtin(resource) {
        let unable = format!("unable to load external plugin '{}'", resource.kind());
        let message = format!("external plugins are not allowed; {unable}");
        let words = format!("external plugins disabled; {unable}");
        return Err(refused(resource, role, message, words));
    }
    Ok(skein_yaml::reencoded_to_json(&resource.node)?)
}

/// An object for a plugin that is not there, or does something else.
fn unknown(resource: &Resource, role: Role) -> BuildError {
    let (kind, what) = (resource.kind(), role.name());
    let words = if role.others().contains(&kind) {
        let id = resource.id(&MergeSchema::default());
        format!("plugin {id} not a {what}")
    } else {
        format!("unable to load builtin {}", resource.gvk())
    };
    let message = format!("there is no builtin {what} '{kind}'");
    refused(resource, role, message, words).at_field("kind")
}

/// What a generator object makes.
pub(crate) fn run_generator(resource: &Resource, loader: &Loader<'_>) -> Outcome<Vec<Resource>> {
    let config = require_builtin(resource, Role::Generator)?;
    let mut fields = Fields::with(&config, "", false)?;
    let one = |made: Outcome<Resource>| made.map(|resource| vec![resource]);
    match resource.kind() {
        "ConfigMapGenerator" => one(generate_data(
            Generated::ConfigMap,
            &mut fields,
            resource,
            loader,
        )),
        "SecretGenerator" => one(generate_data(
            Generated::Secret,
            &mut fields,
            resource,
            loader,
        )),
        "IAMPolicyGenerator" => one(service_account(&mut fields)),
        "HelmChartInflationGenerator" => {
            let globals = helm_globals(&mut fields)?;
            inflate(&helm_chart(&mut fields)?, &globals, loader)
        }
        _ => Err(unknown(resource, Role::Generator)),
    }
    .map_err(|e| e.on_object(resource.shown()))
}

fn generate_data(
    what: Generated,
    fields: &mut Fields<'_>,
    resource: &Resource,
    loader: &Loader<'_>,
) -> Outcome<Resource> {
    let mut args = generator_args(fields, what == Generated::Secret, false)?;
    if args.name.is_empty() {
        args.name = resource.name().to_owned();
    }
    if args.namespace.is_empty() {
        args.namespace = resource.namespace().to_owned();
    }
    generate(what, &args, loader)
}

/// A service account bound to one of a cloud.
fn service_account(fields: &mut Fields<'_>) -> Outcome<Resource> {
    let cloud = fields.text("cloud")?;
    if cloud != "gke" {
        let message = format!("cloud provider {cloud} not supported yet");
        return Err(BuildError::invalid(message));
    }
    let null = Value::Null;
    let mut of = |name: &str| Fields::with(fields.take(name).unwrap_or(&null), name, false);
    let (mut kubernetes, mut account) = (of("kubernetesService")?, of("serviceAccount")?);
    let email = format!(
        "{}@{}.iam.gserviceaccount.com",
        account.text("name")?,
        account.text("projectId")?
    );
    let mut annotations = Node::mapping();
    set_field(
        &mut annotations,
        "iam.gke.io/gcp-service-account",
        Node::string(email),
    )?;
    let mut metadata = Node::mapping();
    set_field(&mut metadata, "annotations", annotations)?;
    set_field(
        &mut metadata,
        "name",
        Node::scalar(kubernetes.text("name")?),
    )?;
    let namespace = kubernetes.text("namespace")?;
    if !namespace.is_empty() {
        set_field(&mut metadata, "namespace", Node::scalar(namespace))?;
    }
    let mut node = Node::mapping();
    set_field(&mut node, "apiVersion", Node::tagged("v1", Tag::Str))?;
    set_field(&mut node, "kind", Node::tagged("ServiceAccount", Tag::Str))?;
    set_field(&mut node, "metadata", metadata)?;
    Ok(Resource::new(node))
}

/// The transformers that an object configures.
pub(crate) fn transformers_of(
    resource: &Resource,
    loader: &Loader<'_>,
) -> Outcome<Vec<Transformer>> {
    let config = require_builtin(resource, Role::Transformer)?;
    let mut fields = Fields::with(&config, "", false)?;
    configure(resource, &mut fields, loader).map_err(|e| e.on_object(resource.shown()))
}

fn configure(
    resource: &Resource,
    fields: &mut Fields<'_>,
    loader: &Loader<'_>,
) -> Outcome<Vec<Transformer>> {
    let one = |transformer| Ok(vec![transformer]);
    let specs = field_specs(fields)?;
    let required = || {
        specs
            .clone()
            .ok_or_else(|| BuildError::invalid("fieldSpecs is not expected to be empty"))
    };
    let given = || specs.clone().unwrap_or_default();
    match resource.kind() {
        "AnnotationsTransformer" => one(Transformer::Annotations(
            fields.text_map("annotations")?,
            given(),
        )),
        "LabelTransformer" => one(Transformer::Labels(fields.text_map("labels")?, given())),
        "HashTransformer" => one(Transformer::Hash),
        "ImageTagTransformer" => {
            let image = image(
                fields.take("imageTag").unwrap_or(&Value::Null),
                "imageTag",
                false,
            )?;
            one(Transformer::Images(Box::new(ImageTransformer::new(
                image,
                given(),
            ))))
        }
        "NamespaceTransformer" => one(Transformer::Namespace(NamespaceTransformer {
            namespace: namespace_of(fields)?,
            specs: given(),
            unset_only: fields.flag("unsetOnly")?,
            subjects: SubjectMode::from_text(&fields.text("setRoleBindingSubjects")?)?,
        })),
        "PatchTransformer" => one(Transformer::Patch(Box::new(PatchTransformer::new(
            &patch(fields)?,
            loader,
        )?))),
        "PatchJson6902Transformer" => {
            let mut patch = patch(fields)?;
            patch.patch = fields.text("jsonOp")?;
            let patch = PatchTransformer::json_only(&patch, loader)?;
            one(Transformer::Patch(Box::new(patch)))
        }
        "PatchStrategicMergeTransformer" => {
            let (paths, inline) = (fields.texts("paths")?, fields.text("patches")?);
            one(strategic(&numbered("paths", &paths), &inline, loader)?)
        }
        "PrefixTransformer" => one(Transformer::Prefix(fields.text("prefix")?, required()?)),
        "SuffixTransformer" => one(Transformer::Suffix(fields.text("suffix")?, required()?)),
        "PrefixSuffixTransformer" => Ok(vec![
            Transformer::Prefix(fields.text("prefix")?, required()?),
            Transformer::Suffix(fields.text("suffix")?, required()?),
        ]),
        "ReplacementTransformer" => {
            let list = fields.list("replacements")?;
            let list = list
                .into_iter()
                .map(|(path, value)| replacement_field(value, &path, false));
            let list = list.collect::<Outcome<Vec<_>>>()?;
            let list = load_replacements(list.iter().enumerate(), loader)?;
            one(Transformer::Replacements(list))
        }
        "ReplicaCountTransformer" => {
            let value = fields.take("replica").unwrap_or(&Value::Null);
            one(Transformer::Replicas(
                replica(value, "replica", false)?,
                given(),
            ))
        }
        "ValueAddTransformer" => one(Transformer::ValueAdd(value_add(fields, loader)?)),
        _ => Err(unknown(resource, Role::Transformer)),
    }
}

/// The namespace of the object itself, as Go reads it from YAML: numbers and booleans become texts.
fn namespace_of(fields: &mut Fields<'_>) -> Outcome<String> {
    let metadata = fields.take("metadata").unwrap_or(&Value::Null);
    Fields::with(metadata, "metadata", false)?.text("namespace")
}

/// The field `fieldSpecs`; `None` when it is absent.
fn field_specs(fields: &mut Fields<'_>) -> Outcome<Option<FieldSpecs>> {
    if !fields.has("fieldSpecs") {
        return Ok(None);
    }
    let list = fields.list("fieldSpecs")?;
    let specs = list
        .into_iter()
        .map(|(path, value)| field_spec(value, &path, false));
    Ok(Some(FieldSpecs(specs.collect::<Outcome<_>>()?)))
}

fn patch(fields: &mut Fields<'_>) -> Outcome<Patch> {
    let target = match fields.take("target") {
        None => None,
        Some(value) => Some(selector(value, "target", false)?),
    };
    let mut patch = Patch {
        path: fields.text("path")?,
        patch: fields.text("patch")?,
        target,
        ..Patch::default()
    };
    if let Some(options) = fields.take("options") {
        let mut options = Fields::with(options, "options", false)?;
        patch.allow_name_change = options.flag("allowNameChange")?;
        patch.allow_kind_change = options.flag("allowKindChange")?;
    }
    Ok(patch)
}

/// The items of a field, each with its place.
pub(crate) fn numbered<'a>(field: &str, items: &'a [String]) -> Vec<(String, &'a String)> {
    let items = items.iter().enumerate();
    items
        .map(|(at, item)| (format!("{field}[{at}]"), item))
        .collect()
}

/// The patches of a text, which know the file that they come from, or the field.
fn strategic_from(text: &[u8], source: Source, loader: &Loader<'_>) -> Outcome<Vec<Resource>> {
    let mut patches = resources_from_text(text, loader.is_detailed())?;
    let source = Arc::new(source);
    for patch in &mut patches {
        patch.line = patch.node.line;
        patch.source = Some(Arc::clone(&source));
    }
    Ok(patches)
}

/// Loads strategic patches: each path may also be a patch itself. Paths come with their fields.
pub(crate) fn strategic(
    paths: &[(String, &String)],
    inline: &str,
    loader: &Loader<'_>,
) -> Outcome<Transformer> {
    if paths.is_empty() && inline.is_empty() {
        return Err(BuildError::invalid(
            "empty file path and empty patch content",
        ));
    }
    let mut patches = Vec::new();
    let of_field = |field: &str| Source {
        field: field.to_owned(),
        ..Source::default()
    };
    for (field, path) in paths {
        match strategic_from(path.as_bytes(), of_field(field), loader) {
            Ok(list) => patches.extend(list),
            Err(inline_error) => {
                if path.contains('\n') && !loader.has_file(path) {
                    return Err(inline_error.at_field(field.as_str()));
                }
                let source = Source {
                    file: loader.path_of(path),
                    chain: loader.chain(),
                    ..Source::default()
                };
                let text = loader.load(path).map_err(|e| e.at_field(field.as_str()))?;
                let shown = source.file.clone();
                let list = strategic_from(&text, source, loader);
                patches.extend(list.map_err(|e| e.in_file(&shown))?);
            }
        }
    }
    if !inline.is_empty() {
        let list = strategic_from(inline.as_bytes(), of_field("patches"), loader);
        patches.extend(list.map_err(|e| e.at_field("patches"))?);
    }
    if patches.is_empty() {
        let files: Vec<&str> = paths.iter().map(|(_, path)| path.as_str()).collect();
        let files = files.join(" ");
        let words = |e: &str| format!("{e}; files=[{files}], Patch={inline}");
        return Err(BuildError::invalid("patch appears to be empty").upstream(words));
    }
    Ok(Transformer::StrategicPatches(patches))
}

/// The replacements of a list, those in files of their own included.
pub(crate) fn load_replacements<'f>(
    list: impl IntoIterator<Item = (usize, &'f ReplacementField)>,
    loader: &Loader<'_>,
) -> Outcome<Vec<Replacement>> {
    let mut result = Vec::new();
    for (number, field) in list {
        let inline = &field.replacement;
        let has_targets = inline.targets.as_ref().is_some_and(|t| !t.is_empty());
        let here = format!("replacements[{number}]");
        if field.path.is_empty() {
            result.push(Replacement {
                place: Source {
                    field: here,
                    ..Source::default()
                },
                ..inline.clone()
            });
            continue;
        }
        if inline.source.is_some() || has_targets {
            let message = "cannot specify both path and inline replacement";
            return Err(BuildError::invalid(message).at_field(here));
        }
        let shown = loader.path_of(&field.path);
        let text = loader.load(&field.path).map_err(|e| e.at_field(here))?;
        let value =
            skein_yaml::from_slice(&text).map_err(|e| BuildError::from(e).in_file(&shown))?;
        let read = |value: &Value, path: &str| {
            let replacement =
                replacement(value, path, false).map_err(|e| with_line(e, &text).in_file(&shown))?;
            let place = Source {
                file: shown.clone(),
                field: path.to_owned(),
                text: Some(Arc::clone(&text)),
                chain: loader.chain(),
                ..Source::default()
            };
            Ok::<_, BuildError>(Replacement {
                place,
                ..replacement
            })
        };
        match &value {
            Value::Array(items) => {
                for (at, item) in items.iter().enumerate() {
                    result.push(read(item, &format!("[{at}]"))?);
                }
            }
            Value::Object(_) => result.push(read(&value, "")?),
            _ => {
                let message = "a replacement file must hold a replacement or a list of them";
                return Err(BuildError::invalid(message).in_file(&shown));
            }
        }
    }
    Ok(result)
}

fn value_add(fields: &mut Fields<'_>, loader: &Loader<'_>) -> Outcome<ValueAdd> {
    let mut value = fields.text("value")?.trim().to_owned();
    if value.is_empty() {
        value = loader
            .root()
            .rsplit('/')
            .next()
            .unwrap_or_default()
            .to_owned();
    }
    let mut targets = targets_of(fields)?;
    let path = fields.text("targetFilePath")?;
    if !path.is_empty() {
        let text = loader.load(&path)?;
        let more = skein_yaml::from_slice(&text)?;
        targets.extend(targets_of(&mut Fields::with(&more, "", false)?)?);
    }
    if targets.is_empty() {
        return Err(BuildError::invalid("must specify at least one target"));
    }
    for target in &targets {
        if target.field_path.is_empty() {
            return Err(BuildError::invalid("fieldPath cannot be empty"));
        }
        if target.position < 0 {
            let message = format!(
                "value of FilePathPosition ({}) cannot be negative",
                target.position
            );
            return Err(BuildError::invalid(message));
        }
    }
    Ok(ValueAdd { value, targets })
}

fn targets_of(fields: &mut Fields<'_>) -> Outcome<Vec<ValueAddTarget>> {
    let read = |(path, value): (String, &Value)| {
        let mut fields = Fields::with(value, &path, false)?;
        let selector = match fields.take("selector") {
            None => None,
            Some(value) => Some(selector(value, &fields.at("selector"), false)?),
        };
        Ok(ValueAddTarget {
            selector,
            field_path: fields.text("fieldPath")?,
            position: fields.integer("filePathPosition")?,
        })
    };
    fields.list("targets")?.into_iter().map(read).collect()
}

/// kustomize's fixed order.
pub(crate) fn legacy_order() -> SortOptions {
    SortOptions {
        order: "legacy".to_owned(),
        legacy: None,
    }
}
