//! `events`: what the controllers told about Flux objects.

use anyhow::bail;
use clap::Args;
use futures::StreamExt as _;
use jiff::{SignedDuration, Timestamp};
use skein_api::FluxKind;
use skein_api::notification::NOTIFICATION_GROUP;
use skein_api::source::SOURCE_GROUP;
use skein_cluster::{Followed, ListOptions};
use skein_object::{GroupVersionKind, Object, ObjectKey};

use crate::arguments::{ClusterArguments, Session};
use crate::objects;
use crate::output::Output;
use crate::table;

/// `events`.
#[derive(Args, Clone, Debug)]
pub struct EventsArguments {
    /// Events of all namespaces
    #[arg(short = 'A', long)]
    all_namespaces: bool,
    /// Show new events as they come
    #[arg(short, long)]
    watch: bool,
    /// Only events of this object and of its source: Kind/name, or Kind
    #[arg(long = "for", value_name = "KIND[/NAME]")]
    for_selector: Option<String>,
    /// Only events of these types: Normal, Warning
    #[arg(long, value_delimiter = ',')]
    types: Vec<String>,
    #[command(flatten)]
    cluster: ClusterArguments,
}

/// Runs `events`.
pub(crate) async fn run(arguments: EventsArguments, output: &mut Output) -> anyhow::Result<()> {
    for word in &arguments.types {
        if !["Normal", "Warning"]
            .iter()
            .any(|known| known.eq_ignore_ascii_case(word))
        {
            bail!("type '{word}' not supported. Supported types are Normal, Warning");
        }
    }
    let session = arguments.cluster.connect().await?;
    let chosen = Chosen::new(&session, &arguments).await?;
    if arguments.watch {
        return watch(&session, &chosen, output).await;
    }
    let now = Timestamp::now();
    let events = chosen.fetch(&session).await?;
    let rows: Vec<Vec<String>> = events
        .iter()
        .map(|event| row(event, chosen.shows_namespace, now))
        .collect();
    if rows.is_empty() {
        output.failure(&nothing_found(&arguments, &session))?;
        return Ok(());
    }
    Ok(output.print(&table::render(&heading(chosen.shows_namespace), &rows))?)
}

/// Prints events as they come, beginning with those that are there, until the watch or the time ends.
async fn watch(session: &Session, chosen: &Chosen, output: &mut Output) -> anyhow::Result<()> {
    let resource = session
        .cluster
        .resource(&GroupVersionKind::new("", "v1", "Event"))
        .await?;
    let mut heading = heading(chosen.shows_namespace);
    let follow = async {
        let mut watches = Vec::new();
        for namespace in &chosen.namespaces {
            let options = ListOptions {
                namespace: namespace.clone(),
                ..ListOptions::default()
            };
            let changes = session
                .cluster
                .follow(&resource, &options, "", session.watch_limit())
                .await?;
            watches.push(Box::pin(changes));
        }
        let mut changes = futures::stream::select_all(watches);
        while let Some(change) = changes.next().await {
            let Followed::Changed(event) = change? else {
                continue;
            };
            if chosen.admits(&event) {
                let row = row(&event, chosen.shows_namespace, Timestamp::now());
                output.print(&table::render(&std::mem::take(&mut heading), &[row]))?;
            }
        }
        anyhow::Ok(())
    };
    match tokio::time::timeout(session.timeout, follow).await {
        Ok(ended) => ended,
        // The time that was given is over: nothing failed.
        Err(_) => Ok(()),
    }
}

fn nothing_found(arguments: &EventsArguments, session: &Session) -> String {
    if arguments.all_namespaces {
        "No events found.".to_owned()
    } else {
        format!("No events found in {} namespace.", session.namespace)
    }
}

/// Whose events are shown.
struct Chosen {
    /// Namespaces to list; one empty name is all of them.
    namespaces: Vec<String>,
    /// Kind and name of the objects; an empty name is any. No entry is any Flux object.
    subjects: Vec<(String, String, String)>,
    types: Vec<String>,
    shows_namespace: bool,
}

impl Chosen {
    async fn new(session: &Session, arguments: &EventsArguments) -> anyhow::Result<Self> {
        let own = if arguments.all_namespaces {
            String::new()
        } else {
            session.namespace.clone()
        };
        let mut chosen = Self {
            namespaces: vec![own.clone()],
            subjects: vec![],
            types: arguments.types.clone(),
            shows_namespace: arguments.all_namespaces,
        };
        let Some(selector) = &arguments.for_selector else {
            return Ok(chosen);
        };
        let (word, name) = match selector.split_once('/') {
            Some(("", word)) => (word, ""),
            Some(parts) => parts,
            None => (selector.as_str(), ""),
        };
        let Some(kind) = FluxKind::ALL
            .into_iter()
            .find(|kind| kind.definition().kind.eq_ignore_ascii_case(word))
        else {
            bail!("'{word}' is not a recognized Flux kind");
        };
        chosen.subjects.push((
            kind.definition().kind.to_owned(),
            name.to_owned(),
            own.clone(),
        ));
        if !name.is_empty() {
            let object = objects::get(session, kind, &session.namespace, name).await?;
            for key in related(session, kind, &object).await? {
                chosen.shows_namespace |= key.namespace != own;
                if !own.is_empty() && !chosen.namespaces.contains(&key.namespace) {
                    chosen.namespaces.push(key.namespace.clone());
                }
                chosen.subjects.push((key.kind, key.name, key.namespace));
            }
        }
        Ok(chosen)
    }

    async fn fetch(&self, session: &Session) -> anyhow::Result<Vec<Object>> {
        let resource = session
            .cluster
            .resource(&GroupVersionKind::new("", "v1", "Event"))
            .await?;
        let mut events = Vec::new();
        for namespace in &self.namespaces {
            let options = ListOptions {
                namespace: namespace.clone(),
                ..ListOptions::default()
            };
            events.extend(session.cluster.list(&resource, &options).await?.items);
        }
        events.retain(|event| self.admits(event));
        events.sort_by_key(last_time);
        Ok(events)
    }

    fn admits(&self, event: &Object) -> bool {
        let (kind, name, namespace) = subject(event);
        let is_type = self.types.is_empty()
            || self.types.iter().any(|word| {
                event
                    .str_at(&["type"])
                    .is_some_and(|t| t.eq_ignore_ascii_case(word))
            });
        let is_flux = FluxKind::ALL
            .iter()
            .any(|known| known.definition().kind == kind);
        let is_subject = self.subjects.is_empty()
            || self.subjects.iter().any(|(k, n, ns)| {
                k == kind && (n.is_empty() || n == name) && (ns.is_empty() || ns == namespace)
            });
        is_type && is_flux && is_subject
    }
}

fn subject(event: &Object) -> (&str, &str, &str) {
    let field = |name| event.str_at(&["involvedObject", name]).unwrap_or_default();
    (field("kind"), field("name"), event.namespace())
}

/// What an object depends on, whose events explain its own.
async fn related(
    session: &Session,
    kind: FluxKind,
    object: &Object,
) -> anyhow::Result<Vec<ObjectKey>> {
    if kind == FluxKind::Alert {
        let name = object
            .str_at(&["spec", "providerRef", "name"])
            .unwrap_or_default();
        return Ok(vec![ObjectKey::new(
            NOTIFICATION_GROUP,
            "Provider",
            object.namespace(),
            name,
        )]);
    }
    if kind == FluxKind::HelmRelease
        && let Some(reference) = object.at(&["spec", "chart", "spec", "sourceRef"])
    {
        return Ok(chart_and_source(object, reference));
    }
    let mut keys = Vec::new();
    let mut current = object.clone();
    // A HelmRelease has a chart and the chart a source: no chain is longer.
    for _ in 0..2 {
        let Some(key) = skein_graph::source_of(&current) else {
            break;
        };
        let next = objects::find(session, &key).await?;
        keys.push(key);
        let Some(next) = next else { break };
        current = next;
    }
    Ok(keys)
}

/// The chart of a release, and where that comes from; both are known before the chart exists.
fn chart_and_source(release: &Object, reference: &serde_json::Value) -> Vec<ObjectKey> {
    let text = |field: &str| {
        let value = reference.get(field).and_then(serde_json::Value::as_str);
        value.unwrap_or_default()
    };
    let namespace = match text("namespace") {
        "" => release.namespace(),
        namespace => namespace,
    };
    let chart = format!("{}-{}", release.namespace(), release.name());
    vec![
        ObjectKey::new(SOURCE_GROUP, "HelmChart", namespace, chart),
        ObjectKey::new(SOURCE_GROUP, text("kind"), namespace, text("name")),
    ]
}

fn heading(shows_namespace: bool) -> Vec<String> {
    let columns = [
        "Namespace",
        "Last seen",
        "Type",
        "Reason",
        "Object",
        "Message",
    ];
    columns
        .iter()
        .skip(usize::from(!shows_namespace))
        .map(|c| (*c).to_owned())
        .collect()
}

fn row(event: &Object, shows_namespace: bool, now: Timestamp) -> Vec<String> {
    let (kind, name, namespace) = subject(event);
    let text = |field| event.str_at(&[field]).unwrap_or_default().to_owned();
    let mut cells = vec![
        last_seen(event, now),
        text("type"),
        text("reason"),
        format!("{kind}/{name}"),
        text("message"),
    ];
    if shows_namespace {
        cells.insert(0, namespace.to_owned());
    }
    cells
}

fn time_at(event: &Object, path: &[&str]) -> Option<Timestamp> {
    event.str_at(path)?.parse().ok()
}

fn last_time(event: &Object) -> Option<Timestamp> {
    time_at(event, &["series", "lastObservedTime"])
        .or_else(|| time_at(event, &["lastTimestamp"]))
        .or_else(|| time_at(event, &["eventTime"]))
}

/// When an event was seen, and how often: `2m (x3 over 10m)`.
fn last_seen(event: &Object, now: Timestamp) -> String {
    let since = |time: Option<Timestamp>| {
        time.map_or_else(
            || "<unknown>".to_owned(),
            |time| human_duration(now.duration_since(time)),
        )
    };
    let first =
        since(time_at(event, &["eventTime"]).or_else(|| time_at(event, &["firstTimestamp"])));
    if let Some(count) = event.i64_at(&["series", "count"]) {
        let last = since(time_at(event, &["series", "lastObservedTime"]));
        return format!("{last} (x{count} over {first})");
    }
    match event.i64_at(&["count"]) {
        Some(count) if count > 1 => {
            format!(
                "{} (x{count} over {first})",
                since(time_at(event, &["lastTimestamp"]))
            )
        }
        _ => first,
    }
}

/// A duration for people: two units at most, the second one only while the first is small.
fn human_duration(duration: SignedDuration) -> String {
    let seconds = duration.as_secs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    let pair = |first: i64, unit: &str, rest: i64, rest_unit: &str| {
        if rest == 0 {
            format!("{first}{unit}")
        } else {
            format!("{first}{unit}{rest}{rest_unit}")
        }
    };
    match seconds {
        ..-1 => "<invalid>".to_owned(),
        -1 => "0s".to_owned(),
        0..120 => format!("{seconds}s"),
        120..600 => pair(minutes, "m", seconds % 60, "s"),
        600..10_800 => format!("{minutes}m"),
        10_800..28_800 => pair(hours, "h", minutes % 60, "m"),
        28_800..172_800 => format!("{hours}h"),
        172_800..691_200 => pair(days, "d", hours % 24, "h"),
        691_200..63_072_000 => format!("{days}d"),
        63_072_000..252_288_000 => pair(days / 365, "y", days % 365, "d"),
        _ => format!("{}y", days / 365),
    }
}

#[cfg(test)]
mod tests;
