//! Work queues and workers of controllers, read when somebody asks.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use parking_lot::Mutex;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use crate::queue::{Readable, Reading};

/// Priority of keys. controller-runtime lowers that of a first list; our keys are equal.
const PRIORITY: &str = "0";

struct Running {
    queue: Box<dyn Readable>,
    workers: usize,
}

/// The queues of running controllers by name; clones share them.
#[derive(Clone, Default)]
pub(super) struct Queues(Arc<Mutex<BTreeMap<&'static str, Running>>>);

impl Queues {
    /// A controller began to work with so many workers.
    pub fn add(&self, controller: &'static str, queue: Box<dyn Readable>, workers: usize) {
        self.0.lock().insert(controller, Running { queue, workers });
    }
}

impl fmt::Debug for Queues {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let running = self.0.lock();
        formatter.debug_list().entries(running.keys()).finish()
    }
}

/// One controller at the moment of the question.
struct Now {
    controller: &'static str,
    workers: usize,
    reading: Reading,
}

impl Now {
    fn of_controller(&self) -> Vec<(&'static str, &'static str)> {
        vec![("controller", self.controller)]
    }

    fn of_queue(&self) -> Vec<(&'static str, &'static str)> {
        vec![("controller", self.controller), ("name", self.controller)]
    }

    fn of_depth(&self) -> Vec<(&'static str, &'static str)> {
        let mut labels = self.of_queue();
        labels.push(("priority", PRIORITY));
        labels
    }
}

type Labels = fn(&Now) -> Vec<(&'static str, &'static str)>;

/// One family: a line for each controller.
fn family<M: EncodeMetric>(
    encoder: &mut DescriptorEncoder<'_>,
    all: &[Now],
    (name, help): (&str, &str),
    labels: Labels,
    metric: impl Fn(&Now) -> M,
) -> fmt::Result {
    let Some(first) = all.first() else {
        return Ok(());
    };
    let kind = metric(first).metric_type();
    let mut family = encoder.encode_descriptor(name, help, None, kind)?;
    for now in all {
        metric(now).encode(family.encode_family(&labels(now))?)?;
    }
    Ok(())
}

fn gauge(number: usize) -> ConstGauge<i64> {
    ConstGauge::new(i64::try_from(number).unwrap_or(i64::MAX))
}

impl Collector for Queues {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let running = self.0.lock();
        let all: Vec<Now> = running
            .iter()
            .map(|(controller, running)| Now {
                controller,
                workers: running.workers,
                reading: running.queue.reading(),
            })
            .collect();
        drop(running);
        of_workers(&mut encoder, &all)?;
        of_queues(&mut encoder, &all)
    }
}

fn of_workers(encoder: &mut DescriptorEncoder<'_>, all: &[Now]) -> fmt::Result {
    let text = (
        "controller_runtime_max_concurrent_reconciles",
        "Workers of a controller",
    );
    family(encoder, all, text, Now::of_controller, |now| {
        gauge(now.workers)
    })?;
    let text = (
        "controller_runtime_active_workers",
        "Workers of a controller that are busy",
    );
    family(encoder, all, text, Now::of_controller, |now| {
        gauge(now.reading.working)
    })
}

fn of_queues(encoder: &mut DescriptorEncoder<'_>, all: &[Now]) -> fmt::Result {
    let text = ("workqueue_depth", "Keys that wait for a worker");
    family(encoder, all, text, Now::of_depth, |now| {
        gauge(now.reading.depth)
    })?;
    let text = ("workqueue_adds", "Keys that came into the queue");
    family(encoder, all, text, Now::of_queue, |now| {
        ConstCounter::new(now.reading.adds)
    })?;
    let text = ("workqueue_retries", "Keys that were put back with a pause");
    family(encoder, all, text, Now::of_queue, |now| {
        ConstCounter::new(now.reading.delayed)
    })?;
    let text = (
        "workqueue_queue_duration_seconds",
        "Time that a key waited for a worker, in seconds",
    );
    family(encoder, all, text, Now::of_queue, |now| {
        now.reading.waited.clone()
    })?;
    let text = (
        "workqueue_work_duration_seconds",
        "Time that work on a key took, in seconds",
    );
    family(encoder, all, text, Now::of_queue, |now| {
        now.reading.worked.clone()
    })?;
    let text = (
        "workqueue_unfinished_work_seconds",
        "Time that all work in progress has taken so far, in seconds",
    );
    family(encoder, all, text, Now::of_queue, |now| {
        ConstGauge::new(now.reading.unfinished.as_secs_f64())
    })?;
    let text = (
        "workqueue_longest_running_processor_seconds",
        "Time that the longest work in progress has taken so far, in seconds",
    );
    family(encoder, all, text, Now::of_queue, |now| {
        ConstGauge::new(now.reading.longest.as_secs_f64())
    })
}
