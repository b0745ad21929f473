//! The binary as scripts start it: what a command needs around it (a runtime, the whole command line) is decided in `main`, which no other test runs.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn skein(folder: &Path, words: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_skein"))
        .args(words)
        .current_dir(folder)
        .env("COLOUR", "green")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut stdin = child.stdin.take().expect("it is piped");
    // A command that does not read may be over already.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    child.wait_with_output().expect("it ends")
}

/// Standard output of a command that goes well.
fn printed(folder: &Path, words: &[&str], input: &str) -> String {
    let output = skein(folder, words, input);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words:?}: {errors}");
    String::from_utf8(output.stdout).expect("text")
}

fn project() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let files = [
        (
            "base/kustomization.yaml",
            "resources: [map.yaml]\nnamePrefix: pre-\n",
        ),
        (
            "base/map.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n",
        ),
        (
            "chart/Chart.yaml",
            "apiVersion: v2\nname: chart\nversion: 1.0.0\n",
        ),
        ("chart/values.yaml", "text: plain\n"),
        (
            "chart/templates/map.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: \"{{ .Release.Name }}\"}\ndata: {text: \"{{ .Values.text }}\"}\n",
        ),
        (
            "charts/kustomization.yaml",
            "helmGlobals: {chartHome: ..}\nhelmCharts:\n- name: chart\n  releaseName: inner\n",
        ),
        ("text.txt", "from a file"),
    ];
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
    folder
}

#[test]
fn commands_on_files_run() {
    let project = project();
    let at = project.path();
    assert_eq!(
        printed(at, &["envsubst"], "a ${COLOUR} door\n"),
        "a green door\n"
    );
    let built = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: pre-a\n";
    assert_eq!(printed(at, &["kustomize", "build", "base"], ""), built);
    let explained = printed(at, &["kustomize", "explain", "ConfigMap/a", "base"], "");
    assert!(explained.contains("pre-a"), "{explained}");
    let inflate = [
        "kustomize",
        "build",
        "--enable-helm",
        "charts",
        "--load-restrictor",
    ];
    let inflate: Vec<&str> = inflate
        .into_iter()
        .chain(["LoadRestrictionsNone"])
        .collect();
    let inflated = printed(at, &inflate, "");
    assert!(inflated.contains("text: plain"), "{inflated}");
}

#[test]
fn charts_are_rendered() {
    let project = project();
    let at = project.path();
    let rendered = printed(at, &["helm", "template", "first", "chart"], "");
    assert!(rendered.contains("name: \"first\""), "{rendered}");
    assert!(rendered.contains("text: \"plain\""), "{rendered}");
    let words = [
        "helm",
        "template",
        "first",
        "chart",
        "--set-file",
        "text=text.txt",
    ];
    let rendered = printed(at, &words, "");
    assert!(rendered.contains("text: \"from a file\""), "{rendered}");
    let words = ["helm", "template", "first", "chart", "-f", "-"];
    let rendered = printed(at, &words, "text: piped\n");
    assert!(rendered.contains("text: \"piped\""), "{rendered}");
    assert!(printed(at, &["helm", "lint", "chart"], "").contains("0 chart(s) failed"));
    assert!(printed(at, &["helm", "show", "values", "chart"], "").contains("text: plain"));
}

#[test]
fn errors_have_a_code_and_words() {
    let project = project();
    for (words, wanted) in [
        (
            &["kustomize", "build", "nowhere"][..],
            "Error: must build at directory",
        ),
        (&["helm", "template", "x", "nowhere"], "Error: "),
        (&["kustomize", "build", "--unknown"], "--unknown"),
        (&["nothing"], "nothing"),
    ] {
        let output = skein(project.path(), words, "");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{words:?}: {errors}");
        assert!(errors.contains(wanted), "{words:?}: {errors}");
        assert!(!errors.contains("panicked"), "{words:?}: {errors}");
    }
}
