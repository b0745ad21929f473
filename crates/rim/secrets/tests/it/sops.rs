//! Every `enc.*` file must decrypt to what sops made of it (`dec.*`). The keys are test keys.

use serde_json::{Value, json};
use skein_secrets::{
    Format, Keyring, MAX_ENCRYPTED_BYTES, Mac, SecretsError, decrypt_file, decrypt_value,
    is_encrypted_value,
};

macro_rules! file {
    ($name:literal) => {
        include_bytes!(concat!("files/", $name)).as_slice()
    };
}

fn keyring(keys: &[&[u8]]) -> Keyring {
    let mut keyring = Keyring::default();
    for key in keys {
        keyring
            .import_age(std::str::from_utf8(key).expect("UTF-8"))
            .expect("a key");
    }
    keyring
}

fn test_keys() -> Keyring {
    keyring(&[file!("test.agekey")])
}

fn decrypt(content: &[u8], format: Format, mac: Mac) -> Vec<u8> {
    decrypt_file(content, format, format, &test_keys(), mac).expect("it decrypts")
}

fn documents(text: &[u8]) -> Vec<Value> {
    skein_yaml::documents(text)
        .expect("YAML")
        .into_iter()
        .map(|document| document.value)
        .collect()
}

#[test]
fn yaml_has_equal_bytes() {
    for (encrypted, expected, mac) in [
        (file!("enc.yaml"), file!("dec.yaml"), Mac::Verify),
        (
            file!("enc.layout.yaml"),
            file!("dec.layout.yaml"),
            Mac::Verify,
        ),
        (
            file!("enc.multi.yaml"),
            file!("dec.multi.yaml"),
            Mac::Verify,
        ),
        (
            file!("enc.regex.yaml"),
            file!("dec.regex.yaml"),
            Mac::Verify,
        ),
        (
            file!("enc.mac-only.yaml"),
            file!("dec.mac-only.yaml"),
            Mac::Verify,
        ),
        (
            file!("enc.comment.yaml"),
            file!("dec.comment.yaml"),
            Mac::Verify,
        ),
    ] {
        let found = decrypt(encrypted, Format::Yaml, mac);
        assert_eq!(
            String::from_utf8_lossy(&found),
            String::from_utf8_lossy(expected)
        );
    }
}

#[test]
fn other_formats_have_equal_bytes() {
    for (encrypted, expected, format, mac) in [
        (
            file!("enc.json"),
            file!("dec.json"),
            Format::Json,
            Mac::Verify,
        ),
        (
            file!("enc.env"),
            file!("dec.env"),
            Format::Dotenv,
            Mac::Verify,
        ),
        (file!("enc.ini"), file!("dec.ini"), Format::Ini, Mac::Verify),
        (
            file!("enc.bin"),
            file!("dec.bin"),
            Format::Binary,
            Mac::Verify,
        ),
    ] {
        let found = decrypt(encrypted, format, mac);
        assert_eq!(
            String::from_utf8_lossy(&found),
            String::from_utf8_lossy(expected),
            "{format}"
        );
    }
}

#[test]
fn formats_are_told_by_content_and_name() {
    assert_eq!(Format::sniff(file!("enc.yaml")), Some(Format::Yaml));
    assert_eq!(Format::sniff(file!("enc.json")), Some(Format::Json));
    assert_eq!(Format::sniff(file!("enc.bin")), Some(Format::Json));
    assert_eq!(Format::sniff(file!("enc.env")), Some(Format::Dotenv));
    assert_eq!(Format::sniff(file!("enc.ini")), Some(Format::Ini));
    assert_eq!(Format::sniff(file!("dec.yaml")), None);
    for (path, format) in [
        ("a/b.yml", Format::Yaml),
        (".dockerconfigjson", Format::Json),
        ("x.env", Format::Dotenv),
        ("x.ini", Format::Ini),
        ("token.txt", Format::Binary),
        ("yaml", Format::Binary),
    ] {
        assert_eq!(Format::of_path(path), format, "{path}");
    }
    // A value that is sniffed as JSON and wanted as binary.
    let found = decrypt_file(
        file!("enc.bin"),
        Format::Json,
        Format::Binary,
        &test_keys(),
        Mac::Ignore,
    );
    assert_eq!(found.as_deref(), Ok(file!("dec.bin")));
}

#[test]
fn key_groups_need_enough_keys() {
    let both = keyring(&[file!("test.agekey"), file!("other.agekey")]);
    let found = decrypt_file(
        file!("enc.groups.yaml"),
        Format::Yaml,
        Format::Yaml,
        &both,
        Mac::Verify,
    )
    .unwrap();
    assert_eq!(documents(&found), [json!({"x": "shared"})]);
    let error = decrypt_file(
        file!("enc.groups.yaml"),
        Format::Yaml,
        Format::Yaml,
        &test_keys(),
        Mac::Verify,
    )
    .unwrap_err()
    .to_string();
    assert!(error.contains("2 of 2 key groups are needed"), "{error}");
}

#[test]
fn missing_keys_are_named() {
    let message = |keyring: &Keyring, content: &[u8]| {
        decrypt_file(content, Format::Yaml, Format::Yaml, keyring, Mac::Ignore)
            .unwrap_err()
            .to_string()
    };
    let none = message(&Keyring::default(), file!("enc.yaml"));
    assert!(
        none.starts_with("cannot get sops data key: no age key is at hand for the recipients age1"),
        "{none}"
    );
    let wrong = message(&keyring(&[file!("other.agekey")]), file!("enc.yaml"));
    assert!(
        wrong.contains("none of the age keys at hand opens it"),
        "{wrong}"
    );
    let pgp = b"a: ENC[AES256_GCM,data:x,iv:x,tag:x,type:str]\nsops:\n  pgp:\n  - fp: ABC\n  kms:\n  - arn: x\n  mac: ENC[x]\n";
    assert_eq!(
        message(&test_keys(), pgp),
        "cannot get sops data key: the file has no age recipient; its AWS KMS, PGP keys are not supported yet, \
         encrypt it for an age recipient as well"
    );
}

#[test]
fn changes_are_noticed() {
    let text = std::str::from_utf8(file!("enc.regex.yaml")).unwrap();
    let renamed = text.replace("password:", "passwort:");
    let error = decrypt_file(
        renamed.as_bytes(),
        Format::Yaml,
        Format::Yaml,
        &test_keys(),
        Mac::Ignore,
    )
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        "error decrypting sops tree: could not decrypt the value at \"stringData.passwort\": \
         it was changed, or was encrypted at another place or with another key"
    );
    let relabelled = text.replace("name: s", "name: t");
    let verify = |mac| {
        decrypt_file(
            relabelled.as_bytes(),
            Format::Yaml,
            Format::Yaml,
            &test_keys(),
            mac,
        )
    };
    assert_eq!(verify(Mac::Verify), Err(SecretsError::Mac));
    assert!(verify(Mac::Ignore).is_ok());
}

#[test]
fn objects_decrypt_after_labels_were_added() {
    let mut object = documents(file!("enc.regex.yaml")).remove(0);
    object["metadata"]["labels"] = json!({"added": "later"});
    object["metadata"]["namespace"] = json!("n");
    assert!(is_encrypted_value(&object));
    let found = decrypt_value(object, &test_keys()).unwrap();
    assert_eq!(
        found,
        json!({"apiVersion": "v1", "kind": "Secret", "stringData": {"password": "hunter2"},
            "metadata": {"name": "s", "namespace": "n", "labels": {"added": "later"}}})
    );
    // Comments are gone from built objects: the values tell by their look.
    let commented = documents(file!("enc.comment.yaml")).remove(0);
    assert_eq!(
        decrypt_value(commented, &test_keys()).unwrap(),
        json!({"secret": "x", "plain": "y"})
    );
}

#[test]
fn bad_input_is_refused_without_secrets_in_the_message() {
    let huge = vec![b'x'; MAX_ENCRYPTED_BYTES + 1];
    assert_eq!(
        decrypt_file(&huge, Format::Yaml, Format::Yaml, &test_keys(), Mac::Ignore),
        Err(SecretsError::TooLarge(MAX_ENCRYPTED_BYTES + 1))
    );
    for (content, format) in [
        (&b"a: b\n"[..], Format::Yaml),
        (b"a: [", Format::Yaml),
        (b"{", Format::Json),
        (b"no equals sign", Format::Dotenv),
        (
            b"sops_age__list_99999999__map_enc=x\nsops_mac=x",
            Format::Dotenv,
        ),
        (b"[open", Format::Ini),
        (b"\xff\xfe", Format::Ini),
        (b"sops: 1", Format::Yaml),
        (b"sops: {mac: x, encrypted_regex: '('}", Format::Yaml),
    ] {
        assert!(
            decrypt_file(content, format, format, &test_keys(), Mac::Ignore).is_err(),
            "{format} {content:?}"
        );
    }
    let plain = String::from_utf8_lossy(file!("enc.regex.yaml")).into_owned();
    let start = plain.find("ENC[").unwrap();
    let end = plain[start..].find('\n').unwrap() + start;
    let leaky = format!("{}TOPSECRET{}", &plain[..start], &plain[end..]);
    let error = decrypt_file(
        leaky.as_bytes(),
        Format::Yaml,
        Format::Yaml,
        &test_keys(),
        Mac::Ignore,
    )
    .unwrap_err();
    assert!(!error.to_string().contains("TOPSECRET"), "{error}");
    assert!(
        error.to_string().contains("does not have the form"),
        "{error}"
    );
}

#[test]
fn key_files_are_read_line_by_line() {
    let mut keyring = Keyring::default();
    for (text, reason) in [
        (
            "# c\n\nAGE-PLUGIN-YUBIKEY-1QQQ",
            "line 3: keys of age plugins",
        ),
        ("AGE-SECRET-KEY-1NOPE", "line 1: malformed secret key"),
        ("AGE-SECRET-KEY-PQ-1QQQ", "line 1: post-quantum"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----", "line 1: SSH keys"),
    ] {
        let error = keyring.import_age(text).unwrap_err().to_string();
        assert!(error.starts_with(reason), "{error}");
        assert!(!error.contains("NOPE"));
    }
    assert!(keyring.is_empty());
    assert_eq!(format!("{:?}", test_keys()), "Keyring { identities: 1 }");
}

/// More pairs, made by whoever runs this: `NAME.enc` and `NAME.dec` in the folder that the variable names.
#[test]
fn more_yaml_has_equal_bytes() {
    let Ok(folder) = std::env::var("SKEIN_SOPS_CASES") else {
        println!("skipped: SKEIN_SOPS_CASES is not set");
        return;
    };
    let (mut equal, mut different) = (0, Vec::new());
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|extension| extension != "enc") {
            continue;
        }
        let encrypted = std::fs::read(&path).expect("a file");
        let expected = std::fs::read(path.with_extension("dec")).expect("its pair");
        let found = decrypt_file(
            &encrypted,
            Format::Yaml,
            Format::Yaml,
            &test_keys(),
            Mac::Verify,
        );
        if found.as_deref() == Ok(expected.as_slice()) {
            equal += 1;
        } else {
            let found = found.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
            different.push(format!(
                "{}\n  ours   {found:?}\n  theirs {:?}",
                path.display(),
                String::from_utf8_lossy(&expected)
            ));
        }
    }
    println!("sops: {equal} equal, {} different", different.len());
    assert!(
        different.is_empty(),
        "{}",
        different[..different.len().min(15)].join("\n")
    );
}
