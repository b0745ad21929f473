//! `helm lint`: findings about charts.

use anyhow::{Context, bail};
use clap::Args;
use skein_helm::Warning;
use skein_helm::lint::{LintOptions, Severity, lint};
use skein_helm::{KubeVersion, Values};

use super::cluster::ClusterArguments;
use super::disk;
use super::values::ValueArguments;
use super::world::World;
use crate::output::Output;

/// `helm lint`.
#[derive(Args, Clone, Debug)]
pub struct LintArguments {
    /// Charts: folders or archives
    #[arg(required = true)]
    paths: Vec<String>,
    #[command(flatten)]
    values: ValueArguments,
    /// Fail on warnings
    #[arg(long)]
    strict: bool,
    /// Print only warnings and errors
    #[arg(long)]
    quiet: bool,
    /// Lint the charts below charts/ too
    #[arg(long)]
    with_subcharts: bool,
    /// Kubernetes version for capabilities and deprecations
    #[arg(long)]
    kube_version: Option<String>,
    /// Do not check the values against the chart's schema
    #[arg(long)]
    skip_schema_validation: bool,
}

/// Runs `helm lint`.
pub(super) async fn run(
    arguments: &LintArguments,
    cluster: &ClusterArguments,
    output: &mut Output,
) -> anyhow::Result<()> {
    let kube_version = match &arguments.kube_version {
        None => None,
        Some(text) if text.is_empty() => None,
        Some(text) => Some(
            KubeVersion::parse(text).with_context(|| format!("invalid kube version '{text}'"))?,
        ),
    };
    let options = LintOptions {
        namespace: cluster.namespace(),
        kube_version,
        skip_schema_validation: arguments.skip_schema_validation,
    };
    let mut paths = arguments.paths.clone();
    if arguments.with_subcharts {
        for path in &arguments.paths {
            paths.extend(disk::charts_below(path));
        }
    }
    let values = arguments.values.merge().await?;
    let (mut failed, mut noteworthy) = (0, 0);
    let mut text = String::new();
    for path in &paths {
        let report = report(path, &values, &options, arguments);
        for warning in &report.warnings {
            output.note_line(&warning.to_string())?;
        }
        failed += usize::from(report.failed);
        noteworthy += usize::from(report.noteworthy);
        if !arguments.quiet || report.noteworthy {
            text.push_str(&format!("==> Linting {path}\n{}\n", report.text));
        }
    }
    output.print(&text)?;
    let summary = format!("{} chart(s) linted, {failed} chart(s) failed", paths.len());
    if failed > 0 {
        bail!(summary);
    }
    if !arguments.quiet || noteworthy > 0 {
        output.print(&format!("{summary}\n"))?;
    }
    Ok(())
}

/// What is said of one chart.
struct Report {
    text: String,
    failed: bool,
    noteworthy: bool,
    /// What is logged before.
    warnings: Vec<Warning>,
}

fn report(path: &str, values: &Values, options: &LintOptions, arguments: &LintArguments) -> Report {
    let input = match disk::lint_input(path) {
        Ok(found) => found,
        Err(error) => {
            return Report {
                text: format!("Error {error:#}\n"),
                failed: true,
                noteworthy: true,
                warnings: Vec::new(),
            };
        }
    };
    let linted = lint(&input, values, options, &mut World);
    let findings = linted.findings;
    let tolerated = if arguments.strict {
        Severity::Warning
    } else {
        Severity::Error
    };
    let shown = findings
        .iter()
        .filter(|finding| !arguments.quiet || finding.severity > Severity::Info);
    Report {
        text: shown.map(|finding| format!("{finding}\n")).collect(),
        failed: findings.iter().any(|finding| finding.severity >= tolerated),
        noteworthy: findings
            .iter()
            .any(|finding| finding.severity > Severity::Info),
        warnings: linted.warnings,
    }
}
