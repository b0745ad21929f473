//! Section `remote`: requests to the chart servers and the registry. Git's are left out: how a pack is negotiated is ours to choose.

use serde_json::{Value, json};

use crate::scenario::Scenario;
use crate::world::World;

/// The lines since the mark, each once when the controller retries.
pub fn section(world: &World, scenario: &Scenario, mark: usize, once: bool) -> Value {
    let mut lines: Vec<String> = Vec::new();
    for line in world.remote.since(mark, &scenario.all_namespaces()) {
        if !once || !lines.contains(&line) {
            lines.push(line);
        }
    }
    json!(lines)
}
