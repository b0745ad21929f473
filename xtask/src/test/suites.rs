//! The table of suites and how each is run.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::count::Counts;
use crate::oracle::{cli, ssa};
use crate::{process, setup, tidy, tree, upstream, web};

/// Sections of the recorded steps of all areas that must be equal, in percent: what differs is listed in SHORTCOMINGS.md. Some points lie below what a
/// quiet machine reaches, since a step that a busy one looks at too early costs several sections.
const FLUX_LIVE_FLOOR_PERCENT: &str = "91";

/// The same for the scenarios that lie in the tree: they look for what is rare, and words of kustomize, of signatures and of indexes differ.
const FLUX_BESIDE_FLOOR_PERCENT: &str = "92";

/// What the end-to-end cases start beside ours, on both targets.
const END_TO_END_COMPONENTS: &[&str] = &[
    "registry",
    "helm",
    "helm3",
    "kustomize-controller",
    "helm-controller",
];

/// Answers to broken objects that must be equal, in percent: the rest quotes Go's internal types. It only ever goes up.
const REFUSALS_FLOOR_PERCENT: &str = "98";

/// Command lines that must be answered as flux answers them, in percent. It only ever goes up.
const COMMAND_LINES_FLOOR_PERCENT: usize = 98;

/// Answers to the scripts of API requests that must be equal, in percent; what differs is listed in SHORTCOMINGS.md. It only ever goes up.
const SCRIPTS_FLOOR_PERCENT: &str = "97";

/// Every how many-th broken object is sent: a fast part of the ten thousand.
const REFUSALS_STRIDE: &str = "7";

/// Seeds of the sequences of applies, updates and patches.
const APPLY_SEEDS: &str = "1..13";

/// Answers in those sequences that must be equal, in percent; the others are named in SHORTCOMINGS.md. It only ever goes up.
const APPLY_FLOOR_PERCENT: &str = "99";

/// One line of the closing table.
pub struct Suite {
    pub name: &'static str,
    pub what: &'static str,
    /// Whether it reads the recorded inputs that a stranger's clone does not have beside it.
    pub needs_shared: bool,
    /// Runs it; nothing when its subject is not part of the tree.
    pub run: fn() -> Result<Option<Counts>>,
}

/// In order of cost: what fails fast comes first.
pub const SUITES: &[Suite] = &[
    own("format", "rustfmt has nothing to change", format),
    own("tidy", "rules of the tree", tidy_rules),
    own("lint", "clippy, warnings are errors", lint),
    own("unit", "tests of all crates", unit),
    own(
        "web",
        "types, lint and unit tests of the web page",
        web_unit,
    ),
    own("e2e-embedded", "the binary on the embedded API", || {
        end_to_end("embedded")
    }),
    own("e2e-real", "the binary on a real control plane", || {
        end_to_end("real")
    }),
    own(
        "api-parity",
        "generated and broken objects, a real API server beside ours",
        api_parity,
    ),
    own(
        "api-scripts",
        "scripts of API requests, a real API server beside ours",
        api_scripts,
    ),
    own(
        "cli",
        "command lines, the real flux beside skein",
        command_lines,
    ),
    own("web-e2e", "the web page in a browser", web_end_to_end),
    own(
        "flux-beside",
        "steps recorded from Flux's own controllers",
        || flux_live_beside("real"),
    ),
    shared("flux-embedded", "recorded Flux steps, embedded API", || {
        flux_live("embedded")
    }),
    shared(
        "flux-real",
        "recorded Flux steps, real control plane",
        || flux_live("real"),
    ),
];

const fn own(name: &'static str, what: &'static str, run: fn() -> Result<Option<Counts>>) -> Suite {
    Suite {
        name,
        what,
        needs_shared: false,
        run,
    }
}

const fn shared(
    name: &'static str,
    what: &'static str,
    run: fn() -> Result<Option<Counts>>,
) -> Suite {
    Suite {
        name,
        what,
        needs_shared: true,
        run,
    }
}

fn format() -> Result<Option<Counts>> {
    check(&mut process::cargo(&["fmt", "--all", "--", "--check"]))
}

fn lint() -> Result<Option<Counts>> {
    let words = ["clippy", "--workspace", "--all-targets", "--quiet", "--"];
    check(process::cargo(&words).args(["--deny", "warnings"]))
}

fn tidy_rules() -> Result<Option<Counts>> {
    let outcome = tidy::check()?;
    Ok(Some(Counts {
        passed: outcome.passed,
        failed: outcome.failed,
        ..Counts::default()
    }))
}

fn unit() -> Result<Option<Counts>> {
    // Some tests start real components; they say so and fail where these are not built.
    upstream::build(&upstream::all())?;
    let mut command = process::cargo(&["test", "--workspace", "--no-fail-fast"]);
    counted(&mut command, Counts::add_cargo_line)
}

fn web_unit() -> Result<Option<Counts>> {
    let folder = tree::root().join("web");
    if !folder.join("package.json").is_file() {
        return Ok(None);
    }
    web::install(&folder)?;
    let mut counts = Counts::default();
    for script in ["check", "lint", "typecheck"] {
        if has_script(&folder, script) {
            let passed = process::watch(&mut npm(&folder, script), &mut |_| {})?;
            counts.add(Counts::one(passed));
        }
    }
    if let Some(tests) = script_counts(&folder, "test")? {
        counts.add(tests);
    }
    Ok(Some(counts))
}

/// Every folder with npm packages may have a script `e2e`.
fn web_end_to_end() -> Result<Option<Counts>> {
    let mut counts = None;
    for folder in web::folders() {
        if !has_script(&folder, "e2e") {
            continue;
        }
        web::install(&folder)?;
        web::build()?;
        let mut script = npm(&folder, "e2e");
        script
            .env("SKEIN_PROGRAM", process::program("skein")?)
            .env("SKEIN_DEMO", process::example("demo")?);
        if let Some(tests) = counted_script(&mut script)? {
            counts.get_or_insert_with(Counts::default).add(tests);
        }
    }
    Ok(counts)
}

/// The scenarios that need nothing from outside of the tree.
fn end_to_end(target: &str) -> Result<Option<Counts>> {
    if !tree::root().join("crates/testkit/e2e").is_dir() {
        return Ok(None);
    }
    prepare(target)?;
    let used: Result<Vec<_>> = END_TO_END_COMPONENTS
        .iter()
        .map(|name| skein_upstream::find(name))
        .collect();
    upstream::build(&used?)?;
    counted(
        own_program("skein-e2e")?.args(["--target", target]),
        Counts::add_own_line,
    )
}

fn api_parity() -> Result<Option<Counts>> {
    if !tree::root().join("crates/testkit/ssa-oracle").is_dir() {
        return Ok(None);
    }
    let servers = ssa::Servers::start(true)?;
    let mut counts = Counts::default();
    let applies = ["--seeds", APPLY_SEEDS, "--floor", APPLY_FLOOR_PERCENT];
    let refusals = [
        "--refusals",
        "--stride",
        REFUSALS_STRIDE,
        "--floor",
        REFUSALS_FLOOR_PERCENT,
    ];
    for words in [&applies[..], &refusals[..]] {
        let mut command = servers.compare()?;
        command.args(words);
        if let Some(part) = counted(&mut command, Counts::add_own_line)? {
            counts.add(part);
        }
    }
    Ok(Some(counts))
}

/// Lists, watches, patches, tables and what kubectl prints: every script in the tree.
fn api_scripts() -> Result<Option<Counts>> {
    let folder = ssa::scripts();
    if !folder.is_dir() {
        return Ok(None);
    }
    let servers = ssa::Servers::start(true)?;
    let mut command = servers.compare()?;
    command.arg("--api").arg(folder);
    command.args(["--floor", SCRIPTS_FLOOR_PERCENT]);
    counted(&mut command, Counts::add_own_line)
}

/// All command lines on the embedded API; `cargo xtask oracle cli` runs them on a real one too.
fn command_lines() -> Result<Option<Counts>> {
    if !tree::root().join("e2e/cli").is_dir() {
        return Ok(None);
    }
    let (equal, differs) = cli::suite("embedded")?;
    let is_enough = equal * 100 >= (equal + differs) * COMMAND_LINES_FLOOR_PERCENT;
    let verdict = if is_enough {
        "they are"
    } else {
        "they are not"
    };
    println!("at least {COMMAND_LINES_FLOOR_PERCENT} % must be equal: {verdict}");
    Ok(Some(Counts {
        passed: equal,
        failed: if is_enough { 0 } else { differs },
        ..Counts::default()
    }))
}

fn flux_live(target: &str) -> Result<Option<Counts>> {
    if !tree::root().join("crates/testkit/flux-live").is_dir() {
        return Ok(None);
    }
    let Some(shared) = tree::shared_material() else {
        return Ok(None);
    };
    flux_live_in(
        &shared.join("real/flux-live"),
        target,
        &["--floor", FLUX_LIVE_FLOOR_PERCENT],
    )
}

/// The scenarios of this tree, recorded from Flux's own kustomize-, source- and helm-controller.
fn flux_live_beside(target: &str) -> Result<Option<Counts>> {
    let folder = tree::root().join("crates/testkit/flux-live/scenarios");
    flux_live_in(&folder, target, &["--floor", FLUX_BESIDE_FLOOR_PERCENT])
}

/// Replays the recordings of a folder.
fn flux_live_in(folder: &Path, target: &str, words: &[&str]) -> Result<Option<Counts>> {
    if !folder.is_dir() {
        return Ok(None);
    }
    prepare(target)?;
    let mut command = own_program("skein-flux-live")?;
    command.arg(folder).args(["--target", target]).args(words);
    counted(&mut command, Counts::add_own_line)
}

/// The binary, and for a real control plane its components.
fn prepare(target: &str) -> Result<()> {
    process::program("skein")?;
    if target == "real" {
        let missing = setup::missing_packages();
        if !missing.is_empty() {
            println!("missing Debian packages: {}", missing.join(", "));
        }
        upstream::build(&upstream::control_plane()?)?;
    }
    Ok(())
}

/// A test runner of the workspace; the shipped binary lies beside it.
fn own_program(name: &str) -> Result<Command> {
    let program = process::program(name)?;
    Ok(process::command(&program.to_string_lossy(), &[]))
}

fn npm(folder: &Path, script: &str) -> Command {
    let mut command = process::command("npm", &["run", "--silent", script]);
    command.current_dir(folder).env("CI", "1");
    command
}

fn has_script(folder: &Path, script: &str) -> bool {
    let text = std::fs::read_to_string(folder.join("package.json")).unwrap_or_default();
    serde_json::from_str::<serde_json::Value>(&text)
        .is_ok_and(|package| package["scripts"][script].is_string())
}

/// Runs a script, if the folder has it.
fn script_counts(folder: &Path, script: &str) -> Result<Option<Counts>> {
    if !has_script(folder, script) {
        return Ok(None);
    }
    counted_script(&mut npm(folder, script))
}

/// The output is that of vitest or of node's test runner.
fn counted_script(script: &mut Command) -> Result<Option<Counts>> {
    counted(script, |counts, line| {
        counts.add_vitest_line(line);
        counts.add_node_line(line);
        counts.add_own_line(line);
    })
}

fn check(command: &mut Command) -> Result<Option<Counts>> {
    let passed = process::watch(command, &mut |_| {})?;
    Ok(Some(Counts::one(passed)))
}

/// Counts what the runner prints; a runner that fails without a failed test is one failure.
fn counted(command: &mut Command, add: fn(&mut Counts, &str)) -> Result<Option<Counts>> {
    let mut counts = Counts::default();
    let succeeded = process::watch(command, &mut |line| {
        add(&mut counts, line);
        counts.keep_failure(line);
    })?;
    if !succeeded && counts.failed == 0 {
        counts.failed = 1;
    }
    Ok(Some(counts))
}
