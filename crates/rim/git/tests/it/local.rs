//! The server with the real git client, the watcher and the mirror of a work tree.

use std::collections::BTreeSet;
use std::time::Duration;

use skein_git::serve::{
    CheckoutMirror, CommandError, Content, FollowedBranches, ObjectFormat, RefWatcher, branches,
    export_head, open_local, remotes, uncommitted_changes,
};

use crate::fixture::{Repository, branch, checkout, git, paths, request, serve};

#[tokio::test(flavor = "multi_thread")]
async fn the_real_client_clones_with_every_protocol_version() {
    let repository = Repository::new();
    for n in 0..40 {
        repository.commit(&[("a", &format!("{n}"))], &format!("commit {n}"));
    }
    let base = serve(&[("org/app.git", repository.path().to_owned())]).await;
    let target = tempfile::tempdir().unwrap();
    for version in ["0", "1", "2"] {
        let name = format!("clone{version}");
        let option = format!("protocol.version={version}");
        let url = format!("{base}/org/app.git");
        let folder = target.path().to_owned();
        tokio::task::spawn_blocking(move || {
            git(&folder, &["-c", &option, "clone", "--quiet", &url, &name]);
            let shallow = format!("{name}-shallow");
            git(
                &folder,
                &[
                    "-c",
                    &option,
                    "clone",
                    "--quiet",
                    "--depth=1",
                    &url,
                    &shallow,
                ],
            );
        })
        .await
        .unwrap();
        assert!(target.path().join(format!("clone{version}/a")).exists());
    }
}

#[tokio::test]
async fn pushing_and_other_services_are_refused() {
    let repository = Repository::new();
    repository.commit(&[("a", "1")], "one");
    let base = serve(&[("app.git", repository.path().to_owned())]).await;
    for (path, status) in [
        ("app.git/info/refs?service=git-receive-pack", 403),
        ("app.git/info/refs", 403),
        ("app.git/git-receive-pack", 404),
        ("app.git/HEAD", 404),
        ("other.git/info/refs?service=git-upload-pack", 404),
        ("../app.git/info/refs?service=git-upload-pack", 200),
    ] {
        let response = reqwest::get(format!("{base}/{path}")).await.unwrap();
        assert_eq!(response.status().as_u16(), status, "{path}");
    }
}

async fn changed(watcher: &mut RefWatcher) -> bool {
    tokio::time::timeout(Duration::from_secs(20), watcher.changed())
        .await
        .is_ok()
}

#[tokio::test]
async fn commits_branches_and_packed_refs_are_noticed() {
    let repository = Repository::new();
    repository.commit(&[("a", "1")], "one");
    let local = open_local(repository.path()).await.unwrap();
    assert_eq!(local.branch.as_deref(), Some("main"));
    let mut watcher = RefWatcher::start(&local);
    tokio::time::sleep(Duration::from_millis(700)).await;
    repository.commit(&[("a", "2")], "two");
    assert!(changed(&mut watcher).await);
    git(repository.path(), &["branch", "other"]);
    assert!(changed(&mut watcher).await);
    git(repository.path(), &["switch", "--quiet", "other"]);
    assert!(changed(&mut watcher).await);
    std::fs::write(repository.path().join("a"), "not a ref").unwrap();
    let quiet = tokio::time::timeout(Duration::from_millis(1500), watcher.changed()).await;
    assert!(quiet.is_err());
}

/// These branches show what is checked out: the first while HEAD is on none, the second when it is missing.
fn followed(detached: &str) -> FollowedBranches {
    FollowedBranches {
        detached: detached.to_owned(),
        missing: BTreeSet::from(["trunk".to_owned()]),
    }
}

#[tokio::test]
async fn a_shallow_detached_head_is_served_under_the_wanted_branches() {
    let origin = Repository::new();
    origin.commit(&[("a", "1")], "one");
    origin.commit(&[("a", "2")], "two");
    let folder = tempfile::tempdir().unwrap();
    let address = format!("file://{}", origin.path().display());
    git(
        folder.path(),
        &["clone", "--quiet", "--depth=1", &address, "clone"],
    );
    let clone = folder.path().join("clone");
    git(&clone, &["checkout", "--quiet", "--detach"]);
    git(&clone, &["branch", "--quiet", "-D", "main"]);
    std::fs::write(clone.join("a"), "uncommitted").unwrap();
    let mut mirror = CheckoutMirror::open(&clone, Content::Head, followed("here"))
        .await
        .unwrap();
    let head = git(&clone, &["rev-parse", "HEAD"]);
    assert_eq!(mirror.commit(), Some(head.as_str()));
    assert!(!mirror.refresh().await.unwrap(), "nothing changed");
    let base = serve(&[("app.git", mirror.git_dir().to_owned())]).await;
    for name in ["here", "trunk"] {
        let fetched = checkout(&request(&format!("{base}/app.git"), branch(name))).await;
        assert_eq!(fetched.revision, format!("{name}@sha1:{head}"));
    }
    git(&clone, &["commit", "--quiet", "-a", "-m", "three"]);
    assert!(mirror.refresh().await.unwrap());
    let head = git(&clone, &["rev-parse", "HEAD"]);
    let fetched = checkout(&request(&format!("{base}/app.git"), branch("trunk"))).await;
    assert_eq!(fetched.revision, format!("trunk@sha1:{head}"));
}

#[tokio::test]
async fn a_bare_repository_gives_the_files_of_its_head() {
    let origin = Repository::new();
    origin.commit(&[("a", "1"), ("b/c", "2")], "one");
    let folder = tempfile::tempdir().unwrap();
    let address = origin.path().to_str().unwrap();
    git(
        folder.path(),
        &["clone", "--quiet", "--bare", address, "a.git"],
    );
    let bare = folder.path().join("a.git");
    let local = open_local(&bare).await.unwrap();
    assert!(local.bare && local.object_format == ObjectFormat::Sha1);
    let files = tempfile::tempdir().unwrap();
    export_head(&local, files.path()).await.unwrap();
    let read = |path: &str| std::fs::read_to_string(files.path().join(path)).unwrap();
    assert_eq!((read("a").as_str(), read("b/c").as_str()), ("1", "2"));
    assert!(!bare.join("index").exists(), "the repository is as it was");

    git(&bare, &["symbolic-ref", "HEAD", "refs/heads/other"]);
    let none = export_head(&local, files.path()).await;
    assert!(matches!(none, Err(CommandError::NoCommit(_))), "{none:?}");
}

#[tokio::test]
async fn object_formats_are_told() {
    let folder = tempfile::tempdir().unwrap();
    git(
        folder.path(),
        &["init", "--quiet", "--object-format=sha256"],
    );
    let local = open_local(folder.path()).await.unwrap();
    assert_eq!(local.object_format, ObjectFormat::Other("sha256".into()));
}

#[tokio::test]
async fn a_work_tree_is_served_without_touching_the_repository() {
    let repository = Repository::new();
    let head = repository.commit(
        &[("a", "1"), ("gone", "x"), (".gitignore", "*.log\n")],
        "one",
    );
    git(repository.path(), &["branch", "other"]);
    let names = branches(repository.path()).await.unwrap();
    assert_eq!(names, ["main", "other"]);
    assert_eq!(
        uncommitted_changes(repository.path()).await.unwrap(),
        Vec::<String>::new()
    );
    let mut mirror = CheckoutMirror::open(repository.path(), Content::WorkTree, followed("main"))
        .await
        .unwrap();
    assert_eq!(
        mirror.commit(),
        Some(head.as_str()),
        "a clean tree is served as it is"
    );
    std::fs::write(repository.path().join("a"), "2").unwrap();
    std::fs::write(repository.path().join("new"), "3").unwrap();
    std::fs::write(repository.path().join("noise.log"), "4").unwrap();
    std::fs::remove_file(repository.path().join("gone")).unwrap();
    let status = git(repository.path(), &["status", "--porcelain"]);
    let objects = git(repository.path(), &["count-objects", "-v"]);
    let changes = uncommitted_changes(repository.path()).await.unwrap();
    assert_eq!(changes, ["a", "gone", "new"]);
    assert!(mirror.refresh().await.unwrap());
    let commit = mirror.commit().unwrap().to_owned();
    assert!(
        !mirror.refresh().await.unwrap(),
        "the same tree gives the same commit"
    );
    let base = serve(&[("app.git", mirror.git_dir().to_owned())]).await;
    let fetched = checkout(&request(&format!("{base}/app.git"), branch("main"))).await;
    assert_eq!(fetched.revision, format!("main@sha1:{commit}"));
    assert_eq!(paths(&fetched), [".gitignore", "a", "new"]);
    let other = checkout(&request(&format!("{base}/app.git"), branch("other"))).await;
    assert_eq!(other.revision, format!("other@sha1:{head}"));
    assert_eq!(git(repository.path(), &["rev-parse", "HEAD"]), head);
    assert_eq!(git(repository.path(), &["status", "--porcelain"]), status);
    assert_eq!(git(repository.path(), &["count-objects", "-v"]), objects);
}

#[tokio::test]
async fn remotes_are_listed() {
    let repository = Repository::new();
    assert_eq!(
        remotes(repository.path()).await.unwrap(),
        Vec::<String>::new()
    );
    git(
        repository.path(),
        &["remote", "add", "origin", "https://example.com/a.git"],
    );
    git(
        repository.path(),
        &["remote", "add", "fork", "ssh://git@example.com/b.git"],
    );
    assert_eq!(
        remotes(repository.path()).await.unwrap(),
        ["https://example.com/a.git", "ssh://git@example.com/b.git"]
    );
}
