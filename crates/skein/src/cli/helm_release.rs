//! `build helmrelease` and `diff helmrelease`: what a HelmRelease renders to, and what installing that would change.

mod chart;
mod compare;
mod definition;
mod lookup;

use std::path::PathBuf;

use anyhow::{anyhow, bail};
use clap::{Args, ValueEnum};
use skein_api::helm_release::{HelmRelease, HelmReleaseSpec};
use skein_api::{FluxKind, KindSpec as _, Resource};
use skein_helm::print::PrintOptions;
use skein_helm::{KubeVersion, Rendered};
use skein_helm_controller::preview::{self, Capabilities, Composition, World};
use skein_object::Object;

use crate::arguments::{ClusterArguments, Session};
use crate::output::Output;
use lookup::Lookup;

pub(crate) use compare::{DiffHelmRelease, diff};

/// Revisions that a preview counts from when the cluster does not tell.
const UNKNOWN_REVISION: i64 = 1;

/// `build helmrelease`.
#[derive(Args, Clone, Debug)]
pub(crate) struct BuildHelmRelease {
    #[command(flatten)]
    options: ReleaseFlags,
    /// Do without a cluster: all that is needed comes from --path, --chart and repositories
    #[arg(long)]
    dry_run: bool,
    /// Kubernetes version for templates, in place of the cluster's
    #[arg(long)]
    kube_version: Option<String>,
    /// More API versions for templates
    #[arg(long, value_delimiter = ',')]
    api_versions: Vec<String>,
    /// Print the hooks too
    #[arg(long)]
    show_hooks: bool,
    /// Print the files of crds/ too
    #[arg(long)]
    include_crds: bool,
    /// Print only these templates
    #[arg(short, long)]
    show_only: Vec<String>,
    /// What to print: text as helm does, or the objects alone
    #[arg(short, long, value_enum, default_value = "yaml")]
    output: Format,
}

/// What is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Documents with the template that they come from.
    Yaml,
    /// A list in JSON.
    Json,
    /// Kind, namespace and name, a line each.
    Name,
}

/// Which HelmRelease, and where all that it names comes from.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct ReleaseFlags {
    /// Name of the HelmRelease; may be left out when the files have just one
    name: Option<String>,
    /// File with the HelmRelease
    #[arg(long, value_name = "FILE")]
    helmrelease_file: Option<PathBuf>,
    /// Folder (a kustomization or plain files), file, or - for standard input, with the HelmRelease and with ConfigMaps, Secrets and sources
    /// that go before those of the cluster; may be given several times
    #[arg(long, value_name = "PATH")]
    path: Vec<PathBuf>,
    /// The chart, as a folder or an archive, in place of the one that the HelmRelease names
    #[arg(long, value_name = "PATH")]
    chart: Option<PathBuf>,
    /// Where the files of sources are: Kind/namespace/name=path
    #[arg(long, value_delimiter = ',', value_parser = crate::build::local_source)]
    local_sources: Vec<(String, PathBuf)>,
}

/// A HelmRelease that was rendered.
struct Preview {
    release: HelmRelease,
    rendered: Rendered,
}

/// Runs `build helmrelease`.
pub(crate) async fn build(
    arguments: &BuildHelmRelease,
    cluster: &ClusterArguments,
    output: &mut Output,
) -> anyhow::Result<()> {
    let session = if arguments.dry_run {
        None
    } else {
        Some(cluster.connect().await?)
    };
    let namespace = session
        .as_ref()
        .map_or_else(|| cluster.plain_namespace(), |s| s.namespace.clone());
    let lookup = Lookup::read(session.as_ref(), &arguments.options)?;
    let release = find_release(&lookup, &arguments.options, &namespace).await?;
    let mut capabilities = match &session {
        Some(session) => of_cluster(session).await?,
        None => Capabilities::default(),
    };
    if let Some(text) = &arguments.kube_version {
        let version = KubeVersion::parse(text)
            .map_err(|error| anyhow!("invalid kube version '{text}': {error}"))?;
        capabilities.kube_version = Some(version);
    }
    capabilities
        .extra_api_versions
        .clone_from(&arguments.api_versions);
    let preview = render(&lookup, release, &arguments.options, &capabilities, output).await?;
    output.print(&text(&preview, arguments)?)?;
    Ok(())
}

async fn of_cluster(session: &Session) -> anyhow::Result<Capabilities> {
    Capabilities::of(&session.cluster)
        .await
        .map_err(|problem| anyhow!("{problem}"))
}

/// The HelmRelease: of the files, or else of the cluster.
async fn find_release(
    lookup: &Lookup<'_>,
    flags: &ReleaseFlags,
    namespace: &str,
) -> anyhow::Result<HelmRelease> {
    let definition = HelmReleaseSpec::DEFINITION;
    let mut local = lookup.local(definition.group, definition.kind);
    if let Some(name) = &flags.name {
        local.retain(|object| {
            object.name() == name && ["", namespace].contains(&object.namespace())
        });
    }
    let object = match (local.as_slice(), &flags.name) {
        ([one], _) => (*one).clone(),
        ([], None) => bail!("name a HelmRelease, or a file with one: --helmrelease-file or --path"),
        ([], Some(name)) if flags.helmrelease_file.is_some() => {
            bail!("the files have no HelmRelease '{name}' in namespace '{namespace}'")
        }
        ([], Some(name)) => {
            lookup
                .required_in_cluster(FluxKind::HelmRelease, namespace, name)
                .await?
        }
        (several, _) => {
            let names: Vec<String> = several
                .iter()
                .map(|one| one.namespaced_name().to_string())
                .collect();
            bail!(
                "the files have several HelmReleases: name one of {}",
                names.join(", ")
            )
        }
    };
    let mut release: HelmRelease = Resource::from_object(&object)
        .map_err(|error| anyhow!("the HelmRelease cannot be read: {error}"))?;
    if !local.is_empty() {
        definition::check(&object)?;
    }
    if release.metadata.namespace.is_empty() {
        namespace.clone_into(&mut release.metadata.namespace);
    }
    Ok(release)
}

/// Finds values and chart, and renders.
async fn render(
    lookup: &Lookup<'_>,
    release: HelmRelease,
    flags: &ReleaseFlags,
    capabilities: &Capabilities,
    output: &mut Output,
) -> anyhow::Result<Preview> {
    let mut composition = Composition::new(&release);
    for reference in &release.spec.values_from {
        let kind = format!("{:?}", reference.kind);
        let namespace = &release.metadata.namespace;
        let object = lookup
            .core_object(&kind, namespace, &reference.name)
            .await?;
        composition.add(reference, object.as_ref())?;
    }
    let values = composition.finish();
    let chart = chart::find(lookup, &release, flags, output).await?;
    for warning in skein_helm::preflight::warnings(&chart) {
        output.warning(&warning.message)?;
    }
    skein_helm::preflight::check_chart(&chart)?;
    let revision = revision(lookup, &release).await?;
    let mut world = World::new(lookup.session.map(|session| session.cluster.clone()));
    let (own, capabilities) = (release.clone(), capabilities.clone());
    let rendered = tokio::task::spawn_blocking(move || {
        preview::render(&own, (&chart, &values), revision, &capabilities, &mut world)
    });
    let rendered = rendered.await?.map_err(|error| {
        let name = release.metadata.name.clone();
        anyhow!(
            "HelmRelease '{}/{name}' cannot be rendered: {error}",
            release.metadata.namespace
        )
    })?;
    Ok(Preview { release, rendered })
}

/// The revision that is installed; nothing when the release is not, or nobody can tell.
async fn revision(lookup: &Lookup<'_>, release: &HelmRelease) -> anyhow::Result<Option<i64>> {
    let metadata = &release.metadata;
    let found = lookup
        .in_cluster(FluxKind::HelmRelease, &metadata.namespace, &metadata.name)
        .await?;
    let history = found
        .as_ref()
        .and_then(|object| object.at(&["status", "history"]));
    let newest = history.and_then(|history| history.get(0));
    Ok(newest.map(|newest| newest["version"].as_i64().unwrap_or(UNKNOWN_REVISION)))
}

/// What `build` prints.
fn text(preview: &Preview, arguments: &BuildHelmRelease) -> anyhow::Result<String> {
    let print = PrintOptions {
        include_crds: arguments.include_crds,
        no_hooks: !arguments.show_hooks,
        skip_tests: false,
        show_only: arguments.show_only.clone(),
    };
    let text = preview.rendered.print(&print)?;
    if arguments.output == Format::Yaml {
        return Ok(text);
    }
    let objects = objects(&text)?;
    if arguments.output == Format::Name {
        let lines = objects.iter().map(|object| format!("{}\n", object.key()));
        return Ok(lines.collect());
    }
    let items: Vec<serde_json::Value> = objects.into_iter().map(Object::into_value).collect();
    let list = serde_json::json!({"apiVersion": "v1", "kind": "List", "items": items});
    Ok(format!("{}\n", serde_json::to_string_pretty(&list)?))
}

/// The objects of rendered text.
fn objects(text: &str) -> anyhow::Result<Vec<Object>> {
    preview::objects(text).map_err(|problem| anyhow!("what was rendered cannot be read: {problem}"))
}
