//! Renders templates given as JSON lines: `{"tpl": "...", "data": ...}` in, `{"output": "..."}` or `{"error": "..."}` out, one line each.
//!
//! Further fields of a line: `name` (of the template, `test` when absent), `mk` (`default`, `zero` or `error` for keys that are missing), `ints`
//! (true: whole numbers are `int64`, as of `--set`; otherwise `float64`, as of a values file), `chart` (true: the template is `templates/t.yaml` of a chart `c`
//! whose values are the data, and errors read as Helm's). `tmpl` and `input` are other names of `tpl`, `vars` of `data`. `now` is the
//! time that `now` gives, as RFC 3339 (the epoch when absent).

use std::io::{BufRead, Write};
use std::sync::Arc;

use serde_json::{Value as Json, json};
use skein_template::{
    FixedEnvironment, FunctionMap, Integers, MissingKey, Options, Templates, Value, helm,
};

fn main() -> std::io::Result<()> {
    let functions = Arc::new(helm::functions());
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        let answer = match serde_json::from_str::<Json>(&line) {
            Ok(case) => match render(&case, &functions) {
                Ok(output) => json!({ "output": output }),
                Err(error) => json!({ "error": error }),
            },
            Err(error) => json!({ "error": format!("the line is no JSON: {error}") }),
        };
        writeln!(out, "{answer}")?;
    }
    Ok(())
}

fn field<'c>(case: &'c Json, names: &[&str]) -> Option<&'c Json> {
    names.iter().find_map(|name| case.get(name))
}

fn render(case: &Json, functions: &Arc<FunctionMap>) -> Result<String, String> {
    let text = field(case, &["tpl", "tmpl", "input"])
        .and_then(Json::as_str)
        .ok_or("the line has no tpl")?;
    let name = case.get("name").and_then(Json::as_str).unwrap_or("test");
    let missing_key = match case.get("mk").and_then(Json::as_str) {
        Some("zero") => MissingKey::Zero,
        Some("error") => MissingKey::Error,
        _ => MissingKey::Invalid,
    };
    let integers = match case.get("ints") {
        Some(Json::Bool(true)) => Integers::Int64,
        _ => Integers::Float64,
    };
    let options = Options {
        missing_key,
        ..Options::default()
    };
    let data = field(case, &["data", "vars"]).unwrap_or(&Json::Null);
    let mut environment = FixedEnvironment::default();
    if let Some(now) = case.get("now").and_then(Json::as_str) {
        environment.time = now
            .parse()
            .map_err(|error| format!("now is no time: {error}"))?;
    }
    if case.get("chart") == Some(&Json::Bool(true)) {
        let data = Value::from_json(data, integers);
        let functions = Arc::clone(functions);
        return render_chart(text, data, missing_key, functions, &mut environment);
    }
    let mut templates = Templates::new(Arc::clone(functions), options);
    templates
        .parse(name, text)
        .map_err(|error| error.to_string())?;
    templates
        .execute(name, &Value::from_json(data, integers), &mut environment)
        .map_err(|error| helm::plain_text(&error.to_string()))
}

const FILE: &str = "c/templates/t.yaml";

/// As Helm renders the only template of a chart.
fn render_chart(
    text: &str,
    values: Value,
    missing_key: MissingKey,
    functions: Arc<FunctionMap>,
    environment: &mut FixedEnvironment,
) -> Result<String, String> {
    let mut options = Options::helm();
    if missing_key == MissingKey::Error {
        options.missing_key = missing_key;
    }
    let mut templates = Templates::new(functions, options);
    templates
        .parse(FILE, text)
        .map_err(|error| helm::parse_error_text(FILE, &error))?;
    let context = json!({
        "Chart": { "Name": "c", "Version": "1.2.3", "IsRoot": true },
        "Release": { "Name": "r", "Namespace": "n" },
        "Template": { "Name": FILE, "BasePath": "c/templates" },
        "Subcharts": {},
    });
    let context = Value::from_json(&context, Integers::Float64);
    if let Value::Map(map) = &context {
        map.insert("Values", values);
    }
    let output = templates
        .execute(FILE, &context, environment)
        .map_err(|error| helm::exec_error_text(FILE, &error))?;
    Ok(output.replace("<no value>", ""))
}
