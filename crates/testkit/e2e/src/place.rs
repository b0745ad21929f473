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
const PATIENCE: Duration = Duration::from_secs(180);
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

    /// The repository.
    pub fn repository(&mut self) -> Result<&mut Repository> {
        let repository = self.repository.as_mut();
        repository.context("this place was opened without its repository")
    }

    /// Gives the repository away, for a place that is opened again.
    pub fn take_repository(&mut self) -> Result<Repository> {
        let repository = self.repository.take();
        repository.context("this place was opened without its repository")
    }

    /// The place with the repository that it had before.
    pub fn with_repository(mut self, repository: Repository) -> Self {
        self.repository = Some(repository);
        self
    }

    /// Commits one file of so many ConfigMaps whose names begin so, in the place of what was there.
    pub fn commit_set(&mut self, prefix: &str, count: usize) -> Result<String> {
        let maps = (0..count).map(|number| config_map(&format!("{prefix}-{number}"), "blue"));
        let text = maps.collect::<Vec<_>>().join("---\n");
        self.commit(&Files::from([("set.yaml", Some(text.as_str()))]))
    }

    /// URL of the repository over HTTP.
    pub fn url(&self) -> String {
        self.world.git.url(&format!("{}/app", self.namespace))
    }

    /// Commits on main and gives the commit's id.
    pub fn commit(&mut self, files: &Files<'_>) -> Result<String> {
        self.repository()?.commit(files, &Commit::default())
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
            "Service" => ("/api/v1", "services"),
            "Pod" => ("/api/v1", "pods"),
            "Event" => ("/api/v1", "events"),
            "Job" => ("/apis/batch/v1", "jobs"),
            "Gadget" => ("/apis/e2e.example.com/v1", "gadgets"),
            "Role" => ("/apis/rbac.authorization.k8s.io/v1", "roles"),
            "RoleBinding" => ("/apis/rbac.authorization.k8s.io/v1", "rolebindings"),
            "Deployment" => ("/apis/apps/v1", "deployments"),
            "GitRepository" => ("/apis/source.toolkit.fluxcd.io/v1", "gitrepositories"),
            "HelmChart" => ("/apis/source.toolkit.fluxcd.io/v1", "helmcharts"),
            "OCIRepository" => ("/apis/source.toolkit.fluxcd.io/v1", "ocirepositories"),
            "Kustomization" => ("/apis/kustomize.toolkit.fluxcd.io/v1", "kustomizations"),
            "HelmRelease" => ("/apis/helm.toolkit.fluxcd.io/v2", "helmreleases"),
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

    /// All objects of a kind in the namespace.
    pub async fn all(&self, kind: &str) -> Result<Vec<Value>> {
        let list = self.world.api.get(&self.collection(kind)?).await?;
        Ok(list["items"].as_array().cloned().unwrap_or_default())
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

    /// Waits for a status of the Ready condition about the newest generation of `app`, and gives its reason and message.
    pub async fn ready(&self, kind: &str, status: &str) -> Result<(String, String)> {
        self.ready_of(kind, "app", status).await
    }

    /// The same of an object of any name.
    pub async fn ready_of(&self, kind: &str, name: &str, status: &str) -> Result<(String, String)> {
        let what = format!("{kind}/{name} Ready={status}");
        self.ready_when(kind, name, &what, |condition| condition["status"] == status)
            .await
    }

    /// Waits until Ready is False with all these words in its message; gives reason and message.
    pub async fn refused(
        &self,
        kind: &str,
        name: &str,
        words: &[&str],
    ) -> Result<(String, String)> {
        let what = format!("{kind}/{name} is not ready and tells {words:?}");
        self.ready_when(kind, name, &what, |condition| {
            let message = condition["message"].as_str().unwrap_or_default();
            condition["status"] == "False" && words.iter().all(|word| message.contains(word))
        })
        .await
    }

    /// Waits until Ready is as wanted; gives reason and message of that moment, because the next attempt may change them.
    async fn ready_when(
        &self,
        kind: &str,
        name: &str,
        what: &str,
        is_wanted: impl Fn(&Value) -> bool,
    ) -> Result<(String, String)> {
        let deadline = Instant::now() + PATIENCE;
        let condition = loop {
            match self.ready_condition(kind, name).await? {
                Some(condition) if is_wanted(&condition) => break condition,
                _ => self.pause(deadline, what).await?,
            }
        };
        let part = |name: &str| condition[name].as_str().unwrap_or_default().to_owned();
        Ok((part("reason"), part("message")))
    }

    /// What Ready says now.
    pub async fn message(&self, kind: &str, name: &str) -> Result<String> {
        let condition = self.ready_condition(kind, name).await?.unwrap_or_default();
        Ok(condition["message"].as_str().unwrap_or_default().to_owned())
    }

    async fn ready_condition(&self, kind: &str, name: &str) -> Result<Option<Value>> {
        let Some(object) = self.find(kind, name).await? else {
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

    /// Names of the objects of a kind in the namespace that carry the owner label of a Kustomization, sorted.
    pub async fn owned(&self, kind: &str, owner: &str) -> Result<Vec<String>> {
        let label = "kustomize.toolkit.fluxcd.io/name";
        let path = format!("{}?labelSelector={label}%3D{owner}", self.collection(kind)?);
        let list = self.world.api.get(&path).await?;
        let items = list["items"].as_array().into_iter().flatten();
        let names = items.filter_map(|item| item["metadata"]["name"].as_str());
        let mut names: Vec<String> = names.map(str::to_owned).collect();
        names.sort();
        Ok(names)
    }

    /// Ids of the inventory of a Kustomization, sorted.
    pub async fn inventory(&self, name: &str) -> Result<Vec<String>> {
        let object = self.find("Kustomization", name).await?.unwrap_or_default();
        let entries = object["status"]["inventory"]["entries"]
            .as_array()
            .into_iter()
            .flatten();
        let ids = entries.filter_map(|entry| entry["id"].as_str());
        let mut ids: Vec<String> = ids.map(str::to_owned).collect();
        ids.sort();
        Ok(ids)
    }

    /// Messages of Warning events about an object.
    pub async fn warnings(&self, name: &str) -> Result<Vec<String>> {
        let list = self.world.api.get(&self.collection("Event")?).await?;
        let items = list["items"].as_array().into_iter().flatten();
        let about = items
            .filter(|event| event["type"] == "Warning" && event["involvedObject"]["name"] == name);
        Ok(about
            .filter_map(|event| Some(event["message"].as_str()?.to_owned()))
            .collect())
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
            self.pause(deadline, what).await?;
        }
        Ok(())
    }

    /// Waits for the next look, or tells how the Flux objects stand when there is to be none.
    async fn pause(&self, deadline: Instant, what: &str) -> Result<()> {
        if Instant::now() > deadline {
            bail!("not in {PATIENCE:?}: {what}; {}", self.state().await);
        }
        sleep(LOOK).await;
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
        let kinds = [
            "GitRepository",
            "OCIRepository",
            "HelmChart",
            "Kustomization",
            "HelmRelease",
        ];
        for kind in kinds {
            let Ok(path) = self.collection(kind) else {
                continue;
            };
            let list = self.world.api.get(&path).await.unwrap_or_default();
            for object in list["items"].as_array().into_iter().flatten() {
                let name = object["metadata"]["name"].as_str().unwrap_or_default();
                let conditions = &object["status"]["conditions"];
                text.push_str(&format!("{kind}/{name}: {conditions} "));
            }
        }
        text
    }
}

/// The object under another name.
pub fn named(mut object: Value, name: &str) -> Value {
    object["metadata"]["name"] = name.into();
    object
}

/// Fields of `more` win.
pub fn merge(into: &mut Value, more: &Value) {
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
