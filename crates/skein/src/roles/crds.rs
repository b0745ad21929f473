//! `skein crds`: the CustomResourceDefinitions of all Flux kinds as YAML documents.

use std::process::ExitCode;

/// Prints them in one stream.
pub fn run() -> anyhow::Result<ExitCode> {
    for crd in skein_api::crds() {
        print!("---\n{}", skein_yaml::to_string(&crd.into_value()));
    }
    Ok(ExitCode::SUCCESS)
}
