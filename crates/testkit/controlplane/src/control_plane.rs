//! A real control plane: etcd, kube-apiserver and, if asked for, the controllers, the scheduler and Pods that become ready.

mod arguments;
mod files;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::json;
use tempfile::TempDir;
use tokio::time::sleep;

use arguments::Ports;
pub use arguments::SERVICE_ADDRESSES;

use crate::api::Api;
use crate::certificates::{Authority, Identity};
use crate::daemon::Daemon;

/// A cold start takes some five seconds on an idle machine.
const START_TIMEOUT: Duration = Duration::from_secs(180);

/// How often we ask whether it is up.
const START_STEP: Duration = Duration::from_millis(100);

/// How much of a control plane to start.
#[derive(Debug, Clone)]
pub struct Options {
    /// kube-controller-manager: namespaces, garbage collection, Deployments, ...
    pub controllers: bool,
    /// kube-scheduler and kwok with one node: Pods become ready, or end as their annotation `fake/outcome` says.
    pub pods: bool,
    /// Requests a second that kube-controller-manager may send; its own default is 20.
    pub controller_rate: u32,
    /// Write who asked for what into the audit log.
    pub audit: bool,
    /// Further flags of kube-apiserver.
    pub apiserver_flags: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            controllers: true,
            pods: true,
            controller_rate: arguments::CONTROLLER_RATE,
            audit: false,
            apiserver_flags: Vec::new(),
        }
    }
}

impl Options {
    /// etcd and kube-apiserver alone.
    pub fn bare() -> Self {
        Self {
            controllers: false,
            pods: false,
            ..Self::default()
        }
    }
}

/// A running control plane; dropped, all its processes end and its folder goes.
#[derive(Debug)]
pub struct ControlPlane {
    // Declared before the folder: processes end first.
    daemons: Vec<Daemon>,
    authority: Authority,
    admin: Identity,
    url: String,
    /// Flags of kube-apiserver, for a restart.
    apiserver_flags: Vec<String>,
    folder: TempDir,
}

impl ControlPlane {
    /// Starts everything on free ports and waits until it answers.
    pub async fn start(options: &Options) -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("skein-control-plane-")
            .tempdir()
            .context("creating the folder of the control plane")?;
        let authority = Authority::new()?;
        let ports = Ports::choose()?;
        let mut plane = Self {
            admin: authority.client("admin", &["system:masters"])?,
            url: format!("https://127.0.0.1:{}", ports.apiserver),
            daemons: Vec::new(),
            apiserver_flags: Vec::new(),
            authority,
            folder,
        };
        plane.write_files()?;
        plane.launch("etcd", &arguments::etcd(plane.folder(), &ports))?;
        let mut flags = arguments::apiserver(plane.folder(), &ports, options.audit);
        flags.extend(options.apiserver_flags.iter().cloned());
        plane.apiserver_flags = flags;
        let api = plane.api()?;
        plane.start_api().await?;
        if options.controllers {
            let flags = arguments::controller_manager(plane.folder(), options.controller_rate)?;
            plane.launch("kube-controller-manager", &flags)?;
        }
        if options.pods {
            let flags = arguments::scheduler(plane.folder())?;
            plane.launch("kube-scheduler", &flags)?;
            plane.launch("kwok", &arguments::kwok(plane.folder())?)?;
            plane.add_node(&api).await?;
        }
        if options.controllers {
            plane.wait_for_default_account(&api).await?;
        }
        Ok(plane)
    }

    /// Starts kube-apiserver and waits until it answers.
    pub async fn start_api(&mut self) -> Result<()> {
        let flags = self.apiserver_flags.clone();
        self.launch("kube-apiserver", &flags)?;
        let api = self.api()?;
        self.wait_until_ready(&api).await
    }

    /// Ends kube-apiserver at once; etcd and the others go on.
    pub fn kill_api(&mut self) {
        for daemon in &mut self.daemons {
            if daemon.name() == "kube-apiserver" {
                daemon.kill();
            }
        }
        self.daemons
            .retain(|daemon| daemon.name() != "kube-apiserver");
    }

    /// Folder with kubeconfigs, certificates and logs.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Address of the API server.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// PEM certificate of the authority that signed the server's and the clients' certificates.
    pub fn authority(&self) -> &str {
        self.authority.certificate()
    }

    /// Kubeconfig of an administrator.
    pub fn kubeconfig(&self) -> PathBuf {
        self.folder().join(files::ADMIN)
    }

    /// The audit log, one JSON event a line (with `Options::audit`).
    pub fn audit_log(&self) -> PathBuf {
        self.folder().join(files::AUDIT_LOG)
    }

    /// A client as administrator.
    pub fn api(&self) -> Result<Api> {
        Api::new(&self.url, self.authority(), &self.admin)
    }

    /// A client as this user.
    pub fn api_as(&self, user: &str, groups: &[&str]) -> Result<Api> {
        let identity = self.authority.client(user, groups)?;
        Api::new(&self.url, self.authority(), &identity)
    }

    /// Writes a kubeconfig for this user, who has the rights that RBAC gives.
    pub fn kubeconfig_for(&self, user: &str, groups: &[&str]) -> Result<PathBuf> {
        let identity = self.authority.client(user, groups)?;
        let name = format!("{}.kubeconfig", user.replace([':', '/'], "-"));
        let path = self.folder().join(name);
        files::write(&path, &self.kubeconfig_text(&identity))?;
        Ok(path)
    }

    /// Runs kubectl as administrator and gives its standard output.
    pub fn kubectl(&self, arguments: &[&str]) -> Result<String> {
        let output = Command::new(skein_upstream::binary("kubectl")?)
            .arg("--kubeconfig")
            .arg(self.kubeconfig())
            .args(arguments)
            .output()
            .context("starting kubectl")?;
        if !output.status.success() {
            let errors = String::from_utf8_lossy(&output.stderr);
            bail!("kubectl {}: {errors}", arguments.join(" "));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn kubeconfig_text(&self, identity: &Identity) -> String {
        files::kubeconfig(&self.url, self.authority(), identity)
    }

    fn write_files(&self) -> Result<()> {
        let names = [
            "127.0.0.1",
            "localhost",
            "kubernetes",
            "kubernetes.default",
            "kubernetes.default.svc",
        ];
        let server = self.authority.server(&names)?;
        let kubeconfig = |user: &str, groups: &[&str]| -> Result<String> {
            Ok(self.kubeconfig_text(&self.authority.client(user, groups)?))
        };
        let (account_key, account_public_key) = crate::certificates::key()?;
        let contents = [
            (files::AUTHORITY, self.authority().to_owned()),
            (files::SERVER_CERTIFICATE, server.certificate),
            (files::SERVER_KEY, server.key),
            (files::ACCOUNT_KEY, account_key),
            (files::ACCOUNT_PUBLIC_KEY, account_public_key),
            (files::AUDIT_POLICY, files::AUDIT_POLICY_TEXT.to_owned()),
            (files::STAGES, files::STAGES_TEXT.to_owned()),
            (files::ADMIN, self.kubeconfig_text(&self.admin)),
            (
                files::CONTROLLER_MANAGER,
                kubeconfig("system:kube-controller-manager", &[])?,
            ),
            (files::SCHEDULER, kubeconfig("system:kube-scheduler", &[])?),
            (files::KWOK, kubeconfig("kwok", &["system:masters"])?),
        ];
        for (name, text) in contents {
            files::write(&self.folder().join(name), &text)?;
        }
        Ok(())
    }

    fn launch(&mut self, name: &str, flags: &[String]) -> Result<()> {
        let program = skein_upstream::binary(name)?;
        let log = self.folder().join(format!("{name}.log"));
        self.daemons
            .push(Daemon::start(name, &program, flags, &log)?);
        Ok(())
    }

    async fn wait_until_ready(&mut self, api: &Api) -> Result<()> {
        let deadline = Instant::now() + START_TIMEOUT;
        loop {
            for daemon in &mut self.daemons {
                daemon.check()?;
            }
            let error = match api.get("/readyz").await {
                Ok(_) => return Ok(()),
                Err(error) => error,
            };
            if Instant::now() > deadline {
                return Err(error.context("kube-apiserver does not become ready"));
            }
            sleep(START_STEP).await;
        }
    }

    async fn add_node(&self, api: &Api) -> Result<()> {
        let node = json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node"}});
        api.create("/api/v1/nodes", &node)
            .await
            .context("creating the node")?;
        Ok(())
    }

    /// Pods are refused in a namespace until its default account is there.
    async fn wait_for_default_account(&mut self, api: &Api) -> Result<()> {
        let deadline = Instant::now() + START_TIMEOUT;
        let path = "/api/v1/namespaces/default/serviceaccounts/default";
        while api.find(path).await?.is_none() {
            for daemon in &mut self.daemons {
                daemon.check()?;
            }
            if Instant::now() > deadline {
                bail!("kube-controller-manager makes no service account");
            }
            sleep(START_STEP).await;
        }
        Ok(())
    }
}
