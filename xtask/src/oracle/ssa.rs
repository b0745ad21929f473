//! `oracle ssa`, `oracle refusals` and `oracle api`: generated requests, answered by a real kube-apiserver and by ours.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::control_plane::ControlPlane;
use crate::embedded::Embedded;
use crate::{process, tree, upstream};

/// `oracle ssa [--embedded] [--seeds FROM..TO] [--kind NAME] [--verbose]`: our side is the merge library behind a model of the
/// request handling, or the embedded server itself.
pub fn run(arguments: &[String]) -> Result<()> {
    let servers = Servers::start(arguments.iter().any(|argument| argument == "--embedded"))?;
    let rest = arguments
        .iter()
        .filter(|argument| *argument != "--embedded");
    process::run(servers.compare()?.args(rest))
}

/// `oracle refusals [--kind NAME] [--stride N] [--floor PERCENT]`: good objects, broken in every place.
pub fn refusals(arguments: &[String]) -> Result<()> {
    let servers = Servers::start(true)?;
    process::run(servers.compare()?.arg("--refusals").args(arguments))
}

/// `oracle api [--only PART] [--floor PERCENT] [--verbose]`: scripts of requests of every kind to both servers;
/// `oracle api --definitions FOLDER [--floor PERCENT]`: the definitions of a folder and objects made of their schemas.
pub fn api(arguments: &[String]) -> Result<()> {
    let servers = Servers::start(true)?;
    let mut command = servers.compare()?;
    if arguments.iter().any(|argument| argument == "--definitions") {
        return process::run(command.args(arguments));
    }
    process::run(command.arg("--api").arg(scripts()).args(arguments))
}

/// The folder of the scripts.
pub fn scripts() -> PathBuf {
    tree::root().join("crates/testkit/ssa-oracle/corpus/api")
}

/// The two that are compared.
pub struct Servers {
    real: ControlPlane,
    ours: Option<Embedded>,
}

impl Servers {
    /// Starts the real one, and the embedded one if asked to.
    pub fn start(embedded: bool) -> Result<Self> {
        upstream::build(&[skein_upstream::find("kubectl")?])?;
        Ok(Self {
            real: ControlPlane::start()?,
            ours: embedded.then(Embedded::start).transpose()?,
        })
    }

    /// The command that compares them.
    pub fn compare(&self) -> Result<Command> {
        let program = process::program("skein-ssa-oracle")?;
        let mut command = process::command(&program.to_string_lossy(), &[]);
        command
            .arg(self.real.kubeconfig())
            .arg("--kubectl")
            .arg(skein_upstream::find("kubectl")?.path()?);
        if let Some(ours) = &self.ours {
            command.args(["--ours", ours.kubeconfig()]);
        }
        Ok(command)
    }
}
