//! Schemas on other addresses, to which a chart's values.schema.json may refer: fetched as Helm fetches them, with a bound on their size.

use std::time::Duration;

use skein_http::{ClientOptions, client, read_body, reason_of};

/// Helm's patience with one schema.
const FETCH_LIMIT: Duration = Duration::from_secs(15);
/// Largest schema that is read (schemas of all of Kubernetes have 2 MiB).
const MAX_SCHEMA_BYTES: u64 = 16 << 20;

/// The text at an address; why there is none is said in Helm's words.
pub async fn fetch(address: &str) -> Result<Vec<u8>, String> {
    let failed =
        |reason: String| format!("HTTP request failed for {address}: Get \"{address}\": {reason}");
    let options = ClientOptions {
        user_agent: concat!("skein/", env!("CARGO_PKG_VERSION")),
        ..ClientOptions::default()
    };
    let client = client(&options).map_err(|error| failed(error.to_string()))?;
    let request = client.get(address).timeout(FETCH_LIMIT);
    let response = request.send().await;
    let response = response.map_err(|error| failed(reason_of(&error)))?;
    let status = response.status();
    if status.as_u16() != 200 {
        let (code, words) = (status.as_u16(), status.canonical_reason());
        let words = words.unwrap_or_default();
        return Err(format!(
            "HTTP request to {address} returned status {code} ({words})"
        ));
    }
    let body = read_body(response, MAX_SCHEMA_BYTES).await;
    body.map_err(|error| error.to_string())
}
