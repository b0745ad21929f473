//! Values made from a chart's own by rule, so that branches are rendered that nobody wrote values for.

use std::path::Path;

use serde_json::Value;
use skein_helm::values;

use crate::random::Random;
use crate::run::Request;

/// What a rule makes of one value with this key; the number counts the values before it.
type Rule = fn(&str, &Value, usize) -> Option<Value>;

const RULES: [(&str, Rule); 6] = [
    ("booleans", |_, value, _| match value {
        Value::Bool(value) => Some(Value::Bool(!value)),
        _ => None,
    }),
    ("enabled", |key, value, _| {
        let switch = ["enabled", "enable", "create", "install"].contains(&key);
        (switch && value.is_boolean()).then_some(Value::Bool(true))
    }),
    ("empty", |_, value, _| match value {
        Value::String(_) => Some(Value::from("")),
        Value::Array(_) => Some(Value::Array(Vec::new())),
        _ => None,
    }),
    ("nulls", |_, value, count| {
        let is_leaf = !value.is_object();
        (is_leaf && count.is_multiple_of(5)).then_some(Value::Null)
    }),
    ("kinds", |_, value, count| match value {
        Value::Number(number) => Some(Value::from(number.to_string())),
        Value::String(_) if count.is_multiple_of(3) => Some(Value::from(1_234_567)),
        _ => None,
    }),
    ("odd", |_, value, count| match value {
        Value::String(text) if count.is_multiple_of(2) => Some(Value::from(format!(
            "{text}: \"é\"\n  # {{{{ .x }}}} {count}"
        ))),
        Value::Number(_) => Some(Value::from(1e21)),
        _ => None,
    }),
];

/// Flags of a rendering that has nothing of the usual one.
const OTHER_FLAGS: [&str; 9] = [
    "--namespace",
    "0-other",
    "--is-upgrade",
    "--kube-version",
    "v1.21.14-gke.100",
    "--api-versions",
    "monitoring.coreos.com/v1,cert-manager.io/v1,policy/v1beta1,networking.k8s.io/v1beta1/Ingress",
    "--set",
    "fullnameOverride=full,global.imageRegistry=r.example,nameOverride=",
];

/// The requests, by the names of their rules.
pub fn requests(chart: &Path, usual: &Request) -> Vec<(String, Request)> {
    let mut other = usual.clone();
    other.release = "a.release-of-a-rather-long-name-that-is-53-characters".to_owned();
    other.flags = OTHER_FLAGS.map(str::to_owned).to_vec();
    let mut all = vec![("other-flags".to_owned(), other)];
    let text = std::fs::read(chart.join("values.yaml")).unwrap_or_default();
    let Ok(own) = values::read_documents(&text) else {
        return all;
    };
    let own = Value::Object(own);
    for (name, rule) in RULES {
        let mut changed = own.clone();
        change("", &mut changed, rule, &mut 0);
        if changed != own {
            let mut request = usual.clone();
            request.values = vec![changed.to_string()];
            all.push((name.to_owned(), request));
        }
    }
    all
}

/// One value in so many is changed by some other rule than that of booleans.
const RARELY: usize = 25;

/// The chart's own values, changed at random, by the numbers of their seeds.
pub fn at_random(
    chart: &Path,
    usual: &Request,
    seeds: std::ops::Range<u64>,
) -> Vec<(String, Request)> {
    let text = std::fs::read(chart.join("values.yaml")).unwrap_or_default();
    let Ok(own) = values::read_documents(&text) else {
        return Vec::new();
    };
    let own = Value::Object(own);
    seeds
        .map(|seed| {
            let mut changed = own.clone();
            mutate("", &mut changed, &mut Random::new(seed));
            let mut request = usual.clone();
            request.values = vec![changed.to_string()];
            (format!("random-{seed}"), request)
        })
        .collect()
}

/// Turns half of the switches on or off, and a few other values into something else.
fn mutate(key: &str, value: &mut Value, random: &mut Random) {
    match value {
        Value::Bool(switch) if !random.chance(RARELY) => *switch = random.chance(2),
        Value::Object(map) if map.is_empty() && random.chance(RARELY) => {
            map.insert("key".to_owned(), Value::from("value"));
        }
        Value::Object(map) => {
            for (key, value) in map.iter_mut() {
                mutate(key, value, random);
            }
        }
        Value::Array(items) if items.is_empty() && random.chance(RARELY) => {
            items.push(Value::from("item"));
        }
        Value::Array(items) => {
            for item in items {
                mutate(key, item, random);
            }
        }
        leaf if random.chance(RARELY) => {
            let (_, rule) = RULES[random.below(RULES.len())];
            if let Some(new) = rule(key, leaf, random.below(30)) {
                *leaf = new;
            }
        }
        _ => {}
    }
}

fn change(key: &str, value: &mut Value, rule: Rule, count: &mut usize) {
    *count += 1;
    if let Some(new) = rule(key, value, *count) {
        *value = new;
        return;
    }
    match value {
        Value::Object(map) => {
            for (key, value) in map.iter_mut() {
                change(key, value, rule, count);
            }
        }
        Value::Array(items) => {
            for item in items {
                change(key, item, rule, count);
            }
        }
        _ => {}
    }
}
