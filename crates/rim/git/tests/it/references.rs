//! Every way to name a commit, and the words when it is not there.

use std::sync::Arc;

use skein_git::checkout::EntryKind;
use skein_git::{FetchRequest, Fetched, Reference, fetch};

use crate::fixture::{Repository, branch, checkout, failure, git, paths, request, serve};

#[tokio::test]
async fn a_branch_with_files_of_all_kinds() {
    let repository = Repository::new();
    std::os::unix::fs::symlink("app.yaml", repository.path().join("link")).unwrap();
    let script = repository.path().join("run.sh");
    std::fs::write(&script, "#!/bin/sh\n").unwrap();
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(script, std::fs::Permissions::from_mode(0o755)).unwrap();
    let first = repository.commit(&[("app.yaml", "a: 1\n"), ("dir/sub/b.yaml", "b")], "one");
    let base = serve(&[("app.git", repository.path().to_owned())]).await;
    let mut request = request(&format!("{base}/app.git"), branch("main"));
    let fetched = checkout(&request).await;
    assert_eq!(fetched.revision, format!("main@sha1:{first}"));
    assert_eq!(
        paths(&fetched),
        ["app.yaml", "dir/sub/b.yaml", "link", "run.sh"]
    );
    let kinds: Vec<EntryKind> = fetched.entries().iter().map(|entry| entry.kind).collect();
    use EntryKind::{Executable, File, Link};
    assert_eq!(kinds, [File, File, Link, Executable]);
    assert_eq!(fetched.read(&fetched.entries()[0]).unwrap(), b"a: 1\n");
    assert_eq!(fetched.commit.short_subject(), "one");
    request.last_revision = Some(fetched.revision.clone());
    assert!(matches!(
        fetch(&request).await,
        Ok(Fetched::Unchanged { .. })
    ));
    let second = repository.commit(&[("app.yaml", "a: 2\n")], "two");
    assert_eq!(
        checkout(&request).await.revision,
        format!("main@sha1:{second}")
    );
}

#[tokio::test]
async fn tags_are_followed_to_their_commits() {
    let repository = Repository::new();
    let commit = repository.commit(&[("a", "1")], "one");
    git(repository.path(), &["tag", "light"]);
    git(
        repository.path(),
        &["tag", "-a", "heavy", "-m", "annotated"],
    );
    let base = serve(&[("app.git", repository.path().to_owned())]).await;
    let url = format!("{base}/app.git");
    let light = checkout(&request(&url, Reference::Tag("light".into()))).await;
    assert_eq!(light.revision, format!("light@sha1:{commit}"));
    assert!(light.tag.is_none());
    let mut heavy_request = request(&url, Reference::Tag("heavy".into()));
    let heavy = checkout(&heavy_request).await;
    assert_eq!(heavy.revision, format!("heavy@sha1:{commit}"));
    assert_eq!(heavy.tag.as_ref().unwrap().name, "heavy");
    heavy_request.last_revision = Some(heavy.revision.clone());
    assert!(matches!(
        fetch(&heavy_request).await,
        Ok(Fetched::Unchanged { .. })
    ));
    let gone = failure(&request(&url, Reference::Tag("gone".into()))).await;
    assert_eq!(
        gone.to_string(),
        format!("unable to clone '{url}': couldn't find remote ref \"refs/tags/gone\"")
    );
}

#[tokio::test]
async fn full_names_of_any_kind() {
    let repository = Repository::new();
    let commit = repository.commit(&[("a", "1")], "one");
    git(
        repository.path(),
        &["update-ref", "refs/pull/1/head", "HEAD"],
    );
    git(repository.path(), &["tag", "-a", "v1", "-m", "x"]);
    let base = serve(&[("app.git", repository.path().to_owned())]).await;
    let url = format!("{base}/app.git");
    for name in [
        "refs/heads/main",
        "refs/pull/1/head",
        "refs/tags/v1",
        "refs/tags/v1^{}",
    ] {
        let fetched = checkout(&request(&url, Reference::Name(name.into()))).await;
        assert_eq!(fetched.revision, format!("{name}@sha1:{commit}"));
    }
    let error = failure(&request(&url, Reference::Name("refs/heads/none".into()))).await;
    assert_eq!(
        error.to_string(),
        "unable to resolve ref 'refs/heads/none' to a specific commit"
    );
    let error = failure(&request(&url, Reference::Name("refs/heads/".into()))).await;
    assert!(
        error
            .to_string()
            .contains("cannot begin or end with a slash")
    );
}

#[tokio::test]
async fn the_highest_tag_of_a_range_and_the_newest_of_equals() {
    let repository = Repository::new();
    repository.commit(&[("a", "1")], "one");
    git(repository.path(), &["tag", "v1.0.0+first"]);
    git(repository.path(), &["tag", "0.9.0"]);
    git(repository.path(), &["tag", "1.1"]);
    let newest = repository.commit(&[("a", "2")], "two");
    git(repository.path(), &["tag", "-a", "v1.0.0+aaa", "-m", "x"]);
    git(repository.path(), &["tag", "2.0.0-rc.1"]);
    let base = serve(&[("app.git", repository.path().to_owned())]).await;
    let url = format!("{base}/app.git");
    let fetched = checkout(&request(&url, Reference::SemVer(">=0.1.0".into()))).await;
    assert_eq!(fetched.revision, format!("v1.0.0+aaa@sha1:{newest}"));
    assert_eq!(paths(&fetched), ["a"]);
    // Numbers may begin with zeros, as dates do.
    git(repository.path(), &["tag", "v2026.01.02"]);
    let fetched = checkout(&request(&url, Reference::SemVer(">=2000.0.0".into()))).await;
    assert_eq!(fetched.revision, format!("v2026.01.02@sha1:{newest}"));
    git(repository.path(), &["tag", "--delete", "v2026.01.02"]);
    let error = failure(&request(&url, Reference::SemVer(">=5".into()))).await;
    assert_eq!(error.to_string(), "no match found for semver: >=5");
    let error = failure(&request(&url, Reference::SemVer("nonsense".into()))).await;
    assert_eq!(
        error.to_string(),
        "semver parse error: improper constraint: \"nonsense\""
    );
}

#[tokio::test]
async fn pinned_commits_old_and_new() {
    let repository = Repository::new();
    let old = repository.commit(&[("a", "1")], "one");
    let new = repository.commit(&[("a", "2")], "two");
    let base = serve(&[("app.git", repository.path().to_owned())]).await;
    let url = format!("{base}/app.git");
    let pinned = |commit: &str, branch: Option<&str>| Reference::Commit {
        commit: commit.into(),
        branch: branch.map(str::to_owned),
    };
    for commit in [&old, &new] {
        let with_branch = checkout(&request(&url, pinned(commit, Some("main")))).await;
        assert_eq!(with_branch.revision, format!("main@sha1:{commit}"));
        let alone = checkout(&request(&url, pinned(commit, None))).await;
        assert_eq!(alone.revision, format!("sha1:{commit}"));
    }
    for absent in ["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "abc"] {
        let error = failure(&request(&url, pinned(absent, None))).await;
        assert_eq!(
            error.to_string(),
            format!("unable to resolve commit object for '{absent}': object not found")
        );
    }
}

#[tokio::test]
async fn an_empty_repository_is_told_apart() {
    let repository = Repository::new();
    let base = serve(&[("app.git", repository.path().to_owned())]).await;
    let url = format!("{base}/app.git");
    let error = failure(&request(&url, branch("main"))).await;
    assert_eq!(error.to_string(), "git repository is empty");
    let error = failure(&request(&url, Reference::Tag("v1".into()))).await;
    assert!(
        error.to_string().contains("remote repository is empty"),
        "{error}"
    );
}

#[tokio::test]
async fn directories_are_selected() {
    let repository = Repository::new();
    let files = [
        ("root", "1"),
        ("apps/a/x", "2"),
        ("apps2/y", "3"),
        ("deep/er/z", "4"),
    ];
    repository.commit(&files, "one");
    let base = serve(&[("app.git", repository.path().to_owned())]).await;
    let mut request = request(&format!("{base}/app.git"), branch("main"));
    request.sparse_checkout = vec!["./apps/".into(), "deep/er".into(), "absent".into()];
    let selected = checkout(&request).await;
    assert_eq!(paths(&selected), ["apps/a/x", "deep/er/z"]);
    request.sparse_checkout = vec![".".into()];
    assert_eq!(checkout(&request).await.entries().len(), 4);
}

/// As Flux clones: with the history of the branch, or of all branches.
fn pinned(url: &str, commit: &str, branch: Option<&str>) -> FetchRequest {
    FetchRequest {
        pinned: Some(Arc::default()),
        ..request(
            url,
            Reference::Commit {
                commit: commit.into(),
                branch: branch.map(str::to_owned),
            },
        )
    }
}

#[tokio::test]
async fn pinned_commits_are_looked_for_in_the_history_of_their_branch() {
    let repository = Repository::new();
    let run = |arguments: &[&str]| git(repository.path(), arguments);
    let old = repository.commit(&[("a", "1")], "one");
    let new = repository.commit(&[("a", "2")], "two");
    run(&["checkout", "--quiet", "-b", "side"]);
    let side = repository.commit(&[("a", "3")], "three");
    repository.commit(&[("a", "4")], "four");
    // Commits of a tag and of a pull request alone.
    run(&["checkout", "--quiet", "--detach"]);
    let tagged = repository.commit(&[("a", "5")], "five");
    run(&["tag", "v1"]);
    let asked = repository.commit(&[("a", "6")], "six");
    run(&["update-ref", "refs/pull/1/head", "HEAD"]);
    run(&["checkout", "--quiet", "main"]);
    // A server that gives any commit, and one that does not and cannot filter.
    for is_open in ["true", "false"] {
        run(&["config", "uploadpack.allowAnySHA1InWant", is_open]);
        run(&["config", "uploadpack.allowFilter", is_open]);
        let folder = repository.path().to_owned();
        let url = format!("{}/app.git", serve(&[("app.git", folder)]).await);
        for commit in [&old, &new] {
            let found = checkout(&pinned(&url, commit, Some("main"))).await;
            assert_eq!(found.revision, format!("main@sha1:{commit}"));
        }
        let found = checkout(&pinned(&url, &side, None)).await;
        assert_eq!(found.revision, format!("sha1:{side}"));
        assert_eq!(paths(&found), ["a"]);
        let written = old.to_uppercase();
        let found = checkout(&pinned(&url, &written, None)).await;
        assert_eq!(found.revision, format!("sha1:{old}"));
        let elsewhere = [
            (&side, Some("main")),
            (&tagged, None),
            (&asked, None),
            (&asked, Some("side")),
        ];
        for (commit, branch) in elsewhere {
            let error = failure(&pinned(&url, commit, branch)).await.to_string();
            let expected =
                format!("unable to resolve commit object for '{commit}': object not found");
            assert_eq!(error, expected);
        }
        let error = failure(&pinned(&url, &new, Some("none"))).await.to_string();
        assert!(
            error.contains("couldn't find remote ref \"refs/heads/none\""),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_commit_that_left_its_branch_is_missed() {
    let repository = Repository::new();
    let run = |arguments: &[&str]| git(repository.path(), arguments);
    run(&["config", "uploadpack.allowAnySHA1InWant", "true"]);
    run(&["config", "uploadpack.allowFilter", "true"]);
    let old = repository.commit(&[("a", "1")], "one");
    let new = repository.commit(&[("a", "2")], "two");
    let folder = repository.path().to_owned();
    let url = format!("{}/app.git", serve(&[("app.git", folder)]).await);
    let wanted = FetchRequest {
        last_revision: Some(format!("main@sha1:{old}")),
        ..pinned(&url, &old, Some("main"))
    };
    for _ in 0..2 {
        assert!(matches!(
            fetch(&wanted).await.unwrap(),
            Fetched::Unchanged { .. }
        ));
    }
    // Another head of which the commit is not a part.
    run(&["checkout", "--quiet", "--orphan", "other"]);
    repository.commit(&[("a", "3")], "three");
    run(&["branch", "--force", "main"]);
    let error = failure(&wanted).await.to_string();
    assert!(error.contains("object not found"), "{error}");
    // And back.
    run(&["branch", "--force", "main", &new]);
    assert!(fetch(&wanted).await.is_ok());
}

#[tokio::test]
async fn a_repository_without_head_serves_branches_only() {
    let repository = Repository::new();
    let commit = repository.commit(&[("a", "1")], "one");
    git(
        repository.path(),
        &["symbolic-ref", "HEAD", "refs/heads/none"],
    );
    let folder = repository.path().to_owned();
    let url = format!("{}/app.git", serve(&[("app.git", folder)]).await);
    checkout(&pinned(&url, &commit, Some("main"))).await;
    let error = failure(&pinned(&url, &commit, None)).await.to_string();
    assert_eq!(
        error,
        format!("unable to clone '{url}': reference not found")
    );
}
