//! The Lease of a set of controllers: one process works, the others wait for it to go.

use std::time::Duration;

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use skein_cluster::{Cluster, LeaseLock, LeaseOptions};
use skein_runtime::Metrics;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::set::{Component, SetOptions, host_name};

/// Hexadecimal digits of a shard's selector in the name of its Lease, as Flux has them.
const SHARD_DIGITS: usize = 8;

/// Timing of the Lease.
#[derive(Clone, Copy, Debug)]
pub struct LeaseTiming {
    /// How long it holds without renewal.
    pub duration: Duration,
    /// How long the leader tries to renew it.
    pub renew_deadline: Duration,
    /// Pause between tries.
    pub retry_period: Duration,
}

/// A Lease that is held and renewed in the background.
pub struct Leadership {
    task: JoinHandle<()>,
    release: oneshot::Sender<()>,
}

impl Leadership {
    /// Waits until this process leads. One Lease per controller would let sets overlap: the set has one.
    pub async fn win(
        cluster: &Cluster,
        namespace: &str,
        options: &SetOptions,
        timing: LeaseTiming,
        metrics: &Metrics,
    ) -> Self {
        let name = lease_name(
            &options.components,
            &options.controller.watch_label_selector,
        );
        let identity = format!("{}_{}", host_name(), std::process::id());
        let lock = LeaseLock::new(
            cluster.clone(),
            LeaseOptions {
                duration: timing.duration,
                renew_deadline: timing.renew_deadline,
                retry_period: timing.retry_period,
                ..LeaseOptions::new(namespace, &name, &identity)
            },
        );
        metrics.leads(&name, false);
        Self::hold(lock, name, metrics.clone()).await
    }

    async fn hold(mut lock: LeaseLock, name: String, metrics: Metrics) -> Self {
        lock.acquire(now).await;
        metrics.leads(&name, true);
        let (release, asked) = oneshot::channel();
        let task = tokio::spawn(async move {
            tokio::select! {
                () = lock.renew(now) => {}
                Ok(()) = asked => {
                    if let Err(error) = lock.release().await {
                        tracing::warn!(lease = %name, %error, "the Lease is not given back and runs out");
                    }
                }
            }
            metrics.leads(&name, false);
        });
        Self { task, release }
    }

    /// Ends when the Lease is lost.
    pub async fn lost(&mut self) {
        // A task that died renews no more: the same as lost.
        let _ = (&mut self.task).await;
    }

    /// Gives the Lease back, so that another process need not wait for its end.
    pub async fn release(self) {
        // An error means that it is lost already.
        if self.release.send(()).is_ok() {
            let _ = self.task.await;
        }
    }
}

/// Flux's names; sets and shards have names of their own, so that none waits for another.
fn lease_name(components: &[Component], shard: &str) -> String {
    let name = match components {
        [component] => format!("{}-leader-election", component.controller()),
        _ => "skein-leader-election".into(),
    };
    if shard.is_empty() {
        return name;
    }
    let digest = hex::encode(Sha256::digest(shard));
    format!("{name}-{}", &digest[..SHARD_DIGITS])
}

fn now() -> String {
    Timestamp::now()
        .strftime("%Y-%m-%dT%H:%M:%S%.6fZ")
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_shard_has_a_lease_of_its_own() {
        let source = [Component::Source];
        assert_eq!(lease_name(&source, ""), "source-controller-leader-election");
        // printf %s sharding.fluxcd.io/key=shard1 | sha256sum | cut -c-8
        assert_eq!(
            lease_name(&source, "sharding.fluxcd.io/key=shard1"),
            "source-controller-leader-election-73fdc1be"
        );
        let all = [Component::Source, Component::Kustomize];
        assert_eq!(lease_name(&all, ""), "skein-leader-election");
        assert_ne!(lease_name(&all, "a=b"), lease_name(&all, "a=c"));
    }
}
