//! A namespace with a repository, a source and a Kustomization, and the questions that cases ask.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use skein_testkit::{Commit, Repository};
use tokio::time::sleep;

use crate::world::World;

/// How long a change may take to arrive.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(100);

/// How long we watch that nothing happens.
const CALM: Duration = Duration::from_secs(3);

/// Numbers of the requests for reconciliation: each is used once.
static REQUESTS: AtomicU32 = AtomicU32::new(1);

/// One case's part of the cluster.
pub struct Place<'a> {
    pub world: &'a World,
    pub namespace: String,
    /// Nothing in a place that was opened again.
    repository: Option<Repository>,
}

/// Files of a commit; nothing removes one.
pub type Files<'a> = BTreeMap<&'a str, Option<&'a str>>;

impl<'a> Place<'a> {
    /// Makes the namespace and an empty repository `<namespace>/app`.
    pub async fn create(world: &'a World, namespace: &str) -> Result<Self> {
        let object =
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}});
        world.api.create("/api/v1/namespaces", &object).await?;
        let served = format!("{namespace}/app");
        Ok(Self {
            repository: Some(Repository::create(&world.repositories(), &served)?),
            world,
            namespace: namespace.to_owned(),
        })
    }

    /// A place that was made before.
    pub fn open(world: &'a World, namespace: &str) -> Self {
        Self {
            world,
            namespace: namespace.to_owned(),
            repository: None,
        }
    }

    /// URL of the repository over HTTP.
    pub fn url(&self) -> String {
        self.world.git.url(&format!("{}/app", self.namespace))
    }

    /// Commits on main and gives the commit's id.
    pub fn commit(&mut self, files: &Files<'_>) -> Result<String> {
        let repository = self.repository.as_mut();
        repository
            .context("this place was opened without its repository")?
            .commit(files, &Commit::default())
    }

    /// The source `app`, with further fields of its spec.
    pub fn source(&self, fields: &Value) -> Value {
        let mut object = json!({
            "apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository", "metadata": {"name": "app"},
            "spec": {"interval": "1h", "url": self.url(), "ref": {"branch": "main"}},
        });
        merge(&mut object["spec"], fields);
        object
    }

    /// The Kustomization `app` of that source, with further fields of its spec.
    pub fn kustomization(&self, fields: &Value) -> Value {
        let mut object = json!({
            "apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization", "metadata": {"name": "app"},
            "spec": {
                "interval": "1h", "prune": true, "path": "./", "targetNamespace": self.namespace,
                "sourceRef": {"kind": "GitRepository", "name": "app"},
            },
        });
        merge(&mut object["spec"], fields);
        object
    }

    /// Creates objects in the namespace.
    pub async fn create_all(&self, objects: &[Value]) -> Result<()> {
        for object in objects {
            let kind = object["kind"].as_str().unwrap_or_default();
            self.world
                .api
                .create(&self.collection(kind)?, object)
                .await?;
        }
        Ok(())
    }

    /// Path of a collection in the namespace.
    fn collection(&self, kind: &str) -> Result<String> {
        let (root, plural) = match kind {
            "ConfigMap" => ("/api/v1", "configmaps"),
            "Secret" => ("/api/v1", "secrets"),
            "ServiceAccount" => ("/api/v1", "serviceaccounts"),
            "Role" => ("/apis/rbac.authorization.k8s.io/v1", "roles"),
            "RoleBinding" => ("/apis/rbac.authorization.k8s.io/v1", "rolebindings"),
            "Deployment" => ("/apis/apps/v1", "deployments"),
            "GitRepository" => ("/apis/source.toolkit.fluxcd.io/v1", "gitrepositories"),
            "Kustomization" => ("/apis/kustomize.toolkit.fluxcd.io/v1", "kustomizations"),
            other => bail!("no path for {other}"),
        };
        Ok(format!("{root}/namespaces/{}/{plural}", self.namespace))
    }

    /// Path of an object in the namespace.
    pub fn path(&self, kind: &str, name: &str) -> Result<String> {
        Ok(format!("{}/{name}", self.collection(kind)?))
    }

    /// An object of the namespace, if it is there.
    pub async fn find(&self, kind: &str, name: &str) -> Result<Option<Value>> {
        self.world.api.find(&self.path(kind, name)?).await
    }

    /// Merges fields into an object.
    pub async fn patch(&self, kind: &str, name: &str, patch: &Value) -> Result<()> {
        let path = self.path(kind, name)?;
        self.world.api.patch(&path, "merge", patch).await?;
        Ok(())
    }

    /// Asks for a reconciliation and waits until it was handled.
    pub async fn reconcile(&self, kind: &str, name: &str) -> Result<()> {
        let number = REQUESTS.fetch_add(1, Ordering::Relaxed);
        let request = format!("request-{number}");
        let annotations = json!({"reconcile.fluxcd.io/requestedAt": request});
        self.patch(
            kind,
            name,
            &json!({"metadata": {"annotations": annotations}}),
        )
        .await?;
        self.until(&format!("{kind}/{name} has handled {request}"), || async {
            let object = self.find(kind, name).await?;
            Ok(object.is_some_and(|object| {
                object["status"]["lastHandledReconcileAt"] == request.as_str()
            }))
        })
        .await
    }

    /// Waits for a status of the Ready condition about the newest generation, and gives its reason and message.
    pub async fn ready(&self, kind: &str, status: &str) -> Result<(String, String)> {
        let what = format!("{kind}/app Ready={status}");
        self.until(&what, || async {
            let condition = self.ready_condition(kind).await?;
            Ok(condition.is_some_and(|condition| condition["status"] == status))
        })
        .await?;
        let condition = self.ready_condition(kind).await?.unwrap_or_default();
        let part = |name: &str| condition[name].as_str().unwrap_or_default().to_owned();
        Ok((part("reason"), part("message")))
    }

    async fn ready_condition(&self, kind: &str) -> Result<Option<Value>> {
        let Some(object) = self.find(kind, "app").await? else {
            return Ok(None);
        };
        let conditions = object["status"]["conditions"].as_array();
        Ok(conditions
            .into_iter()
            .flatten()
            .find(|condition| {
                condition["type"] == "Ready"
                    && condition["observedGeneration"] == object["metadata"]["generation"]
            })
            .cloned())
    }

    /// Waits until the Kustomization has applied this commit.
    pub async fn applied(&self, commit: &str) -> Result<()> {
        self.until(&format!("commit {commit} is applied"), || async {
            let object = self.find("Kustomization", "app").await?.unwrap_or_default();
            let revision = object["status"]["lastAppliedRevision"].as_str();
            Ok(revision.is_some_and(|revision| revision.contains(commit)))
        })
        .await
    }

    /// Value of a key of a ConfigMap.
    pub async fn value(&self, name: &str, key: &str) -> Result<Option<String>> {
        let object = self.find("ConfigMap", name).await?;
        Ok(object.and_then(|object| Some(object["data"][key].as_str()?.to_owned())))
    }

    /// Waits until it is so; an error tells how the Flux objects stand.
    pub async fn until<F>(&self, what: &str, mut is_so: impl FnMut() -> F) -> Result<()>
    where
        F: Future<Output = Result<bool>>,
    {
        let deadline = Instant::now() + PATIENCE;
        while !is_so().await? {
            if Instant::now() > deadline {
                bail!("not in {PATIENCE:?}: {what}; {}", self.state().await);
            }
            sleep(LOOK).await;
        }
        Ok(())
    }

    /// Fails if it stops being so within a few seconds.
    pub async fn stays<F>(&self, what: &str, mut is_so: impl FnMut() -> F) -> Result<()>
    where
        F: Future<Output = Result<bool>>,
    {
        let end = Instant::now() + CALM;
        while Instant::now() < end {
            ensure!(is_so().await?, "no longer: {what}; {}", self.state().await);
            sleep(LOOK).await;
        }
        Ok(())
    }

    async fn state(&self) -> String {
        let mut text = String::new();
        for kind in ["GitRepository", "Kustomization"] {
            let object = self.find(kind, "app").await.ok().flatten();
            let conditions = object.map(|object| object["status"]["conditions"].clone());
            text.push_str(&format!("{kind}: {} ", conditions.unwrap_or_default()));
        }
        text
    }
}

/// Fields of `more` win.
fn merge(into: &mut Value, more: &Value) {
    for (key, field) in more.as_object().into_iter().flatten() {
        into[key] = field.clone();
    }
}

/// A ConfigMap as a file.
pub fn config_map(name: &str, value: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\ndata:\n  key: {value}\n")
}

/// The object's identity and version: equal means that nobody wrote it.
pub fn version(object: &Value) -> Result<(String, String)> {
    let part = |name: &str| {
        let text = object["metadata"][name].as_str();
        text.map(str::to_owned)
            .with_context(|| format!("the object has no {name}"))
    };
    Ok((part("uid")?, part("resourceVersion")?))
}
