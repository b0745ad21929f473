//! From JSON values to the types of a kustomization.

use serde_json::Value;
use skein_yaml::{Node, fold_next_lines};

use super::decode::decode;
use super::fields::Fields;
use super::{
    FieldOptions, GeneratorArgs, GeneratorOptions, Image, Kustomization, Patch, Replacement,
    ReplacementField, ReplacementSource, ReplacementTarget, Replica, SortOptions, Var, res_id,
};
use crate::error::{BuildError, Outcome};
use crate::field_specs::FieldSpec;
use crate::id::{Gvk, ResId};
use crate::selector::Selector;
use crate::trace::FieldLines;
use crate::upstream;

/// Where an entry of `patches` and its like has the text of a patch.
pub(crate) const PATCH_FIELD: &str = "patch";

/// Reads a kustomization file.
pub(crate) fn read(text: &[u8]) -> Outcome<Kustomization> {
    let value = skein_yaml::from_slice(text)
        .map_err(|e| upstream::invalid_kustomization(BuildError::from(e)))?;
    decode(&value).map_err(|error| with_line(upstream::bad_field(error, &value), text))
}

/// Adds the line of the field that an error names, or that of the text in it where the error knows one.
pub(crate) fn with_line(mut error: BuildError, text: &[u8]) -> BuildError {
    let place = &mut error.place;
    if let Some(field) = &place.field
        && let Some(line) = line_of(field, text)
    {
        let inner = place.line_of_text.take();
        let in_block = inner.and_then(|inner| {
            let lines = FieldLines::new(text);
            let before = lines.lines_before_text(&format!("{field}.{PATCH_FIELD}"))?;
            Some(u64::from(before) + inner)
        });
        place.line = Some(in_block.unwrap_or(line));
    }
    error
}

/// The line of a field in the text of a kustomization; that of what is above where the field itself is not there.
pub(crate) fn line_of(field: &str, text: &[u8]) -> Option<u64> {
    let root = skein_yaml::compose(text, skein_yaml::Dialect::V2).ok()??;
    line_below(field, &root).map(u64::from)
}

/// As [`line_of`], for a text that is read already.
pub(crate) fn line_below(field: &str, root: &Node) -> Option<u32> {
    let mut found = None;
    let mut node = root;
    // A field of a list begins with its index.
    for part in field.strip_prefix('[').unwrap_or(field).split(['.', '[']) {
        let index = part.strip_suffix(']').map(str::parse::<usize>);
        let key_line = || node.entries().find(|(key, _)| key.value == part);
        let next = match index {
            Some(Ok(index)) => node.items().get(index).map(|item| (item.line, item)),
            _ => key_line().map(|(key, value)| (key.line, value)),
        };
        let Some((line, below)) = next else {
            break;
        };
        found = Some(line);
        node = below;
    }
    found
}

fn gvk(fields: &mut Fields<'_>) -> Outcome<Gvk> {
    Ok(Gvk {
        group: fields.text("group")?.into(),
        version: fields.text("version")?.into(),
        kind: fields.text("kind")?.into(),
    })
}

fn id(fields: &mut Fields<'_>) -> Outcome<ResId> {
    let gvk = gvk(fields)?;
    Ok(res_id(gvk, fields.text("name")?, fields.text("namespace")?))
}

/// Reads a selector; unknown fields are refused when `strict`.
pub(crate) fn selector(value: &Value, path: &str, strict: bool) -> Outcome<Selector> {
    let mut fields = Fields::with(value, path, strict)?;
    let selector = Selector {
        id: id(&mut fields)?,
        annotation_selector: fields.text("annotationSelector")?,
        label_selector: fields.text("labelSelector")?,
    };
    fields.finish()?;
    Ok(selector)
}

/// Reads a field spec.
pub(crate) fn field_spec(value: &Value, path: &str, strict: bool) -> Outcome<FieldSpec> {
    field_spec_in(Fields::with(value, path, strict)?, Fields::text)
}

/// Reads a field spec of a file of `configurations`: Go's reader makes a text of a path that is a number or boolean, not of the fields of
/// the kind.
pub(crate) fn field_spec_of_file(value: &Value, path: &str) -> Outcome<FieldSpec> {
    field_spec_in(Fields::new(value, path)?, Fields::loose_text)
}

fn field_spec_in<'a>(
    mut fields: Fields<'a>,
    text: impl Fn(&mut Fields<'a>, &str) -> Outcome<String>,
) -> Outcome<FieldSpec> {
    let gvk = gvk(&mut fields)?;
    let spec = FieldSpec::new(gvk, &text(&mut fields, "path")?, fields.flag("create")?);
    fields.finish()?;
    Ok(spec)
}

/// Reads generator options.
pub(super) fn generator_options(
    value: &Value,
    path: &str,
    strict: bool,
) -> Outcome<GeneratorOptions> {
    let mut fields = Fields::with(value, path, strict)?;
    let options = GeneratorOptions {
        labels: fields.text_map("labels")?,
        annotations: fields.text_map("annotations")?,
        disable_name_suffix_hash: fields.flag("disableNameSuffixHash")?,
        immutable: fields.flag("immutable")?,
    };
    fields.finish()?;
    Ok(options)
}

/// Reads the fields of a generator out of a map.
pub(crate) fn generator_args(
    fields: &mut Fields<'_>,
    is_secret: bool,
    strict: bool,
) -> Outcome<GeneratorArgs> {
    let options = match fields.take("options") {
        None => None,
        Some(value) => Some(generator_options(value, &fields.at("options"), strict)?),
    };
    let mut args = GeneratorArgs {
        namespace: fields.text("namespace")?,
        name: fields.text("name")?,
        behavior: fields.text("behavior")?,
        // kustomize hands its generators their fields as marshalled text.
        literals: fields
            .texts("literals")?
            .iter()
            .map(|literal| fold_next_lines(literal).into_owned())
            .collect(),
        files: fields.texts("files")?,
        envs: fields.texts("envs")?,
        options,
        secret_type: if is_secret {
            fields.text("type")?
        } else {
            String::new()
        },
    };
    let env = fields.text("env")?;
    if !env.is_empty() {
        args.envs.push(env);
    }
    Ok(args)
}

/// Reads a patch.
pub(super) fn patch(value: &Value, path: &str) -> Outcome<Patch> {
    let mut fields = Fields::new(value, path)?;
    let target = match fields.take("target") {
        None => None,
        Some(value) => Some(selector(value, &fields.at("target"), true)?),
    };
    let mut patch = Patch {
        path: fields.text("path")?,
        patch: fields.text("patch")?,
        target,
        ..Patch::default()
    };
    if let Some(options) = fields.take("options") {
        let mut options = Fields::new(options, &fields.at("options"))?;
        patch.allow_name_change = options.flag("allowNameChange")?;
        patch.allow_kind_change = options.flag("allowKindChange")?;
        options.finish()?;
    }
    fields.finish()?;
    Ok(patch)
}

/// Reads an image.
pub(crate) fn image(value: &Value, path: &str, strict: bool) -> Outcome<Image> {
    let mut fields = Fields::with(value, path, strict)?;
    let image = Image {
        name: fields.text("name")?,
        new_name: fields.text("newName")?,
        tag_suffix: fields.text("tagSuffix")?,
        new_tag: fields.text("newTag")?,
        digest: fields.text("digest")?,
    };
    fields.finish()?;
    Ok(image)
}

/// Reads a number of replicas.
pub(crate) fn replica(value: &Value, path: &str, strict: bool) -> Outcome<Replica> {
    let mut fields = Fields::with(value, path, strict)?;
    let replica = Replica {
        name: fields.text("name")?,
        count: fields.integer("count")?,
    };
    fields.finish()?;
    Ok(replica)
}

fn field_options(value: &Value, path: &str, strict: bool) -> Outcome<FieldOptions> {
    let mut fields = Fields::with(value, path, strict)?;
    let options = FieldOptions {
        delimiter: fields.text("delimiter")?,
        index: fields.integer("index")?,
        create: fields.flag("create")?,
    };
    // kustomize reads the encoding and does nothing with it.
    fields.text("encoding")?;
    fields.finish()?;
    Ok(options)
}

fn source(value: &Value, path: &str, strict: bool) -> Outcome<ReplacementSource> {
    let mut fields = Fields::with(value, path, strict)?;
    let options = match fields.take("options") {
        None => None,
        Some(value) => Some(field_options(value, &fields.at("options"), strict)?),
    };
    let source = ReplacementSource {
        id: id(&mut fields)?,
        field_path: fields.text("fieldPath")?,
        options,
    };
    fields.finish()?;
    Ok(source)
}

fn target(value: &Value, path: &str, strict: bool) -> Outcome<ReplacementTarget> {
    let mut fields = Fields::with(value, path, strict)?;
    let select = match fields.take("select") {
        None => None,
        Some(value) => Some(selector(value, &fields.at("select"), strict)?),
    };
    let reject = fields.list("reject")?;
    let reject = reject
        .into_iter()
        .map(|(path, value)| selector(value, &path, strict));
    let reject = reject.collect::<Outcome<_>>()?;
    let options = match fields.take("options") {
        None => None,
        Some(value) => Some(field_options(value, &fields.at("options"), strict)?),
    };
    let target = ReplacementTarget {
        select,
        reject,
        field_paths: fields.texts("fieldPaths")?,
        options,
    };
    fields.finish()?;
    Ok(target)
}

/// Reads a replacement out of a map.
fn replacement_of(fields: &mut Fields<'_>, strict: bool) -> Outcome<Replacement> {
    let source_path = fields.at("source");
    let source = match fields.take("source") {
        None => None,
        Some(value) => Some(source(value, &source_path, strict)?),
    };
    let targets = if fields.has("targets") {
        let targets = fields.list("targets")?;
        let targets = targets
            .into_iter()
            .map(|(path, value)| target(value, &path, strict));
        Some(targets.collect::<Outcome<_>>()?)
    } else {
        None
    };
    let source_value = match fields.take("sourceValue") {
        None => None,
        Some(_) => Some(fields.text("sourceValue")?),
    };
    Ok(Replacement {
        source,
        source_value,
        targets,
        ..Replacement::default()
    })
}

/// Reads a replacement of a file of its own.
pub(crate) fn replacement(value: &Value, path: &str, strict: bool) -> Outcome<Replacement> {
    let mut fields = Fields::with(value, path, strict)?;
    let replacement = replacement_of(&mut fields, strict)?;
    fields.finish()?;
    Ok(replacement)
}

/// Reads a replacement of a kustomization: in place or by path.
pub(crate) fn replacement_field(
    value: &Value,
    path: &str,
    strict: bool,
) -> Outcome<ReplacementField> {
    let mut fields = Fields::with(value, path, strict)?;
    let mut field = ReplacementField {
        path: fields.text("path")?,
        replacement: replacement_of(&mut fields, strict)?,
    };
    if strict {
        // kustomize writes the kustomization out for its transformer, and an empty list is lost on the way.
        field.replacement.targets = field
            .replacement
            .targets
            .filter(|targets| !targets.is_empty());
    }
    fields.finish()?;
    Ok(field)
}

/// Reads a variable.
pub(super) fn var(value: &Value, path: &str) -> Outcome<Var> {
    let mut fields = Fields::new(value, path)?;
    let name = fields.text("name")?;
    let mut var = Var {
        name,
        ..Var::default()
    };
    if let Some(object) = fields.take("objref") {
        let mut object = Fields::new(object, &fields.at("objref"))?;
        let mut gvk = gvk(&mut object)?;
        let api_version = object.text("apiVersion")?;
        match api_version.split('/').collect::<Vec<_>>()[..] {
            [version] if !version.is_empty() => gvk.version = version.into(),
            [group, version] => {
                gvk.group = group.into();
                gvk.version = version.into();
            }
            _ => {}
        }
        var.object = res_id(gvk, object.text("name")?, object.text("namespace")?);
        object.finish()?;
    }
    if let Some(field) = fields.take("fieldref") {
        let mut field = Fields::new(field, &fields.at("fieldref"))?;
        var.field_path = field.text("fieldPath")?;
        field.finish()?;
    }
    fields.finish()?;
    if var.field_path.is_empty() {
        var.field_path = "metadata.name".to_owned();
    }
    Ok(var)
}

/// Reads the options of the order.
pub(super) fn sort_options(value: &Value, path: &str) -> Outcome<SortOptions> {
    let mut fields = Fields::new(value, path)?;
    let mut options = SortOptions {
        order: fields.text("order")?,
        legacy: None,
    };
    if let Some(legacy) = fields.take("legacySortOptions") {
        let mut legacy = Fields::new(legacy, &fields.at("legacySortOptions"))?;
        options.legacy = Some((legacy.texts("orderFirst")?, legacy.texts("orderLast")?));
        legacy.finish()?;
    }
    fields.finish()?;
    Ok(options)
}
