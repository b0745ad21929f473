//! Section `release`: Helm's records of releases, decoded.

use std::fmt;
use std::io::Read;

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::{GzDecoder, GzEncoder};
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::scenario::{Scenario, text};
use crate::world::World;

/// Type of the Secrets that hold a record.
pub const SECRET_TYPE: &str = "helm.sh/release.v1";

/// Characters of a file's digest that are recorded.
const DIGEST_CHARACTERS: usize = 16;

/// Labels with a unix time.
const STAMPS: &[&str] = &["createdAt", "modifiedAt"];

/// What follows a file that has a time.
const MODIFIED: &str = " modtime";

/// One item for each record in the scenario's namespaces.
pub async fn section(world: &World, scenario: &Scenario) -> Result<Value> {
    let mut items = Vec::new();
    for namespace in scenario.all_namespaces() {
        for secret in world.cluster.list("v1", "Secret", &namespace).await? {
            if secret["type"] == SECRET_TYPE {
                items.push(item(&secret)?);
            }
        }
    }
    Ok(Value::Array(items))
}

fn item(secret: &Value) -> Result<Value> {
    let metadata = &secret["metadata"];
    let name = text(&metadata["name"]);
    let json = decode(secret).with_context(|| format!("decoding {name}"))?;
    let mut release: Value = serde_json::from_slice(&json)?;
    describe_chart(&mut release["chart"]);
    let Keys(keys) = serde_json::from_slice(&json)?;
    let entries = metadata["managedFields"].as_array().into_iter().flatten();
    let managers = entries
        .map(|entry| format!("{} {}", text(&entry["manager"]), text(&entry["operation"])))
        .collect::<Vec<_>>();
    let mut labels = metadata["labels"].clone();
    for stamp in STAMPS {
        if let Some(label) = labels.get_mut(*stamp) {
            *label = json!("<unix>");
        }
    }
    Ok(json!({
        "secret": name,
        "namespace": metadata["namespace"],
        "type": secret["type"],
        "labels": labels,
        "annotations": metadata["annotations"],
        "managers": managers,
        "keyOrder": keys,
        "release": release,
    }))
}

/// JSON text of a record.
fn decode(secret: &Value) -> Result<Vec<u8>> {
    let outer = STANDARD.decode(text(&secret["data"]["release"]))?;
    let packed = STANDARD.decode(outer)?;
    let mut json = Vec::new();
    GzDecoder::new(packed.as_slice()).read_to_end(&mut json)?;
    Ok(json)
}

/// The Secret's data with another status in its record.
pub fn with_status(secret: &Value, status: &str) -> Result<String> {
    let mut release: Value = serde_json::from_slice(&decode(secret)?)?;
    release["info"]["status"] = json!(status);
    let json = serde_json::to_vec(&release)?;
    let mut packed = Vec::new();
    GzEncoder::new(json.as_slice(), Compression::best()).read_to_end(&mut packed)?;
    Ok(STANDARD.encode(STANDARD.encode(packed)))
}

/// Bodies are recorded as "name size digest".
fn describe_chart(chart: &mut Value) {
    for list in ["templates", "files"] {
        for file in chart[list].as_array_mut().into_iter().flatten() {
            let body = STANDARD.decode(text(&file["data"])).unwrap_or_default();
            let digest = hex::encode(Sha256::digest(&body));
            let digest = digest.get(..DIGEST_CHARACTERS).unwrap_or(&digest);
            let modified = if file["modtime"].is_null() {
                ""
            } else {
                MODIFIED
            };
            let name = text(&file["name"]);
            *file = json!(format!("{name} {} {digest}{modified}", body.len()));
        }
    }
}

/// Keys of a JSON object in the order of the text.
#[derive(Debug)]
struct Keys(Vec<String>);

impl<'de> Deserialize<'de> for Keys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(KeysVisitor)
    }
}

struct KeysVisitor;

impl<'de> Visitor<'de> for KeysVisitor {
    type Value = Keys;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Keys, A::Error> {
        let mut keys = Vec::new();
        while let Some((key, _)) = fields.next_entry::<String, IgnoredAny>()? {
            keys.push(key);
        }
        Ok(Keys(keys))
    }
}
