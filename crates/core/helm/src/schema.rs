//! values.schema.json: which charts have one, and what their values break.

mod address;
mod document;
mod draft;
mod format;
mod loaded;
mod metaschema;
mod number;
mod problem;
mod reach;
mod validator;

pub use document::Document as Schema;

use std::sync::Arc;

use serde_json::Value;
use skein_template::Environment;

use crate::chart::{Chart, kept};
use crate::values::Values;
use crate::warning::Warning;

/// Whether the chart or a chart below it has a schema.
pub(crate) fn is_needed(chart: &Chart) -> bool {
    chart.schema.is_some() || chart.dependencies.iter().any(is_needed)
}

/// Checks the values of a chart and of all charts below it. The problems read as Helm's.
pub(crate) fn validate(
    chart: &Chart,
    values: &Values,
    environment: &mut dyn Environment,
    warnings: &mut Vec<Warning>,
) -> Result<(), String> {
    let mut problems = String::new();
    check_all(chart, values, (environment, warnings), &mut problems);
    if problems.is_empty() {
        Ok(())
    } else {
        Err(problems)
    }
}

/// Checks values against one schema.
pub(crate) fn validate_one(
    schema: &[u8],
    values: &Values,
    environment: &mut dyn Environment,
) -> Result<(), String> {
    let schema = Schema::read(schema, &mut |address| environment.schema(address))?;
    validator::validate(&schema, &Value::Object(values.clone()), &mut Vec::new())
}

/// Checks any value against the text of a schema, as Helm checks values against `values.schema.json`; the problems read as Helm's.
pub fn check(schema: &[u8], value: &Value) -> Result<(), String> {
    let schema = Schema::read(schema, &mut |_| None)?;
    validator::validate(&schema, value, &mut Vec::new())
}

/// Reads and checks a chart's schema, or takes what came of it before. One that needs texts from elsewhere is read each time: they may change, or be there
/// the next time.
fn read(
    chart: &Chart,
    text: &Arc<[u8]>,
    environment: &mut dyn Environment,
) -> Result<Arc<Schema>, String> {
    let kept = chart.read_schema.get(|from| kept::is_same(from, text));
    if let Some(schema) = kept {
        return schema;
    }
    let mut is_whole = true;
    let schema = Schema::read(text, &mut |address| {
        is_whole = false;
        environment.schema(address)
    });
    let schema = schema.map(Arc::new);
    if is_whole {
        chart.read_schema.keep(Arc::clone(text), schema.clone());
    }
    schema
}

fn check_all(
    chart: &Chart,
    values: &Values,
    (environment, warnings): (&mut dyn Environment, &mut Vec<Warning>),
    problems: &mut String,
) {
    if let Some(schema) = &chart.schema
        && let Err(problem) = read(chart, schema, environment).and_then(|schema| {
            validator::validate(&schema, &Value::Object(values.clone()), warnings)
        })
    {
        problems.push_str(chart.name());
        problems.push_str(":\n");
        problems.push_str(&problem);
    }
    for child in &chart.dependencies {
        let name = child.name();
        match values.get(name) {
            None | Some(Value::Null) => {}
            Some(Value::Object(values)) => {
                check_all(child, values, (&mut *environment, &mut *warnings), problems);
            }
            Some(other) => problems.push_str(&format!(
                "{name}:\ninvalid type for values: expected object (map), got {}\n",
                go_type(other)
            )),
        }
    }
}

/// The Go type of a value.
fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "<nil>",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float64",
        Value::Number(_) => "int64",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    }
}
