//! Server-side apply, compared: the same generated requests to a real kube-apiserver and to ours, answers equal.
//!
//! `skein-ssa-oracle KUBECONFIG [--kubectl PATH] [--ours KUBECONFIG] [--seeds FROM..TO] [--kind NAME] [--verbose]`,
//! or `skein-ssa-oracle KUBECONFIG --objects FOLDER`: defaults of built-in kinds over real manifests,
//! or `skein-ssa-oracle --patches GO_MODULE [--seeds FROM..TO]`: creation of strategic merge patches.
//! or `skein-ssa-oracle KUBECONFIG --ours KUBECONFIG --refusals [--kind NAME] [--stride N] [--floor PERCENT]`: broken objects.
//! or `skein-ssa-oracle KUBECONFIG --ours KUBECONFIG --api FOLDER [--only PART]`: scripts of API requests (see `api/script.rs`).
//! or `skein-ssa-oracle KUBECONFIG --ours KUBECONFIG --definitions FOLDER [--floor PERCENT]`: CustomResourceDefinitions and objects of them.
//! Without `--ours`, our side is the library itself behind a model of the API server's request handling.

mod api;
mod client;
mod compare;
mod crds;
mod defaults;
mod definitions;
mod generate;
mod kinds;
mod model;
mod mutate;
mod patches;
mod random;
mod refusals;
mod request;
mod run;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run::run(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
