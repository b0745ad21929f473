//! `suspend` and `resume`: pauses objects and lets them go on.

use std::collections::BTreeSet;

use anyhow::bail;
use clap::Args;
use skein_api::FluxKind;
use skein_object::Object;

use crate::arguments::{ClusterArguments, Session};
use crate::kinds::{KindCommand, human_name};
use crate::objects::{self, Query};
use crate::output::Output;
use crate::reconcile;

/// `suspend`.
#[derive(Args, Clone, Debug)]
pub struct SuspendArguments {
    #[command(subcommand)]
    what: KindCommand<Names>,
    #[command(flatten)]
    cluster: ClusterArguments,
}

/// `resume`.
#[derive(Args, Clone, Debug)]
pub struct ResumeArguments {
    #[command(subcommand)]
    what: KindCommand<ResumeNames>,
    #[command(flatten)]
    cluster: ClusterArguments,
}

/// Which objects.
#[derive(Args, Clone, Debug)]
struct Names {
    /// Names of the objects
    names: Vec<String>,
    /// All objects of the namespace
    #[arg(long)]
    all: bool,
}

#[derive(Args, Clone, Debug)]
struct ResumeNames {
    #[command(flatten)]
    names: Names,
    /// Wait until the objects are reconciled; the default for a single name
    #[arg(long, num_args = 0..=1, default_missing_value = "true")]
    wait: Option<bool>,
}

/// Runs `suspend`.
pub(crate) async fn suspend(
    arguments: SuspendArguments,
    output: &mut Output,
) -> anyhow::Result<()> {
    let (kind, names) = arguments.what.split();
    let human = human_name(kind);
    check(human, &names)?;
    let session = arguments.cluster.connect().await?;
    for name in selection(&names) {
        let found = find(&session, kind, name.clone()).await?;
        let namespace = &session.namespace;
        match &name {
            Some(name) if found.is_empty() => {
                let kind = kind.definition().kind;
                output.failure(&format!("{kind} {name} not found in {namespace} namespace"))?;
            }
            None if found.is_empty() => bail!("no objects found"),
            _ => {}
        }
        for object in found {
            let name = object.name();
            output.action(&format!(
                "suspending {human} {name} in {namespace} namespace"
            ))?;
            let patch = objects::suspend_patch(kind, true);
            if let Err(error) = objects::patch(&session, kind, &object, &patch).await {
                let kind = kind.definition().kind;
                output.failure(&format!(
                    "failed suspending {kind} {name} in {namespace} namespace: {error}"
                ))?;
                continue;
            }
            output.success(&format!("{human} suspended"))?;
        }
    }
    Ok(())
}

/// Runs `resume`.
pub(crate) async fn resume(arguments: ResumeArguments, output: &mut Output) -> anyhow::Result<()> {
    let (kind, ResumeNames { names, wait }) = arguments.what.split();
    let human = human_name(kind);
    check(human, &names)?;
    let session = arguments.cluster.connect().await?;
    let namespace = &session.namespace;
    let word = kind.definition().kind;
    let mut resumed = Vec::new();
    for name in selection(&names) {
        let found = find(&session, kind, name.clone()).await?;
        if found.is_empty() {
            output.failure(&match &name {
                Some(name) => format!("{word} object '{name}' not found in {namespace} namespace"),
                None => format!("no {word} objects found in {namespace} namespace"),
            })?;
        }
        for object in found {
            output.action(&format!(
                "resuming {human} {} in {namespace} namespace",
                object.name()
            ))?;
            let patch = objects::suspend_patch(kind, false);
            resumed.push(objects::patch(&session, kind, &object, &patch).await?);
            output.success(&format!("{human} resumed"))?;
        }
    }
    if !wait.unwrap_or(names.names.len() == 1) {
        return Ok(());
    }
    let failed = wait_for_all(&session, kind, &resumed, output).await?;
    if failed > 0 {
        bail!("reconciliation failed for {failed} {word}(s)");
    }
    Ok(())
}

/// Waits for all objects side by side; returns how many failed.
async fn wait_for_all(
    session: &Session,
    kind: FluxKind,
    resumed: &[Object],
    output: &mut Output,
) -> anyhow::Result<usize> {
    let word = kind.definition().kind;
    for _ in resumed {
        output.waiting(&format!("waiting for {word} reconciliation"))?;
    }
    let waits = resumed.iter().map(|object| async move {
        if objects::is_static(kind, object) {
            return Ok(object.clone());
        }
        reconcile::wait(session, kind, object, None).await
    });
    let mut failed = 0;
    for (object, outcome) in resumed.iter().zip(futures::future::join_all(waits).await) {
        let name = object.name();
        match outcome {
            Ok(done) => {
                output.success(&format!("{word} {name} reconciliation completed"))?;
                output.success(&reconcile::success_message(kind, &done))?;
            }
            Err(error) => {
                failed += 1;
                output.failure(&format!("{word} {name} reconciliation failed: {error:#}"))?;
            }
        }
    }
    Ok(failed)
}

fn check(human: &str, names: &Names) -> anyhow::Result<()> {
    if names.names.is_empty() && !names.all {
        bail!("{human} name is required");
    }
    Ok(())
}

/// The names, each once; `None` stands for all objects.
fn selection(names: &Names) -> Vec<Option<String>> {
    if names.names.is_empty() {
        return vec![None];
    }
    let mut seen = BTreeSet::new();
    names
        .names
        .iter()
        .filter(|name| seen.insert(*name))
        .cloned()
        .map(Some)
        .collect()
}

async fn find(
    session: &Session,
    kind: FluxKind,
    name: Option<String>,
) -> anyhow::Result<Vec<Object>> {
    let query = Query {
        namespace: session.namespace.clone(),
        name,
        ..Query::default()
    };
    Ok(objects::list(session, kind, &query).await?)
}
