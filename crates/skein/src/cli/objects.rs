//! Reading and changing Flux objects in a cluster, by kind.

use std::sync::Arc;

use anyhow::{Context, bail};
use serde_json::{Value, json};
use skein_api::FluxKind;
use skein_api::names::{DISABLED, GENERATOR_RECONCILE_ANNOTATION};
use skein_cluster::{ApiError, ApiResource, ListOptions};
use skein_object::{GroupVersionKind, LabelSelector, Object, ObjectKey};

use crate::arguments::Session;

/// Name under which the command line writes.
pub(crate) const FIELD_MANAGER: &str = "flux";

/// The resource that serves a Flux kind.
pub(crate) async fn resource_of(
    session: &Session,
    kind: FluxKind,
) -> Result<Arc<ApiResource>, ApiError> {
    let definition = kind.definition();
    let version = definition.storage_version();
    let gvk = GroupVersionKind::new(definition.group, version, definition.kind);
    session.cluster.resource(&gvk).await
}

/// What to list.
#[derive(Clone, Debug, Default)]
pub(crate) struct Query {
    /// Namespace; empty for all.
    pub namespace: String,
    /// Name; all when absent.
    pub name: Option<String>,
    /// Label selector; empty for all.
    pub labels: String,
}

impl Query {
    /// The same as the API server understands it.
    pub(crate) fn options(&self) -> ListOptions {
        let name = self.name.as_ref();
        ListOptions {
            namespace: self.namespace.clone(),
            label_selector: self.labels.clone(),
            field_selector: name
                .map(|n| format!("metadata.name={n}"))
                .unwrap_or_default(),
            ..ListOptions::default()
        }
    }
}

/// Lists objects of a kind in the order of namespace and name.
pub(crate) async fn list(
    session: &Session,
    kind: FluxKind,
    query: &Query,
) -> Result<Vec<Object>, ApiError> {
    let resource = resource_of(session, kind).await?;
    let options = query.options();
    let mut items = session.cluster.list(&resource, &options).await?.items;
    items.sort_by_key(Object::key);
    Ok(items)
}

/// A label selector that parses.
pub(crate) fn checked_labels(text: &str) -> anyhow::Result<String> {
    LabelSelector::parse(text).context("unable to parse label selector")?;
    Ok(text.to_owned())
}

/// One object, which must exist.
pub(crate) async fn get(
    session: &Session,
    kind: FluxKind,
    namespace: &str,
    name: &str,
) -> anyhow::Result<Object> {
    let resource = resource_of(session, kind).await?;
    match session.cluster.get(&resource, namespace, name).await? {
        Some(object) => Ok(object),
        None => bail!("{} \"{name}\" not found", resource.qualified_name()),
    }
}

/// One object of any kind by its key, at the version that the cluster prefers.
pub(crate) async fn find(session: &Session, key: &ObjectKey) -> anyhow::Result<Option<Object>> {
    let resources = session.cluster.resources().await?;
    let Some(resource) = resources
        .iter()
        .find(|r| r.group == key.group && r.kind == key.kind)
    else {
        return Ok(None);
    };
    Ok(session
        .cluster
        .get(resource, &key.namespace, &key.name)
        .await?)
}

/// Applies a merge patch to an object.
pub(crate) async fn patch(
    session: &Session,
    kind: FluxKind,
    object: &Object,
    patch: &Value,
) -> Result<Object, ApiError> {
    let resource = resource_of(session, kind).await?;
    let target = (object.namespace(), object.name());
    session
        .cluster
        .merge_patch(&resource, target, None, patch, FIELD_MANAGER)
        .await
}

/// Whether an object is paused.
pub(crate) fn is_suspended(kind: FluxKind, object: &Object) -> bool {
    if kind == FluxKind::ArtifactGenerator {
        return object.annotation(GENERATOR_RECONCILE_ANNOTATION) == Some(DISABLED);
    }
    object.bool_at(&["spec", "suspend"]) == Some(true)
}

/// The merge patch that pauses an object or lets it go on.
pub(crate) fn suspend_patch(kind: FluxKind, suspend: bool) -> Value {
    if kind == FluxKind::ArtifactGenerator {
        let value = if suspend {
            Value::from(DISABLED)
        } else {
            Value::Null
        };
        return json!({"metadata": {"annotations": {GENERATOR_RECONCILE_ANNOTATION: value}}});
    }
    // Absent is the same as false, and leaves no owner of the field behind.
    json!({"spec": {"suspend": if suspend { Value::Bool(true) } else { Value::Null }}})
}

/// Whether a kind is reconciled by nobody, so that there is nothing to wait for.
pub(crate) fn is_static(kind: FluxKind, object: &Object) -> bool {
    match kind {
        FluxKind::Alert | FluxKind::Provider => true,
        FluxKind::HelmRepository => object.str_at(&["spec", "type"]) == Some("oci"),
        _ => false,
    }
}
