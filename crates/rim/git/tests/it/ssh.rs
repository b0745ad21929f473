//! The client against a real sshd.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use skein_git::{Access, Credentials, FetchRequest, SshAlgorithms, SshIdentity};

use crate::fixture::{Repository, branch, checkout, failure, request};

const DAEMON: &str = "/usr/sbin/sshd";

struct Sshd {
    process: Child,
    folder: tempfile::TempDir,
    port: u16,
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn keygen(folder: &Path, name: &str, kind: &str, passphrase: &str) -> PathBuf {
    let path = folder.join(name);
    let status = Command::new("ssh-keygen")
        .args(["-q", "-t", kind, "-N", passphrase, "-C", "test", "-f"])
        .arg(&path)
        .status()
        .unwrap();
    assert!(status.success());
    path
}

/// A daemon on a free port that lets the keys in; `None` where there is no sshd.
fn start() -> Option<Sshd> {
    if !Path::new(DAEMON).exists() {
        println!("skipped: no sshd on this machine");
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let host_key = keygen(folder.path(), "host", "ed25519", "");
    let mut authorized = String::new();
    for (name, kind, passphrase) in [
        ("plain", "ed25519", ""),
        ("locked", "ed25519", "open sesame"),
        ("rsa", "rsa", ""),
        ("ecdsa", "ecdsa", ""),
    ] {
        let key = keygen(folder.path(), name, kind, passphrase);
        authorized.push_str(&std::fs::read_to_string(key.with_extension("pub")).unwrap());
    }
    keygen(folder.path(), "stranger", "ed25519", "");
    let authorized_keys = folder.path().join("authorized_keys");
    std::fs::write(&authorized_keys, authorized).unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    std::fs::create_dir_all("/run/sshd").ok();
    let process = Command::new(DAEMON)
        .args(["-D", "-e", "-f", "/dev/null", "-p", &port.to_string()])
        .args([
            "-o",
            "ListenAddress=127.0.0.1",
            "-o",
            "StrictModes=no",
            "-o",
            "UsePAM=no",
        ])
        .args(["-o", "PidFile=none", "-o", "PasswordAuthentication=no"])
        .args([
            "-o",
            &format!("AuthorizedKeysFile={}", authorized_keys.display()),
        ])
        .arg("-h")
        .arg(host_key)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let sshd = Sshd {
        process,
        folder,
        port,
    };
    for _ in 0..100 {
        if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return Some(sshd);
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    panic!("sshd does not listen");
}

impl Sshd {
    fn host_line(&self) -> String {
        let key = std::fs::read_to_string(self.folder.path().join("host.pub")).unwrap();
        format!("[127.0.0.1]:{} {key}", self.port)
    }

    fn request(&self, repository: &Repository, key: &str, passphrase: &str) -> FetchRequest {
        let user = std::env::var("USER").unwrap_or_else(|_| "root".into());
        let url = format!(
            "ssh://127.0.0.1:{}{}",
            self.port,
            repository.path().display()
        );
        let identity = SshIdentity {
            username: user,
            private_key: std::fs::read_to_string(self.folder.path().join(key)).unwrap(),
            passphrase: passphrase.into(),
            known_hosts: self.host_line(),
        };
        let access = Access {
            credentials: Credentials::Ssh(identity),
            ..Access::default()
        };
        FetchRequest {
            access,
            ..request(&url, branch("main"))
        }
    }
}

fn set_known_hosts(request: &mut FetchRequest, text: &str) {
    if let Credentials::Ssh(identity) = &mut request.access.credentials {
        identity.known_hosts = text.to_owned();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_of_all_kinds_fetch() {
    let Some(sshd) = start() else { return };
    let repository = Repository::new();
    let commit = repository.commit(&[("a", "1")], "one");
    for (key, passphrase) in [
        ("plain", ""),
        ("locked", "open sesame"),
        ("rsa", ""),
        ("ecdsa", ""),
    ] {
        let fetched = checkout(&sshd.request(&repository, key, passphrase)).await;
        assert_eq!(fetched.revision, format!("main@sha1:{commit}"), "{key}");
        assert_eq!(fetched.read(&fetched.entries()[0]).unwrap(), b"1");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_chosen_algorithms_are_offered() {
    let Some(sshd) = start() else { return };
    let repository = Repository::new();
    repository.commit(&[("a", "1")], "one");
    let mut request = sshd.request(&repository, "plain", "");
    let choose = |kex: &str, key: &str| SshAlgorithms::new(&[kex.into()], &[key.into()]).unwrap();
    request.access.ssh_algorithms = choose("ecdh-sha2-nistp256", "ssh-ed25519");
    checkout(&request).await;
    // The server has no such key, and offers no such exchange.
    request.access.ssh_algorithms = choose("ecdh-sha2-nistp256", "ecdsa-sha2-nistp521");
    let key = failure(&request).await.to_string();
    assert!(key.contains("handshake failed"), "{key}");
    request.access.ssh_algorithms = choose("diffie-hellman-group1-sha1", "ssh-ed25519");
    let exchange = failure(&request).await.to_string();
    assert!(exchange.contains("handshake failed"), "{exchange}");
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_and_wrong_hosts_are_refused() {
    let Some(sshd) = start() else { return };
    let repository = Repository::new();
    repository.commit(&[("a", "1")], "one");
    let stranger = failure(&sshd.request(&repository, "stranger", ""))
        .await
        .to_string();
    assert!(
        stranger.contains("ssh: unable to authenticate"),
        "{stranger}"
    );
    let locked = failure(&sshd.request(&repository, "locked", ""))
        .await
        .to_string();
    assert!(
        locked.contains("passphrase") || locked.contains("encrypted"),
        "{locked}"
    );
    let mut request = sshd.request(&repository, "plain", "");
    set_known_hosts(
        &mut request,
        "example.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHnothing",
    );
    let unknown = failure(&request).await.to_string();
    assert!(
        unknown.contains("ssh: handshake failed: knownhosts: key is unknown"),
        "{unknown}"
    );
    let other = std::fs::read_to_string(sshd.folder.path().join("stranger.pub")).unwrap();
    set_known_hosts(&mut request, &format!("[127.0.0.1]:{} {other}", sshd.port));
    let mismatch = failure(&request).await.to_string();
    assert!(
        mismatch.contains("ssh: handshake failed: knownhosts: key mismatch"),
        "{mismatch}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn hashed_wildcard_and_revoked_host_lines() {
    let Some(sshd) = start() else { return };
    let repository = Repository::new();
    repository.commit(&[("a", "1")], "one");
    let mut request = sshd.request(&repository, "plain", "");
    let file = sshd.folder.path().join("known_hosts");
    std::fs::write(&file, sshd.host_line()).unwrap();
    let hashed = Command::new("ssh-keygen")
        .args(["-q", "-H", "-f"])
        .arg(&file)
        .output()
        .unwrap();
    assert!(hashed.status.success());
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.starts_with("|1|"), "{text}");
    set_known_hosts(&mut request, &text);
    checkout(&request).await;
    let line = sshd.host_line();
    let key = line.split_once(' ').unwrap().1;
    set_known_hosts(
        &mut request,
        &format!("# comment\n\n[127.*]:{} {key}", sshd.port),
    );
    checkout(&request).await;
    set_known_hosts(&mut request, &format!("{line}\n@revoked * {key}"));
    let revoked = failure(&request).await.to_string();
    assert!(revoked.contains("revoked"), "{revoked}");
    set_known_hosts(&mut request, &format!("!{line}"));
    assert!(failure(&request).await.to_string().contains("unknown"));
}

#[tokio::test(flavor = "multi_thread")]
async fn strange_paths_are_one_word_for_the_other_side() {
    let Some(sshd) = start() else { return };
    let repository = Repository::new();
    let mut request = sshd.request(&repository, "plain", "");
    let marker = sshd.folder.path().join("owned");
    request.url = format!(
        "ssh://127.0.0.1:{}/x';touch${{IFS}}{};'",
        sshd.port,
        marker.display()
    );
    let error = failure(&request).await.to_string();
    assert!(error.contains("repository not found"), "{error}");
    assert!(!marker.exists());
}
