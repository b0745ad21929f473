//! `oracle ssa`: generated server-side apply requests, answered by a real kube-apiserver and by our merge library.

use anyhow::Result;

use crate::control_plane::ControlPlane;
use crate::{process, upstream};

/// `oracle ssa [--seeds FROM..TO] [--kind NAME] [--verbose]`.
pub fn run(arguments: &[String]) -> Result<()> {
    let kubectl = skein_upstream::find("kubectl")?;
    upstream::build(&[kubectl])?;
    let plane = ControlPlane::start()?;
    let words = ["run", "--quiet", "--package", "skein-ssa-oracle", "--"];
    process::run(
        process::cargo(&words)
            .arg(plane.kubeconfig())
            .arg("--kubectl")
            .arg(kubectl.path()?)
            .args(arguments),
    )
}
