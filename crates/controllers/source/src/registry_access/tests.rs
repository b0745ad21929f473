//! Secrets good and bad.

use super::*;

fn data(entries: &[(&str, &str)]) -> SecretData {
    entries
        .iter()
        .map(|(key, value)| ((*key).to_owned(), value.as_bytes().to_vec()))
        .collect()
}

#[test]
fn tls_material_comes_in_pairs() {
    assert_eq!(tls(&data(&[])).unwrap(), None);
    let authority = tls(&data(&[("ca.crt", "new"), ("caFile", "old")])).unwrap();
    assert_eq!(authority.unwrap().certificate_authority, b"new");
    assert!(
        tls(&data(&[("tls.crt", "c")]))
            .unwrap_err()
            .contains("tls.key")
    );
    assert!(
        tls(&data(&[("keyFile", "k")]))
            .unwrap_err()
            .contains("tls.crt")
    );
}

#[test]
fn a_missing_secret_is_told() {
    let absent = Secret::Absent("secrets \"x\" not found".into());
    let failure = certificates("ns/x", Some(&absent)).unwrap_err();
    let told = no_client("ns/x", failure);
    assert_eq!(told.reason, "AuthenticationFailed");
    assert_eq!(
        told.message,
        "failed to get TLS authentication secret 'ns/x': secrets \"x\" not found"
    );
    assert!(certificates("ns/x", None).unwrap().is_none());
    let empty = Secret::Data(data(&[]));
    assert!(certificates("ns/x", Some(&empty)).is_err());
}

#[test]
fn pull_secrets_and_passwords() {
    let repository = Repository::parse("r.example/app").unwrap();
    let config = r#"{"auths": {"r.example": {"username": "u", "password": "p"}}}"#;
    let expected = Credentials::Basic {
        username: "u".into(),
        password: "p".into(),
    };
    let pull = Secret::Data(data(&[(DOCKER_CONFIG, config)]));
    assert!(for_repository(&pull, &repository).unwrap() == expected);
    let plain = Secret::Data(data(&[("username", "u"), ("password", "p")]));
    assert!(for_repository(&plain, &repository).unwrap() == expected);
    let half = Secret::Data(data(&[("password", "p")]));
    assert!(for_repository(&half, &repository).is_err());
    // A Secret of another type has nothing for any registry.
    assert!(keychain(&[&half]).is_ok());
}

#[test]
fn other_providers_are_refused() {
    assert!(check_provider(CloudProvider::Generic).is_ok());
    let failure = check_provider(CloudProvider::Gcp).unwrap_err();
    assert!(failure.message.contains("'gcp' is not supported"));
    assert_eq!(failure.then, crate::produced::Then::Stall);
}
