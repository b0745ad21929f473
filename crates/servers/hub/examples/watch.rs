//! The hub over the contexts of a kubeconfig: for looking at real clusters while working on the hub.
//!
//! `cargo run -p skein-hub --example watch -- KUBECONFIG [CONTEXT...]`

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;

use skein_cluster::{Cluster, ConnectOptions, install_crypto_provider};
use skein_hub::{ClusterHandle, Feed, Hub, HubOptions, LiveFleet};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    install_crypto_provider();
    let mut arguments = std::env::args().skip(1);
    let kubeconfig: PathBuf = arguments
        .next()
        .ok_or("usage: watch KUBECONFIG [CONTEXT...]")?
        .into();
    let mut contexts: Vec<Option<String>> = arguments.map(Some).collect();
    if contexts.is_empty() {
        contexts.push(None);
    }
    let fleet = LiveFleet::default();
    let (mut feeds, mut clusters) = (Vec::new(), Vec::new());
    for context in contexts {
        let name = context.clone().unwrap_or_else(|| "cluster".to_owned());
        let options = ConnectOptions {
            kubeconfig: Some(kubeconfig.clone()),
            context,
            user_agent: "skein-hub".to_owned(),
            ..ConnectOptions::default()
        };
        let cluster = Cluster::connect(&options).await?;
        feeds.push(Feed::start(fleet.clone(), &name, false, cluster.clone())?);
        clusters.push(ClusterHandle {
            name,
            writer: Arc::new(cluster),
        });
    }
    let hub = Hub::start(HubOptions {
        listen: "127.0.0.1:0".parse()?,
        further_hosts: Vec::new(),
        fleet,
        clusters,
        audit_file: None,
    })
    .await?;
    println!("{}", hub.url_with_token());
    std::future::pending::<()>().await;
    Ok(())
}
