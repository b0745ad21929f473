//! The one entry for people and CI: set-up, build, test, bench and oracles.
//!
//! One file per sub-command; few dependencies, because everybody compiles this first.

mod arguments;
mod bench;
mod control_plane;
mod embedded;
mod fuzz;
mod link_order;
mod oracle;
mod process;
mod schemas;
mod setup;
mod test;
mod tidy;
mod tree;
mod up;
mod upstream;
mod web;

use std::process::ExitCode;

use anyhow::{Result, bail};

const HELP: &str = "\
cargo xtask COMMAND

  setup              install what is missing: Debian packages (as root), npm packages, real components
  up [PATH] [FLAG..] build the web page and run `skein up` (default: examples/fleet); --release for an optimised build
  test [--only A,B]  everything that must hold; --list names the suites
  bench [ARG..]      all benchmarks
  oracle NAME [..]   compare with the real tool; without a name it lists them
  fuzz [TARGET..]    fuzz targets yaml, patch and tree, ten minutes each (--minutes N): the nightly recipe
  link-order         write which functions of the shipped binary stand together, from profiles of commands on files
  schemas            regenerate the built-in schemas from a running kube-apiserver
  upstream [NAME..]  build these real components (default: all)
  tidy               the rules of the tree: layers, file headers and lengths, banned words
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<ExitCode> {
    let Some((command, rest)) = arguments.split_first() else {
        print!("{HELP}");
        return Ok(ExitCode::SUCCESS);
    };
    if command == "test" {
        // Its totals are the last line, whatever came of it.
        return test::run(rest);
    }
    let done = match command.as_str() {
        "setup" => setup::run(rest),
        "up" => up::run(rest),
        "bench" => bench::run(rest),
        "oracle" => oracle::run(rest),
        "fuzz" => fuzz::run(rest),
        "link-order" => link_order::run(rest),
        "schemas" => schemas::run(rest),
        "upstream" => upstream::run(rest),
        "tidy" => tidy::run(rest),
        "help" | "--help" | "-h" => {
            print!("{HELP}");
            Ok(())
        }
        other => bail!("no command {other:?}; `cargo xtask help` lists them"),
    };
    done.map(|()| ExitCode::SUCCESS)
}
