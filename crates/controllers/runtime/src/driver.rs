//! The loop around a reconciler: takes keys, bounds concurrency, contains panics, schedules what comes next.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use rand::Rng as _;
use tokio::sync::watch;

use crate::metrics::Metrics;
use crate::queue::{Key, Queue};

/// When a key is to be looked at again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// The object is gone: forget the key.
    Gone,
    /// Only a change wakes the key.
    Change,
    /// After the interval at the latest; the row of failures ends.
    After(Duration),
    /// After a fixed pause; the row of failures goes on (waiting for something else, fixed retry interval).
    Retry(Duration),
    /// After a backoff that grows with each failure in a row.
    Backoff,
    /// Somebody else says when: the work goes on without the worker. The row of failures is left as it is.
    Elsewhere,
}

/// What reconciles the object behind a key. It takes no hint of what changed: everything is observed anew.
pub trait Reconciler<K: Key>: Send + Sync + 'static {
    /// Name of the controller, for logs and metrics, for example `kustomization`.
    fn controller(&self) -> &'static str;

    /// Brings the object behind the key to its desired state and says when to look again.
    fn reconcile(&self, key: K) -> impl Future<Output = Next> + Send;
}

/// Runs a reconciler over a queue with so many workers until `stop` becomes true; keys in work are finished.
pub async fn run<K: Key, R: Reconciler<K>>(
    reconciler: Arc<R>,
    queue: Queue<K>,
    workers: usize,
    metrics: Metrics,
    mut stop: watch::Receiver<bool>,
) {
    let workers = workers.max(1);
    metrics.started(reconciler.controller(), Box::new(queue.clone()), workers);
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..workers {
        let (reconciler, queue, metrics) = (reconciler.clone(), queue.clone(), metrics.clone());
        tasks.spawn(async move {
            while let Some(key) = queue.take().await {
                work(&reconciler, &queue, key, &metrics).await;
            }
        });
    }
    // An error means that the sender is gone, which is a stop as well.
    let _ = stop.wait_for(|stopped| *stopped).await;
    queue.close();
    while tasks.join_next().await.is_some() {}
}

async fn work<K: Key, R: Reconciler<K>>(
    reconciler: &Arc<R>,
    queue: &Queue<K>,
    key: K,
    metrics: &Metrics,
) {
    let started = std::time::Instant::now();
    tracing::debug!(controller = reconciler.controller(), ?key, "reconciling");
    let (task_reconciler, task_key) = (reconciler.clone(), key.clone());
    // A task of its own: a panic in one object must not stop the others.
    let outcome = tokio::spawn(async move { task_reconciler.reconcile(task_key).await }).await;
    let next = outcome.unwrap_or_else(|error| {
        tracing::error!(controller = reconciler.controller(), ?key, %error, "reconciler panicked");
        metrics.panicked(reconciler.controller());
        Next::Backoff
    });
    metrics.reconciled(reconciler.controller(), next, started.elapsed());
    tracing::debug!(controller = reconciler.controller(), ?key, ?next, took = ?started.elapsed(), "reconciled");
    match next {
        Next::Gone => queue.forget(&key),
        Next::Change => queue.succeeded(&key),
        Next::After(pause) => {
            queue.succeeded(&key);
            queue.add_after(key.clone(), pause);
        }
        Next::Retry(pause) => queue.add_after(key.clone(), pause),
        Next::Backoff => {
            queue.add_failed(key.clone());
        }
        Next::Elsewhere => {}
    }
    queue.done(&key);
}

/// The interval with a random part of up to `percentage` more or less; zero stays zero.
pub fn jittered(interval: Duration, percentage: u8) -> Duration {
    if interval.is_zero() || percentage == 0 {
        return interval;
    }
    let share = f64::from(percentage.min(99)) / 100.0;
    interval.mul_f64(1.0 + rand::rng().random_range(-share..=share))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queue::Backoff;
    use parking_lot::Mutex;

    struct Script(Mutex<Vec<(&'static str, u64)>>, tokio::time::Instant);

    impl Reconciler<&'static str> for Script {
        fn controller(&self) -> &'static str {
            "script"
        }
        async fn reconcile(&self, key: &'static str) -> Next {
            let runs = {
                let mut seen = self.0.lock();
                seen.push((key, self.1.elapsed().as_secs()));
                seen.iter().filter(|(k, _)| *k == key).count()
            };
            match (key, runs) {
                ("panics", 1) => panic!("a bug"),
                ("interval", 1) => Next::After(Duration::from_secs(30)),
                ("parts", 1 | 3) => Next::Backoff,
                ("parts", 2) => Next::Elsewhere,
                _ => Next::Change,
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_panic_is_retried_and_stops_nobody_else() {
        let backoff = Backoff {
            min: Duration::from_secs(2),
            max: Duration::from_secs(60),
        };
        let queue = Queue::new(backoff);
        let script = Arc::new(Script(Mutex::default(), tokio::time::Instant::now()));
        let (stop, stopped) = watch::channel(false);
        let driver = tokio::spawn(run(
            script.clone(),
            queue.clone(),
            1,
            Metrics::default(),
            stopped,
        ));
        queue.add("panics");
        queue.add("interval");
        tokio::time::sleep(Duration::from_secs(100)).await;
        stop.send_replace(true);
        driver.await.expect("the driver ends");
        let seen = script.0.lock().clone();
        assert_eq!(
            seen,
            [
                ("panics", 0),
                ("interval", 0),
                ("panics", 2),
                ("interval", 30)
            ]
        );
    }

    /// A run that goes on without its worker neither ends the row of failures nor plans anything.
    #[tokio::test(start_paused = true)]
    async fn work_elsewhere_leaves_the_row_of_failures() {
        let backoff = Backoff {
            min: Duration::from_secs(2),
            max: Duration::from_secs(60),
        };
        let queue = Queue::new(backoff);
        let script = Arc::new(Script(Mutex::default(), tokio::time::Instant::now()));
        let (stop, stopped) = watch::channel(false);
        let metrics = Metrics::default();
        let driver = tokio::spawn(run(script.clone(), queue.clone(), 1, metrics, stopped));
        queue.add("parts");
        tokio::time::sleep(Duration::from_secs(10)).await;
        queue.add("parts");
        tokio::time::sleep(Duration::from_secs(100)).await;
        stop.send_replace(true);
        driver.await.expect("the driver ends");
        let times: Vec<u64> = script.0.lock().iter().map(|(_, at)| *at).collect();
        assert_eq!(times, [0, 2, 10, 14], "the second pause is four seconds");
    }

    #[test]
    fn jitter_stays_in_bounds() {
        let interval = Duration::from_secs(100);
        for _ in 0..1000 {
            let jittered = jittered(interval, 5);
            assert!(
                (95.0..=105.0).contains(&jittered.as_secs_f64()),
                "{jittered:?}"
            );
        }
        assert_eq!(jittered(Duration::ZERO, 5), Duration::ZERO);
    }
}
