//! What is measured: one skein process with the source controller and another on a control plane that keeps an audit log.

use std::path::Path;

use anyhow::{Context, Result};
use skein_testkit::{Api, ControllerOptions, Controllers, Daemon, Target, free_port};
use tempfile::TempDir;

use crate::audit::Audit;
use crate::manifests::SOURCE_NAMESPACE;
use crate::meter::Probe;

/// The controller beside that of sources.
pub struct Role {
    /// Name of the component.
    pub component: &'static str,
    /// Who skein is to the API server.
    pub account: &'static str,
    /// Name of its queue in the metrics.
    pub queue: &'static str,
}

/// Everything that runs; dropped, it stops.
pub struct Subject {
    pub daemon: Daemon,
    pub probe: Probe,
    pub api: Api,
    /// Where servers beside it keep their files.
    pub folder: TempDir,
    _target: Target,
}

impl Subject {
    /// Starts skein.
    pub async fn start(target: Target, program: &Path, role: &Role) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("skein-bench-").tempdir();
        let folder = folder.context("creating a folder for the run")?;
        let options = ControllerOptions {
            program: program.to_owned(),
            folder: folder.path().to_owned(),
            events: String::new(),
            flags: Vec::new(),
        };
        let controllers = Controllers::prepare(&target, options).await?;
        let metrics = format!("127.0.0.1:{}", free_port()?);
        let kubeconfig = target.kubeconfig_of(role.account)?;
        let flags = [
            "controllers".to_owned(),
            format!("--components=source,{}", role.component),
            format!("--kubeconfig={}", kubeconfig.display()),
            format!("--storage-path={}", controllers.storage().display()),
            format!("--storage-addr={}", controllers.storage_address()),
            format!("--storage-adv-addr={}", controllers.storage_address()),
            format!("--metrics-addr={metrics}"),
            "--health-addr=".to_owned(),
            "--interval-jitter-percentage=0".to_owned(),
            "--log-level=error".to_owned(),
        ];
        let log = folder.path().join("skein.log");
        let audit = target.audit_log().context("no audit log")?;
        let user = format!("system:serviceaccount:{SOURCE_NAMESPACE}:{}", role.account);
        let daemon = Daemon::start("skein", program, &flags, &log)?;
        let probe = Probe {
            audit: Audit::new(audit, &user),
            process: daemon.id(),
            metrics,
            controller: role.queue,
        };
        Ok(Self {
            daemon,
            probe,
            api: target.api()?,
            folder,
            _target: target,
        })
    }
}
