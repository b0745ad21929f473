//! Keys, certificates and password hashes, read back by openssl where it is installed.

use std::io::Write;
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::support::chart;

/// What openssl makes of a text; nothing when it is not installed.
fn openssl(arguments: &[&str], input: &str) -> Option<String> {
    let mut command = Command::new("openssl");
    command.args(arguments).stdin(Stdio::piped());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let Ok(mut child) = command.spawn() else {
        eprintln!("skipped: openssl is not installed");
        return None;
    };
    let mut stdin = child.stdin.take().expect("standard input is piped");
    stdin.write_all(input.as_bytes()).expect("openssl reads");
    drop(stdin);
    let output = child.wait_with_output().expect("openssl ends");
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "openssl {arguments:?}: {error}");
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn rendered(text: &str) -> Value {
    let output = chart(text, &json!({}), false).expect("a rendering");
    serde_json::from_str(&output).expect("JSON")
}

fn word<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().expect("a string")
}

const PARTIES: &str = r#"
{{- $ca := genCAWithKey "the authority" 365 (genPrivateKey .kind) }}
{{- $ip := list "10.0.0.1" "fd00::1" }}{{ $dns := list "a.example" "*.b.example" }}
{{- $signed := genSignedCertWithKey "server" $ip $dns 30 $ca (genPrivateKey .kind) }}
{{- $self := genSelfSignedCertWithKey "alone" nil (list "c.example") 10 (genPrivateKey .kind) }}
{{- dict "ca" $ca.Cert "cert" $signed.Cert "key" $signed.Key "self" $self.Cert | toJson }}"#;

fn check_certificates(parties: &Value) {
    let (authority, server) = (word(parties, "ca"), word(parties, "cert"));
    let Some(text) = openssl(&["x509", "-noout", "-text"], server) else {
        return;
    };
    for part in [
        "CN = server",
        "DNS:a.example, DNS:*.b.example, IP Address:10.0.0.1, IP Address:FD00:0:0:0:0:0:0:1",
        "TLS Web Server Authentication",
        "CA:FALSE",
    ] {
        assert!(text.contains(part), "{part} is missing in {text}");
    }
    let of_certificate = openssl(&["x509", "-noout", "-pubkey"], server);
    let of_key = openssl(&["pkey", "-pubout"], word(parties, "key"));
    assert_eq!(of_certificate, of_key);
    let text = openssl(&["x509", "-noout", "-text"], authority).expect("openssl was there");
    assert!(text.contains("CA:TRUE"), "{text}");
    // The signature: both in files, because openssl verify reads the authority from one.
    let folder = std::env::temp_dir().join(format!("skein-certificates-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let path = folder.join("ca.pem");
    std::fs::write(&path, authority).expect("a file");
    // The fixed clock of the tests is the epoch.
    let path = path.to_string_lossy().into_owned();
    let verify = ["verify", "-attime", "60", "-CAfile", &path];
    let answer = openssl(&verify, server).expect("openssl was there");
    assert!(answer.contains("OK"), "{answer}");
    std::fs::remove_dir_all(&folder).expect("the folder goes");
    let alone = openssl(
        &["x509", "-noout", "-subject", "-issuer"],
        word(parties, "self"),
    );
    let alone = alone.expect("openssl was there");
    assert_eq!(alone, "subject=CN = alone\nissuer=CN = alone\n");
}

#[test]
fn certificates_on_curves_are_read_by_openssl() {
    for kind in ["ecdsa", "ed25519"] {
        let text = PARTIES.replace(".kind", &format!("{kind:?}"));
        check_certificates(&rendered(&text));
    }
}

#[test]
fn certificates_with_rsa_keys_are_read_by_openssl() {
    let text = r#"
{{- $ca := genCA "the authority" 365 }}
{{- $signed := genSignedCert "server" (list "10.0.0.1" "fd00::1") (list "a.example" "*.b.example") 30 $ca }}
{{- $self := genSelfSignedCert "alone" nil nil 10 }}
{{- dict "ca" $ca.Cert "cert" $signed.Cert "key" $signed.Key "self" $self.Cert | toJson }}"#;
    check_certificates(&rendered(text));
}

#[test]
fn more_days_than_a_duration_holds_wrap() {
    let parties = rendered(
        r#"{{- $c := genCAWithKey "a" 100000000 (genPrivateKey "ed25519") }}{{ dict "ca" $c.Cert | toJson }}"#,
    );
    let Some(end) = openssl(&["x509", "-noout", "-enddate"], word(&parties, "ca")) else {
        return;
    };
    assert_eq!(end, "notAfter=May 28 06:25:03 2189 GMT\n");
}

#[test]
fn a_chart_makes_many_keys() {
    // A certificate authority and four certificates, once more for each of four checksums.
    let text = r#"{{ range 20 }}{{ genSelfSignedCert "a" nil nil 1 | kindOf }} {{ end }}"#;
    let output = chart(text, &json!({}), false).expect("a rendering");
    assert_eq!(output, "struct ".repeat(20));
}

#[test]
fn certificates_are_built_as_by_go() {
    let parties = rendered(
        r#"{{- $ca := genCAWithKey "" 1 (genPrivateKey "ed25519") }}
{{- $unnamed := genSelfSignedCertWithKey "" (list "::ffff:1.2.3.4") (list) 1 (genPrivateKey "ed25519") }}
{{- dict "ca" $ca.Cert "unnamed" $unnamed.Cert | toJson }}"#,
    );
    let Some(text) = openssl(&["x509", "-noout", "-text"], word(&parties, "unnamed")) else {
        return;
    };
    assert!(text.contains("Alternative Name: critical"), "{text}");
    assert!(text.contains("IP Address:1.2.3.4"), "{text}");
    let authority = word(&parties, "ca");
    let text = openssl(&["x509", "-noout", "-text"], authority).expect("openssl was there");
    let key = openssl(&["x509", "-noout", "-pubkey"], authority).expect("openssl was there");
    let encoded: String = key.lines().filter(|line| !line.starts_with('-')).collect();
    let key = STANDARD.decode(encoded).expect("a key in base64");
    // The last 32 bytes are the key itself.
    let digest = Sha256::digest(&key[key.len() - 32..]);
    let id: Vec<String> = digest[..20].iter().map(|b| format!("{b:02X}")).collect();
    assert!(text.contains(&id.join(":")), "{text}");
}
