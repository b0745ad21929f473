//! Lint of charts that were unpacked.

use std::sync::Arc;

use skein_helm::lint::{LintInput, LintOptions, lint};
use skein_helm::{File, Values};
use skein_template::FixedEnvironment;

fn file(name: &str, data: &str) -> File {
    File {
        name: name.to_owned(),
        data: Arc::from(data.as_bytes()),
        modified: None,
    }
}

#[test]
fn an_archive_is_read_with_its_ignore_file() {
    let mut files = vec![
        file("Chart.yaml", "apiVersion: v2\nname: a\nversion: 1.0.0\n"),
        file("values.yaml", ""),
        file("templates/fine.yaml", "kind: A\n"),
        file("templates/broken.yaml", "{{ if }}"),
    ];
    let findings = |files: &[File]| {
        let input = LintInput::of_files("a.tgz".to_owned(), files.to_vec());
        let options = LintOptions::default();
        lint(
            &input,
            &Values::new(),
            &options,
            &mut FixedEnvironment::default(),
        )
        .findings
    };
    let is_about_templates =
        |files: &[File]| findings(files).iter().any(|f| f.path == "templates/");
    assert!(is_about_templates(&files));
    files.push(file(".helmignore", "templates/broken.yaml\n"));
    assert!(!is_about_templates(&files));
}

#[test]
fn what_fail_and_required_would_say_is_kept() {
    let template = "a: {{ required \"need a\" .Values.a }}{{ fail \"b = c\" }}\n";
    let files = vec![
        file("Chart.yaml", "apiVersion: v2\nname: a\nversion: 1.0.0\n"),
        file("values.yaml", ""),
        file("templates/a.yaml", template),
    ];
    let input = LintInput::of_files("a.tgz".to_owned(), files);
    let mut world = FixedEnvironment::default();
    let linted = lint(&input, &Values::new(), &LintOptions::default(), &mut world);
    let lines: Vec<String> = linted.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        lines,
        [
            "level=WARN msg=\"missing required value\" message=\"need a\"",
            "level=INFO msg=\"funcMap fail\" message=\"b = c\"",
        ]
    );
}
