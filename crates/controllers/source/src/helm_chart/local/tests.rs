//! Charts among files.

use super::*;

fn tree() -> Tree {
    let mut tree = Tree::new();
    for (path, text) in [
        (
            "charts/app/Chart.yaml",
            "apiVersion: v2\nname: app\nversion: 1.0.0\n",
        ),
        ("charts/app/.helmignore", "*.md\n"),
        ("charts/app/doc.md", "x"),
        ("charts/app/templates/a.yaml", "a: 1\n"),
        ("other/x", "x"),
    ] {
        tree.insert_file(path, text.as_bytes().to_vec(), false)
            .unwrap();
    }
    tree
}

#[test]
fn files_of_a_chart_are_those_below_its_folder_that_are_not_ignored() {
    let files = chart_files(&tree(), "charts/app").unwrap();
    let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, [".helmignore", "Chart.yaml", "templates/a.yaml"]);
    assert_eq!(
        chart_files(&tree(), "other").unwrap_err(),
        "open source/other/Chart.yaml: no such file or directory"
    );
}

#[test]
fn paths_stay_inside() {
    assert_eq!(confined("../../etc/passwd"), "etc/passwd");
    assert_eq!(confined("./charts//app/../lib/"), "charts/lib");
    assert_eq!(confined("."), "");
}

#[test]
fn hashes_of_revisions() {
    assert_eq!(hash_of("main@sha1:abc"), "abc");
    assert_eq!(hash_of("sha256:def"), "def");
    assert_eq!(hash_of("main/abc"), "abc");
}
