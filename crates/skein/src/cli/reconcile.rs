//! `reconcile`: asks for a run now and waits for its end.

use std::time::Duration;

use anyhow::bail;
use clap::Args;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use skein_api::FluxKind;
use skein_api::names::{
    FORCE_REQUEST_ANNOTATION, RECONCILE_REQUEST_ANNOTATION, RESET_REQUEST_ANNOTATION,
};
use skein_health::Status;
use skein_object::Object;

use crate::arguments::{ClusterArguments, Session};
use crate::kinds::KindCommand;
use crate::objects;
use crate::output::Output;

/// How often the object is looked at while it is waited for.
const POLL_INTERVAL: Duration = Duration::from_millis(500);

/// `reconcile`.
#[derive(Args, Clone, Debug)]
pub struct ReconcileArguments {
    #[command(subcommand)]
    what: KindCommand<Which>,
    #[command(flatten)]
    cluster: ClusterArguments,
}

#[derive(Args, Clone, Debug)]
struct Which {
    /// Name of the object
    name: Option<String>,
    /// Reconcile the source first
    #[arg(long)]
    with_source: bool,
    /// Release even when nothing changed (HelmRelease)
    #[arg(long)]
    force: bool,
    /// Forget failures (HelmRelease)
    #[arg(long)]
    reset: bool,
}

/// Runs `reconcile`.
pub(crate) async fn run(arguments: ReconcileArguments, output: &mut Output) -> anyhow::Result<()> {
    let (kind, which) = arguments.what.split();
    let definition = kind.definition();
    let Some(name) = which.name else {
        bail!("{} name is required", definition.kind)
    };
    let session = arguments.cluster.connect().await?;
    let object = objects::get(&session, kind, &session.namespace, &name).await?;
    if objects::is_static(kind, &object) {
        output.success("reconciliation not supported by the object")?;
        return Ok(());
    }
    if objects::is_suspended(kind, &object) {
        bail!("resource is suspended");
    }
    if which.with_source {
        for (source, source_object) in sources_of(&session, kind, &object).await? {
            one(&session, source, &source_object, (false, false), output).await?;
        }
    }
    one(&session, kind, &object, (which.force, which.reset), output).await
}

/// What an object takes its files from, the farthest first: the repository of a chart comes before the chart.
async fn sources_of(
    session: &Session,
    kind: FluxKind,
    object: &Object,
) -> anyhow::Result<Vec<(FluxKind, Object)>> {
    let mut chain = Vec::new();
    let mut current = (kind, object.clone());
    // A HelmRelease has a chart and the chart a source: no chain is longer.
    for _ in 0..2 {
        let Some(key) = skein_graph::source_of(&current.1) else {
            break;
        };
        let Some(source) = FluxKind::of(&key.group_kind()) else {
            bail!("cannot reconcile source of kind {}", key.kind);
        };
        let found = objects::get(session, source, &key.namespace, &key.name).await?;
        if !objects::is_static(source, &found) {
            chain.push((source, found.clone()));
        }
        current = (source, found);
    }
    chain.reverse();
    Ok(chain)
}

/// Asks for a run of one object and waits for its end.
async fn one(
    session: &Session,
    kind: FluxKind,
    object: &Object,
    (force, reset): (bool, bool),
    output: &mut Output,
) -> anyhow::Result<()> {
    let word = kind.definition().kind;
    let (name, namespace) = (object.name(), object.namespace());
    output.action(&format!(
        "annotating {word} {name} in {namespace} namespace"
    ))?;
    let before = last_handled(object).to_owned();
    objects::patch(session, kind, object, &request(kind, force, reset)).await?;
    output.success(&format!("{word} annotated"))?;
    output.waiting(&format!("waiting for {word} reconciliation"))?;
    let done = wait(session, kind, object, Some(&before)).await?;
    let Some(ready) = done.condition("Ready") else {
        bail!("status can't be determined")
    };
    let field = |name: &str| ready.get(name).and_then(Value::as_str).unwrap_or_default();
    if field("status") != "True" {
        bail!("{word} reconciliation failed: '{}'", field("message"));
    }
    output.success(&success_message(kind, &done))?;
    Ok(())
}

fn request(kind: FluxKind, force: bool, reset: bool) -> Value {
    let now = Timestamp::now().to_string();
    let mut annotations = Map::new();
    annotations.insert(RECONCILE_REQUEST_ANNOTATION.into(), now.as_str().into());
    if kind == FluxKind::HelmRelease {
        if force {
            annotations.insert(FORCE_REQUEST_ANNOTATION.into(), now.as_str().into());
        }
        if reset {
            annotations.insert(RESET_REQUEST_ANNOTATION.into(), now.as_str().into());
        }
    }
    json!({"metadata": {"annotations": annotations}})
}

fn last_handled(object: &Object) -> &str {
    object
        .str_at(&["status", "lastHandledReconcileAt"])
        .unwrap_or_default()
}

/// Waits until the object is as it should be and, with `handled_before`, until a later request was handled.
pub(crate) async fn wait(
    session: &Session,
    kind: FluxKind,
    object: &Object,
    handled_before: Option<&str>,
) -> anyhow::Result<Object> {
    let deadline = tokio::time::Instant::now() + session.timeout;
    loop {
        let found = objects::get(session, kind, object.namespace(), object.name()).await?;
        let is_handled = match handled_before {
            Some(before) => last_handled(&found) != before,
            None => is_observed(&found),
        };
        if is_handled {
            let health = skein_health::health(&found, Timestamp::now());
            match health.status {
                Status::Current => return Ok(found),
                Status::InProgress => {}
                _ => bail!("{}", health.message),
            }
        }
        if tokio::time::Instant::now() >= deadline {
            bail!("{}", timeout_message(kind, &found, is_handled));
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

/// Whether Ready tells of the object as it is now. Some kinds have no generation in their conditions.
fn is_observed(object: &Object) -> bool {
    let Some(ready) = object.condition("Ready") else {
        return false;
    };
    let observed = object
        .i64_at(&["status", "observedGeneration"])
        .unwrap_or_default();
    let of_condition = ready.get("observedGeneration").and_then(Value::as_i64);
    observed > 0
        && of_condition.filter(|found| *found != 0).unwrap_or(observed) == object.generation()
}

/// What was the matter when the time was over.
fn timeout_message(kind: FluxKind, object: &Object, is_handled: bool) -> String {
    let ready = object
        .condition("Ready")
        .and_then(|condition| condition.get("message"));
    let message = match ready.and_then(Value::as_str) {
        _ if !is_handled => "the request was not taken up; is the controller running?",
        Some(message) => message,
        None => "it has no status yet; is the controller running?",
    };
    format!(
        "timed out waiting for {} {}: {message}",
        kind.definition().kind,
        object.name()
    )
}

/// What is said at the end.
pub(crate) fn success_message(kind: FluxKind, object: &Object) -> String {
    let text = |path: &[&str]| object.str_at(path).unwrap_or_default();
    let fetched = || {
        format!(
            "fetched revision {}",
            text(&["status", "artifact", "revision"])
        )
    };
    match kind {
        FluxKind::HelmRepository if object.str_at(&["spec", "type"]) == Some("oci") => object
            .condition("Ready")
            .and_then(|condition| condition.get("message"))
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned(),
        FluxKind::Kustomization => {
            format!(
                "applied revision {}",
                text(&["status", "lastAppliedRevision"])
            )
        }
        FluxKind::HelmRelease => {
            let newest = object
                .at(&["status", "history"])
                .and_then(|h| h.pointer("/0/chartVersion"));
            let attempted = text(&["status", "lastAttemptedRevision"]);
            format!(
                "applied revision {}",
                newest.and_then(Value::as_str).unwrap_or(attempted)
            )
        }
        FluxKind::ImageRepository => {
            let tags = object
                .i64_at(&["status", "lastScanResult", "tagCount"])
                .unwrap_or_default();
            format!("scan fetched {tags} tags")
        }
        FluxKind::ImagePolicy => {
            let part = |field| text(&["status", "latestRef", field]);
            let digest = part("digest");
            let suffix = if digest.is_empty() {
                String::new()
            } else {
                format!("@{digest}")
            };
            format!("selected ref {}:{}{suffix}", part("name"), part("tag"))
        }
        FluxKind::Alert => "Alert reconciliation completed".to_owned(),
        FluxKind::Provider => "Provider reconciliation completed".to_owned(),
        FluxKind::Receiver => "Receiver reconciliation completed".to_owned(),
        FluxKind::ImageUpdateAutomation | FluxKind::ArtifactGenerator => object
            .condition("Ready")
            .and_then(|condition| condition.get("message"))
            .and_then(Value::as_str)
            .unwrap_or("automation not yet run")
            .to_owned(),
        _ => fetched(),
    }
}
