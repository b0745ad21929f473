//! Submodules: nested, relative, absent.

use skein_git::checkout::EntryKind;

use crate::fixture::{Repository, branch, checkout, failure, git, paths, request, serve};

fn add_submodule(parent: &Repository, child: &Repository, url: &str, path: &str) {
    let local = child.path().display().to_string();
    git(
        parent.path(),
        &["submodule", "--quiet", "add", &local, path],
    );
    let key = format!("submodule.{path}.url");
    git(
        parent.path(),
        &["config", "--file", ".gitmodules", &key, url],
    );
}

#[tokio::test]
async fn nested_and_relative_submodules_are_fetched_when_wanted() {
    let (top, middle, leaf) = (Repository::new(), Repository::new(), Repository::new());
    leaf.commit(&[("leaf.yaml", "leaf")], "leaf");
    middle.commit(&[("middle.yaml", "middle")], "middle");
    add_submodule(&middle, &leaf, "../leaf.git", "vendor/leaf");
    middle.commit(&[], "with leaf");
    top.commit(&[("top.yaml", "top")], "top");
    add_submodule(&top, &middle, "./../middle.git", "libs/middle");
    top.commit(&[], "with middle");
    // The pinned commits are no longer the newest.
    leaf.commit(&[("leaf.yaml", "newer")], "newer");
    let folders = [("top", &top), ("middle", &middle), ("leaf", &leaf)];
    let served: Vec<_> = folders
        .iter()
        .map(|(n, r)| (format!("org/{n}.git"), r.path().to_owned()))
        .collect();
    let served: Vec<_> = served
        .iter()
        .map(|(n, p)| (n.as_str(), p.clone()))
        .collect();
    let base = serve(&served).await;
    let mut request = request(&format!("{base}/org/top.git"), branch("main"));
    let plain = checkout(&request).await;
    assert_eq!(paths(&plain), [".gitmodules", "libs/middle", "top.yaml"]);
    assert_eq!(plain.entries()[1].kind, EntryKind::Submodule);
    request.recurse_submodules = true;
    let full = checkout(&request).await;
    assert_eq!(
        paths(&full),
        [
            ".gitmodules",
            "libs/middle/.gitmodules",
            "libs/middle/middle.yaml",
            "libs/middle/vendor/leaf/leaf.yaml",
            "top.yaml"
        ]
    );
    assert_eq!(full.read(&full.entries()[3]).unwrap(), b"leaf");
    // What a clone leaves in the folder of each, which Flux packs too.
    for (path, content) in &full.git_files {
        let up = "../".repeat(path.matches('/').count());
        let content = String::from_utf8_lossy(content);
        assert!(path.ends_with("/.git"), "{path}");
        assert!(
            content.starts_with(&format!("gitdir: {up}.git/modules/")),
            "{content}"
        );
    }
    assert!(!full.git_files.is_empty());
}

#[tokio::test]
async fn a_missing_submodule_is_named() {
    let (top, child) = (Repository::new(), Repository::new());
    child.commit(&[("a", "1")], "one");
    top.commit(&[("a", "1")], "one");
    add_submodule(&top, &child, "../gone.git", "libs/gone");
    top.commit(&[], "two");
    let base = serve(&[("top.git", top.path().to_owned())]).await;
    let mut request = request(&format!("{base}/top.git"), branch("main"));
    request.recurse_submodules = true;
    let error = failure(&request).await.to_string();
    assert!(
        error.contains("'libs/gone'") && error.contains("repository not found"),
        "{error}"
    );
}

#[tokio::test]
async fn addresses_that_run_programs_or_read_files_are_refused() {
    for address in [
        "ext::sh -c id",
        "file:///etc",
        "/etc",
        "-u",
        "git@host:x",
        "../../../..",
    ] {
        let (top, child) = (Repository::new(), Repository::new());
        child.commit(&[("a", "1")], "one");
        add_submodule(&top, &child, address, "lib");
        top.commit(&[], "one");
        let base = serve(&[("top.git", top.path().to_owned())]).await;
        let mut request = request(&format!("{base}/top.git"), branch("main"));
        request.recurse_submodules = true;
        let error = failure(&request).await.to_string();
        assert!(
            error.contains("unable to fetch the submodule 'lib'"),
            "{address}: {error}"
        );
    }
}
