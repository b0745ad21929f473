//! Tests of the decision.

use serde_json::{Value, json};

use super::super::fixture::{good_status, observed};
use super::*;

fn failure(observed: &Observed) -> Failure {
    match plan(observed) {
        Err(failure) => failure,
        Ok(_) => panic!("fetched"),
    }
}

fn planned(observed: &Observed) -> Plan {
    match plan(observed) {
        Ok(plan) => plan,
        Err(failure) => panic!("{}", failure.message),
    }
}

fn secret(entries: &[(&str, &str)]) -> Option<Secret> {
    let data = entries
        .iter()
        .map(|(key, value)| ((*key).to_owned(), value.as_bytes().to_vec()));
    Some(Secret::Data(data.collect()))
}

#[test]
fn the_last_revision_counts_only_while_its_file_is_there() {
    let mut seen = observed(1, &Value::Null, &good_status(1));
    assert_eq!(
        planned(&seen).request.last_revision.as_deref(),
        Some("main@sha1:aa")
    );
    assert_eq!(planned(&seen).request.timeout, Duration::from_secs(60));
    seen.stored = InStorage::Missing;
    assert_eq!(planned(&seen).request.last_revision, None);
}

#[test]
fn the_symbolic_ref_is_refused() {
    let seen = observed(1, &json!({"ref": {"name": "HEAD"}}), &good_status(1));
    let failed = failure(&seen);
    assert_eq!(failed.reason, "GitOperationFailed");
    let words = "unable to resolve commit object for '0000000000000000000000000000000000000000': object not found";
    assert!(failed.message.ends_with(words), "{}", failed.message);
    let branch = json!({"ref": {"name": "refs/heads/HEAD"}});
    planned(&observed(1, &branch, &good_status(1)));
}

#[test]
fn settings_that_shape_the_artifact_force_a_new_one() {
    let unchanged = observed(2, &json!({"timeout": "5s"}), &good_status(1));
    assert!(!planned(&unchanged).content_changed);
    for spec in [
        json!({"ignore": "*.md"}),
        json!({"recurseSubmodules": true}),
        json!({"sparseCheckout": ["apps"]}),
    ] {
        assert!(
            planned(&observed(2, &spec, &good_status(1))).content_changed,
            "{spec}"
        );
    }
    // A commit that nobody verified in this mode is not taken for verified.
    let verify = json!({"verify": {"mode": "HEAD", "secretRef": {"name": "keys"}}});
    assert!(planned(&observed(2, &verify, &good_status(1))).content_changed);
}

#[test]
fn secrets_that_are_absent_or_wrong() {
    let spec = json!({"secretRef": {"name": "cred"}});
    let mut seen = observed(1, &spec, &Value::Null);
    seen.inputs.credentials = Some(Secret::Absent("secrets \"cred\" not found".into()));
    let absent = failure(&seen);
    assert_eq!(
        absent.message,
        "failed to get secret 'apps/cred': failed to get secret 'apps/cred': secrets \"cred\" not found"
    );
    assert_eq!(
        (absent.reason.as_str(), absent.then),
        ("AuthenticationFailed", Then::Retry)
    );
    seen.inputs.credentials = secret(&[("password", "p")]);
    assert!(
        failure(&seen)
            .message
            .starts_with("failed to configure authentication options: ")
    );
}

#[test]
fn proxies() {
    let spec = json!({"proxySecretRef": {"name": "proxy"}});
    let mut seen = observed(1, &spec, &Value::Null);
    seen.inputs.proxy = Some(Secret::Absent(String::new()));
    assert_eq!(
        failure(&seen).message,
        "failed to configure proxy options: secret 'apps/proxy' not found"
    );
    seen.inputs.proxy = secret(&[("address", "http://proxy:3128"), ("username", "u")]);
    assert_eq!(
        planned(&seen).request.access.proxy.unwrap().address,
        "http://proxy:3128"
    );
}

#[test]
fn providers_other_than_generic_are_refused_in_words() {
    let text = "secretRef with github app data must be specified when provider is set to github";
    let mut seen = observed(1, &json!({"provider": "github"}), &Value::Null);
    assert_eq!(
        (failure(&seen).message.as_str(), failure(&seen).then),
        (text, Then::Stall)
    );
    seen.source.spec.secret_ref = Some(Default::default());
    seen.inputs.credentials = secret(&[("username", "u")]);
    assert_eq!(
        (failure(&seen).message.as_str(), failure(&seen).then),
        (text, Then::Retry)
    );
    seen.inputs.credentials = secret(&[("githubAppID", "1")]);
    assert_eq!(
        (failure(&seen).message.as_str(), failure(&seen).then),
        (text, Then::Retry)
    );
    seen.inputs.credentials = secret(&[("githubAppID", "1"), ("githubAppPrivateKey", "k")]);
    assert!(
        failure(&seen)
            .message
            .contains("'github' is not supported yet")
    );
    let azure = observed(1, &json!({"provider": "azure"}), &Value::Null);
    assert_eq!(failure(&azure).then, Then::Stall);
}

#[test]
fn included_objects_are_waited_for() {
    let spec = json!({"include": [{"repository": {"name": "lib"}}]});
    let mut seen = observed(1, &spec, &Value::Null);
    seen.inputs.includes = vec![Included::Absent];
    let absent = failure(&seen);
    assert_eq!(absent.reason, "NotFound");
    assert_eq!(absent.then, Then::Wait(Duration::from_secs(30)));
    seen.inputs.includes = vec![Included::NoArtifact];
    assert_eq!(
        failure(&seen).message,
        "no artifact available for include 'lib'"
    );
    seen.inputs.includes = vec![Included::Artifact(Artifact::default())];
    assert!(planned(&seen).content_changed);
}

#[test]
fn a_repository_of_this_machine_needs_no_secrets() {
    let spec = json!({"secretRef": {"name": "cred"}, "provider": "github"});
    let mut seen = observed(1, &spec, &Value::Null);
    seen.inputs.local_url = Some("http://127.0.0.1:1/app.git".into());
    assert_eq!(planned(&seen).request.url, "http://127.0.0.1:1/app.git");
}

#[test]
fn an_address_that_cannot_be_read_stalls_without_its_password() {
    let spec = json!({"url": "https://u:secret@/app.git"});
    let wrong = failure(&observed(1, &spec, &Value::Null));
    assert_eq!(
        (wrong.reason.as_str(), wrong.then),
        ("URLInvalid", Then::Stall)
    );
    assert!(!wrong.message.contains("secret"), "{}", wrong.message);
}

/// The same revision with other content: what is included includes something new itself.
#[test]
fn an_included_artifact_with_another_digest_forces_a_new_one() {
    let included = |digest: &str| {
        json!({
            "path": "gitrepository/apps/lib/bb.tar.gz", "url": "http://x/bb.tar.gz",
            "revision": "main@sha1:bb", "digest": digest,
            "lastUpdateTime": "2026-01-01T00:00:00Z", "size": 1,
        })
    };
    let mut status = good_status(1);
    status["includedArtifacts"] = json!([included("sha256:01")]);
    let seen = observed(1, &Value::Null, &status);
    let artifact = |digest: &str| serde_json::from_value::<Artifact>(included(digest)).unwrap();
    assert!(!content_changed(&seen.source, &[artifact("sha256:01")]));
    assert!(content_changed(&seen.source, &[artifact("sha256:02")]));
    assert!(!includes_differ(&seen.source, &[artifact("sha256:02")]));
    assert!(content_changed(&seen.source, &[]));
}
