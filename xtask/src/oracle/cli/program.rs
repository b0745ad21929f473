//! One of the two programs: how it is started, and what it answered.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::cases::Case;
use super::normal::normal;
use super::world::World;
use crate::tree;

/// Longest run of one command line; then it is ended and its code says so.
const LONGEST_RUN: Duration = Duration::from_secs(60);

/// How often a running program is looked at.
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// A program with a folder and a namespace of its own.
pub struct Program {
    path: PathBuf,
    folder: PathBuf,
    home: PathBuf,
    namespace: String,
    kubeconfig: String,
    runs: AtomicUsize,
}

/// What came out, made comparable.
pub struct Answer {
    pub stdout: String,
    pub stderr: String,
    pub code: String,
}

impl Answer {
    /// As a terminal would show it.
    pub fn show(&self) -> String {
        format!("{}{}exit code {}\n", self.stdout, self.stderr, self.code)
    }
}

impl Program {
    /// Copies the files of the cases for this program, which changes objects in the namespace.
    pub fn new(path: &Path, world: &World, namespace: &str) -> Result<Self> {
        let process = std::process::id();
        let home = std::env::temp_dir().join(format!("skein-cli-oracle-{process}-{namespace}"));
        let folder = home.join("files");
        copy(&tree::root().join("e2e/cli/files"), &folder)?;
        Ok(Self {
            path: path.to_owned(),
            folder,
            home,
            namespace: namespace.to_owned(),
            kubeconfig: world.kubeconfig().to_owned(),
            runs: AtomicUsize::new(0),
        })
    }

    /// Starts it on a command line.
    pub fn start(&self, case: &Case) -> Result<Running<'_>> {
        let words = case.words.iter().map(|word| {
            word.replace("{ns}", &self.namespace)
                .replace("{kubeconfig}", &self.kubeconfig)
        });
        let input = match &case.input {
            Some(file) => Stdio::from(
                File::open(self.folder.join(file)).with_context(|| format!("opening {file}"))?,
            ),
            None => Stdio::null(),
        };
        let run = self.runs.fetch_add(1, Ordering::Relaxed);
        let output = |name: &str| {
            let path = self.home.join(format!("{name}-{run}"));
            File::create(&path).with_context(|| format!("creating {}", path.display()))
        };
        let child = Command::new(&self.path)
            .args(words)
            .current_dir(&self.folder)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", &self.home)
            .env("KUBECONFIG", &self.kubeconfig)
            .envs(case.variables.iter().map(|(name, value)| (name, value)))
            .stdin(input)
            .stdout(output("stdout")?)
            .stderr(output("stderr")?)
            .spawn()
            .with_context(|| format!("starting {}", self.path.display()))?;
        let namespace = if case.changes() {
            self.namespace.as_str()
        } else {
            ""
        };
        Ok(Running {
            program: self,
            child,
            run,
            namespace,
        })
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // What stays lies in the folder for temporary files.
        let _removed = fs::remove_dir_all(&self.home);
    }
}

/// A started program.
pub struct Running<'a> {
    program: &'a Program,
    child: Child,
    /// Its number, which names the files of its output.
    run: usize,
    /// The namespace whose name differs between the two programs; empty when all is shared.
    namespace: &'a str,
}

impl Running<'_> {
    /// Waits for its end and reads what it printed.
    pub fn wait(mut self) -> Result<Answer> {
        let end = Instant::now() + LONGEST_RUN;
        let code = loop {
            if let Some(status) = self.child.try_wait().context("waiting for a program")? {
                break status
                    .code()
                    .map_or_else(|| status.to_string(), |code| code.to_string());
            }
            if Instant::now() > end {
                self.child.kill().context("ending a program")?;
                self.child.wait().context("waiting for a program")?;
                break "none: it did not end".to_owned();
            }
            std::thread::sleep(POLL_INTERVAL);
        };
        let program = self.program;
        let read = |name: &str| -> Result<String> {
            let path = program.home.join(format!("{name}-{}", self.run));
            let bytes = fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
            fs::remove_file(&path).with_context(|| format!("removing {}", path.display()))?;
            let folder = program.folder.to_string_lossy();
            Ok(normal(
                &String::from_utf8_lossy(&bytes),
                self.namespace,
                &folder,
            ))
        };
        Ok(Answer {
            stdout: read("stdout")?,
            stderr: read("stderr")?,
            code,
        })
    }
}

/// Copies a folder with all that is in it.
fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).with_context(|| format!("creating {}", to.display()))?;
    for entry in fs::read_dir(from).with_context(|| format!("reading {}", from.display()))? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)
                .with_context(|| format!("writing {}", target.display()))?;
        }
    }
    Ok(())
}
