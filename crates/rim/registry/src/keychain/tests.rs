//! Pull Secrets.

use super::*;

fn credentials(config: &str, name: &str) -> Credentials {
    let keychain = Keychain::from_docker_config(config.as_bytes()).unwrap();
    keychain.credentials_for(&Repository::parse(name).unwrap())
}

fn basic(username: &str, password: &str) -> Credentials {
    Credentials::Basic {
        username: username.into(),
        password: password.into(),
    }
}

#[test]
fn entries_are_found_by_host_and_path() {
    let config = r#"{"auths": {
        "https://index.docker.io/v1/": {"auth": "dTpw"},
        "r.example": {"username": "a", "password": "b"},
        "r.example/team": {"username": "t", "password": "c"},
        "*.cloud.example": {"registrytoken": "x"},
        "id.example": {"identitytoken": "y"}
    }}"#;
    assert!(credentials(config, "nginx") == basic("u", "p"));
    assert!(credentials(config, "r.example/aa") == basic("a", "b"));
    assert!(credentials(config, "r.example/team/aa") == basic("t", "c"));
    assert!(credentials(config, "r.example/teams/aa") == basic("a", "b"));
    assert!(credentials(config, "eu.cloud.example/aa") == Credentials::Bearer("x".into()));
    assert!(credentials(config, "id.example/aa") == Credentials::Refresh("y".into()));
    assert!(credentials(config, "other.example/aa") == Credentials::Anonymous);
    assert!(credentials(config, "evil-r.example/aa") == Credentials::Anonymous);
}

#[test]
fn damaged_secrets_are_refused_without_their_content() {
    let error = Keychain::from_docker_config(b"secret-word").unwrap_err();
    assert!(!error.to_string().contains("secret-word"));
    assert!(!format!("{:?}", basic("u", "secret-word")).contains("secret-word"));
}
