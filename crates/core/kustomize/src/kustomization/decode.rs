//! The fields of a kustomization file, and the checks on the whole.

use serde_json::Value;

use super::fields::Fields;
use super::read::{
    field_spec, generator_args, generator_options, image, patch, replacement_field, replica,
    sort_options, var,
};
use super::{COMPONENT_KIND, GeneratorArgs, Image, Kustomization, Label};
use crate::charts::{HelmGlobals, helm_chart, helm_globals, old_helm_chart};
use crate::error::{BuildError, Outcome};

const KUSTOMIZATION_KIND: &str = "Kustomization";
const KUSTOMIZATION_VERSION: &str = "kustomize.config.k8s.io/v1beta1";
const COMPONENT_VERSION: &str = "kustomize.config.k8s.io/v1alpha1";

/// Decodes a kustomization; deprecated fields become what replaced them.
pub(super) fn decode(value: &Value) -> Outcome<Kustomization> {
    let mut fields = Fields::new(value, "")?;
    let mut k = Kustomization {
        api_version: fields.text("apiVersion")?,
        kind: fields.text("kind")?,
        openapi: fields.text_map("openapi")?,
        name_prefix: fields.text("namePrefix")?,
        name_suffix: fields.text("nameSuffix")?,
        namespace: fields.text("namespace")?,
        common_labels: fields.text_map("commonLabels")?,
        common_annotations: fields.text_map("commonAnnotations")?,
        patches_strategic_merge: fields.texts("patchesStrategicMerge")?,
        resources: fields.texts("resources")?,
        components: fields.texts("components")?,
        crds: fields.texts("crds")?,
        configurations: fields.texts("configurations")?,
        generators: fields.texts("generators")?,
        transformers: fields.texts("transformers")?,
        validators: fields.texts("validators")?,
        build_metadata: fields.texts("buildMetadata")?,
        ..Kustomization::default()
    };
    without_effect(&mut fields)?;
    lists(&mut fields, &mut k)?;
    k.deprecated = deprecated(&mut fields);
    k.resources.extend(fields.texts("bases")?);
    charts(&mut fields, &mut k)?;
    fields.finish()?;
    check(k, says_something(value))
}

/// Reads Helm charts, those of the deprecated field included.
fn charts(fields: &mut Fields<'_>, k: &mut Kustomization) -> Outcome<()> {
    let globals = fields.take("helmGlobals");
    if let Some(value) = globals {
        let mut inner = Fields::new(value, &fields.at("helmGlobals"))?;
        k.helm_globals = helm_globals(&mut inner)?;
        inner.finish()?;
    }
    for (path, value) in fields.list("helmCharts")? {
        let mut inner = Fields::new(value, &path)?;
        k.helm_charts.push(helm_chart(&mut inner)?);
        inner.finish()?;
    }
    let mut old_globals = HelmGlobals::default();
    for (path, value) in fields.list("helmChartInflationGenerator")? {
        let mut inner = Fields::new(value, &path)?;
        k.helm_charts
            .push(old_helm_chart(&mut inner, &mut old_globals)?);
        inner.finish()?;
    }
    if globals.is_none() {
        k.helm_globals = old_globals;
    }
    Ok(())
}

/// Reads what has no effect on the build: the metadata of the kustomization itself.
fn without_effect(fields: &mut Fields<'_>) -> Outcome<()> {
    let path = fields.at("metadata");
    let Some(value) = fields.take("metadata") else {
        return Ok(());
    };
    let mut metadata = Fields::new(value, &path)?;
    metadata.text("name")?;
    metadata.text("namespace")?;
    metadata.text_map("labels")?;
    metadata.text_map("annotations")?;
    metadata.finish()
}

/// Whether any field besides apiVersion and kind says something. An empty list or map counts, except in fields that became others.
fn says_something(value: &Value) -> bool {
    const RENAMED: [&str; 3] = ["bases", "imageTags", "helmChartInflationGenerator"];
    let says = |(key, value): (&String, &Value)| match value {
        _ if key == "apiVersion" || key == "kind" => false,
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty() || !RENAMED.contains(&key.as_str()),
        _ => true,
    };
    value.as_object().is_some_and(|map| map.iter().any(says))
}

fn lists(fields: &mut Fields<'_>, k: &mut Kustomization) -> Outcome<()> {
    for (path, value) in fields.list("labels")? {
        k.labels.push(label(value, &path)?);
    }
    for (path, value) in fields.list("patches")? {
        k.patches.push(patch(value, &path)?);
    }
    for (path, value) in fields.list("patchesJson6902")? {
        k.patches_json6902.push(patch(value, &path)?);
    }
    k.images = images(fields, "images")?;
    k.images.extend(images(fields, "imageTags")?);
    for (path, value) in fields.list("replacements")? {
        k.replacements.push(replacement_field(value, &path, true)?);
    }
    for (path, value) in fields.list("replicas")? {
        k.replicas.push(replica(value, &path, true)?);
    }
    for (path, value) in fields.list("vars")? {
        k.vars.push(var(value, &path)?);
    }
    k.config_maps = generators(fields, "configMapGenerator", false)?;
    k.secrets = generators(fields, "secretGenerator", true)?;
    if let Some(value) = fields.take("generatorOptions") {
        k.generator_options = Some(generator_options(value, "generatorOptions", true)?);
    }
    if let Some(value) = fields.take("sortOptions") {
        k.sort_options = Some(sort_options(value, "sortOptions")?);
    }
    Ok(())
}

fn label(value: &Value, path: &str) -> Outcome<Label> {
    let mut fields = Fields::new(value, path)?;
    let specs = fields.list("fields")?;
    let label = Label {
        pairs: fields.text_map("pairs")?,
        include_selectors: fields.flag("includeSelectors")?,
        include_templates: fields.flag("includeTemplates")?,
        fields: specs
            .into_iter()
            .map(|(path, value)| field_spec(value, &path, true))
            .collect::<Outcome<_>>()?,
    };
    fields.finish()?;
    Ok(label)
}

fn images(fields: &mut Fields<'_>, name: &str) -> Outcome<Vec<Image>> {
    let list = fields.list(name)?;
    list.into_iter()
        .map(|(path, value)| image(value, &path, true))
        .collect()
}

fn generators(fields: &mut Fields<'_>, name: &str, is_secret: bool) -> Outcome<Vec<GeneratorArgs>> {
    let read = |(path, value): (String, &Value)| {
        let mut fields = Fields::new(value, &path)?;
        let args = generator_args(&mut fields, is_secret, true)?;
        fields.finish()?;
        Ok(args)
    };
    fields.list(name)?.into_iter().map(read).collect()
}

/// Which deprecated fields are used, in the words of kustomize.
fn deprecated(fields: &mut Fields<'_>) -> Vec<&'static str> {
    macro_rules! warning {
        ($old:literal, $new:literal, $fix:literal) => {
            (
                $old,
                concat!(
                    "# Warning: '",
                    $old,
                    "' is deprecated. Please use '",
                    $new,
                    "' instead. ",
                    $fix,
                    "Run 'kustomize edit fix' to update your Kustomization automatically."
                ),
            )
        };
    }
    let all = [
        warning!("bases", "resources", ""),
        warning!("commonLabels", "labels", ""),
        warning!("imageTags", "images", ""),
        warning!("patchesJson6902", "patches", ""),
        warning!("patchesStrategicMerge", "patches", ""),
        warning!("vars", "replacements", "[EXPERIMENTAL] "),
    ];
    all.into_iter()
        .filter(|(name, _)| fields.has(name))
        .map(|(_, text)| text)
        .collect()
}

/// Fills in kind and version, and refuses an empty file and wrong kinds.
fn check(mut k: Kustomization, has_content: bool) -> Outcome<Kustomization> {
    if k.kind.is_empty() {
        k.kind = KUSTOMIZATION_KIND.to_owned();
    }
    let version = if k.is_component() {
        COMPONENT_VERSION
    } else {
        KUSTOMIZATION_VERSION
    };
    if k.api_version.is_empty() {
        k.api_version = version.to_owned();
    }
    if !has_content {
        return Err(BuildError::invalid("kustomization.yaml is empty"));
    }
    if k.kind != KUSTOMIZATION_KIND && k.kind != COMPONENT_KIND {
        let message = format!("kind should be {KUSTOMIZATION_KIND} or {COMPONENT_KIND}");
        return Err(BuildError::invalid(message).at_field("kind"));
    }
    if k.api_version != version {
        let message = format!("apiVersion for {} should be {version}", k.kind);
        return Err(BuildError::invalid(message).at_field("apiVersion"));
    }
    Ok(k)
}
