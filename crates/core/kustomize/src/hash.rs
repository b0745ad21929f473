//! The suffix that a generated ConfigMap or Secret gets from its content, bit for bit.

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use skein_yaml::Node;

use crate::error::{Outcome, Problem};
use crate::go_json;
use crate::resource::Resource;

/// Characters of the suffix.
const SUFFIX_CHARACTERS: usize = 10;

/// The suffix of an object by its content.
pub(crate) fn suffix(resource: &Resource) -> Outcome<String> {
    let fields: &[&str] = match resource.kind() {
        "ConfigMap" => &["data", "binaryData"],
        "Secret" => &["data", "stringData", "type"],
        kind => {
            let message =
                format!("a hash suffix is made for ConfigMaps and Secrets, not for a {kind}");
            return Err(resource.blame(Problem::Refused(message).into()));
        }
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
    let digest = Sha256::digest(go_json::to_text(&Value::Object(map)).as_bytes());
    Ok(encode(&hex::encode(digest)))
}

fn field_value(node: &Node, field: &str) -> Outcome<Value> {
    match node.get(field) {
        None => Ok("".into()),
        Some(value) if value.is_scalar() => Ok(value.value.as_str().into()),
        Some(value) => Ok(skein_yaml::reencoded_to_json(value)?),
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
