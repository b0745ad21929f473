//! Trees that must not be checked out, made with git's plumbing.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::fixture::{Repository, branch, failure, git, request, serve};

/// A commit whose tree has one entry of that name.
fn commit_entry(repository: &Repository, name: &str) {
    repository.commit(&[("a", "1")], "one");
    let blob = git(repository.path(), &["rev-parse", "HEAD:a"]);
    let mut child = Command::new("git")
        .args(["mktree", "-z"])
        .current_dir(repository.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let entry = format!("100644 blob {blob}\t{name}\0");
    child
        .stdin
        .take()
        .unwrap()
        .write_all(entry.as_bytes())
        .unwrap();
    let tree = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
    let outer = git(
        repository.path(),
        &["commit-tree", tree.trim(), "-m", "bad"],
    );
    git(repository.path(), &["update-ref", "refs/heads/bad", &outer]);
}

#[tokio::test]
async fn names_that_mean_git_folders_are_refused() {
    for name in [
        ".git",
        ".GIT",
        ".Git ",
        ".git.",
        "git~1",
        "GIT~1",
        ".git::$INDEX_ALLOCATION",
        "..",
        "a\\..\\b",
        ".git\\hooks",
        "a\\.GIT",
        ".g\u{200c}it",
    ] {
        let repository = Repository::new();
        commit_entry(&repository, name);
        let base = serve(&[("app.git", repository.path().to_owned())]).await;
        let error = failure(&request(&format!("{base}/app.git"), branch("bad"))).await;
        assert!(
            matches!(error, skein_git::FetchError::Hazard { .. }),
            "{name}: {error}"
        );
    }
}

#[tokio::test]
async fn harmless_names_that_look_alike_pass() {
    for name in [
        ".gitignore",
        ".github",
        "git~2",
        "system:node.yaml",
        "..a",
        "a..",
        ".git-x",
        "a\\b",
        "\\",
    ] {
        let repository = Repository::new();
        commit_entry(&repository, name);
        let base = serve(&[("app.git", repository.path().to_owned())]).await;
        crate::fixture::checkout(&request(&format!("{base}/app.git"), branch("bad"))).await;
    }
}
