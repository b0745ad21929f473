//! Coalescing: the user's values, the chart's and those of the charts below become one tree.
//!
//! Tables are shared here as they are in Go. Helm copies the tables of `global` only one level deep on their way down, so a default that a chart
//! below sets in a table under `global.x` shows up in its parent and in its siblings; charts rely on it, so it is kept.

use skein_template::{Entries, Map, Value};

use super::print::go_text;
use crate::chart::Chart;
use crate::warning::Warning;

/// Deepest nesting of tables that are merged, in levels.
const MAX_TABLE_LEVELS: usize = 1_000;
const GLOBAL: &str = "global";

/// Whether nulls delete keys or stay.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// A null of the user deletes the chart's key.
    Coalesce,
    /// Nulls stay, because coalescing follows later.
    Merge,
}

/// The values that a chart and all charts below it see; `values` is left as it is. Problems read as Helm's.
pub(crate) fn coalesce(
    chart: &Chart,
    values: &Map,
    mode: Mode,
    warnings: &mut Vec<Warning>,
) -> Result<Map, String> {
    let copy = deep_copy(values)?;
    let mut coalescer = Coalescer { mode, warnings };
    coalescer.chart(chart, &copy, "")?;
    Ok(copy)
}

/// Merges a table under another, which wins; nulls stay.
pub(crate) fn merge_tables(
    over: &Map,
    under: &Map,
    warnings: &mut Vec<Warning>,
) -> Result<(), String> {
    let mode = Mode::Merge;
    Coalescer { mode, warnings }.tables(over, under, "", mode, 0)
}

/// Lays the values of an older release under new ones, as `--reuse-values` does, and gives what the older release was rendered with: its
/// values over the defaults of its chart. Nulls of the new values show up in the old ones, which Helm stores again.
pub fn reuse(
    values: &mut super::Values,
    old: &mut super::Values,
    old_defaults: Option<&super::Values>,
) -> Result<super::Values, String> {
    let mode = Mode::Coalesce;
    let mut warnings = Vec::new();
    let chart = Chart {
        values: old_defaults.cloned(),
        ..Chart::default()
    };
    let (over, under) = (super::to_map(Some(values)), super::to_map(Some(old)));
    let rendered = coalesce(&chart, &under, mode, &mut warnings)?;
    let mut coalescer = Coalescer {
        mode,
        warnings: &mut warnings,
    };
    coalescer.tables(&over, &under, "", mode, 0)?;
    *values = super::from_map(&over)?;
    *old = super::from_map(&under)?;
    super::from_map(&rendered)
}

/// Lays defaults under values, table by table, for a schema to look at.
pub(crate) fn coalesce_over(
    values: &super::Values,
    defaults: &super::Values,
    mode: Mode,
) -> Result<super::Values, String> {
    let over = super::to_map(Some(values));
    let under = super::to_map(Some(defaults));
    let mut warnings = Vec::new();
    let mut coalescer = Coalescer {
        mode,
        warnings: &mut warnings,
    };
    coalescer.tables(&over, &under, "", mode, 0)?;
    super::to_unicode(&over)
}

/// A copy that shares nothing with the original.
pub(crate) fn deep_copy(map: &Map) -> Result<Map, String> {
    match Value::Map(map.clone()).deep_copy() {
        Ok(Value::Map(copy)) => Ok(copy),
        Ok(_) => Ok(Map::new()),
        Err(error) => Err(error.to_string()),
    }
}

fn join(prefix: &str, name: &str) -> String {
    if prefix.is_empty() {
        name.to_owned()
    } else {
        format!("{prefix}.{name}")
    }
}

struct Coalescer<'a> {
    mode: Mode,
    warnings: &'a mut Vec<Warning>,
}

impl Coalescer<'_> {
    fn log(&mut self, message: String) {
        self.warnings.push(Warning::info(message));
    }

    fn chart(&mut self, chart: &Chart, into: &Map, prefix: &str) -> Result<(), String> {
        self.own_values(chart, into, prefix)?;
        self.below(chart, into, prefix)
    }

    /// Coalesces the charts below into their tables.
    fn below(&mut self, chart: &Chart, into: &Map, prefix: &str) -> Result<(), String> {
        for child in &chart.dependencies {
            let name = child.name();
            let table = match into.get(name) {
                None => {
                    let table = Map::new();
                    into.insert(name, table.clone());
                    table
                }
                Some(Value::Map(table)) => table,
                Some(other) => {
                    return Err(format!("type mismatch on {name}: {}", bad_verb(&other)));
                }
            };
            let prefix = join(prefix, chart.name());
            self.globals(&table, into, &prefix)?;
            self.chart(child, &table, &prefix)?;
        }
        Ok(())
    }

    /// Brings the globals of a chart into the table of a chart below it.
    fn globals(&mut self, into: &Map, from: &Map, prefix: &str) -> Result<(), String> {
        let into_globals = match into.get(GLOBAL) {
            None => Map::new(),
            Some(Value::Map(map)) => map,
            Some(_) => {
                self.log(
                    "warning: skipping globals because destination global is not a table."
                        .to_owned(),
                );
                return Ok(());
            }
        };
        let from_globals = match from.get(GLOBAL) {
            None => Map::new(),
            Some(Value::Map(map)) => map,
            Some(_) => {
                self.log(
                    "warning: skipping globals because source global is not a table.".to_owned(),
                );
                return Ok(());
            }
        };
        for (key, value) in from_globals.entries() {
            match (&value, into_globals.get_bytes(key.as_bytes())) {
                (Value::Map(table), None) => {
                    into_globals.insert(key, Map::from_entries(table.entries()));
                }
                (Value::Map(table), Some(Value::Map(present))) => {
                    let copy = Map::from_entries(table.entries());
                    let prefix = join(prefix, &key.lossy());
                    // Always merging: what comes out is coalesced later.
                    self.tables(&copy, &present, &prefix, Mode::Merge, 0)?;
                    into_globals.insert(key, copy);
                }
                (Value::Map(_), Some(_)) => self.log(format!(
                    "Conflict: cannot merge map onto non-map for {:?}. Skipping.",
                    key.lossy()
                )),
                (_, Some(Value::Map(_))) => {
                    self.log(format!("key {} is table. Skipping", key.lossy()));
                }
                _ => into_globals.insert(key, value),
            }
        }
        into.insert(GLOBAL, into_globals);
        Ok(())
    }

    /// Lays the chart's own values under what is there.
    fn own_values(&mut self, chart: &Chart, into: &Map, prefix: &str) -> Result<(), String> {
        let prefix = join(prefix, chart.name());
        for (key, value) in super::to_map(chart.values.as_ref()).entries() {
            let Some(present) = into.get_bytes(key.as_bytes()) else {
                self.add(into, key, value);
                continue;
            };
            if matches!(present, Value::Nil) && self.mode == Mode::Coalesce {
                into.remove(key.as_bytes());
                continue;
            }
            let Value::Map(over) = present else { continue };
            let Value::Map(under) = value else {
                if !matches!(value, Value::Nil) {
                    self.log(format!(
                        "warning: skipped value for {prefix}.{}: Not a table.",
                        key.lossy()
                    ));
                }
                continue;
            };
            // The table of a chart below is merged: its nulls are for that chart.
            let is_chart = chart
                .dependencies
                .iter()
                .any(|c| c.name().as_bytes() == key.as_bytes());
            let mode = if is_chart { Mode::Merge } else { self.mode };
            if mode == Mode::Coalesce {
                drop_nulls(&under);
            }
            let full = join(&prefix, &key.lossy());
            self.tables(&over, &under, &full, mode, 0)?;
        }
        Ok(())
    }

    /// Adds a default that the user did not touch.
    fn add(&mut self, into: &Map, key: skein_template::Text, value: Value) {
        if self.mode == Mode::Coalesce {
            match &value {
                Value::Nil => return,
                Value::Map(table) => drop_nulls(table),
                _ => {}
            }
        }
        into.insert(key, value);
    }

    /// Merges a table under another, which wins.
    fn tables(
        &mut self,
        over: &Map,
        under: &Map,
        prefix: &str,
        mode: Mode,
        level: usize,
    ) -> Result<(), String> {
        if level > MAX_TABLE_LEVELS {
            return Err(format!(
                "values are nested more than {MAX_TABLE_LEVELS} levels deep at {prefix}"
            ));
        }
        let defaults = under.entries();
        for (key, value) in over.entries() {
            if matches!(value, Value::Nil) {
                under.insert(key, Value::Nil);
            }
        }
        for (key, value) in under.entries() {
            let Some(present) = over.get_bytes(key.as_bytes()) else {
                over.insert(key, value);
                continue;
            };
            if mode == Mode::Coalesce && matches!(present, Value::Nil) && had_value(&defaults, &key)
            {
                over.remove(key.as_bytes());
                continue;
            }
            match (&present, &value) {
                (Value::Map(over), Value::Map(under)) => {
                    let full = join(prefix, &key.lossy());
                    self.tables(over, under, &full, mode, level + 1)?;
                }
                (_, Value::Map(_)) => self.log(format!(
                    "warning: cannot overwrite table with non table for {} ({})",
                    join(prefix, &key.lossy()),
                    go_text(&value)
                )),
                (Value::Map(_), other) if !matches!(other, Value::Nil) => self.log(format!(
                    "warning: destination for {} is a table. Ignoring non-table value ({})",
                    join(prefix, &key.lossy()),
                    go_text(&value)
                )),
                _ => {}
            }
        }
        Ok(())
    }
}

fn had_value(defaults: &Entries, key: &skein_template::Text) -> bool {
    defaults
        .get(key)
        .is_some_and(|value| !matches!(value, Value::Nil))
}

/// Takes nulls out of a table and the tables in it.
fn drop_nulls(table: &Map) {
    for (key, value) in table.entries() {
        match value {
            Value::Nil => {
                table.remove(key.as_bytes());
            }
            Value::Map(inner) => drop_nulls(&inner),
            _ => {}
        }
    }
}

/// What Go prints for `%t` of a value.
fn bad_verb(value: &Value) -> String {
    match value {
        Value::Bool(value) => value.to_string(),
        Value::Nil => "%!t(<nil>)".to_owned(),
        Value::List(list) => {
            let items: Vec<String> = list.items().iter().map(bad_verb).collect();
            format!("[{}]", items.join(" "))
        }
        other => format!("%!t({}={})", other.type_name(), go_text(other)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn values(value: serde_json::Value) -> crate::Values {
        value.as_object().cloned().unwrap_or_default()
    }

    /// As recorded from Flux's helm-controller with `preserveValues`.
    #[test]
    fn reused_values_lie_below_and_take_over_nulls() {
        let mut new = values(json!({"nested": {"a": {"c": null}}, "extra": null}));
        let mut old = values(
            json!({"color": "a", "extra": {"x": "1"}, "nested": {"a": {"b": "3", "c": "2"}}}),
        );
        let defaults = values(json!({"color": "grey", "extra": {}, "list": []}));
        let rendered = reuse(&mut new, &mut old, Some(&defaults)).unwrap();
        assert_eq!(
            new,
            values(json!({"color": "a", "nested": {"a": {"b": "3"}}}))
        );
        assert_eq!(
            old,
            values(json!({"color": "a", "extra": null, "nested": {"a": {"b": "3", "c": null}}}))
        );
        assert_eq!(
            rendered,
            values(
                json!({"color": "a", "extra": {"x": "1"}, "list": [], "nested": {"a": {"b": "3", "c": "2"}}})
            )
        );
    }

    #[test]
    fn reused_values_that_are_there_already_change_nothing() {
        let mut new = values(json!({"a": {"b": "1"}, "gone": null}));
        let mut old = values(json!({"a": {"b": "1", "c": "2"}, "gone": null}));
        reuse(&mut new, &mut old, None).unwrap();
        let merged = values(json!({"a": {"b": "1", "c": "2"}, "gone": null}));
        assert_eq!(new, merged);
        let mut again = merged.clone();
        reuse(&mut again, &mut new, None).unwrap();
        assert_eq!(again, merged);
    }
}
