//! Dependencies: aliases, conditions, tags and imported values decide which charts below take part, and under which names.

use skein_semver::{Constraint, Version};
use skein_template::{Map, Value};

use crate::chart::{Chart, Dependency};
use crate::values::{self, Mode, coalesce, go_text, merge_tables};
use crate::warning::Warning;

/// Prunes, renames and fills a chart and the charts below it as Helm does before it renders. Problems read as Helm's.
pub fn process(chart: &mut Chart, values: &Map, warnings: &mut Vec<Warning>) -> Result<(), String> {
    enable(chart, values, "", warnings)?;
    import_all(chart, warnings)
}

/// The names that Chart.yaml lists and that charts/ does not have, for Helm's check before rendering.
pub fn missing(chart: &Chart) -> Vec<String> {
    chart
        .metadata
        .dependencies
        .iter()
        .filter(|wanted| chart.dependencies.iter().all(|c| c.name() != wanted.name))
        .map(|wanted| wanted.name.clone())
        .collect()
}

/// Whether a version lies in a range; false when either does not parse.
pub fn is_compatible(range: &str, version: &str) -> bool {
    let (Ok(version), Ok(range)) = (Version::parse(version), Constraint::parse(range)) else {
        return false;
    };
    range.check(&version)
}

fn enable(
    chart: &mut Chart,
    values: &Map,
    path: &str,
    warnings: &mut Vec<Warning>,
) -> Result<(), String> {
    if !chart.metadata.lists_dependencies {
        return Ok(());
    }
    alias(chart);
    for wanted in &mut chart.metadata.dependencies {
        wanted.enabled = true;
    }
    let coalesced = coalesce(chart, values, Mode::Coalesce, warnings)?;
    apply_tags(&mut chart.metadata.dependencies, &coalesced, warnings);
    apply_conditions(&mut chart.metadata.dependencies, &coalesced, path, warnings);
    let disabled: Vec<String> = chart
        .metadata
        .dependencies
        .iter()
        .filter(|wanted| !wanted.enabled)
        .map(|wanted| wanted.name.clone())
        .collect();
    chart
        .dependencies
        .retain(|c| !disabled.iter().any(|name| name == c.name()));
    chart
        .metadata
        .dependencies
        .retain(|wanted| !disabled.contains(&wanted.name));
    for child in &mut chart.dependencies {
        let path = format!("{path}{}.", child.name());
        enable(child, &coalesced, &path, warnings)?;
    }
    chart.metadata.lists_dependencies = !chart.metadata.dependencies.is_empty();
    Ok(())
}

/// Gives every listed dependency its chart under its alias; charts that are not listed stay in front.
fn alias(chart: &mut Chart) {
    let wanted = &mut chart.metadata.dependencies;
    let matches = |child: &Chart, wanted: &Dependency| {
        child.name() == wanted.name && is_compatible(&wanted.version, &child.metadata.version)
    };
    let mut charts: Vec<Chart> = chart
        .dependencies
        .iter()
        .filter(|child| !wanted.iter().any(|wanted| matches(child, wanted)))
        .cloned()
        .collect();
    for wanted in wanted {
        if let Some(found) = chart
            .dependencies
            .iter()
            .find(|child| matches(child, wanted))
        {
            let mut child = found.clone();
            if !wanted.alias.is_empty() {
                child.metadata.name.clone_from(&wanted.alias);
            }
            charts.push(child);
        }
        if !wanted.alias.is_empty() {
            wanted.name.clone_from(&wanted.alias);
        }
    }
    chart.dependencies = charts;
}

fn apply_tags(all: &mut [Dependency], values: &Map, warnings: &mut Vec<Warning>) {
    let Some(Value::Map(tags)) = values.get("tags") else {
        return;
    };
    for wanted in all {
        let (mut has_true, mut has_false) = (false, false);
        for tag in &wanted.tags {
            match tags.get(tag) {
                Some(Value::Bool(true)) => has_true = true,
                Some(Value::Bool(false)) => has_false = true,
                Some(_) => warnings.push(
                    Warning::warn("returned non-bool value")
                        .with("tag", tag)
                        .with("chart", &wanted.name),
                ),
                None => {}
            }
        }
        wanted.enabled = has_true || !has_false;
    }
}

fn apply_conditions(all: &mut [Dependency], values: &Map, path: &str, warnings: &mut Vec<Warning>) {
    for wanted in all {
        for condition in wanted.condition.trim().split(',') {
            if condition.is_empty() {
                continue;
            }
            match path_value(values, &format!("{path}{condition}")) {
                Some(Value::Bool(value)) => {
                    wanted.enabled = value;
                    break;
                }
                Some(_) => warnings.push(
                    Warning::warn("returned non-bool value")
                        .with("path", condition)
                        .with("chart", &wanted.name),
                ),
                None => {}
            }
        }
    }
}

/// The value at a dotted path, if there is one and it is no table.
fn path_value(values: &Map, path: &str) -> Option<Value> {
    let (table, key) = match path.rsplit_once('.') {
        Some((tables, key)) => (table(values, tables).ok()?, key),
        None => (values.clone(), path),
    };
    table
        .get(key)
        .filter(|value| !matches!(value, Value::Map(_)))
}

/// The table at a dotted path; the name of the part that is none.
pub(crate) fn table(values: &Map, path: &str) -> Result<Map, String> {
    let mut table = values.clone();
    for part in path.split('.') {
        table = match table.get(part) {
            Some(Value::Map(next)) => next,
            _ => return Err(part.to_owned()),
        };
    }
    Ok(table)
}

fn import_all(chart: &mut Chart, warnings: &mut Vec<Warning>) -> Result<(), String> {
    for child in &mut chart.dependencies {
        import_all(child, warnings)?;
    }
    if chart.metadata.lists_dependencies {
        import(chart, warnings)?;
    }
    Ok(())
}

/// Brings values of the charts below up into a chart's own values, as `import-values` says.
fn import(chart: &mut Chart, warnings: &mut Vec<Warning>) -> Result<(), String> {
    let merged = coalesce(chart, &Map::new(), Mode::Merge, warnings)?;
    let imported = Map::new();
    for wanted in &mut chart.metadata.dependencies {
        let mut written = Vec::new();
        for entry in &wanted.import_values {
            let (child, parent, message) = match entry {
                serde_json::Value::String(name) => (
                    format!("exports.{name}"),
                    ".".to_owned(),
                    "ImportValues missing table",
                ),
                serde_json::Value::Object(map) => {
                    let word = |key| go_text(&values::from_json(map.get(key)));
                    (
                        word("child"),
                        word("parent"),
                        "ImportValues missing table from chart",
                    )
                }
                _ => continue,
            };
            written.push(serde_json::json!({"child": child, "parent": parent}));
            match table(&merged, &format!("{}.{child}", wanted.name)) {
                Ok(found) => merge_tables(&imported, &nested(&parent, found), warnings)?,
                Err(part) => {
                    let mut warning = Warning::warn(message);
                    if entry.is_object() {
                        warning = warning.with("chart", &wanted.name);
                    }
                    warnings.push(warning.with("error", format!("{part:?} is not a table")));
                }
            }
        }
        wanted.import_values = written;
    }
    // What the chart says itself wins over what it imports.
    let own = values::deep_copy(&merged)?;
    merge_tables(&own, &imported, warnings)?;
    chart.values = Some(values::from_map(&own)?);
    Ok(())
}

/// A table wrapped into the tables of a dotted path; `.` stands for the table itself.
fn nested(path: &str, inner: Map) -> Map {
    if path == "." {
        return inner;
    }
    path.rsplit('.').fold(inner, |inner, part| {
        let outer = Map::new();
        outer.insert(part, inner);
        outer
    })
}
