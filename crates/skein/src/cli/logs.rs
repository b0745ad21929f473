//! `logs`: what the controllers log about objects, one line each.

use std::collections::BTreeMap;

use anyhow::bail;
use clap::Args;
use futures::{AsyncBufReadExt as _, StreamExt as _};
use serde::Deserialize;
use serde_json::Value;
use skein_cluster::{ListOptions, LogOptions};
use skein_object::{GoDuration, GroupVersionKind, Object};

use crate::arguments::{ClusterArguments, Session};
use crate::check;
use crate::create::{Known, one_of};
use crate::output::Output;

/// Container that logs when a Pod has several.
const CONTROLLER_CONTAINER: &str = "manager";

/// `logs`.
#[derive(Args, Clone, Debug)]
pub struct LogsArguments {
    /// Nothing is named
    #[arg(hide = true)]
    extra: Vec<String>,
    /// Only lines of this level: debug, info or error
    #[arg(long)]
    level: Option<String>,
    /// Only lines about objects of this kind
    #[arg(long)]
    kind: Option<String>,
    /// Only lines about objects of this name
    #[arg(long)]
    name: Option<String>,
    /// Stay and show what comes
    #[arg(short, long)]
    follow: bool,
    /// How many of the last lines to read of each Pod; -1 for all
    #[arg(long, default_value_t = -1)]
    tail: i64,
    /// Namespace of the controllers
    #[arg(long, default_value = "flux-system")]
    flux_namespace: String,
    /// Lines about objects of all namespaces
    #[arg(short = 'A', long)]
    all_namespaces: bool,
    /// Only lines younger than this
    #[arg(long)]
    since: Option<GoDuration>,
    /// Only lines younger than this time, RFC 3339
    #[arg(long)]
    since_time: Option<String>,
    #[command(flatten)]
    cluster: ClusterArguments,
}

/// A line of a controller's log.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Line {
    ts: String,
    level: String,
    msg: String,
    error: String,
    #[serde(rename = "reconciler kind")]
    kind: String,
    #[serde(rename = "controllerKind")]
    controller_kind: String,
    name: String,
    namespace: String,
}

/// Which lines are shown.
struct Wanted {
    level: Option<String>,
    kind: Option<String>,
    name: Option<String>,
    /// `None` for all.
    namespace: Option<String>,
}

impl Wanted {
    fn admits(&self, line: &Line) -> bool {
        let same = |wanted: &Option<String>, found: &[&str]| {
            wanted
                .as_deref()
                .is_none_or(|text| found.iter().any(|word| word.eq_ignore_ascii_case(text)))
        };
        self.level
            .as_deref()
            .is_none_or(|level| level == line.level)
            && same(&self.kind, &[&line.kind, &line.controller_kind])
            && same(&self.name, &[&line.name])
            && same(&self.namespace, &[&line.namespace])
    }
}

impl Line {
    fn text(&self) -> String {
        let kind = if self.kind.is_empty() {
            &self.controller_kind
        } else {
            &self.kind
        };
        let object = if self.name.is_empty() {
            String::new()
        } else {
            format!("/{}.{}", self.name, self.namespace)
        };
        format!(
            "{} {} {kind}{object} - {} {}\n",
            self.ts, self.level, self.msg, self.error
        )
    }
}

/// Runs `logs`.
pub(crate) async fn run(arguments: LogsArguments, output: &mut Output) -> anyhow::Result<()> {
    one_of(
        arguments.level.as_deref(),
        &Known {
            flag: "--level",
            words: &["debug", "info", "error"],
            refusal: ("unsupported log level", ""),
            missing: "no log level given, must be one of: debug, info, error",
        },
    )?;
    let session = arguments.cluster.connect().await?;
    if !arguments.extra.is_empty() {
        bail!("no argument required");
    }
    let pods = pods(&session, &arguments.flux_namespace).await?;
    if arguments.since_time.is_some() && arguments.since.is_some() {
        bail!("at most one of `sinceTime` or `sinceDuration` may be specified");
    }
    if let Some(time) = &arguments.since_time
        && time.parse::<jiff::Timestamp>().is_err()
    {
        bail!("{time} is not a valid (RFC3339) time");
    }
    let options = LogOptions {
        container: None,
        follow: arguments.follow,
        tail_lines: (arguments.tail > -1).then_some(arguments.tail),
        since_seconds: arguments.since.map(|since| {
            let seconds = since.as_std().as_secs_f64().round();
            // A duration of years still fits.
            seconds as i64
        }),
        since_time: arguments.since_time.clone(),
    };
    let wanted = Wanted {
        level: arguments.level.clone(),
        kind: arguments.kind.clone(),
        name: arguments.name.clone(),
        namespace: (!arguments.all_namespaces).then(|| session.namespace.clone()),
    };
    let namespace = &arguments.flux_namespace;
    let show = show(&session, namespace, &pods, &options, &wanted, output);
    if !arguments.follow {
        return show.await;
    }
    match tokio::time::timeout(session.timeout, show).await {
        Ok(ended) => ended,
        // The time that was given is over: nothing failed.
        Err(_) => Ok(()),
    }
}

/// Prints the lines of all Pods: one Pod after the other, or as they come.
async fn show(
    session: &Session,
    namespace: &str,
    pods: &[Object],
    options: &LogOptions,
    wanted: &Wanted,
    output: &mut Output,
) -> anyhow::Result<()> {
    let mut has_failed = false;
    let mut followed = Vec::new();
    for pod in pods {
        let containers = pod.at(&["spec", "containers"]).and_then(Value::as_array);
        let has_several = containers.is_some_and(|list| list.len() > 1);
        let options = LogOptions {
            container: has_several.then(|| CONTROLLER_CONTAINER.to_owned()),
            ..options.clone()
        };
        match session
            .cluster
            .pod_log(namespace, pod.name(), &options)
            .await
        {
            Ok(log) => {
                let mut lines = Box::pin(log.lines());
                if options.follow {
                    followed.push(lines);
                    continue;
                }
                while let Some(line) = lines.next().await {
                    print_line(&line?, wanted, output)?;
                }
            }
            Err(error) => {
                has_failed = true;
                output.note_line(&format!("failed getting logs: {error}"))?;
            }
        }
    }
    let mut lines = futures::stream::select_all(followed);
    while let Some(line) = lines.next().await {
        print_line(&line?, wanted, output)?;
    }
    if has_failed {
        bail!("failed to collect logs from all Flux pods");
    }
    Ok(())
}

/// Prints a line that is JSON and wanted; others are no log lines of controllers.
fn print_line(text: &str, wanted: &Wanted, output: &mut Output) -> anyhow::Result<()> {
    if !text.starts_with('{') {
        return Ok(());
    }
    match serde_json::from_str::<Line>(text) {
        Ok(line) if wanted.admits(&line) => output.print(&line.text())?,
        Ok(_) => {}
        Err(error) => output.failure(&format!("parse error: {error}"))?,
    }
    Ok(())
}

/// One Pod of each controller, a running one before others.
async fn pods(session: &Session, namespace: &str) -> anyhow::Result<Vec<Object>> {
    let list = async |gvk: GroupVersionKind, labels: String| {
        let resource = session.cluster.resource(&gvk).await?;
        let options = ListOptions {
            namespace: namespace.to_owned(),
            label_selector: labels,
            ..ListOptions::default()
        };
        anyhow::Ok(session.cluster.list(&resource, &options).await?.items)
    };
    let deployments = GroupVersionKind::new("apps", "v1", "Deployment");
    let mut found = BTreeMap::new();
    for deployment in list(deployments, check::PART_OF_FLUX.to_owned()).await? {
        let labels = deployment.at(&["spec", "template", "metadata", "labels"]);
        let pairs = labels.and_then(Value::as_object).into_iter().flatten();
        let selector: Vec<String> = pairs
            .map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()))
            .collect();
        let mut pods = list(GroupVersionKind::new("", "v1", "Pod"), selector.join(",")).await?;
        pods.sort_by_key(|pod| pod.str_at(&["status", "phase"]) != Some("Running"));
        if let Some(pod) = pods.into_iter().next() {
            found.insert(pod.name().to_owned(), pod);
        }
    }
    if found.is_empty() {
        bail!("no Flux pods found in namespace {namespace:?}");
    }
    Ok(found.into_values().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_chosen_and_shortened() {
        let text = r#"{"level":"info","ts":"T","msg":"done","controllerKind":"GitRepository","name":"a","namespace":"b"}"#;
        let line: Line = serde_json::from_str(text).unwrap();
        assert_eq!(line.text(), "T info GitRepository/a.b - done \n");
        let wanted = |kind: &str, namespace: &str| Wanted {
            level: None,
            kind: Some(kind.into()),
            name: None,
            namespace: Some(namespace.into()),
        };
        assert!(wanted("gitrepository", "b").admits(&line));
        assert!(!wanted("Kustomization", "b").admits(&line));
        assert!(!wanted("GitRepository", "c").admits(&line));
    }
}
