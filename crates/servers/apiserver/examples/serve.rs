//! Serves clusters until interrupted: `serve FOLDER|memory [--bare] NAME...`; writes `FOLDER/NAME.kubeconfig` (or to stdout).
//! `--bare` runs no controllers and simulates no workloads, as an API server alone; `--piped` ends when standard input does.

use std::io::Read as _;
use std::path::PathBuf;
use std::process::ExitCode;

use skein_apiserver::{ClusterOptions, Server, ServerOptions, Storage};

#[tokio::main]
async fn main() -> ExitCode {
    let (flags, words): (Vec<String>, Vec<String>) = std::env::args()
        .skip(1)
        .partition(|word| word.starts_with("--"));
    let has = |flag: &str| flags.iter().any(|given| given == flag);
    let mut arguments = words.into_iter();
    let place = arguments.next().unwrap_or_else(|| "memory".to_owned());
    let mut options = ServerOptions::in_memory(Vec::<String>::new());
    options.simulate = !has("--bare");
    options.controllers = !has("--bare");
    options.clusters = arguments.map(ClusterOptions::named).collect();
    if place != "memory" {
        options.storage = Storage::Folder(PathBuf::from(&place));
    }
    let server = match Server::start(options).await {
        Ok(server) => server,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    for cluster in server.clusters() {
        let config = server.kubeconfig(cluster).unwrap_or_default();
        if place == "memory" {
            println!("{config}");
        } else {
            let path = PathBuf::from(&place).join(format!("{cluster}.kubeconfig"));
            if let Err(error) = std::fs::write(&path, config) {
                eprintln!("{}: {error}", path.display());
                return ExitCode::FAILURE;
            }
            println!("{}", path.display());
        }
    }
    let piped = has("--piped");
    let input_ended = async {
        if piped {
            // An error is an end, too.
            let read = || std::io::stdin().read_to_end(&mut Vec::new());
            let _ended = tokio::task::spawn_blocking(read).await;
        } else {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        () = input_ended => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    server.stop().await;
    ExitCode::SUCCESS
}
