//! The objects that the command lines work on: shared ones that are only read, and a namespace for each program to change.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value, json};

use super::api::{self, Api};
use crate::tree;

/// Annotations that hold the time of a request.
const REQUESTS: [&str; 3] = [
    "reconcile.fluxcd.io/requestedAt",
    "reconcile.fluxcd.io/forceAt",
    "reconcile.fluxcd.io/resetAt",
];

/// Who has applied what a Kustomization of the cases has in the cluster.
const MANAGER: &str = "kustomize-controller";

/// A cluster with the objects of `e2e/cli`.
pub struct World {
    kubectl: Kubectl,
    api: Arc<Api>,
}

/// The namespaces in which the two programs change objects; names of one length, as they stand in tables.
pub struct Lane {
    pub theirs: String,
    pub ours: String,
}

impl Lane {
    /// One of the first twenty-six.
    pub fn new(number: usize) -> Self {
        let letter = char::from(b'a' + u8::try_from(number % 26).unwrap_or_default());
        Self {
            theirs: format!("team-{letter}-f"),
            ours: format!("team-{letter}-s"),
        }
    }
}

/// kubectl with a kubeconfig.
struct Kubectl {
    path: PathBuf,
    kubeconfig: String,
}

impl Kubectl {
    /// Runs it; the output must be good.
    fn run(&self, words: &[&str], input: &str) -> Result<String> {
        let mut child = Command::new(&self.path)
            .args(words)
            .env("KUBECONFIG", &self.kubeconfig)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context("starting kubectl")?;
        child
            .stdin
            .take()
            .context("input is piped")?
            .write_all(input.as_bytes())?;
        let output = child.wait_with_output().context("waiting for kubectl")?;
        if !output.status.success() {
            bail!(
                "kubectl {}: {}",
                words.join(" "),
                String::from_utf8_lossy(&output.stderr)
            );
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

impl World {
    /// Creates definitions, then objects, then their statuses, with a pair of namespaces for each lane.
    pub fn load(skein: &Path, kubeconfig: &str, lanes: &[Lane]) -> Result<Self> {
        let kubectl = Kubectl {
            path: skein_upstream::binary("kubectl")?,
            kubeconfig: kubeconfig.to_owned(),
        };
        let crds = Command::new(skein)
            .arg("crds")
            .output()
            .context("starting skein crds")?;
        let crds = String::from_utf8(crds.stdout).context("definitions are text")?;
        kubectl.run(&["apply", "--server-side", "-f", "-"], &crds)?;
        kubectl.run(
            &[
                "wait",
                "--for=condition=Established",
                "crd",
                "--all",
                "--timeout=60s",
            ],
            "",
        )?;
        let read = |name: &str| {
            let path = tree::root().join("e2e/cli").join(name);
            fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))
        };
        let mut text = read("shared.yaml")?;
        let (team, drift) = (read("team.yaml")?, read("drift.yaml")?);
        let mut applied = String::new();
        for namespace in lanes.iter().flat_map(|lane| [&lane.theirs, &lane.ours]) {
            text.push_str("\n---\n");
            text.push_str(&team.replace("{ns}", namespace));
            applied.push_str("\n---\n");
            applied.push_str(&drift.replace("{ns}", namespace));
        }
        kubectl.run(&["create", "-f", "-"], &text)?;
        let as_controller = ["apply", "--server-side", "--field-manager", MANAGER];
        kubectl.run(&[&as_controller[..], &["-f", "-"]].concat(), &applied)?;
        let with_status: Vec<&str> = text
            .split("\n---\n")
            .filter(|part| part.contains("\nstatus:"))
            .collect();
        kubectl.run(
            &["replace", "--subresource=status", "-f", "-"],
            &with_status.join("\n---\n"),
        )?;
        let api = Arc::new(Api::start(&kubectl.path, kubeconfig)?);
        Ok(Self { kubectl, api })
    }

    /// Path of the administrator's kubeconfig.
    pub fn kubeconfig(&self) -> &str {
        &self.kubectl.kubeconfig
    }

    /// The API server of this cluster.
    pub fn api(&self) -> Arc<Api> {
        Arc::clone(&self.api)
    }

    /// The objects of the two programs' namespaces as text, without what differs from run to run.
    pub fn states(&self, lane: &Lane) -> Result<(String, String)> {
        let mut objects = Vec::new();
        for resource in api::FLUX.iter().chain(api::OTHERS) {
            objects.extend(self.api.list(resource)?);
        }
        let state = |namespace: &str| {
            let mut lines: Vec<String> = objects
                .iter()
                .filter(|object| object["metadata"]["namespace"] == namespace)
                .map(|object| format!("{:#}", comparable(object)))
                .collect();
            lines.sort();
            lines.join("\n").replace(namespace, "team-x")
        };
        Ok((state(&lane.theirs), state(&lane.ours)))
    }
}

/// Identity, labels, annotations, and everything that is no metadata.
fn comparable(object: &Value) -> Value {
    let mut out = object.clone();
    let metadata = &object["metadata"];
    let mut kept = Map::new();
    for field in ["name", "namespace", "labels", "deletionTimestamp"] {
        if let Some(value) = metadata.get(field) {
            kept.insert(field.to_owned(), value.clone());
        }
    }
    if let Some(annotations) = metadata.get("annotations").and_then(Value::as_object) {
        let plain = annotations.iter().map(|(key, value)| {
            let value = if REQUESTS.contains(&key.as_str()) {
                json!("<request>")
            } else {
                value.clone()
            };
            (key.clone(), value)
        });
        kept.insert("annotations".to_owned(), Value::Object(plain.collect()));
    }
    out["metadata"] = Value::Object(kept);
    // What the controller of the oracle has written by now is a matter of time.
    if let Some(map) = out.as_object_mut() {
        map.remove("status");
    }
    out
}
