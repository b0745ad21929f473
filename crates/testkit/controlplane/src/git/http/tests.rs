//! The server is judged by the real git.

use std::collections::BTreeMap;
use std::process::Output;

use super::*;
use crate::certificates::Authority;
use crate::git::repository::{Commit, Repository, isolate};

struct Fixture {
    folder: tempfile::TempDir,
    head: String,
}

fn fixture() -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let mut repository = Repository::create(folder.path(), "team/app").unwrap();
    let files = BTreeMap::from([("a.yaml", Some("a: 1\n"))]);
    let head = repository.commit(&files, &Commit::default()).unwrap();
    Fixture { folder, head }
}

/// Output of `git ls-remote` with further settings.
async fn list(url: &str, settings: &[&str]) -> Output {
    let mut command = std::process::Command::new("git");
    isolate(&mut command);
    for setting in settings {
        command.args(["-c", setting]);
    }
    command.args(["ls-remote", url, "refs/heads/main"]);
    tokio::process::Command::from(command)
        .output()
        .await
        .unwrap()
}

#[tokio::test]
async fn git_clones_and_requests_are_recorded() {
    let fixture = fixture();
    let server = GitHttpServer::start(fixture.folder.path()).await.unwrap();
    let mut command = std::process::Command::new("git");
    isolate(&mut command);
    command.args(["clone", "--quiet", &server.url("team/app")]);
    command.arg(fixture.folder.path().join("clone"));
    let output = tokio::process::Command::from(command)
        .output()
        .await
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let requests = server.take_requests();
    assert_eq!(
        requests[0].path,
        "/team/app.git/info/refs?service=git-upload-pack"
    );
    assert!(requests.iter().all(|request| request.status == 200));
    assert!(server.take_requests().is_empty());
}

#[tokio::test]
async fn access_and_trouble_are_switched() {
    let fixture = fixture();
    let server = GitHttpServer::start(fixture.folder.path()).await.unwrap();
    server.set_access(
        "team/app",
        Access::Bearer {
            token: "secret".into(),
        },
    );
    let url = server.url("team/app");
    assert!(!list(&url, &[]).await.status.success());
    let header = "http.extraHeader=Authorization: Bearer secret";
    let output = list(&url, &[header]).await;
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with(&fixture.head), "{text}");
    server.set_access(
        "team/app",
        Access::Basic {
            user: "me".into(),
            password: "word".into(),
        },
    );
    let with_user = url.replace("://", "://me:word@");
    assert!(list(&with_user, &[]).await.status.success());
    server.set_broken("", true);
    assert!(!list(&with_user, &[]).await.status.success());
    server.set_broken("", false);
    server.set_access("team/app", Access::Everybody);
    assert!(list(&url, &[]).await.status.success());
}

#[tokio::test]
async fn tls_is_trusted_through_its_authority_only() {
    let fixture = fixture();
    let authority = Authority::new().unwrap();
    let identity = authority.server(&["127.0.0.1"]).unwrap();
    let server = GitHttpServer::start_tls(fixture.folder.path(), &identity)
        .await
        .unwrap();
    let url = server.url("team/app");
    assert!(url.starts_with("https://"));
    assert!(!list(&url, &[]).await.status.success());
    let file = fixture.folder.path().join("ca.pem");
    std::fs::write(&file, authority.certificate()).unwrap();
    let trusted = format!("http.sslCAInfo={}", file.display());
    let output = list(&url, &[&trusted]).await;
    assert!(output.status.success(), "{output:?}");
}
