//! The file of a repository, good and bad.

use super::*;

fn repository(text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("charts")).unwrap();
    fs::write(folder.path().join(FILE), text).unwrap();
    folder
}

#[test]
fn addresses_with_folders_of_the_repository() {
    let folder = repository(
        "# a comment\n\noci://registry.example.com/x = charts\n"
            .replace(" = ", "=")
            .as_str(),
    );
    let pairs = read(folder.path()).unwrap();
    assert_eq!(pairs.len(), 1);
    assert_eq!(pairs[0].0, "oci://registry.example.com/x");
    assert!(pairs[0].1.ends_with("charts"));
}

#[test]
fn nothing_without_the_file() {
    let folder = tempfile::tempdir().unwrap();
    assert!(read(folder.path()).unwrap().is_empty());
}

#[test]
fn other_folders_are_refused_with_the_line() {
    let problem = |text: &str| format!("{:#}", read(repository(text).path()).unwrap_err());
    assert!(problem("\noci://a/b=..\n").contains(":2: .. lies outside of the repository"));
    assert!(problem("oci://a/b=none\n").contains(":1: finding none"));
    assert!(problem("oci://a/b\n").contains("is not of the form URL=PATH"));
}
