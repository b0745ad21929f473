//! `setup`: everything a clone needs, installed once: Debian packages, npm packages, real components.

use anyhow::{Result, bail};

use crate::{arguments::Arguments, process, upstream, web};

/// A program that must be on the path, and the Debian package that has it.
const PROGRAMS: &[(&str, &str)] = &[
    ("git", "git"),
    ("openssl", "openssl"),
    ("age", "age"),
    ("gpg", "gnupg"),
    ("chromium", "chromium"),
    ("setpriv", "util-linux"),
];

/// Files that a Debian package brings.
const FILES: &[(&str, &str)] = &[
    ("/usr/sbin/sshd", "openssh-server"),
    ("/etc/ssl/certs/ca-certificates.crt", "ca-certificates"),
];

/// Tool chains that we do not install ourselves.
const TOOLCHAINS: &[&str] = &["go", "npm", "cargo"];

/// What every test needs of the machine: tool chains and Debian packages.
pub fn machine() -> Result<()> {
    toolchains()?;
    packages(missing_packages())
}

/// What running Skein needs of the machine: tool chains to build it, and Git.
pub fn machine_for_up() -> Result<()> {
    toolchains()?;
    let needed = ["git", "ca-certificates"];
    packages(
        missing_packages()
            .into_iter()
            .filter(|name| needed.contains(name))
            .collect(),
    )
}

/// Installs all; `--no-upstream` leaves the real components for later.
pub fn run(arguments: &[String]) -> Result<()> {
    let mut arguments = Arguments::new(arguments);
    let without_upstream = arguments.switch("--no-upstream");
    arguments.finish()?;
    machine()?;
    for folder in web::folders() {
        web::install(&folder)?;
    }
    if !without_upstream {
        upstream::build(&upstream::all())?;
    }
    println!("set up");
    Ok(())
}

fn toolchains() -> Result<()> {
    let missing: Vec<_> = TOOLCHAINS
        .iter()
        .filter(|name| !process::exists(name))
        .copied()
        .collect();
    if !missing.is_empty() {
        bail!(
            "not on the path: {}; needed are Go 1.26, Node 20, Rust 1.95",
            missing.join(", ")
        );
    }
    Ok(())
}

/// Installs missing Debian packages as root, else lists them.
fn packages(missing: Vec<&'static str>) -> Result<()> {
    if missing.is_empty() {
        return Ok(());
    }
    let install = format!("apt-get install -y {}", missing.join(" "));
    let is_root = process::capture(&mut process::command("id", &["-u"]))?.trim() == "0";
    if !is_root || !process::exists("apt-get") {
        bail!("missing Debian packages; run as root: {install}");
    }
    println!("{install}");
    process::run(&mut process::command("apt-get", &["update", "--quiet=2"]))?;
    let mut arguments = vec!["install", "--yes", "--quiet=2", "--no-install-recommends"];
    arguments.extend(&missing);
    process::run(process::command("apt-get", &arguments).env("DEBIAN_FRONTEND", "noninteractive"))
}

/// Debian packages that are missing here.
pub fn missing_packages() -> Vec<&'static str> {
    let programs = PROGRAMS.iter().filter(|(name, _)| !process::exists(name));
    let files = FILES
        .iter()
        .filter(|(file, _)| !std::path::Path::new(file).exists());
    programs.chain(files).map(|(_, package)| *package).collect()
}
