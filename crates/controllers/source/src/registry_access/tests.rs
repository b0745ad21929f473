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
fn what_is_no_pem_is_told() {
    let problem = |entries: &[(&str, &str)]| pem_problem(&tls(&data(entries)).unwrap().unwrap());
    let certificate = "-----BEGIN CERTIFICATE-----\n";
    assert_eq!(problem(&[("ca.crt", certificate)]), None);
    assert_eq!(
        problem(&[("ca.crt", "x")]).unwrap(),
        "failed to parse CA certificate"
    );
    assert_eq!(
        problem(&[("tls.crt", certificate), ("tls.key", "x")]).unwrap(),
        "failed to parse TLS certificate and key: tls: failed to find any PEM data in key input"
    );
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
    assert!(for_repository("s", &pull, &repository).unwrap() == expected);
    let plain = Secret::Data(data(&[("username", "u"), ("password", "p")]));
    assert!(for_repository("s", &plain, &repository).unwrap() == expected);
    let half = Secret::Data(data(&[("password", "p")]));
    assert!(for_repository("s", &half, &repository).is_err());
    let other = Repository::parse("o.example/app").unwrap();
    assert_eq!(
        for_repository("s", &pull, &other).unwrap_err(),
        "no auth config for 'o.example' in the docker-registry Secret 's'"
    );
    let empty = Secret::Data(data(&[("username", "u"), ("password", "")]));
    assert_eq!(
        for_repository("s", &empty, &repository).unwrap_err(),
        "invalid 's' secret data: required fields 'username' and 'password'"
    );
    assert!(basic(empty.data().unwrap()).unwrap() == Credentials::Anonymous);
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
