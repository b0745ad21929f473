//! Our side: a control plane, a Git server, and one skein process with source and kustomize controller.

use std::path::Path;

use anyhow::{Context, Result};
use futures::future::try_join_all;
use futures::stream::{StreamExt as _, TryStreamExt as _};
use serde_json::{Value, json};
use skein_testkit::{Api, Commit, GitHttpServer, Options, Repository, Target};

use crate::manifests::{self, App, SOURCE, SOURCE_NAMESPACE};
use crate::subject::{Role, Subject};

const ROLE: Role = Role {
    component: "kustomize",
    account: "kustomize-controller",
    queue: "kustomization",
};
/// Requests of the set-up at a time.
const SETUP_JOBS: usize = 16;
/// Path of the collection of Kustomizations.
pub const KUSTOMIZATIONS: &str = "/apis/kustomize.toolkit.fluxcd.io/v1/kustomizations";

/// Everything that runs; dropped, it stops.
pub struct Fleet {
    pub subject: Subject,
    pub apps: Vec<App>,
    repository: Repository,
    _git: GitHttpServer,
    requests: u32,
}

impl Fleet {
    /// A control plane without skein, and the Git server with an empty repository.
    pub async fn plane(rate: u32) -> Result<Target> {
        let options = Options {
            pods: false,
            controller_rate: rate,
            audit: true,
            ..Options::default()
        };
        let plane = skein_testkit::ControlPlane::start(&options).await?;
        Ok(Target::Real(Box::new(plane)))
    }

    /// Starts skein on it.
    pub async fn start(target: Target, program: &Path, apps: Vec<App>) -> Result<Self> {
        let subject = Subject::start(target, program, &ROLE).await?;
        let repositories = subject.folder.path().join("git");
        std::fs::create_dir_all(&repositories).context("creating the folder of repositories")?;
        Ok(Self {
            subject,
            repository: Repository::create(&repositories, SOURCE)?,
            _git: GitHttpServer::start(&repositories).await?,
            apps,
            requests: 0,
        })
    }

    /// Makes the namespaces with their accounts, and the source.
    pub async fn make_tenants(&self) -> Result<()> {
        for namespace in manifests::namespaces(&self.apps) {
            for (collection, object) in manifests::tenant(&namespace) {
                self.subject.api.create(&collection, &object).await?;
            }
        }
        let collection = format!(
            "/apis/source.toolkit.fluxcd.io/v1/namespaces/{SOURCE_NAMESPACE}/gitrepositories"
        );
        let source = manifests::source(&self._git.url(SOURCE));
        self.subject.api.create(&collection, &source).await?;
        Ok(())
    }

    /// Makes the Kustomizations.
    pub async fn make_kustomizations(&self, interval: &str) -> Result<()> {
        let creations = self.apps.iter().map(|app| async move {
            let collection = kustomizations_of(&app.namespace);
            let created = self
                .subject
                .api
                .create(&collection, &app.kustomization(interval))
                .await;
            created.map(|_| ())
        });
        futures::stream::iter(creations)
            .buffer_unordered(SETUP_JOBS)
            .try_collect()
            .await
    }

    /// Writes a release of all apps and commits it; nothing is pushed to the server before.
    pub fn commit(&mut self, release: u32) -> Result<String> {
        let work = self.repository.work_tree().to_owned();
        for app in &self.apps {
            let folder = work.join(app.folder());
            std::fs::create_dir_all(&folder)?;
            std::fs::write(folder.join("app.yaml"), app.file(release))?;
            let kustomization = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [app.yaml]\n";
            std::fs::write(folder.join("kustomization.yaml"), kustomization)?;
        }
        self.repository.commit_work_tree(&Commit::default())
    }

    /// Asks for the source to be looked at, as a webhook does after a push.
    pub async fn notify(&mut self) -> Result<()> {
        self.requests += 1;
        let annotations =
            json!({"reconcile.fluxcd.io/requestedAt": format!("request-{}", self.requests)});
        let patch = json!({"metadata": {"annotations": annotations}});
        let path = format!(
            "/apis/source.toolkit.fluxcd.io/v1/namespaces/{SOURCE_NAMESPACE}/gitrepositories/{SOURCE}"
        );
        self.subject.api.patch(&path, "merge", &patch).await?;
        Ok(())
    }

    /// Changes the interval of all Kustomizations.
    pub async fn set_interval(&self, interval: &str) -> Result<()> {
        let patch = json!({"spec": {"interval": interval}});
        let changes = self.apps.iter().map(|app| {
            let (path, patch) = (
                format!("{}/{}", kustomizations_of(&app.namespace), app.name),
                patch.clone(),
            );
            async move {
                self.subject
                    .api
                    .patch(&path, "merge", &patch)
                    .await
                    .map(|_| ())
            }
        });
        futures::stream::iter(changes)
            .buffer_unordered(SETUP_JOBS)
            .try_collect()
            .await
    }

    /// The end of skein's log.
    pub fn last_words(&self) -> String {
        self.subject.daemon.last_words()
    }

    /// Makes all namespaces of other apps.
    pub async fn make_namespaces(api: &Api, apps: &[App]) -> Result<()> {
        let namespaces = manifests::namespaces(apps);
        let creations = namespaces.iter().map(|namespace| async move {
            let object =
                json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}});
            api.create("/api/v1/namespaces", &object).await
        });
        try_join_all(creations).await.map(|_: Vec<Value>| ())
    }
}

/// Path of the Kustomizations of a namespace.
pub fn kustomizations_of(namespace: &str) -> String {
    format!("/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/{namespace}/kustomizations")
}
