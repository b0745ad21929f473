//! What kube-controller-manager and kube-apiserver do in the background for the API itself.

use std::future::Future;
use std::sync::Arc;

use skein_store::{Event, Scope, Watcher};
use tokio::task::JoinSet;

use crate::api::Api;

pub(crate) mod accounts;
pub(crate) mod definitions;
pub(crate) mod garbage;
pub(crate) mod namespaces;
pub(crate) mod quotas;
pub(crate) mod roles;
pub(crate) mod volumes;

/// Starts the background controllers of a cluster: that of definitions, which is part of the server, and the others
/// unless they are not wanted.
pub(crate) fn start(api: &Arc<Api>, tasks: &mut JoinSet<()>, all: bool) {
    let own = || Arc::clone(api);
    tasks.spawn(until_stopped(own(), definitions::run(own())));
    if !all {
        return;
    }
    tasks.spawn(until_stopped(own(), garbage::run(own())));
    tasks.spawn(until_stopped(own(), namespaces::run(own())));
    tasks.spawn(until_stopped(own(), accounts::run(own())));
    tasks.spawn(until_stopped(own(), quotas::run(own())));
    tasks.spawn(until_stopped(own(), roles::run(own())));
    tasks.spawn(until_stopped(own(), volumes::run(own())));
}

/// Runs a task until the server stops.
pub(crate) async fn until_stopped(api: Arc<Api>, task: impl Future<Output = ()>) {
    let mut stopping = api.stopping.clone();
    tokio::select! {
        () = task => {}
        _ = stopping.wait_for(|stop| *stop) => {}
    }
}

/// All changes of a cluster in order. A reader that fell behind is told to look at everything again.
pub(crate) struct Feed {
    api: Arc<Api>,
    watcher: Watcher,
}

/// What a feed hands out.
pub(crate) enum Change {
    /// Changes, oldest first.
    Events(Vec<Arc<Event>>),
    /// Some changes were missed.
    Missed,
    /// There will be no more.
    Closed,
}

impl Feed {
    /// The changes from now on; `None` when the store is closed.
    pub(crate) fn open(api: &Arc<Api>) -> Option<Self> {
        let watcher = api.store.watch(Scope::Cluster, api.store.revision()).ok()?;
        Some(Self {
            api: Arc::clone(api),
            watcher,
        })
    }

    pub(crate) async fn next(&mut self) -> Change {
        match self.watcher.next().await {
            Ok(events) => Change::Events(events),
            Err(skein_store::ReadError::Closed) => Change::Closed,
            Err(_) => match self
                .api
                .store
                .watch(Scope::Cluster, self.api.store.revision())
            {
                Ok(watcher) => {
                    self.watcher = watcher;
                    Change::Missed
                }
                Err(_) => Change::Closed,
            },
        }
    }
}
