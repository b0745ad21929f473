//! Charts at random, with charts below them: conditions, tags, aliases, imported values, globals, nulls, schemas, hooks and files, as a seed repeats them.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value, json};

use crate::random::Random;
use crate::run::Request;
use crate::words::{
    CHART_LINES, CONDITIONS, DOCUMENTS, FILES, HOOKS, IGNORE, IMPORTS, KEYS, KINDS, LEAVES, NAMES,
    SCHEMAS, SEPARATORS, SET_PATHS, SET_VALUES, SHOW, TEMPLATES, VERSIONS, YAML,
};

/// Deepest level of charts below charts.
const LEVELS: usize = 3;
/// Deepest level of values.
const VALUE_LEVELS: usize = 3;

/// Writes the chart of a seed into a folder, and says how it is rendered.
pub fn write(seed: u64, folder: &Path, usual: &Request) -> std::io::Result<Request> {
    let mut writer = Writer {
        random: Random::new(seed),
        files: BTreeMap::new(),
    };
    writer.chart("", "top", 0);
    for (name, text) in &writer.files {
        let path = folder.join(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(path, text)?;
    }
    Ok(writer.request(usual))
}

struct Writer {
    random: Random,
    files: BTreeMap<String, String>,
}

impl Writer {
    fn put(&mut self, below: &str, name: &str, text: String) {
        self.files.insert(format!("{below}{name}"), text);
    }

    /// One chart and what is below it.
    fn chart(&mut self, below: &str, name: &str, level: usize) {
        let mut children: Vec<&str> = Vec::new();
        if level < LEVELS {
            for child in NAMES {
                if self.random.chance(2 + level) {
                    children.push(child);
                }
            }
        }
        let is_old = self.random.chance(8);
        let mut head = format!("name: {name}\nversion: 0.1.{level}\n");
        head.push_str(if is_old {
            "apiVersion: v1\n"
        } else {
            "apiVersion: v2\n"
        });
        if self.random.chance(6) {
            head.push_str(self.random.pick(CHART_LINES));
        }
        let needs = self.dependencies(&children);
        if is_old && !needs.is_empty() {
            self.put(below, "requirements.yaml", needs);
        } else {
            head.push_str(&needs);
        }
        self.put(below, "Chart.yaml", head);
        for child in children {
            self.chart(&format!("{below}charts/{child}/"), child, level + 1);
        }
        let values = self.values_file();
        self.put(below, "values.yaml", values);
        self.extras(below);
        self.templates(below, name);
    }

    fn dependencies(&mut self, children: &[&str]) -> String {
        let mut list = Vec::new();
        for child in children {
            // Charts that nobody lists are loaded too; one may be listed twice.
            for _ in 0..[0, 1, 1, 1, 1, 2][self.random.below(6)] {
                list.push(self.dependency(child));
            }
        }
        if self.random.chance(25) {
            list.push(json!({ "name": "lost", "version": "*" }));
        }
        if list.is_empty() {
            return String::new();
        }
        format!("dependencies: {}\n", Value::Array(list))
    }

    fn dependency(&mut self, child: &str) -> Value {
        let mut entry = json!({ "name": child, "version": self.random.pick(VERSIONS) });
        if self.random.chance(3) {
            entry["condition"] = self.random.pick(CONDITIONS).replace("CHILD", child).into();
        }
        if self.random.chance(4) {
            entry["tags"] = json!([self.random.pick(&["front", "back"])]);
        }
        if self.random.chance(4) {
            entry["alias"] = self.random.pick(&["one", "two", "global", "alpha"]).into();
        }
        if self.random.chance(3) {
            let count = 1 + self.random.below(2);
            let imports = (0..count).filter_map(|_| {
                let text = self.random.pick(IMPORTS);
                serde_json::from_str::<Value>(text).ok()
            });
            entry["import-values"] = imports.collect();
        }
        entry
    }

    fn value(&mut self, level: usize) -> Value {
        match self.random.below(10) {
            0 | 1 if level > 0 => self.map(level - 1),
            2 if level > 0 => (0..self.random.below(3))
                .map(|_| self.value(level - 1))
                .collect(),
            _ => serde_json::from_str(self.random.pick(LEAVES)).unwrap_or(Value::Null),
        }
    }

    fn map(&mut self, level: usize) -> Value {
        let mut map = Map::new();
        for _ in 0..self.random.below(5) {
            let key = self.random.pick(KEYS).to_owned();
            let is_table = ["global", "alpha", "beta", "gamma", "exports", "data", "one"]
                .contains(&key.as_str());
            let value = if is_table && level > 0 && !self.random.chance(8) {
                self.map(level - 1)
            } else if ["enabled", "front", "back"].contains(&key.as_str()) {
                Value::Bool(self.random.chance(2))
            } else {
                self.value(level)
            };
            map.insert(key, value);
        }
        Value::Object(map)
    }

    fn values_file(&mut self) -> String {
        let map = self.map(VALUE_LEVELS);
        let mut text = match self.random.below(3) {
            0 => format!("{map}\n"),
            _ if map.as_object().is_some_and(Map::is_empty) => String::new(),
            _ => skein_yaml::to_string(&map),
        };
        if !text.starts_with('{') && self.random.chance(4) {
            text.push_str(self.random.pick(YAML));
        }
        text
    }

    /// What a chart may have besides templates and values.
    fn extras(&mut self, below: &str) {
        if self.random.chance(8) {
            let schema = self.random.pick(SCHEMAS).to_owned();
            self.put(below, "values.schema.json", schema);
        }
        if self.random.chance(8) {
            let text = "kind: CustomResourceDefinition\nmetadata:\n  name: crd\n".to_owned();
            self.put(below, "crds/crd.yaml", text);
        }
        if self.random.chance(3) {
            for name in FILES {
                self.put(below, name, format!("{name}\nsecond: \"line\"\n"));
            }
        }
        if self.random.chance(6) {
            let lines = [self.random.pick(IGNORE), self.random.pick(IGNORE)];
            self.put(below, ".helmignore", lines.join("\n") + "\n");
        }
    }

    fn templates(&mut self, below: &str, name: &str) {
        let helpers = format!(
            "{{{{ define \"shared\" }}}}{name}/{{{{ .Template.Name }}}}/{{{{ .Chart.Name }}}}{{{{ end }}}}\n"
        );
        self.put(below, "templates/_helpers.tpl", helpers);
        self.put(below, "templates/show.yaml", SHOW.to_owned());
        if self.random.chance(4) {
            self.put(
                below,
                "templates/NOTES.txt",
                "{{ .Values | toJson }}".to_owned(),
            );
        }
        for at in 0..self.random.below(3) {
            let mut text = String::new();
            for _ in 0..=self.random.below(3) {
                text.push_str(&self.document());
                text.push_str(self.random.pick(SEPARATORS));
            }
            if self.random.chance(10) {
                text = text.replace('\n', "\r\n");
            }
            self.put(below, &format!("templates/t{at}.yaml"), text);
        }
    }

    fn document(&mut self) -> String {
        match self.random.below(6) {
            0 => self.random.pick(DOCUMENTS).to_owned(),
            1 | 2 => self.random.pick(TEMPLATES).to_owned(),
            _ => {
                let kind = self.random.pick(KINDS);
                let name = self.random.pick(&["m", "a", "z-1", "{{ .Chart.Name }}"]);
                let mut text = format!("apiVersion: v1\nkind: {kind}\nmetadata:\n  name: {name}\n");
                if self.random.chance(3) {
                    text.push_str("  annotations:\n");
                    for _ in 0..=self.random.below(3) {
                        text.push_str(self.random.pick(HOOKS));
                    }
                }
                text
            }
        }
    }

    fn request(&mut self, usual: &Request) -> Request {
        let mut request = usual.clone();
        for _ in 0..self.random.below(3) {
            request.values.push(self.values_file());
        }
        // In the order in which helm applies them.
        for flag in ["--set-json", "--set", "--set-string", "--set-literal"] {
            if !self.random.chance(5) {
                continue;
            }
            let text = match flag {
                "--set-json" => format!(
                    "{}={}",
                    self.random.pick(SET_PATHS),
                    self.value(VALUE_LEVELS)
                ),
                _ => self.assignments(),
            };
            request.flags.extend([flag.to_owned(), text]);
        }
        if self.random.chance(8) {
            request.flags.push("--is-upgrade".to_owned());
        }
        for flag in ["--no-hooks", "--skip-tests", "--skip-schema-validation"] {
            if self.random.chance(12) {
                request.flags.push(flag.to_owned());
            }
        }
        if self.random.chance(15) {
            let shown = self
                .random
                .pick(&["templates/show.yaml", "charts/*/templates/t*.yaml"]);
            request
                .flags
                .extend(["--show-only".to_owned(), shown.to_owned()]);
        }
        request
    }

    fn assignments(&mut self) -> String {
        let count = 1 + self.random.below(3);
        let parts: Vec<String> = (0..count)
            .map(|_| {
                let path = self.random.pick(SET_PATHS);
                format!("{path}={}", self.random.pick(SET_VALUES))
            })
            .collect();
        parts.join(",")
    }
}
