//! `diff`: what applying local files, or installing a chart, would change in the cluster.

pub(crate) mod object;
mod report;

use std::collections::BTreeSet;
use std::io::IsTerminal as _;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use skein_api::names::KUSTOMIZE_FIELD_MANAGER;
use skein_graph::inventory_of;
use skein_object::{Object, ObjectKey};
use skein_plan::ignore::{IgnoreRule, IgnoreRules};
use skein_plan::{normalize, order, settings};

use crate::arguments::{ClusterArguments, Session};
use crate::artifact::{self, DiffArtifact};
use crate::build::{self, BuildFlags, Builder};
use crate::helm_release::{self, DiffHelmRelease};
use crate::output::Output;
use object::{Judge, Outcome};

/// Exit code when something would change.
const CHANGED: u8 = 1;

/// Exit code when the comparison failed.
const FAILED: u8 = 2;

/// Deepest nesting of Kustomizations with `--recursive`.
const MAX_NESTING_LEVELS: usize = 32;

/// `diff`.
#[derive(Args, Clone, Debug)]
pub struct DiffArguments {
    #[command(subcommand)]
    what: DiffWhat,
    #[command(flatten)]
    cluster: ClusterArguments,
}

#[derive(Subcommand, Clone, Debug)]
enum DiffWhat {
    /// Compare local files with what a Kustomization has in the cluster
    #[command(visible_alias = "ks")]
    Kustomization(Box<DiffKustomization>),
    /// Compare what a HelmRelease renders to with what is in the cluster
    #[command(name = "helmrelease", visible_alias = "hr")]
    HelmRelease(Box<DiffHelmRelease>),
    /// Compare a folder with an artifact in a registry
    Artifact(Box<DiffArtifact>),
}

#[derive(Args, Clone, Debug)]
struct DiffKustomization {
    /// Name of the Kustomization
    name: Option<String>,
    #[command(flatten)]
    options: BuildFlags,
    /// Take a Kustomization that the cluster does not have for a new one
    #[arg(long)]
    ignore_not_found: bool,
    /// Accepted for compatibility; there is no progress bar
    #[arg(long, num_args = 0..=1, default_value = "true", default_missing_value = "true")]
    progress_bar: bool,
}

/// Runs `diff`: 0 when nothing would change, 1 when something would, 2 on errors.
pub(crate) async fn run(arguments: DiffArguments, output: &mut Output) -> anyhow::Result<ExitCode> {
    let cluster = &arguments.cluster;
    let outcome = match &arguments.what {
        DiffWhat::Kustomization(diff) => compare(diff, cluster, output).await,
        DiffWhat::HelmRelease(diff) => helm_release::diff(diff, cluster, output).await,
        DiffWhat::Artifact(diff) => {
            artifact::diff(diff, output).await?;
            return Ok(ExitCode::SUCCESS);
        }
    };
    match outcome {
        Ok(false) => Ok(ExitCode::SUCCESS),
        Ok(true) => {
            output.warning("identified at least one change, exiting with non-zero exit code")?;
            Ok(ExitCode::from(CHANGED))
        }
        Err(error) => {
            output.failure(&format!("{error:#}"))?;
            Ok(ExitCode::from(FAILED))
        }
    }
}

async fn compare(
    diff: &DiffKustomization,
    cluster: &ClusterArguments,
    output: &mut Output,
) -> anyhow::Result<bool> {
    let Some(name) = &diff.name else {
        bail!("kustomization name is required")
    };
    build::check_paths(&diff.options)?;
    let session = cluster.connect().await?;
    let kustomization = build::resolve(
        Some(&session),
        name,
        &session.namespace,
        &diff.options,
        diff.ignore_not_found,
    )
    .await?;
    let mut comparison = Comparison::new(&session, &diff.options);
    let changed = comparison
        .kustomization(&kustomization, &diff.options.path, 0)
        .await?;
    output.print(&comparison.out)?;
    if !comparison.errors.is_empty() {
        bail!("{}", comparison.errors.join("\n"));
    }
    Ok(changed)
}

/// A comparison under way: its text and what went wrong.
struct Comparison<'a> {
    session: &'a Session,
    flags: &'a BuildFlags,
    out: String,
    errors: Vec<String>,
}

impl<'a> Comparison<'a> {
    fn new(session: &'a Session, flags: &'a BuildFlags) -> Self {
        Self {
            session,
            flags,
            out: String::new(),
            errors: vec![],
        }
    }

    /// Compares one Kustomization; true when something would change.
    async fn kustomization(
        &mut self,
        kustomization: &Object,
        path: &std::path::Path,
        depth: usize,
    ) -> anyhow::Result<bool> {
        let builder = Builder {
            session: Some(self.session),
            flags: self.flags,
        };
        let mut objects = builder.single(kustomization, path).await?;
        objects.iter_mut().for_each(normalize::normalize);
        let judge = Judge {
            session: self.session,
            manager: KUSTOMIZE_FIELD_MANAGER,
            ignore: ignore_rules(kustomization)?,
            force: kustomization.bool_at(&["spec", "force"]) == Some(true),
            is_left: is_left_alone,
        };
        let mut changed = false;
        let mut kept = BTreeSet::new();
        for object in &objects {
            match judge.object(object).await {
                Ok((key, outcome)) => {
                    changed |= matches!(outcome, Outcome::Created | Outcome::Drifted(_));
                    let is_new = matches!(outcome, Outcome::Created);
                    self.out.push_str(&outcome.told(&key, screen_columns()));
                    kept.insert(key);
                    let is_nested = self.flags.recursive
                        && depth < MAX_NESTING_LEVELS
                        && !is_new
                        && build::is_other_kustomization(object, kustomization);
                    if is_nested {
                        changed |= self.nested(object, &builder, depth).await?;
                    }
                }
                Err(error) => self.errors.push(error),
            }
        }
        let prunes = kustomization.bool_at(&["spec", "prune"]) == Some(true);
        if prunes && self.errors.is_empty() {
            let mut stale: Vec<ObjectKey> = inventory_of(kustomization)
                .into_iter()
                .map(|(key, _)| key)
                .collect();
            stale.retain(|key| !kept.contains(key));
            stale.sort_by(order::compare);
            for key in &stale {
                self.out.push_str(&format!("► {key} deleted\n"));
            }
            changed |= !stale.is_empty();
        }
        Ok(changed)
    }

    async fn nested(
        &mut self,
        object: &Object,
        builder: &Builder<'_>,
        depth: usize,
    ) -> anyhow::Result<bool> {
        let key = object.key();
        if object.at(&["spec", "kubeConfig"]).is_some() {
            self.out.push_str(&format!(
                "⚠️ {key} skipped: diff not supported for remote clusters\n"
            ));
            return Ok(false);
        }
        let path = builder.local_path(object)?;
        let live = build::resolve(
            Some(self.session),
            object.name(),
            object.namespace(),
            &BuildFlags::default(),
            false,
        )
        .await?;
        let mark = self.out.len();
        let changed = Box::pin(self.kustomization(&live, &path, depth + 1)).await?;
        if changed {
            self.out.insert_str(mark, &format!("📁 {key} changed\n"));
        }
        Ok(changed)
    }
}

/// Columns of the terminal that standard output is; reports into files and pipes have a usual width.
pub(crate) fn screen_columns() -> usize {
    /// Columns where there is no terminal.
    const USUAL: usize = 80;
    let size = std::io::stdout()
        .is_terminal()
        .then(crossterm::terminal::size);
    size.and_then(Result::ok)
        .map_or(USUAL, |(columns, _)| usize::from(columns))
}

/// Whether a Kustomization leaves an object as it is.
fn is_left_alone(desired: &Object, live: Option<&Object>) -> bool {
    settings::is_excluded(desired)
        || live.is_some_and(settings::is_excluded)
        || (live.is_some() && settings::is_if_not_present(desired))
}

fn ignore_rules(kustomization: &Object) -> anyhow::Result<IgnoreRules> {
    let rules: Vec<IgnoreRule> = match kustomization.at(&["spec", "ignore"]) {
        Some(value) => serde_json::from_value(value.clone()).context("spec.ignore")?,
        None => vec![],
    };
    Ok(IgnoreRules::compile(&rules)?)
}
