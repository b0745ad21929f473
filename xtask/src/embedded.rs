//! Our embedded API server without simulated workloads, for the time of a command.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Stdio};

use anyhow::{Context, Result, bail};

use crate::process;

/// A running embedded API server; it ends when we drop its standard input.
pub struct Embedded {
    child: Child,
    kubeconfig: String,
    folder: PathBuf,
}

impl Embedded {
    /// Builds and starts it, with its state in a folder of its own.
    pub fn start() -> Result<Self> {
        let name = format!("skein-embedded-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("creating {}", folder.display()))?;
        let program = process::example("serve")?;
        let mut child = process::command(&program.to_string_lossy(), &[])
            .arg(&folder)
            .args(["--bare", "--piped", "main"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("starting the embedded API server")?;
        let output = child.stdout.take().context("standard output is piped")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        if line.trim().is_empty() {
            bail!("the embedded API server did not start");
        }
        Ok(Self {
            kubeconfig: line.trim().to_owned(),
            child,
            folder,
        })
    }

    /// Kubeconfig of an administrator.
    pub fn kubeconfig(&self) -> &str {
        &self.kubeconfig
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        // It ends by itself now; a failure to wait or to clean up leaves nothing that matters.
        let _ended = self.child.wait();
        let _removed = std::fs::remove_dir_all(&self.folder);
    }
}
