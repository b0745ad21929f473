//! The look at everything after a step, by section.

mod applied;
pub mod artifacts;
mod happenings;
pub mod releases;
mod remote;
pub mod requests;

use anyhow::Result;
use serde_json::Value;

use crate::cluster::api_version_of;
use crate::expected::Sections;
use crate::normal;
use crate::scenario::{Scenario, Step};
use crate::world::World;

/// Where the records of a step begin.
#[derive(Debug, Clone, Copy)]
pub struct Marks {
    pub journal: usize,
    pub audit: requests::Mark,
    pub remote: usize,
}

/// All sections in normal form; empty ones are left out.
pub async fn sections(
    world: &World,
    scenario: &Scenario,
    step: &Step,
    marks: Marks,
    packaged: &mut artifacts::Packaged,
) -> Result<Sections> {
    let namespaces = scenario.all_namespaces();
    let happenings = world.journal.since(marks.journal, &namespaces);
    let requested = step.requested();
    let form = happenings::Form {
        scenario,
        names: &world.names,
        once: step.retrying,
        requested: &requested,
    };
    let objects = flux_objects(world, scenario).await?;
    let all = [
        ("artifact", artifacts::section(world, &objects)?),
        ("objects", Value::Array(objects)),
        ("events", happenings::events(&happenings, form)),
        ("transitions", happenings::transitions(&happenings, form)),
        (
            "notifications",
            happenings::notifications(&happenings, form),
        ),
        ("applied", applied::section(world, scenario).await?),
        ("release", releases::section(world, scenario).await?),
        (
            "requests",
            requests::section(world, scenario, marks.audit, step.retrying)?,
        ),
        (
            "remote",
            remote::section(world, scenario, marks.remote, step.retrying),
        ),
    ];
    packaged.look(world, &namespaces);
    let mut sections = Sections::new();
    for (name, content) in all {
        if !is_empty(&content) {
            sections.insert(
                name.to_owned(),
                packaged.replace(normal::value(&content, &world.names)),
            );
        }
    }
    Ok(sections)
}

fn is_empty(content: &Value) -> bool {
    match content {
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Null => true,
        _ => false,
    }
}

/// The recorded Flux kinds, in full.
async fn flux_objects(world: &World, scenario: &Scenario) -> Result<Vec<Value>> {
    let mut objects = Vec::new();
    for kind in &scenario.kinds {
        for namespace in scenario.all_namespaces() {
            let version = api_version_of(kind);
            objects.extend(world.cluster.list(version, kind, &namespace).await?);
        }
    }
    Ok(objects)
}
