//! `export`: objects as YAML, without what the cluster added.

use anyhow::bail;
use clap::Args;
use serde_json::{Value, json};
use skein_api::FluxKind;
use skein_object::{GroupVersionKind, Object};

use crate::arguments::{ClusterArguments, Session};
use crate::kinds::KindCommand;
use crate::objects::{self, Query};
use crate::output::Output;

/// `export`.
#[derive(Args, Clone, Debug)]
pub struct ExportArguments {
    #[command(subcommand)]
    what: KindCommand<Which>,
    /// All objects of the namespace
    #[arg(long, global = true)]
    all: bool,
    #[command(flatten)]
    cluster: ClusterArguments,
}

#[derive(Args, Clone, Debug)]
struct Which {
    /// Name of the object
    name: Option<String>,
    /// Print the Secret with the credentials of a source too
    #[arg(long)]
    with_credentials: bool,
}

/// Runs `export`.
pub(crate) async fn run(arguments: ExportArguments, output: &mut Output) -> anyhow::Result<()> {
    let (kind, which) = arguments.what.split();
    if !arguments.all && which.name.is_none() {
        bail!("name is required");
    }
    let session = arguments.cluster.connect().await?;
    let found = match which.name.filter(|_| !arguments.all) {
        Some(name) => vec![objects::get(&session, kind, &session.namespace, &name).await?],
        None => {
            let query = Query {
                namespace: session.namespace.clone(),
                ..Query::default()
            };
            objects::list(&session, kind, &query).await?
        }
    };
    if found.is_empty() {
        bail!("no objects found in {} namespace", session.namespace);
    }
    for object in &found {
        output.print(&document(kind, object))?;
        if which.with_credentials
            && let Some(secret) = credentials(&session, object).await?
        {
            output.print(&secret)?;
        }
    }
    Ok(())
}

/// The object as a YAML document: identity, labels, annotations and spec.
fn document(kind: FluxKind, object: &Object) -> String {
    let mut exported = json!({
        "apiVersion": kind.definition().api_version(),
        "kind": object.kind(),
        "metadata": {"name": object.name(), "namespace": object.namespace()},
        "spec": crate::typed::spec(kind, object),
    });
    for field in ["labels", "annotations"] {
        if let Some(Value::Object(map)) = object.at(&["metadata", field]) {
            let mut map = map.clone();
            map.remove("kubectl.kubernetes.io/last-applied-configuration");
            if !map.is_empty() {
                exported["metadata"][field] = map.into();
            }
        }
    }
    format!("---\n{}", skein_yaml::to_string(&exported))
}

/// The Secret that `spec.secretRef` names.
async fn credentials(session: &Session, object: &Object) -> anyhow::Result<Option<String>> {
    let Some(name) = object.str_at(&["spec", "secretRef", "name"]) else {
        return Ok(None);
    };
    let resource = session
        .cluster
        .resource(&GroupVersionKind::new("", "v1", "Secret"))
        .await?;
    let Some(secret) = session
        .cluster
        .get(&resource, object.namespace(), name)
        .await?
    else {
        bail!("failed to retrieve secret {name}, error: secrets \"{name}\" not found");
    };
    let exported = json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": object.namespace()},
        "type": secret.at(&["type"]).cloned().unwrap_or_else(|| "Opaque".into()),
        "data": secret.at(&["data"]).cloned().unwrap_or_else(|| json!({})),
    });
    Ok(Some(format!("---\n{}", skein_yaml::to_string(&exported))))
}

#[cfg(test)]
mod tests;
