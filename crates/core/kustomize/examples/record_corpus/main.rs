//! Writes the expected outputs of the corpus anew with a real kustomize: `record_corpus --kustomize BINARY [--helm BINARY] [--check] [FILE...]`.
//!
//! Cases are edited by hand; this fills in what is wanted (format: tests/it/case_file.rs). With `--helm` the cases are those with charts.
//! `--check` writes nothing and fails where a real kustomize gives something else than what is written.

#[path = "../../tests/it/case_file.rs"]
mod case_file;
mod repository;

use std::collections::BTreeSet;
use std::io::{Error, Result};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use skein_kustomize::RECOGNIZED_FILE_NAMES;

use case_file::{Case, SHARED};

#[derive(Default)]
struct Settings {
    kustomize: PathBuf,
    helm: Option<PathBuf>,
    check: bool,
    files: Vec<PathBuf>,
}

fn settings() -> Option<Settings> {
    let mut settings = Settings::default();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--kustomize" => settings.kustomize = PathBuf::from(arguments.next()?),
            "--helm" => settings.helm = Some(PathBuf::from(arguments.next()?)),
            "--check" => settings.check = true,
            flag if flag.starts_with("--") => return None,
            file => settings.files.push(PathBuf::from(file)),
        }
    }
    (!settings.kustomize.as_os_str().is_empty()).then_some(settings)
}

fn main() -> ExitCode {
    let Some(settings) = settings() else {
        eprintln!("record_corpus --kustomize BINARY [--helm BINARY] [--check] [FILE...]");
        return ExitCode::FAILURE;
    };
    match run(&settings) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

impl Settings {
    /// The folder of the cases: those with charts need a helm.
    fn folder(&self) -> PathBuf {
        let name = if self.helm.is_some() {
            "tests/charts"
        } else {
            "tests/corpus"
        };
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name)
    }

    fn files(&self) -> Result<Vec<PathBuf>> {
        if !self.files.is_empty() {
            return Ok(self.files.clone());
        }
        let entries = std::fs::read_dir(self.folder())?;
        let mut paths: Vec<PathBuf> = entries
            .map(|entry| Ok(entry?.path()))
            .collect::<Result<_>>()?;
        paths.retain(|path| !path.ends_with(SHARED));
        paths.sort();
        Ok(paths)
    }
}

fn run(settings: &Settings) -> Result<()> {
    let shared = case_file::shared(&settings.folder());
    let mut differing = Vec::new();
    for path in settings.files()? {
        let text = std::fs::read_to_string(&path)?;
        let cases = case_file::parse(&text, &shared);
        let (mut out, mut roots) = (String::new(), 0);
        for case in &cases {
            let wants = wants(case, settings)?;
            let whole = case.text.clone() + &wants.join("");
            if settings.check && !text.contains(&whole) {
                differing.push(case.name.as_str().to_owned());
            }
            roots += wants.len();
            out.push_str(&whole);
        }
        if !settings.check {
            std::fs::write(&path, out)?;
        }
        println!("{}: {} cases, {roots} roots", path.display(), cases.len());
    }
    if differing.is_empty() {
        return Ok(());
    }
    let all = differing.join(", ");
    Err(Error::other(format!("kustomize now differs in: {all}")))
}

/// What the real kustomize makes of each root of a case.
fn wants(case: &Case, settings: &Settings) -> Result<Vec<String>> {
    let folder = std::env::temp_dir().join(format!("record-corpus-{}", std::process::id()));
    let mut roots = BTreeSet::new();
    let files = repository::start(&case.files)?;
    for (path, content) in &files {
        let (root, name) = path.rsplit_once('/').unwrap_or(("", path));
        if RECOGNIZED_FILE_NAMES.contains(&name) {
            roots.insert(root);
        }
        std::fs::create_dir_all(folder.join(root))?;
        std::fs::write(folder.join(path), content)?;
    }
    let wants = roots
        .into_iter()
        .map(|root| want(&folder, root, settings))
        .collect();
    std::fs::remove_dir_all(&folder)?;
    wants
}

fn want(folder: &Path, root: &str, settings: &Settings) -> Result<String> {
    let mut command = Command::new(&settings.kustomize);
    command.args([
        "build",
        "--load-restrictor",
        "LoadRestrictionsNone",
        "--reorder",
        "none",
    ]);
    if let Some(helm) = &settings.helm {
        command.arg("--enable-helm").arg("--helm-command").arg(helm);
    }
    let output = command.arg(folder.join(root)).output()?;
    let shown = if root.is_empty() { "." } else { root };
    if !output.status.success() {
        return Ok(format!("-- want error {shown} --\n"));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let is_plain = (text.is_empty() || text.ends_with('\n'))
        && !text.contains(['\r', '\u{FEFF}'])
        && !text
            .lines()
            .any(|l| l.starts_with("-- ") || l.starts_with("=== "));
    Ok(if is_plain {
        format!("-- want {shown} --\n{text}")
    } else {
        let encoded = STANDARD.encode(&output.stdout);
        format!("-- want {shown} base64 --\n{encoded}\n")
    })
}
