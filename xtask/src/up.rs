//! `up`: builds the web page and the binary, and runs `skein up` on a repository.

use anyhow::Result;

use crate::{arguments::Arguments, process, setup, web};

const DEFAULT_REPOSITORY: &str = "examples/fleet";

/// Runs until stopped; arguments go to `skein up`.
pub fn run(arguments: &[String]) -> Result<()> {
    let mut arguments = Arguments::new(arguments);
    let release = arguments.switch("--release");
    let rest = arguments.rest();
    setup::machine_for_up()?;
    web::build()?;
    let mut words = vec!["run", "--quiet", "--package", "skein"];
    if release {
        words.push("--release");
    }
    words.extend(["--", "up"]);
    if rest.first().is_none_or(|first| first.starts_with('-')) {
        words.push(DEFAULT_REPOSITORY);
    }
    words.extend(rest.iter().map(String::as_str));
    process::run(&mut process::cargo(&words))
}
