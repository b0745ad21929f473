//! What comes out is what went in.

use std::sync::Arc;

use super::*;
use crate::chart::FileTree;
use crate::load::{load, load_archive};

fn files(entries: &[(&str, &str)]) -> FileTree {
    entries
        .iter()
        .map(|(name, text)| File {
            name: (*name).to_owned(),
            data: Arc::from(text.as_bytes()),
            modified: None,
        })
        .collect()
}

fn names(package: &[u8]) -> Vec<String> {
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(package));
    archive
        .entries()
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            assert_eq!(entry.header().mtime().unwrap(), 1000);
            String::from_utf8_lossy(&entry.path_bytes()).into_owned()
        })
        .collect()
}

#[test]
fn a_packed_chart_is_read_again() {
    let chart = load(files(&[
        ("Chart.yaml", "apiVersion: v2\nname: app\nversion: 1.0.0\ndependencies:\n- name: sub\n  version: 0.1.0\n  repository: ''\n"),
        ("values.yaml", "# kept\na: 1\n"),
        ("values.schema.json", "{}"),
        ("README.md", "read me"),
        ("templates/a.yaml", "a: {{ .Values.a }}\n"),
        ("charts/sub/Chart.yaml", "apiVersion: v2\nname: sub\nversion: 0.1.0\n"),
        ("charts/sub/templates/b.yaml", "b: 1\n"),
    ]))
    .unwrap();
    let package = pack(&chart, Timestamp::from_second(1000).unwrap()).unwrap();
    assert_eq!(
        names(&package),
        [
            "app/Chart.yaml",
            "app/values.yaml",
            "app/values.schema.json",
            "app/templates/a.yaml",
            "app/README.md",
            "app/charts/sub/Chart.yaml",
            "app/charts/sub/templates/b.yaml",
        ]
    );
    let again = load_archive(&package).unwrap();
    assert_eq!(again.metadata, chart.metadata);
    assert_eq!(again.values, chart.values);
    assert_eq!(again.dependencies.len(), 1);
    let values = again
        .raw
        .iter()
        .find(|file| file.name == "values.yaml")
        .unwrap();
    assert_eq!(&*values.data, b"# kept\na: 1\n");
}

#[test]
fn a_name_that_leaves_the_folder_is_refused() {
    let mut chart = Chart::default();
    chart.metadata.name = "../x".into();
    let error = pack(&chart, Timestamp::UNIX_EPOCH).unwrap_err();
    assert_eq!(error.to_string(), "\"../x\" is not a valid chart name");
}
