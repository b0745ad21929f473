//! A recorded scenario: its steps as written, with what was seen after each.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::expected;

/// How long a step may wait when it does not say.
const STEP_TIMEOUT: Duration = Duration::from_secs(45);

/// What a step takes that sleeps for nothing, roughly: its work, and the rest after it.
const USUAL_STEP: Duration = Duration::from_secs(3);

/// One folder of the recordings.
#[derive(Debug)]
pub struct Scenario {
    /// `<area>/<NN-name>`.
    pub name: String,
    pub folder: PathBuf,
    pub namespace: String,
    /// Further namespaces that exist before the first step.
    pub namespaces: Vec<String>,
    /// Namespaces that steps create.
    pub own_namespaces: Vec<String>,
    /// Cluster-wide kinds whose objects are recorded: apiVersion and kind.
    pub cluster_kinds: Vec<(String, String)>,
    /// Flux kinds whose objects are recorded.
    pub kinds: Vec<String>,
    pub steps: Vec<Step>,
}

/// Actions, then waiting, then a look at everything.
#[derive(Debug)]
pub struct Step {
    pub name: String,
    /// Verb and its argument, in order.
    pub actions: Vec<(String, Value)>,
    pub waits: Vec<Wait>,
    /// Whether the controller retries meanwhile, so that repeated lines count once.
    pub retrying: bool,
    pub timeout: Duration,
    /// Whether the step was recorded.
    pub recorded: bool,
    /// File with what was seen.
    pub expected: PathBuf,
}

/// What must hold before a step is recorded.
#[derive(Debug, PartialEq)]
pub enum Wait {
    /// An object has this condition, for its newest generation and request.
    Condition {
        object: String,
        kind: String,
        status: String,
        reason: Option<String>,
    },
    /// The object's last revision is the head of the repository.
    Revision {
        object: String,
        repository: String,
    },
    /// Fields match regular expressions.
    Fields {
        object: String,
        fields: Vec<(String, String)>,
    },
    Gone(String),
    /// An Event with this reason came in this step.
    Event {
        object: String,
        reason: String,
    },
    Sleep(Duration),
}

impl Scenario {
    /// Reads `scenario.yaml` of a folder.
    pub fn read(folder: &Path) -> Result<Self> {
        let file = folder.join("scenario.yaml");
        let text = fs::read(&file).with_context(|| format!("reading {}", file.display()))?;
        let documents =
            expected::parse(&text).with_context(|| format!("parsing {}", file.display()))?;
        let value = documents.first().context("the scenario is empty")?;
        Self::parse(folder, value).with_context(|| format!("in {}", file.display()))
    }

    fn parse(folder: &Path, value: &Value) -> Result<Self> {
        let retrying = value["retrying"] == true;
        let steps = value["steps"].as_array().context("no steps")?;
        let steps: Result<_> = steps
            .iter()
            .enumerate()
            .map(|(index, step)| Step::parse(folder, index, step, retrying))
            .collect();
        let cluster_kinds = items(&value["cluster"])
            .map(|kind| (text(&kind["apiVersion"]), text(&kind["kind"])))
            .collect();
        Ok(Self {
            name: text(&value["name"]),
            folder: folder.to_owned(),
            namespace: text(&value["namespace"]),
            namespaces: items(&value["namespaces"]).map(text).collect(),
            own_namespaces: items(&value["clear_namespaces"]).map(text).collect(),
            cluster_kinds,
            kinds: items(&value["kinds"]).map(text).collect(),
            steps: steps?,
        })
    }

    /// Every namespace that belongs to the scenario.
    pub fn all_namespaces(&self) -> Vec<String> {
        let mut all = vec![self.namespace.clone()];
        all.extend(self.namespaces.iter().cloned());
        all.extend(self.own_namespaces.iter().cloned());
        all
    }

    /// How long it takes to play, roughly.
    pub fn length(&self) -> Duration {
        self.steps.iter().map(Step::length).sum()
    }
}

impl Step {
    /// Objects that the step requests, as the scenario names them.
    pub fn requested(&self) -> Vec<String> {
        let requests = self.actions.iter().filter(|(verb, _)| verb == "reconcile");
        requests
            .flat_map(|(_, objects)| items(objects))
            .map(text)
            .collect()
    }

    fn length(&self) -> Duration {
        let sleeps = self.waits.iter().map(|wait| match wait {
            Wait::Sleep(time) => *time,
            _ => Duration::ZERO,
        });
        let actions = self.actions.iter().map(|(verb, argument)| {
            let seconds = argument.as_f64().filter(|_| verb == "sleep");
            Duration::from_secs_f64(seconds.unwrap_or_default().max(0.0))
        });
        // Who gives a step more time than usual expects it to take some of it.
        let patience = self.timeout.saturating_sub(STEP_TIMEOUT);
        USUAL_STEP + patience / 2 + sleeps.sum::<Duration>() + actions.sum::<Duration>()
    }

    fn parse(folder: &Path, index: usize, step: &Value, retrying: bool) -> Result<Self> {
        let name = text(&step["name"]);
        let actions: Result<_> = items(&step["do"])
            .map(|action| {
                let action = action.as_object().context("an action is a map")?;
                let (verb, argument) = action.iter().next().context("an action has a verb")?;
                Ok((verb.clone(), argument.clone()))
            })
            .collect();
        let waits: Result<_> = items(&step["wait"]).map(Wait::parse).collect();
        let file = format!("{:02}-{name}.yaml", index + 1);
        Ok(Self {
            expected: folder.join("expected").join(file),
            actions: actions?,
            waits: waits?,
            retrying: retrying || step["retrying"] == true,
            timeout: step["timeout"]
                .as_u64()
                .map_or(STEP_TIMEOUT, Duration::from_secs),
            recorded: step["record"] != false,
            name,
        })
    }
}

impl Wait {
    fn parse(value: &Value) -> Result<Self> {
        if let Some(line) = value.as_str() {
            let mut words = line.split_whitespace();
            let object = words.next().context("a wait line names an object")?;
            let (kind, status) = words
                .next()
                .and_then(|condition| condition.split_once('='))
                .with_context(|| format!("no condition in {line:?}"))?;
            return Ok(Self::Condition {
                object: object.to_owned(),
                kind: kind.to_owned(),
                status: status.to_owned(),
                reason: words.next().map(str::to_owned),
            });
        }
        let seconds = value["sleep"].as_f64();
        if let Some(seconds) = seconds {
            return Ok(Self::Sleep(Duration::from_secs_f64(seconds)));
        }
        if value["gone"].is_string() {
            return Ok(Self::Gone(text(&value["gone"])));
        }
        if let Some((object, reason)) = text(&value["event"]).split_once(' ') {
            return Ok(Self::Event {
                object: object.to_owned(),
                reason: reason.to_owned(),
            });
        }
        if value["rev"].is_string() {
            return Ok(Self::Revision {
                object: text(&value["rev"]),
                repository: text(&value["repo"]),
            });
        }
        if value["obj"].is_string() {
            let fields = value["has"].as_object().into_iter().flatten();
            return Ok(Self::Fields {
                object: text(&value["obj"]),
                fields: fields.map(|(k, v)| (k.clone(), text(v))).collect(),
            });
        }
        bail!("unknown wait line {value}")
    }
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// The text of a value; a number or boolean as it is written.
pub fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// Folders with a scenario below `folder`, of one area if one is named, and with a name that contains `part`.
pub fn find(folder: &Path, area: Option<&str>, part: Option<&str>) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for area_folder in sub_folders(folder)? {
        let is_chosen = area.is_none_or(|area| area_folder.ends_with(area));
        if is_chosen {
            found.extend(sub_folders(&area_folder)?);
        }
    }
    found.retain(|folder| {
        folder.join("scenario.yaml").is_file()
            && part.is_none_or(|part| folder.to_string_lossy().contains(part))
    });
    found.sort();
    Ok(found)
}

fn sub_folders(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))?;
    Ok(entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn sleeps_make_a_scenario_long() {
        let value = json!({"name": "a/b", "namespace": "ab", "steps": [
            {"name": "one", "do": [{"sleep": 4}], "wait": [{"sleep": 2.5}]},
            {"name": "two", "timeout": 65},
        ]});
        let scenario = Scenario::parse(Path::new("b"), &value).unwrap();
        let expected = 2 * USUAL_STEP + Duration::from_millis(16_500);
        assert_eq!(scenario.length(), expected);
    }

    #[test]
    fn wait_lines_are_read() {
        let line = Wait::parse(&json!("Kustomization/app Ready=False BuildFailed")).unwrap();
        let Wait::Condition {
            object,
            kind,
            status,
            reason,
        } = line
        else {
            panic!("{line:?}");
        };
        assert_eq!(
            (object.as_str(), kind.as_str(), status.as_str()),
            ("Kustomization/app", "Ready", "False")
        );
        assert_eq!(reason.as_deref(), Some("BuildFailed"));
        let sleep = Wait::parse(&json!({"sleep": 0.5})).unwrap();
        assert_eq!(sleep, Wait::Sleep(Duration::from_millis(500)));
        assert!(Wait::parse(&json!({"until": 1})).is_err());
    }
}
