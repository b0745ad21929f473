//! `kustomize build`: the objects of a kustomization, with kustomize's flags, defaults and file names.

use std::path::{Path, PathBuf};

use anyhow::bail;
use clap::{Args, ValueEnum};
use skein_kustomize::{Build, LoadRestrictions, Options, Reorder, build};

use super::disk::{self, Disk};
use super::write;
use crate::output::Output;

/// `kustomize build`.
#[derive(Args, Clone, Debug)]
pub(super) struct BuildArguments {
    /// Directory with the kustomization
    #[arg(value_name = "DIR", default_value = ".")]
    pub directory: PathBuf,
    /// Write to this file, or one file for each object into this directory
    #[arg(short, long)]
    pub output: Option<PathBuf>,
    /// Order of the objects, unless the kustomization has sortOptions
    #[arg(long, value_enum, default_value_t = ReorderFlag::Legacy)]
    reorder: ReorderFlag,
    /// Which files kustomizations may load
    #[arg(long, value_enum, default_value_t = RestrictorFlag::RootOnly)]
    load_restrictor: RestrictorFlag,
    /// Add the label app.kubernetes.io/managed-by
    #[arg(long)]
    enable_managedby_label: bool,
    /// Build again whenever a file changes that the build read
    #[arg(short, long)]
    watch: bool,
    #[command(flatten)]
    refused: RefusedFlags,
}

/// Flags of kustomize that would start programs or containers.
#[derive(Args, Clone, Debug)]
struct RefusedFlags {
    /// Refused: charts come from a HelmRelease, or from `skein helm template`
    #[arg(long)]
    enable_helm: bool,
    /// Refused: functions in containers are never run
    #[arg(long)]
    enable_alpha_plugins: bool,
    /// Refused: programs are never run
    #[arg(long)]
    enable_exec: bool,
    /// Refused: functions in containers are never run
    #[arg(long)]
    network: bool,
    /// Without effect, as functions are never run
    #[arg(long, hide = true)]
    as_current_user: bool,
    /// Without effect, as functions are never run
    #[arg(short, long, hide = true)]
    env: Vec<String>,
    /// Without effect, as functions are never run
    #[arg(long, hide = true)]
    mount: Vec<String>,
    /// Without effect, as functions are never run
    #[arg(long, hide = true)]
    network_name: Option<String>,
    /// Without effect, as no helm is started
    #[arg(long, hide = true)]
    helm_command: Option<String>,
}

/// Order of the objects.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum ReorderFlag {
    /// Namespaces first, webhooks last
    Legacy,
    /// As the kustomization lists them
    None,
}

/// Which files kustomizations may load.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum RestrictorFlag {
    /// Only files in or below the kustomization's own directory
    #[value(name = "LoadRestrictionsRootOnly")]
    RootOnly,
    /// Any file
    #[value(name = "LoadRestrictionsNone")]
    None,
}

impl BuildArguments {
    /// Whether the build is to follow changes.
    pub(super) fn is_watching(&self) -> bool {
        self.watch
    }

    fn options(&self) -> Options<'static> {
        Options {
            reorder: match self.reorder {
                ReorderFlag::Legacy => Reorder::Legacy,
                ReorderFlag::None => Reorder::None,
            },
            load_restrictions: match self.load_restrictor {
                RestrictorFlag::RootOnly => LoadRestrictions::RootOnly,
                RestrictorFlag::None => LoadRestrictions::None,
            },
            managed_by_label: self.enable_managedby_label,
            ..Options::default()
        }
    }
}

impl RefusedFlags {
    fn check(&self) -> anyhow::Result<()> {
        for (is_set, flag, why) in [
            (
                self.enable_helm,
                "--enable-helm",
                "use a HelmRelease, or render the chart with `skein helm template`",
            ),
            (
                self.enable_alpha_plugins,
                "--enable-alpha-plugins",
                "kustomize's own transformers work without it, others are never run",
            ),
            (self.enable_exec, "--enable-exec", "programs are never run"),
            (self.network, "--network", "functions are never run"),
        ] {
            if is_set {
                bail!("the flag {flag} is not supported: {why}");
            }
        }
        Ok(())
    }
}

/// Runs `kustomize build`.
pub(super) fn run(arguments: &BuildArguments, output: &mut Output) -> anyhow::Result<()> {
    let built = once(arguments, &Disk::default())?;
    for warning in &built.warnings {
        output.note_line(&format!("# Warning: {}", warning_text(warning)))?;
    }
    match &arguments.output {
        Some(path) if path.is_dir() => write::files(path, &built.values),
        Some(path) => write::file(path, &built.to_yaml()),
        None => Ok(output.print(&built.to_yaml())?),
    }
}

/// One build.
pub(super) fn once(arguments: &BuildArguments, disk: &Disk) -> anyhow::Result<Build> {
    arguments.refused.check()?;
    let root = disk::root(local(&arguments.directory)?)?;
    build(disk, &root, &arguments.options()).map_err(disk::told)
}

/// Refuses an address, which kustomize would clone.
pub(super) fn local(directory: &Path) -> anyhow::Result<&Path> {
    let text = directory.to_string_lossy();
    if text.contains("://") || text.starts_with("git@") || text.starts_with("github.com/") {
        bail!("'{text}' is a remote kustomization; clone it and build the directory");
    }
    Ok(directory)
}

/// A warning begins with the path of its file.
fn warning_text(warning: &str) -> String {
    match warning.split_once(": ") {
        Some((path, text)) => format!("{}: {text}", disk::shown(path)),
        None => warning.to_owned(),
    }
}
