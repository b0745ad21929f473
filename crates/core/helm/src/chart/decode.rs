//! Chart.yaml, requirements.yaml and Chart.lock out of YAML.

use jiff::Timestamp;
use serde_json::Value;

use super::metadata::{Dependency, Lock, Maintainer, Metadata};
use crate::decode::{Decoder, GoType};

pub(crate) const METADATA: &[&str] = &[
    "name",
    "home",
    "sources",
    "version",
    "description",
    "keywords",
    "maintainers",
    "icon",
    "apiVersion",
    "condition",
    "tags",
    "appVersion",
    "deprecated",
    "annotations",
    "kubeVersion",
    "dependencies",
    "type",
];
pub(crate) const MAINTAINER: &[&str] = &["name", "email", "url"];
pub(crate) const DEPENDENCY: &[&str] = &[
    "name",
    "version",
    "repository",
    "condition",
    "tags",
    "enabled",
    "import-values",
    "alias",
];
const LOCK: &[&str] = &["generated", "digest", "dependencies"];

/// Metadata that is being read; the lists may hold nulls, which validation refuses.
#[derive(Default)]
pub(crate) struct Draft {
    pub(crate) metadata: Metadata,
    /// How many maintainers stand before the first that is null.
    pub(crate) null_maintainer: Option<usize>,
    pub(crate) null_dependency: bool,
}

/// Reads Chart.yaml, or requirements.yaml, into metadata: fields that the text does not have stay as they are.
pub(crate) fn metadata(text: &[u8], into: &mut Draft) -> Result<(), String> {
    let (mut decoder, value) = Decoder::new(text)?;
    decoder.object(
        &value,
        "Metadata",
        GoType("v2.Metadata"),
        METADATA,
        |decoder, name, value| metadata_field(decoder, name, value, into),
    );
    decoder.finish()
}

fn metadata_field(decoder: &mut Decoder, name: &str, value: &Value, draft: &mut Draft) {
    const OWNER: &str = "Metadata";
    let into = &mut draft.metadata;
    let text = match name {
        "name" => &mut into.name,
        "home" => &mut into.home,
        "version" => &mut into.version,
        "description" => &mut into.description,
        "icon" => &mut into.icon,
        "apiVersion" => &mut into.api_version,
        "condition" => &mut into.condition,
        "tags" => &mut into.tags,
        "appVersion" => &mut into.app_version,
        "kubeVersion" => &mut into.kube_version,
        "type" => &mut into.kind,
        "sources" => return decoder.texts(value, OWNER, &mut into.sources),
        "keywords" => return decoder.texts(value, OWNER, &mut into.keywords),
        "deprecated" => return decoder.boolean(value, OWNER, &mut into.deprecated),
        "maintainers" => {
            let all = maintainers(decoder, value);
            draft.null_maintainer = all.iter().position(Option::is_none);
            into.maintainers = all.into_iter().flatten().collect();
            return;
        }
        "dependencies" => {
            let all = dependencies(decoder, value, OWNER);
            draft.null_dependency = all.iter().any(Option::is_none);
            into.lists_dependencies = value.is_array();
            into.dependencies = all.into_iter().flatten().collect();
            return;
        }
        _ => {
            let annotations = &mut into.annotations;
            return decoder.text_map(value, OWNER, |key, text| {
                annotations.insert(key, text);
            });
        }
    };
    decoder.text(value, OWNER, text);
}

fn maintainers(decoder: &mut Decoder, value: &Value) -> Vec<Option<Maintainer>> {
    let mut all = Vec::new();
    let wanted = GoType("[]*v2.Maintainer");
    decoder.list(value, "Metadata", wanted, |decoder, value| {
        let mut one = Maintainer::default();
        let wanted = GoType("v2.Maintainer");
        let owner = if value.is_object() {
            "Maintainer"
        } else {
            "Metadata"
        };
        decoder.object(value, owner, wanted, MAINTAINER, |decoder, name, value| {
            let text = match name {
                "name" => &mut one.name,
                "email" => &mut one.email,
                _ => &mut one.url,
            };
            decoder.text(value, "Maintainer", text);
        });
        all.push((!value.is_null()).then_some(one));
    });
    all
}

fn dependencies(
    decoder: &mut Decoder,
    value: &Value,
    owner: &'static str,
) -> Vec<Option<Dependency>> {
    let mut all = Vec::new();
    let wanted = GoType("[]*v2.Dependency");
    decoder.list(value, owner, wanted, |decoder, value| {
        let mut one = Dependency::default();
        let wanted = GoType("v2.Dependency");
        let holder = if value.is_object() {
            "Dependency"
        } else {
            owner
        };
        decoder.object(value, holder, wanted, DEPENDENCY, |decoder, name, value| {
            dependency_field(decoder, name, value, &mut one);
        });
        all.push((!value.is_null()).then_some(one));
    });
    all
}

fn dependency_field(decoder: &mut Decoder, name: &str, value: &Value, into: &mut Dependency) {
    const OWNER: &str = "Dependency";
    let text = match name {
        "name" => &mut into.name,
        "version" => &mut into.version,
        "repository" => &mut into.repository,
        "condition" => &mut into.condition,
        "alias" => &mut into.alias,
        "tags" => return decoder.texts(value, OWNER, &mut into.tags),
        "enabled" => return decoder.boolean(value, OWNER, &mut into.enabled),
        _ => {
            let mut items = Vec::new();
            let wanted = GoType("[]interface {}");
            decoder.list(value, OWNER, wanted, |_, item| items.push(item.clone()));
            into.import_values = items;
            return;
        }
    };
    decoder.text(value, OWNER, text);
}

/// Reads Chart.lock or requirements.lock.
pub(crate) fn lock(text: &[u8]) -> Result<Option<Lock>, String> {
    let (mut decoder, value) = Decoder::new(text)?;
    if value.is_null() {
        return Ok(None);
    }
    let mut lock = Lock::default();
    let mut time = String::new();
    decoder.object(
        &value,
        "Lock",
        GoType("v2.Lock"),
        LOCK,
        |decoder, name, value| match name {
            "generated" => decoder.text(value, "Lock", &mut time),
            "digest" => decoder.text(value, "Lock", &mut lock.digest),
            _ => {
                let all = dependencies(decoder, value, "Lock");
                lock.dependencies = all.into_iter().flatten().collect();
            }
        },
    );
    decoder.finish()?;
    if !time.is_empty() {
        if time.parse::<Timestamp>().is_err() {
            return Err(format!(
                "error unmarshaling JSON: while decoding JSON: parsing time {time:?} as \"2006-01-02T15:04:05Z07:00\": \
                 cannot parse {time:?} as \"2006\""
            ));
        }
        lock.generated = time;
    }
    Ok(Some(lock))
}
