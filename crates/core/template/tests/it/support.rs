//! Rendering as the oracles did it.

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Value as Json, json};
use skein_template::{
    FixedEnvironment, FunctionMap, Integers, MissingKey, Options, Templates, Value, helm,
};

/// What came out, or the error.
pub type Answer = Result<String, String>;

/// The file of the only template of the chart.
pub const FILE: &str = "c/templates/t.yaml";

/// The answer in the oracle's form.
pub fn answer(json: &Json) -> Answer {
    if let Some(Json::String(error)) = json.get("error") {
        return Err(error.clone());
    }
    let output = json.get("output").and_then(Json::as_str);
    Ok(output.expect("an output or an error").to_owned())
}

/// How a recorded case means a missing key.
pub fn missing_key(case: &Json) -> MissingKey {
    match case.get("mk").and_then(Json::as_str) {
        Some("zero") => MissingKey::Zero,
        Some("error") => MissingKey::Error,
        _ => MissingKey::Invalid,
    }
}

/// As Helm renders a chart of one template.
pub fn chart(text: &str, values: &Json, strict: bool) -> Answer {
    let mut options = Options::helm();
    if strict {
        options.missing_key = MissingKey::Error;
    }
    let mut templates = Templates::new(Arc::new(helm::functions()), options);
    templates
        .parse(FILE, text)
        .map_err(|error| helm::parse_error_text(FILE, &error))?;
    let context = json!({
        "Chart": { "Name": "c", "Version": "1.2.3", "IsRoot": true },
        "Release": { "Name": "r", "Namespace": "n" },
        "Template": { "Name": FILE, "BasePath": "c/templates" },
        "Subcharts": {},
        "Values": values,
    });
    let context = Value::from_json(&context, Integers::Float64);
    let output = templates
        .execute(FILE, &context, &mut FixedEnvironment::default())
        .map_err(|error| helm::exec_error_text(FILE, &error))?;
    Ok(output.replace("<no value>", ""))
}

/// As Go's text/template executes it, with these functions.
pub fn go(
    name: &str,
    text: &str,
    data: &Value,
    functions: FunctionMap,
    missing_key: MissingKey,
) -> Answer {
    let options = Options {
        missing_key,
        ..Options::default()
    };
    let mut templates = Templates::named(name, Arc::new(functions), options);
    templates
        .parse(name, text)
        .map_err(|error| error.to_string())?;
    templates
        .execute(name, data, &mut FixedEnvironment::default())
        .map_err(|error| helm::plain_text(&error.to_string()))
}

/// A folder of the material beside the repository, if it is there.
pub fn shared(folder: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../../../shared")
        .join(folder);
    if path.is_dir() {
        return Some(path);
    }
    eprintln!("skipped: there is no ../shared/{folder}");
    None
}

/// Lines of JSON.
pub fn lines(text: &str) -> Vec<Json> {
    text.split('\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_str(line).expect("a line of JSON"))
        .collect()
}

/// Fails with the first of what differs, unless it is known to.
pub fn report(label: &str, different: &[String], known: usize) {
    let shown = different.iter().take(10).cloned().collect::<String>();
    assert_eq!(different.len(), known, "{label}:\n{shown}");
}

/// A difference as text.
pub fn difference(text: &str, wanted: &Answer, got: &Answer) -> String {
    format!("{text}\n  want {wanted:?}\n  got  {got:?}\n")
}
