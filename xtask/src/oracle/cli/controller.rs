//! Stands in for all controllers: answers what commands ask of objects, so that waiting commands come to an end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};

use super::api::{self, Api};

/// How often objects are looked at.
const POLL_INTERVAL: Duration = Duration::from_millis(250);

/// Annotation of objects that fail or are never answered.
const ANSWER: &str = "oracle.skein.dev/answer";

const REVISION: &str = "main@sha1:4e1c3b8a9d0f5e6b7c8d9e0f1a2b3c4d5e6f7a8b";

/// Runs until it is dropped.
pub struct Controller {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Controller {
    /// Answers in these namespaces.
    pub fn start(api: Arc<Api>, namespaces: [String; 2]) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let seen = stop.clone();
        let thread = std::thread::spawn(move || {
            while !seen.load(Ordering::Relaxed) {
                // An object that was deleted meanwhile needs no answer.
                let _answered = answer(&api, &namespaces);
                std::thread::park_timeout(POLL_INTERVAL);
            }
        });
        Self {
            stop,
            thread: Some(thread),
        }
    }
}

impl Drop for Controller {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // A panic of the thread has been printed.
            let _ended = thread.join();
        }
    }
}

fn answer(api: &Api, namespaces: &[String; 2]) -> Result<()> {
    for resource in api::FLUX {
        for object in api.list(resource)? {
            let namespace = &object["metadata"]["namespace"];
            if !namespaces.iter().any(|own| namespace == own) {
                continue;
            }
            let word = object["metadata"]["annotations"][ANSWER]
                .as_str()
                .unwrap_or("ready");
            let kind = object["kind"].as_str().unwrap_or_default();
            let is_static = matches!(kind, "Alert" | "Provider") || object["spec"]["type"] == "oci";
            if is_static
                || word == "never"
                || object["spec"]["suspend"] == true
                || is_answered(&object)
            {
                continue;
            }
            api.patch_status(resource, &object, &status(&object, kind, word))?;
        }
    }
    Ok(())
}

fn is_answered(object: &Value) -> bool {
    let requested = &object["metadata"]["annotations"]["reconcile.fluxcd.io/requestedAt"];
    let is_handled =
        requested.is_null() || *requested == object["status"]["lastHandledReconcileAt"];
    is_handled && object["status"]["observedGeneration"] == object["metadata"]["generation"]
}

/// What the controller of the kind would write.
fn status(object: &Value, kind: &str, word: &str) -> Value {
    let metadata = &object["metadata"];
    let (ready, reason, message) = match word {
        "failed" => ("False", "Failed", "it cannot be done: line 1\nline 2"),
        _ => ("True", "Succeeded", "it is done"),
    };
    let mut status = json!({
        "observedGeneration": metadata["generation"],
        "conditions": [{"type": "Ready", "status": ready, "reason": reason, "message": message,
            "observedGeneration": metadata["generation"], "lastTransitionTime": "2022-02-02T02:02:02Z"}],
    });
    if let Some(requested) = metadata["annotations"]["reconcile.fluxcd.io/requestedAt"].as_str() {
        status["lastHandledReconcileAt"] = requested.into();
    }
    match kind {
        "Kustomization" => {
            status["lastAppliedRevision"] = REVISION.into();
            status["lastAttemptedRevision"] = REVISION.into();
        }
        "HelmRelease" => status["lastAttemptedRevision"] = "1.2.3".into(),
        "ImageRepository" => {
            status["lastScanResult"] = json!({"tagCount": 7, "scanTime": "2022-02-02T02:02:02Z", "latestTags": ["b", "a"]});
        }
        "ImagePolicy" => status["latestRef"] = json!({"name": "example.com/app", "tag": "1.0.0"}),
        "ImageUpdateAutomation" => status["lastAutomationRunTime"] = "2022-02-02T02:02:02Z".into(),
        "Receiver" => status["webhookPath"] = "/hook/0123".into(),
        _ => {
            status["artifact"] = json!({"revision": REVISION, "path": "p", "url": "http://example.com/p",
                "digest": "sha256:4e1c3b8a9d0f5e6b7c8d9e0f1a2b3c4d5e6f7a8b4e1c3b8a9d0f5e6b7c8d9e0f",
                "lastUpdateTime": "2022-02-02T02:02:02Z"});
        }
    }
    status
}
