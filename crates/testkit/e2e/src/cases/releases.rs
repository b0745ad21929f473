//! HelmReleases: what all their cases share, a chart with switches and the questions about a release.

pub mod bad;
pub mod drift;
pub mod drivers;
pub mod failures;
pub mod handover;
pub mod interop;
pub mod life;
pub mod pending;
pub mod reach;
pub mod requests;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use skein_testkit::ChartFiles;

use crate::place::{Files, Place, merge};

const KIND: &str = "HelmRelease";

/// The object that every release of the chart has: its values show in it.
const SETTINGS: &str = "apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-settings
data:
  color: {{ .Values.color | quote }}
  revision: {{ .Release.Revision | quote }}
  {{- with .Values.more }}
  more: {{ . | quote }}
  {{- end }}
";

/// The API server refuses it.
const INVALID: &str = "{{ if .Values.invalid }}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-invalid
data: [no, map]
{{ end }}
";

/// A Job before installs and upgrades that ends as the values say.
const HOOK: &str = "{{ if .Values.hook }}
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ .Release.Name }}-before
  annotations:
    helm.sh/hook: pre-install,pre-upgrade
spec:
  backoffLimit: 0
  template:
    metadata:
      annotations:
        fake/outcome: {{ .Values.hook }}
    spec:
      restartPolicy: Never
      containers: [{name: main, image: example.com/hook}]
{{ end }}
";

/// A Pod that tests and ends as the values say.
const TEST: &str = "{{ if .Values.test }}
apiVersion: v1
kind: Pod
metadata:
  name: {{ .Release.Name }}-check
  annotations:
    helm.sh/hook: test
    fake/outcome: {{ .Values.test }}
spec:
  restartPolicy: Never
  containers: [{name: main, image: example.com/check}]
{{ end }}
";

/// A workload that takes a moment.
const WORKLOAD: &str = "{{ if .Values.workload }}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
spec:
  replicas: {{ .Values.replicas }}
  selector:
    matchLabels: {app: {{ .Release.Name }}}
  template:
    metadata:
      labels: {app: {{ .Release.Name }}}
    spec:
      containers: [{name: main, image: example.com/main, ports: [{containerPort: 80}]}]
---
apiVersion: v1
kind: Service
metadata:
  name: {{ .Release.Name }}
spec:
  selector: {app: {{ .Release.Name }}}
  ports: [{port: 80}]
{{ end }}
";

/// The files of the chart `web` in a version.
pub fn chart(version: &str) -> ChartFiles {
    let metadata =
        format!("apiVersion: v2\nname: web\nversion: {version}\nappVersion: \"{version}\"\n");
    let values = "color: grey\nreplicas: 1\ninvalid: false\nworkload: false\n";
    [
        ("Chart.yaml", metadata.as_str()),
        ("values.yaml", values),
        ("templates/settings.yaml", SETTINGS),
        ("templates/invalid.yaml", INVALID),
        ("templates/hook.yaml", HOOK),
        ("templates/test.yaml", TEST),
        ("templates/workload.yaml", WORKLOAD),
        (
            "templates/NOTES.txt",
            "{{ .Release.Name }} is {{ .Values.color }}.\n",
        ),
    ]
    .into_iter()
    .map(|(path, text)| (path.to_owned(), text.to_owned()))
    .collect()
}

impl Place<'_> {
    /// Commits a chart as the folder `chart` of the repository.
    pub fn commit_chart(&mut self, chart: &ChartFiles) -> Result<String> {
        self.commit_folder("chart", chart)
    }

    /// Commits a chart as a folder of the repository.
    pub fn commit_folder(&mut self, folder: &str, chart: &ChartFiles) -> Result<String> {
        let files: Vec<(String, &str)> = chart
            .iter()
            .map(|(path, text)| (format!("{folder}/{path}"), text.as_str()))
            .collect();
        let files: Files<'_> = files
            .iter()
            .map(|(path, text)| (path.as_str(), Some(*text)))
            .collect();
        self.commit(&files)
    }

    /// The HelmRelease `app` of the chart in the repository, with further fields of its spec.
    pub fn release(&self, fields: &Value) -> Value {
        let source = json!({"kind": "GitRepository", "name": "app"});
        let chart =
            json!({"chart": "./chart", "sourceRef": source, "reconcileStrategy": "Revision"});
        self.release_of(&json!({"chart": {"spec": chart}}), fields)
    }

    /// The HelmRelease `app` of a chart.
    fn release_of(&self, chart: &Value, fields: &Value) -> Value {
        let mut object = json!({
            "apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": KIND, "metadata": {"name": "app"},
            "spec": {"interval": "1h", "timeout": "40s"},
        });
        merge(&mut object["spec"], chart);
        merge(&mut object["spec"], fields);
        object
    }

    /// A chart in the registry as OCIRepository, and the HelmRelease `app` of it.
    pub async fn release_from_registry(&self, version: &str, fields: &Value) -> Result<[Value; 2]> {
        let charts = self.world.charts().await?;
        charts.push(&self.namespace, &chart(version))?;
        let media = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";
        let source = json!({
            "apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "OCIRepository", "metadata": {"name": "web"},
            "spec": {
                "interval": "1h", "url": format!("oci://{}/{}/web", charts.address(), self.namespace), "insecure": true,
                "ref": {"semver": "*"}, "layerSelector": {"mediaType": media, "operation": "copy"},
            },
        });
        let chart = json!({"chartRef": {"kind": "OCIRepository", "name": "web"}});
        Ok([source, self.release_of(&chart, fields)])
    }

    /// The chart in Git, its source and the HelmRelease `app`, all as wanted.
    pub async fn start_release(&mut self, fields: &Value) -> Result<()> {
        self.commit_chart(&chart("1.0.0"))?;
        self.create_all(&[self.source(&json!({})), self.release(fields)])
            .await?;
        self.ready(KIND, "True").await?;
        Ok(())
    }

    /// Sets fields of the spec of `app`.
    pub async fn change(&self, fields: &Value) -> Result<()> {
        self.patch(KIND, "app", &json!({"spec": fields})).await
    }

    /// Waits until the settings of a release show this color.
    pub async fn shows(&self, release: &str, color: &str) -> Result<()> {
        let name = format!("{release}-settings");
        self.until(&format!("{name} is {color}"), || async {
            Ok(self.value(&name, "color").await?.as_deref() == Some(color))
        })
        .await
    }

    /// Revision and status of each entry of the history in the status, newest first.
    pub async fn snapshots(&self) -> Result<Vec<(i64, String)>> {
        let object = self.find(KIND, "app").await?.unwrap_or_default();
        let history = object["status"]["history"].as_array().into_iter().flatten();
        history
            .map(|entry| {
                let version = entry["version"].as_i64().context("a snapshot's version")?;
                let status = entry["status"].as_str().unwrap_or_default();
                Ok((version, status.to_owned()))
            })
            .collect()
    }

    /// Requires these entries of the history, newest first.
    pub async fn has_snapshots(&self, expected: &[(i64, &str)]) -> Result<()> {
        let found = self.snapshots().await?;
        let expected: Vec<(i64, String)> = expected
            .iter()
            .map(|(version, status)| (*version, (*status).to_owned()))
            .collect();
        ensure!(found == expected, "history {found:?}, not {expected:?}");
        Ok(())
    }

    /// Status, reason and message of a condition of `app`.
    pub async fn condition(&self, kind: &str) -> Result<(String, String, String)> {
        let object = self.find(KIND, "app").await?.unwrap_or_default();
        let conditions = object["status"]["conditions"].as_array();
        let condition = conditions
            .into_iter()
            .flatten()
            .find(|condition| condition["type"] == kind)
            .cloned()
            .unwrap_or_default();
        let part = |name: &str| condition[name].as_str().unwrap_or_default().to_owned();
        Ok((part("status"), part("reason"), part("message")))
    }

    /// Waits until a condition of `app` has this status and reason; gives its message.
    pub async fn comes(&self, kind: &str, status: &str, reason: &str) -> Result<String> {
        self.until(&format!("{kind}={status} {reason}"), || async {
            let (now, why, _) = self.condition(kind).await?;
            Ok(now == status && why == reason)
        })
        .await?;
        Ok(self.condition(kind).await?.2)
    }

    /// Waits until the chart of this commit is deployed and `app` is ready.
    pub async fn deploys(&self, commit: &str) -> Result<()> {
        const SHORT: usize = 12;
        let short = commit.get(..SHORT).unwrap_or(commit);
        self.until(&format!("the chart of {short} is deployed"), || async {
            let object = self.find(KIND, "app").await?.unwrap_or_default();
            let newest = &object["status"]["history"][0];
            let version = newest["chartVersion"].as_str().unwrap_or_default();
            Ok(version.contains(short) && newest["status"] == "deployed")
        })
        .await?;
        self.ready(KIND, "True").await.map(drop)
    }

    /// Waits until an object is gone.
    pub async fn goes(&self, kind: &str, name: &str) -> Result<()> {
        self.until(&format!("{kind}/{name} is gone"), || async {
            Ok(self.find(kind, name).await?.is_none())
        })
        .await
    }

    /// Deletes the HelmRelease and waits until it is gone.
    pub async fn remove(&self, name: &str) -> Result<()> {
        self.world.api.delete(&self.path(KIND, name)?).await?;
        self.goes(KIND, name).await
    }
}
