//! Random variations of good objects, directives of strategic patches, and operations of JSON patches.

use serde_json::{Map, Value, json};

use crate::random::Random;

/// How deep values are varied, in levels.
const MAX_DEPTH: usize = 12;

/// Values of every JSON type, of which most fit nowhere.
fn odd(random: &mut Random) -> Value {
    random
        .pick(&[
            Value::Null,
            json!("a"),
            json!(""),
            json!(1),
            json!(1.5),
            json!(true),
            json!([]),
            json!({}),
            json!(["a", "a"]),
            json!({ "a": "b" }),
        ])
        .clone()
}

/// Varies so many places of a value.
pub fn vary(random: &mut Random, value: &mut Value, times: usize) {
    for _ in 0..times {
        vary_at(random, value, 0);
    }
}

fn vary_at(random: &mut Random, value: &mut Value, depth: usize) {
    let descends = depth < MAX_DEPTH && !random.percent(12);
    match value {
        Value::Object(map) if descends && !map.is_empty() => {
            let keys: Vec<String> = map.keys().cloned().collect();
            let key = random.pick(&keys).clone();
            let is_leaf = !matches!(map.get(&key), Some(Value::Object(_) | Value::Array(_)));
            if is_leaf && random.percent(45) {
                if random.percent(60) {
                    map.remove(&key);
                } else {
                    map.insert(key, Value::Null);
                }
            } else if let Some(child) = map.get_mut(&key) {
                vary_at(random, child, depth + 1);
            }
        }
        Value::Array(list) if descends && !list.is_empty() => {
            let index = random.below(list.len());
            vary_at(random, &mut list[index], depth + 1);
        }
        _ => vary_here(random, value),
    }
}

fn vary_here(random: &mut Random, value: &mut Value) {
    if random.percent(5) {
        *value = odd(random);
        return;
    }
    match value {
        Value::String(text) => *text = (*random.pick(&["a", "b", "other", "80"])).to_owned(),
        Value::Number(_) => {
            *value = random
                .pick(&[json!(0), json!(1), json!(2), json!(7)])
                .clone()
        }
        Value::Bool(flag) => *flag = !*flag,
        Value::Null => *value = odd(random),
        Value::Array(list) => vary_list(random, list),
        Value::Object(map) => {
            if random.percent(40) {
                map.clear();
            } else {
                map.insert("added".to_owned(), json!("a"));
            }
        }
    }
}

fn vary_list(random: &mut Random, list: &mut Vec<Value>) {
    match random.below(5) {
        0 => list.reverse(),
        1 => drop(list.pop()),
        2 => list.clear(),
        3 => list.extend(list.first().cloned()),
        _ => {
            if let Some(mut copy) = list.first().cloned() {
                if let Value::Object(map) = &mut copy {
                    for key in ["name", "port", "containerPort", "type", "mountPath", "key"] {
                        if let Some(field) = map.get_mut(key) {
                            *field = if field.is_number() {
                                json!(81)
                            } else {
                                json!("more")
                            };
                        }
                    }
                } else if copy.is_string() {
                    copy = json!("more");
                }
                list.insert(random.below(list.len() + 1), copy);
            }
        }
    }
}

/// A part of a configuration: some of the fields below its specification.
pub fn part(random: &mut Random, body: &mut Map<String, Value>, share: usize) {
    for value in body.values_mut() {
        if let Value::Object(fields) = value {
            let keys: Vec<String> = fields.keys().cloned().collect();
            for key in keys {
                if !random.percent(share) {
                    fields.remove(&key);
                }
            }
        }
    }
}

/// Puts directives of strategic patches into a patch.
pub fn direct(random: &mut Random, patch: &mut Value, depth: usize) {
    let Value::Object(map) = patch else {
        return;
    };
    let keys: Vec<String> = map.keys().cloned().collect();
    for key in &keys {
        match map.get_mut(key) {
            Some(child @ Value::Object(_)) => direct(random, child, depth + 1),
            Some(Value::Array(list)) => {
                let order = direct_list(random, list);
                if let Some((directive, order)) = order {
                    map.insert(format!("${directive}/{key}"), order);
                }
            }
            _ => {}
        }
    }
    if depth == 0 {
        return;
    }
    if random.percent(6) {
        let way = *random.pick(&["replace", "replace", "merge", "delete", "other"]);
        map.insert("$patch".to_owned(), json!(way));
    }
    if random.percent(5) {
        let kept: Vec<&String> = keys.iter().filter(|_| random.percent(85)).collect();
        map.insert("$retainKeys".to_owned(), json!(kept));
    }
}

/// Directives in a list, and perhaps one for the field beside it.
fn direct_list(random: &mut Random, list: &mut Vec<Value>) -> Option<(&'static str, Value)> {
    let of_objects = list.iter().all(Value::is_object);
    if !of_objects {
        let directive = match random.below(8) {
            0 => "deleteFromPrimitiveList",
            1 => "setElementOrder",
            _ => return None,
        };
        return Some((directive, Value::Array(list.clone())));
    }
    for item in list.iter_mut() {
        direct(random, item, 2);
    }
    let key = [
        "name",
        "containerPort",
        "port",
        "mountPath",
        "key",
        "type",
        "ip",
    ]
    .into_iter()
    .find(|key| list.iter().any(|item| item.get(key).is_some()))?;
    match random.below(10) {
        0 => list.push(json!({ "$patch": "replace" })),
        1 => {
            let name = list.first().and_then(|item| item.get(key)).cloned();
            list.push(json!({ "$patch": "delete", key: name }));
        }
        2 => list.push(json!({ "$patch": "delete", key: "absent" })),
        3 => list.push(json!({ "$patch": "delete" })),
        4 | 5 => {
            let mut order: Vec<Value> = list
                .iter()
                .filter_map(|item| item.get(key))
                .map(|name| json!({ key: name }))
                .collect();
            if random.percent(40) {
                order.reverse();
            }
            if random.percent(30) {
                order.push(json!({ key: "side" }));
            }
            return Some(("setElementOrder", Value::Array(order)));
        }
        _ => {}
    }
    None
}

/// Operations of a JSON patch on places of the live object, of the body, and on some that are not there.
pub fn operations(random: &mut Random, live: &Value, body: &Value) -> Value {
    let mut out = Vec::new();
    for _ in 0..=random.below(3) {
        let path = pointer(random, live);
        let from = pointer(random, live);
        let value = match body.pointer(&path) {
            Some(value) if random.percent(60) => value.clone(),
            _ => match live.pointer(&path) {
                Some(value) if random.percent(60) => value.clone(),
                _ => odd(random),
            },
        };
        out.push(match random.below(9) {
            0..=2 => json!({ "op": "replace", "path": path, "value": value }),
            3 | 4 => json!({ "op": "add", "path": path, "value": value }),
            5 => json!({ "op": "remove", "path": path }),
            6 => json!({ "op": "test", "path": path, "value": value }),
            7 => json!({ "op": "move", "from": from, "path": path }),
            _ => json!({ "op": "copy", "from": from, "path": path }),
        });
    }
    Value::Array(out)
}

/// A place in the value, below which nothing of the server is: its identity stays.
fn pointer(random: &mut Random, live: &Value) -> String {
    let mut path = random
        .pick(&[
            "/spec",
            "/spec",
            "/spec",
            "/metadata/labels",
            "/metadata/annotations",
            "/data",
            "/rules",
        ])
        .to_string();
    for _ in 0..random.below(7) {
        match live.pointer(&path) {
            Some(Value::Object(map)) if !map.is_empty() => {
                let keys: Vec<&String> = map.keys().collect();
                let key = match random.percent(6) {
                    true => "absent".to_owned(),
                    false => random.pick(&keys).replace('~', "~0").replace('/', "~1"),
                };
                path = format!("{path}/{key}");
            }
            Some(Value::Array(list)) => {
                let index = match random.below(12) {
                    0 => "-".to_owned(),
                    1 => list.len().to_string(),
                    2 => (*random.pick(&["-1", "x", "9", "00"])).to_owned(),
                    _ => random.below(list.len()).to_string(),
                };
                path = format!("{path}/{index}");
            }
            _ => break,
        }
    }
    path
}
