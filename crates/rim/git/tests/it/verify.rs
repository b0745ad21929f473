//! SSH signatures that the real git made.

use skein_git::Reference;
use skein_git::verify::{SignatureKind, verify_ssh};

use crate::fixture::{Repository, branch, checkout, git, request, serve};

fn keygen(repository: &Repository, name: &str, kind: &str) -> (String, String) {
    let path = repository.path().join(".git").join(name);
    let status = std::process::Command::new("ssh-keygen")
        .args(["-q", "-t", kind, "-N", "", "-C", "dev@example.com", "-f"])
        .arg(&path)
        .status()
        .unwrap();
    assert!(status.success());
    let public = std::fs::read_to_string(path.with_extension("pub")).unwrap();
    (path.display().to_string(), public)
}

#[tokio::test]
async fn commits_and_tags_signed_with_trusted_keys() {
    for kind in ["ed25519", "rsa", "ecdsa"] {
        let repository = Repository::new();
        let (key, public) = keygen(&repository, "signer", kind);
        let (_, stranger) = keygen(&repository, "stranger", kind);
        repository.commit(&[("a", "1")], "unsigned");
        let signing = format!("user.signingKey={key}");
        let sign = ["-c", "gpg.format=ssh", "-c", &signing];
        let with = |rest: &[&str]| git(repository.path(), &[&sign, rest].concat());
        with(&[
            "commit",
            "--quiet",
            "--allow-empty",
            "-S",
            "-m",
            "signed\n\nbody",
        ]);
        with(&["tag", "-s", "v1", "-m", "release"]);
        let base = serve(&[("app.git", repository.path().to_owned())]).await;
        let url = format!("{base}/app.git");
        let fetched = checkout(&request(&url, Reference::Tag("v1".into()))).await;
        let (commit, tag) = (&fetched.commit, fetched.tag.as_ref().unwrap());
        for (signature, payload) in [
            (&commit.signature, &commit.payload),
            (&tag.signature, &tag.payload),
        ] {
            assert_eq!(SignatureKind::of(signature), SignatureKind::Ssh, "{kind}");
            let keys = ["# comment\n\n".to_owned(), stranger.clone(), public.clone()];
            let print = verify_ssh(signature, payload, &keys).unwrap();
            assert!(print.starts_with("SHA256:"), "{print}");
            let foreign = verify_ssh(signature, payload, std::slice::from_ref(&stranger));
            assert!(foreign.unwrap_err().ends_with("no matching key"));
            let mut changed = payload.clone();
            changed.push(b'x');
            assert!(
                verify_ssh(signature, &changed, &keys).is_err(),
                "{kind}: changed payload"
            );
            let nonsense = verify_ssh(signature, payload, &["garbage".to_owned()]);
            assert!(
                nonsense
                    .unwrap_err()
                    .starts_with("unable to parse authorized keys")
            );
        }
    }
}

#[tokio::test]
async fn a_commit_without_signature_is_told_apart() {
    let repository = Repository::new();
    repository.commit(&[("a", "1")], "unsigned");
    let base = serve(&[("app.git", repository.path().to_owned())]).await;
    let fetched = checkout(&request(&format!("{base}/app.git"), branch("main"))).await;
    assert_eq!(SignatureKind::of(&fetched.commit.signature).name(), "empty");
}
