//! Objects made of a structural schema: one that has what it must, and many with one thing wrong.

use serde_json::{Map, Value, json};

/// Deepest level of a schema that is looked at.
const MAX_DEPTH: usize = 12;
/// Longest text that is made to be too long, in characters.
const MAX_TEXT: u64 = 70_000;
/// Longest list that is made to be too long.
const MAX_LIST: u64 = 200;

/// A body with one thing wrong, and the top-level field in which it is.
pub struct Broken {
    pub place: String,
    pub body: Value,
}

/// The smallest object that has all required fields.
pub fn good(schema: &Value, head: &Value) -> Value {
    let mut object = head.clone();
    let properties = schema["properties"].as_object();
    for (name, field) in properties.into_iter().flatten() {
        let is_own = matches!(name.as_str(), "apiVersion" | "kind" | "metadata" | "status");
        if !is_own {
            object[name] = sample(field, 0);
        }
    }
    object
}

/// The object with each field of the schema wrong in each way that the schema knows.
pub fn broken(schema: &Value, good: &Value) -> Vec<Broken> {
    let mut out = Vec::new();
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        if matches!(name.as_str(), "apiVersion" | "kind" | "metadata") {
            continue;
        }
        for value in spoilt(field, 0) {
            let body = match name == "status" {
                true => json!({ name: value }),
                false => {
                    let mut body = good.clone();
                    body["metadata"]["name"] = "two".into();
                    body[name] = value;
                    body
                }
            };
            let place = name.clone();
            out.push(Broken { place, body });
        }
    }
    out
}

fn sample(schema: &Value, depth: usize) -> Value {
    if let Some(default) = schema.get("default") {
        return default.clone();
    }
    if let Some(first) = schema["enum"].get(0) {
        return first.clone();
    }
    if schema["x-kubernetes-int-or-string"] == true {
        return 1.into();
    }
    let number = |key: &str| schema[key].as_u64();
    match schema["type"].as_str().unwrap_or_default() {
        "object" => {
            let mut map = Map::new();
            let required = schema["required"].as_array().into_iter().flatten();
            for name in required
                .filter_map(Value::as_str)
                .filter(|_| depth < MAX_DEPTH)
            {
                let field = &schema["properties"][name];
                map.insert(name.to_owned(), sample(field, depth + 1));
            }
            if schema["x-kubernetes-embedded-resource"] == true {
                map.insert("apiVersion".to_owned(), "v1".into());
                map.insert("kind".to_owned(), "ConfigMap".into());
            }
            Value::Object(map)
        }
        "array" => {
            let count = number("minItems").unwrap_or_default().min(MAX_LIST);
            let item = sample(&schema["items"], depth + 1);
            (0..count).map(|_| item.clone()).collect()
        }
        "integer" | "number" => number("minimum").unwrap_or(1).into(),
        "boolean" => true.into(),
        _ => match schema["format"].as_str().unwrap_or_default() {
            "date-time" => "2026-01-02T03:04:05Z".into(),
            "date" => "2026-01-02".into(),
            "byte" => "aGk=".into(),
            _ => {
                let length = number("minLength").unwrap_or(1).clamp(1, MAX_TEXT);
                "a".repeat(usize::try_from(length).unwrap_or(1)).into()
            }
        },
    }
}

/// Values of a schema with one thing wrong each.
fn spoilt(schema: &Value, depth: usize) -> Vec<Value> {
    let mut out = own_mistakes(schema);
    if depth >= MAX_DEPTH {
        return out;
    }
    let base = sample(schema, depth);
    let within = |name: &str, value: Value| {
        let mut map = base.as_object().cloned().unwrap_or_default();
        map.insert(name.to_owned(), value);
        Value::Object(map)
    };
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        out.extend(
            spoilt(field, depth + 1)
                .into_iter()
                .map(|value| within(name, value)),
        );
    }
    for name in schema["required"].as_array().into_iter().flatten() {
        let mut map = base.as_object().cloned().unwrap_or_default();
        map.remove(name.as_str().unwrap_or_default());
        out.push(Value::Object(map));
    }
    if schema["properties"].is_object() {
        out.push(within("notThere", 1.into()));
    }
    if schema["additionalProperties"].is_object() {
        let values = spoilt(&schema["additionalProperties"], depth + 1);
        out.extend(values.into_iter().map(|value| within("key", value)));
    }
    if schema["items"].is_object() {
        let items = &schema["items"];
        let good = sample(items, depth + 1);
        out.push(json!([good, good]));
        out.push(json!([null]));
        out.extend(
            spoilt(items, depth + 1)
                .into_iter()
                .map(|value| json!([value])),
        );
    }
    out
}

/// What is wrong with a value itself: its type, its bounds, its form.
fn own_mistakes(schema: &Value) -> Vec<Value> {
    let mut out = vec![Value::Null];
    let number = |key: &str| schema[key].as_f64();
    let count = |key: &str, limit: u64| schema[key].as_u64().filter(|count| *count <= limit);
    match schema["type"].as_str().unwrap_or_default() {
        "string" => {
            out.extend([json!(1), json!("!"), json!("")]);
            if let Some(most) = count("maxLength", MAX_TEXT) {
                let length = usize::try_from(most + 1).unwrap_or(1);
                out.push("a".repeat(length).into());
            }
        }
        "integer" => out.extend([json!("1"), json!(1.5), json!(9_007_199_254_740_993_i64)]),
        "number" => out.extend([json!("1"), json!(1.5)]),
        "boolean" => out.push(json!("true")),
        "array" => {
            out.extend([json!({}), json!([])]);
            if let Some(most) = count("maxItems", MAX_LIST) {
                let item = sample(&schema["items"], 0);
                out.push((0..=most).map(|_| item.clone()).collect());
            }
        }
        "object" => out.extend([json!([]), json!("x"), json!({})]),
        _ => out.push(json!(true)),
    }
    if let Some(least) = number("minimum") {
        out.push(json!(least - 1.0));
    }
    if let Some(most) = number("maximum") {
        out.push(json!(most + 1.0));
    }
    out
}
