//! `debug`: what a controller works with, put together the way it does: variables, values, status, history.

use anyhow::bail;
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use skein_api::FluxKind;

use crate::arguments::{ClusterArguments, Session};
use crate::build;
use crate::objects;
use crate::output::Output;

/// `debug`.
#[derive(Args, Clone, Debug)]
pub struct DebugArguments {
    #[command(subcommand)]
    what: DebugWhat,
    #[command(flatten)]
    cluster: ClusterArguments,
}

#[derive(Subcommand, Clone, Debug)]
enum DebugWhat {
    /// Show what a Kustomization works with; prints what referenced Secrets hold
    #[command(visible_alias = "ks")]
    Kustomization {
        /// Name of the Kustomization
        name: String,
        /// Print the variables that are replaced after the build
        #[arg(long)]
        show_vars: bool,
        #[command(flatten)]
        shared: Shared,
    },
    /// Show what a HelmRelease works with; prints what referenced Secrets hold
    #[command(visible_alias = "hr")]
    Helmrelease {
        /// Name of the HelmRelease
        name: String,
        /// Print the values that the chart gets
        #[arg(long)]
        show_values: bool,
        #[command(flatten)]
        shared: Shared,
    },
}

#[derive(Args, Clone, Debug)]
struct Shared {
    /// Print the status
    #[arg(long)]
    show_status: bool,
    /// Print the history of runs
    #[arg(long)]
    show_history: bool,
}

impl Shared {
    /// Refuses anything but one thing to show.
    fn check(&self, other: bool, flag: &str) -> anyhow::Result<()> {
        let count = [self.show_status, self.show_history, other]
            .iter()
            .filter(|set| **set)
            .count();
        if count != 1 {
            bail!("exactly one of --show-status, {flag}, or --show-history must be set");
        }
        Ok(())
    }
}

/// Runs `debug`.
pub(crate) async fn run(arguments: DebugArguments, output: &mut Output) -> anyhow::Result<()> {
    match arguments.what {
        DebugWhat::Kustomization {
            name,
            show_vars,
            shared,
        } => {
            shared.check(show_vars, "--show-vars")?;
            let session = arguments.cluster.connect().await?;
            let shown = Shown {
                kind: FluxKind::Kustomization,
                page: "kustomize/kustomizations/",
                status_anchor: "kustomization-status",
            };
            if show_vars {
                return variables(&session, &name, output).await;
            }
            shown.print(&session, &name, &shared, output).await
        }
        DebugWhat::Helmrelease {
            name,
            show_values,
            shared,
        } => {
            shared.check(show_values, "--show-values")?;
            let session = arguments.cluster.connect().await?;
            let shown = Shown {
                kind: FluxKind::HelmRelease,
                page: "helm/helmreleases/",
                status_anchor: "helmrelease-status",
            };
            if show_values {
                return values(&session, &name, output).await;
            }
            shown.print(&session, &name, &shared, output).await
        }
    }
}

/// A kind with the page that documents it.
struct Shown {
    kind: FluxKind,
    page: &'static str,
    status_anchor: &'static str,
}

impl Shown {
    async fn print(
        &self,
        session: &Session,
        name: &str,
        shared: &Shared,
        output: &mut Output,
    ) -> anyhow::Result<()> {
        let object = objects::get(session, self.kind, &session.namespace, name).await?;
        let object = crate::typed::written(self.kind, &object);
        let mut status = object.at(&["status"]).cloned().unwrap_or_else(|| json!({}));
        // Releases say of each record when it was deleted, if only that it was not.
        if self.kind == FluxKind::HelmRelease
            && let Some(history) = status.get_mut("history").and_then(Value::as_array_mut)
        {
            for record in history.iter_mut().filter_map(Value::as_object_mut) {
                record.entry("deleted").or_insert(Value::Null);
            }
        }
        let (word, anchor, value) = if shared.show_status {
            ("Status", self.status_anchor, status)
        } else {
            let history = status.get("history").cloned();
            ("History", "history", history.unwrap_or_else(|| json!([])))
        };
        let page = self.page;
        output.print(&format!(
            "# {word} documentation: https://fluxcd.io/flux/components/{page}#{anchor}\n{}",
            skein_yaml::to_string(&value)
        ))?;
        Ok(())
    }
}

/// The variables of a Kustomization, those that it names itself over those of ConfigMaps and Secrets.
async fn variables(session: &Session, name: &str, output: &mut Output) -> anyhow::Result<()> {
    let kind = FluxKind::Kustomization;
    let object = objects::get(session, kind, &session.namespace, name).await?;
    let Some(post_build) = object.at(&["spec", "postBuild"]) else {
        bail!("no post build substitutions found")
    };
    let mut found = build::variables_of(session, &object).await?;
    let own = post_build.get("substitute").and_then(Value::as_object);
    for (key, value) in own.into_iter().flatten() {
        let text = value.as_str().unwrap_or_default().replace('\n', "");
        found.insert(key.clone(), text);
    }
    for (key, value) in found {
        output.print(&format!("{key}={value}\n"))?;
    }
    Ok(())
}

/// The values of a HelmRelease as its chart gets them.
async fn values(session: &Session, name: &str, output: &mut Output) -> anyhow::Result<()> {
    let object = objects::get(session, FluxKind::HelmRelease, &session.namespace, name).await?;
    let release = skein_api::HelmRelease::from_object(&object)?;
    let values = skein_helm_controller::composed_values(&session.cluster, &release).await?;
    Ok(output.print(&skein_yaml::to_string(&Value::Object(values)))?)
}
