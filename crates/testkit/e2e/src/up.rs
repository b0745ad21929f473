//! `skein up` as a program under test: started on a folder, asked through what it prints and through its kubeconfigs.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;
use skein_testkit::{Api, Daemon};
use tempfile::TempDir;
use tokio::time::sleep;

/// How long something may take to come.
const PATIENCE: Duration = Duration::from_secs(180);
const LOOK: Duration = Duration::from_millis(100);
/// Longest run with `--exit-when-ready`.
const RUN_TIMEOUT: Duration = Duration::from_secs(600);

/// What a case of `skein up` is given: the program and a folder that goes away with it.
pub struct Bench {
    pub program: PathBuf,
    folder: TempDir,
}

/// What a run that ended by itself left.
pub struct Run {
    /// Whether the exit code was 0.
    pub is_ready: bool,
    /// Standard output and standard error.
    pub output: String,
}

impl Bench {
    /// A folder of its own.
    pub fn new(program: &Path) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("skein-up-").tempdir();
        Ok(Self {
            program: program.to_owned(),
            folder: folder.context("creating a folder for the case")?,
        })
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn arguments(&self, state: &str, arguments: &[&str]) -> Vec<String> {
        let state = self.folder().join(state);
        let mut all = vec!["up".to_owned(), format!("--state-dir={}", state.display())];
        all.extend(arguments.iter().map(|word| (*word).to_owned()));
        all
    }

    /// Starts it; `state` names its folder of kubeconfigs and state.
    pub fn start(&self, state: &str, arguments: &[&str]) -> Result<Up> {
        let log = self.folder().join(format!("{state}.log"));
        let words = self.arguments(state, arguments);
        Ok(Up {
            daemon: Daemon::start("skein up", &self.program, &words, &log)?,
            state: self.folder().join(state),
        })
    }

    /// Runs it until it ends by itself.
    pub async fn run(&self, state: &str, arguments: &[&str]) -> Result<Run> {
        let mut command = tokio::process::Command::new(&self.program);
        command
            .args(self.arguments(state, arguments))
            .arg("--exit-when-ready")
            .stdin(Stdio::null())
            .kill_on_drop(true);
        let ended = tokio::time::timeout(RUN_TIMEOUT, command.output())
            .await
            .context("skein up --exit-when-ready does not end")?
            .context("starting skein up")?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ok(Run {
            is_ready: ended.status.success(),
            output: text(&ended.stdout) + &text(&ended.stderr),
        })
    }
}

/// A run that goes on; dropped, it ends.
pub struct Up {
    daemon: Daemon,
    state: PathBuf,
}

impl Up {
    /// Everything it has printed.
    pub fn output(&self) -> String {
        let bytes = std::fs::read(self.daemon.log()).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Ends it as Ctrl-C does.
    pub fn stop(mut self) {
        self.daemon.stop();
    }

    /// Kubeconfig of a cluster.
    pub fn kubeconfig(&self, cluster: &str) -> PathBuf {
        self.state.join(format!("{cluster}.kubeconfig"))
    }

    /// A client of a cluster.
    pub fn api(&self, cluster: &str) -> Result<Api> {
        let file = self.kubeconfig(cluster);
        let text = std::fs::read(&file).with_context(|| format!("reading {}", file.display()))?;
        Api::from_kubeconfig(&skein_yaml::from_slice(&text)?)
    }

    /// An object, once it is there and as wanted.
    pub async fn find(
        &mut self,
        cluster: &str,
        path: &str,
        wanted: impl Fn(&Value) -> bool,
    ) -> Result<Value> {
        let deadline = Instant::now() + PATIENCE;
        let mut last = Value::Null;
        loop {
            self.daemon.check()?;
            if let Ok(api) = self.api(cluster)
                && let Ok(Some(object)) = api.find(path).await
            {
                if wanted(&object) {
                    return Ok(object);
                }
                last = object;
            }
            if Instant::now() > deadline {
                bail!("{cluster}{path}: {last}; {}", self.output());
            }
            sleep(LOOK).await;
        }
    }

    /// Waits for a ConfigMap of the namespace `default` with this value.
    pub async fn value(&mut self, cluster: &str, name: &str, value: &str) -> Result<Value> {
        let path = format!("/api/v1/namespaces/default/configmaps/{name}");
        self.find(cluster, &path, |object| object["data"]["key"] == value)
            .await
    }
}
