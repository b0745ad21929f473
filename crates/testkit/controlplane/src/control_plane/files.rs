//! Files that the components read.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::certificates::Identity;

pub const AUTHORITY: &str = "ca.pem";
pub const SERVER_CERTIFICATE: &str = "apiserver.pem";
pub const SERVER_KEY: &str = "apiserver.key";
pub const ACCOUNT_KEY: &str = "service-accounts.key";
pub const ACCOUNT_PUBLIC_KEY: &str = "service-accounts.pem";
pub const ADMIN: &str = "admin.kubeconfig";
pub const CONTROLLER_MANAGER: &str = "controller-manager.kubeconfig";
pub const SCHEDULER: &str = "scheduler.kubeconfig";
pub const KWOK: &str = "kwok.kubeconfig";
pub const AUDIT_POLICY: &str = "audit-policy.yaml";
pub const AUDIT_LOG: &str = "audit.log";
pub const STAGES: &str = "stages.yaml";

/// Every finished request of everybody, without bodies.
pub const AUDIT_POLICY_TEXT: &str = "\
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived, ResponseStarted]
rules:
- level: Metadata
";

/// What a kubelet would do, in short.
pub const STAGES_TEXT: &str = include_str!("stages.yaml");

/// Writes a file that only we may read: most of them hold keys.
pub fn write(path: &Path, text: &str) -> Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("creating {}", path.display()))?;
    file.write_all(text.as_bytes())
        .with_context(|| format!("writing {}", path.display()))
}

/// A kubeconfig with everything inline; JSON is YAML.
pub fn kubeconfig(url: &str, authority: &str, identity: &Identity) -> String {
    let user = json!({
        "client-certificate-data": STANDARD.encode(&identity.certificate),
        "client-key-data": STANDARD.encode(&identity.key),
    });
    let cluster = json!({"server": url, "certificate-authority-data": STANDARD.encode(authority)});
    json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "test", "cluster": cluster}],
        "users": [{"name": "test", "user": user}],
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
        "current-context": "test",
    })
    .to_string()
}
