//! `delete`: objects, after a question.

use std::io::{BufRead, IsTerminal};

use anyhow::bail;
use clap::Args;
use skein_cluster::DeleteOptions;

use crate::arguments::ClusterArguments;
use crate::kinds::{KindCommand, human_name};
use crate::objects;
use crate::output::Output;

/// `delete`.
#[derive(Args, Clone, Debug)]
pub struct DeleteArguments {
    #[command(subcommand)]
    what: KindCommand<Which>,
    #[command(flatten)]
    cluster: ClusterArguments,
}

#[derive(Args, Clone, Debug)]
struct Which {
    /// Name of the object
    name: Option<String>,
    /// Do not ask
    #[arg(short, long)]
    silent: bool,
}

/// Runs `delete`.
pub(crate) async fn run(arguments: DeleteArguments, output: &mut Output) -> anyhow::Result<()> {
    let (kind, which) = arguments.what.split();
    let human = human_name(kind);
    let Some(name) = which.name else {
        bail!("{human} name is required")
    };
    let session = arguments.cluster.connect().await?;
    let namespace = session.namespace.as_str();
    objects::get(&session, kind, namespace, &name).await?;
    if !which.silent && !is_confirmed(human, output)? {
        bail!("aborting");
    }
    output.action(&format!("deleting {human} {name} in {namespace} namespace"))?;
    let resource = objects::resource_of(&session, kind).await?;
    session
        .cluster
        .delete(&resource, namespace, &name, &DeleteOptions::default())
        .await?;
    output.success(&format!("{human} deleted"))?;
    Ok(())
}

/// Asks on the terminal; without one the answer is no.
fn is_confirmed(human: &str, output: &mut Output) -> anyhow::Result<bool> {
    if !std::io::stdin().is_terminal() {
        return Ok(false);
    }
    output.print(&format!(
        "Are you sure you want to delete this {human}? [y/N] "
    ))?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer)?;
    Ok(answer.trim().eq_ignore_ascii_case("y"))
}
