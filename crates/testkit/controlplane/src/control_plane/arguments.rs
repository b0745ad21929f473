//! Command lines of the components.

use std::path::Path;

use anyhow::Result;

use super::files;
use crate::daemon::free_port;

/// Range of the cluster addresses of Services.
pub const SERVICE_ADDRESSES: &str = "10.0.0.0/16";

/// Requests a second that the built-in controllers may send: tests wait for them.
pub const CONTROLLER_RATE: u32 = 1000;
/// How much more they may send in a burst, as upstream's defaults have it (20 and 30).
const BURST_PERCENT: u32 = 150;

/// Ports on 127.0.0.1 of what is started first; the others choose theirs when they start, since a free port is kept for a minute only.
pub struct Ports {
    etcd: u16,
    etcd_peer: u16,
    pub apiserver: u16,
}

impl Ports {
    /// Free ones.
    pub fn choose() -> Result<Self> {
        Ok(Self {
            etcd: free_port()?,
            etcd_peer: free_port()?,
            apiserver: free_port()?,
        })
    }
}

fn flags<const N: usize>(pairs: [(&str, String); N]) -> Vec<String> {
    pairs
        .into_iter()
        .map(|(name, value)| format!("--{name}={value}"))
        .collect()
}

fn file(folder: &Path, name: &str) -> String {
    folder.join(name).to_string_lossy().into_owned()
}

/// etcd that never waits for the disk.
pub fn etcd(folder: &Path, ports: &Ports) -> Vec<String> {
    let client = format!("http://127.0.0.1:{}", ports.etcd);
    let peer = format!("http://127.0.0.1:{}", ports.etcd_peer);
    flags([
        ("data-dir", file(folder, "etcd")),
        ("unsafe-no-fsync", "true".into()),
        ("listen-client-urls", client.clone()),
        ("advertise-client-urls", client),
        ("listen-peer-urls", peer.clone()),
        ("initial-advertise-peer-urls", peer.clone()),
        ("initial-cluster", format!("default={peer}")),
        ("log-level", "warn".into()),
    ])
}

/// kube-apiserver with client certificates and RBAC.
pub fn apiserver(folder: &Path, ports: &Ports, audit: bool) -> Vec<String> {
    let mut all = flags([
        ("etcd-servers", format!("http://127.0.0.1:{}", ports.etcd)),
        ("bind-address", "127.0.0.1".into()),
        ("advertise-address", "127.0.0.1".into()),
        ("secure-port", ports.apiserver.to_string()),
        ("tls-cert-file", file(folder, files::SERVER_CERTIFICATE)),
        ("tls-private-key-file", file(folder, files::SERVER_KEY)),
        ("client-ca-file", file(folder, files::AUTHORITY)),
        (
            "service-account-key-file",
            file(folder, files::ACCOUNT_PUBLIC_KEY),
        ),
        (
            "service-account-signing-key-file",
            file(folder, files::ACCOUNT_KEY),
        ),
        (
            "service-account-issuer",
            "https://kubernetes.default.svc".into(),
        ),
        ("allow-privileged", "true".into()),
        ("service-cluster-ip-range", SERVICE_ADDRESSES.into()),
        ("authorization-mode", "RBAC".into()),
        // There is no loopback endpoint to publish: nothing runs inside of this cluster.
        ("endpoint-reconciler-type", "none".into()),
    ]);
    if audit {
        all.extend(flags([
            ("audit-policy-file", file(folder, files::AUDIT_POLICY)),
            ("audit-log-path", file(folder, files::AUDIT_LOG)),
            // One file however long: it is read from an offset.
            ("audit-log-maxsize", "100000".into()),
            ("audit-log-mode", "blocking".into()),
        ]));
    }
    all
}

/// kube-controller-manager with a limit of requests a second.
pub fn controller_manager(folder: &Path, rate: u32) -> Result<Vec<String>> {
    let mut all = served(folder, files::CONTROLLER_MANAGER)?;
    all.extend(flags([
        (
            "service-account-private-key-file",
            file(folder, files::ACCOUNT_KEY),
        ),
        ("root-ca-file", file(folder, files::AUTHORITY)),
        // Its user alone may do little; each of its controllers has the rights of its account.
        ("use-service-account-credentials", "true".into()),
        ("kube-api-qps", rate.to_string()),
        ("kube-api-burst", (rate * BURST_PERCENT / 100).to_string()),
    ]));
    Ok(all)
}

/// kube-scheduler.
pub fn scheduler(folder: &Path) -> Result<Vec<String>> {
    served(folder, files::SCHEDULER)
}

fn served(folder: &Path, kubeconfig: &str) -> Result<Vec<String>> {
    // No authentication-kubeconfig: with it these wait for the settings of aggregated API servers, which this cluster has not.
    Ok(flags([
        ("kubeconfig", file(folder, kubeconfig)),
        // Without the folder of its certificates it would write to a folder of the system.
        ("cert-dir", folder.to_string_lossy().into_owned()),
        ("bind-address", "127.0.0.1".into()),
        ("secure-port", free_port()?.to_string()),
        ("leader-elect", "false".into()),
    ]))
}

/// kwok with our stages; it renews the node's lease, so that the node stays ready.
pub fn kwok(folder: &Path) -> Result<Vec<String>> {
    Ok(flags([
        ("kubeconfig", file(folder, files::KWOK)),
        ("config", file(folder, files::STAGES)),
        ("manage-all-nodes", "true".into()),
        ("node-lease-duration-seconds", "40".into()),
        ("server-address", format!("127.0.0.1:{}", free_port()?)),
    ]))
}
