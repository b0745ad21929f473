//! `get`: objects and their status as tables.

use anyhow::bail;
use clap::{Args, Subcommand};
use futures::StreamExt as _;
use skein_api::FluxKind;
use skein_cluster::Followed;
use skein_object::Object;

use crate::arguments::{ClusterArguments, Session};
use crate::kinds::{ArtifactKind, ImageKind, PlainKind, SourceKind};
use crate::objects::{self, Query};
use crate::output::Output;
use crate::rows::{self, RowOptions, StatusSelector};
use crate::table;

/// `get`.
#[derive(Args, Clone, Debug)]
pub struct GetArguments {
    #[command(subcommand)]
    what: What,
    #[command(flatten)]
    filter: Filter,
    #[command(flatten)]
    cluster: ClusterArguments,
}

#[derive(Args, Clone, Debug)]
struct Filter {
    /// Objects of all namespaces
    #[arg(short = 'A', long, global = true)]
    all_namespaces: bool,
    /// Leave out the heading
    #[arg(long, global = true)]
    no_header: bool,
    /// Show changes as they come
    #[arg(short, long, global = true)]
    watch: bool,
    /// Only objects with this status of a condition, such as ready=false or ready!=true
    #[arg(long, global = true, value_name = "CONDITION=STATUS")]
    status_selector: Option<String>,
    /// Only objects with these labels
    #[arg(short, long, global = true, value_name = "SELECTOR")]
    label_selector: Option<String>,
}

/// Which object of the kind.
#[derive(Args, Clone, Debug)]
struct Which {
    /// Name of the object; all of them without
    name: Option<String>,
    /// Show where appliers take their files from
    #[arg(long)]
    show_source: bool,
}

#[derive(Subcommand, Clone, Debug)]
enum What {
    /// All kinds
    All,
    #[command(flatten)]
    Plain(PlainKind<Which>),
    /// Sources
    #[command(alias = "source")]
    Sources {
        #[command(subcommand)]
        kind: SourceWhat,
    },
    /// Images
    #[command(alias = "image")]
    Images {
        #[command(subcommand)]
        kind: ImageWhat,
    },
    /// Artifacts
    #[command(alias = "artifact")]
    Artifacts {
        #[command(subcommand)]
        kind: ArtifactKind<Which>,
    },
}

#[derive(Subcommand, Clone, Debug)]
enum SourceWhat {
    /// All sources
    All,
    #[command(flatten)]
    Kind(SourceKind<Which>),
}

#[derive(Subcommand, Clone, Debug)]
enum ImageWhat {
    /// All images
    All,
    #[command(flatten)]
    Kind(ImageKind<Which>),
}

const ALL_SOURCES: [FluxKind; 6] = [
    FluxKind::OciRepository,
    FluxKind::Bucket,
    FluxKind::GitRepository,
    FluxKind::HelmRepository,
    FluxKind::HelmChart,
    FluxKind::ExternalArtifact,
];

const ALL_IMAGES: [FluxKind; 3] = [
    FluxKind::ImageRepository,
    FluxKind::ImagePolicy,
    FluxKind::ImageUpdateAutomation,
];

const ALL_OTHERS: [FluxKind; 5] = [
    FluxKind::HelmRelease,
    FluxKind::Kustomization,
    FluxKind::Receiver,
    FluxKind::Provider,
    FluxKind::Alert,
];

/// Runs `get`.
pub(crate) async fn run(arguments: GetArguments, output: &mut Output) -> anyhow::Result<()> {
    let GetArguments {
        what,
        filter,
        cluster,
    } = arguments;
    let (kind, which) = match what {
        What::All => {
            let kinds = [&ALL_SOURCES[..], &ALL_IMAGES, &ALL_OTHERS].concat();
            return all(&kinds, &filter, &cluster, output).await;
        }
        What::Sources {
            kind: SourceWhat::All,
        } => {
            return all(&ALL_SOURCES, &filter, &cluster, output).await;
        }
        What::Images {
            kind: ImageWhat::All,
        } => {
            return all(&ALL_IMAGES, &filter, &cluster, output).await;
        }
        What::Plain(kind) => kind.split(),
        What::Sources {
            kind: SourceWhat::Kind(kind),
        } => kind.split(),
        What::Images {
            kind: ImageWhat::Kind(kind),
        } => kind.split(),
        What::Artifacts { kind } => kind.split(),
    };
    let session = cluster.connect().await?;
    let chosen = Chosen::new(&filter, &session, which.name.clone())?;
    if filter.watch {
        return watch(&session, kind, &chosen, which.show_source, output).await;
    }
    let found = objects::list(&session, kind, &chosen.query).await?;
    if found.is_empty() {
        bail!(nothing_found(kind, &chosen));
    }
    let options = chosen.row_options(false, which.show_source);
    Ok(output.print(&table_of(kind, &found, &chosen, options))?)
}

/// The objects that are asked for, with what the filter says.
struct Chosen {
    query: Query,
    selector: Option<StatusSelector>,
    all_namespaces: bool,
    no_header: bool,
}

impl Chosen {
    fn new(filter: &Filter, session: &Session, name: Option<String>) -> anyhow::Result<Self> {
        let labels = filter
            .label_selector
            .as_deref()
            .map(objects::checked_labels)
            .transpose()?;
        let namespace = if filter.all_namespaces {
            String::new()
        } else {
            session.namespace.clone()
        };
        Ok(Self {
            query: Query {
                namespace,
                name,
                labels: labels.unwrap_or_default(),
            },
            selector: filter
                .status_selector
                .as_deref()
                .map(StatusSelector::parse)
                .transpose()?,
            all_namespaces: filter.all_namespaces,
            no_header: filter.no_header,
        })
    }

    fn row_options(&self, with_kind: bool, with_source: bool) -> RowOptions {
        RowOptions {
            with_namespace: self.all_namespaces,
            with_kind,
            with_source,
        }
    }

    fn admits(&self, kind: FluxKind, object: &Object) -> bool {
        self.selector
            .as_ref()
            .is_none_or(|selector| selector.matches(kind, object))
    }
}

fn nothing_found(kind: FluxKind, chosen: &Chosen) -> String {
    let kind = kind.definition().kind;
    let namespace = if chosen.all_namespaces {
        "any".to_owned()
    } else {
        format!("{:?}", chosen.query.namespace)
    };
    match &chosen.query.name {
        Some(name) => format!("{kind} object '{name}' not found in {namespace} namespace"),
        None => format!("no {kind} objects found in {namespace} namespace"),
    }
}

fn table_of(kind: FluxKind, found: &[Object], chosen: &Chosen, options: RowOptions) -> String {
    let lines: Vec<Vec<String>> = found
        .iter()
        .filter(|object| chosen.admits(kind, object))
        .map(|object| rows::row(kind, object, options))
        .collect();
    let heading = if chosen.no_header {
        vec![]
    } else {
        rows::heading(kind, options)
    };
    table::render(&heading, &lines)
}

/// One table per kind that has objects; a kind that the cluster does not know is passed over.
async fn all(
    kinds: &[FluxKind],
    filter: &Filter,
    cluster: &ClusterArguments,
    output: &mut Output,
) -> anyhow::Result<()> {
    if filter.watch {
        bail!("expected a single resource type, but found all");
    }
    let session = cluster.connect().await?;
    let chosen = Chosen::new(filter, &session, None)?;
    for kind in kinds {
        let found = match objects::list(&session, *kind, &chosen.query).await {
            Ok(found) => found,
            Err(error) if error.is_no_match() || error.is_not_found() => continue,
            Err(error) => {
                output.failure(&error.to_string())?;
                continue;
            }
        };
        if found.iter().any(|object| chosen.admits(*kind, object)) {
            let options = chosen.row_options(true, false);
            output.print(&table_of(*kind, &found, &chosen, options))?;
            output.print("\n")?;
        }
    }
    Ok(())
}

/// Prints each object as it is, and again when it changes, until the watch or the time ends.
async fn watch(
    session: &Session,
    kind: FluxKind,
    chosen: &Chosen,
    show_source: bool,
    output: &mut Output,
) -> anyhow::Result<()> {
    let options = chosen.row_options(false, show_source);
    let mut heading = if chosen.no_header {
        vec![]
    } else {
        rows::heading(kind, options)
    };
    let resource = objects::resource_of(session, kind).await?;
    let query = chosen.query.options();
    let follow = async {
        let changes = session
            .cluster
            .follow(&resource, &query, "", session.watch_limit())
            .await?;
        let mut changes = std::pin::pin!(changes);
        while let Some(change) = changes.next().await {
            let (Followed::Changed(object) | Followed::Deleted(object)) = change?;
            let mut rows = vec![rows::row(kind, &object, options)];
            rows.retain(|_| chosen.admits(kind, &object));
            output.print(&table::render(&std::mem::take(&mut heading), &rows))?;
        }
        anyhow::Ok(())
    };
    match tokio::time::timeout(session.timeout, follow).await {
        Ok(ended) => {
            ended?;
            bail!("the API server ended the watch")
        }
        Err(_) => bail!("timed out waiting for the condition"),
    }
}
