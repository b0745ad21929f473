//! Transformer configuration from files: `configurations`, and `crds` with their annotations.

use serde_json::{Map, Value};

use crate::error::{BuildError, Outcome};
use crate::field_specs::{FieldSpec, FieldSpecs, NameReference, TransformerConfig};
use crate::id::Gvk;
use crate::kustomization::{Fields, field_spec_of_file, with_line};
use crate::loader::Loader;
use crate::upstream;

/// Deepest chain of references between types of a definition file.
const MAX_REFERENCE_DEPTH_LEVELS: usize = 32;

/// Reads the files of `configurations`.
pub(crate) fn load_configurations(
    paths: &[String],
    loader: &Loader<'_>,
) -> Outcome<TransformerConfig> {
    let mut config = TransformerConfig::default();
    for (number, path) in paths.iter().enumerate() {
        let shown = loader.path_of(path);
        let listed = |e: BuildError| e.at_field(format!("configurations[{number}]"));
        let text = loader.load(path).map_err(listed)?;
        let one = parse(&text)
            .map_err(|e| with_line(upstream::unknown_field(e), &text).in_file(&shown))?;
        config.merge(&one).map_err(|e| e.in_file(&shown))?;
    }
    Ok(config)
}

fn parse(text: &[u8]) -> Outcome<TransformerConfig> {
    let value = skein_yaml::from_slice_strict(text)?;
    let mut fields = Fields::new(&value, "")?;
    let mut config = TransformerConfig::default();
    for name in TransformerConfig::SECTIONS {
        let specs = specs_of(&mut fields, name)?;
        if let Some(section) = config.section(name) {
            section.0 = specs;
        }
    }
    for (path, value) in fields.list("nameReference")? {
        let mut reference = Fields::new(value, &path)?;
        let target = Gvk {
            group: reference.text("group")?.into(),
            version: reference.text("version")?.into(),
            kind: reference.text("kind")?.into(),
        };
        let referrers = FieldSpecs(specs_of(&mut reference, "fieldSpecs")?);
        reference.finish()?;
        config
            .name_reference
            .push(NameReference { target, referrers });
    }
    fields.finish()?;
    config.sort();
    Ok(config)
}

fn specs_of(fields: &mut Fields<'_>, name: &str) -> Outcome<Vec<FieldSpec>> {
    fields
        .list(name)?
        .into_iter()
        .map(|(path, value)| field_spec_of_file(value, &path))
        .collect()
}

/// Reads the files of `crds`: OpenAPI definitions whose properties say which are names, labels and annotations.
pub(crate) fn load_crds(paths: &[String], loader: &Loader<'_>) -> Outcome<TransformerConfig> {
    let mut config = TransformerConfig::default();
    for (number, path) in paths.iter().enumerate() {
        let shown = loader.path_of(path);
        let listed = |e: BuildError| e.at_field(format!("crds[{number}]"));
        let text = loader.load(path).map_err(listed)?;
        let value =
            skein_yaml::from_slice(&text).map_err(|e| BuildError::from(e).in_file(&shown))?;
        let Some(types) = value.as_object() else {
            let message = "expected a map of OpenAPI definitions";
            return Err(BuildError::invalid(message).in_file(&shown));
        };
        let mut one = TransformerConfig::default();
        for (name, definition) in types {
            let is_kind = ["kind", "apiVersion", "metadata"]
                .iter()
                .all(|field| properties(definition).is_some_and(|p| p.contains_key(*field)));
            if is_kind {
                let kind = name.rsplit('.').next().unwrap_or_default().into();
                let gvk = Gvk {
                    kind,
                    ..Gvk::default()
                };
                read_type(&mut one, &gvk, types, name, &mut Vec::new())
                    .map_err(|e| e.in_file(&shown))?;
            }
        }
        config.merge(&one).map_err(|e| e.in_file(&shown))?;
    }
    Ok(config)
}

fn properties(definition: &Value) -> Option<&Map<String, Value>> {
    let schema = definition
        .get("Schema")
        .or_else(|| definition.get("schema"))?;
    schema.get("properties")?.as_object()
}

fn read_type(
    config: &mut TransformerConfig,
    gvk: &Gvk,
    types: &Map<String, Value>,
    name: &str,
    path: &mut Vec<String>,
) -> Outcome<()> {
    if path.len() > MAX_REFERENCE_DEPTH_LEVELS {
        return Err(BuildError::invalid(format!(
            "the definitions of {name} refer to each other without end"
        )));
    }
    let Some(properties) = types.get(name).and_then(properties) else {
        return Ok(());
    };
    for (property, schema) in properties {
        let text = |key: &str| schema.get(key).and_then(Value::as_str);
        path.push(property.clone());
        let spec = |path: &[String]| FieldSpec::new(gvk.clone(), &path.join("/"), false);
        if text("x-kubernetes-annotation").is_some() {
            config.common_annotations.merge(&[spec(path)])?;
        }
        if text("x-kubernetes-label-selector").is_some() {
            config.common_labels.merge(&[spec(path)])?;
        }
        if text("x-kubernetes-identity").is_some() {
            config.name_prefix.merge(&[spec(path)])?;
        }
        let target = (
            text("x-kubernetes-object-ref-api-version"),
            text("x-kubernetes-object-ref-kind"),
        );
        if let (Some(version), Some(kind)) = target {
            let key = text("x-kubernetes-object-ref-name-key").unwrap_or("name");
            path.push(key.to_owned());
            let referrers = FieldSpecs(vec![spec(path)]);
            path.pop();
            let target = Gvk {
                version: version.into(),
                kind: kind.into(),
                ..Gvk::default()
            };
            config.merge_reference(&NameReference { target, referrers })?;
        }
        if let Some(reference) = text("$ref") {
            read_type(config, gvk, types, reference, path)?;
        }
        path.pop();
    }
    Ok(())
}
