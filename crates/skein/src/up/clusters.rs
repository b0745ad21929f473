//! The embedded clusters of `skein up`: started, bootstrapped with Flux's kinds and the sync objects, given controllers.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::json;
use skein_apiserver::{ClusterOptions, Server, ServerOptions, Storage};
use skein_cluster::{ApplyOptions, Cluster, KubeconfigPolicy};
use skein_helm::release::StorageDriver;
use skein_object::{GroupVersionKind, Object};
use skein_runtime::{ControllerOptions, FeatureGates, Metrics};
use skein_source_controller::{UrlRewrites, Waker};
use tempfile::TempDir;

use crate::roles::apiserver::write_kubeconfig;
use crate::roles::set::{Component, ControllerSet, DriftDetection, SetOptions, Tuning};

use super::copies;
use super::layout::{ClusterPlan, FLUX_SYSTEM, Layout};
use super::repository::Served;

/// Field manager of what bootstrap makes.
pub(super) const MANAGER: &str = "skein-up";
/// How long the API may take to serve Flux's kinds.
const ESTABLISH_TIMEOUT: Duration = Duration::from_secs(30);
/// Objects worked on at a time, per controller.
const CONCURRENT: usize = 8;

/// What to start.
pub struct FleetOptions<'a> {
    /// The clusters.
    pub layout: &'a Layout,
    /// The repository.
    pub served: &'a Served,
    /// Addresses served from this machine.
    pub rewrites: UrlRewrites,
    /// Folder for kubeconfigs and state.
    pub state_dir: &'a Path,
    /// Keep nothing.
    pub ephemeral: bool,
    /// The first cluster is a hub for the others.
    pub hub: bool,
}

struct Member {
    name: String,
    cluster: Cluster,
    kubeconfig: PathBuf,
    controllers: Option<ControllerSet>,
}

/// A task that ends with its owner.
struct AbortOnDrop(tokio::task::JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Running clusters.
pub struct Fleet {
    server: Server,
    members: Vec<Member>,
    /// Brings to the hub what Flux objects of spokes refer to.
    copies: Option<AbortOnDrop>,
    /// Artifacts of an ephemeral run.
    _artifacts: Option<TempDir>,
}

impl Fleet {
    /// Starts the clusters and their controllers.
    pub async fn start(options: FleetOptions<'_>) -> Result<Self> {
        let names: Vec<&str> = options
            .layout
            .clusters
            .iter()
            .map(|cluster| cluster.name.as_str())
            .collect();
        let state = options.state_dir.join("state");
        let server = Server::start(ServerOptions {
            storage: if options.ephemeral {
                Storage::Memory
            } else {
                Storage::Folder(state.join("api"))
            },
            clusters: names
                .iter()
                .map(|name| ClusterOptions::named(*name))
                .collect(),
            ..ServerOptions::in_memory(names.iter().copied())
        })
        .await?;
        let artifacts = match options.ephemeral {
            true => Some(tempfile::tempdir().context("making a folder for artifacts")?),
            false => None,
        };
        let artifact_root = artifacts
            .as_ref()
            .map_or_else(|| state.join("artifacts"), |dir| dir.path().to_owned());
        let mut members = Vec::new();
        for plan in &options.layout.clusters {
            let kubeconfig = write_kubeconfig(&server, &plan.name, options.state_dir)?;
            let text = server.kubeconfig(&plan.name).unwrap_or_default();
            let cluster = Cluster::from_kubeconfig_text(&text, "skein-up").await?;
            members.push(Member {
                name: plan.name.clone(),
                cluster,
                kubeconfig,
                controllers: None,
            });
        }
        let mut fleet = Self {
            server,
            members,
            copies: None,
            _artifacts: artifacts,
        };
        for (number, plan) in options.layout.clusters.iter().enumerate() {
            fleet.bootstrap(number, plan, &options).await?;
        }
        if options.hub {
            fleet.connect_spokes(&options).await?;
        }
        // Spokes have controllers too: what a Kustomization brings there may hold Flux objects, which nobody else would attend.
        for number in 0..fleet.members.len() {
            let folder = artifact_root.join(&fleet.members[number].name);
            let set = ControllerSet::start(
                fleet.members[number].cluster.clone(),
                set_options(folder, options.rewrites.clone())?,
                Metrics::default(),
            );
            fleet.members[number].controllers = Some(set.await?);
        }
        if options.hub {
            fleet.follow_copies();
        }
        Ok(fleet)
    }

    fn follow_copies(&mut self) {
        let Some((hub, spokes)) = self.members.split_first() else {
            return;
        };
        let spokes = spokes.iter().map(|m| (m.name.clone(), m.cluster.clone()));
        let copies = copies::follow(hub.cluster.clone(), spokes.collect());
        self.copies = Some(AbortOnDrop(tokio::spawn(copies)));
    }

    async fn bootstrap(
        &self,
        number: usize,
        plan: &ClusterPlan,
        options: &FleetOptions<'_>,
    ) -> Result<()> {
        let cluster = &self.members[number].cluster;
        for crd in skein_api::crds() {
            apply(cluster, &crd).await?;
        }
        let kustomization =
            GroupVersionKind::new("kustomize.toolkit.fluxcd.io", "v1", "Kustomization");
        let started = Instant::now();
        while cluster.resource(&kustomization).await.is_err() {
            if started.elapsed() > ESTABLISH_TIMEOUT {
                bail!("the cluster {} does not serve Flux's kinds", plan.name);
            }
            cluster.forget_discovery();
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        apply(cluster, &namespace(FLUX_SYSTEM)).await?;
        let is_spoke = options.hub && number > 0;
        if !is_spoke {
            for object in plan.sync_objects(&options.served.address, &options.served.branch) {
                apply(cluster, &object).await?;
            }
        }
        Ok(())
    }

    /// Gives the hub a kubeconfig of every spoke. A spoke that the hub's own folder does not name is run from a namespace of the hub: its
    /// Flux objects go there with `spec.kubeConfig` set.
    async fn connect_spokes(&self, options: &FleetOptions<'_>) -> Result<()> {
        let Some((hub, spokes)) = self.members.split_first() else {
            return Ok(());
        };
        let has_hub_folder = options
            .layout
            .clusters
            .first()
            .is_some_and(|plan| plan.path == "hub");
        for (member, plan) in spokes.iter().zip(options.layout.clusters.iter().skip(1)) {
            apply(&hub.cluster, &namespace(&member.name)).await?;
            let text = self.server.kubeconfig(&member.name).unwrap_or_default();
            for (at, name) in [
                (member.name.clone(), SPOKE_SECRET.to_owned()),
                (
                    FLUX_SYSTEM.to_owned(),
                    format!("{}-kubeconfig", member.name),
                ),
            ] {
                let gvk = GroupVersionKind::new("", "v1", "Secret");
                let mut secret = Object::new(&gvk, &at, &name);
                secret.set(&["stringData"], json!({"value": text}));
                apply(&hub.cluster, &secret).await?;
            }
            if !has_hub_folder {
                for object in spoke_objects(plan, options.served) {
                    apply(&hub.cluster, &object).await?;
                }
            }
        }
        Ok(())
    }

    /// Names and clients.
    pub fn clusters(&self) -> impl Iterator<Item = (&str, &Cluster)> {
        self.members
            .iter()
            .map(|member| (member.name.as_str(), &member.cluster))
    }

    /// Names and kubeconfig files.
    pub fn kubeconfigs(&self) -> impl Iterator<Item = (&str, &Path)> {
        self.members
            .iter()
            .map(|member| (member.name.as_str(), member.kubeconfig.as_path()))
    }

    /// Wakes sources of all clusters.
    pub fn wakers(&self) -> Vec<Waker> {
        let sets = self
            .members
            .iter()
            .filter_map(|member| member.controllers.as_ref());
        sets.filter_map(|set| set.waker().cloned()).collect()
    }

    /// Stops controllers, then the API.
    pub async fn stop(self, grace: Duration) {
        drop(self.copies);
        for member in self.members {
            if let Some(controllers) = member.controllers {
                controllers.stop(grace).await;
            }
        }
        self.server.stop().await;
    }
}

fn set_options(storage_path: PathBuf, rewrites: UrlRewrites) -> Result<SetOptions> {
    Ok(SetOptions {
        components: vec![Component::Source, Component::Kustomize, Component::Helm],
        controller: ControllerOptions {
            concurrent: CONCURRENT,
            requeue_dependency: Duration::from_secs(5),
            // A repository may use them; what nobody serves is told as such.
            feature_gates: FeatureGates::parse("ExternalArtifact=true")?,
            ..ControllerOptions::default()
        },
        events_addr: String::new(),
        storage_path,
        storage_addr: "127.0.0.1:0".into(),
        storage_adv_addr: String::new(),
        artifact_retention_ttl: Duration::from_secs(60),
        artifact_retention_records: 2,
        drift_detection: DriftDetection::Watch,
        kubeconfig_policy: KubeconfigPolicy::default(),
        rewrites,
        helm_storage_driver: StorageDriver::default(),
        tuning: Tuning::default(),
    })
}

fn namespace(name: &str) -> Object {
    Object::new(&GroupVersionKind::new("", "v1", "Namespace"), "", name)
}

/// What runs a spoke's folder from the hub: its source, a Kustomization that brings the folder's Flux objects to the hub, and one
/// that brings everything else to the spoke.
fn spoke_objects(plan: &ClusterPlan, served: &Served) -> Vec<Object> {
    let plan_of_folder = ClusterPlan {
        sync: Vec::new(),
        ..plan.clone()
    };
    let mut objects = Vec::new();
    for mut object in plan_of_folder.sync_objects(&served.address, &served.branch) {
        object.set(&["metadata", "namespace"], plan.name.clone().into());
        if object.kind() == "Kustomization" {
            let mut on_spoke = object.clone();
            on_spoke.set(&["metadata", "name"], SPOKE_PART.into());
            on_spoke.set(
                &["spec", "kubeConfig"],
                json!({"secretRef": {"name": SPOKE_SECRET}}),
            );
            on_spoke.set(&["spec", "patches"], without_flux_objects());
            objects.push(on_spoke);
            object.set(&["spec", "targetNamespace"], plan.name.clone().into());
            object.set(&["spec", "patches"], only_flux_objects(&plan.sync));
        }
        objects.push(object);
    }
    objects
}

/// How the groups of Flux end.
const FLUX_SUFFIX: &str = ".toolkit.fluxcd.io";
/// All groups of Flux, as a target of patches.
const FLUX_GROUPS: &str = r".*\.toolkit\.fluxcd\.io";
/// A patch that takes its target out of the build.
const DELETE_PATCH: &str =
    "$patch: delete\napiVersion: any/v1\nkind: Any\nmetadata:\n  name: any\n";
/// Name of the Kustomization with a spoke's plain objects.
const SPOKE_PART: &str = "spoke";
/// Secret with the kubeconfig of the spoke, in its namespace of the hub.
const SPOKE_SECRET: &str = "cluster-kubeconfig";

/// Patches that make the hub ignore what is not Flux's, and make what is work on the spoke. The folder's own sync objects are left out:
/// the hub has its own in their place.
fn only_flux_objects(sync: &[Object]) -> serde_json::Value {
    let setting = skein_api::names::SSA_SETTING;
    let ignore = format!(
        "apiVersion: any/v1\nkind: Any\nmetadata:\n  name: any\n  annotations:\n    {setting}: Ignore\n"
    );
    let connect = format!(
        "- op: add\n  path: /spec/kubeConfig\n  value:\n    secretRef:\n      name: {SPOKE_SECRET}\n"
    );
    let without = sync.iter().map(|object| {
        let target = json!({"group": object.gvk().group, "kind": object.kind(), "namespace": object.namespace(), "name": object.name()});
        json!({"target": target, "patch": DELETE_PATCH})
    });
    let patches = [
        json!({"target": {"group": not_ending_with(FLUX_SUFFIX)}, "patch": ignore}),
        json!({"target": {"group": "kustomize.toolkit.fluxcd.io", "kind": "Kustomization"}, "patch": connect}),
        json!({"target": {"group": "helm.toolkit.fluxcd.io", "kind": "HelmRelease"}, "patch": connect}),
    ];
    without.chain(patches).collect()
}

/// An expression, in the language of patch targets, for every text that does not end so. That language cannot negate: the
/// text is a shorter end of the suffix, or has such an end after a character that differs.
fn not_ending_with(suffix: &str) -> String {
    let mut alternatives = Vec::new();
    for (place, differs) in suffix.char_indices() {
        let end = suffix[place + differs.len_utf8()..].replace('.', r"\.");
        alternatives.push(end.clone());
        alternatives.push(format!(".*[^{differs}]{end}"));
    }
    format!("({})", alternatives.join("|"))
}

/// A patch that leaves Flux's objects out.
fn without_flux_objects() -> serde_json::Value {
    json!([{"target": {"group": FLUX_GROUPS}, "patch": DELETE_PATCH}])
}

pub(super) async fn apply(cluster: &Cluster, object: &Object) -> Result<()> {
    let what = || format!("applying {}", object.key());
    let resource = cluster.resource(&object.gvk()).await.with_context(what)?;
    let options = ApplyOptions {
        field_manager: MANAGER,
        force: true,
        ..ApplyOptions::default()
    };
    cluster
        .apply(&resource, object, &options)
        .await
        .with_context(what)?;
    Ok(())
}
