//! Sections made from the journal: events, transitions, notifications.

use serde_json::{Map, Value, json};

use crate::journal::Happening;
use crate::normal::{self, Names};
use crate::scenario::{Scenario, text};

/// Reason of events that are recorded only for objects that the step requested.
const UP_TO_DATE: &str = "ArtifactUpToDate";

/// Kubernetes Events about Flux objects; equal neighbours once.
pub fn events(happenings: &[Happening], form: Form<'_>) -> Value {
    let mut section = Section::new(form);
    for happening in happenings {
        let Happening::Event(event) = happening else {
            continue;
        };
        let mut line = json!({
            "type": event["type"], "reason": event["reason"],
            "message": event["message"], "source": event["source"]["component"],
        });
        if line["reason"] == UP_TO_DATE && !form.was_requested(&event["involvedObject"]) {
            continue;
        }
        if !event["metadata"]["annotations"].is_null() {
            line["annotations"] = event["metadata"]["annotations"].clone();
        }
        section.add(&event["involvedObject"], line, true);
    }
    section.lines()
}

/// Every change of the conditions of each Flux object: what a watcher sees.
pub fn transitions(happenings: &[Happening], form: Form<'_>) -> Value {
    let mut section = Section::new(form);
    for happening in happenings {
        let Happening::Object { deleted, object } = happening else {
            continue;
        };
        let mut about = object["metadata"].clone();
        about["kind"] = object["kind"].clone();
        if *deleted {
            section.add(&about, json!("deleted"), true);
            continue;
        }
        let generation = &object["metadata"]["generation"];
        let conditions = object["status"]["conditions"].as_array();
        let conditions: Vec<String> = conditions
            .into_iter()
            .flatten()
            .map(|condition| condition_line(condition, generation))
            .collect();
        let mut line = json!({
            "generation": generation,
            "observedGeneration": object["status"]["observedGeneration"],
            "conditions": conditions,
        });
        if !object["metadata"]["deletionTimestamp"].is_null() {
            line["deleting"] = json!(true);
        }
        section.add(&about, line, true);
    }
    section.lines()
}

fn condition_line(condition: &Value, generation: &Value) -> String {
    let part = |name: &str| text(&condition[name]);
    let mut line = format!(
        "{}={} {}: {}",
        part("type"),
        part("status"),
        part("reason"),
        part("message")
    );
    let observed = &condition["observedGeneration"];
    if observed != generation {
        line.push_str(&format!(" [gen {}]", text(observed)));
    }
    line
}

/// What controllers told the notification address; equal neighbours once, as recorded: Flux tells the same error at each retry.
pub fn notifications(happenings: &[Happening], form: Form<'_>) -> Value {
    let mut section = Section::new(form);
    for happening in happenings {
        if let Happening::Notification(body) = happening {
            section.add(&body["involvedObject"], body.clone(), true);
        }
    }
    section.lines()
}

/// How lines are written.
#[derive(Clone, Copy)]
pub struct Form<'a> {
    pub scenario: &'a Scenario,
    pub names: &'a Names,
    /// Repeated lines count once, wherever they stand.
    pub once: bool,
    /// Objects that the step requested, as `Kind/name`.
    pub requested: &'a [String],
}

impl Form<'_> {
    fn was_requested(&self, about: &Value) -> bool {
        let name = format!("{}/{}", text(&about["kind"]), text(&about["name"]));
        self.requested.contains(&name)
    }
}

/// Lines by object.
struct Section<'a> {
    form: Form<'a>,
    lines: Map<String, Value>,
}

impl<'a> Section<'a> {
    fn new(form: Form<'a>) -> Self {
        Self {
            form,
            lines: Map::new(),
        }
    }

    /// Adds a line about an object of a recorded kind.
    fn add(&mut self, about: &Value, line: Value, neighbours_once: bool) {
        let kind = text(&about["kind"]);
        if !self.form.scenario.kinds.contains(&kind) {
            return;
        }
        let lines = self
            .lines
            .entry(object_name(&kind, about, self.form.scenario))
            .or_insert_with(|| json!([]));
        let Value::Array(lines) = lines else { return };
        let line = normal::value(&line, self.form.names);
        let is_repeated = (neighbours_once && lines.last() == Some(&line))
            || (self.form.once && lines.contains(&line));
        if !is_repeated {
            lines.push(line);
        }
    }

    fn lines(self) -> Value {
        Value::Object(self.lines)
    }
}

/// `Kind/name`, and the namespace behind where it is not the scenario's own.
fn object_name(kind: &str, about: &Value, scenario: &Scenario) -> String {
    let (namespace, name) = (text(&about["namespace"]), text(&about["name"]));
    if namespace == scenario.namespace {
        format!("{kind}/{name}")
    } else {
        format!("{kind}/{name}.{namespace}")
    }
}
