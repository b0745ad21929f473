//! A bare API server for the time of a command; it ends when we drop its standard input.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use anyhow::{Context, Result, bail};

use crate::{process, upstream};

/// A running API server.
pub struct ControlPlane {
    child: Child,
    kubeconfig: String,
}

impl ControlPlane {
    /// Builds what is missing and starts etcd and kube-apiserver.
    pub fn start() -> Result<Self> {
        upstream::build(&upstream::control_plane()?)?;
        let program = process::program("control-plane")?;
        let mut child = process::command(&program.to_string_lossy(), &["--bare"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("starting the control plane")?;
        let output = child.stdout.take().context("standard output is piped")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        let Some(kubeconfig) = line.trim().strip_prefix("export KUBECONFIG=") else {
            bail!("the control plane did not start");
        };
        Ok(Self {
            kubeconfig: kubeconfig.to_owned(),
            child,
        })
    }

    /// Kubeconfig of an administrator.
    pub fn kubeconfig(&self) -> &str {
        &self.kubeconfig
    }
}

impl Drop for ControlPlane {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        // It ends by itself now; a failure to wait leaves nothing behind.
        let _ended = self.child.wait();
    }
}
