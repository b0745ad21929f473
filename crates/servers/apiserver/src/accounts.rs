//! What a new pod gets from its ServiceAccount: the account's name, a volume with a token, pull secrets; and the refusal of
//! pods whose account does not exist.

use serde_json::{Value, json};
use skein_object::Object;
use skein_store::{Key, ResourceId, Stored};
use std::sync::Arc;

use crate::api::Api;
use crate::failure::{Failure, Outcome};
use crate::metadata;
use crate::resource::Resource;

/// The account that each namespace gets by itself.
const DEFAULT: &str = "default";
/// Where containers find token, certificate and namespace.
const MOUNT_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
/// How long the token of a pod lasts, in seconds.
const TOKEN_SECONDS: i64 = 3_607;
/// Pods that mirror a file of a node have no account.
const MIRROR: &str = "kubernetes.io/config.mirror";

/// Completes a new pod by its account. An absent account is refused when `strict`, except for the default one, which
/// comes by itself a moment after its namespace.
pub(crate) fn admit_pod(
    api: &Api,
    resource: &Resource,
    pod: &mut Object,
    strict: bool,
) -> Outcome<()> {
    if !resource.is("", "pods") || pod.annotation(MIRROR).is_some() {
        return Ok(());
    }
    let given = pod.str_at(&["spec", "serviceAccountName"]);
    let name = given
        .filter(|name| !name.is_empty())
        .unwrap_or(DEFAULT)
        .to_owned();
    pod.set(&["spec", "serviceAccountName"], name.as_str().into());
    pod.set(&["spec", "serviceAccount"], name.as_str().into());
    let id = ResourceId::new("", "serviceaccounts");
    let account = api
        .store
        .get(&Key::new(&id, pod.namespace(), name.as_str()));
    if account.is_none() && strict && name != DEFAULT {
        let why = format!(
            "error looking up service account {}/{name}: serviceaccount {name:?} not found",
            pod.namespace()
        );
        return Err(Failure::forbidden(resource, pod.name(), &why));
    }
    mount_token(pod, account.as_deref());
    add_pull_secrets(pod, account);
    Ok(())
}

fn add_pull_secrets(pod: &mut Object, account: Option<Arc<Stored>>) {
    let path = ["spec", "imagePullSecrets"];
    let own = pod.at(&path).and_then(Value::as_array);
    if own.is_some_and(|list| !list.is_empty()) {
        return;
    }
    let secrets = account.and_then(|account| account.object.at(&["imagePullSecrets"]).cloned());
    if let Some(secrets) = secrets {
        pod.set(&path, secrets);
    }
}

/// Mounts a token into every container that has nothing of its own there.
fn mount_token(pod: &mut Object, account: Option<&Stored>) {
    let wish = |object: &Object, path: &[&str]| object.bool_at(path);
    let wanted = wish(pod, &["spec", "automountServiceAccountToken"])
        .or_else(|| wish(&account?.object, &["automountServiceAccountToken"]))
        .unwrap_or(true);
    if !wanted {
        return;
    }
    let name = metadata::generate_name("kube-api-access-");
    let mut mounted = false;
    for list in ["initContainers", "containers"] {
        let containers = pod.at(&["spec", list]).and_then(Value::as_array);
        let Some(mut containers) = containers.cloned() else {
            continue;
        };
        for container in &mut containers {
            mounted |= mount(container, &name);
        }
        pod.set(&["spec", list], Value::Array(containers));
    }
    if !mounted {
        return;
    }
    let volumes = pod.at(&["spec", "volumes"]).and_then(Value::as_array);
    let mut volumes = volumes.cloned().unwrap_or_default();
    volumes.push(token_volume(&name));
    pod.set(&["spec", "volumes"], Value::Array(volumes));
}

fn mount(container: &mut Value, name: &str) -> bool {
    let Some(container) = container.as_object_mut() else {
        return false;
    };
    let mounts = container.get("volumeMounts").and_then(Value::as_array);
    let mut mounts = mounts.cloned().unwrap_or_default();
    let taken = |mount: &Value| mount.get("mountPath").and_then(Value::as_str) == Some(MOUNT_PATH);
    if mounts.iter().any(taken) {
        return false;
    }
    mounts.push(json!({"mountPath": MOUNT_PATH, "name": name, "readOnly": true}));
    container.insert("volumeMounts".to_owned(), Value::Array(mounts));
    true
}

fn token_volume(name: &str) -> Value {
    let namespace = json!({"path": "namespace",
        "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}});
    let certificate = json!({"key": "ca.crt", "path": "ca.crt"});
    json!({"name": name, "projected": {"defaultMode": 420, "sources": [
        {"serviceAccountToken": {"expirationSeconds": TOKEN_SECONDS, "path": "token"}},
        {"configMap": {"items": [certificate], "name": "kube-root-ca.crt"}},
        {"downwardAPI": {"items": [namespace]}},
    ]}})
}
