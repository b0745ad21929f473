//! `check`: is the cluster fit, are the controllers well, are the kinds there.

use anyhow::bail;
use clap::Args;
use jiff::Timestamp;
use serde_json::Value;
use skein_cluster::ListOptions;
use skein_health::Status;
use skein_object::{GroupVersionKind, Object};

use crate::arguments::{ClusterArguments, Session};
use crate::output::Output;

/// Label of what belongs to an installation.
pub(crate) const PART_OF_FLUX: &str = "app.kubernetes.io/part-of=flux";

/// The oldest Kubernetes that is supported, major and minor.
const OLDEST_KUBERNETES: (u64, u64) = (1, 33);

/// `check`.
#[derive(Args, Clone, Debug)]
pub struct CheckArguments {
    /// Only what must hold before an installation
    #[arg(long)]
    pre: bool,
    #[command(flatten)]
    cluster: ClusterArguments,
}

/// Runs `check`.
pub(crate) async fn run(arguments: CheckArguments, output: &mut Output) -> anyhow::Result<()> {
    output.action("checking prerequisites")?;
    let session = arguments.cluster.connect().await?;
    let mut is_fine = kubernetes(&session, output).await?;
    if arguments.pre {
        if !is_fine {
            bail!("check failed");
        }
        output.success("prerequisites checks passed")?;
        return Ok(());
    }
    output.action("checking controllers")?;
    is_fine &= controllers(&session, output).await?;
    output.action("checking crds")?;
    is_fine &= definitions(&session, output).await?;
    if !is_fine {
        bail!("check failed");
    }
    output.success("all checks passed")?;
    Ok(())
}

async fn kubernetes(session: &Session, output: &mut Output) -> anyhow::Result<bool> {
    let version = session.cluster.version().await?;
    let text = version
        .get("gitVersion")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let shown = text.trim_start_matches('v');
    let mut parts = shown
        .split(['.', '-', '+'])
        .map_while(|part| part.parse::<u64>().ok());
    let (Some(major), Some(minor)) = (parts.next(), parts.next()) else {
        output.failure("Kubernetes version can't be determined")?;
        return Ok(false);
    };
    let (old_major, old_minor) = OLDEST_KUBERNETES;
    let wanted = format!(">={old_major}.{old_minor}.0-0");
    if (major, minor) < OLDEST_KUBERNETES {
        output.failure(&format!(
            "Kubernetes version {text} does not match {wanted}"
        ))?;
        return Ok(false);
    }
    output.success(&format!("Kubernetes {shown} {wanted}"))?;
    Ok(true)
}

/// The Deployments of the controllers.
pub(crate) async fn deployments(session: &Session) -> anyhow::Result<Vec<Object>> {
    let gvk = GroupVersionKind::new("apps", "v1", "Deployment");
    let resource = session.cluster.resource(&gvk).await?;
    let options = ListOptions {
        namespace: session.namespace.clone(),
        label_selector: PART_OF_FLUX.to_owned(),
        ..ListOptions::default()
    };
    Ok(session.cluster.list(&resource, &options).await?.items)
}

/// Images of the containers of a Deployment.
pub(crate) fn images(deployment: &Object) -> impl Iterator<Item = &str> {
    let list = deployment
        .at(&["spec", "template", "spec", "containers"])
        .and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .filter_map(|c| c.get("image").and_then(Value::as_str))
}

async fn controllers(session: &Session, output: &mut Output) -> anyhow::Result<bool> {
    let found = deployments(session).await?;
    if found.is_empty() {
        output.failure(&format!(
            "no controllers found in the '{}' namespace with the label selector '{PART_OF_FLUX}'",
            session.namespace
        ))?;
        return Ok(false);
    }
    let mut is_fine = true;
    for deployment in &found {
        let health = skein_health::health(deployment, Timestamp::now());
        let name = deployment.name();
        if health.status == Status::Current {
            output.success(&format!("{name}: deployment ready"))?;
        } else {
            is_fine = false;
            output.failure(&format!("{name}: deployment not ready: {}", health.message))?;
        }
        for image in images(deployment) {
            output.action(image)?;
        }
    }
    Ok(is_fine)
}

async fn definitions(session: &Session, output: &mut Output) -> anyhow::Result<bool> {
    let gvk = GroupVersionKind::new("apiextensions.k8s.io", "v1", "CustomResourceDefinition");
    let resource = session.cluster.resource(&gvk).await?;
    let mut is_fine = true;
    for wanted in skein_api::crds() {
        let name = wanted.name();
        let Some(found) = session.cluster.get(&resource, "", name).await? else {
            is_fine = false;
            output.failure(&format!("{name} is not installed"))?;
            continue;
        };
        let stored = found
            .at(&["status", "storedVersions"])
            .and_then(Value::as_array);
        match stored
            .and_then(|versions| versions.last())
            .and_then(Value::as_str)
        {
            Some(version) => output.success(&format!("{name}/{version}"))?,
            None => {
                is_fine = false;
                output.failure(&format!("no stored versions for {name}"))?;
            }
        }
    }
    Ok(is_fine)
}
