//! Starts a control plane for trying things by hand; ends with Ctrl-C, or when standard input is closed.

use std::process::ExitCode;

use skein_testkit::{ControlPlane, Options};

#[tokio::main]
async fn main() -> ExitCode {
    let options = match std::env::args().nth(1).as_deref() {
        Some("--bare") => Options::bare(),
        _ => Options {
            audit: true,
            ..Options::default()
        },
    };
    match ControlPlane::start(&options).await {
        Ok(plane) => {
            println!("export KUBECONFIG={}", plane.kubeconfig().display());
            wait().await;
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn wait() {
    // A plain thread: it may hang in its read for ever, and nobody waits for it.
    let (ended, closed) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let copied = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        ended.send(copied)
    });
    tokio::select! {
        _stopped = tokio::signal::ctrl_c() => {}
        _end = closed => {}
    }
}
