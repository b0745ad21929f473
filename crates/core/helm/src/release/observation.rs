//! Digests by which Flux recognises its own releases: of the record as it was observed, and of the values.

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use skein_template::raw_text;

use super::{Info, RecordedHook, Release, go_json};
use crate::chart::Metadata;
use crate::values::Values;

/// The event of test hooks: others may run tests by hand, so these hooks take no part in the digest.
const TEST: &str = "test";

/// What of a record counts, in the order in which it is written.
#[derive(Serialize)]
struct Observation<'r> {
    name: &'r str,
    version: i64,
    info: &'r Info,
    #[serde(rename = "chartMetadata")]
    chart_metadata: &'r Metadata,
    config: Option<&'r Values>,
    manifest: &'r str,
    hooks: Option<Vec<&'r RecordedHook>>,
    namespace: &'r str,
    #[serde(rename = "ociDigest", skip_serializing_if = "str::is_empty")]
    oci_digest: &'r str,
}

/// The digest of a record, `sha256:…`. `oci_digest` is that of the artifact that the chart came in, empty for none.
pub fn digest(release: &Release, oci_digest: &str) -> String {
    let nothing = Metadata::default();
    let hooks: Vec<&RecordedHook> = release
        .hooks
        .iter()
        .filter(|hook| !hook.runs_at(TEST))
        .collect();
    let observation = Observation {
        name: &release.name,
        version: release.version,
        info: &release.info,
        chart_metadata: release
            .chart
            .as_ref()
            .map_or(&nothing, |chart| &chart.metadata),
        config: (!release.config.is_empty()).then_some(&release.config),
        manifest: &release.manifest,
        hooks: (!hooks.is_empty()).then_some(hooks),
        namespace: &release.namespace,
        oci_digest,
    };
    // A record has only strings, numbers and maps with text keys: it can always be written.
    let mut json = go_json::to_vec(&observation).unwrap_or_default();
    json.push(b'\n');
    text(&json)
}

/// The digest of values, `sha256:…`: of their YAML sorted by the bytes of the keys; of nothing when there are none.
pub fn config_digest(values: &Values) -> String {
    if values.is_empty() {
        return text(&[]);
    }
    let yaml = skein_yaml::to_string_sorted_by_bytes(&in_unicode_table(values));
    text(yaml.as_bytes())
}

/// The value as it comes back out of Go's JSON.
fn in_unicode(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(raw_text::to_unicode(text).into_owned()),
        Value::Array(items) => items.iter().map(in_unicode).collect(),
        Value::Object(map) => in_unicode_table(map),
        other => other.clone(),
    }
}

fn in_unicode_table(values: &Values) -> Value {
    let entries = values
        .iter()
        .map(|(key, item)| (raw_text::to_unicode(key).into_owned(), in_unicode(item)));
    Value::Object(entries.collect())
}

/// The digest of any value as Go's JSON encoder writes it, with the final line feed.
pub fn json_digest<T: Serialize + ?Sized>(value: &T) -> String {
    let mut json = go_json::to_vec(value).unwrap_or_default();
    json.push(b'\n');
    text(&json)
}

fn text(bytes: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(bytes)))
}
