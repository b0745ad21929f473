//! The suffix that a generated ConfigMap or Secret gets from its content, bit for bit.

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use skein_yaml::{Node, node_fields_to_json};

use crate::error::{BuildError, Outcome, Problem};
use crate::go_json;
use crate::resource::Resource;

/// Characters of the suffix.
const SUFFIX_CHARACTERS: usize = 10;

/// The suffix of an object by its content.
pub(crate) fn suffix(resource: &Resource) -> Outcome<String> {
    let fields: &[&str] = match resource.kind() {
        "ConfigMap" => &["data", "binaryData"],
        "Secret" => &["data", "stringData", "type"],
        _ => return suffix_of_node(resource),
    };
    let mut map = Map::new();
    map.insert("kind".to_owned(), resource.kind().into());
    // kustomize means to hash the name, but looks for a field called `metadata/name`.
    map.insert("name".to_owned(), "".into());
    for field in fields {
        let value = field_value(&resource.node, field)?;
        let optional = matches!(*field, "binaryData" | "stringData");
        if !optional || value.is_object() {
            map.insert((*field).to_owned(), value);
        }
    }
    Ok(digest(&go_json::to_text(&Value::Object(map))))
}

/// The suffix of an object of another kind: kustomize hashes its node with all that go-yaml knows of it, places and comments included.
fn suffix_of_node(resource: &Resource) -> Outcome<String> {
    if resource.is_detailed {
        return Ok(digest(&node_fields_to_json(&resource.node)));
    }
    let kind = resource.kind();
    let message = format!(
        "the hash suffix of a {kind} covers the comments of its file, which cannot be followed: end its lines with line feeds"
    );
    Err(resource.blame(BuildError::from(Problem::Refused(message)).wanting_details()))
}

fn digest(text: &str) -> String {
    encode(&hex::encode(Sha256::digest(text.as_bytes())))
}

fn field_value(node: &Node, field: &str) -> Outcome<Value> {
    match node.get(field) {
        None => Ok("".into()),
        Some(value) if value.is_scalar() => Ok(value.value.as_str().into()),
        Some(value) => {
            let mut value = skein_yaml::reencoded_to_json(value)?;
            make_floats(&mut value);
            Ok(value)
        }
    }
}

/// All numbers pass through 64-bit floats: data of a generator has none, but that of a file may.
fn make_floats(value: &mut Value) {
    match value {
        Value::Number(number) => {
            if let Some(float) = number.as_f64() {
                *value = float.into();
            }
        }
        Value::Array(items) => items.iter_mut().for_each(make_floats),
        Value::Object(map) => map.values_mut().for_each(make_floats),
        _ => {}
    }
}

/// The first characters of the digest, without those that could make a word.
fn encode(hex: &str) -> String {
    hex.chars()
        .take(SUFFIX_CHARACTERS)
        .map(|c| match c {
            '0' => 'g',
            '1' => 'h',
            '3' => 'k',
            'a' => 'm',
            'e' => 't',
            other => other,
        })
        .collect()
}
