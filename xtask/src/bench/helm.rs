//! `bench helm`: charts rendered in process, and `skein helm template` beside `helm template` as processes.

use anyhow::{Context, Result, bail};

use crate::{process, tree};

/// `bench helm [CHARTS] [--in-process]`; without a folder, the recorded charts beside the clone.
pub fn run(arguments: &[String]) -> Result<()> {
    let in_process = arguments.iter().any(|argument| argument == "--in-process");
    let folder = match arguments
        .iter()
        .find(|argument| !argument.starts_with("--"))
    {
        Some(path) => std::path::absolute(path)?,
        None => match tree::shared_material() {
            Some(shared) => shared.join("real/charts"),
            None => bail!("no recorded charts beside the clone; name a folder with an index.jsonl"),
        },
    };
    let folder = folder.to_string_lossy().into_owned();
    let mut words = vec![
        "run",
        "--quiet",
        "--release",
        "--package",
        "skein-helm",
        "--example",
        "charts_bench",
        "--",
    ];
    words.push(&folder);
    let (helm, ours);
    if !in_process {
        let component = skein_upstream::find("helm").context("helm is not listed")?;
        helm = skein_upstream::ensure(component, &mut |_| {})?
            .to_string_lossy()
            .into_owned();
        ours = process::released()?;
        words.extend(["--helm", &helm, "--ours", &ours]);
    }
    process::run(&mut process::cargo(&words))
}
