//! Remote bases and files from a Git server and an http server on this machine.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::extract::Request;
use axum::http::{Method, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::routing::get;
use skein_bases::{KeptBases, RemoteBases};
use skein_git::serve::{ServedRepositories, router};
use skein_kustomize::{Build, FileTree, Options, RemoteSource, build};

const CONFIG_MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n";

fn git(folder: &Path, words: &[&str]) -> String {
    let output = Command::new("git")
        .args(["-c", "init.defaultBranch=main", "-c", "user.name=Dev"])
        .args(["-c", "user.email=dev@example.com"])
        .args(words)
        .current_dir(folder)
        .envs([
            ("GIT_CONFIG_GLOBAL", "/dev/null"),
            ("GIT_CONFIG_NOSYSTEM", "1"),
        ])
        .output()
        .expect("git runs");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "git {words:?}: {error}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn commit(folder: &Path, name: &str) -> String {
    let text = CONFIG_MAP.replace("name: a", &format!("name: {name}"));
    std::fs::write(folder.join("lib/cm.yaml"), text).expect("a file");
    git(folder, &["add", "--all"]);
    git(folder, &["commit", "--quiet", "-m", name]);
    git(folder, &["rev-parse", "HEAD"])
}

/// A repository whose branch `main`, tag `v1`, and first commit differ.
fn repository() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path();
    git(path, &["init", "--quiet"]);
    std::fs::create_dir_all(path.join("lib")).expect("a folder");
    std::fs::create_dir_all(path.join("base")).expect("a folder");
    let kustomization = "resources: [../lib, link.yaml]\n";
    std::fs::write(path.join("base/kustomization.yaml"), kustomization).expect("a file");
    std::fs::write(
        path.join("lib/kustomization.yaml"),
        "resources: [cm.yaml]\n",
    )
    .expect("a file");
    std::fs::write(
        path.join("other.yaml"),
        CONFIG_MAP.replace(": a", ": linked"),
    )
    .expect("a file");
    std::os::unix::fs::symlink("../other.yaml", path.join("base/link.yaml")).expect("a link");
    std::os::unix::fs::symlink("/etc/passwd", path.join("outside.yaml")).expect("a link");
    let first = commit(path, "first");
    commit(path, "tagged");
    git(path, &["tag", "-a", "v1", "-m", "v1"]);
    commit(path, "newest");
    (folder, first)
}

/// Serves the repository as `org/repo.git`, and one file.
async fn serve(folder: &Path) -> String {
    serve_counted(folder).await.0
}

/// Also counts the packs that are asked for.
async fn serve_counted(folder: &Path) -> (String, Arc<AtomicUsize>) {
    let served = ServedRepositories::new();
    served.insert("org/repo.git", folder.to_owned());
    let files = Router::new()
        .route("/files/cm.yaml", get(|| async { CONFIG_MAP }))
        .route("/files/large.yaml", get(|| async { vec![b' '; 17 << 20] }))
        .route("/files/no.yaml", get(|| async { StatusCode::FORBIDDEN }));
    let packs = Arc::new(AtomicUsize::new(0));
    let counted = packs.clone();
    let count = move |request: Request, next: Next| {
        if request.method() == Method::POST {
            counted.fetch_add(1, Ordering::Relaxed);
        }
        next.run(request)
    };
    let app = files.fallback_service(router(served)).layer(from_fn(count));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, app).await });
    (format!("http://{address}"), packs)
}

fn runtime() -> std::io::Result<tokio::runtime::Handle> {
    tokio::runtime::Handle::try_current().map_err(std::io::Error::other)
}

async fn built(resource: String) -> Result<Build, String> {
    let task = tokio::task::spawn_blocking(move || {
        let mut tree = FileTree::new();
        let text = format!("resources:\n- {resource}\n");
        tree.insert("kustomization.yaml", text.into_bytes())
            .expect("fits");
        let remote = RemoteBases::new(runtime, || None);
        let options = Options {
            remote: Some(&remote),
            ..Options::default()
        };
        build(&tree, "", &options).map_err(|e| e.to_string())
    });
    task.await.expect("no panic")
}

async fn names(resource: String) -> Vec<String> {
    let built = built(resource).await.expect("builds");
    let name = |v: &serde_json::Value| v["metadata"]["name"].as_str().map(str::to_owned);
    built.values.iter().filter_map(name).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_base_comes_from_a_branch_a_tag_or_a_commit() {
    let (folder, first) = repository();
    let server = serve(folder.path()).await;
    let repository = format!("{server}/org/repo.git");
    assert_eq!(
        names(format!("{repository}//base")).await,
        ["newest", "linked"]
    );
    assert_eq!(
        names(format!("{repository}/base?ref=v1")).await,
        ["tagged", "linked"]
    );
    assert_eq!(
        names(format!("{repository}//base?ref=main")).await,
        ["newest", "linked"]
    );
    assert_eq!(
        names(format!(
            "git::{repository}//lib?version={first}&submodules=false"
        ))
        .await,
        ["first"]
    );
}

/// Builds, one after another, keep what they fetched: a commit is never fetched again, a branch only when it moved.
#[tokio::test(flavor = "multi_thread")]
async fn bases_are_kept_between_builds() {
    let (folder, first) = repository();
    let (server, packs) = serve_counted(folder.path()).await;
    let kept = Arc::new(KeptBases::default());
    let base = async |reference: &str| {
        let url = format!("{server}/org/repo.git//lib?ref={reference}");
        let kept = kept.clone();
        let read = move || {
            let (tree, _) = RemoteBases::new(runtime, || None)
                .keeping(kept)
                .directory(&url)?;
            let file = tree.paths().find(|path| path.starts_with("lib/"));
            let text = file.and_then(|path| tree.get(path)).unwrap_or_default();
            Ok::<_, String>(String::from_utf8_lossy(text).into_owned())
        };
        tokio::task::spawn_blocking(read).await.expect("no panic")
    };
    let pinned = base(&first).await.expect("the first commit");
    let newest = base("main").await.expect("the branch");
    assert_ne!(pinned, newest);
    assert_eq!(packs.load(Ordering::Relaxed), 2);
    assert_eq!(base("main").await.as_ref(), Ok(&newest));
    assert_eq!(packs.load(Ordering::Relaxed), 2);
    // What a branch means is asked each time.
    commit(folder.path(), "later");
    assert_ne!(base("main").await.expect("the branch"), newest);
    assert_eq!(packs.load(Ordering::Relaxed), 3);
    // And a commit is not asked for at all.
    std::fs::remove_dir_all(folder.path().join(".git")).expect("removed");
    assert_eq!(base(&first).await, Ok(pinned));
    assert!(base("main").await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_named() {
    let (folder, _) = repository();
    let server = serve(folder.path()).await;
    for (resource, wanted) in [
        (
            format!("{server}/org/repo.git//base?ref=none"),
            "no branch, tag or commit 'none'",
        ),
        (format!("{server}/org/repo.git//nowhere"), "nowhere"),
        (format!("{server}/org/gone.git//base"), "gone.git"),
        (
            "ssh://git@127.0.0.1:1/org/repo.git//base".to_owned(),
            "SSH key",
        ),
        ("file:///org/repo.git//base".to_owned(), "not fetched"),
        (format!("{server}/files/no.yaml"), "403"),
        (format!("{server}/files/large.yaml"), "exceeds the limit"),
        ("http://127.0.0.1:1/org/repo/x".to_owned(), "127.0.0.1:1"),
    ] {
        let error = built(resource.clone()).await.expect_err(&resource);
        assert!(error.contains(wanted), "{resource}: {error}");
        assert!(error.contains("resources[0]"), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_come_by_http_and_links_stay_inside() {
    let (folder, _) = repository();
    let server = serve(folder.path()).await;
    assert_eq!(names(format!("{server}/files/cm.yaml")).await, ["a"]);
    let url = format!("{server}/org/repo.git");
    let tree =
        tokio::task::spawn_blocking(move || RemoteBases::new(runtime, || None).directory(&url));
    let (tree, path) = tree.await.expect("no panic").expect("a base");
    assert_eq!(path, "");
    assert!(tree.get("base/link.yaml").is_some());
    assert!(tree.get("outside.yaml").is_none());
}
