//! `create tenant`: what limits a tenant's appliers to the tenant's namespaces.

use anyhow::bail;
use clap::Args;
use serde_json::{Value, json};
use skein_object::{GroupVersionKind, Object};

use super::references::check_qualified;
use super::{Making, apply};
use crate::arguments::{ClusterArguments, Session};
use crate::objects::FIELD_MANAGER;
use crate::output::Output;

/// Label of what belongs to a tenant.
const TENANT_LABEL: &str = "toolkit.fluxcd.io/tenant";

/// Flags of `create tenant`.
#[derive(Args, Clone, Debug)]
pub struct TenantFlags {
    /// Name of the tenant
    pub(super) name: Option<String>,
    /// Namespaces of the tenant
    #[arg(long, value_delimiter = ',')]
    with_namespace: Vec<String>,
    /// Cluster role that the tenant has in its namespaces
    #[arg(long, default_value = "cluster-admin")]
    cluster_role: String,
    /// Name of the service account; by default that of the tenant
    #[arg(long)]
    with_service_account: Option<String>,
    /// The namespaces exist already
    #[arg(long)]
    skip_namespace: bool,
}

/// What one namespace of a tenant is made of.
struct Parts {
    namespace: Value,
    account: Value,
    binding: Value,
}

/// Writes or prints a tenant.
pub(super) async fn run(
    flags: &TenantFlags,
    making: &Making,
    cluster: &ClusterArguments,
    output: &mut Output,
) -> anyhow::Result<()> {
    check_qualified("tenant name", &making.name)?;
    if flags.cluster_role.is_empty() {
        bail!("cluster-role is required");
    }
    if flags.with_namespace.is_empty() {
        bail!("with-namespace is required");
    }
    let parts: anyhow::Result<Vec<Parts>> = flags
        .with_namespace
        .iter()
        .map(|namespace| parts(flags, making, namespace))
        .collect();
    let parts = parts?;
    if making.export {
        for part in &parts {
            if !flags.skip_namespace {
                output.print(&apply::yaml_document(&part.namespace))?;
            }
            output.print(&apply::yaml_document(&part.account))?;
            output.print(&apply::yaml_document(&part.binding))?;
        }
        return Ok(());
    }
    let session = cluster.connect().await?;
    for part in parts {
        if !flags.skip_namespace {
            write(&session, "namespace", part.namespace, output).await?;
        }
        write(&session, "service account", part.account, output).await?;
        write(&session, "role binding", part.binding, output).await?;
    }
    output.success("tenant setup completed")?;
    Ok(())
}

fn parts(flags: &TenantFlags, making: &Making, namespace: &str) -> anyhow::Result<Parts> {
    check_qualified("namespace", namespace)?;
    let tenant = &making.name;
    let account = flags
        .with_service_account
        .as_deref()
        .filter(|name| !name.is_empty());
    let account = account.unwrap_or(tenant);
    check_qualified("service-account name", account)?;
    let mut labels = making.labels.clone();
    labels.insert(TENANT_LABEL.to_owned(), tenant.as_str().into());
    let metadata = |name: &str| json!({"name": name, "namespace": namespace, "labels": labels});
    Ok(Parts {
        namespace: json!({
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": namespace, "labels": labels},
        }),
        account: json!({
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": metadata(account),
        }),
        binding: json!({
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": metadata(&format!("{tenant}-reconciler")),
            "roleRef": {
                "apiGroup": "rbac.authorization.k8s.io",
                "kind": "ClusterRole",
                "name": flags.cluster_role,
            },
            "subjects": [
                {
                    "apiGroup": "rbac.authorization.k8s.io",
                    "kind": "User",
                    "name": format!("gotk:{namespace}:reconciler"),
                },
                {"kind": "ServiceAccount", "name": account, "namespace": namespace},
            ],
        }),
    })
}

/// Creates an object, or makes the one that is there like it. A binding cannot change its role, so it is made anew.
async fn write(
    session: &Session,
    what: &str,
    value: Value,
    output: &mut Output,
) -> anyhow::Result<()> {
    let object = Object::from_value(value)?;
    output.action(&format!("applying {what} {}", object.name()))?;
    let gvk: GroupVersionKind = object.gvk();
    let resource = session.cluster.resource(&gvk).await?;
    let (namespace, name) = (object.namespace(), object.name());
    if let Some(existing) = session.cluster.get(&resource, namespace, name).await? {
        let is_held = |key: &&String| existing.label(key) == object.label(key);
        let has_labels = object
            .labels()
            .is_none_or(|labels| labels.keys().all(|key| is_held(&key)));
        let same = |field: &str| object.at(&[field]) == existing.at(&[field]);
        if has_labels && same("subjects") && same("roleRef") {
            return Ok(());
        }
        if object.kind() != "RoleBinding" {
            let patch = json!({"metadata": {"labels": object.labels()}});
            session
                .cluster
                .merge_patch(&resource, (namespace, name), None, &patch, FIELD_MANAGER)
                .await?;
            return Ok(());
        }
        let options = skein_cluster::DeleteOptions::default();
        session
            .cluster
            .delete(&resource, namespace, name, &options)
            .await?;
    }
    session
        .cluster
        .create(&resource, &object, FIELD_MANAGER)
        .await?;
    Ok(())
}
