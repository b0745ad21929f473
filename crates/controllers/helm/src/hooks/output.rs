//! Output of hooks: what their containers wrote goes to the controller's log where the chart asks for it
//! (`helm.sh/hook-output-log-policy`), as the `helm` command prints it.

use std::time::Duration;

use futures::AsyncReadExt as _;
use futures::io::AsyncBufRead;
use serde_json::Value;
use skein_cluster::{ApiError, ApiResource, ListOptions, LogOptions};
use skein_helm::release::RecordedHook;
use skein_object::{GroupVersionKind, Object};

use crate::action::Action;

/// Lines of one container that are told, from its end.
const LINES_MAX: i64 = 1_000;
/// Bytes of one container that are told.
const OUTPUT_MAX_BYTES: u64 = 256 * 1024;
/// Time for reading the output of one hook.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Label that a Job puts on its Pods.
const JOB_LABEL: &str = "job-name";

impl Action<'_> {
    /// Tells the output of a hook that has the policy. What goes wrong is told too, and changes nothing for the release.
    pub(crate) async fn tell_output(&self, hook: &RecordedHook, policy: &str) {
        let has_policy = |known: &String| known == policy;
        if !hook.output_log_policies.iter().any(has_policy) {
            return;
        }
        let told = tokio::time::timeout(TIMEOUT, self.tell_pods(hook)).await;
        let problem = match told {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("not read within {} s", TIMEOUT.as_secs()),
        };
        tracing::warn!(
            release = %self.name, namespace = %self.namespace, hook = %hook.name, %problem,
            "output of a hook cannot be told"
        );
    }

    async fn tell_pods(&self, hook: &RecordedHook) -> Result<(), ApiError> {
        for pod in self.pods_of(hook).await? {
            let containers = pod.at(&["spec", "containers"]).and_then(Value::as_array);
            for container in containers.into_iter().flatten() {
                let container = container["name"].as_str().unwrap_or_default();
                let options = LogOptions {
                    container: Some(container.to_owned()),
                    tail_lines: Some(LINES_MAX),
                    ..LogOptions::default()
                };
                let cluster = &self.target.cluster;
                let log = cluster
                    .pod_log(pod.namespace(), pod.name(), &options)
                    .await?;
                for line in read(log).await.lines() {
                    tracing::info!(
                        release = %self.name, namespace = %self.namespace, hook = %hook.name,
                        pod = pod.name(), container, "hook output: {line}"
                    );
                }
            }
        }
        Ok(())
    }

    /// The Pods that ran a hook: those of a Job, or the Pod that the hook is.
    async fn pods_of(&self, hook: &RecordedHook) -> Result<Vec<Object>, ApiError> {
        let resource = ApiResource::new(&GroupVersionKind::new("", "v1", "Pod"), "pods", true);
        let namespace = self.namespace_of(hook);
        let cluster = &self.target.cluster;
        match hook.kind.as_str() {
            "Job" => {
                let scope = ListOptions {
                    namespace,
                    label_selector: format!("{JOB_LABEL}={}", hook.name),
                    ..ListOptions::default()
                };
                Ok(cluster.list(&resource, &scope).await?.items)
            }
            "Pod" => {
                let found = cluster.get(&resource, &namespace, &hook.name).await?;
                Ok(found.into_iter().collect())
            }
            _ => Ok(Vec::new()),
        }
    }

    fn namespace_of(&self, hook: &RecordedHook) -> String {
        let objects = crate::resources::parse(&hook.manifest).unwrap_or_default();
        let named = objects
            .iter()
            .find_map(|object| object["metadata"]["namespace"].as_str());
        match named {
            Some(namespace) if !namespace.is_empty() => namespace.to_owned(),
            _ => self.namespace.clone(),
        }
    }
}

/// The text of a log up to the limit; what breaks off ends it.
async fn read(log: impl AsyncBufRead) -> String {
    let mut bytes = Vec::new();
    let mut log = Box::pin(log.take(OUTPUT_MAX_BYTES));
    if let Err(error) = log.read_to_end(&mut bytes).await {
        tracing::debug!(%error, "a log of a hook broke off");
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
