//! `skein up`: a Flux repository on embedded clusters, in one process.
//!
//! The repository is served over real Git smart HTTP on loopback, each `clusters/<name>` folder becomes an embedded cluster with its own
//! controllers, and the hub's fleet is what the terminal and the web page show.

mod clusters;
mod copies;
mod instead_of;
mod layout;
mod outcome;
mod repository;
mod screen;
mod view;

use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use clap::Args;
use skein_hub::{ClusterHandle, Feed, Hub, HubOptions, LiveFleet};
use skein_object::GoDuration;
use skein_source_controller::UrlRewrites;

use crate::roles::controllers::stop_signal;
use crate::roles::git::{self, LocalGit};
use crate::roles::logging::{self, LogArguments, LogEncoding};
use crate::roles::set::instead_of;
use clusters::{Fleet, FleetOptions};
use layout::Layout;
use outcome::{Judge, Verdict};
use repository::{Served, ServedOptions};
use screen::Screen;

/// Flags.
#[derive(Args, Clone, Debug)]
pub struct UpArguments {
    /// Folder or Git address of the repository
    #[arg(default_value = ".", value_name = "PATH|URL")]
    pub repository: String,
    /// Folder inside the repository to reconcile on one cluster, instead of looking for clusters/NAME
    #[arg(long, default_value = "")]
    pub path: String,
    /// The first cluster (or the folder hub) is a hub, the others are spokes reached through spec.kubeConfig
    #[arg(long)]
    pub hub: bool,
    /// Serve the work tree with its uncommitted changes
    #[arg(long)]
    pub worktree: bool,
    /// Serve sources whose address is URL from the local repository PATH
    #[arg(long, value_name = "URL=PATH")]
    pub instead_of: Vec<String>,
    /// Exit when all is ready (0), or when it cannot become ready (1)
    #[arg(long)]
    pub exit_when_ready: bool,
    /// Longest time to become ready, with --exit-when-ready
    #[arg(long, default_value = "5m")]
    pub timeout: GoDuration,
    /// Keep nothing for the next run
    #[arg(long)]
    pub ephemeral: bool,
    /// Folder for kubeconfigs and state
    #[arg(long, default_value = ".skein")]
    pub state_dir: PathBuf,
    /// Address of the web page; empty for none
    #[arg(long, default_value = "127.0.0.1:0")]
    pub listen: String,
    /// Logging
    #[command(flatten)]
    pub log: LogArguments,
}

/// How often the picture is drawn anew.
const FRAME: Duration = Duration::from_millis(200);
/// How long controllers may take to finish at the end.
const GRACE: Duration = Duration::from_secs(5);

/// Runs until a signal, or until the verdict with `--exit-when-ready`.
pub async fn run(arguments: UpArguments) -> Result<ExitCode> {
    logging::start(&LogArguments {
        // A log under the picture would tear it: problems are part of the picture.
        log_level: arguments.log.log_level.at_least_error_unless_debug(),
        log_encoding: LogEncoding::Console,
    });
    let started = Instant::now();
    prepare_state_dir(&arguments)?;
    let git = LocalGit::start().await?;
    let rewrites = UrlRewrites::default();
    let mut pairs: Vec<_> = arguments
        .instead_of
        .iter()
        .map(|text| instead_of(text))
        .collect::<Result<_>>()?;

    let options = ServedOptions {
        worktree: arguments.worktree,
    };
    let found = repository::find(&arguments.repository, &arguments.state_dir).await?;
    // What the command line says about an address goes before what the repository says.
    for (url, folder) in instead_of::read(&found.root)? {
        if pairs.iter().all(|(known, _)| *known != url) {
            pairs.push((url, folder));
        }
    }
    git::serve_instead_of(&git, &pairs, &rewrites).await?;
    let mut layout = Layout::read(&found.root, &arguments.path)?;
    if arguments.hub {
        layout = layout.with_hub(&found.root)?;
    }
    let served = Served::start(found, &layout, &git, &rewrites, &options).await?;
    for line in layout.notes.iter().chain(&served.notes) {
        println!("{line}");
    }

    let fleet = Fleet::start(FleetOptions {
        layout: &layout,
        served: &served,
        rewrites: rewrites.clone(),
        state_dir: &arguments.state_dir,
        ephemeral: arguments.ephemeral,
        hub: arguments.hub,
    })
    .await?;
    let live = LiveFleet::default();
    let mut feeds = Vec::new();
    for (name, cluster) in fleet.clusters() {
        feeds.push(Feed::start(live.clone(), name, true, cluster.clone())?);
    }
    let hub = start_hub(&arguments, &fleet, live.clone()).await?;
    for (name, file) in fleet.kubeconfigs() {
        println!("{name}: export KUBECONFIG={}", file.display());
    }
    if let Some(hub) = &hub {
        println!("web page: {}", hub.url_with_token());
    }
    println!();
    let wakers = fleet.wakers();
    let follower = tokio::spawn(served.follow(wakers));
    let code = watch(&arguments, &live, started).await;
    follower.abort();
    drop(feeds);
    if let Some(hub) = hub {
        hub.stop().await;
    }
    fleet.stop(GRACE).await;
    Ok(code)
}

async fn start_hub(
    arguments: &UpArguments,
    fleet: &Fleet,
    live: LiveFleet,
) -> Result<Option<skein_hub::HubHandle>> {
    if arguments.listen.is_empty() {
        return Ok(None);
    }
    let listen: SocketAddr = arguments.listen.parse().with_context(|| {
        format!(
            "--listen {:?} is not of the form HOST:PORT",
            arguments.listen
        )
    })?;
    if let Some(warning) = exposure_warning(listen) {
        println!("{warning}");
    }
    let clusters = fleet
        .clusters()
        .map(|(name, cluster)| ClusterHandle {
            name: name.to_owned(),
            writer: std::sync::Arc::new(cluster.clone()),
        })
        .collect();
    let options = HubOptions {
        listen,
        further_hosts: Vec::new(),
        fleet: live,
        clusters,
        audit_file: None,
    };
    Ok(Some(Hub::start(options).await?))
}

/// What is said of an address that other machines reach.
fn exposure_warning(listen: SocketAddr) -> Option<String> {
    (!listen.ip().is_loopback()).then(|| {
        format!(
            "warning: --listen {listen} lets other machines reach the web page, in plain HTTP: who reads along on the network can act in your name; \
             an address of 127.0.0.1 keeps it on this machine"
        )
    })
}

/// Shows the fleet until the end.
async fn watch(arguments: &UpArguments, live: &LiveFleet, started: Instant) -> ExitCode {
    let mut screen = Screen::new(std::io::stdout().is_terminal());
    let mut judge = Judge::new(arguments.timeout.as_std());
    let mut stop = std::pin::pin!(stop_signal());
    loop {
        tokio::select! {
            () = &mut stop => return ExitCode::SUCCESS,
            () = tokio::time::sleep(FRAME) => {}
        }
        let time = jiff::Timestamp::now();
        let snapshot = live.read(|fleet| fleet.snapshot());
        screen.show(&snapshot, started.elapsed(), time, || {
            live.read(|fleet| outcome::causes(fleet, time))
        });
        if !arguments.exit_when_ready {
            continue;
        }
        match live.read(|fleet| judge.look(fleet, Instant::now(), time)) {
            Verdict::Waiting => {}
            Verdict::Ready { unattended } => {
                println!(
                    "✔ all is ready after {:.1} s",
                    started.elapsed().as_secs_f64()
                );
                for line in unattended {
                    println!("  {line}");
                }
                return ExitCode::SUCCESS;
            }
            Verdict::Broken(lines) => {
                println!("✗ not ready after {:.1} s", started.elapsed().as_secs_f64());
                for line in lines {
                    println!("  {line}");
                }
                return ExitCode::FAILURE;
            }
        }
    }
}

fn prepare_state_dir(arguments: &UpArguments) -> Result<()> {
    let folder = &arguments.state_dir;
    let making = || format!("making {}", folder.display());
    std::fs::create_dir_all(folder).with_context(making)?;
    // The folder often stands inside the repository that is served.
    std::fs::write(folder.join(".gitignore"), "*\n").with_context(making)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_others_reach_are_warned_of() {
        for (listen, warned) in [
            ("127.0.0.1:0", false),
            ("[::1]:8080", false),
            ("0.0.0.0:0", true),
            ("[::]:0", true),
            ("192.0.2.7:80", true),
        ] {
            let warning = exposure_warning(listen.parse().unwrap());
            assert_eq!(warning.is_some(), warned, "{listen}");
        }
    }
}
