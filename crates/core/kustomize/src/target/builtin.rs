//! The transformers that the fields of a kustomization ask for, in kustomize's order.

use crate::error::{BuildError, Outcome};
use crate::field_specs::{FieldSpec, FieldSpecs, TransformerConfig};
use crate::id::Gvk;
use crate::kustomization::Label;
use crate::origin::Origin;
use crate::plugins::{load_replacements, strategic};
use crate::transform::Transformer;
use crate::transform::images::ImageTransformer;
use crate::transform::namespace::NamespaceTransformer;
use crate::transform::patches::PatchTransformer;

use super::{Target, by_builtin};

/// A transformer, its origin where it is noted, and the field that asks for it.
pub(super) type Configured = (Transformer, Option<Origin>, String);

impl Target<'_> {
    /// All transformers of the kustomization's own fields.
    pub(super) fn builtin_transformers(
        &self,
        config: &TransformerConfig,
    ) -> Outcome<Vec<Configured>> {
        let k = &self.kustomization;
        let mut list = Vec::new();
        let file = self.file();
        let mut add =
            |kind: &str, field: String, transformer: Outcome<Transformer>| -> Outcome<()> {
                let transformer = transformer
                    .map_err(|e: BuildError| e.at_field(field.clone()).in_file(&file))?;
                let origin = self
                    .origin
                    .as_ref()
                    .map(|o| o.configured(self.file_name, by_builtin(kind)));
                list.push((transformer, origin, field));
                Ok(())
            };
        // Each entry by itself, so that a trace can tell them apart; notes in annotations count entries and want the whole.
        let one_by_one = self.lines.is_some() && self.origin.is_none();
        if one_by_one {
            for (number, patch) in k.patches_strategic_merge.iter().enumerate() {
                add(
                    "PatchStrategicMergeTransformer",
                    format!("patchesStrategicMerge[{number}]"),
                    strategic(std::slice::from_ref(patch), "", &self.loader),
                )?;
            }
        } else if !k.patches_strategic_merge.is_empty() {
            let patches = strategic(&k.patches_strategic_merge, "", &self.loader);
            add(
                "PatchStrategicMergeTransformer",
                "patchesStrategicMerge".to_owned(),
                patches,
            )?;
        }
        for (number, patch) in k.patches.iter().enumerate() {
            let patch = PatchTransformer::new(patch, &self.loader).map(Transformer::Patch);
            add("PatchTransformer", format!("patches[{number}]"), patch)?;
        }
        if !k.namespace.is_empty() {
            let namespace = NamespaceTransformer {
                namespace: k.namespace.clone(),
                specs: config.namespace.clone(),
                ..NamespaceTransformer::default()
            };
            add(
                "NamespaceTransformer",
                "namespace".to_owned(),
                Ok(Transformer::Namespace(namespace)),
            )?;
        }
        if !k.name_prefix.is_empty() {
            let prefix = Transformer::Prefix(k.name_prefix.clone(), config.name_prefix.clone());
            add("PrefixTransformer", "namePrefix".to_owned(), Ok(prefix))?;
        }
        if !k.name_suffix.is_empty() {
            let suffix = Transformer::Suffix(k.name_suffix.clone(), config.name_suffix.clone());
            add("SuffixTransformer", "nameSuffix".to_owned(), Ok(suffix))?;
        }
        for (number, label) in k.labels.iter().enumerate() {
            let specs = label_specs(label, config);
            let labels = specs.map(|specs| Transformer::Labels(label.pairs.clone(), specs));
            add("LabelTransformer", format!("labels[{number}]"), labels)?;
        }
        if !k.labels.is_empty() || !k.common_labels.is_empty() {
            let labels = Transformer::Labels(k.common_labels.clone(), config.common_labels.clone());
            add("LabelTransformer", "commonLabels".to_owned(), Ok(labels))?;
        }
        if !k.common_annotations.is_empty() {
            let specs = config.common_annotations.clone();
            let annotations = Transformer::Annotations(k.common_annotations.clone(), specs);
            add(
                "AnnotationsTransformer",
                "commonAnnotations".to_owned(),
                Ok(annotations),
            )?;
        }
        for (number, patch) in k.patches_json6902.iter().enumerate() {
            let patch = PatchTransformer::json_only(patch, &self.loader).map(Transformer::Patch);
            add(
                "PatchJson6902Transformer",
                format!("patchesJson6902[{number}]"),
                patch,
            )?;
        }
        for (number, replica) in k.replicas.iter().enumerate() {
            let replicas = Transformer::Replicas(replica.clone(), config.replicas.clone());
            add(
                "ReplicaCountTransformer",
                format!("replicas[{number}]"),
                Ok(replicas),
            )?;
        }
        for (number, image) in k.images.iter().enumerate() {
            let images = ImageTransformer::new(image.clone(), config.images.clone());
            let images = images.map(|i| Transformer::Images(Box::new(i)));
            add("ImageTagTransformer", format!("images[{number}]"), images)?;
        }
        if one_by_one {
            for (number, field) in k.replacements.iter().enumerate() {
                let list = load_replacements(std::slice::from_ref(field), &self.loader);
                add(
                    "ReplacementTransformer",
                    format!("replacements[{number}]"),
                    list.map(Transformer::Replacements),
                )?;
            }
        } else if !k.replacements.is_empty() {
            let list = load_replacements(&k.replacements, &self.loader);
            add(
                "ReplacementTransformer",
                "replacements".to_owned(),
                list.map(Transformer::Replacements),
            )?;
        }
        Ok(list)
    }
}

/// Where the labels of an entry go.
fn label_specs(label: &Label, config: &TransformerConfig) -> Outcome<FieldSpecs> {
    let mut specs = FieldSpecs(label.fields.clone());
    specs.merge(&config.labels.0)?;
    if label.include_selectors {
        specs.merge(&config.common_labels.0)?;
        return Ok(specs);
    }
    if label.include_templates {
        specs.merge(&config.template_labels.0)?;
    }
    specs.merge(&[FieldSpec::new(Gvk::default(), "metadata/labels", true)])?;
    Ok(specs)
}
