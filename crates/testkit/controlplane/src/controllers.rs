//! Our controllers as users run them: `skein controllers`, one process for each, with accounts of their own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::api::{Api, status_of};
use crate::daemon::{Daemon, free_port};
use crate::target::{Target, until};

/// Controllers that we have: the component's name and its account.
pub const COMPONENTS: &[(&str, &str)] = &[
    ("source", "source-controller"),
    ("kustomize", "kustomize-controller"),
    ("helm", "helm-controller"),
];

/// Namespace of the controllers.
const NAMESPACE: &str = "flux-system";

const DEFINITIONS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const BINDINGS: &str = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings";

/// What the controllers are told.
#[derive(Debug, Clone)]
pub struct ControllerOptions {
    /// The skein binary.
    pub program: PathBuf,
    /// Folder for artifacts and logs.
    pub folder: PathBuf,
    /// Base URL that receives notifications; empty for none.
    pub events: String,
    /// Further flags.
    pub flags: Vec<String>,
}

/// Running controllers; dropped, they stop.
#[derive(Debug)]
pub struct Controllers {
    options: ControllerOptions,
    storage_address: String,
    metrics_addresses: BTreeMap<&'static str, String>,
    /// Flux's own controllers, where they run in the place of ours, by component.
    real: BTreeMap<&'static str, PathBuf>,
    running: Vec<(&'static str, Daemon)>,
}

impl Controllers {
    /// Installs the definitions, the namespace and the rights, and starts all components.
    pub async fn start(target: &Target, options: ControllerOptions) -> Result<Self> {
        let mut controllers = Self::prepare(target, options).await?;
        for (component, _) in COMPONENTS {
            controllers.start_component(target, component)?;
        }
        Ok(controllers)
    }

    /// Installs everything, starts nothing.
    pub async fn prepare(target: &Target, options: ControllerOptions) -> Result<Self> {
        let mut metrics_addresses = BTreeMap::new();
        for (component, _) in COMPONENTS {
            metrics_addresses.insert(*component, format!("127.0.0.1:{}", free_port()?));
        }
        let controllers = Self {
            storage_address: format!("127.0.0.1:{}", free_port()?),
            metrics_addresses,
            real: BTreeMap::new(),
            running: Vec::new(),
            options,
        };
        std::fs::create_dir_all(controllers.storage())
            .context("creating the folder of artifacts")?;
        install(&target.api()?, &controllers.options.program).await?;
        Ok(controllers)
    }

    /// From now on the component that this program of Flux is (`helm-controller`, `kustomize-controller`) is started in the place of ours.
    pub fn use_real(&mut self, program: PathBuf) -> Result<()> {
        let name = program.file_name().unwrap_or_default().to_string_lossy();
        let known = COMPONENTS.iter().find(|(_, account)| *account == name);
        let (component, _) =
            known.with_context(|| format!("{name} is no controller that ours stands in for"))?;
        self.real.insert(component, program);
        Ok(())
    }

    /// From now on the component is ours again.
    pub fn use_ours(&mut self, component: &str) {
        self.real.remove(component);
    }

    /// Components that are started from now on get these further flags.
    pub fn set_flags(&mut self, flags: Vec<String>) {
        self.options.flags = flags;
    }

    /// Starts one component.
    pub fn start_component(&mut self, target: &Target, component: &'static str) -> Result<()> {
        let account = account_of(component)?;
        let kubeconfig = target.kubeconfig_of(account)?;
        if let Some(program) = self.real.get(component) {
            let daemon = self.start_real(component, program, &kubeconfig)?;
            self.running.push((component, daemon));
            return Ok(());
        }
        let pairs = [
            ("components", component.to_owned()),
            ("kubeconfig", kubeconfig.to_string_lossy().into_owned()),
            (
                "storage-path",
                self.storage().to_string_lossy().into_owned(),
            ),
            ("storage-addr", self.storage_address.clone()),
            ("storage-adv-addr", self.storage_address.clone()),
            ("events-addr", self.options.events.clone()),
            ("metrics-addr", self.metrics_address(component)?),
            ("health-addr", String::new()),
            ("interval-jitter-percentage", "0".to_owned()),
        ];
        let mut flags = vec!["controllers".to_owned()];
        flags.extend(pairs.map(|(name, value)| format!("--{name}={value}")));
        flags.extend(self.options.flags.iter().cloned());
        let log = self.log_of(component);
        let daemon = Daemon::start(account, &self.options.program, &flags, &log)?;
        self.running.push((component, daemon));
        Ok(())
    }

    fn start_real(
        &self,
        component: &'static str,
        program: &Path,
        kubeconfig: &Path,
    ) -> Result<Daemon> {
        let mut flags = vec![
            format!("--events-addr={}", self.options.events),
            "--metrics-addr=127.0.0.1:0".to_owned(),
            "--health-addr=127.0.0.1:0".to_owned(),
            "--interval-jitter-percentage=0".to_owned(),
            "--enable-leader-election=false".to_owned(),
            "--concurrent=12".to_owned(),
        ];
        match component {
            "kustomize" => flags.push("--concurrent-ssa=1".to_owned()),
            "source" => flags.extend([
                format!("--storage-path={}", self.storage().display()),
                format!("--storage-addr={}", self.storage_address),
                format!("--storage-adv-addr={}", self.storage_address),
            ]),
            _ => {}
        }
        let environment = [
            ("RUNTIME_NAMESPACE", Path::new(NAMESPACE)),
            ("KUBECONFIG", kubeconfig),
        ];
        let log = self.log_of(component);
        Daemon::start_with(account_of(component)?, program, &flags, &environment, &log)
    }

    /// Ends one component as a rollout does.
    pub fn stop_component(&mut self, component: &str) {
        for (name, daemon) in &mut self.running {
            if *name == component {
                daemon.stop();
            }
        }
        self.running.retain(|(name, _)| *name != component);
    }

    /// Ends one component at once, as SIGKILL and a lost machine do.
    pub fn kill_component(&mut self, component: &str) {
        // Dropping a daemon kills it.
        self.running.retain(|(name, _)| *name != component);
    }

    /// Folder of the artifacts.
    pub fn storage(&self) -> PathBuf {
        self.options.folder.join("storage")
    }

    /// Host and port of the artifact server.
    pub fn storage_address(&self) -> &str {
        &self.storage_address
    }

    /// What a component exposes for Prometheus.
    pub async fn metrics_of(&self, component: &str) -> Result<String> {
        let url = format!("http://{}/metrics", self.metrics_address(component)?);
        let answer = reqwest::get(&url)
            .await
            .with_context(|| format!("GET {url}"))?;
        Ok(answer.error_for_status()?.text().await?)
    }

    fn metrics_address(&self, component: &str) -> Result<String> {
        let address = self.metrics_addresses.get(component).cloned();
        address.with_context(|| format!("no component {component:?}"))
    }

    /// File with the output of a component.
    pub fn log_of(&self, component: &str) -> PathBuf {
        self.options.folder.join(format!("{component}.log"))
    }

    /// An error if a controller has ended by itself.
    pub fn check(&mut self) -> Result<()> {
        self.running
            .iter_mut()
            .try_for_each(|(_, daemon)| daemon.check())
    }
}

fn account_of(component: &str) -> Result<&'static str> {
    COMPONENTS
        .iter()
        .find(|(name, _)| *name == component)
        .map(|(_, account)| *account)
        .with_context(|| format!("no component {component:?}"))
}

async fn install(api: &Api, program: &Path) -> Result<()> {
    let definitions = definitions(program)?;
    for definition in &definitions {
        create(api, DEFINITIONS, definition).await?;
    }
    let namespace =
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}});
    create(api, "/api/v1/namespaces", &namespace).await?;
    let subjects: Vec<_> = COMPONENTS
        .iter()
        .map(|(_, name)| json!({"kind": "ServiceAccount", "name": name, "namespace": NAMESPACE}))
        .collect();
    let role = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"});
    let binding = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
        "metadata": {"name": "flux-controllers"}, "subjects": subjects, "roleRef": role,
    });
    create(api, BINDINGS, &binding).await?;
    for definition in &definitions {
        let name = definition["metadata"]["name"].as_str().unwrap_or_default();
        // A kind is served a moment after its definition is there.
        until(&format!("{name} is served"), || async {
            let live = api.get(&format!("{DEFINITIONS}/{name}")).await?;
            let conditions = live["status"]["conditions"]
                .as_array()
                .into_iter()
                .flatten();
            let mut conditions = conditions.filter(|condition| condition["type"] == "Established");
            match conditions.next() {
                Some(condition) if condition["status"] == "True" => Ok(()),
                _ => bail!("it is not established"),
            }
        })
        .await?;
    }
    Ok(())
}

/// What `skein crds` prints.
fn definitions(program: &Path) -> Result<Vec<Value>> {
    let output = Command::new(program)
        .arg("crds")
        .output()
        .with_context(|| format!("starting {}", program.display()))?;
    if !output.status.success() {
        bail!("skein crds: {}", String::from_utf8_lossy(&output.stderr));
    }
    let documents = skein_yaml::documents(&output.stdout).context("reading skein crds")?;
    Ok(documents
        .into_iter()
        .map(|document| document.value)
        .filter(|value| !value.is_null())
        .collect())
}

/// Creates an object that may be there already.
async fn create(api: &Api, path: &str, object: &Value) -> Result<()> {
    match api.create(path, object).await {
        Ok(_) => Ok(()),
        Err(error) if status_of(&error) == Some(http::StatusCode::CONFLICT) => Ok(()),
        Err(error) => Err(error.context(format!("creating {}", object["metadata"]["name"]))),
    }
}
