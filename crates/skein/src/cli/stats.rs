//! `stats`: how many objects of each kind run, fail and are paused, and what their artifacts weigh.

use clap::Args;
use skein_api::FluxKind;
use skein_object::Object;

use crate::arguments::ClusterArguments;
use crate::objects::{self, Query};
use crate::output::Output;
use crate::table;

/// `stats`.
#[derive(Args, Clone, Debug)]
pub struct StatsArguments {
    /// Objects of all namespaces
    #[arg(short = 'A', long)]
    all_namespaces: bool,
    #[command(flatten)]
    cluster: ClusterArguments,
}

const KINDS: [FluxKind; 13] = [
    FluxKind::GitRepository,
    FluxKind::OciRepository,
    FluxKind::HelmRepository,
    FluxKind::HelmChart,
    FluxKind::Bucket,
    FluxKind::Kustomization,
    FluxKind::HelmRelease,
    FluxKind::Alert,
    FluxKind::Provider,
    FluxKind::Receiver,
    FluxKind::ImageUpdateAutomation,
    FluxKind::ImagePolicy,
    FluxKind::ImageRepository,
];

/// Runs `stats`.
pub(crate) async fn run(arguments: StatsArguments, output: &mut Output) -> anyhow::Result<()> {
    let session = arguments.cluster.connect().await?;
    let namespace = if arguments.all_namespaces {
        String::new()
    } else {
        session.namespace.clone()
    };
    let query = Query {
        namespace,
        ..Query::default()
    };
    let mut rows = Vec::new();
    for kind in KINDS {
        let found = match objects::list(&session, kind, &query).await {
            Ok(found) => found,
            Err(error) if error.is_no_match() || error.is_not_found() => vec![],
            Err(error) => return Err(error.into()),
        };
        rows.push(row(kind, &found));
    }
    let heading = ["Reconcilers", "Running", "Failing", "Suspended", "Storage"];
    output.print(&table::render(&heading.map(str::to_owned), &rows))?;
    Ok(())
}

fn row(kind: FluxKind, found: &[Object]) -> Vec<String> {
    let suspended = found
        .iter()
        .filter(|object| objects::is_suspended(kind, object))
        .count();
    let failing = found
        .iter()
        .filter(|o| o.condition_status("Ready") == Some("False"))
        .count();
    let bytes: i64 = found
        .iter()
        .filter_map(|object| object.i64_at(&["status", "artifact", "size"]))
        .sum();
    vec![
        kind.definition().kind.to_owned(),
        (found.len() - suspended).to_string(),
        failing.to_string(),
        suspended.to_string(),
        size(bytes),
    ]
}

/// A size in binary units with one decimal.
fn size(bytes: i64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes == 0 {
        return "-".to_owned();
    }
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut divisor = 1024_i64;
    let mut unit = 0;
    while bytes / divisor >= 1024 && unit + 1 < UNITS.len() {
        divisor *= 1024;
        unit += 1;
    }
    format!("{:.1} {}", bytes as f64 / divisor as f64, UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_for_people() {
        let texts = [0, 1023, 1024, 1536, 1 << 20, (1 << 30) + (1 << 29)].map(size);
        assert_eq!(
            texts,
            ["-", "1023 B", "1.0 KiB", "1.5 KiB", "1.0 MiB", "1.5 GiB"]
        );
    }
}
