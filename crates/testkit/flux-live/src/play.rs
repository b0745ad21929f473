//! Plays a scenario: actions, waiting, and a look at everything after each step.

mod actions;
mod charts;
mod programs;
mod repositories;
mod waiting;

pub use actions::MANAGER;

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use skein_testkit::Repository;

use crate::expected::Sections;
use crate::record;
use crate::scenario::{Scenario, Step};
use crate::world::World;

/// How long a namespace may take until it can be used.
const NAMESPACE_TIMEOUT: Duration = Duration::from_secs(20);

/// A step's outcome.
#[derive(Debug)]
pub struct Seen {
    pub step: String,
    pub sections: Sections,
}

/// A scenario while it is played.
#[derive(Debug)]
pub struct Play<'a> {
    pub world: &'a World,
    pub scenario: &'a Scenario,
    repositories: HashMap<String, Repository>,
    heads: BTreeMap<String, String>,
    commits: u32,
    requests: u32,
    /// Digest of the newest pushed manifest.
    pushed: String,
    /// Requests of this step: object and the value of its annotation.
    requested: HashMap<String, String>,
    /// Where this step begins in the journal.
    begin: usize,
    /// Refusals by the API server in this step.
    rejected: Vec<Value>,
    /// Answers to http_get in this step.
    responses: Vec<Value>,
    /// Charts that the controller packed itself.
    packaged: record::artifacts::Packaged,
}

impl<'a> Play<'a> {
    /// Nothing has happened yet.
    pub fn new(world: &'a World, scenario: &'a Scenario) -> Self {
        Self {
            world,
            scenario,
            repositories: HashMap::new(),
            heads: BTreeMap::new(),
            commits: 0,
            requests: 0,
            pushed: String::new(),
            requested: HashMap::new(),
            begin: 0,
            rejected: Vec::new(),
            responses: Vec::new(),
            packaged: record::artifacts::Packaged::default(),
        }
    }

    /// Plays all steps.
    pub async fn run(&mut self) -> Result<Vec<Seen>> {
        let scenario = self.scenario;
        self.create_namespaces().await?;
        let mut seen = Vec::new();
        for step in &scenario.steps {
            let sections = self
                .step(step)
                .await
                .with_context(|| format!("step {}", step.name))?;
            seen.push(Seen {
                step: step.name.clone(),
                sections,
            });
        }
        Ok(seen)
    }

    async fn step(&mut self, step: &Step) -> Result<Sections> {
        self.requested.clear();
        self.rejected.clear();
        self.responses.clear();
        let marks = record::Marks {
            journal: self.world.journal.mark(),
            audit: record::requests::mark(self.world),
            remote: self.world.remote.mark(),
        };
        self.begin = marks.journal;
        for (verb, argument) in &step.actions {
            self.act(verb, argument)
                .await
                .with_context(|| format!("action {verb}"))?;
        }
        let came = self.wait(step).await?;
        let packaged = &mut self.packaged;
        let mut sections =
            record::sections(self.world, self.scenario, step, marks, packaged).await?;
        for (name, lines) in [("rejected", &self.rejected), ("responses", &self.responses)] {
            if !lines.is_empty() {
                sections.insert(name.to_owned(), json!(lines));
            }
        }
        if !came {
            sections.insert("waitTimedOut".to_owned(), Value::Bool(true));
        }
        Ok(sections)
    }

    async fn create_namespaces(&self) -> Result<()> {
        let mut names = vec![self.scenario.namespace.clone()];
        names.extend(self.scenario.namespaces.iter().cloned());
        let api = &self.world.cluster.api;
        for name in names {
            let mut namespace =
                json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
            if self.world.target.audit_log().is_none() {
                // The recorded cluster has nobody who makes volumes; ours is told to have none either.
                namespace["metadata"]["annotations"] = json!({"fake/outcome": "never"});
            }
            api.create("/api/v1/namespaces", &namespace)
                .await
                .with_context(|| format!("creating namespace {name}"))?;
            let account = format!("/api/v1/namespaces/{name}/serviceaccounts/default");
            let deadline = std::time::Instant::now() + NAMESPACE_TIMEOUT;
            // The embedded API has no default accounts, which is no reason to stop.
            while self.world.target.audit_log().is_some()
                && api.find(&account).await?.is_none()
                && std::time::Instant::now() < deadline
            {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        Ok(())
    }

    /// The text with `${NAME}` replaced; other `${...}` are the scenario's own.
    fn expand(&self, text: &str) -> Result<String> {
        let world = self.world;
        let mut text = text
            .replace("${NS}", &self.scenario.namespace)
            .replace("${GIT}", &world.git.address().to_string())
            .replace("${GITS}", &world.git_tls.address().to_string())
            .replace("${HELM}", &world.charts.address())
            .replace("${HELM2}", &world.charts_2.address())
            .replace("${OCI}", &world.registry.address())
            .replace("${DIGEST}", &self.pushed)
            .replace("${STORAGE}", &world.storage_address())
            .replace("${KUBE}", &world.target.address())
            .replace("${CA}", &world.git_authority);
        if text.contains("${KUBECONFIG}") {
            text = text.replace("${KUBECONFIG}", &world.target.kubeconfig()?);
        }
        for (repository, head) in &self.heads {
            text = text.replace(&format!("${{HEAD:{repository}}}"), head);
        }
        Ok(text)
    }

    fn expand_value(&self, value: &Value) -> Result<Value> {
        Ok(match value {
            Value::String(text) => Value::String(self.expand(text)?),
            Value::Array(items) => {
                let items: Result<Vec<_>> =
                    items.iter().map(|item| self.expand_value(item)).collect();
                Value::Array(items?)
            }
            Value::Object(fields) => {
                let fields: Result<serde_json::Map<_, _>> = fields
                    .iter()
                    .map(|(key, field)| Ok((self.expand(key)?, self.expand_value(field)?)))
                    .collect();
                Value::Object(fields?)
            }
            other => other.clone(),
        })
    }
}
