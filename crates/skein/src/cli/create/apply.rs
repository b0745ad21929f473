//! Writes what was drafted: creates or replaces the object, then waits until it is reconciled.

use anyhow::bail;
use serde_json::{Value, json};
use skein_api::FluxKind;
use skein_object::{GroupVersionKind, Object};

use super::{Draft, Finished, Generating, Making};
use crate::arguments::{ClusterArguments, Session};
use crate::objects;
use crate::output::Output;
use crate::reconcile;

/// The object as a YAML document.
pub(crate) fn document(making: &Making, draft: &Draft) -> String {
    yaml_document(&whole(making, draft))
}

/// A value as a YAML document of its own.
pub(crate) fn yaml_document(value: &Value) -> String {
    format!("---\n{}", skein_yaml::to_string(value))
}

fn whole(making: &Making, draft: &Draft) -> Value {
    let definition = draft.kind.definition();
    json!({
        "apiVersion": definition.api_version(),
        "kind": definition.kind,
        "metadata": making.metadata(),
        "spec": draft.spec,
    })
}

/// Applies the draft and tells each step.
pub(crate) async fn apply(
    making: &Making,
    mut draft: Draft,
    cluster: &ClusterArguments,
    output: &mut Output,
) -> anyhow::Result<()> {
    let subject = draft.words.subject;
    let mut session = cluster.connect().await?;
    session.namespace.clone_from(&making.namespace);
    if draft.words.generating != Generating::Never {
        output.generate(&format!("generating {subject}"))?;
    }
    let is_plain = draft.spec["url"]
        .as_str()
        .is_some_and(|url| url.starts_with("http://"));
    if draft.kind == FluxKind::GitRepository && is_plain && draft.spec.get("secretRef").is_none() {
        output.warning("insecure configuration: credentials configured for an HTTP URL")?;
    }
    if let Some(secret) = draft.secret.take() {
        output.action(secret.action)?;
        let name = upsert_secret(&session, &secret.object).await?;
        draft.spec["secretRef"] = json!({"name": name});
        output.success("authentication configured")?;
    }
    output.action(&format!("applying {subject}"))?;
    let verb = upsert(&session, making, &draft).await?;
    output.success(&format!("{} {verb}", draft.words.made))?;
    output.waiting(&format!("waiting for {subject} reconciliation"))?;
    let object = objects::get(&session, draft.kind, &making.namespace, &making.name).await?;
    let done = if objects::is_static(draft.kind, &object) {
        object
    } else {
        reconcile::wait(&session, draft.kind, &object, None).await?
    };
    tell_end(making, &draft, &done, output)
}

fn tell_end(
    making: &Making,
    draft: &Draft,
    done: &Object,
    output: &mut Output,
) -> anyhow::Result<()> {
    let subject = draft.words.subject;
    match draft.words.finished {
        Finished::Ready => {
            output.success(&format!("{subject} {} is ready", making.name))?;
            if draft.kind == FluxKind::Receiver {
                let path = done.str_at(&["status", "webhookPath"]).unwrap_or_default();
                output.success(&format!("generated webhook URL {path}"))?;
            } else if !objects::is_static(draft.kind, done) {
                output.success(&reconcile::success_message(draft.kind, done))?;
            }
        }
        Finished::Completed => {
            output.success(&format!("{subject} reconciliation completed"))?;
        }
        Finished::Fetched => {
            output.success(&format!("{subject} reconciliation completed"))?;
            if objects::is_static(draft.kind, done) {
                return Ok(());
            }
            let Some(revision) = done.str_at(&["status", "artifact", "revision"]) else {
                bail!("{subject} reconciliation completed but no artifact was found");
            };
            output.success(&format!("fetched revision: {revision}"))?;
        }
    }
    Ok(())
}

/// Creates the object, or replaces labels and spec of the one that is there.
async fn upsert(session: &Session, making: &Making, draft: &Draft) -> anyhow::Result<&'static str> {
    let resource = objects::resource_of(session, draft.kind).await?;
    let existing = session
        .cluster
        .get(&resource, &making.namespace, &making.name)
        .await?;
    let Some(existing) = existing else {
        let object = Object::from_value(whole(making, draft))?;
        session
            .cluster
            .create(&resource, &object, objects::FIELD_MANAGER)
            .await?;
        return Ok("created");
    };
    let mut value = existing.into_value();
    value["spec"] = draft.spec.clone();
    set_labels(&mut value, making);
    let object = Object::from_value(value)?;
    session
        .cluster
        .replace(&resource, &object, objects::FIELD_MANAGER)
        .await?;
    Ok("updated")
}

fn set_labels(value: &mut Value, making: &Making) {
    if making.labels.is_empty() {
        if let Some(metadata) = value["metadata"].as_object_mut() {
            metadata.remove("labels");
        }
    } else {
        value["metadata"]["labels"] = making.labels.clone().into();
    }
}

/// Creates a Secret, or adds to the one that is there; returns its name.
pub(crate) async fn upsert_secret(session: &Session, secret: &Value) -> anyhow::Result<String> {
    let object = Object::from_value(secret.clone())?;
    let resource = session
        .cluster
        .resource(&GroupVersionKind::new("", "v1", "Secret"))
        .await?;
    let (namespace, name) = (object.namespace().to_owned(), object.name().to_owned());
    let Some(existing) = session.cluster.get(&resource, &namespace, &name).await? else {
        session
            .cluster
            .create(&resource, &object, objects::FIELD_MANAGER)
            .await?;
        return Ok(name);
    };
    let mut value = existing.into_value();
    value["stringData"] = secret["stringData"].clone();
    for field in ["annotations", "labels"] {
        for (key, text) in secret["metadata"][field].as_object().into_iter().flatten() {
            value["metadata"][field][key] = text.clone();
        }
    }
    let object = Object::from_value(value)?;
    session
        .cluster
        .replace(&resource, &object, objects::FIELD_MANAGER)
        .await?;
    Ok(name)
}
