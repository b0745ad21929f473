//! Leader election with a coordination.k8s.io Lease, with the timings that Flux uses.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use skein_object::{GroupVersionKind, Object};

use crate::client::Cluster;
use crate::error::ApiError;
use crate::resource::ApiResource;

/// Timings and names of a leader election.
#[derive(Clone, Debug)]
pub struct LeaseOptions {
    /// Namespace of the Lease.
    pub namespace: String,
    /// Name of the Lease, for example `source-controller-leader-election`.
    pub name: String,
    /// Who we are: unique per process.
    pub identity: String,
    /// How long a Lease holds without renewal.
    pub duration: Duration,
    /// How long the leader tries to renew before it gives up.
    pub renew_deadline: Duration,
    /// Pause between tries.
    pub retry_period: Duration,
}

impl LeaseOptions {
    /// Flux's timings: 35 s, 30 s, 5 s.
    pub fn new(namespace: &str, name: &str, identity: &str) -> Self {
        Self {
            namespace: namespace.into(),
            name: name.into(),
            identity: identity.into(),
            duration: Duration::from_secs(35),
            renew_deadline: Duration::from_secs(30),
            retry_period: Duration::from_secs(5),
        }
    }
}

/// A Lease that this process holds or waits for.
pub struct LeaseLock {
    cluster: Cluster,
    options: LeaseOptions,
    resource: ApiResource,
    /// Holder and renewal last seen, and when we saw them: expiry is judged by our own clock.
    observed: Option<(String, String, Instant)>,
}

impl LeaseLock {
    /// A lock that is not held yet.
    pub fn new(cluster: Cluster, options: LeaseOptions) -> Self {
        let gvk = GroupVersionKind::new("coordination.k8s.io", "v1", "Lease");
        let resource = ApiResource::new(&gvk, "leases", true);
        Self {
            cluster,
            options,
            resource,
            observed: None,
        }
    }

    /// Tries until the Lease is ours.
    pub async fn acquire(&mut self, now: impl Fn() -> String) {
        loop {
            match self.try_hold(&now()).await {
                Ok(true) => return,
                Ok(false) => {}
                Err(error) => {
                    tracing::warn!(lease = %self.options.name, %error, "leader election");
                }
            }
            tokio::time::sleep(self.options.retry_period).await;
        }
    }

    /// Keeps renewing; returns when the Lease is lost or could not be renewed in time.
    pub async fn renew(&mut self, now: impl Fn() -> String) {
        let mut last = Instant::now();
        while last.elapsed() < self.options.renew_deadline {
            tokio::time::sleep(self.options.retry_period).await;
            match self.try_hold(&now()).await {
                Ok(true) => last = Instant::now(),
                Ok(false) => return,
                Err(error) => {
                    tracing::warn!(lease = %self.options.name, %error, "leader election");
                }
            }
        }
    }

    /// Gives the Lease back so that another process need not wait for its end.
    pub async fn release(&mut self) -> Result<(), ApiError> {
        let patch = json!({"spec": {"holderIdentity": "", "leaseDurationSeconds": 1}});
        let target = (self.options.namespace.as_str(), self.options.name.as_str());
        self.cluster
            .merge_patch(&self.resource, target, None, &patch, "")
            .await
            .map(drop)
    }

    async fn try_hold(&mut self, now: &str) -> Result<bool, ApiError> {
        let found = self
            .cluster
            .get(&self.resource, &self.options.namespace, &self.options.name)
            .await?;
        let Some(mut lease) = found else {
            let mut lease = Object::new(
                &self.resource.gvk(),
                &self.options.namespace,
                &self.options.name,
            );
            self.fill(&mut lease, now, 0, true);
            return match self.cluster.create(&self.resource, &lease, "").await {
                Ok(_) => Ok(true),
                Err(error) if error.is_already_exists() => Ok(false),
                Err(error) => Err(error),
            };
        };
        let holder = lease
            .str_at(&["spec", "holderIdentity"])
            .unwrap_or_default()
            .to_owned();
        let ours = holder == self.options.identity;
        if !ours && !holder.is_empty() && !self.expired(&lease, &holder) {
            return Ok(false);
        }
        let transitions = lease
            .i64_at(&["spec", "leaseTransitions"])
            .unwrap_or_default();
        self.fill(&mut lease, now, transitions + i64::from(!ours), !ours);
        match self.cluster.replace(&self.resource, &lease, "").await {
            Ok(_) => Ok(true),
            Err(error) if error.is_conflict() => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn expired(&mut self, lease: &Object, holder: &str) -> bool {
        let renewed = lease.str_at(&["spec", "renewTime"]).unwrap_or_default();
        match &self.observed {
            Some((seen_holder, seen_time, at)) if seen_holder == holder && seen_time == renewed => {
                at.elapsed() > self.options.duration
            }
            _ => {
                self.observed = Some((holder.into(), renewed.into(), Instant::now()));
                false
            }
        }
    }

    fn fill(&self, lease: &mut Object, now: &str, transitions: i64, acquired: bool) {
        let seconds = self.options.duration.as_secs();
        lease.set(
            &["spec", "holderIdentity"],
            self.options.identity.clone().into(),
        );
        lease.set(&["spec", "leaseDurationSeconds"], Value::from(seconds));
        lease.set(&["spec", "renewTime"], now.into());
        lease.set(&["spec", "leaseTransitions"], transitions.into());
        if acquired {
            lease.set(&["spec", "acquireTime"], now.into());
        }
    }
}
