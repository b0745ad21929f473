//! The transformers that the fields of a kustomization ask for, in kustomize's order.

use serde_json::json;

use crate::error::{BuildError, Outcome};
use crate::field_specs::{FieldSpec, FieldSpecs, TransformerConfig};
use crate::id::Gvk;
use crate::kustomization::{Label, ReplacementField};
use crate::origin::Origin;
use crate::plugins::{load_replacements, numbered, strategic};
use crate::transform::Transformer;
use crate::transform::images::ImageTransformer;
use crate::transform::namespace::NamespaceTransformer;
use crate::transform::patches::PatchTransformer;
use crate::upstream::{configuring, patch_config};

use super::{Target, by_builtin};

/// A transformer, its origin where it is noted, and the field that asks for it.
pub(super) type Configured = (Transformer, Option<Origin>, String);

/// The transformers of one kustomization while they are collected.
struct Collector<'t, 'a> {
    target: &'t Target<'a>,
    config: &'t TransformerConfig,
    file: String,
    list: Vec<Configured>,
}

impl Target<'_> {
    /// All transformers of the kustomization's own fields.
    pub(super) fn builtin_transformers(
        &self,
        config: &TransformerConfig,
    ) -> Outcome<Vec<Configured>> {
        let mut collector = Collector {
            target: self,
            config,
            file: self.file(),
            list: Vec::new(),
        };
        collector.patches()?;
        collector.names()?;
        collector.labels()?;
        collector.values()?;
        collector.replacements()?;
        Ok(collector.list)
    }

    /// Whether lists that are one transformer are taken apart, so that a trace can tell their entries from each other. Notes in annotations
    /// count transformers and want the whole.
    fn is_taken_apart(&self) -> bool {
        self.lines.is_some() && self.origin.is_none()
    }
}

impl Collector<'_, '_> {
    fn add(
        &mut self,
        kind: &str,
        field: impl Into<String>,
        transformer: Outcome<Transformer>,
    ) -> Outcome<()> {
        let field = field.into();
        let transformer =
            transformer.map_err(|e: BuildError| e.at_field(field.clone()).in_file(&self.file))?;
        let origin = self
            .target
            .origin
            .as_ref()
            .map(|o| o.configured(self.target.file_name, by_builtin(kind)));
        self.list.push((transformer, origin, field));
        Ok(())
    }

    fn patches(&mut self) -> Outcome<()> {
        const STRATEGIC: &str = "PatchStrategicMergeTransformer";
        let (k, loader) = (&self.target.kustomization, &self.target.loader);
        let old = &k.patches_strategic_merge;
        if self.target.is_taken_apart() {
            for (number, patch) in old.iter().enumerate() {
                let field = format!("patchesStrategicMerge[{number}]");
                let patch = strategic(&[(field.clone(), patch)], "", loader)
                    .map_err(|e| configuring(e, STRATEGIC, &json!({"paths": old})));
                self.add(STRATEGIC, field, patch)?;
            }
        } else if !old.is_empty() {
            let patches = strategic(&numbered("patchesStrategicMerge", old), "", loader)
                .map_err(|e| configuring(e, STRATEGIC, &json!({"paths": old})));
            self.add(STRATEGIC, "patchesStrategicMerge", patches)?;
        }
        for (number, patch) in k.patches.iter().enumerate() {
            let patch = PatchTransformer::new(patch, loader)
                .map(|patch| Transformer::Patch(Box::new(patch)))
                .map_err(|e| configuring(e, "PatchTransformer", &patch_config(patch, "patch")));
            self.add("PatchTransformer", format!("patches[{number}]"), patch)?;
        }
        Ok(())
    }

    fn names(&mut self) -> Outcome<()> {
        let (k, config) = (&self.target.kustomization, self.config);
        if !k.namespace.is_empty() {
            let namespace = Transformer::Namespace(NamespaceTransformer {
                namespace: k.namespace.clone(),
                specs: config.namespace.clone(),
                ..NamespaceTransformer::default()
            });
            self.add("NamespaceTransformer", "namespace", Ok(namespace))?;
        }
        if !k.name_prefix.is_empty() {
            let prefix = Transformer::Prefix(k.name_prefix.clone(), config.name_prefix.clone());
            self.add("PrefixTransformer", "namePrefix", Ok(prefix))?;
        }
        if !k.name_suffix.is_empty() {
            let suffix = Transformer::Suffix(k.name_suffix.clone(), config.name_suffix.clone());
            self.add("SuffixTransformer", "nameSuffix", Ok(suffix))?;
        }
        Ok(())
    }

    fn labels(&mut self) -> Outcome<()> {
        const LABEL: &str = "LabelTransformer";
        let (k, config) = (&self.target.kustomization, self.config);
        for (number, label) in k.labels.iter().enumerate() {
            let specs = label_specs(label, config);
            let labels = specs.map(|specs| Transformer::Labels(label.pairs.clone(), specs));
            self.add(LABEL, format!("labels[{number}]"), labels)?;
        }
        if !k.labels.is_empty() || !k.common_labels.is_empty() {
            let labels = Transformer::Labels(k.common_labels.clone(), config.common_labels.clone());
            self.add(LABEL, "commonLabels", Ok(labels))?;
        }
        if !k.common_annotations.is_empty() {
            let specs = config.common_annotations.clone();
            let annotations = Transformer::Annotations(k.common_annotations.clone(), specs);
            self.add(
                "AnnotationsTransformer",
                "commonAnnotations",
                Ok(annotations),
            )?;
        }
        Ok(())
    }

    fn values(&mut self) -> Outcome<()> {
        let (k, config) = (&self.target.kustomization, self.config);
        for (number, patch) in k.patches_json6902.iter().enumerate() {
            const KIND: &str = "PatchJson6902Transformer";
            let config = || patch_config(patch, "jsonOp");
            let patch = PatchTransformer::json_only(patch, &self.target.loader)
                .map_err(|e| configuring(e, KIND, &config()));
            let field = format!("patchesJson6902[{number}]");
            self.add(
                KIND,
                field,
                patch.map(|patch| Transformer::Patch(Box::new(patch))),
            )?;
        }
        for (number, replica) in k.replicas.iter().enumerate() {
            let replicas = Transformer::Replicas(replica.clone(), config.replicas.clone());
            let field = format!("replicas[{number}]");
            self.add("ReplicaCountTransformer", field, Ok(replicas))?;
        }
        for (number, image) in k.images.iter().enumerate() {
            let images = ImageTransformer::new(image.clone(), config.images.clone());
            let images = Transformer::Images(Box::new(images));
            self.add(
                "ImageTagTransformer",
                format!("images[{number}]"),
                Ok(images),
            )?;
        }
        Ok(())
    }

    fn replacements(&mut self) -> Outcome<()> {
        const REPLACEMENT: &str = "ReplacementTransformer";
        let (all, loader) = (&self.target.kustomization.replacements, &self.target.loader);
        if self.target.is_taken_apart() {
            for (number, field) in all.iter().enumerate() {
                let list = load_replacements([(number, field)], loader);
                let list = list.map(Transformer::Replacements);
                self.add(REPLACEMENT, format!("replacements[{number}]"), list)?;
            }
        } else if !all.is_empty() {
            let list = load_replacements(all.iter().enumerate(), loader)
                .map(Transformer::Replacements)
                .map_err(|e| in_replacements(e, all));
            self.add(REPLACEMENT, "replacements", list)?;
        }
        Ok(())
    }
}

/// kustomize shows the whole field, which is known here where all entries are paths.
fn in_replacements(error: BuildError, all: &[ReplacementField]) -> BuildError {
    if all.iter().any(|field| field.path.is_empty()) {
        return error;
    }
    let paths: Vec<_> = all.iter().map(|f| json!({"path": f.path})).collect();
    configuring(
        error,
        "ReplacementTransformer",
        &json!({"Replacements": paths}),
    )
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
