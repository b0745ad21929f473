//! `oracle`: runs a comparison with a real tool. One module per oracle; each prints a table and fails on a difference.

pub mod cli;
mod flux_live;
mod helm;
mod kustomize;
pub mod ssa;
mod template;

use anyhow::{Result, bail};

type Run = fn(&[String]) -> Result<()>;

/// Name, what it compares, where it runs.
const ORACLES: &[(&str, &str, Run)] = &[
    (
        "api",
        "scripts of API requests (lists, watches, tables, patches, kubectl), a real kube-apiserver against our embedded one",
        ssa::api,
    ),
    (
        "cli",
        "command lines, the real flux against ours, on the embedded API and on a real API server",
        cli::run,
    ),
    (
        "flux-live",
        "recorded steps of the real Flux controllers, replayed against ours",
        flux_live::run,
    ),
    (
        "helm",
        "charts, the real helm against our engine",
        helm::run,
    ),
    (
        "kustomize",
        "every kustomization below some folders, the real kustomize against our engine",
        kustomize::run,
    ),
    (
        "ssa",
        "generated server-side applies, a real kube-apiserver against our merge library or (--embedded) our server",
        ssa::run,
    ),
    (
        "template",
        "the corpus of the template language, the real Helm engine against what is checked in",
        template::run,
    ),
    (
        "refusals",
        "broken objects of every kind, a real kube-apiserver against our embedded one",
        ssa::refusals,
    ),
];

/// `oracle NAME [ARG..]`.
pub fn run(arguments: &[String]) -> Result<()> {
    let Some((name, rest)) = arguments.split_first() else {
        for (name, what, _) in ORACLES {
            println!("{name:<12} {what}");
        }
        return Ok(());
    };
    match ORACLES.iter().find(|(known, _, _)| known == name) {
        Some((_, _, run)) => run(rest),
        None => bail!("no oracle {name:?}; `cargo xtask oracle` lists them"),
    }
}
