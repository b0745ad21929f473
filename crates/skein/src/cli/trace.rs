//! `trace`: from an object back to the Kustomization or HelmRelease that applied it, and on to its source.

use anyhow::{Context, bail};
use clap::Args;
use serde_json::Value;
use skein_api::FluxKind;
use skein_api::helm_release::HELM_GROUP;
use skein_api::kustomization::KUSTOMIZE_GROUP;
use skein_api::names::{OCI_REVISION_ANNOTATION, OCI_SOURCE_ANNOTATION};
use skein_api::source::SOURCE_GROUP;
use skein_cluster::ApiResource;
use skein_graph::source_of;
use skein_object::{GroupVersionKind, Object, ObjectKey};

use crate::arguments::{ClusterArguments, Session};
use crate::objects;
use crate::output::Output;
use crate::why;

/// Most owners that are asked on the way from a Pod to what was applied.
const MAX_OWNERS: usize = 16;

/// `trace`.
#[derive(Args, Clone, Debug)]
pub struct TraceArguments {
    /// Resource and name, or several resource/name
    objects: Vec<String>,
    /// Kind of the object; together with --api-version
    #[arg(long)]
    kind: Option<String>,
    /// API version of the object; together with --kind
    #[arg(long)]
    api_version: Option<String>,
    #[command(flatten)]
    cluster: ClusterArguments,
}

/// Runs `trace`.
pub(crate) async fn run(arguments: TraceArguments, output: &mut Output) -> anyhow::Result<()> {
    let session = arguments.cluster.connect().await?;
    let found = match (&arguments.kind, &arguments.api_version) {
        (None, None) => by_words(&session, &arguments.objects).await?,
        (kind, version) => {
            let Some(name) = arguments.objects.first() else {
                bail!("object name is required")
            };
            let Some(kind) = kind else {
                bail!("object kind is required (--kind)")
            };
            let Some(version) = version else {
                bail!("object apiVersion is required (--api-version)")
            };
            vec![by_kind(&session, version, kind, name).await?]
        }
    };
    let mut failures = 0;
    for (place, object) in found.iter().enumerate() {
        if place > 0 {
            output.print("---\n")?;
        }
        match report(&session, object).await {
            Ok(traced) => {
                output.print(&traced.text)?;
                let known: Vec<&Object> = traced.known.iter().chain([object]).collect();
                why::tell(&session, &object.key(), &known, output).await?;
            }
            Err(error) => {
                failures += 1;
                let place = match object.namespace() {
                    "" => String::new(),
                    namespace => format!(" in namespace {namespace}"),
                };
                let (kind, name) = (object.kind(), object.name());
                output.note_line(&format!("failed to trace {kind}/{name}{place}: {error:#}"))?;
            }
        }
    }
    if failures == found.len() && failures > 0 {
        bail!("no object could be traced");
    }
    Ok(())
}

async fn by_kind(
    session: &Session,
    api_version: &str,
    kind: &str,
    name: &str,
) -> anyhow::Result<Object> {
    let group = GroupVersionKind::from_api_version(api_version, "").group;
    let resources = session.cluster.resources().await?;
    let found = resources
        .iter()
        .find(|resource| resource.group == group && resource.kind.eq_ignore_ascii_case(kind));
    let Some(resource) = found else {
        bail!("failed to find object: no kind {kind} in {api_version}")
    };
    fetch(session, resource, name).await
}

/// `kind name name...`, or `kind/name kind/name...`.
async fn by_words(session: &Session, words: &[String]) -> anyhow::Result<Vec<Object>> {
    const USAGE: &str =
        "either `<resource>/<name>` or `<resource> <name>` is required as an argument";
    if let [word] = words
        && !word.contains('/')
    {
        bail!("resource(s) were provided, but no name was specified");
    }
    let pairs: Vec<(&str, &str)> = match words {
        [first, rest @ ..] if !first.contains('/') => rest
            .iter()
            .map(|name| (first.as_str(), name.as_str()))
            .collect(),
        words => words
            .iter()
            .filter_map(|word| word.split_once('/'))
            .collect(),
    };
    if pairs.iter().any(|(_, name)| name.contains('/')) {
        bail!("arguments in resource/name form may not have more than one slash");
    }
    let is_complete = pairs.iter().all(|(_, name)| !name.is_empty());
    if pairs.is_empty() || !is_complete {
        bail!(USAGE);
    }
    let resources = session.cluster.resources().await?;
    let mut found = Vec::new();
    for (word, name) in pairs {
        let Some(resource) = resources.iter().find(|resource| is_named(resource, word)) else {
            bail!("the server doesn't have a resource type \"{word}\"");
        };
        found.push(fetch(session, resource, name).await?);
    }
    Ok(found)
}

fn is_named(resource: &ApiResource, word: &str) -> bool {
    let word = word.to_lowercase();
    // `deployment.apps`, `deployments.v1.apps`.
    if let Some((first, rest)) = word.split_once('.') {
        let is_group =
            rest == resource.group || rest == format!("{}.{}", resource.version, resource.group);
        return is_group && (first == resource.plural || first == resource.singular);
    }
    word == resource.plural
        || word == resource.singular
        || word == resource.kind.to_lowercase()
        || word == resource.qualified_name()
        || resource.short_names.contains(&word)
}

async fn fetch(session: &Session, resource: &ApiResource, name: &str) -> anyhow::Result<Object> {
    let namespace = if resource.namespaced {
        session.namespace.as_str()
    } else {
        ""
    };
    match session.cluster.get(resource, namespace, name).await? {
        Some(object) => Ok(object),
        None => bail!(
            "failed to find object: {} \"{name}\" not found",
            resource.qualified_name()
        ),
    }
}

/// What a report says, and the Flux objects that it speaks of.
struct Traced {
    text: String,
    known: Vec<Object>,
}

/// The report about one object.
async fn report(session: &Session, object: &Object) -> anyhow::Result<Traced> {
    if let Some(name) = owner(session, object, KUSTOMIZE_GROUP).await? {
        let applier = objects::get(session, FluxKind::Kustomization, &name.0, &name.1)
            .await
            .context("failed to find kustomization")?;
        let source = linked(session, &applier).await?;
        return Ok(Traced {
            text: kustomization_report(object, &applier, source.as_ref()),
            known: [applier].into_iter().chain(source).collect(),
        });
    }
    if let Some(name) = owner(session, object, HELM_GROUP).await? {
        let release = objects::get(session, FluxKind::HelmRelease, &name.0, &name.1)
            .await
            .context("failed to find HelmRelease")?;
        let chart = chart_of(session, &release).await?;
        let source = match chart.as_ref().filter(|chart| chart.kind() == "HelmChart") {
            Some(chart) => linked(session, chart).await?,
            None => None,
        };
        return Ok(Traced {
            text: release_report(object, &release, chart.as_ref(), source.as_ref()),
            known: [release].into_iter().chain(chart).chain(source).collect(),
        });
    }
    bail!("object not managed by Flux")
}

/// The chart that a release has, or its source while no chart was made of it.
async fn chart_of(session: &Session, release: &Object) -> anyhow::Result<Option<Object>> {
    let has_chart = release
        .str_at(&["status", "helmChart"])
        .is_some_and(|name| !name.is_empty());
    if has_chart || release.at(&["spec", "chartRef"]).is_some() {
        return linked(session, release).await;
    }
    let Some(reference) = release.at(&["spec", "chart", "spec", "sourceRef"]) else {
        return Ok(None);
    };
    let text = |field: &str| {
        reference
            .get(field)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let namespace = match text("namespace") {
        "" => release.namespace(),
        namespace => namespace,
    };
    let key = ObjectKey::new(SOURCE_GROUP, text("kind"), namespace, text("name"));
    let Some(kind) = FluxKind::of(&key.group_kind()) else {
        return Ok(None);
    };
    objects::get(session, kind, namespace, text("name"))
        .await
        .map(Some)
        .with_context(|| format!("failed to find {}", key.kind))
}

/// The object that another one takes its files from.
async fn linked(session: &Session, object: &Object) -> anyhow::Result<Option<Object>> {
    let Some(key) = source_of(object).filter(|key| key.group == SOURCE_GROUP) else {
        return Ok(None);
    };
    let Some(kind) = FluxKind::of(&key.group_kind()) else {
        return Ok(None);
    };
    objects::get(session, kind, &key.namespace, &key.name)
        .await
        .map(Some)
        .with_context(|| format!("failed to find {}", key.kind))
}

/// Namespace and name of the applier whose labels the object, or one of its owners, has.
async fn owner(
    session: &Session,
    object: &Object,
    group: &str,
) -> anyhow::Result<Option<(String, String)>> {
    let mut current = object.clone();
    for _ in 0..MAX_OWNERS {
        if let Some(name) = current.label(&format!("{group}/name")) {
            let namespace = current
                .label(&format!("{group}/namespace"))
                .unwrap_or_default();
            return Ok(Some((namespace.to_owned(), name.to_owned())));
        }
        let Some(key) = first_owner(&current) else {
            return Ok(None);
        };
        let Some(next) = objects::find(session, &key).await? else {
            return Ok(None);
        };
        current = next;
    }
    Ok(None)
}

fn first_owner(object: &Object) -> Option<ObjectKey> {
    let reference = object
        .at(&["metadata", "ownerReferences"])?
        .as_array()?
        .first()?;
    let text = |field: &str| reference.get(field).and_then(Value::as_str);
    let gvk = GroupVersionKind::from_api_version(text("apiVersion")?, text("kind")?);
    Some(ObjectKey::new(
        gvk.group,
        gvk.kind,
        object.namespace(),
        text("name")?,
    ))
}

/// Lines of `Label: value`, the values below each other.
struct Report {
    out: String,
    width: usize,
}

impl Report {
    fn new(object: &Object, width: usize) -> Self {
        let mut report = Self {
            out: "\n".to_owned(),
            width,
        };
        report.line("Object", &format!("{}/{}", object.kind(), object.name()));
        report.line_unless_empty("Namespace", object.namespace());
        report.line("Status", "Managed by Flux");
        report
    }

    fn line(&mut self, label: &str, value: &str) {
        let label = format!("{label}:");
        self.out
            .push_str(&format!("{label:<width$}{value}\n", width = self.width));
    }

    fn line_unless_empty(&mut self, label: &str, value: &str) {
        if !value.is_empty() {
            self.line(label, value);
        }
    }

    /// Begins the part about an object.
    fn part(&mut self, object: &Object) {
        self.out.push_str("---\n");
        self.line(object.kind(), object.name());
        self.line("Namespace", object.namespace());
    }

    fn field(&mut self, label: &str, object: &Object, path: &[&str]) {
        self.line_unless_empty(label, object.str_at(path).unwrap_or_default());
    }

    /// The end of a part: when it was reconciled, and what came of it.
    fn status(&mut self, object: &Object, tells_failure: bool) {
        let Some(ready) = object.condition("Ready") else {
            self.line("Status", "Unknown");
            return;
        };
        let field = |name: &str| ready.get(name).and_then(Value::as_str).unwrap_or_default();
        let time = go_time(field("lastTransitionTime"));
        let failed = tells_failure && field("status") == "False";
        let word = if failed {
            "reconciliation failed"
        } else {
            "reconciled"
        };
        self.line("Status", &format!("Last {word} at {time}"));
        self.line("Message", field("message"));
    }

    /// The part about a source of files.
    fn source(&mut self, object: &Object) {
        self.part(object);
        self.field("URL", object, &["spec", "url"]);
        let reference = |field: &'static str| ["spec", "ref", field];
        let labels = [
            ("tag", "Tag"),
            ("semver", "Tag"),
            ("branch", "Branch"),
            ("digest", "Digest"),
        ];
        let set = labels.iter().find(|(field, _)| {
            object
                .str_at(&reference(field))
                .is_some_and(|text| !text.is_empty())
        });
        if let Some((field, label)) = set {
            self.field(label, object, &reference(field));
        }
        if object.kind() == "ExternalArtifact" {
            let part = |field| {
                object
                    .str_at(&["spec", "sourceRef", field])
                    .unwrap_or_default()
            };
            self.line(
                "Source",
                &format!("{}/{}/{}", part("kind"), part("namespace"), part("name")),
            );
        }
        self.field("Revision", object, &["status", "artifact", "revision"]);
        for (label, key) in [
            ("Origin Revision", OCI_REVISION_ANNOTATION),
            ("Origin Source", OCI_SOURCE_ANNOTATION),
        ] {
            self.field(label, object, &["status", "artifact", "metadata", key]);
        }
        self.status(object, true);
    }
}

/// A time as Go prints it.
fn go_time(text: &str) -> String {
    text.parse::<jiff::Timestamp>().map_or_else(
        |_| text.to_owned(),
        |time| time.strftime("%Y-%m-%d %H:%M:%S +0000 UTC").to_string(),
    )
}

fn kustomization_report(object: &Object, applier: &Object, source: Option<&Object>) -> String {
    let mut report = Report::new(object, 17);
    report.part(applier);
    report.field("Target", applier, &["spec", "targetNamespace"]);
    report.line(
        "Path",
        applier.str_at(&["spec", "path"]).unwrap_or_default(),
    );
    let revision = applier.str_at(&["status", "lastAppliedRevision"]);
    report.line("Revision", revision.unwrap_or_default());
    report.status(applier, false);
    if let Some(source) = source {
        report.source(source);
    }
    report.out
}

fn release_report(
    object: &Object,
    release: &Object,
    chart: Option<&Object>,
    source: Option<&Object>,
) -> String {
    let mut report = Report::new(object, 16);
    report.part(release);
    report.field("Target", release, &["spec", "targetNamespace"]);
    let revision = release.str_at(&["status", "lastAttemptedRevision"]);
    report.line("Revision", revision.unwrap_or_default());
    report.status(release, false);
    match chart {
        Some(chart) if chart.kind() == "HelmChart" => {
            report.part(chart);
            report.field("Chart", chart, &["spec", "chart"]);
            report.field("Version", chart, &["spec", "version"]);
            report.field("Revision", chart, &["status", "artifact", "revision"]);
            report.status(chart, false);
        }
        Some(other) => {
            report.width = if other.kind() == "HelmRepository" {
                16
            } else {
                17
            };
            report.source(other);
        }
        None => {}
    }
    if let Some(source) = source {
        report.width = if source.kind() == "GitRepository" {
            15
        } else {
            16
        };
        report.source(source);
    }
    report.out
}

#[cfg(test)]
mod tests;
