//! One entry of an index: read leniently where YAML is vague, and validated as Helm validates Chart.yaml.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use skein_helm::Metadata;
use skein_semver::Version;

use super::{ChartVersion, NO_TIME, moment};

/// Version of Chart.yaml when an entry does not say.
const API_VERSION_V1: &str = "v1";
/// Fields of Chart.yaml that are one text.
const TEXTS: [&str; 11] = [
    "name",
    "home",
    "version",
    "description",
    "icon",
    "apiVersion",
    "condition",
    "tags",
    "appVersion",
    "kubeVersion",
    "type",
];
/// Fields of Chart.yaml that are lists of texts.
const LISTS: [&str; 2] = ["sources", "keywords"];
/// Fields of a maintainer or dependency that are one text.
const INNER_TEXTS: [&str; 8] = [
    "name",
    "email",
    "url",
    "version",
    "repository",
    "condition",
    "alias",
    "digest",
];

/// Reads and validates an entry.
pub(super) fn read(value: Value) -> Result<(ChartVersion, Version), String> {
    let Value::Object(mut fields) = value else {
        return Err("empty entry, or one that is no map".to_owned());
    };
    fields.retain(|_, field| !field.is_null());
    let urls = fields.remove("urls").map(|urls| texts(Some(urls)));
    let created = match fields.remove("created") {
        None => NO_TIME.to_owned(),
        Some(text) => time(Some(text)).ok_or("the time of creation is no RFC 3339 time")?,
    };
    let removed = fields.remove("removed") == Some(Value::Bool(true));
    let digest = text(fields.remove("digest"));
    let [checksum, engine, tiller_version, url] =
        ["checksum", "engine", "tillerVersion", "url"].map(|name| text(fields.remove(name)));
    let mut metadata = metadata(fields)?;
    if metadata.api_version.is_empty() {
        metadata.api_version = API_VERSION_V1.to_owned();
    }
    sanitize(&mut metadata);
    let version = validate(&metadata)?;
    let entry = ChartVersion {
        metadata,
        urls,
        created,
        removed,
        digest,
        checksum,
        engine,
        tiller_version,
        url,
    };
    Ok((entry, version))
}

fn metadata(mut fields: Map<String, Value>) -> Result<Metadata, String> {
    for name in TEXTS {
        if let Some(field) = fields.remove(name) {
            fields.insert(name.to_owned(), Value::String(scalar(field, name)?));
        }
    }
    for name in LISTS {
        if let Some(field) = fields.remove(name) {
            let list = texts(Some(field)).into_iter().map(Value::String);
            fields.insert(name.to_owned(), list.collect());
        }
    }
    if let Some(field) = fields.remove("annotations") {
        let map = text_map(Some(field));
        let map = map
            .into_iter()
            .map(|(key, text)| (key, Value::String(text)));
        fields.insert("annotations".to_owned(), Value::Object(map.collect()));
    }
    for name in ["maintainers", "dependencies"] {
        for item in fields
            .get_mut(name)
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten()
        {
            let Value::Object(inner) = item else {
                return Err(format!("{name} must not contain empty or null nodes"));
            };
            inner.retain(|_, field| !field.is_null());
            for key in INNER_TEXTS {
                if let Some(field) = inner.remove(key) {
                    inner.insert(key.to_owned(), Value::String(scalar(field, key)?));
                }
            }
        }
    }
    serde_json::from_value(Value::Object(fields)).map_err(|error| error.to_string())
}

/// YAML writes `1.0` where a text is meant.
fn scalar(value: Value, name: &str) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(flag) => Ok(flag.to_string()),
        _ => Err(format!("{name} is no text")),
    }
}

pub(super) fn text(value: Option<Value>) -> String {
    value
        .and_then(|value| scalar(value, "").ok())
        .unwrap_or_default()
}

pub(super) fn texts(value: Option<Value>) -> Vec<String> {
    match value {
        Some(Value::Array(items)) => items.into_iter().map(|item| text(Some(item))).collect(),
        _ => Vec::new(),
    }
}

pub(super) fn text_map(value: Option<Value>) -> BTreeMap<String, String> {
    match value {
        Some(Value::Object(fields)) => fields
            .into_iter()
            .map(|(key, field)| (key, text(Some(field))))
            .collect(),
        _ => BTreeMap::new(),
    }
}

/// The time in Go's form: without zeros at the end of a fraction.
pub(super) fn time(value: Option<Value>) -> Option<String> {
    let text = text(value);
    moment(&text)?;
    let Some((seconds, rest)) = text.split_once('.') else {
        return Some(text);
    };
    let end = rest.find(|c: char| !c.is_ascii_digit())?;
    let (fraction, zone) = rest.split_at(end);
    let fraction = fraction.trim_end_matches('0');
    Some(if fraction.is_empty() {
        format!("{seconds}{zone}")
    } else {
        format!("{seconds}.{fraction}{zone}")
    })
}

fn sanitize(metadata: &mut Metadata) {
    let single = [
        &mut metadata.name,
        &mut metadata.description,
        &mut metadata.home,
        &mut metadata.icon,
        &mut metadata.condition,
        &mut metadata.tags,
        &mut metadata.app_version,
        &mut metadata.kube_version,
    ];
    for text in single {
        *text = printable(text);
    }
    for text in metadata.sources.iter_mut().chain(&mut metadata.keywords) {
        *text = printable(text);
    }
    for maintainer in &mut metadata.maintainers {
        for text in [
            &mut maintainer.name,
            &mut maintainer.email,
            &mut maintainer.url,
        ] {
            *text = printable(text);
        }
    }
    for dependency in &mut metadata.dependencies {
        dependency.name = printable(&dependency.name);
        dependency.version = printable(&dependency.version);
        dependency.repository = printable(&dependency.repository);
        dependency.condition = printable(&dependency.condition);
        for tag in &mut dependency.tags {
            *tag = printable(tag);
        }
    }
}

/// White space becomes spaces, and what cannot be printed goes.
fn printable(text: &str) -> String {
    text.chars()
        .filter_map(|character| {
            if character.is_whitespace() {
                Some(' ')
            } else {
                (!character.is_control()).then_some(character)
            }
        })
        .collect()
}

fn validate(metadata: &Metadata) -> Result<Version, String> {
    let name = &metadata.name;
    if name.is_empty() {
        return Err("chart.metadata.name is required".to_owned());
    }
    if name == "." || name == ".." {
        return Err(format!("chart.metadata.name {name:?} is not allowed"));
    }
    if name.contains('/') {
        return Err(format!("chart.metadata.name {name:?} is invalid"));
    }
    if metadata.version.is_empty() {
        return Err("chart.metadata.version is required".to_owned());
    }
    let version = Version::parse(&metadata.version)
        .map_err(|_| format!("chart.metadata.version {:?} is invalid", metadata.version))?;
    if !matches!(metadata.kind.as_str(), "" | "application" | "library") {
        return Err("chart.metadata.type must be application or library".to_owned());
    }
    for dependency in &metadata.dependencies {
        let alias = &dependency.alias;
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if !alias.is_empty() && !alias.chars().all(is_plain) {
            let name = &dependency.name;
            return Err(format!(
                "dependency {name:?} has disallowed characters in the alias"
            ));
        }
    }
    Ok(version)
}
