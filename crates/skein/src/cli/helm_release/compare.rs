//! `diff helmrelease`: rendered objects against the cluster, by server-side dry runs.

use std::collections::BTreeSet;

use anyhow::{anyhow, bail};
use clap::Args;
use skein_api::helm_release::HelmRelease;
use skein_api::names::{DISABLED, DRIFT_DETECTION_SETTING};
use skein_cluster::{ApiResource, ListOptions};
use skein_helm::release::stored::{self, Driver};
use skein_helm::release::{Release, history};
use skein_helm_controller::preview::{self, FIELD_MANAGER};
use skein_helm_controller::spec;
use skein_object::{GroupVersionKind, Object, ObjectKey};
use skein_plan::{normalize, order};

use super::lookup::Lookup;
use super::{ReleaseFlags, find_release, objects, of_cluster, render};
use crate::arguments::{ClusterArguments, Session};
use crate::diff::object::Judge;
use crate::diff::screen_columns;
use crate::output::Output;

/// Annotation and value that keep an object when it leaves the release.
const RESOURCE_POLICY: (&str, &str) = ("helm.sh/resource-policy", "keep");

/// `diff helmrelease`.
#[derive(Args, Clone, Debug)]
pub(crate) struct DiffHelmRelease {
    #[command(flatten)]
    options: ReleaseFlags,
    /// Compare only what these templates render to
    #[arg(short, long)]
    show_only: Vec<String>,
}

/// Runs `diff helmrelease`; true when something would change.
pub(crate) async fn diff(
    arguments: &DiffHelmRelease,
    cluster: &ClusterArguments,
    output: &mut Output,
) -> anyhow::Result<bool> {
    let session = cluster.connect().await?;
    let lookup = Lookup::read(Some(&session), &arguments.options)?;
    let release = find_release(&lookup, &arguments.options, &session.namespace).await?;
    if release.spec.kube_config.is_some() {
        bail!(
            "diff is not supported for remote clusters (spec.kubeConfig); use the kubeconfig of that cluster with --path"
        );
    }
    let capabilities = of_cluster(&session).await?;
    let preview = render(&lookup, release, &arguments.options, &capabilities, output).await?;
    let print = skein_helm::print::PrintOptions {
        no_hooks: true,
        show_only: arguments.show_only.clone(),
        ..skein_helm::print::PrintOptions::default()
    };
    let wanted = objects(&preview.rendered.print(&print)?)?;
    let release = &preview.release;
    let judge = Judge {
        session: &session,
        manager: FIELD_MANAGER,
        ignore: preview::ignore_rules(release)
            .map_err(|problem| anyhow!("spec.driftDetection.ignore: {problem}"))?,
        force: false,
        is_left: is_left_alone,
    };
    let (mut text, mut changed) = (String::new(), false);
    let (mut kept, mut problems) = (BTreeSet::new(), vec![]);
    for mut object in wanted {
        place(&session, &mut object, release).await?;
        match judge.object(&object).await {
            Ok((key, outcome)) => {
                changed |= outcome.is_change();
                text.push_str(&outcome.told(&key, screen_columns()));
                kept.insert(key);
            }
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() && arguments.show_only.is_empty() {
        for key in leaving(&session, release, &kept).await? {
            text.push_str(&format!("► {key} deleted\n"));
            changed = true;
        }
    }
    output.print(&text)?;
    if !problems.is_empty() {
        bail!("{}", problems.join("\n"));
    }
    Ok(changed)
}

/// Gives an object what the controller gives it before it applies it: its namespace and the marks of the release.
async fn place(
    session: &Session,
    object: &mut Object,
    release: &HelmRelease,
) -> anyhow::Result<()> {
    normalize::normalize(object);
    // A kind that is not there yet is told by the dry run.
    if let Ok(resource) = session.cluster.resource(&object.gvk()).await {
        if !resource.namespaced {
            object.remove(&["metadata", "namespace"]);
        } else if object.namespace().is_empty() {
            object.set(
                &["metadata", "namespace"],
                spec::release_namespace(release).into(),
            );
        }
    }
    preview::mark(object, release);
    Ok(())
}

/// The controller takes no interest in objects with drift detection switched off.
fn is_left_alone(desired: &Object, live: Option<&Object>) -> bool {
    let is_off = |object: &Object| {
        object
            .setting(DRIFT_DETECTION_SETTING)
            .is_some_and(|value| value == DISABLED)
    };
    live.is_some() && (is_off(desired) || live.is_some_and(is_off))
}

/// Objects of the installed release that the new one does not have, in the order of their deletion.
async fn leaving(
    session: &Session,
    release: &HelmRelease,
    kept: &BTreeSet<ObjectKey>,
) -> anyhow::Result<Vec<ObjectKey>> {
    let Some(installed) = installed(session, release).await? else {
        return Ok(vec![]);
    };
    let mut keys = vec![];
    for mut object in objects(&installed.manifest)? {
        if object.annotation(RESOURCE_POLICY.0) == Some(RESOURCE_POLICY.1) {
            continue;
        }
        let Ok(resource) = session.cluster.resource(&object.gvk()).await else {
            continue;
        };
        if resource.namespaced && object.namespace().is_empty() {
            object.set(
                &["metadata", "namespace"],
                installed.namespace.clone().into(),
            );
        }
        let place = (object.namespace(), object.name());
        let is_there = session
            .cluster
            .get(&resource, place.0, place.1)
            .await?
            .is_some();
        if is_there && !kept.contains(&object.key()) {
            keys.push(object.key());
        }
    }
    keys.sort_by(order::compare);
    Ok(keys)
}

/// The newest record of a release.
async fn installed(session: &Session, release: &HelmRelease) -> anyhow::Result<Option<Release>> {
    let driver = Driver::Secret;
    let gvk = GroupVersionKind::new("", "v1", driver.kind());
    let resource = ApiResource::new(&gvk, driver.plural(), true);
    let scope = ListOptions {
        namespace: spec::storage_namespace(release).to_owned(),
        label_selector: stored::selector(&spec::release_name(release)),
        ..ListOptions::default()
    };
    let page = session.cluster.list(&resource, &scope).await?;
    let records: Vec<Release> = page
        .items
        .into_iter()
        .filter_map(|object| stored::read(driver, &object.into_value()).ok())
        .collect();
    Ok(history::deployed(&records)
        .or(history::last(&records))
        .cloned())
}
