//! What tenants may do.

use anyhow::{Result, ensure};
use serde_json::json;

use crate::place::{Files, Place, config_map};

/// The rights of the named account count, not those of the controller.
pub async fn acts_as_the_account_of_the_tenant(mut place: Place<'_>) -> Result<()> {
    let one = config_map("one", "blue");
    let commit = place.commit(&Files::from([("one.yaml", Some(one.as_str()))]))?;
    let account =
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "tenant"}});
    let kustomization = place.kustomization(&json!({"serviceAccountName": "tenant"}));
    place
        .create_all(&[account, place.source(&json!({})), kustomization])
        .await?;
    // Before its source is there it is not ready for another reason.
    place
        .until("the missing right is told", || async {
            let (_, message) = place.ready("Kustomization", "False").await?;
            Ok(message.contains("forbidden"))
        })
        .await?;
    ensure!(
        place.find("ConfigMap", "one").await?.is_none(),
        "one was made"
    );

    let api = "rbac.authorization.k8s.io/v1";
    let role = json!({
        "apiVersion": api, "kind": "Role", "metadata": {"name": "tenant"},
        "rules": [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["*"]}],
    });
    let binding = json!({
        "apiVersion": api, "kind": "RoleBinding", "metadata": {"name": "tenant"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "tenant"},
        "subjects": [{"kind": "ServiceAccount", "name": "tenant", "namespace": place.namespace}],
    });
    place.create_all(&[role, binding]).await?;
    place.reconcile("Kustomization", "app").await?;
    place.applied(&commit).await
}
