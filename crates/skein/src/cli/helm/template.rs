//! `helm template`: renders a chart and prints it.

mod flags;
mod labels;
mod server;

use std::collections::HashSet;
use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, bail};
use clap::Args;
use jiff::Timestamp;
use skein_helm::print::PrintOptions;
use skein_helm::{
    Chart, HookEvent, KubeVersion, RenderError, RenderOptions, Rendered, Values, Warning,
    preflight, render_files,
};
use skein_template::{Environment, Options, Templates, Value, helm};

use super::chart_path::{self, Located};
use super::cluster::ClusterArguments;
use super::connection::RemoteArguments;
use super::dependency::{Manager, Mode};
use super::settings::Settings;
use super::values::ValueArguments;
use super::world::World;
use crate::output::Output;
use server::Server;

/// Name of a release when none is given.
const DEFAULT_RELEASE: &str = "release-name";

/// `helm template`.
#[derive(Args, Clone, Debug)]
pub struct TemplateArguments {
    /// [NAME] CHART
    #[arg(required = true, value_name = "NAME CHART")]
    words: Vec<String>,
    #[command(flatten)]
    values: ValueArguments,
    #[command(flatten)]
    remote: RemoteArguments,
    /// Take versions that are no releases too
    #[arg(long)]
    devel: bool,
    /// Fetch dependencies that charts/ lacks
    #[arg(long)]
    dependency_update: bool,
    /// More API versions for Capabilities.APIVersions
    #[arg(short, long, value_delimiter = ',')]
    api_versions: Vec<String>,
    /// Kubernetes version for Capabilities.KubeVersion
    #[arg(long)]
    kube_version: Option<String>,
    /// Print the CRDs too
    #[arg(long)]
    include_crds: bool,
    /// Leave out CRDs (they are left out anyhow)
    #[arg(long, hide = true)]
    skip_crds: bool,
    /// Set .Release.IsUpgrade instead of .Release.IsInstall
    #[arg(long)]
    is_upgrade: bool,
    /// Print only these templates
    #[arg(short, long)]
    show_only: Vec<String>,
    /// Leave out tests
    #[arg(long)]
    skip_tests: bool,
    /// Leave out hooks
    #[arg(long)]
    no_hooks: bool,
    /// Do not check the values against the chart's schema
    #[arg(long)]
    skip_schema_validation: bool,
    /// Make a name from the chart's
    #[arg(short, long)]
    generate_name: bool,
    /// Template for the release's name
    #[arg(long)]
    name_template: Option<String>,
    /// Write files below this folder instead
    #[arg(long)]
    output_dir: Option<String>,
    /// Put the release's name into the path of the output
    #[arg(long)]
    release_name: bool,
    /// Where lookups and capabilities come from: client (nowhere) or server (the cluster, which must know all kinds)
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = flags::BARE_DRY_RUN)]
    dry_run: Option<String>,
    /// The same as --dry-run=server
    #[arg(long, hide = true)]
    validate: bool,
    /// Not supported: Helm 4 runs plugins here
    #[arg(long)]
    post_renderer: Option<String>,
    /// Labels of the release, as key=value; they are checked and change nothing here
    #[arg(short = 'l', long, value_name = "KEY=VALUE")]
    labels: Vec<String>,
    /// Flags of helm that change nothing here
    #[command(flatten)]
    ignored: IgnoredArguments,
}

/// Flags that helm accepts and that have no effect on what it prints.
#[derive(Args, Clone, Debug)]
struct IgnoredArguments {
    #[arg(long, hide = true)]
    atomic: bool,
    #[arg(long, hide = true)]
    create_namespace: bool,
    #[arg(long, hide = true)]
    description: Option<String>,
    #[arg(long, hide = true)]
    disable_openapi_validation: bool,
    #[arg(long, hide = true)]
    enable_dns: bool,
    #[arg(long, hide = true)]
    force: bool,
    #[arg(long, hide = true)]
    force_conflicts: bool,
    #[arg(long, hide = true)]
    force_replace: bool,
    #[arg(long, hide = true)]
    hide_notes: bool,
    #[arg(long, hide = true, allow_hyphen_values = true)]
    post_renderer_args: Vec<String>,
    #[arg(long, hide = true)]
    render_subchart_notes: bool,
    #[arg(long, hide = true)]
    replace: bool,
    #[arg(long, hide = true)]
    rollback_on_failure: bool,
    #[arg(long, hide = true)]
    server_side: bool,
    #[arg(long, hide = true)]
    take_ownership: bool,
    #[arg(long, hide = true)]
    timeout: Option<String>,
    #[arg(long, hide = true, num_args = 0..=1, require_equals = true, default_missing_value = "watcher")]
    wait: Option<String>,
    #[arg(long, hide = true)]
    wait_for_jobs: bool,
}

/// Runs `helm template`.
pub(super) async fn run(
    arguments: &TemplateArguments,
    settings: &Settings,
    cluster: &ClusterArguments,
    debug: bool,
    output: &mut Output,
) -> anyhow::Result<()> {
    refuse_unsupported(arguments)?;
    for line in flags::notes(arguments)? {
        output.note_line(&line)?;
    }
    let labels = labels::names(&arguments.labels)?;
    let kube_version = kube_version(arguments)?;
    let server = Server::connect(arguments, cluster).await?;
    let (name, chart_name) = name_and_chart(arguments)?;
    let remote = &arguments.remote;
    let version = remote.version_or_devel(arguments.devel);
    let located = chart_path::locate(&chart_name, &version, remote, settings, output).await?;
    let values = arguments.values.merge().await?;
    let chart = load(arguments, &located, settings, debug, output).await?;
    for warning in preflight::warnings(&chart) {
        output.note_line(&warning.to_string())?;
    }
    preflight::check_chart(&chart)?;
    if let Err(problem) = preflight::check_release_name(&name) {
        let line = Warning::error(preflight::NAME_CHECK_FAILED);
        output.note_line(&line.with("error", problem.to_string()).to_string())?;
        return Err(preflight::PreflightError::Name(problem).into());
    }
    labels::refuse_reserved(&labels)?;
    let options = RenderOptions {
        release_name: name.clone(),
        namespace: cluster.namespace(),
        revision: 1,
        is_upgrade: arguments.is_upgrade,
        kube_version,
        extra_api_versions: arguments.api_versions.clone(),
        skip_schema_validation: arguments.skip_schema_validation,
        ..RenderOptions::default()
    };
    let options = match &server {
        Some(server) => server.options(options),
        None => options,
    };
    let mut world: Box<dyn Environment> = match &server {
        Some(server) => server.world(),
        None => Box::new(World),
    };
    // Lookups wait for the cluster, in the middle of a template.
    let mut logged = Vec::new();
    let rendered = tokio::task::block_in_place(|| {
        skein_helm::render_logged(&chart, &values, &options, world.as_mut(), &mut logged)
    });
    for warning in &logged {
        output.note_line(&warning.to_string())?;
    }
    let rendered = match rendered {
        Ok(rendered) => rendered,
        Err(error) => {
            if let RenderError::Dependencies(problem) = &error {
                let line = Warning::error("chart dependencies processing failed");
                output.note_line(&line.with("error", problem.to_string()).to_string())?;
            }
            let world = world.as_mut();
            return tokio::task::block_in_place(|| {
                fail(error, (&chart, &values), &options, (debug, world), output)
            });
        }
    };
    if let Some(server) = &server {
        server.check(&rendered).await?;
    }
    match &arguments.output_dir {
        Some(folder) => write_files(arguments, &rendered, folder, &name, output),
        None => {
            let print = PrintOptions {
                include_crds: arguments.include_crds,
                no_hooks: arguments.no_hooks,
                skip_tests: arguments.skip_tests,
                show_only: arguments.show_only.clone(),
            };
            output.print(&rendered.print(&print)?)?;
            Ok(())
        }
    }
}

fn refuse_unsupported(arguments: &TemplateArguments) -> anyhow::Result<()> {
    if let Some(plugin) = &arguments.post_renderer {
        bail!(
            "--post-renderer {plugin}: plugins of helm are not run; render first and change the output, or use a HelmRelease's postRenderers"
        );
    }
    Ok(())
}

fn kube_version(arguments: &TemplateArguments) -> anyhow::Result<Option<KubeVersion>> {
    let Some(text) = arguments
        .kube_version
        .as_ref()
        .filter(|text| !text.is_empty())
    else {
        return Ok(None);
    };
    let parsed = KubeVersion::parse(text);
    Ok(Some(parsed.with_context(|| {
        format!("invalid kube version '{text}'")
    })?))
}

/// The release's name and the chart, from one or two words.
fn name_and_chart(arguments: &TemplateArguments) -> anyhow::Result<(String, String)> {
    match arguments.words.as_slice() {
        [name, chart] => {
            if arguments.generate_name {
                bail!("cannot set --generate-name and also specify a name");
            }
            if arguments.name_template.is_some() {
                bail!("cannot set --name-template and also specify a name");
            }
            Ok((name.clone(), chart.clone()))
        }
        [chart] => Ok((made_name(arguments, chart)?, chart.clone())),
        words => bail!(
            "expected at most two arguments, unexpected arguments: {}",
            words[2..].join(", ")
        ),
    }
}

fn made_name(arguments: &TemplateArguments, chart: &str) -> anyhow::Result<String> {
    if let Some(text) = &arguments.name_template {
        return template_name(text);
    }
    if arguments.generate_name {
        let base = Path::new(chart).file_name().and_then(|name| name.to_str());
        let base = base
            .and_then(|base| base.split('.').next())
            .unwrap_or("chart");
        return Ok(format!("{base}-{}", Timestamp::now().as_second()));
    }
    Ok(DEFAULT_RELEASE.to_owned())
}

/// The name that `--name-template` makes.
pub(super) fn template_name(text: &str) -> anyhow::Result<String> {
    const NAME: &str = "name-template";
    let functions = std::sync::Arc::new(helm::functions());
    let mut templates = Templates::new(functions, Options::default());
    templates.parse(NAME, text)?;
    Ok(templates.execute(NAME, &Value::Nil, &mut World)?)
}

/// Loads the chart, and with `--dependency-update` fetches what it lacks.
async fn load(
    arguments: &TemplateArguments,
    located: &Located,
    settings: &Settings,
    debug: bool,
    output: &mut Output,
) -> anyhow::Result<Chart> {
    let chart = located.load()?;
    let is_complete = skein_helm::dependencies::missing(&chart).is_empty();
    let Some(folder) = located.folder() else {
        return Ok(chart);
    };
    if is_complete || !arguments.dependency_update {
        return Ok(chart);
    }
    let manager = Manager {
        chart: folder.to_path_buf(),
        skip_refresh: false,
        connection: &arguments.remote.connection,
        settings,
        debug,
    };
    manager.run(Mode::Update, output).await?;
    let chart = located.load();
    chart.context("failed reloading chart after repo update")
}

/// Tells why nothing was rendered. With `--debug` what there is gets printed before, broken as it may be.
fn fail(
    error: RenderError,
    (chart, values): (&Chart, &Values),
    options: &RenderOptions,
    (debug, world): (bool, &mut dyn Environment),
    output: &mut Output,
) -> anyhow::Result<()> {
    if !error.has_output() {
        return Err(error.into());
    }
    if !debug {
        bail!("{error}\n\nUse --debug flag to render out invalid YAML");
    }
    let mut text = String::new();
    if matches!(error, RenderError::Manifest(_)) {
        for (path, content) in render_files(chart, values, options, world, &mut Vec::new())? {
            if !content.trim().is_empty() && !path.ends_with("NOTES.txt") {
                text.push_str(&format!("---\n# Source: {path}\n{content}\n"));
            }
        }
    }
    output.print(&format!("{}\n", text.trim()))?;
    Err(error.into())
}

/// `--output-dir`: every template into a file of its own.
fn write_files(
    arguments: &TemplateArguments,
    rendered: &Rendered,
    folder: &str,
    release: &str,
    output: &mut Output,
) -> anyhow::Result<()> {
    let own_folder = if arguments.release_name {
        format!("{folder}/{release}")
    } else {
        folder.to_owned()
    };
    let mut written = HashSet::new();
    let mut write = |folder: &str, path: &str, content: &str| -> anyhow::Result<()> {
        let full = format!("{folder}/{path}");
        if let Some(parent) = Path::new(&full).parent() {
            fs::create_dir_all(parent).with_context(|| format!("mkdir {}", parent.display()))?;
        }
        let is_new = written.insert(full.clone());
        let mut file = fs::OpenOptions::new()
            .create(true)
            .write(true)
            .append(!is_new)
            .truncate(is_new)
            .open(&full)
            .with_context(|| format!("open {full}"))?;
        write!(file, "---\n# Source: {path}\n{content}\n")?;
        output.print(&format!("wrote {full}\n"))?;
        Ok(())
    };
    if arguments.include_crds {
        for crd in &rendered.crds {
            write(folder, &crd.path, &String::from_utf8_lossy(&crd.data))?;
        }
    }
    for manifest in &rendered.manifests {
        write(&own_folder, &manifest.path, &manifest.content)?;
    }
    for hook in &rendered.hooks {
        let is_skipped = arguments.skip_tests && hook.events.contains(&HookEvent::Test);
        if !arguments.no_hooks && !is_skipped {
            write(&own_folder, &hook.path, &hook.manifest)?;
        }
    }
    output.print("\n")?;
    Ok(())
}
