//! Chart.lock: the digest by which Helm tells whether it fits Chart.yaml, and its text.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::chart::{Dependency, Lock};
use crate::release::go_json;

/// The digest of what Chart.yaml asks for together with what was chosen, as Helm 3 and 4 make it. `None` stands for a dependency
/// without a choice. `required` carries the addresses of repositories, not their aliases.
pub fn digest(
    required: &[Dependency],
    locked: &[Option<Dependency>],
) -> serde_json::Result<String> {
    let required: Vec<Dependency> = required.iter().map(in_order).collect();
    let locked: Vec<Option<Dependency>> = locked
        .iter()
        .map(|locked| locked.as_ref().map(in_order))
        .collect();
    sum(&(required, locked))
}

/// The digest that Helm 2 made of requirements.yaml alone.
pub fn old_digest(required: &[Dependency]) -> serde_json::Result<String> {
    let required: Vec<Dependency> = required.iter().map(in_order).collect();
    sum(&BTreeMap::from([("dependencies", required)]))
}

/// The text of Chart.lock or requirements.lock.
pub fn to_yaml(lock: &Lock) -> serde_json::Result<String> {
    Ok(skein_yaml::to_string(&serde_json::to_value(lock)?))
}

/// A dependency whose free-form values have sorted keys, as Go writes maps.
fn in_order(dependency: &Dependency) -> Dependency {
    let mut dependency = dependency.clone();
    for value in &mut dependency.import_values {
        *value = sorted(value.take());
    }
    dependency
}

fn sorted(value: Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        Value::Object(fields) => {
            let mut fields: Vec<(String, Value)> = fields.into_iter().collect();
            fields.sort_by(|(left, _), (right, _)| left.cmp(right));
            let fields = fields.into_iter().map(|(key, item)| (key, sorted(item)));
            Value::Object(Map::from_iter(fields))
        }
        other => other,
    }
}

fn sum<T: Serialize>(value: &T) -> serde_json::Result<String> {
    let text = go_json::to_vec(value)?;
    Ok(format!("sha256:{}", hex::encode(Sha256::digest(text))))
}

#[cfg(test)]
mod tests;
