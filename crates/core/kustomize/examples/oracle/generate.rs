//! Random trees of kustomizations: every field of the format, alone and combined, over objects written in many styles of YAML.
//!
//! A seed gives the same tree every time, so that a difference can be repeated.

use std::collections::BTreeMap;

// Tests read this file too, by its path: then the parts are not found by themselves.
#[path = "generate/extras.rs"]
mod extras;
#[path = "generate/layers.rs"]
mod layers;
#[path = "generate/objects.rs"]
mod objects;
#[path = "generate/scalars.rs"]
mod scalars;

pub use objects::Named;

/// A generated tree: files by path, and the root to build.
pub struct Generated {
    pub files: BTreeMap<String, String>,
    pub root: String,
}

/// A repeatable source of numbers.
pub struct Numbers(u64);

impl Numbers {
    pub fn new(seed: u64) -> Self {
        let mut numbers = Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x5DEE_CE66);
        numbers.below(2);
        numbers
    }

    /// A number below a limit.
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let mixed = (self.0 ^ (self.0 >> 29)) >> 20;
        usize::try_from(mixed).unwrap_or(0) % limit.max(1)
    }

    /// True in so many percent of all cases.
    pub fn percent(&mut self, share: usize) -> bool {
        self.below(100) < share
    }

    /// One of several.
    pub fn pick<T: Clone>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())].clone()
    }
}

/// One tree: a few bases, a component, overlays over them.
pub fn tree(seed: u64) -> Generated {
    let mut maker = Maker {
        numbers: Numbers::new(seed),
        files: BTreeMap::new(),
        known: Vec::new(),
        by_folder: BTreeMap::new(),
    };
    let bases = 1 + maker.numbers.below(2);
    let mut lower: Vec<String> = Vec::new();
    for number in 0..bases {
        let folder = format!("base{number}");
        maker.kustomization(&folder, &[], false);
        lower.push(folder);
    }
    for level in 0..maker.numbers.below(3) {
        let folder = format!("overlay{level}");
        maker.kustomization(&folder, &lower, false);
        lower = vec![folder];
    }
    let root = match &lower[..] {
        [one] => one.clone(),
        _ => {
            maker.kustomization("top", &lower, false);
            "top".to_owned()
        }
    };
    Generated {
        files: maker.files,
        root,
    }
}

struct Maker {
    numbers: Numbers,
    files: BTreeMap<String, String>,
    /// Objects that the kustomization under construction can see.
    known: Vec<Named>,
    /// Objects that each finished kustomization can see.
    by_folder: BTreeMap<String, Vec<Named>>,
}

/// Lines of YAML under construction.
type Lines = Vec<String>;

impl Maker {
    fn kustomization(&mut self, folder: &str, bases: &[String], is_component: bool) {
        let outer = std::mem::take(&mut self.known);
        for base in bases {
            let below = self.by_folder.get(base).cloned().unwrap_or_default();
            self.known.extend(below);
        }
        let mut out = Lines::new();
        if is_component {
            out.push("apiVersion: kustomize.config.k8s.io/v1alpha1".to_owned());
            out.push("kind: Component".to_owned());
        } else if self.numbers.percent(70) {
            out.push("apiVersion: kustomize.config.k8s.io/v1beta1".to_owned());
            out.push("kind: Kustomization".to_owned());
        }
        self.resources(folder, bases, &mut out);
        if !is_component && self.numbers.percent(20) {
            let component = format!("{folder}-component");
            self.kustomization(&component, &[], true);
            let inside = self.by_folder.get(&component).cloned().unwrap_or_default();
            self.known.extend(inside);
            out.push(format!("components: [../{component}]"));
        }
        // A component of a component has none.
        if is_component && !folder.ends_with("-inner") && self.numbers.percent(25) {
            self.inner_component(folder, &mut out);
        }
        let generators: [fn(&mut Self, &str, &mut Lines); 14] = [
            Self::config_maps,
            Self::secrets,
            Self::patches,
            Self::patches,
            Self::names,
            Self::labels,
            Self::annotations,
            Self::images,
            Self::replicas,
            Self::replacements,
            Self::vars,
            Self::old_patches,
            Self::plugins,
            Self::rest,
        ];
        let seldom: [fn(&mut Self, &str, &mut Lines); 11] = [
            Self::crds,
            Self::openapi,
            Self::marks,
            Self::old_names,
            Self::wide_replacements,
            Self::notes,
            Self::many_patches,
            Self::plugin_folder,
            Self::configurations,
            Self::encoded_replacements,
            Self::old_files,
        ];
        let often = generators.into_iter().map(|g| (g, 17));
        for (generator, share) in often.chain(seldom.into_iter().map(|g| (g, 6))) {
            if self.numbers.percent(share) {
                let mut part = Lines::new();
                generator(self, folder, &mut part);
                let taken = |line: &String| {
                    let key = line.split(':').next().unwrap_or_default();
                    out.iter().any(|o| o.split(':').next() == Some(key))
                };
                if !part
                    .iter()
                    .filter(|l| !l.starts_with([' ', '-']))
                    .any(taken)
                {
                    out.append(&mut part);
                }
            }
        }
        self.files
            .insert(format!("{folder}/kustomization.yaml"), joined(&out));
        let visible = std::mem::replace(&mut self.known, outer);
        self.by_folder.insert(folder.to_owned(), visible);
    }

    fn resources(&mut self, folder: &str, bases: &[String], out: &mut Lines) {
        let mut entries: Vec<String> = bases.iter().map(|b| format!("../{b}")).collect();
        let files = if bases.is_empty() {
            1 + self.numbers.below(3)
        } else {
            self.numbers.below(2)
        };
        for number in 0..files {
            let name = format!("{folder}-{number}.yaml");
            let mut text = String::new();
            for at in 0..1 + self.numbers.below(3) {
                let (named, object) = objects::object(&mut self.numbers, folder, number * 10 + at);
                text.push_str(&object);
                if let Some(named) = named {
                    self.known.push(named);
                }
                text.push_str(
                    self.numbers
                        .pick(&["---\n", "---\n", "--- # next\n", "---\n---\n"]),
                );
            }
            let cut = text.rfind("---").unwrap_or(text.len());
            if self.numbers.percent(80) {
                text.truncate(cut);
                while text.ends_with("---\n") {
                    text.truncate(text.len() - 4);
                }
            }
            if self.numbers.percent(3) {
                text = text.replace('\n', "\r\n");
            }
            if self.numbers.percent(2) {
                text.insert(0, '\u{FEFF}');
            }
            self.files.insert(format!("{folder}/{name}"), text);
            entries.push(name);
        }
        if entries.is_empty() {
            return;
        }
        out.push("resources:".to_owned());
        out.extend(entries.iter().map(|e| format!("- {e}")));
    }

    /// An object that may exist.
    fn any(&mut self) -> Named {
        if self.known.is_empty() {
            return Named {
                api_version: "apps/v1".to_owned(),
                kind: "Deployment".to_owned(),
                name: "app".to_owned(),
                namespace: None,
            };
        }
        let at = self.numbers.below(self.known.len());
        self.known[at].clone()
    }

    fn data(&mut self, folder: &str, is_secret: bool, out: &mut Lines) {
        let key = if is_secret { "secret" } else { "config" };
        out.push(format!("{key}MapGenerator:").replace("secretMap", "secret"));
        for number in 0..1 + self.numbers.below(2) {
            let existing: Vec<Named> = self
                .known
                .iter()
                .filter(|n| {
                    (n.kind == "Secret") == is_secret && (is_secret || n.kind == "ConfigMap")
                })
                .cloned()
                .collect();
            let merges = !existing.is_empty() && self.numbers.percent(40);
            if merges {
                let named = self.numbers.pick(&existing);
                out.push(format!("- name: {}", named.name));
                if let Some(namespace) = &named.namespace {
                    out.push(format!("  namespace: {namespace}"));
                }
                let behavior = self.numbers.pick(&[
                    "merge", "replace", "merge", "merge", "replace", "merge", "merge", "create",
                ]);
                out.push(format!("  behavior: {behavior}"));
            } else {
                let name = if self.numbers.percent(25) {
                    "app".to_owned()
                } else {
                    format!("{folder}-{key}-{number}")
                };
                out.push(format!("- name: {name}"));
                self.known.push(Named {
                    api_version: "v1".to_owned(),
                    kind: if is_secret { "Secret" } else { "ConfigMap" }.to_owned(),
                    name,
                    namespace: None,
                });
                if self.numbers.percent(15) {
                    out.push("  namespace: ns1".to_owned());
                }
            }
            if self.numbers.percent(60) {
                out.push("  literals:".to_owned());
                for at in 0..1 + self.numbers.below(3) {
                    out.push(format!("  - {}", scalars::literal(&mut self.numbers, at)));
                }
            }
            if self.numbers.percent(30) {
                let file = format!("{folder}-{key}-{number}.properties");
                let text = scalars::file(&mut self.numbers);
                self.files.insert(format!("{folder}/{file}"), text);
                let prefix = self.numbers.pick(&["", "key.txt="]);
                out.push(format!("  files: [{prefix}{file}]"));
            }
            if self.numbers.percent(25) {
                let file = format!("{folder}-{key}-{number}.env");
                let text = scalars::environment(&mut self.numbers);
                self.files.insert(format!("{folder}/{file}"), text);
                let line = self.numbers.pick(&["  envs: [FILE]", "  env: FILE"]);
                out.push(line.replace("FILE", &file));
            }
            if is_secret && self.numbers.percent(30) {
                out.push("  type: kubernetes.io/basic-auth".to_owned());
            }
            if self.numbers.percent(30) {
                out.push("  options:".to_owned());
                self.generator_options("    ", out);
            }
        }
        if self.numbers.percent(15) {
            out.push("generatorOptions:".to_owned());
            self.generator_options("  ", out);
        }
    }

    fn generator_options(&mut self, indent: &str, out: &mut Lines) {
        let options = [
            "disableNameSuffixHash: true",
            "immutable: true",
            "labels: {made: by-us}",
            "annotations: {note: \"yes\", num: \"1\"}",
        ];
        let first = self.numbers.below(options.len());
        out.push(format!("{indent}{}", options[first]));
        let second = self.numbers.below(options.len());
        if second != first {
            out.push(format!("{indent}{}", options[second]));
        }
    }

    fn config_maps(&mut self, folder: &str, out: &mut Lines) {
        self.data(folder, false, out);
    }

    fn secrets(&mut self, folder: &str, out: &mut Lines) {
        self.data(folder, true, out);
    }

    fn target(&mut self, indent: &str, named: &Named, out: &mut Lines) {
        let (group, version) = named.group_version();
        let mut fields = Lines::new();
        if self.numbers.percent(75) {
            fields.push(format!("kind: {}", named.kind));
        }
        if self.numbers.percent(50) {
            fields.push(format!("name: {}", named.name));
        } else if self.numbers.percent(30) {
            let pattern = ["\".*\"", "a.*", "app|web", "\"[a-z]+-?[0-9]*\""];
            fields.push(format!("name: {}", self.numbers.pick(&pattern)));
        }
        if self.numbers.percent(25) {
            fields.push(format!("version: {version}"));
            if !group.is_empty() {
                fields.push(format!("group: {group}"));
            }
        }
        if self.numbers.percent(8) {
            fields.push("namespace: ns1".to_owned());
        }
        if self.numbers.percent(10) {
            let selectors = ["app=web", "app", "app in (web, api)", "!app", "tier!=front"];
            fields.push(format!(
                "labelSelector: \"{}\"",
                self.numbers.pick(&selectors)
            ));
        }
        if fields.is_empty() {
            fields.push(format!("kind: {}", named.kind));
        }
        out.push(format!("{indent}target:"));
        out.extend(fields.into_iter().map(|f| format!("{indent}  {f}")));
    }

    fn patches(&mut self, folder: &str, out: &mut Lines) {
        out.push("patches:".to_owned());
        for number in 0..1 + self.numbers.below(3) {
            let named = self.any();
            let is_json = self.numbers.percent(35);
            let text = if is_json {
                objects::json_patch(&mut self.numbers, &named)
            } else {
                objects::strategic_patch(&mut self.numbers, &named)
            };
            let mut entry = Lines::new();
            if self.numbers.percent(50) {
                entry.push("patch: |-".to_owned());
                entry.extend(text.lines().map(|l| format!("  {l}")));
            } else {
                let file = format!("patch-{number}.yaml");
                self.files.insert(format!("{folder}/{file}"), text);
                entry.push(format!("path: {file}"));
            }
            if is_json || self.numbers.percent(40) {
                self.target("", &named, &mut entry);
            }
            if !is_json && self.numbers.percent(12) {
                entry.push("options:".to_owned());
                let option = self.numbers.pick(&["allowNameChange", "allowKindChange"]);
                entry.push(format!("  {option}: true"));
            }
            push_item(entry, out);
        }
    }

    fn old_patches(&mut self, folder: &str, out: &mut Lines) {
        let named = self.any();
        if self.numbers.percent(50) {
            let text = objects::strategic_patch(&mut self.numbers, &named);
            out.push("patchesStrategicMerge:".to_owned());
            if self.numbers.percent(50) {
                self.files.insert(format!("{folder}/old.yaml"), text);
                out.push("- old.yaml".to_owned());
            } else {
                out.push("- |-".to_owned());
                out.extend(text.lines().map(|l| format!("  {l}")));
            }
            return;
        }
        let text = objects::json_patch(&mut self.numbers, &named);
        let (group, version) = named.group_version();
        out.push("patchesJson6902:".to_owned());
        out.push("- target:".to_owned());
        if !group.is_empty() {
            out.push(format!("    group: {group}"));
        }
        out.push(format!("    version: {version}"));
        out.push(format!("    kind: {}", named.kind));
        out.push(format!("    name: {}", named.name));
        out.push("  patch: |-".to_owned());
        out.extend(text.lines().map(|l| format!("    {l}")));
    }

    fn names(&mut self, _folder: &str, out: &mut Lines) {
        if self.numbers.percent(60) {
            let prefix = self.numbers.pick(&["dev-", "p1-", "\"1-\"", "a.b-"]);
            out.push(format!("namePrefix: {prefix}"));
        }
        if self.numbers.percent(40) {
            out.push(format!(
                "nameSuffix: {}",
                self.numbers.pick(&["-v1", "-x", "\"-1\""])
            ));
        }
        if self.numbers.percent(60) {
            out.push(format!(
                "namespace: {}",
                self.numbers.pick(&["ns1", "prod", "\"123\""])
            ));
        }
    }

    fn labels(&mut self, _folder: &str, out: &mut Lines) {
        let pairs = [
            "{app: web}",
            "{env: \"true\", team: core}",
            "{app.kubernetes.io/part-of: x, num: \"1\"}",
        ];
        if self.numbers.percent(35) {
            out.push(format!("commonLabels: {}", self.numbers.pick(&pairs)));
            return;
        }
        out.push("labels:".to_owned());
        for _ in 0..1 + self.numbers.below(2) {
            let mut entry = vec![format!("pairs: {}", self.numbers.pick(&pairs))];
            if self.numbers.percent(40) {
                entry.push("includeSelectors: true".to_owned());
            } else if self.numbers.percent(40) {
                entry.push("includeTemplates: true".to_owned());
            }
            if self.numbers.percent(15) {
                entry.push("fields:".to_owned());
                entry.push("- path: spec/extra/labels".to_owned());
                entry.push(format!(
                    "  create: {}",
                    self.numbers.pick(&["true", "false"])
                ));
                entry.push(format!("  kind: {}", self.any().kind));
            }
            push_item(entry, out);
        }
    }

    fn annotations(&mut self, _folder: &str, out: &mut Lines) {
        let pairs = [
            "{note: hello}",
            "{a.b/c: \"1\", empty: \"\"}",
            "{long: \"some longer text with spaces: and a colon # and a hash\"}",
            "{multi: \"line one\\nline two\"}",
        ];
        out.push(format!("commonAnnotations: {}", self.numbers.pick(&pairs)));
    }

    fn images(&mut self, _folder: &str, out: &mut Lines) {
        out.push("images:".to_owned());
        for _ in 0..1 + self.numbers.below(2) {
            let name = self.numbers.pick(&objects::IMAGES);
            let mut entry = vec![format!("name: {name}")];
            match self.numbers.below(5) {
                0 => entry.push("newTag: \"1.2\"".to_owned()),
                1 => entry.push("newName: mirror.local:5000/x/nginx".to_owned()),
                2 => entry.push(format!("digest: sha256:{}", "ab".repeat(32))),
                3 => {
                    entry.push("newName: other".to_owned());
                    entry.push("newTag: v9".to_owned());
                }
                _ => entry.push("tagSuffix: -alpine".to_owned()),
            }
            push_item(entry, out);
        }
    }

    fn replicas(&mut self, _folder: &str, out: &mut Lines) {
        let has_replicas = |n: &&Named| matches!(n.kind.as_str(), "Deployment" | "StatefulSet");
        let all: Vec<Named> = self.known.iter().filter(has_replicas).cloned().collect();
        if all.is_empty() {
            return;
        }
        let named = self.numbers.pick(&all);
        out.push("replicas:".to_owned());
        out.push(format!("- name: {}", named.name));
        out.push(format!("  count: {}", self.numbers.below(9)));
    }

    fn replacements(&mut self, folder: &str, out: &mut Lines) {
        let mut entry = Lines::new();
        let (source, target) = (self.any(), self.any());
        if self.numbers.percent(85) {
            entry.push("source:".to_owned());
            entry.push(format!("  kind: {}", source.kind));
            entry.push(format!("  name: {}", source.name));
            if self.numbers.percent(60) {
                let path = objects::some_path(&mut self.numbers, &source);
                entry.push(format!("  fieldPath: {path}"));
            }
            if self.numbers.percent(20) {
                entry.push("  options: {delimiter: \"-\", index: 0}".to_owned());
            }
        } else {
            entry.push("sourceValue: given".to_owned());
        }
        entry.push("targets:".to_owned());
        entry.push("- select:".to_owned());
        entry.push(format!("    kind: {}", target.kind));
        if self.numbers.percent(60) {
            entry.push(format!("    name: {}", target.name));
        }
        if self.numbers.percent(15) {
            entry.push("  reject:".to_owned());
            entry.push("  - name: web".to_owned());
        }
        entry.push("  fieldPaths:".to_owned());
        for _ in 0..1 + self.numbers.below(2) {
            let path = objects::some_path(&mut self.numbers, &target);
            entry.push(format!("  - {path}"));
        }
        match self.numbers.below(6) {
            0 | 3 | 4 => entry.push("  options: {create: true}".to_owned()),
            1 => entry.push("  options: {delimiter: \"-\", index: 1}".to_owned()),
            2 => entry.push("  options: {delimiter: \"/\", index: -1, create: true}".to_owned()),
            _ => {}
        }
        out.push("replacements:".to_owned());
        if self.numbers.percent(20) {
            let mut text = Lines::new();
            push_item(entry, &mut text);
            self.files
                .insert(format!("{folder}/replacement.yaml"), joined(&text));
            out.push("- path: replacement.yaml".to_owned());
        } else {
            push_item(entry, out);
        }
    }

    fn vars(&mut self, folder: &str, out: &mut Lines) {
        let named = self.any();
        out.push("vars:".to_owned());
        out.push(format!("- name: {}_VAR", folder.to_uppercase()));
        out.push("  objref:".to_owned());
        out.push(format!("    kind: {}", named.kind));
        out.push(format!("    name: {}", named.name));
        out.push(format!("    apiVersion: {}", named.api_version));
        if self.numbers.percent(40) {
            let path = objects::some_path(&mut self.numbers, &named);
            out.push("  fieldref:".to_owned());
            out.push(format!("    fieldPath: {path}"));
        }
    }

    fn plugins(&mut self, folder: &str, out: &mut Lines) {
        let named = self.any();
        let (field, text) = objects::plugin(&mut self.numbers, &named);
        out.push(format!("{field}:"));
        if self.numbers.percent(50) {
            self.files.insert(format!("{folder}/{field}.yaml"), text);
            out.push(format!("- {field}.yaml"));
        } else {
            out.push("- |-".to_owned());
            out.extend(text.lines().map(|l| format!("  {l}")));
        }
    }

    fn rest(&mut self, folder: &str, out: &mut Lines) {
        match self.numbers.below(5) {
            0 => out.push("sortOptions: {order: legacy}".to_owned()),
            1 => out.push("sortOptions: {order: fifo}".to_owned()),
            2 => {
                let all = [
                    "originAnnotations",
                    "managedByLabel",
                    "transformerAnnotations",
                ];
                let first = self.numbers.pick(&all);
                out.push(format!("buildMetadata: [{first}]"));
            }
            3 => {
                out.push(
                    "sortOptions: {order: legacy, legacySortOptions: {orderFirst: [Service, Deployment], orderLast: [ConfigMap]}}"
                        .to_owned(),
                );
            }
            _ => {
                let text = "nameReference:\n- kind: ConfigMap\n  version: v1\n  fieldSpecs:\n  - kind: Widget\n    path: spec/configRef\nimages:\n- path: spec/image\n  kind: Widget\ncommonLabels:\n- path: spec/labels\n  kind: Widget\n  create: true\nvarReference:\n- path: spec/text\n  kind: Widget\n";
                self.files
                    .insert(format!("{folder}/configuration.yaml"), text.to_owned());
                out.push("configurations: [configuration.yaml]".to_owned());
            }
        }
    }
}

/// Adds the lines of one item of a list.
fn push_item(entry: Lines, out: &mut Lines) {
    for (at, line) in entry.into_iter().enumerate() {
        out.push(format!("{} {line}", if at == 0 { "-" } else { " " }));
    }
}

fn joined(lines: &[String]) -> String {
    let mut text = lines.join("\n");
    text.push('\n');
    text
}
