//! What was seen after a step, by section.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::scenario::text;

/// Content of a step's sections; a section that saw nothing is left out.
pub type Sections = BTreeMap<String, Value>;

/// Reads the sections of a step. The `objects` section has more than items: refusals and answers become sections of their own.
pub fn read(file: &Path) -> Result<Sections> {
    let bytes = fs::read(file).with_context(|| format!("reading {}", file.display()))?;
    let documents =
        skein_yaml::documents(&bytes).with_context(|| format!("parsing {}", file.display()))?;
    let mut sections = Sections::new();
    for document in documents {
        let name = text(&document.value["section"]);
        for key in ["rejected", "responses", "waitTimedOut"] {
            if !document.value[key].is_null() {
                sections.insert(key.to_owned(), document.value[key].clone());
            }
        }
        sections.insert(name, document.value["items"].clone());
    }
    Ok(sections)
}
