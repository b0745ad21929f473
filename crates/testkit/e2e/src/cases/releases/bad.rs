//! Bad input that comes through a HelmRelease: told clearly, and no other release is affected.

use anyhow::{Result, ensure};
use serde_json::json;

use super::{KIND, chart};
use crate::place::{Place, named};

/// Text of a template, and words of the message that its release gets.
const TEMPLATES: &[(&str, &str, &[&str])] = &[
    (
        "recursion",
        "{{ define \"a\" }}{{ include \"a\" . }}{{ end }}{{ include \"a\" . }}",
        &["templates/bad.yaml"],
    ),
    (
        "loop",
        "{{ range until 1000000000 }}{{ . }}{{ end }}",
        &["templates/bad.yaml"],
    ),
    (
        "repeat",
        "{{ repeat 2000000000 \"a\" }}",
        &["templates/bad.yaml"],
    ),
    (
        "required",
        "{{ required \"name it, please\" .Values.absent }}",
        &["name it, please"],
    ),
    (
        "version",
        "apiVersion: example.com/v9\nkind: Nothing\nmetadata: {name: a}\n",
        &["Nothing", "ensure CRDs are installed first"],
    ),
    (
        "yaml",
        "kind: ConfigMap\n  a: b\n- c\n",
        &["templates/bad.yaml", "line"],
    ),
];

/// Bombs and mistakes in templates; a release beside them goes on.
pub async fn names_bad_templates(mut place: Place<'_>) -> Result<()> {
    place
        .start_release(&json!({"values": {"color": "blue"}}))
        .await?;
    for (name, template, _) in TEMPLATES {
        let mut files = chart("1.0.0");
        files.insert("templates/bad.yaml".to_owned(), (*template).to_owned());
        place.commit_folder(name, &files)?;
    }
    place.reconcile("GitRepository", "app").await?;
    for (name, _, _) in TEMPLATES {
        let mut release = named(place.release(&json!({})), name);
        release["spec"]["chart"]["spec"]["chart"] = format!("./{name}").into();
        place.create_all(&[release]).await?;
    }
    for (name, _, words) in TEMPLATES {
        let (reason, _) = place.refused(KIND, name, words).await?;
        ensure!(reason == "InstallFailed", "{name}: {reason}");
    }
    place.change(&json!({"values": {"color": "green"}})).await?;
    place.shows("app", "green").await?;
    place.ready(KIND, "True").await?;
    // Nobody else is to stumble over them: the real controller takes its time for each.
    for (name, _, _) in TEMPLATES {
        place.remove(name).await?;
    }
    Ok(())
}

/// A record that no Secret can hold: refused before any object is made, with its size.
pub async fn names_records_that_are_too_large(mut place: Place<'_>) -> Result<()> {
    place
        .start_release(&json!({"values": {"color": "blue"}}))
        .await?;
    let mut files = chart("1.0.0");
    files.insert("files/noise.txt".to_owned(), noise());
    place.commit_folder("large", &files)?;
    place.reconcile("GitRepository", "app").await?;
    let mut release = named(place.release(&json!({})), "large");
    release["spec"]["chart"]["spec"]["chart"] = "./large".into();
    place.create_all(&[release]).await?;
    let (_, message) = place.refused(KIND, "large", &["1048576"]).await?;
    ensure!(
        place.find("ConfigMap", "large-settings").await?.is_none(),
        "objects were made without a record: {message}"
    );
    place.change(&json!({"values": {"color": "green"}})).await?;
    place.shows("app", "green").await?;
    place.remove("large").await
}

/// Values that would need endless memory, or are no values at all.
pub async fn names_bad_values(mut place: Place<'_>) -> Result<()> {
    place
        .start_release(&json!({"values": {"color": "blue"}}))
        .await?;
    let map = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "values"},
        "data": {"broken": "a: [", "list": "- a\n", "one": "x"},
    });
    place.create_all(&[map]).await?;
    let cases = [
        (
            "bomb",
            json!({"valuesKey": "one", "targetPath": "a[99999]"}),
            "99999",
        ),
        (
            "broken",
            json!({"valuesKey": "broken"}),
            "could not resolve",
        ),
        ("list", json!({"valuesKey": "list"}), "could not resolve"),
        ("absent", json!({"valuesKey": "absent"}), "absent"),
    ];
    for (name, fields, _) in &cases {
        let mut from = fields.clone();
        crate::place::merge(&mut from, &json!({"kind": "ConfigMap", "name": "values"}));
        let release = named(place.release(&json!({"valuesFrom": [from]})), name);
        place.create_all(&[release]).await?;
    }
    for (name, _, word) in &cases {
        let (reason, message) = place.refused(KIND, name, &[word]).await?;
        ensure!(reason == "ValuesError", "{name}: {reason} {message}");
        place.remove(name).await?;
    }
    place.change(&json!({"values": {"color": "green"}})).await?;
    place.shows("app", "green").await
}

/// Text of two megabytes that does not get smaller by compression.
fn noise() -> String {
    const BYTES: usize = 2 << 20;
    let mut state: u64 = 0x2545_f491_4f6c_dd1d;
    let mut text = String::with_capacity(BYTES);
    while text.len() < BYTES {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        text.push_str(&format!("{state:016x}"));
    }
    text
}
