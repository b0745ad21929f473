//! Observed states for the tests of the pure phases.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use skein_artifact::Collected;
use skein_object::Object;

use skein_api::GitRepository;

use super::{GitRepositories, Inputs};
use crate::in_storage::InStorage;
use crate::produced::Observed;

/// What is seen of a GitRepository with this spec (address and interval are added) and status.
pub(crate) fn observed(generation: i64, spec: &Value, status: &Value) -> Observed<GitRepositories> {
    let mut object = json!({
        "apiVersion": "source.toolkit.fluxcd.io/v1",
        "kind": "GitRepository",
        "metadata": {"name": "app", "namespace": "apps", "generation": generation},
        "spec": {"url": "https://example.com/app.git", "interval": "10m"},
        "status": status,
    });
    for (key, value) in spec.as_object().into_iter().flatten() {
        object["spec"][key] = value.clone();
    }
    let object = Object::from_value(object).unwrap();
    let source = GitRepository::from_object(&object).unwrap();
    let stored = if source.status.artifact.is_some() {
        InStorage::Good
    } else {
        InStorage::None
    };
    Observed {
        object: Arc::new(object),
        source,
        stored,
        artifact_url: None,
        collected: Collected::default(),
        inputs: Inputs {
            requeue_dependency: Duration::from_secs(30),
            ..Inputs::default()
        },
    }
}

/// The status after a good run of a generation.
pub(crate) fn good_status(generation: i64) -> Value {
    let message = "stored artifact for revision 'main@sha1:aa'";
    let condition = |name: &str| {
        json!({
            "type": name, "status": "True", "reason": "Succeeded", "message": message,
            "observedGeneration": generation, "lastTransitionTime": "2026-01-01T00:00:00Z",
        })
    };
    json!({
        "observedGeneration": generation,
        "artifact": {
            "path": "gitrepository/apps/app/aa.tar.gz", "url": "http://x/aa.tar.gz",
            "revision": "main@sha1:aa", "digest": "sha256:00",
            "lastUpdateTime": "2026-01-01T00:00:00Z", "size": 1,
        },
        "conditions": [condition("Ready"), condition("ArtifactInStorage")],
    })
}
