//! The same requests to a real kube-apiserver 1.36.3 and to this one: its recorded answers must be ours.
//!
//! `oracle.json` holds the requests, `oracle-answers.json` what the real server (alone, without controllers) said.
//! With `SKEIN_REAL_API` and `SKEIN_REAL_TOKEN` set, the real server is asked again and must still say it. Answers that are
//! known to differ are listed by name and reason; the list may only shrink.

use std::sync::LazyLock;
use std::time::Duration;

use regex::Regex;
use reqwest::{Client, Method};
use serde_json::{Map, Value};

use crate::harness::Harness;

const REQUESTS: &str = include_str!("oracle.json");
const ANSWERS: &str = include_str!("oracle-answers.json");

/// Answers that differ, and why.
const DIFFERENT: &[(&str, &str)] = &[
    (
        "merge type",
        "the echoed object has its keys in another order",
    ),
    (
        "merge strict",
        "the echoed object has its keys in another order",
    ),
    (
        "thing other kind",
        "only the kind is refused, the rest is not looked at",
    ),
    (
        "thing other version",
        "without the warning about the whole specification",
    ),
];

/// Values that are different in every run.
const VOLATILE: &[&str] = &[
    "uid",
    "resourceVersion",
    "creationTimestamp",
    "deletionTimestamp",
    "time",
    "clusterIP",
    "nodePort",
    "lastTransitionTime",
    "batch.kubernetes.io/controller-uid",
    "controller-uid",
];

static TEXTS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    [
        (
            r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
            "<uuid>",
        ),
        (r"current: \d+", "current: <n>"),
        (r"10\.\d+\.\d+\.\d+", "<ip>"),
        (r"resource version: \d+ \(\d+\)", "<rv>"),
        (r"object meta: \d+", "object meta: <n>"),
        (r"in record \(\d+\)", "in record (<n>)"),
    ]
    .map(|(pattern, text)| (Regex::new(pattern).expect("a pattern"), text))
    .to_vec()
});

fn normal(value: &Value) -> Value {
    match value {
        Value::Object(map) => Value::Object(map.iter().map(normal_field).collect::<Map<_, _>>()),
        Value::Array(list) => Value::Array(list.iter().map(normal).collect()),
        Value::String(text) => {
            let replaced = TEXTS.iter().fold(text.clone(), |text, (pattern, with)| {
                pattern.replace_all(&text, *with).into_owned()
            });
            sorted_problems(replaced).into()
        }
        other => other.clone(),
    }
}

/// The real server lists several problems in the order of a Go map.
fn sorted_problems(text: String) -> String {
    let parts = text.split_once(" is invalid: [");
    let Some((head, list)) = parts.and_then(|(head, list)| Some((head, list.strip_suffix(']')?)))
    else {
        return text;
    };
    let mut problems: Vec<&str> = list.split(", ").collect();
    problems.sort_unstable();
    format!("{head} is invalid: [{}]", problems.join(", "))
}

fn normal_field((key, value): (&String, &Value)) -> (String, Value) {
    let plain = !value.is_object() && !value.is_array() && !value.is_null();
    let value = if plain && VOLATILE.contains(&key.as_str()) {
        format!("<{key}>").into()
    } else if key == "clusterIPs" {
        vec!["<ip>"].into()
    } else if key == "managedFields" || key == "causes" {
        // The real server keeps both in the order of a Go map here and there.
        let list = value.as_array().into_iter().flatten();
        let mut list: Vec<Value> = list.map(normal).collect();
        list.sort_by_key(Value::to_string);
        list.into()
    } else {
        normal(value)
    };
    (key.clone(), value)
}

struct Target<'a> {
    client: &'a Client,
    url: &'a str,
    token: &'a str,
}

impl Target<'_> {
    async fn send(&self, step: &Value) -> Value {
        let text = |key: &str| step[key].as_str().unwrap_or_default();
        let method: Method = text("method").parse().expect("a method");
        let mut request = self
            .client
            .request(method, format!("{}{}", self.url, text("path")));
        request = request.header("user-agent", "oracle/1");
        let headers = step["headers"].as_object();
        match headers
            .and_then(|headers| headers.get("authorization"))
            .and_then(Value::as_str)
        {
            None => request = request.bearer_auth(self.token),
            Some("") => {}
            Some(other) => request = request.header("authorization", other),
        }
        for (name, value) in headers
            .into_iter()
            .flatten()
            .filter(|(n, _)| *n != "authorization")
        {
            request = request.header(name, value.as_str().unwrap_or_default());
        }
        if let Some(media) = step["type"].as_str() {
            let body = step["raw"]
                .as_str()
                .map_or_else(|| step["body"].to_string(), str::to_owned);
            request = request.header("content-type", media).body(body);
        }
        let response = request.send().await.expect("an answer");
        let code = response.status().as_u16();
        let warnings = response.headers().get_all("warning").iter();
        let warnings: Vec<String> = warnings
            .filter_map(|w| w.to_str().ok().map(str::to_owned))
            .collect();
        let text = response.text().await.expect("a body");
        let body: Value = serde_json::from_str(&text).unwrap_or(Value::String(text));
        serde_json::json!({
            "name": step["name"], "code": code, "body": normal(&body), "warnings": warnings,
        })
    }

    async fn run(&self) -> Vec<Value> {
        let steps: Vec<Value> = serde_json::from_str(REQUESTS).expect("requests");
        let mut answers = Vec::new();
        for step in &steps {
            let Some(path) = step["wait"].as_str() else {
                answers.push(self.send(step).await);
                continue;
            };
            let get = serde_json::json!({"method": "GET", "path": path});
            while self.send(&get).await["code"] != 200 {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        answers
    }
}

/// The recorded answers, brought into the same form.
fn recorded() -> Vec<Value> {
    let answers: Vec<Value> = serde_json::from_str(ANSWERS).expect("answers");
    let form = |mut answer: Value| {
        answer["body"] = normal(&answer["body"]);
        answer
    };
    answers.into_iter().map(form).collect()
}

/// Names of the answers that are not equal, with both in full for the first few.
fn differences(expected: &[Value], actual: &[Value]) -> Vec<String> {
    assert_eq!(expected.len(), actual.len());
    let mut names = Vec::new();
    for (expected, actual) in expected.iter().zip(actual) {
        if expected != actual {
            let name = expected["name"].as_str().unwrap_or_default();
            if !DIFFERENT.iter().any(|(known, _)| *known == name) {
                eprintln!("== {name}\nreal {expected}\nours {actual}");
            }
            names.push(name.to_owned());
        }
    }
    names
}

#[tokio::test]
async fn answers_are_those_of_the_real_server() {
    let api = Harness::start().await;
    let target = Target {
        client: &api.client,
        url: &api.url,
        token: &api.token,
    };
    let found = differences(&recorded(), &target.run().await);
    let known: Vec<&str> = DIFFERENT.iter().map(|(name, _)| *name).collect();
    assert_eq!(found, known, "the list of differences must be exact");
}

#[tokio::test]
async fn the_recording_is_what_the_real_server_says() {
    let (Ok(url), Ok(token)) = (
        std::env::var("SKEIN_REAL_API"),
        std::env::var("SKEIN_REAL_TOKEN"),
    ) else {
        println!("skipped: SKEIN_REAL_API and SKEIN_REAL_TOKEN name no fresh real API server");
        return;
    };
    let client = Client::builder()
        .tls_danger_accept_invalid_certs(true)
        .no_proxy()
        .build()
        .expect("a client");
    let target = Target {
        client: &client,
        url: &url,
        token: &token,
    };
    let found = differences(&recorded(), &target.run().await);
    assert_eq!(
        found,
        ["merge type", "merge strict"],
        "these echo the object with its times"
    );
}
