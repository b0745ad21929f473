//! `bench fleet`: fleets of Kustomizations and HelmReleases; the driver is a crate of its own, because it needs an async runtime.

use anyhow::Result;

use crate::{process, upstream};

/// Builds what is measured, optimised, and runs the driver; arguments go to it.
pub fn run(arguments: &[String]) -> Result<()> {
    let mut components = upstream::control_plane()?;
    for name in ["registry", "helm"] {
        components.push(skein_upstream::find(name)?);
    }
    upstream::build(&components)?;
    let mut build = process::cargo(&["build", "--release", "--package", "skein"]);
    process::run(build.args(["--package", "skein-bench"]))?;
    let words = [
        "run",
        "--quiet",
        "--release",
        "--package",
        "skein-bench",
        "--",
    ];
    process::run(process::cargo(&words).args(arguments))
}
