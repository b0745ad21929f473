//! `kustomize explain`: an object of a build with the origin of every field beside it, or the whole history of one field.

mod path;
mod render;

use std::path::PathBuf;

use anyhow::{anyhow, bail};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use skein_kustomize::{Build, Change, Charts, FieldHistory, History, Options, build};

use super::disk::{self, Disk};
use super::remote::{self, RemoteFlags};
use crate::helm::inflate::DiskCharts;
use crate::output::Output;

/// `kustomize explain`.
#[derive(Args, Clone, Debug)]
pub(super) struct ExplainArguments {
    /// Object to explain: Kind/name, with the name it has now or had in a base
    #[arg(value_name = "OBJECT")]
    object: String,
    /// Directory with the kustomization
    #[arg(value_name = "DIR", default_value = ".")]
    directory: PathBuf,
    /// Namespace of the object, when several have one name
    #[arg(short, long)]
    namespace: Option<String>,
    /// Only the history of this field, for example spec.replicas or spec.template.spec.containers[name=app].image
    #[arg(long)]
    field: Option<String>,
    /// Form of the answer
    #[arg(short, long, value_enum, default_value_t = Form::Table)]
    output: Form,
    /// Render the charts that kustomizations list
    #[arg(long)]
    enable_helm: bool,
    #[command(flatten)]
    remote: RemoteFlags,
}

/// Form of the answer.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Form {
    /// The object with a column of origins
    Table,
    /// Every field with its changes, as YAML
    Yaml,
    /// Every field with its changes, as JSON
    Json,
}

/// Runs `kustomize explain`.
pub(super) fn run(arguments: &ExplainArguments, output: &mut Output) -> anyhow::Result<()> {
    let built = traced(arguments)?;
    let (value, history) = find(&built, &arguments.object, arguments.namespace.as_deref())?;
    let history = told(history);
    let chosen = match &arguments.field {
        None => history.fields.iter().collect(),
        Some(field) => path::chosen(&history, value, field)?,
    };
    let text = match arguments.output {
        Form::Table if arguments.field.is_some() => render::changes(&chosen),
        Form::Table => render::beside(value, &history)?,
        Form::Yaml => skein_yaml::to_string(&document(value, &chosen)),
        Form::Json => format!("{:#}\n", document(value, &chosen)),
    };
    Ok(output.print(&text)?)
}

/// The build with the origin of every field.
fn traced(arguments: &ExplainArguments) -> anyhow::Result<Build> {
    let (charts, remote) = (DiskCharts::default(), remote::bases());
    let options = Options {
        trace: true,
        remote: arguments.remote.allowed(&remote),
        charts: arguments.enable_helm.then_some(&charts as &dyn Charts),
        ..Options::default()
    };
    let disk = Disk::default();
    remote::with_root(
        &arguments.directory,
        &disk,
        &options,
        |files, root, options| build(files, root, options).map_err(disk::told),
    )
}

/// The object that is meant.
fn find<'b>(
    built: &'b Build,
    wanted: &str,
    namespace: Option<&str>,
) -> anyhow::Result<(&'b Value, &'b History)> {
    let Some((kind, name)) = wanted.split_once('/') else {
        bail!("'{wanted}' must be Kind/name, for example Deployment/web");
    };
    let kind = kind.split('.').next().unwrap_or(kind);
    let text = |value: &'b Value, pointer: &str| {
        value.pointer(pointer).and_then(Value::as_str).unwrap_or("")
    };
    let fits = |value: &&Value| {
        text_fits(text_of(value, "/kind"), kind)
            && namespace.is_none_or(|n| text_of(value, "/metadata/namespace") == n)
    };
    let all: Vec<(&Value, &History)> = built
        .values
        .iter()
        .zip(&built.histories)
        .filter(|(value, _)| fits(value))
        .collect();
    let now = |(value, _): &&(&'b Value, &History)| text(value, "/metadata/name") == name;
    let once = |(_, history): &&(&Value, &History)| history.earlier_names.iter().any(|n| n == name);
    let mut found: Vec<_> = all.iter().filter(now).copied().collect();
    if found.is_empty() {
        found = all.iter().filter(once).copied().collect();
    }
    match found[..] {
        [one] => Ok(one),
        [] => Err(not_found(built, wanted)),
        _ => bail!(
            "{} objects are called {wanted}; choose one with --namespace",
            found.len()
        ),
    }
}

fn text_of<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or("")
}

fn text_fits(have: &str, wanted: &str) -> bool {
    have.eq_ignore_ascii_case(wanted)
}

/// Names the objects that there are.
fn not_found(built: &Build, wanted: &str) -> anyhow::Error {
    const MAX_SHOWN: usize = 20;
    let shown = |v: &Value| format!("{}/{}", text_of(v, "/kind"), text_of(v, "/metadata/name"));
    let mut names: Vec<String> = built.values.iter().take(MAX_SHOWN).map(shown).collect();
    if built.values.len() > MAX_SHOWN {
        names.push(format!("and {} more", built.values.len() - MAX_SHOWN));
    }
    anyhow!("the build has no {wanted}; it has: {}", names.join(", "))
}

/// A history with paths as people write them.
fn told(history: &History) -> History {
    let mut history = history.clone();
    for change in history.fields.iter_mut().flat_map(|f| &mut f.changes) {
        for path in [&mut change.file, &mut change.kustomization] {
            if !path.is_empty() {
                *path = disk::shown(path);
            }
        }
    }
    history
}

/// The machine's form.
fn document(value: &Value, fields: &[&FieldHistory]) -> Value {
    let change = |change: &Change| {
        let mut entry = json!({"step": change.what});
        for (key, text) in [
            ("file", &change.file),
            ("kustomization", &change.kustomization),
        ] {
            if !text.is_empty() {
                entry[key] = text.as_str().into();
            }
        }
        if let Some(line) = change.line {
            entry["line"] = line.into();
        }
        match &change.value {
            Some(text) => entry["value"] = text.as_str().into(),
            None => entry["removed"] = true.into(),
        }
        entry
    };
    let field = |field: &&FieldHistory| {
        json!({
            "path": field.path_text(),
            "present": field.is_present,
            "changes": field.changes.iter().map(change).collect::<Vec<_>>(),
        })
    };
    json!({
        "apiVersion": text_of(value, "/apiVersion"),
        "kind": text_of(value, "/kind"),
        "name": text_of(value, "/metadata/name"),
        "namespace": text_of(value, "/metadata/namespace"),
        "fields": fields.iter().map(field).collect::<Vec<_>>(),
    })
}
