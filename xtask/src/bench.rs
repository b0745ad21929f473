//! `bench`: all benchmark targets of the workspace, optimised.

use anyhow::Result;

use crate::{process, tree};

/// Runs every bench target; arguments go to the targets.
pub fn run(arguments: &[String]) -> Result<()> {
    let mut found = false;
    for package in tree::packages()? {
        let Some(name) = package["name"].as_str() else {
            continue;
        };
        let targets = package["targets"].as_array().map_or(&[][..], Vec::as_slice);
        if !targets.iter().any(|target| target["kind"][0] == "bench") {
            continue;
        }
        found = true;
        let mut words = vec!["bench", "--package", name, "--benches", "--"];
        words.extend(arguments.iter().map(String::as_str));
        process::run(&mut process::cargo(&words))?;
    }
    if !found {
        println!("no crate has a bench target");
    }
    Ok(())
}
