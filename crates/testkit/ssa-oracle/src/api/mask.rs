//! What of an answer must be equal on both sides: everything but ids, revisions, times and given addresses.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::client::Exchange;

mod printed;

/// Headers that are compared.
const HEADERS: &[&str] = &[
    "allow",
    "cache-control",
    "content-encoding",
    "content-type",
    "retry-after",
    "stderr",
    "warning",
];

/// Fields whose value each server makes up, and what stands for them.
const MADE_UP: &[(&str, &str)] = &[
    ("uid", "<uid>"),
    ("resourceVersion", "<revision>"),
    ("creationTimestamp", "<time>"),
    ("deletionTimestamp", "<time>"),
    ("lastTransitionTime", "<time>"),
    ("expirationTimestamp", "<time>"),
    ("time", "<time>"),
    ("continue", "<token>"),
    ("clusterIP", "<address>"),
    ("clusterIPs", "<address>"),
    ("nodePort", "<port>"),
    ("healthCheckNodePort", "<port>"),
    ("token", "<token>"),
    ("serverAddress", "<address>"),
    ("lastPhaseTransitionTime", "<time>"),
];

/// How the volume with the token of a pod is called.
const ACCESS: &str = "kube-api-access-";

/// Names of a side: what was answered to named steps, and every id seen.
pub struct Names {
    namespace: String,
    answers: BTreeMap<String, Value>,
    seen: BTreeSet<(usize, String, &'static str)>,
}

impl Names {
    /// Nothing is known yet.
    pub fn new(script: &str) -> Self {
        Self {
            namespace: format!("api-{script}"),
            answers: BTreeMap::new(),
            seen: BTreeSet::new(),
        }
    }

    /// Remembers an answer and the ids in it.
    pub fn learn(&mut self, name: &str, body: &str) {
        for value in documents(body) {
            self.collect(&value);
            if !name.is_empty() {
                self.answers.insert(name.to_owned(), value);
            }
        }
    }

    fn collect(&mut self, value: &Value) {
        match value {
            Value::Object(map) => {
                for (key, child) in map {
                    let stands = match key.as_str() {
                        "uid" => Some("<uid>"),
                        "resourceVersion" => Some("<revision>"),
                        _ => None,
                    };
                    if let Some(text) = child.as_str().filter(|text| text.len() > 1)
                        && let Some(stands) = stands
                    {
                        let longest_first = usize::MAX - text.len();
                        self.seen.insert((longest_first, text.to_owned(), stands));
                    }
                    self.collect(child);
                }
            }
            Value::Array(list) => list.iter().for_each(|child| self.collect(child)),
            _ => {}
        }
    }

    /// Puts the values of this side into a text.
    pub fn fill(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let text = text.replace("$ns", &self.namespace);
        let mut rest = text.as_str();
        while let Some((before, after)) = rest.split_once("$(") {
            out.push_str(before);
            let Some((reference, tail)) = after.split_once(')') else {
                out.push_str("$(");
                rest = after;
                continue;
            };
            out.push_str(&self.value(reference));
            rest = tail;
        }
        out.push_str(rest);
        out
    }

    fn value(&self, reference: &str) -> String {
        let (name, field) = reference.split_once('.').unwrap_or((reference, "rv"));
        let key = match field {
            "rv" => "resourceVersion",
            other => other,
        };
        let answer = self.answers.get(name);
        let found = answer.and_then(|answer| {
            answer
                .pointer(&format!("/metadata/{key}"))
                .or_else(|| answer.pointer(&format!("/object/metadata/{key}")))
        });
        found.and_then(Value::as_str).unwrap_or("unset").to_owned()
    }
}

/// The JSON documents of a body; what is no JSON is one string.
fn documents(body: &str) -> Vec<Value> {
    let stream = serde_json::Deserializer::from_str(body).into_iter::<Value>();
    match stream.collect::<Result<Vec<Value>, _>>() {
        Ok(values) => values,
        Err(_) => vec![Value::String(body.to_owned())],
    }
}

/// An answer in the form in which two servers can agree.
pub fn comparable(exchange: &Exchange, names: &Names) -> Value {
    let mut headers = Map::new();
    for (name, value) in &exchange.headers {
        if !HEADERS.contains(&name.as_str()) {
            continue;
        }
        let entry = headers.entry(name.clone()).or_insert_with(|| json!([]));
        if let Value::Array(list) = entry {
            list.push(text(value, names).into());
        }
    }
    // Broken rules are told in an order of chance, among the other warnings.
    if let Some(Value::Array(warnings)) = headers.get_mut("warning") {
        let of_rule = |text: &Value| text.to_string().contains(" value: ");
        let mut rules: Vec<Value> = warnings
            .iter()
            .filter(|text| of_rule(text))
            .cloned()
            .collect();
        rules.sort_by_key(ToString::to_string);
        let mut rules = rules.into_iter();
        for warning in warnings.iter_mut().filter(|text| of_rule(text)) {
            *warning = rules.next().unwrap_or_default();
        }
    }
    let encoded = headers.contains_key("content-encoding");
    let mut body = if encoded {
        Vec::new()
    } else {
        documents(&exchange.body)
    };
    body.iter_mut().for_each(|value| mask(value, names));
    json!({"code": exchange.code, "headers": headers, "body": body})
}

fn mask(value: &mut Value, names: &Names) {
    match value {
        Value::Object(map) => {
            mask_keys(map, names);
            mask_generated(map);
            if map.contains_key("columnDefinitions") {
                forget_prose(map);
            }
            for (key, child) in map.iter_mut() {
                match MADE_UP.iter().find(|(name, _)| name == key) {
                    Some((_, stands)) if stood_for(child) => *child = (*stands).into(),
                    _ => mask(child, names),
                }
            }
            order(map);
        }
        Value::Array(list) => list.iter_mut().for_each(|child| mask(child, names)),
        Value::String(found) => *found = text(found, names),
        _ => {}
    }
}

/// A name that was made from a prefix ends by chance.
fn mask_generated(metadata: &mut Map<String, Value>) {
    const CHARACTERS: usize = 5;
    let prefix = metadata.get("generateName").and_then(Value::as_str);
    let prefix = prefix.unwrap_or_default().to_owned();
    let name = metadata.get_mut("name").filter(|_| !prefix.is_empty());
    if let Some(Value::String(name)) = name
        && name
            .strip_prefix(&prefix)
            .is_some_and(|rest| rest.len() == CHARACTERS)
    {
        *name = format!("{prefix}<chance>");
    }
}

/// Ids in the keys of lists that somebody owns.
fn mask_keys(map: &mut Map<String, Value>, names: &Names) {
    const BY_ID: &str = "k:{\"uid\":";
    let keys: Vec<String> = map
        .keys()
        .filter(|key| key.starts_with(BY_ID))
        .cloned()
        .collect();
    for key in keys {
        if let Some(value) = map.remove(&key) {
            map.insert(text(&key, names), value);
        }
    }
}

/// An absent or empty value stays: that it is empty must be equal.
fn stood_for(value: &Value) -> bool {
    match value {
        Value::String(text) => !text.is_empty() && text != "None",
        Value::Number(number) => number.as_i64() != Some(0),
        Value::Array(list) => list.iter().all(stood_for) && !list.is_empty(),
        _ => false,
    }
}

/// Descriptions of columns of built-in kinds are prose of the real server.
fn forget_prose(table: &mut Map<String, Value>) {
    if let Some(Value::Array(columns)) = table.get_mut("columnDefinitions") {
        for column in columns.iter_mut().filter_map(Value::as_object_mut) {
            column.remove("description");
        }
    }
}

/// The real server lists owners, causes and rules in an order of chance.
fn order(map: &mut Map<String, Value>) {
    for name in ["resourceRules", "nonResourceRules"] {
        if let Some(Value::Array(rules)) = map.get_mut(name) {
            rules.sort_by_key(ToString::to_string);
        }
    }
    if let Some(Value::Array(owners)) = map.get_mut("managedFields") {
        owners.sort_by_key(ToString::to_string);
    }
    let causes = map
        .get_mut("details")
        .and_then(|details| details.get_mut("causes"));
    if let Some(Value::Array(causes)) = causes {
        causes.sort_by_key(ToString::to_string);
        if causes.len() > 1 {
            map.insert("message".to_owned(), "<causes>".into());
        }
    }
}

/// A text without ids that were seen, ages and times.
fn text(found: &str, names: &Names) -> String {
    let mut out = mask_addresses(&found.replace(&names.namespace, "<namespace>"));
    if let Some(at) = out.find(ACCESS) {
        // Five characters of chance follow.
        let end = out.len().min(at + ACCESS.len() + 5);
        out.replace_range(at..end, "<access>");
    }
    // Codes of warnings and plain refusals are no revisions, whatever revisions there are.
    let is_plain = out.starts_with("299 - ") || out.starts_with("404 page");
    for (_, id, stands) in names.seen.iter().filter(|_| !is_plain) {
        out = replace_word(&out, id, stands);
    }
    out = printed::mask(&out);
    let seconds = out.strip_suffix('s').is_some_and(|number| {
        !number.is_empty() && number.len() < 4 && number.bytes().all(|byte| byte.is_ascii_digit())
    });
    if seconds {
        return "<age>".to_owned();
    }
    mask_printed_ids(&mask_self_types(&mask_revisions(&mask_times(&out))))
}

/// Replaces ids and revisions in objects that kubectl prints as YAML.
fn mask_printed_ids(text: &str) -> String {
    const REVISION: &str = "resourceVersion: \"";
    const UID: &str = "uid: ";
    let line = |line: &str| {
        let content = line.trim_start();
        let indent = &line[..line.len() - content.len()];
        if content.starts_with(REVISION) {
            return format!("{indent}resourceVersion: <revision>");
        }
        let is_uid =
            |id: &str| id.len() == 36 && id.bytes().filter(|byte| *byte == b'-').count() == 4;
        match content.strip_prefix(UID) {
            Some(id) if is_uid(id) => format!("{indent}uid: <uid>"),
            _ => line.to_owned(),
        }
    };
    if !text.contains(REVISION) && !text.contains(UID) {
        return text.to_owned();
    }
    let lines: Vec<String> = text.split('\n').map(line).collect();
    lines.join("\n")
}

/// Replaces the number in the name of the type of `self`, which is another one each time.
fn mask_self_types(text: &str) -> String {
    const LEAD: &str = "selfType";
    let mut parts = text.split(LEAD);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push_str(LEAD);
        out.push_str(part.trim_start_matches(|character: char| character.is_ascii_digit()));
    }
    out
}

/// Replaces the addresses that servers give to Services.
fn mask_addresses(text: &str) -> String {
    if !text.contains("10.") {
        return text.to_owned();
    }
    let mut out = text.to_owned();
    for word in text.split([' ', '\n', ',']) {
        let address = word.starts_with("10.") && word.parse::<std::net::Ipv4Addr>().is_ok();
        if address && (word.starts_with("10.0.") || word.starts_with("10.96.")) {
            let padded = format!("{word} ");
            while out.contains(&format!("{padded} ")) {
                out = out.replace(&format!("{padded} "), &padded);
            }
            out = out.replace(word, "<address>");
        }
    }
    out
}

/// Replaces revisions that a message names: those asked for and the server's own.
fn mask_revisions(text: &str) -> String {
    const LEADS: [&str; 3] = ["resource version: ", "current: ", "version: 1 ("];
    let mut out = text.to_owned();
    for lead in LEADS {
        if let Some(at) = out.find(lead) {
            let start = at + lead.len();
            let marked = out[start..].starts_with("<revision>");
            let digits = match marked {
                true => "<revision>".len(),
                false => out[start..].bytes().take_while(u8::is_ascii_digit).count(),
            };
            if digits > 1 {
                out.replace_range(start..start + digits, "<number>");
            }
        }
    }
    out
}

/// Replaces an id that stands between other characters than letters and digits.
fn replace_word(text: &str, id: &str, stands: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(id) {
        // A number that somebody sent is no revision.
        let is_sent = stands == "<revision>" && rest[..at].ends_with(" value: ");
        let before = rest[..at].chars().next_back();
        let after = rest[at + id.len()..].chars().next();
        let whole =
            !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric);
        let whole = whole && !is_sent;
        out.push_str(&rest[..at]);
        out.push_str(if whole { stands } else { id });
        rest = &rest[at + id.len()..];
    }
    out.push_str(rest);
    out
}

/// Replaces moments (`2026-01-02T03:04:05Z`) and ages in columns (` 12s`).
fn mask_times(text: &str) -> String {
    const LENGTH: usize = "2026-01-02T03:04:05Z".len();
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let moment = rest.get(..LENGTH).is_some_and(|part| {
            part.starts_with("20") && part.ends_with('Z') && part.as_bytes()[10] == b'T'
        });
        if moment {
            out.push_str("<time>");
            rest = &rest[LENGTH..];
            continue;
        }
        out.push(first);
        rest = &rest[first.len_utf8()..];
        if first == ' ' {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let ends = |byte: Option<&u8>| byte.is_none_or(|byte| !byte.is_ascii_alphanumeric());
            let bytes = rest.as_bytes();
            if (1..4).contains(&digits)
                && bytes.get(digits) == Some(&b's')
                && ends(bytes.get(digits + 1))
            {
                out.push_str("<age>");
                rest = rest[digits + 1..].trim_start_matches(' ');
            }
        }
    }
    out
}
