//! Simulated workloads: controllers that make Deployments, Jobs and the like come alive without a node.
//!
//! Pods and the node carry the annotation `skein.dev/simulated: "true"`. A Pod's annotation `fake/outcome` says how it
//! ends: `never` stays Pending, `Succeeded` and `Failed` end so; others become ready, those of Jobs succeed. A
//! PersistentVolumeClaim with `fake/outcome: never`, on itself or its Namespace, stays unbound.
//!
//! Everything is driven by changes: one task reads them and works off a queue of objects to look at.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::sync::Arc;

use skein_store::{Event, Key, ResourceId};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::api::Api;
use crate::controllers::{Change, Feed, until_stopped};

mod claims;
mod daemons;
mod deployments;
mod jobs;
mod pods;
mod replicas;
mod services;
mod stateful;
mod world;

use world::World;

/// A controller of one kind.
struct Controller {
    group: &'static str,
    plural: &'static str,
    sync: for<'a> fn(&'a World, &'a Key) -> world::Sync<'a>,
}

const CONTROLLERS: &[Controller] = &[
    Controller {
        group: "apps",
        plural: "deployments",
        sync: |w, k| Box::pin(deployments::sync(w, k)),
    },
    Controller {
        group: "apps",
        plural: "replicasets",
        sync: |w, k| Box::pin(replicas::sync(w, k)),
    },
    Controller {
        group: "apps",
        plural: "statefulsets",
        sync: |w, k| Box::pin(stateful::sync(w, k)),
    },
    Controller {
        group: "apps",
        plural: "daemonsets",
        sync: |w, k| Box::pin(daemons::sync(w, k)),
    },
    Controller {
        group: "batch",
        plural: "jobs",
        sync: |w, k| Box::pin(jobs::sync(w, k)),
    },
    Controller {
        group: "",
        plural: "pods",
        sync: |w, k| Box::pin(pods::sync(w, k)),
    },
    Controller {
        group: "",
        plural: "services",
        sync: |w, k| Box::pin(services::sync(w, k)),
    },
    Controller {
        group: "",
        plural: "persistentvolumeclaims",
        sync: |w, k| Box::pin(claims::sync(w, k)),
    },
];

/// Starts the simulation of a cluster.
pub(crate) fn start(api: &Arc<Api>, tasks: &mut JoinSet<()>) {
    tasks.spawn(until_stopped(Arc::clone(api), run(Arc::clone(api))));
}

/// Objects to look at, each once, in order of arrival.
#[derive(Default)]
struct Queue {
    keys: VecDeque<Key>,
    waiting: HashSet<Key>,
    /// Objects to look at again at a moment.
    later: BTreeMap<Instant, Vec<Key>>,
}

impl Queue {
    fn push(&mut self, key: Key) {
        if self.waiting.insert(key.clone()) {
            self.keys.push_back(key);
        }
    }

    fn pop(&mut self) -> Option<Key> {
        let key = self.keys.pop_front()?;
        self.waiting.remove(&key);
        Some(key)
    }

    fn due(&mut self) {
        let later = self
            .later
            .split_off(&(Instant::now() + std::time::Duration::from_nanos(1)));
        for key in std::mem::replace(&mut self.later, later)
            .into_values()
            .flatten()
        {
            self.push(key);
        }
    }
}

fn controller(id: &ResourceId) -> Option<&'static Controller> {
    CONTROLLERS
        .iter()
        .find(|c| c.group == id.group() && c.plural == id.plural())
}

async fn run(api: Arc<Api>) {
    let Some(mut feed) = Feed::open(&api) else {
        return;
    };
    let world = World::new(Arc::clone(&api));
    world.make_node().await;
    let mut queue = Queue::default();
    everything(&world, &mut queue);
    loop {
        queue.due();
        while let Some(key) = queue.pop() {
            if let Some(controller) = controller(&key.resource)
                && let Some(again) = (controller.sync)(&world, &key).await
            {
                queue
                    .later
                    .entry(Instant::now() + again)
                    .or_default()
                    .push(key);
            }
        }
        let next = queue.later.keys().next().copied();
        let change = tokio::select! {
            change = feed.next() => change,
            () = sleep_until(next) => continue,
        };
        match change {
            Change::Closed => return,
            Change::Missed => everything(&world, &mut queue),
            Change::Events(events) => {
                for event in &events {
                    touched(&world, event, &mut queue);
                }
            }
        }
    }
}

async fn sleep_until(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

fn everything(world: &World, queue: &mut Queue) {
    for controller in CONTROLLERS {
        let id = ResourceId::new(controller.group, controller.plural);
        for stored in world.api.store.list(&id, None).items {
            queue.push(stored.key.clone());
        }
    }
}

/// Queues what a change concerns: the object, its controller, and the Services that select it.
fn touched(world: &World, event: &Event, queue: &mut Queue) {
    let stored = &event.object;
    if controller(&stored.key.resource).is_some() {
        queue.push(stored.key.clone());
    }
    if let Some(owner) = world::controller_key(&stored.object) {
        queue.push(owner);
    }
    if stored.key.resource.as_str() == "pods" {
        for key in services::selecting(world, &stored.object) {
            queue.push(key);
        }
    }
}
