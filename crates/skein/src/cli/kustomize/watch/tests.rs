//! What a change looks like, and that none is missed.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use clap::Parser;
use serde_json::json;

use super::super::build::BuildArguments;
use super::{difference, objects, run};
use crate::output::Output;

#[test]
fn only_what_became_different_is_printed() {
    let object = |name: &str, value: &str| json!({"kind": "ConfigMap", "metadata": {"name": name}, "data": {"a": value}});
    let before = objects(&[object("one", "1"), object("two", "1")]);
    let now = objects(&[object("one", "2"), object("three", "1")]);
    let text = difference(&before, &now);
    assert!(
        text.contains("~ ConfigMap/one\n  -   a: \"1\"\n  +   a: \"2\"\n"),
        "{text}"
    );
    assert!(text.contains("+ ConfigMap/three\n"), "{text}");
    assert!(text.contains("- ConfigMap/two\n"), "{text}");
    assert_eq!(difference(&now, &now), "= nothing changed\n");
}

#[derive(Parser)]
struct CommandLine {
    #[command(flatten)]
    build: BuildArguments,
}

/// What both streams of a running command got.
#[derive(Clone, Default)]
struct Screen(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no panic").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Screen {
    /// Takes what is on the screen once this is part of it.
    async fn take_with(&self, text: &str) -> String {
        /// Looks before the test gives up.
        const LOOKS: u32 = 1_000;
        for _ in 0..LOOKS {
            let shown = String::from_utf8(self.0.lock().expect("no panic").clone());
            let shown = shown.expect("UTF-8");
            if shown.contains(text) {
                self.0.lock().expect("no panic").clear();
                return shown;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let shown = self.0.lock().expect("no panic").clone();
        panic!("no {text:?} in {:?}", String::from_utf8_lossy(&shown));
    }
}

/// Puts a file in its place whole, so that no build sees half of it.
fn write(folder: &Path, file: &str, text: &str) {
    let draft = folder.join("draft");
    fs::write(&draft, text).expect("a file");
    fs::rename(draft, folder.join(file)).expect("its place");
}

fn config_map(value: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: app\ndata:\n  a: \"{value}\"\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_are_told_as_they_are_made() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    write(folder, "kustomization.yaml", "resources: [app.yaml]\n");
    write(folder, "app.yaml", &config_map("1"));
    let screen = Screen::default();
    let words = ["build", &folder.display().to_string(), "--watch"];
    let arguments = CommandLine::parse_from(words).build;
    let shown = screen.clone();
    let watching =
        tokio::spawn(async move { run(&arguments, &mut Output::new(shown.clone(), shown)).await });

    screen.take_with("  a: \"1\"\n").await;
    // At once, whether the folder is watched already or not.
    write(folder, "app.yaml", &config_map("2"));
    let text = screen.take_with("+   a: \"2\"\n").await;
    assert!(text.starts_with("~ ConfigMap/app\n"), "{text}");

    // A file of which the build only knows that it is missing.
    write(
        folder,
        "kustomization.yaml",
        "resources: [app.yaml, more.yaml]\n",
    );
    let text = screen.take_with("more.yaml").await;
    assert!(text.starts_with("Error: "), "{text}");
    write(folder, "more.yaml", &config_map("3").replace("app", "more"));
    let text = screen.take_with("  a: \"3\"\n").await;
    assert!(text.starts_with("+ ConfigMap/more\n"), "{text}");
    watching.abort();
}
