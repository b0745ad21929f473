//! What spans files and layers: patches of several documents, folders of plugins, configurations of many parts, components in components.

use super::{Lines, Maker, joined, objects, push_item};

/// Parts of a configuration, each for a field that the defaults do not know.
const CONFIGURATION: [&str; 10] = [
    "namePrefix:\n- path: spec/configRef\n  kind: Widget\n",
    "nameSuffix:\n- path: metadata/name\n- path: spec/configRef\n",
    "namespace:\n- path: metadata/namespace\n  create: true\n- path: spec/ns\n  kind: Widget\n  create: true\n",
    "commonLabels:\n- path: spec/podLabels\n  create: true\n  kind: Widget\n- path: metadata/labels\n  create: true\n",
    "commonAnnotations:\n- path: spec/notes\n  kind: Widget\n  create: true\n",
    "nameReference:\n- kind: Secret\n  fieldSpecs:\n  - path: spec/configRef\n    kind: Widget\n- kind: Deployment\n  fieldSpecs:\n  - path: spec/list\n    kind: Widget\n",
    "varReference:\n- path: spec\n- path: metadata/annotations\n",
    "images:\n- path: spec/values/image\n  kind: Widget\n- path: spec/containers[]/image\n",
    "replicas:\n- path: spec/f0\n  kind: Widget\n  create: true\n",
    "labels:\n- path: spec/extra\n  kind: Widget\n  create: true\n",
];

impl Maker {
    /// One patch of several documents, for objects of its own choice or for those of a target.
    pub(super) fn many_patches(&mut self, folder: &str, out: &mut Lines) {
        let mut texts = Vec::new();
        for _ in 0..2 + self.numbers.below(2) {
            let named = self.any();
            texts.push(objects::strategic_patch(&mut self.numbers, &named));
        }
        let between = self
            .numbers
            .pick(&["---\n", "---\n", "--- # more\n", "\n---\n"]);
        let text = texts.join(between);
        let mut entry = Lines::new();
        if self.numbers.percent(50) {
            self.files.insert(format!("{folder}/many.yaml"), text);
            entry.push("path: many.yaml".to_owned());
        } else {
            entry.push("patch: |".to_owned());
            entry.extend(text.lines().map(|l| format!("  {l}")));
        }
        if self.numbers.percent(25) {
            let named = self.any();
            let target = self.numbers.pick(&[
                "annotationSelector: note",
                "annotationSelector: \"note in (hello, hi)\"",
                "name: \".*\"",
                "group: \"apps|batch\"",
                "version: v1",
                "namespace: \"ns.\"",
            ]);
            entry.push("target:".to_owned());
            entry.push(format!("  {target}"));
            if self.numbers.percent(50) {
                entry.push(format!("  kind: {}", named.kind));
            }
        }
        if self.numbers.percent(15) {
            entry.push("options: {allowNameChange: true, allowKindChange: true}".to_owned());
        }
        if self.numbers.percent(20) {
            let lines: Lines = entry
                .iter()
                .filter(|l| l.starts_with("path: "))
                .cloned()
                .collect();
            if let [path] = &lines[..] {
                out.push("patchesStrategicMerge:".to_owned());
                out.push(path.replace("path: ", "- "));
                return;
            }
        }
        out.push("patches:".to_owned());
        push_item(entry, out);
    }

    /// Plugins that come out of a kustomization of their own.
    pub(super) fn plugin_folder(&mut self, folder: &str, out: &mut Lines) {
        let named = self.any();
        let (field, text) = objects::plugin(&mut self.numbers, &named);
        let below = format!("{folder}/plugins");
        self.files.insert(format!("{below}/plugin.yaml"), text);
        let more = self.numbers.pick(&[
            "",
            "",
            "namePrefix: own-\n",
            "commonAnnotations: {of: plugins}\n",
            "commonLabels: {of: plugins}\n",
            "namespace: ns2\n",
        ]);
        let text = format!("resources: [plugin.yaml]\n{more}");
        self.files
            .insert(format!("{below}/kustomization.yaml"), text);
        out.push(format!("{field}: [plugins]"));
    }

    /// Several configurations of several parts each.
    pub(super) fn configurations(&mut self, folder: &str, out: &mut Lines) {
        let mut names = Vec::new();
        for number in 0..1 + self.numbers.below(2) {
            let first = self.numbers.below(CONFIGURATION.len());
            let second = self.numbers.below(CONFIGURATION.len());
            let mut text = CONFIGURATION[first].to_owned();
            if first != second {
                text.push_str(CONFIGURATION[second]);
            }
            let name = format!("parts-{number}.yaml");
            self.files.insert(format!("{folder}/{name}"), text);
            names.push(name);
        }
        out.push(format!("configurations: [{}]", names.join(", ")));
    }

    /// Values that are encoded, cut out of longer ones, or put at places of lists.
    pub(super) fn encoded_replacements(&mut self, _folder: &str, out: &mut Lines) {
        let (source, target) = (self.any(), self.any());
        let mut entry = vec![format!(
            "source: {{kind: {}, name: {}}}",
            source.kind, source.name
        )];
        entry.push("targets:".to_owned());
        entry.push(format!("- select: {{kind: {}}}", target.kind));
        let path = self.numbers.pick(&[
            "data.key0",
            "data.encoded",
            "metadata.annotations.made",
            "spec.list.1",
            "spec.items.[name=a].value",
            "spec.template.spec.containers.*.env.[name=NEW].value",
        ]);
        entry.push(format!("  fieldPaths: [\"{path}\"]"));
        let options = self.numbers.pick(&[
            "{encoding: base64}",
            "{encoding: base64, create: true}",
            "{create: true}",
            "{delimiter: \":\", index: -1}",
            "{delimiter: \"\", index: 1}",
            "{encoding: hex}",
        ]);
        entry.push(format!("  options: {options}"));
        out.push("replacements:".to_owned());
        push_item(entry, out);
    }

    /// Old patches by path, several in a list.
    pub(super) fn old_files(&mut self, folder: &str, out: &mut Lines) {
        out.push("patchesJson6902:".to_owned());
        for number in 0..1 + self.numbers.below(2) {
            let named = self.any();
            let text = objects::json_patch(&mut self.numbers, &named);
            let file = format!("operations-{number}.yaml");
            self.files.insert(format!("{folder}/{file}"), text);
            let (group, version) = named.group_version();
            let mut entry = vec![format!("path: {file}"), "target:".to_owned()];
            if !group.is_empty() {
                entry.push(format!("  group: {group}"));
            }
            entry.push(format!("  version: {version}"));
            entry.push(format!("  kind: {}", named.kind));
            entry.push(format!("  name: {}", named.name));
            if let Some(namespace) = &named.namespace {
                entry.push(format!("  namespace: {namespace}"));
            }
            push_item(entry, out);
        }
    }

    /// Components of a component: one with objects, one that only changes what is there.
    pub(super) fn inner_component(&mut self, folder: &str, out: &mut Lines) {
        let inner = format!("{folder}-inner");
        self.kustomization(&inner, &[], true);
        let inside = self.by_folder.get(&inner).cloned().unwrap_or_default();
        self.known.extend(inside);
        let plain = format!("{folder}-plain");
        let mut text = vec!["apiVersion: kustomize.config.k8s.io/v1alpha1".to_owned()];
        text.push("kind: Component".to_owned());
        self.names(&plain, &mut text);
        self.files
            .insert(format!("{plain}/kustomization.yaml"), joined(&text));
        out.push(format!("components: [../{inner}, ../{plain}]"));
    }
}
