//! Digests of the recordings, made anew.

use std::path::PathBuf;

use sha2::{Digest, Sha256};

use super::*;

#[test]
fn a_chart_is_packed_as_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, content: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    };
    file("b/c.txt", "c");
    file("a.txt", "a");
    let bytes = super::folder(folder.path(), "app").unwrap();
    assert_eq!(bytes.len(), 10 + 5 + RECORD_BYTES + 8);
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(bytes.as_slice()));
    let names: Vec<PathBuf> = archive
        .entries()
        .unwrap()
        .map(|entry| entry.unwrap().path().unwrap().into_owned())
        .collect();
    assert_eq!(
        names,
        [PathBuf::from("app/a.txt"), PathBuf::from("app/b/c.txt")]
    );
}

/// A recorded layer with a symbolic link that travelled as a file, and a recorded chart.
#[test]
fn recorded_digests() {
    let Some(root) = crate::tests::recordings() else {
        eprintln!("skipped: no recordings beside this clone");
        return;
    };
    for (path, prefix, digest) in [
        (
            "ocirepository/10-latest-and-insecure/repo/t4",
            "",
            "9aaf226c112217c1b983fa88b6cfb598ece8eaf20355e08f4506d96367abf351",
        ),
        (
            "ocirepository/01-tag/repo/t1",
            "",
            "d1cce674417bcdfd483a7bf1a7b66f1bb552442c2ab1502b76aa9f3e3a011b83",
        ),
        (
            "helmrepository/01-index/repo/app-1.0.0",
            "app",
            "48fbbffb4c7ba4f0ba16f6dcc4e2141466dde60e37e409d4beb66e9997599ecb",
        ),
    ] {
        let bytes = super::folder(&root.join(path), prefix).unwrap();
        assert_eq!(hex::encode(Sha256::digest(&bytes)), digest, "{path}");
    }
}
