//! Charts in an OCI registry, packed and pushed by the real Helm into the real registry, and Helm's commands on a cluster.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result, bail};

use crate::daemon::{Daemon, free_port};
use crate::target::until;

/// Files of a chart by path.
pub type ChartFiles = BTreeMap<String, String>;

/// A running registry; dropped, it stops.
#[derive(Debug)]
pub struct ChartRegistry {
    address: String,
    folder: PathBuf,
    pushed: AtomicU32,
    _daemon: Daemon,
}

impl ChartRegistry {
    /// Starts it on a free port, with its data in memory; `folder` is for files.
    pub async fn start(folder: &Path) -> Result<Self> {
        let folder = folder.join("charts");
        std::fs::create_dir_all(&folder).context("creating the folder of charts")?;
        let address = format!("127.0.0.1:{}", free_port()?);
        let configuration = folder.join("registry.yaml");
        let text = format!(
            "version: 0.1\nlog: {{level: warn}}\nstorage:\n  inmemory: {{}}\nhttp:\n  addr: {address}\n"
        );
        std::fs::write(&configuration, text).context("writing the registry's configuration")?;
        let program = skein_upstream::binary("registry")?;
        let arguments = [
            "serve".to_owned(),
            configuration.to_string_lossy().into_owned(),
        ];
        let log = folder.join("registry.log");
        let daemon = Daemon::start("registry", &program, &arguments, &log)?;
        let url = format!("http://{address}/v2/");
        until("the registry answers", || async {
            reqwest::get(&url).await?.error_for_status()?;
            Ok(())
        })
        .await
        .with_context(|| daemon.last_words())?;
        Ok(Self {
            address,
            folder,
            pushed: AtomicU32::new(0),
            _daemon: daemon,
        })
    }

    /// Host and port.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Packs a chart and pushes it below `repository`; its name and version are in its Chart.yaml.
    pub fn push(&self, repository: &str, files: &ChartFiles) -> Result<()> {
        let number = self.pushed.fetch_add(1, Ordering::Relaxed);
        let folder = self.folder.join(number.to_string());
        let chart = folder.join("chart");
        write_chart(&chart, files)?;
        let helm = Helm::new("helm", None, &folder)?;
        let packages = folder.join("packages");
        helm.run(&[
            OsStr::new("package"),
            chart.as_os_str(),
            OsStr::new("-d"),
            packages.as_os_str(),
        ])?;
        let entries = std::fs::read_dir(&packages).context("reading the folder of packages")?;
        for entry in entries {
            let target = format!("oci://{}/{repository}", self.address);
            let package = entry?.path();
            helm.run(&[
                OsStr::new("push"),
                package.as_os_str(),
                OsStr::new(&target),
                OsStr::new("--plain-http"),
            ])?;
        }
        Ok(())
    }
}

/// Writes the files of a chart into a folder.
pub fn write_chart(folder: &Path, files: &ChartFiles) -> Result<()> {
    for (path, text) in files {
        let file = folder.join(path);
        let parent = file.parent().context("a chart's file has a folder")?;
        std::fs::create_dir_all(parent).context("creating a chart's folder")?;
        std::fs::write(&file, text).with_context(|| format!("writing {}", file.display()))?;
    }
    Ok(())
}

/// A real Helm with folders of its own.
#[derive(Debug, Clone)]
pub struct Helm {
    program: PathBuf,
    kubeconfig: Option<PathBuf>,
    home: PathBuf,
    driver: Option<String>,
}

impl Helm {
    /// `name` is `helm` for version 4, or `helm3`; `home` is for its caches.
    pub fn new(name: &str, kubeconfig: Option<PathBuf>, home: &Path) -> Result<Self> {
        Ok(Self {
            program: skein_upstream::binary(name)?,
            kubeconfig,
            home: home.join("helm-home"),
            driver: None,
        })
    }

    /// The same with another storage driver.
    #[must_use]
    pub fn with_driver(mut self, driver: &str) -> Self {
        self.driver = Some(driver.to_owned());
        self
    }

    /// Runs a command; gives what it prints, or an error with what it complains of.
    pub fn run<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Result<String> {
        let mut command = Command::new(&self.program);
        command.args(arguments);
        for name in ["HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME"] {
            command.env(name, self.home.join(name));
        }
        command.env_remove("KUBECONFIG").env_remove("HELM_DRIVER");
        if let Some(driver) = &self.driver {
            command.env("HELM_DRIVER", driver);
        }
        if let Some(kubeconfig) = &self.kubeconfig {
            command.env("KUBECONFIG", kubeconfig);
        }
        let output = command
            .output()
            .with_context(|| format!("starting {}", self.program.display()))?;
        if !output.status.success() {
            let words: Vec<_> = arguments
                .iter()
                .map(|word| word.as_ref().to_string_lossy())
                .collect();
            bail!(
                "helm {}: {}",
                words.join(" "),
                String::from_utf8_lossy(&output.stderr).trim()
            );
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}
