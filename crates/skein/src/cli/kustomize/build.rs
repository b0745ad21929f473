//! `kustomize build`: the objects of a kustomization, with kustomize's flags, defaults and file names.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use skein_bases::RemoteBases;
use skein_kustomize::{Build, Charts, LoadRestrictions, Options, Reorder, build};

use super::disk::{self, Disk};
use super::remote::{self, RemoteFlags};
use super::write;
use crate::helm::inflate::DiskCharts;
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
    /// Order of the objects, unless the kustomization has sortOptions; legacy by default
    #[arg(long, value_enum)]
    reorder: Option<ReorderFlag>,
    /// Which files kustomizations may load
    #[arg(long, value_enum, default_value_t = RestrictorFlag::RootOnly)]
    load_restrictor: RestrictorFlag,
    /// Add the label app.kubernetes.io/managed-by
    #[arg(long)]
    enable_managedby_label: bool,
    /// Without effect: errors tell where they come from
    #[arg(long, hide = true)]
    stack_trace: bool,
    /// Build again whenever a file changes that the build read
    #[arg(short, long)]
    watch: bool,
    #[command(flatten)]
    remote: RemoteFlags,
    #[command(flatten)]
    helm: HelmFlags,
    #[command(flatten)]
    programs: ProgramFlags,
}

/// Flags about Helm charts.
#[derive(Args, Clone, Debug)]
struct HelmFlags {
    /// Render the charts that kustomizations list; no helm is started
    #[arg(long)]
    enable_helm: bool,
    /// Kubernetes version for charts that name none
    #[arg(long, default_value = "", hide_default_value = true)]
    helm_kube_version: String,
    /// API versions for charts that name none
    #[arg(long, value_delimiter = ',')]
    helm_api_versions: Vec<String>,
    /// Without effect: errors of charts always say all there is
    #[arg(long, hide = true)]
    helm_debug: bool,
    /// Without effect, as no helm is started
    #[arg(long, hide = true)]
    helm_command: Option<String>,
}

/// Flags of kustomize that let it start programs or containers. They are taken, so that command lines stay as they are, and change nothing: what
/// needs a program is refused where it stands.
#[derive(Args, Clone, Debug)]
struct ProgramFlags {
    /// Without effect: kustomize's own plugins work without it, others are never run
    #[arg(long)]
    enable_alpha_plugins: bool,
    /// Without effect: programs are never run
    #[arg(long)]
    enable_exec: bool,
    /// Without effect: functions in containers are never run
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

    /// What kustomize says of flags that it would rather not have any more.
    fn deprecated_flags(&self) -> impl Iterator<Item = &'static str> {
        let reorder = "Flag --reorder has been deprecated, use the new 'sortOptions' field in kustomization.yaml instead.";
        let label = "Flag --enable-managedby-label has been deprecated, The flag `enable-managedby-label` has been deprecated. Use the `managedByLabel` option in the `buildMetadata` field instead.";
        let given = [
            (self.reorder.is_some(), reorder),
            (self.enable_managedby_label, label),
        ];
        given
            .into_iter()
            .filter_map(|(is_given, words)| is_given.then_some(words))
    }

    /// `charts` is used when charts are enabled.
    fn options<'a>(&self, charts: &'a DiskCharts, remote: &'a RemoteBases) -> Options<'a> {
        Options {
            reorder: match self.reorder {
                None | Some(ReorderFlag::Legacy) => Reorder::Legacy,
                Some(ReorderFlag::None) => Reorder::None,
            },
            load_restrictions: match self.load_restrictor {
                RestrictorFlag::RootOnly => LoadRestrictions::RootOnly,
                RestrictorFlag::None => LoadRestrictions::None,
            },
            managed_by_label: self.enable_managedby_label,
            remote: self.remote.allowed(remote),
            charts: self.helm.enable_helm.then_some(charts as &dyn Charts),
            ..Options::default()
        }
    }
}

/// Runs `kustomize build`.
pub(super) fn run(arguments: &BuildArguments, output: &mut Output) -> anyhow::Result<()> {
    for words in arguments.deprecated_flags() {
        output.note_line(words)?;
    }
    let (built, _) = once(arguments)?;
    for warning in &built.warnings {
        output.note_line(&warning.text)?;
    }
    match &arguments.output {
        Some(path) if path.is_dir() => write::files(path, &built.values, output),
        Some(path) => write::file(path, &built.to_yaml()),
        None => Ok(output.print(&built.to_yaml())?),
    }
}

/// One build, and the files that it asked for.
fn once(arguments: &BuildArguments) -> anyhow::Result<(Build, BTreeSet<PathBuf>)> {
    let (outcome, seen) = attempt(arguments);
    Ok((outcome?, seen))
}

/// As [`once`]; the files are told of a build that fails too. It blocks: remote bases and charts are waited for.
pub(super) fn attempt(arguments: &BuildArguments) -> (anyhow::Result<Build>, BTreeSet<PathBuf>) {
    let disk = Disk::default();
    let built = arguments.build(&disk);
    (built, disk.seen())
}

impl BuildArguments {
    fn build(&self, disk: &Disk) -> anyhow::Result<Build> {
        let charts = DiskCharts {
            api_versions: self.helm.helm_api_versions.clone(),
            kube_version: self.helm.helm_kube_version.clone(),
        };
        let remote = remote::bases();
        let options = self.options(&charts, &remote);
        remote::with_root(&self.directory, disk, &options, |files, root, options| {
            build(files, root, options).map_err(disk::told)
        })
    }
}
