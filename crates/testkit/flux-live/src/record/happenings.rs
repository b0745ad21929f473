//! Sections made from the journal: events, transitions, notifications.

use serde_json::{Map, Value, json};

use crate::journal::Happening;
use crate::scenario::{Scenario, text};

/// Kubernetes Events about Flux objects; equal neighbours once.
pub fn events(happenings: &[Happening], scenario: &Scenario, retrying: bool) -> Value {
    let mut section = Section::new(scenario, retrying);
    for happening in happenings {
        let Happening::Event(event) = happening else {
            continue;
        };
        let mut line = json!({
            "type": event["type"], "reason": event["reason"],
            "message": event["message"], "source": event["source"]["component"],
        });
        if !event["metadata"]["annotations"].is_null() {
            line["annotations"] = event["metadata"]["annotations"].clone();
        }
        section.add(&event["involvedObject"], line, true);
    }
    section.lines()
}

/// Every change of the conditions of each Flux object: what a watcher sees.
pub fn transitions(happenings: &[Happening], scenario: &Scenario, retrying: bool) -> Value {
    let mut section = Section::new(scenario, retrying);
    for happening in happenings {
        let Happening::Object {
            deleted: false,
            object,
        } = happening
        else {
            continue;
        };
        let generation = &object["metadata"]["generation"];
        let conditions = object["status"]["conditions"].as_array();
        let conditions: Vec<String> = conditions
            .into_iter()
            .flatten()
            .map(|condition| condition_line(condition, generation))
            .collect();
        let line = json!({
            "generation": generation,
            "observedGeneration": object["status"]["observedGeneration"],
            "conditions": conditions,
        });
        let mut about = object["metadata"].clone();
        about["kind"] = object["kind"].clone();
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

/// What controllers told the notification address.
pub fn notifications(happenings: &[Happening], scenario: &Scenario, retrying: bool) -> Value {
    let mut section = Section::new(scenario, retrying);
    for happening in happenings {
        if let Happening::Notification(body) = happening {
            section.add(&body["involvedObject"], body.clone(), false);
        }
    }
    section.lines()
}

/// Lines by object.
struct Section<'a> {
    scenario: &'a Scenario,
    /// Repeated lines count once, wherever they stand.
    once: bool,
    lines: Map<String, Value>,
}

impl<'a> Section<'a> {
    fn new(scenario: &'a Scenario, once: bool) -> Self {
        Self {
            scenario,
            once,
            lines: Map::new(),
        }
    }

    /// Adds a line about an object of a recorded kind.
    fn add(&mut self, about: &Value, line: Value, neighbours_once: bool) {
        let kind = text(&about["kind"]);
        if !self.scenario.kinds.contains(&kind) {
            return;
        }
        let lines = self
            .lines
            .entry(format!("{kind}/{}", text(&about["name"])))
            .or_insert_with(|| json!([]));
        let Value::Array(lines) = lines else { return };
        let is_repeated = (neighbours_once && lines.last() == Some(&line))
            || (self.once && lines.contains(&line));
        if !is_repeated {
            lines.push(line);
        }
    }

    fn lines(self) -> Value {
        Value::Object(self.lines)
    }
}
