//! Whole runs of commands against the embedded API server: what goes in is a command line, what comes out is text.

mod changes;
mod helm;
mod helm_release;
mod refusals;

use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use clap::{CommandFactory, Parser};
use serde_json::{Value, json};
use skein_api::FluxKind;
use skein_apiserver::{Server, ServerOptions};
use skein_cluster::{ApiResource, Cluster};
use skein_object::{GroupVersionKind, Object};

use crate::{CliCommand, Output, hoist_global_flags};

#[derive(Parser)]
#[command(name = "skein")]
struct Whole {
    #[command(subcommand)]
    command: CliCommand,
}

/// Text that is written to and read from two places.
#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Buffer {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().expect("not poisoned")).into_owned()
    }
}

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0
            .lock()
            .expect("not poisoned")
            .extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A cluster with the kinds of Flux, and command lines against it.
struct World {
    cluster: Cluster,
    kubeconfig: tempfile::NamedTempFile,
    _server: Server,
}

/// What a command printed, and its error.
struct Run {
    out: String,
    err: String,
    code: Result<ExitCode, String>,
}

const REVISION: &str = "main@sha1:0123456789abcdef0123456789abcdef01234567";

impl World {
    async fn start() -> Self {
        skein_cluster::install_crypto_provider();
        let mut options = ServerOptions::in_memory(["test"]);
        options.simulate = false;
        let server = Server::start(options).await.expect("the server starts");
        let text = server.kubeconfig("test").expect("a cluster");
        let mut kubeconfig = tempfile::NamedTempFile::new().expect("a file");
        kubeconfig.write_all(text.as_bytes()).expect("written");
        let cluster = Cluster::from_kubeconfig_text(&text, "skein-test")
            .await
            .expect("connects");
        let world = Self {
            cluster,
            kubeconfig,
            _server: server,
        };
        for crd in skein_api::crds() {
            world.create(&crd).await;
        }
        for kind in FluxKind::ALL {
            world.resource(kind).await;
        }
        world
    }

    /// The resource of a kind, waiting until it is served.
    async fn resource(&self, kind: FluxKind) -> Arc<ApiResource> {
        let definition = kind.definition();
        let version = definition.storage_version();
        let gvk = GroupVersionKind::new(definition.group, version, definition.kind);
        for _ in 0..200 {
            if let Ok(resource) = self.cluster.resource(&gvk).await {
                return resource;
            }
            self.cluster.forget_discovery();
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        unreachable!("{gvk} is not served")
    }

    async fn create(&self, object: &Object) {
        let resource = self
            .cluster
            .resource(&object.gvk())
            .await
            .expect("a known kind");
        self.cluster
            .create(&resource, object, "test")
            .await
            .expect("created");
    }

    /// Creates a Flux object and writes its status.
    async fn flux(&self, kind: FluxKind, name: &str, spec: Value, mut status: Value) {
        let definition = kind.definition();
        let object = Object::from_value(json!({
            "apiVersion": definition.api_version(), "kind": definition.kind,
            "metadata": {"name": name, "namespace": "flux-system"}, "spec": spec,
        }))
        .expect("an object");
        self.create(&object).await;
        if status.is_null() {
            return;
        }
        status["observedGeneration"] = 1.into();
        let resource = self.resource(kind).await;
        let patch = json!({"status": status});
        self.cluster
            .merge_patch(
                &resource,
                ("flux-system", name),
                Some("status"),
                &patch,
                "test",
            )
            .await
            .expect("patched");
    }

    async fn run(&self, line: &str) -> Run {
        let mut words: Vec<std::ffi::OsString> = line.split(' ').map(Into::into).collect();
        words.push("--kubeconfig".into());
        words.push(self.kubeconfig.path().into());
        run_words(words).await
    }
}

async fn run_words(words: Vec<std::ffi::OsString>) -> Run {
    let whole = Whole::try_parse_from(hoist_global_flags(words)).expect("a command line");
    let (out, err) = (Buffer::default(), Buffer::default());
    let mut output = Output::new(out.clone(), err.clone());
    let code = crate::run(whole.command, Whole::command, &mut output).await;
    let code = code.map_err(|error| format!("{error:#}"));
    Run {
        out: out.text(),
        err: err.text(),
        code,
    }
}

fn ready(status: &str, reason: &str, message: &str) -> Value {
    json!([{"type": "Ready", "status": status, "reason": reason, "message": message,
        "lastTransitionTime": "2026-01-31T12:30:00Z", "observedGeneration": 1}])
}

/// A fleet with one source, an application that is well, and one that is not.
async fn fleet() -> World {
    let world = World::start().await;
    world
        .create(&Object::new(
            &GroupVersionKind::new("", "v1", "Namespace"),
            "",
            "flux-system",
        ))
        .await;
    let artifact = json!({
        "revision": REVISION, "digest": "sha256:00", "path": "p", "url": "http://s/p", "size": 2048,
        "lastUpdateTime": "2026-01-31T12:30:00Z",
    });
    world
        .flux(
            FluxKind::GitRepository,
            "fleet",
            json!({"url": "https://example.com/fleet", "interval": "1m", "ref": {"branch": "main"}}),
            json!({"artifact": artifact,
                "conditions": ready("True", "Succeeded", &format!("stored artifact for revision '{REVISION}'"))}),
        )
        .await;
    let spec = json!({"sourceRef": {"kind": "GitRepository", "name": "fleet"}, "interval": "10m", "prune": true, "path": "./apps"});
    world
        .flux(
            FluxKind::Kustomization,
            "apps",
            spec.clone(),
            json!({"lastAppliedRevision": REVISION,
                "inventory": {"entries": [
                    {"id": "flux-system_settings__ConfigMap", "v": "v1"},
                    {"id": "flux-system_infra_kustomize.toolkit.fluxcd.io_Kustomization", "v": "v1"}]},
                "conditions": ready("True", "ReconciliationSucceeded", &format!("Applied revision: {REVISION}"))}),
        )
        .await;
    world
        .flux(
            FluxKind::Kustomization,
            "infra",
            spec,
            json!({"conditions": ready("False", "BuildFailed", "kustomize build failed")}),
        )
        .await;
    let mut settings = Object::new(
        &GroupVersionKind::new("", "v1", "ConfigMap"),
        "flux-system",
        "settings",
    );
    settings.set_label("kustomize.toolkit.fluxcd.io/name", "apps");
    settings.set_label("kustomize.toolkit.fluxcd.io/namespace", "flux-system");
    world.create(&settings).await;
    world
}

#[test]
fn flags_do_not_collide() {
    Whole::command().debug_assert();
}

#[tokio::test(flavor = "multi_thread")]
async fn objects_are_shown() {
    let world = fleet().await;
    let run = world.run("skein get kustomizations").await;
    assert_eq!(
        run.out,
        "NAME \tREVISION          \tSUSPENDED\tREADY\tMESSAGE                              \n\
         apps \tmain@sha1:01234567\tFalse    \tTrue \tApplied revision: main@sha1:01234567\t\n\
         infra\t                  \tFalse    \tFalse\tkustomize build failed              \t\n"
    );
    let run = world
        .run("skein get ks -A --no-header --status-selector ready=false --show-source")
        .await;
    assert_eq!(
        run.out,
        "flux-system\tinfra\tGitRepository/flux-system/fleet\t\tFalse\tFalse\tkustomize build failed\t\n"
    );
    let run = world.run("skein get all").await;
    assert!(
        run.out.contains("gitrepository/fleet\tmain@sha1:01234567"),
        "{}",
        run.out
    );
    assert!(run.out.contains("kustomization/apps "), "{}", run.out);
    let run = world.run("skein -n nowhere get sources git fleet").await;
    assert_eq!(
        run.code.expect_err("is refused"),
        "GitRepository object 'fleet' not found in \"nowhere\" namespace"
    );
    let run = world.run("skein get sources oci").await;
    assert_eq!(
        run.code.expect_err("is refused"),
        "no OCIRepository objects found in \"flux-system\" namespace"
    );
    let run = world.run("skein stats").await;
    assert!(
        run.out
            .contains("GitRepository        \t1      \t0      \t0        \t2.0 KiB\t"),
        "{}",
        run.out
    );
    assert!(
        run.out
            .contains("Kustomization        \t2      \t1      \t0        \t-      \t"),
        "{}",
        run.out
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn trees_and_traces_are_drawn() {
    let world = fleet().await;
    let run = world.run("skein tree ks apps").await;
    assert_eq!(
        run.out,
        "Kustomization/flux-system/apps\n\
         ├── ConfigMap/flux-system/settings\n\
         └── Kustomization/flux-system/infra\n\n"
    );
    let run = world
        .run("skein tree kustomization apps --compact -o json")
        .await;
    let tree: Value = serde_json::from_str(&run.out).expect("JSON");
    assert_eq!(tree["resources"].as_array().map(Vec::len), Some(1));
    let run = world.run("skein trace cm/settings").await;
    assert!(
        run.out
            .starts_with("\nObject:          ConfigMap/settings\n"),
        "{}",
        run.out
    );
    assert!(run.out.contains("\nKustomization:   apps\n"), "{}", run.out);
    assert!(
        run.out
            .contains("\nURL:             https://example.com/fleet\nBranch:          main\n"),
        "{}",
        run.out
    );
    assert_eq!(run.err, "");
    let run = world.run("skein tree ks infra").await;
    assert!(
        run.err
            .starts_with("✗ Kustomization flux-system/infra fails: kustomize build failed"),
        "{}",
        run.err
    );
    assert!(run.err.contains("  to do: "), "{}", run.err);
    let run = world.run("skein trace namespace default").await;
    assert!(
        run.err.contains("object not managed by Flux"),
        "{}",
        run.err
    );
    assert!(run.code.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn objects_are_paused_exported_and_deleted() {
    let world = fleet().await;
    let run = world
        .run("skein suspend kustomization apps gone apps")
        .await;
    assert_eq!(
        run.err,
        "► suspending kustomization apps in flux-system namespace\n\
         ✔ kustomization suspended\n\
         ✗ Kustomization gone not found in flux-system namespace\n"
    );
    assert!(
        world
            .run("skein get ks apps")
            .await
            .out
            .contains("\tTrue     \tTrue \t")
    );
    let run = world.run("skein reconcile ks apps").await;
    assert_eq!(run.code.expect_err("is refused"), "resource is suspended");
    let run = world.run("skein resume ks apps --wait=false").await;
    assert_eq!(
        run.err,
        "► resuming kustomization apps in flux-system namespace\n✔ kustomization resumed\n"
    );
    let run = world.run("skein export source git fleet").await;
    assert_eq!(
        run.out,
        "---\napiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata:\n  name: fleet\n  \
         namespace: flux-system\nspec:\n  interval: 1m0s\n  ref:\n    branch: main\n  timeout: 1m0s\n  \
         url: https://example.com/fleet\n"
    );
    let run = world.run("skein delete ks infra --silent").await;
    assert_eq!(
        run.err,
        "► deleting kustomization infra in flux-system namespace\n✔ kustomization deleted\n"
    );
    assert!(world.run("skein get ks infra").await.code.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_waited_for() {
    let world = fleet().await;
    let resource = world.resource(FluxKind::Kustomization).await;
    let cluster = world.cluster.clone();
    let controller = tokio::spawn(async move {
        loop {
            let object = cluster
                .get(&resource, "flux-system", "apps")
                .await
                .expect("answers");
            let object = object.expect("is there");
            if let Some(request) = object.annotation("reconcile.fluxcd.io/requestedAt") {
                let patch = json!({"status": {"lastHandledReconcileAt": request}});
                let target = ("flux-system", "apps");
                cluster
                    .merge_patch(&resource, target, Some("status"), &patch, "test")
                    .await
                    .expect("patched");
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    let run = world.run("skein reconcile ks apps").await;
    controller.await.expect("ends");
    assert_eq!(
        run.err,
        format!(
            "► annotating Kustomization apps in flux-system namespace\n✔ Kustomization annotated\n\
             ◎ waiting for Kustomization reconciliation\n✔ applied revision {REVISION}\n"
        )
    );
    let run = world.run("skein --timeout 1s reconcile ks infra").await;
    assert_eq!(
        run.code.expect_err("is refused"),
        "timed out waiting for Kustomization infra: the request was not taken up; is the controller running?"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn local_files_are_compared() {
    let world = fleet().await;
    let folder = tempfile::tempdir().expect("a folder");
    let write = |text: &str| std::fs::write(folder.path().join("all.yaml"), text).expect("written");
    let path = folder.path().display().to_string();
    write(
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\n  namespace: flux-system\ndata:\n  a: b\n---\n\
         apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: new\n  namespace: flux-system\n",
    );
    let run = world
        .run(&format!("skein diff ks apps --path {path}"))
        .await;
    assert_eq!(
        run.out,
        "► ConfigMap/flux-system/settings drifted\n\n(root level)\n+ one map entry added:\n  data:\n    a: b\n\n\
         ► ConfigMap/flux-system/new created\n► Kustomization/flux-system/infra deleted\n",
        "{}",
        run.err
    );
    assert_eq!(run.code.expect("ends"), ExitCode::from(1));
    let run = world.run("skein diff ks apps --path /nowhere").await;
    assert_eq!(
        (run.code.expect("ends"), run.out.as_str()),
        (ExitCode::from(2), "")
    );
    let run = world
        .run(&format!("skein build ks apps --path {path}"))
        .await;
    assert!(
        run.out.contains("kustomize.toolkit.fluxcd.io/name: apps"),
        "{}",
        run.out
    );
    assert!(run.out.ends_with("---\n"));
}
