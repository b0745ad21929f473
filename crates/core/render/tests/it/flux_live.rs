//! The history of recorded Kustomizations has the digest of what Flux built: ours must be the same.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;
use skein_kustomize::FileTree;
use skein_render::{Request, Variables, render};

use crate::real;

/// Objects of steps that differ, with the reason.
const KNOWN: [(&str, &str); 5] = [
    ("07-build-failure/02-broken/app", OUR_WORDS),
    ("22-images-and-patches/02-broken-patch/app", OUR_WORDS),
    (
        "22-images-and-patches/03-patch-of-absent-object/app",
        OUR_WORDS,
    ),
    ("23-components/02-missing/app", OUR_WORDS),
    ("33-path/02-file/app", OUR_WORDS),
];
const OUR_WORDS: &str =
    "our message names file, field and object, theirs the steps of kustomize's loader";

#[test]
fn builds_have_the_recorded_digests() {
    let Some(root) = real::folder("flux-live/kustomization") else {
        return;
    };
    let mut scenarios: Vec<_> = std::fs::read_dir(&root).expect("a folder").collect();
    scenarios.sort_by_key(|entry| entry.as_ref().expect("an entry").file_name());
    let (mut equal, mut report) = (0, String::new());
    for scenario in scenarios {
        let path = scenario.expect("an entry").path();
        for (name, verdict) in replay(&path) {
            match verdict {
                Ok(()) => equal += 1,
                Err(_) if KNOWN.iter().any(|(known, _)| *known == name) => {}
                Err(detail) => {
                    let _ = writeln!(report, "{name}: {detail}");
                }
            }
        }
    }
    println!("recorded digests: {equal} equal");
    assert!(report.is_empty(), "{report}");
    assert!(equal > 0, "nothing was compared");
}

/// The state of the world that a build depends on.
#[derive(Default)]
struct World {
    repositories: BTreeMap<String, FileTree>,
    values: BTreeMap<(String, String), BTreeMap<String, String>>,
}

fn replay(scenario: &Path) -> Vec<(String, Result<(), String>)> {
    let name = scenario
        .file_name()
        .expect("a name")
        .to_string_lossy()
        .into_owned();
    let text = std::fs::read_to_string(scenario.join("scenario.yaml")).expect("a scenario");
    let document = skein_yaml::from_slice(text.as_bytes()).expect("YAML");
    let namespace = document["namespace"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let mut world = World::default();
    let mut verdicts = Vec::new();
    for (index, step) in list(&document["steps"]).enumerate() {
        for action in list(&step["do"]) {
            world.act(scenario, action);
        }
        let step_name = format!(
            "{:02}-{}",
            index + 1,
            step["name"].as_str().unwrap_or_default()
        );
        let recorded = scenario.join("expected").join(format!("{step_name}.yaml"));
        let Ok(recorded) = std::fs::read(&recorded) else {
            continue;
        };
        let documents = skein_yaml::documents(&recorded).expect("YAML");
        let objects = documents.iter().find(|d| d.value["section"] == "objects");
        for object in objects.into_iter().flat_map(|d| list(&d.value["items"])) {
            if object["kind"] != "Kustomization" {
                continue;
            }
            let name = format!(
                "{name}/{step_name}/{}",
                object["metadata"]["name"].as_str().unwrap_or_default()
            );
            let digest = world.compare(object, &namespace);
            let verdict = digest.or_else(|| world.compare_failure(object));
            verdicts.extend(verdict.map(|verdict| (name, verdict)));
        }
    }
    verdicts
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

impl World {
    fn act(&mut self, scenario: &Path, action: &Value) {
        if let Some(commit) = action.get("commit") {
            let text = |field: &str| commit[field].as_str().unwrap_or_default();
            let tree = self
                .repositories
                .entry(text("repo").to_owned())
                .or_default();
            if !text("tree").is_empty() {
                let added = real::tree(&scenario.join(text("tree")));
                for (path, content) in added.files_below("") {
                    tree.insert(path, content.to_vec()).expect("it fits");
                }
            }
            let removed = list(&commit["remove"])
                .filter_map(Value::as_str)
                .map(str::to_owned);
            let removed = removed.chain(commit["remove"].as_str().map(str::to_owned));
            for path in removed.collect::<Vec<_>>() {
                let below: Vec<String> = tree
                    .files_below(&path)
                    .iter()
                    .map(|(path, _)| (*path).to_owned())
                    .collect();
                for path in below.iter().chain([&path]) {
                    tree.remove(path);
                }
            }
        }
        for object in list(&action["apply"]) {
            let key = |field: &str| object[field].as_str().unwrap_or_default().to_owned();
            if !matches!(object["kind"].as_str(), Some("ConfigMap" | "Secret")) {
                continue;
            }
            let mut data = BTreeMap::new();
            for field in ["data", "stringData"] {
                for (name, value) in object[field].as_object().into_iter().flatten() {
                    data.insert(name.clone(), value.as_str().unwrap_or_default().to_owned());
                }
            }
            let name = object["metadata"]["name"]
                .as_str()
                .unwrap_or_default()
                .to_owned();
            self.values.insert((key("kind"), name), data);
        }
    }

    /// A failed build must say what Flux says, paths apart; `None` when the build did not fail.
    fn compare_failure(&self, kustomization: &Value) -> Option<Result<(), String>> {
        let status = &kustomization["status"];
        let ready = list(&status["conditions"]).find(|c| c["type"] == "Ready")?;
        let spec = &kustomization["spec"];
        let message = ready["message"].as_str()?;
        let is_ours = ready["reason"] == "BuildFailed" || message.contains("kustomization path");
        if ready["status"] != "False" || !is_ours || message.contains("not found: substitute") {
            return None;
        }
        // What reading ConfigMaps, Secrets and keys gives is the controller's to say.
        if message.contains("substitute from") || message.starts_with("secrets ") {
            return None;
        }
        let tree = self.repositories.get(spec["sourceRef"]["name"].as_str()?)?;
        let mut variables = Variables::new();
        for reference in list(&spec["postBuild"]["substituteFrom"]) {
            let key = (
                reference["kind"].as_str()?.to_owned(),
                reference["name"].as_str()?.to_owned(),
            );
            variables.extend(self.values.get(&key).cloned().unwrap_or_default());
        }
        let request = Request {
            tree: tree.clone(),
            spec,
            variables,
            strict: true,
            decryptor: None,
            remote: None,
            ignored: None,
        };
        let wanted = message.replace("<tmp>/", "");
        Some(match render(request) {
            Ok(_) => Err(format!("built, recorded {message:?}")),
            Err(error) if error.to_string() == wanted => Ok(()),
            Err(error) => Err(format!("\n  says     {error}\n  recorded {wanted}")),
        })
    }

    /// `None` when the newest history entry is not about what the repository holds now.
    fn compare(&self, kustomization: &Value, namespace: &str) -> Option<Result<(), String>> {
        let status = &kustomization["status"];
        let newest = status["history"].as_array()?.first()?;
        let digest = newest["digest"].as_str()?;
        let ready = status["conditions"]
            .as_array()?
            .iter()
            .find(|c| c["type"] == "Ready")?;
        let spec = &kustomization["spec"];
        // Only what was built in this state; decryption needs keys and is tested elsewhere.
        let settled = ready["status"] == "True"
            && newest["metadata"]["revision"] == status["lastAttemptedRevision"];
        let git = spec["sourceRef"]["kind"] == "GitRepository";
        if !settled || !git || !spec["decryption"].is_null() || spec["suspend"] == true {
            return None;
        }
        let source = spec["sourceRef"]["name"].as_str()?;
        let tree = self
            .repositories
            .get(source)
            .or_else(|| self.repositories.values().next())?;
        let mut variables = Variables::new();
        for reference in list(&spec["postBuild"]["substituteFrom"]) {
            let key = (
                reference["kind"].as_str()?.to_owned(),
                reference["name"].as_str()?.to_owned(),
            );
            for (name, value) in self.values.get(&key).into_iter().flatten() {
                variables.insert(
                    name.clone(),
                    skein_render::clean_variable(value).replace("${NS}", namespace),
                );
            }
        }
        let request = Request {
            tree: tree.clone(),
            spec,
            variables,
            strict: true,
            decryptor: None,
            remote: None,
            ignored: None,
        };
        Some(match render(request) {
            Ok(rendered) if rendered.digest == digest => Ok(()),
            Ok(rendered) => Err(format!("digest {}, recorded {digest}", rendered.digest)),
            Err(error) => Err(error.to_string()),
        })
    }
}
