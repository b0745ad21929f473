//! Waiting by one watch until enough objects are as they should be.

use std::collections::HashSet;
use std::future::Future;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use skein_testkit::Api;

/// Longest wait for a whole fleet.
const PATIENCE: Duration = Duration::from_secs(900);

/// Watches a collection from now on and, once `begin` has ended well, waits until `count` different objects were seen to be so.
pub async fn until<B>(
    api: &Api,
    collection: &str,
    count: usize,
    is_so: impl Fn(&Value) -> bool,
    begin: B,
) -> Result<()>
where
    B: Future<Output = Result<()>>,
{
    let list = api.get(&format!("{collection}?limit=1")).await?;
    let version = list["metadata"]["resourceVersion"].as_str();
    let mut version = version
        .context("the list has no resourceVersion")?
        .to_owned();
    let seen = async {
        let mut so = HashSet::new();
        // A server ends the watches of a custom kind when it takes up a change of its definition.
        while so.len() < count {
            version = watch(api, collection, &version, |object| {
                if is_so(object) {
                    so.insert(identity(object));
                } else {
                    so.remove(&identity(object));
                }
                so.len() >= count
            })
            .await?;
        }
        Ok(())
    };
    let both = async { futures::try_join!(begin, seen).map(|_| ()) };
    match tokio::time::timeout(PATIENCE, both).await {
        Ok(outcome) => outcome,
        Err(_) => bail!(
            "not in {} s: {count} objects of {collection}",
            PATIENCE.as_secs()
        ),
    }
}

/// One watch, until `look` has seen enough or the server ends it; the revision up to which it came.
async fn watch(
    api: &Api,
    collection: &str,
    from: &str,
    mut look: impl FnMut(&Value) -> bool,
) -> Result<String> {
    let path = format!("{collection}?watch=true&resourceVersion={from}");
    let mut answer = api.watch(&path).await?;
    let (mut version, mut buffer) = (from.to_owned(), Vec::new());
    while let Some(bytes) = answer.chunk().await.context("reading a watch")? {
        buffer.extend_from_slice(&bytes);
        while let Some(end) = buffer.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = buffer.drain(..=end).collect();
            let event: Value = serde_json::from_slice(&line).context("reading a watch event")?;
            let object = &event["object"];
            if let Some(seen) = object["metadata"]["resourceVersion"].as_str() {
                version = seen.to_owned();
            }
            if look(object) {
                return Ok(version);
            }
        }
    }
    Ok(version)
}

fn identity(object: &Value) -> (String, String) {
    let part = |name: &str| {
        object["metadata"][name]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    (part("namespace"), part("name"))
}

/// Whether the Deployment's controller has seen its newest generation.
pub fn is_current(deployment: &Value) -> bool {
    deployment["status"]["observedGeneration"] == deployment["metadata"]["generation"]
        && deployment["status"]["conditions"].is_array()
}

/// Whether the Kustomization is Ready at this revision.
pub fn is_ready_at(kustomization: &Value, commit: &str) -> bool {
    let status = &kustomization["status"];
    let revision = status["lastAppliedRevision"].as_str().unwrap_or_default();
    let conditions = status["conditions"].as_array().into_iter().flatten();
    revision.ends_with(commit)
        && conditions.into_iter().any(|condition| {
            condition["type"] == "Ready"
                && condition["status"] == "True"
                && condition["observedGeneration"] == kustomization["metadata"]["generation"]
        })
}
