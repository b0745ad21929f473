//! Fields that are combined less often: definitions, schemas, marks of the build, deprecated names, selectors, wider replacements.

use super::{Lines, Maker, joined, objects, push_item};

impl Maker {
    /// A definition that says where names and identities stand.
    pub(super) fn crds(&mut self, folder: &str, out: &mut Lines) {
        let mark = self.numbers.pick(&[
            "\"x-kubernetes-object-ref-api-version\": \"v1\", \"x-kubernetes-object-ref-kind\": \"ConfigMap\", \"x-kubernetes-object-ref-name-key\": \"name\"",
            "\"x-kubernetes-annotation\": \"\"",
            "\"x-kubernetes-label-selector\": \"\"",
            "\"x-kubernetes-identity\": \"\"",
        ]);
        let text = format!(
            "{{\"example.com/v1.Widget\": {{\"Schema\": {{\"description\": \"x\", \"properties\": {{\"apiVersion\": {{\"type\": \"string\"}}, \"kind\": {{\"type\": \"string\"}}, \"metadata\": {{\"type\": \"object\"}}, \"spec\": {{\"properties\": {{\"configRef\": {{{mark}, \"type\": \"object\", \"properties\": {{\"name\": {{\"type\": \"string\"}}}}}}, \"text\": {{\"type\": \"string\"}}}}}}}}}}, \"Dependencies\": []}}}}\n"
        );
        self.files.insert(format!("{folder}/crd.json"), text);
        out.push("crds: [crd.json]".to_owned());
    }

    /// A schema of one's own: lists of a custom kind merge by a key.
    pub(super) fn openapi(&mut self, folder: &str, out: &mut Lines) {
        let key = self.numbers.pick(&["name", "port"]);
        let text = format!(
            "definitions:\n  com.example.v1.Widget:\n    type: object\n    x-kubernetes-group-version-kind:\n    - {{group: example.com, kind: Widget, version: v1}}\n    properties:\n      spec:\n        properties:\n          items:\n            type: array\n            x-kubernetes-patch-merge-key: {key}\n            x-kubernetes-patch-strategy: merge\n            items:\n              type: object\n              properties:\n                name: {{type: string}}\n"
        );
        self.files.insert(format!("{folder}/schema.yaml"), text);
        out.push("openapi: {path: schema.yaml}".to_owned());
    }

    /// Annotations that tell the build something, on objects of a patch.
    pub(super) fn marks(&mut self, _folder: &str, out: &mut Lines) {
        let kind = self.numbers.pick(&["ConfigMap", "Secret", "Service"]);
        let mark = if kind == "Service" {
            self.numbers.pick(&[
                "config.kubernetes.io/local-config: \"true\"",
                "config.kubernetes.io/local-config: \"false\"",
                "config.kubernetes.io/index: \"3\"",
            ])
        } else {
            self.numbers.pick(&[
                "kustomize.config.k8s.io/needs-hash: \"true\"",
                "kustomize.config.k8s.io/behavior: merge",
                "config.kubernetes.io/local-config: \"yes\"",
            ])
        };
        out.push("patches:".to_owned());
        let mut entry = vec!["patch: |-".to_owned()];
        let patch = format!(
            "apiVersion: v1\nkind: {kind}\nmetadata:\n  name: any\n  annotations:\n    {mark}"
        );
        entry.extend(patch.lines().map(|l| format!("  {l}")));
        entry.push("target:".to_owned());
        entry.push(format!("  kind: {kind}"));
        let selectors = ["note", "note=hello", "!note", "a.b/c in (1, 2)"];
        if self.numbers.percent(40) {
            let selector = self.numbers.pick(&selectors);
            entry.push(format!("  annotationSelector: \"{selector}\""));
        }
        push_item(entry, out);
    }

    /// Fields by their old names.
    pub(super) fn old_names(&mut self, folder: &str, out: &mut Lines) {
        if self.numbers.percent(50) {
            let name = self.numbers.pick(&objects::IMAGES);
            out.push("imageTags:".to_owned());
            out.push(format!("- name: {name}"));
            out.push("  newTag: old".to_owned());
            return;
        }
        let base = format!("{folder}-old");
        self.kustomization(&base, &[], false);
        let inside = self.by_folder.get(&base).cloned().unwrap_or_default();
        self.known.extend(inside);
        out.push(format!("bases: [../{base}]"));
    }

    /// Several replacements with every option, from one file or in place.
    pub(super) fn wide_replacements(&mut self, folder: &str, out: &mut Lines) {
        let mut all = Lines::new();
        for _ in 0..1 + self.numbers.below(3) {
            let (source, target) = (self.any(), self.any());
            let (group, version) = source.group_version();
            let mut entry = vec!["source:".to_owned(), format!("  kind: {}", source.kind)];
            entry.push(format!("  version: {version}"));
            if !group.is_empty() {
                entry.push(format!("  group: {group}"));
            }
            entry.push(format!("  name: {}", source.name));
            let path = objects::some_path(&mut self.numbers, &source);
            entry.push(format!("  fieldPath: {path}"));
            let delimiter = self.numbers.pick(&["-", ".", "/", ":", ""]);
            let index = self.numbers.pick(&["0", "1", "-1", "5"]);
            if self.numbers.percent(35) {
                entry.push(format!(
                    "  options: {{delimiter: \"{delimiter}\", index: {index}}}"
                ));
            }
            entry.push("targets:".to_owned());
            for _ in 0..1 + self.numbers.below(2) {
                let chosen = self.numbers.pick(&["kind", "name", "group"]);
                let (group, _) = target.group_version();
                let select = match chosen {
                    "kind" => format!("kind: {}", target.kind),
                    "group" if !group.is_empty() => format!("group: {group}"),
                    _ => format!("name: {}", target.name),
                };
                entry.push(format!("- select: {{{select}}}"));
                if self.numbers.percent(20) {
                    entry.push(format!("  reject: [{{kind: {}}}]", source.kind));
                }
                let path = objects::some_path(&mut self.numbers, &target);
                entry.push(format!("  fieldPaths: [\"{path}\"]"));
                if self.numbers.percent(70) {
                    let create = self.numbers.pick(&["true", "true", "false"]);
                    let cut = match self.numbers.below(3) {
                        0 => format!(", delimiter: \"{delimiter}\", index: {index}"),
                        _ => String::new(),
                    };
                    entry.push(format!("  options: {{create: {create}{cut}}}"));
                }
            }
            push_item(entry, &mut all);
        }
        out.push("replacements:".to_owned());
        if self.numbers.percent(30) {
            self.files
                .insert(format!("{folder}/replacements.yaml"), joined(&all));
            out.push("- path: replacements.yaml".to_owned());
        } else {
            out.append(&mut all);
        }
    }

    /// More of what a build may note and sort by.
    pub(super) fn notes(&mut self, _folder: &str, out: &mut Lines) {
        let all = [
            "[originAnnotations, managedByLabel, transformerAnnotations]",
            "[originAnnotations, transformerAnnotations]",
            "[transformerAnnotations]",
            "[]",
        ];
        out.push(format!("buildMetadata: {}", self.numbers.pick(&all)));
        if self.numbers.percent(40) {
            out.push("metadata: {name: own, annotations: {a: b}}".to_owned());
        }
        if self.numbers.percent(30) {
            out.push("sortOptions: {order: legacy, legacySortOptions: {orderFirst: [ConfigMap], orderLast: []}}".to_owned());
        }
    }
}
