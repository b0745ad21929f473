//! CustomResourceDefinitions of a folder, given to both servers, and objects made of their schemas: good, broken in every place, unknown.

mod objects;

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::api::mask::{Names, comparable};
use crate::client::{self, Client, Exchange};
use crate::compare::differences;
use crate::defaults;
use crate::kinds::NAMESPACE;

const DEFINITIONS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
/// Most objects that are made of one version of a definition.
const MAX_OBJECTS: usize = 400;
/// How often, and how long between, it is asked whether a definition is served.
const LOOKS: usize = 100;
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);
/// How much is shown of a difference, in characters.
const SHOWN_CHARACTERS: usize = 400;
/// How many differing lines are shown of one answer.
const SHOWN_LINES: usize = 3;

/// The two servers and what has come out.
struct Run<'a> {
    sides: [&'a Client; 2],
    equal: usize,
    total: usize,
}

/// Compares all definitions below a folder; answers whether at least `floor` percent of the answers were equal.
pub fn run(real: &Client, ours: &Client, folder: &str, floor: Option<f64>) -> Result<bool> {
    let mut files = Vec::new();
    defaults::collect(Path::new(folder), &mut files)?;
    files.sort();
    let mut run = Run {
        sides: [real, ours],
        equal: 0,
        total: 0,
    };
    for file in files {
        let text = std::fs::read(&file).with_context(|| format!("reading {}", file.display()))?;
        let documents = skein_yaml::documents(&text).unwrap_or_default();
        for definition in documents.into_iter().map(|document| document.value) {
            if definition["kind"] == "CustomResourceDefinition" {
                run.definition(&definition)?;
            }
        }
    }
    let share = 100.0 * run.equal as f64 / run.total.max(1) as f64;
    let holds = run.total > 0 && share >= floor.unwrap_or(100.0);
    println!(
        "{} of {} answers equal ({share:.1} %)",
        run.equal, run.total
    );
    let failed = if holds { 0 } else { run.total - run.equal };
    println!("{} passed, {failed} failed", run.equal);
    Ok(holds)
}

impl Run<'_> {
    fn definition(&mut self, definition: &Value) -> Result<()> {
        let name = definition["metadata"]["name"].as_str().unwrap_or_default();
        let before = (self.equal, self.total);
        let mut plain = definition.clone();
        plain["status"].take();
        let accepted = self.ask(name, "POST", DEFINITIONS, "application/json", &plain)?;
        let versions = definition["spec"]["versions"].as_array();
        let served = |version: &&Value| version["served"] == true;
        for version in versions.into_iter().flatten().filter(served) {
            if accepted {
                self.version(name, &definition["spec"], version)?;
            }
        }
        let path = format!("{DEFINITIONS}/{name}");
        for side in self.sides {
            side.call("DELETE", &path, "application/json", "")?;
        }
        let (equal, total) = (self.equal - before.0, self.total - before.1);
        println!("{name:<60} {equal:>5} of {total:>5} answers equal");
        Ok(())
    }

    fn version(&mut self, name: &str, spec: &Value, version: &Value) -> Result<()> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let (group, plural) = (text(&spec["group"]), text(&spec["names"]["plural"]));
        let api_version = format!("{group}/{}", text(&version["name"]));
        let namespace = match spec["scope"] == "Namespaced" {
            true => format!("/namespaces/{NAMESPACE}"),
            false => String::new(),
        };
        let path = format!("/apis/{api_version}{namespace}/{plural}");
        self.wait(&path)?;
        let head = json!({
            "apiVersion": api_version, "kind": spec["names"]["kind"], "metadata": {"name": "one"},
        });
        let schema = &version["schema"]["openAPIV3Schema"];
        let has_status = version["subresources"].get("status").is_some();
        let good = objects::good(schema, &head);
        self.ask(name, "POST", &path, "application/json", &good)?;
        for broken in objects::broken(schema, &good).into_iter().take(MAX_OBJECTS) {
            let (method, target, media) = match has_status && broken.place == "status" {
                true => (
                    "PATCH",
                    format!("{path}/one/status"),
                    "application/merge-patch+json",
                ),
                false => ("POST", path.clone(), "application/json"),
            };
            let target = format!("{target}?dryRun=All&fieldValidation=Strict");
            self.ask(name, method, &target, media, &broken.body)?;
        }
        Ok(())
    }

    /// Waits until both serve a path.
    fn wait(&self, path: &str) -> Result<()> {
        for side in self.sides {
            for _ in 0..LOOKS {
                if side.call("GET", path, "application/json", "")?.code == 200 {
                    break;
                }
                std::thread::sleep(BETWEEN_LOOKS);
            }
        }
        Ok(())
    }

    /// Sends a request to both and compares; answers whether the real one accepted it.
    fn ask(
        &mut self,
        name: &str,
        method: &str,
        path: &str,
        media: &str,
        body: &Value,
    ) -> Result<bool> {
        let headers = [
            ("Accept".to_owned(), "application/json".to_owned()),
            ("Content-Type".to_owned(), media.to_owned()),
        ];
        let mut answers: Vec<(Exchange, Value)> = Vec::new();
        for side in self.sides {
            let text = body.to_string();
            let answer = client::exchange(side.address(), method, path, &headers, &text)?;
            let mut names = Names::new(name);
            names.learn("", &answer.body);
            let seen = comparable(&answer, &names);
            answers.push((answer, seen));
        }
        let [(real, expected), (_, seen)] = answers.as_slice() else {
            return Ok(false);
        };
        self.total += 1;
        let found = differences(expected, seen);
        if found.is_empty() {
            self.equal += 1;
        } else {
            println!("--- {name}: {method} {path} {body:.300}");
            for line in found.iter().take(SHOWN_LINES) {
                let shown: String = line.chars().take(SHOWN_CHARACTERS).collect();
                println!("    {shown}");
            }
        }
        Ok(real.code < 300)
    }
}
