//! `skein apiserver`: the embedded Kubernetes API alone.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use skein_apiserver::{ClusterOptions, Server, ServerOptions, Storage};

use super::controllers::stop_signal;

/// Flags.
#[derive(Args, Clone, Debug)]
pub struct ApiserverArguments {
    /// Address to listen on; the port is for the first cluster, further ones take free ports
    #[arg(long, default_value = "127.0.0.1:0")]
    pub listen: SocketAddr,
    /// Names of the clusters; each has its own port
    #[arg(long = "cluster", default_value = "main")]
    pub clusters: Vec<String>,
    /// Folder in which objects, certificates and ports are kept
    #[arg(long, default_value = ".skein/apiserver")]
    pub data_dir: PathBuf,
    /// Keep everything in memory
    #[arg(long)]
    pub ephemeral: bool,
    /// Folder for one kubeconfig per cluster: NAME.kubeconfig
    #[arg(long, default_value = ".skein")]
    pub kubeconfig_dir: PathBuf,
    /// Let Deployments become available, Jobs complete, claims bind
    #[arg(long, default_value_t = true, action = clap::ArgAction::Set)]
    pub simulate: bool,
}

/// Runs until a signal.
pub async fn run(arguments: ApiserverArguments) -> Result<ExitCode> {
    let storage = if arguments.ephemeral {
        Storage::Memory
    } else {
        Storage::Folder(arguments.data_dir.clone())
    };
    let mut clusters: Vec<ClusterOptions> = arguments
        .clusters
        .iter()
        .map(ClusterOptions::named)
        .collect();
    if let (Some(first), true) = (clusters.first_mut(), arguments.listen.port() != 0) {
        first.port = Some(arguments.listen.port());
    }
    let options = ServerOptions {
        address: arguments.listen.ip(),
        storage,
        clusters,
        simulate: arguments.simulate,
        controllers: true,
    };
    let server = Server::start(options).await?;
    for name in &arguments.clusters {
        let file = write_kubeconfig(&server, name, &arguments.kubeconfig_dir)?;
        println!(
            "{name}  {}  {}",
            server.url(name).unwrap_or_default(),
            file.display()
        );
    }
    stop_signal().await;
    server.stop().await;
    Ok(ExitCode::SUCCESS)
}

/// Writes the kubeconfig of a cluster, readable by its owner alone, and returns its path.
pub fn write_kubeconfig(server: &Server, cluster: &str, folder: &Path) -> Result<PathBuf> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let Some(text) = server.kubeconfig(cluster) else {
        bail!("the server has no cluster {cluster}");
    };
    std::fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    let file = folder.join(format!("{cluster}.kubeconfig"));
    let half = folder.join(format!(".{cluster}.kubeconfig.new"));
    let writing = || format!("writing {}", half.display());
    // A leftover of a run that died may have other rights.
    let _ = std::fs::remove_file(&half);
    let mut output = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&half)
        .with_context(writing)?;
    output.write_all(text.as_bytes()).with_context(writing)?;
    std::fs::rename(&half, &file).with_context(|| format!("writing {}", file.display()))?;
    Ok(file)
}
