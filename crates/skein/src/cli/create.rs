//! `create`: writes objects from flags, to a cluster or with `--export` to standard output.

mod appliers;
mod apply;
mod images;
mod notifications;
mod references;
mod secrets;
mod sources;
mod tenant;

use anyhow::bail;
use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};
use skein_api::FluxKind;
use skein_object::GoDuration;

pub(crate) use self::references::{OCI_PROVIDERS, Words as Known, one_of};
pub(crate) use self::secrets::webhook_path;
use crate::arguments::ClusterArguments;
use crate::output::Output;

/// How often an object is reconciled when nothing else is said.
const DEFAULT_INTERVAL: &str = "1m0s";

/// Longest name of an object, in characters.
const MAX_NAME_CHARS: usize = 63;

/// `create`.
#[derive(Args, Clone, Debug)]
pub struct CreateArguments {
    #[command(subcommand)]
    what: What,
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    cluster: ClusterArguments,
}

/// Flags of all kinds.
#[derive(Args, Clone, Debug)]
struct Common {
    /// How often the object is reconciled; 1m0s when not given
    #[arg(long, global = true)]
    interval: Option<GoDuration>,
    /// Print the object as YAML instead of applying it
    #[arg(long, global = true)]
    export: bool,
    /// Labels of the object
    #[arg(
        long = "label",
        global = true,
        value_delimiter = ',',
        value_name = "KEY=VALUE"
    )]
    labels: Vec<String>,
}

#[derive(Subcommand, Clone, Debug)]
enum What {
    /// A Kustomization
    #[command(visible_alias = "ks")]
    Kustomization(Box<appliers::KustomizationFlags>),
    /// A HelmRelease
    #[command(visible_alias = "hr")]
    Helmrelease(Box<appliers::HelmReleaseFlags>),
    /// Sources
    Source {
        #[command(subcommand)]
        kind: Box<sources::SourceWhat>,
        /// How long fetching may take
        #[arg(long, global = true)]
        fetch_timeout: Option<GoDuration>,
    },
    /// Secrets
    Secret {
        #[command(subcommand)]
        kind: Box<secrets::SecretWhat>,
    },
    /// An Alert
    Alert(notifications::AlertFlags),
    /// A Provider
    AlertProvider(notifications::ProviderFlags),
    /// A Receiver
    Receiver(notifications::ReceiverFlags),
    /// Images
    Image {
        #[command(subcommand)]
        kind: Box<images::ImageWhat>,
    },
    /// Namespaces, service accounts and role bindings of a tenant
    Tenant(tenant::TenantFlags),
}

/// What all objects of a run share.
struct Making {
    name: String,
    namespace: String,
    labels: Map<String, Value>,
    /// The flag, when it was given.
    interval: Option<GoDuration>,
    export: bool,
}

impl Making {
    /// The interval as objects write it.
    fn interval(&self) -> Value {
        match self.interval {
            Some(interval) => interval.to_string().into(),
            None => DEFAULT_INTERVAL.into(),
        }
    }

    /// Name, namespace and labels of an object.
    fn metadata(&self) -> Value {
        let mut metadata = json!({"name": self.name, "namespace": self.namespace});
        if !self.labels.is_empty() {
            metadata["labels"] = self.labels.clone().into();
        }
        metadata
    }
}

/// An object that is to be written, and the words about it.
struct Draft {
    kind: FluxKind,
    spec: Value,
    words: Words,
    /// A Secret that is written first.
    secret: Option<SecretDraft>,
}

/// A Secret that comes with an object.
struct SecretDraft {
    object: Value,
    /// What is said before it is written.
    action: &'static str,
}

/// What is said about an object; `subject` is what is applied and waited for.
struct Words {
    subject: &'static str,
    /// Whether its making is told: when it is applied, always, or never.
    generating: Generating,
    /// Before `created` and `updated`.
    made: &'static str,
    finished: Finished,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Generating {
    WhenApplied,
    Always,
    Never,
}

/// How the end is told.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Finished {
    /// `KIND NAME is ready`, then what it applied.
    Ready,
    /// `SUBJECT reconciliation completed`, then the revision that must be there.
    Fetched,
    /// `SUBJECT reconciliation completed`.
    Completed,
}

/// Runs `create`.
pub(crate) async fn run(arguments: CreateArguments, output: &mut Output) -> anyhow::Result<()> {
    let CreateArguments {
        what,
        common,
        cluster,
    } = arguments;
    let making = Making {
        name: checked_name(what.name())?,
        namespace: cluster.plain_namespace(),
        labels: Map::new(),
        interval: common.interval,
        export: common.export,
    };
    // Labels are read behind the kind's own checks, as an error about a flag of the kind comes first.
    let labels = || parse_labels(&common.labels);
    let draft = match what {
        What::Kustomization(flags) => appliers::kustomization(&flags, &making)?,
        What::Helmrelease(flags) => appliers::helm_release(&flags, &making)?,
        What::Source {
            kind,
            fetch_timeout,
        } => sources::draft(*kind, fetch_timeout, &making)?,
        What::Alert(flags) => notifications::alert(&flags)?,
        What::AlertProvider(flags) => notifications::provider(&flags)?,
        What::Receiver(flags) => notifications::receiver(&flags)?,
        What::Image { kind } => images::draft(&kind, &making)?,
        What::Secret { kind } => {
            let making = Making {
                labels: labels()?,
                ..making
            };
            return secrets::run(*kind, &making, &cluster, output).await;
        }
        What::Tenant(flags) => {
            let making = Making {
                labels: labels()?,
                ..making
            };
            return tenant::run(&flags, &making, &cluster, output).await;
        }
    };
    let making = Making {
        labels: labels()?,
        ..making
    };
    if making.export {
        if draft.words.generating == Generating::Always {
            output.generate(&format!("generating {}", draft.words.subject))?;
        }
        return Ok(output.print(&apply::document(&making, &draft))?);
    }
    apply::apply(&making, draft, &cluster, output).await
}

impl What {
    /// The name that was given, whatever the kind.
    fn name(&self) -> Option<&str> {
        match self {
            Self::Kustomization(flags) => flags.name.as_deref(),
            Self::Helmrelease(flags) => flags.name.as_deref(),
            Self::Source { kind, .. } => kind.name(),
            Self::Secret { kind } => kind.name(),
            Self::Alert(flags) => flags.name.as_deref(),
            Self::AlertProvider(flags) => flags.name.as_deref(),
            Self::Receiver(flags) => flags.name.as_deref(),
            Self::Image { kind } => kind.name(),
            Self::Tenant(flags) => flags.name.as_deref(),
        }
    }
}

fn checked_name(name: Option<&str>) -> anyhow::Result<String> {
    let Some(name) = name else {
        bail!("name is required")
    };
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = name.as_bytes();
    let fits = (2..=MAX_NAME_CHARS).contains(&bytes.len())
        && bytes.iter().all(|byte| is_plain(*byte) || *byte == b'-')
        && bytes.first().copied().is_some_and(is_plain)
        && bytes.last().copied().is_some_and(is_plain);
    if !fits {
        bail!(
            "name '{name}' is invalid, it should adhere to standard defined in RFC 1123, the name can only contain alphanumeric characters or '-'"
        );
    }
    Ok(name.to_owned())
}

fn parse_labels(labels: &[String]) -> anyhow::Result<Map<String, Value>> {
    let mut parsed = Map::new();
    for label in labels {
        let parts: Vec<&str> = label.split('=').collect();
        let [key, value] = parts[..] else {
            bail!("invalid label format '{label}', must be key=value")
        };
        let problems = references::qualified_name_problems(key);
        if !problems.is_empty() {
            bail!("invalid label '{key}': [{}]", problems.join(" "));
        }
        let problems = references::label_value_problems(value);
        if !problems.is_empty() {
            bail!("invalid label value '{value}': [{}]", problems.join(" "));
        }
        parsed.insert(key.to_owned(), value.into());
    }
    Ok(parsed)
}

/// What the operating system says about a file, in the words of Go.
pub(crate) fn file_error(file: &std::path::Path, error: &std::io::Error) -> String {
    let shown = file.display();
    match error.kind() {
        std::io::ErrorKind::NotFound => format!("open {shown}: no such file or directory"),
        std::io::ErrorKind::PermissionDenied => format!("open {shown}: permission denied"),
        std::io::ErrorKind::IsADirectory => format!("read {shown}: is a directory"),
        _ => format!("open {shown}: {error}"),
    }
}

/// Sets a field unless the text is empty.
fn set_text(target: &mut Value, field: &str, text: Option<&str>) {
    if let Some(text) = text.filter(|text| !text.is_empty()) {
        target[field] = text.into();
    }
}

/// Sets `field: {name: TEXT}` unless the text is empty.
fn set_reference(target: &mut Value, field: &str, name: Option<&str>) {
    if let Some(name) = name.filter(|name| !name.is_empty()) {
        target[field] = json!({"name": name});
    }
}

#[cfg(test)]
mod tests;
