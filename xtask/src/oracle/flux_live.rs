//! `oracle flux-live`: replays recorded Flux scenarios; the replayer is a crate of its own, because it needs an async runtime.

use anyhow::{Context, Result};

use crate::{process, tree};

/// `oracle flux-live [DIR] [--target real|embedded] [--area A] [--scenario S]`.
pub fn run(arguments: &[String]) -> Result<()> {
    let mut words: Vec<&str> = Vec::new();
    let folder;
    if arguments
        .first()
        .is_none_or(|first| first.starts_with("--"))
    {
        folder = tree::shared_material()
            .context("no recordings: name their folder, or have ../shared beside the clone")?
            .join("real/flux-live")
            .to_string_lossy()
            .into_owned();
        words.push(&folder);
    }
    words.extend(arguments.iter().map(String::as_str));
    let program = process::program("skein-flux-live")?;
    process::run(&mut process::command(&program.to_string_lossy(), &words))
}
