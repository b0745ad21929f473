//! `diff kustomization`: what applying local files would change in the cluster.

mod report;

use std::collections::BTreeSet;
use std::process::ExitCode;

use anyhow::{Context, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::{Args, Subcommand};
use serde_json::Value;
use skein_api::names::KUSTOMIZE_FIELD_MANAGER;
use skein_cluster::{ApiError, ApplyOptions};
use skein_graph::inventory_of;
use skein_object::mask::MASK;
use skein_object::{Object, ObjectKey};
use skein_plan::apply::{Refusal, Rules, is_drifted, may_recreate};
use skein_plan::ignore::{IgnoreRule, IgnoreRules};
use skein_plan::{normalize, order, settings};

use crate::arguments::{ClusterArguments, Session};
use crate::build::{self, BuildFlags, Builder};
use crate::output::Output;

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
    Kustomization(DiffKustomization),
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
    let DiffWhat::Kustomization(diff) = arguments.what;
    match compare(&diff, &arguments.cluster, output).await {
        Ok(false) => Ok(ExitCode::SUCCESS),
        Ok(true) => {
            output.failure("identified at least one change, exiting with non-zero exit code")?;
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

/// What a dry run says about one object.
enum Outcome {
    Skipped,
    Created,
    Unchanged,
    Drifted(Box<(Object, Object)>),
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
        let ignore = ignore_rules(kustomization)?;
        let mut changed = false;
        let mut kept = BTreeSet::new();
        for object in &objects {
            match self.object(object, kustomization, &ignore).await {
                Ok((key, outcome)) => {
                    changed |= matches!(outcome, Outcome::Created | Outcome::Drifted(_));
                    let is_new = matches!(outcome, Outcome::Created);
                    self.tell(&key, &outcome);
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

    fn tell(&mut self, key: &ObjectKey, outcome: &Outcome) {
        match outcome {
            Outcome::Unchanged => {}
            Outcome::Skipped => self.out.push_str(&format!("► {key} skipped\n")),
            Outcome::Created => self.out.push_str(&format!("► {key} created\n")),
            Outcome::Drifted(pair) => {
                self.out.push_str(&format!("► {key} drifted\n"));
                self.out.push_str(&report::report(&pair.0, &pair.1));
            }
        }
    }

    /// What a server-side dry run says about an object; the key is the one under which the cluster knows it.
    async fn object(
        &self,
        desired: &Object,
        kustomization: &Object,
        ignore: &IgnoreRules,
    ) -> Result<(ObjectKey, Outcome), String> {
        let cluster = &self.session.cluster;
        let shown = |error: &ApiError| refusal(error).dry_run_message(desired);
        let resource = cluster
            .resource(&desired.gvk())
            .await
            .map_err(|e| shown(&e))?;
        let live = cluster
            .get(&resource, desired.namespace(), desired.name())
            .await
            .map_err(|e| shown(&e))?;
        let key = live.as_ref().map_or_else(|| desired.key(), Object::key);
        let is_left = settings::is_excluded(desired)
            || live.as_ref().is_some_and(settings::is_excluded)
            || (live.is_some() && settings::is_if_not_present(desired));
        if is_left {
            return Ok((key, Outcome::Skipped));
        }
        let rules = Rules {
            manager: KUSTOMIZE_FIELD_MANAGER,
            predecessors: &[],
            ignore,
            force: kustomization.bool_at(&["spec", "force"]) == Some(true),
        };
        let options = ApplyOptions {
            field_manager: KUSTOMIZE_FIELD_MANAGER,
            force: true,
            dry_run: true,
            ..ApplyOptions::default()
        };
        let merged = match cluster.apply(&resource, desired, &options).await {
            Ok(merged) => merged,
            Err(error) if may_recreate(desired, live.as_ref(), &rules, &refusal(&error)) => {
                return Ok((key, Outcome::Created));
            }
            Err(error) => return Err(shown(&error)),
        };
        let Some(live) = live else {
            return Ok((merged.key(), Outcome::Created));
        };
        if !is_drifted(&live, &merged, &rules) {
            return Ok((key, Outcome::Unchanged));
        }
        if has_masked_values(desired) && same_keys(&live, &merged) {
            return Ok((key, Outcome::Unchanged));
        }
        Ok((key, Outcome::Drifted(Box::new((live, merged)))))
    }
}

fn refusal(error: &ApiError) -> Refusal<'_> {
    Refusal {
        code: error.code(),
        reason: error.reason(),
        message: match error {
            ApiError::Status(status) => &status.message,
            _ => "the API server did not answer",
        },
        field_conflict: error
            .causes()
            .iter()
            .any(|(reason, ..)| reason == "FieldManagerConflict"),
    }
}

fn ignore_rules(kustomization: &Object) -> anyhow::Result<IgnoreRules> {
    let rules: Vec<IgnoreRule> = match kustomization.at(&["spec", "ignore"]) {
        Some(value) => serde_json::from_value(value.clone()).context("spec.ignore")?,
        None => vec![],
    };
    Ok(IgnoreRules::compile(&rules)?)
}

/// Whether a Secret holds values that were encrypted and are masked in the build.
fn has_masked_values(object: &Object) -> bool {
    let data = object.at(&["data"]).and_then(Value::as_object);
    object.kind() == "Secret"
        && data.into_iter().flatten().any(|(_, value)| {
            let bytes = value.as_str().and_then(|text| STANDARD.decode(text).ok());
            bytes.is_some_and(|bytes| String::from_utf8_lossy(&bytes).contains(MASK))
        })
}

fn same_keys(live: &Object, merged: &Object) -> bool {
    let keys = |object: &Object| -> BTreeSet<String> {
        let data = object.at(&["data"]).and_then(Value::as_object);
        data.into_iter()
            .flatten()
            .map(|(key, _)| key.clone())
            .collect()
    };
    keys(live) == keys(merged)
}
