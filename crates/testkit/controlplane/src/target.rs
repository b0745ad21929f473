//! The API server under the controllers: a real control plane, or our embedded one.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tokio::time::sleep;

use crate::api::Api;
use crate::control_plane::{ControlPlane, Options};
use crate::daemon::{Daemon, free_port};

/// How long something that was started may take to be there.
const START_TIMEOUT: Duration = Duration::from_secs(60);
const START_STEP: Duration = Duration::from_millis(100);

/// Where the controllers run.
#[derive(Debug)]
pub enum Target {
    Real(Box<ControlPlane>),
    Embedded {
        server: Daemon,
        program: PathBuf,
        flags: Vec<String>,
        _data: tempfile::TempDir,
        address: String,
        kubeconfig: PathBuf,
    },
}

impl Target {
    /// `real` or `embedded`.
    pub async fn start(name: &str, program: &Path, folder: &Path) -> Result<Self> {
        match name {
            "real" => {
                let options = Options {
                    audit: true,
                    ..Options::default()
                };
                let plane = ControlPlane::start(&options).await?;
                Ok(Self::Real(Box::new(plane)))
            }
            "embedded" => Self::start_embedded(program, folder).await,
            other => bail!("no target {other:?}: real or embedded"),
        }
    }

    async fn start_embedded(program: &Path, folder: &Path) -> Result<Self> {
        let address = format!("127.0.0.1:{}", free_port()?);
        let kubeconfig = folder.join("main.kubeconfig");
        // In memory where there is a folder for it: a disk that is busy with builds makes each write wait for seconds.
        let memory = Path::new("/dev/shm");
        let parent = if memory.is_dir() { memory } else { folder };
        let data = tempfile::tempdir_in(parent).context("creating a folder for the API's data")?;
        let flags = vec![
            "apiserver".to_owned(),
            format!("--listen={address}"),
            format!("--data-dir={}", data.path().display()),
            format!("--kubeconfig-dir={}", folder.display()),
        ];
        let log = folder.join("apiserver.log");
        let mut target = Self::Embedded {
            server: Daemon::start("skein apiserver", program, &flags, &log)?,
            program: program.to_owned(),
            flags,
            _data: data,
            address,
            kubeconfig,
        };
        target.wait_until_it_answers().await?;
        Ok(target)
    }

    /// Ends the API server at once, as if its machine were gone.
    pub fn kill_api(&mut self) {
        match self {
            Self::Real(plane) => plane.kill_api(),
            Self::Embedded { server, .. } => server.kill(),
        }
    }

    /// Starts the API server again, with what it had stored.
    pub async fn start_api(&mut self) -> Result<()> {
        match self {
            Self::Real(plane) => return plane.start_api().await,
            Self::Embedded {
                server,
                program,
                flags,
                ..
            } => {
                let log = server.log().to_owned();
                *server = Daemon::start("skein apiserver", program, flags, &log)?;
            }
        }
        self.wait_until_it_answers().await
    }

    async fn wait_until_it_answers(&mut self) -> Result<()> {
        let Self::Embedded {
            server,
            address,
            kubeconfig,
            ..
        } = self
        else {
            return Ok(());
        };
        let deadline = Instant::now() + START_TIMEOUT;
        while !kubeconfig.is_file() || std::net::TcpStream::connect(address.as_str()).is_err() {
            server.check()?;
            if Instant::now() > deadline {
                bail!("the embedded API does not come up: {}", server.last_words());
            }
            sleep(START_STEP).await;
        }
        Ok(())
    }

    /// Host and port.
    pub fn address(&self) -> String {
        match self {
            Self::Real(plane) => plane.url().trim_start_matches("https://").to_owned(),
            Self::Embedded { address, .. } => address.clone(),
        }
    }

    /// A client with all rights.
    pub fn api(&self) -> Result<Api> {
        match self {
            Self::Real(plane) => plane.api(),
            Self::Embedded { kubeconfig, .. } => Api::from_kubeconfig(&read(kubeconfig)?),
        }
    }

    /// Text of an administrator's kubeconfig.
    pub fn kubeconfig(&self) -> Result<String> {
        let path = match self {
            Self::Real(plane) => plane.kubeconfig(),
            Self::Embedded { kubeconfig, .. } => kubeconfig.clone(),
        };
        std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))
    }

    /// Kubeconfig of a controller: on the real API server with its own certificate.
    pub fn kubeconfig_of(&self, controller: &str) -> Result<PathBuf> {
        match self {
            Self::Real(plane) => plane.kubeconfig_for(
                &format!("system:serviceaccount:flux-system:{controller}"),
                &[
                    "system:serviceaccounts",
                    "system:serviceaccounts:flux-system",
                ],
            ),
            Self::Embedded { kubeconfig, .. } => Ok(kubeconfig.clone()),
        }
    }

    /// The audit log, where there is one.
    pub fn audit_log(&self) -> Option<PathBuf> {
        match self {
            Self::Real(plane) => Some(plane.audit_log()),
            Self::Embedded { .. } => None,
        }
    }
}

fn read(kubeconfig: &Path) -> Result<serde_json::Value> {
    let text =
        std::fs::read(kubeconfig).with_context(|| format!("reading {}", kubeconfig.display()))?;
    Ok(skein_yaml::from_slice(&text)?)
}

/// Tries until it works.
pub async fn until<F, T>(what: &str, mut attempt: impl FnMut() -> F) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    let deadline = Instant::now() + START_TIMEOUT;
    loop {
        match attempt().await {
            Ok(value) => return Ok(value),
            Err(error) if Instant::now() > deadline => {
                return Err(error.context(format!("waiting until {what}")));
            }
            Err(_) => sleep(START_STEP).await,
        }
    }
}
