//! Rules of object metadata: names, labels, annotations, finalizers, and what the server fills in.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Map, Value};
use skein_object::Object;

use crate::failure::Cause;
use crate::resource::Resource;

/// Longest DNS-1123 sub-domain and generated name, in bytes.
const MAX_SUBDOMAIN_BYTES: usize = 253;
/// Longest DNS label and label value, in bytes.
const MAX_LABEL_BYTES: usize = 63;
/// Most bytes of all annotations of an object, keys included.
const MAX_ANNOTATIONS_BYTES: usize = 256 * 1_024;
/// How many random characters are added to `generateName`.
const SUFFIX_CHARACTERS: usize = 5;
/// The characters of generated names: no vowels and no look-alikes.
const SUFFIX_ALPHABET: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

const LABEL_PATTERN: &str = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const SUBDOMAIN_PATTERN: &str = "[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";
const QUALIFIED_PATTERN: &str = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const VALUE_PATTERN: &str = "(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?";

const SUBDOMAIN_TEXT: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
const LABEL_TEXT: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
const QUALIFIED_TEXT: &str = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
const VALUE_TEXT: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";

fn anchored(pattern: &str) -> Regex {
    Regex::new(&format!("^(?:{pattern})$")).expect("the pattern is a constant")
}

static SUBDOMAIN: LazyLock<Regex> = LazyLock::new(|| anchored(SUBDOMAIN_PATTERN));
static LABEL: LazyLock<Regex> = LazyLock::new(|| anchored(LABEL_PATTERN));
static QUALIFIED: LazyLock<Regex> = LazyLock::new(|| anchored(QUALIFIED_PATTERN));
static LABEL_VALUE: LazyLock<Regex> = LazyLock::new(|| anchored(VALUE_PATTERN));

/// How a kind's names look.
#[derive(Clone, Copy, PartialEq, Eq)]
enum NameRule {
    Subdomain,
    Label,
    Service,
    PathSegment,
}

fn name_rule(resource: &Resource) -> NameRule {
    match (resource.group.as_str(), resource.plural.as_str()) {
        ("", "namespaces") => NameRule::Label,
        ("", "services") => NameRule::Service,
        ("rbac.authorization.k8s.io" | "certificates.k8s.io", _)
        | ("flowcontrol.apiserver.k8s.io", _) => NameRule::PathSegment,
        _ => NameRule::Subdomain,
    }
}

/// Why a name is not allowed, in the words of the API.
pub(crate) fn name_problems(resource: &Resource, name: &str) -> Vec<String> {
    match name_rule(resource) {
        NameRule::Subdomain => subdomain_problems(name),
        NameRule::Label => label_problems(name),
        NameRule::Service if name.contains('.') => vec!["must not contain dots".to_owned()],
        NameRule::Service => label_problems(name),
        NameRule::PathSegment => path_segment_problems(name),
    }
}

/// Problems of a DNS-1123 sub-domain.
pub(crate) fn subdomain_problems(name: &str) -> Vec<String> {
    let mut problems = too_long_name(name);
    if !SUBDOMAIN.is_match(name) {
        problems.push(regex_text(
            SUBDOMAIN_TEXT,
            SUBDOMAIN_PATTERN,
            &["example.com"],
        ));
    }
    problems
}

/// Problems of a DNS-1123 label.
pub(crate) fn label_problems(name: &str) -> Vec<String> {
    let mut problems = too_long(name, MAX_LABEL_BYTES);
    if !LABEL.is_match(name) {
        problems.push(regex_text(
            LABEL_TEXT,
            LABEL_PATTERN,
            &["my-name", "123-abc"],
        ));
    }
    problems
}

fn path_segment_problems(name: &str) -> Vec<String> {
    let mut problems = Vec::new();
    if name == "." || name == ".." {
        problems.push(format!("may not be '{name}'"));
    }
    for part in ["/", "%"] {
        if name.contains(part) {
            problems.push(format!("may not contain '{part}'"));
        }
    }
    problems
}

/// Sub-domains are counted in characters, although they are bytes: the words are the API's.
fn too_long_name(text: &str) -> Vec<String> {
    if text.len() > MAX_SUBDOMAIN_BYTES {
        vec![format!(
            "must be no more than {MAX_SUBDOMAIN_BYTES} characters"
        )]
    } else {
        Vec::new()
    }
}

fn too_long(text: &str, limit: usize) -> Vec<String> {
    if text.len() > limit {
        vec![format!("must be no more than {limit} bytes")]
    } else {
        Vec::new()
    }
}

fn regex_text(text: &str, pattern: &str, examples: &[&str]) -> String {
    let quoted: Vec<String> = examples
        .iter()
        .map(|example| format!("'{example}'"))
        .collect();
    // The API's own words put two spaces there.
    let examples = quoted.join(",  or ");
    format!("{text} (e.g. {examples}, regex used for validation is '{pattern}')")
}

/// Problems of a qualified name: a label or annotation key.
pub(crate) fn qualified_name_problems(key: &str) -> Vec<String> {
    let mut problems = Vec::new();
    let parts: Vec<&str> = key.split('/').collect();
    let name = match parts.as_slice() {
        [name] => *name,
        [prefix, name] => {
            if prefix.is_empty() {
                problems.push("prefix part must be non-empty".to_owned());
            } else {
                let texts = subdomain_problems(prefix);
                problems.extend(texts.into_iter().map(|text| format!("prefix part {text}")));
            }
            *name
        }
        _ => {
            let text = regex_text(
                "a valid label key must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
                QUALIFIED_PATTERN,
                &["MyName", "my.name", "123-abc"],
            );
            return vec![format!(
                "{text} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
            )];
        }
    };
    if name.is_empty() {
        problems.push("name part must be non-empty".to_owned());
    } else if name.len() > MAX_LABEL_BYTES {
        problems.push(format!(
            "name part must be no more than {MAX_LABEL_BYTES} bytes"
        ));
    }
    if !QUALIFIED.is_match(name) {
        problems.push(regex_text(
            QUALIFIED_TEXT,
            QUALIFIED_PATTERN,
            &["MyName", "my.name", "123-abc"],
        ));
    }
    problems
}

fn invalid(field: &str, value: &str, text: &str) -> Cause {
    Cause::new(
        "FieldValueInvalid",
        field,
        format!("Invalid value: {value:?}: {text}"),
    )
}

/// Checks labels (of the object, or of a template below `field`).
pub(crate) fn check_labels(labels: Option<&Map<String, Value>>, field: &str) -> Vec<Cause> {
    let mut causes = Vec::new();
    for (key, value) in labels.into_iter().flatten() {
        causes.extend(
            qualified_name_problems(key)
                .iter()
                .map(|text| invalid(field, key, text)),
        );
        let value = value.as_str().unwrap_or_default();
        if value.len() > MAX_LABEL_BYTES {
            causes.push(invalid(
                field,
                value,
                &format!("must be no more than {MAX_LABEL_BYTES} bytes"),
            ));
        }
        if !LABEL_VALUE.is_match(value) {
            let text = regex_text(VALUE_TEXT, VALUE_PATTERN, &["MyValue", "my_value", "12345"]);
            causes.push(invalid(field, value, &text));
        }
    }
    causes
}

/// Checks the metadata of an object that is about to be stored.
pub(crate) fn check(resource: &Resource, object: &Object) -> Vec<Cause> {
    let mut causes = Vec::new();
    let generate = object
        .str_at(&["metadata", "generateName"])
        .unwrap_or_default();
    let name = object.name();
    if name.is_empty() {
        let text = "Required value: name or generateName is required";
        causes.push(Cause::new("FieldValueRequired", "metadata.name", text));
    } else {
        let problems = name_problems(resource, name);
        causes.extend(
            problems
                .iter()
                .map(|text| invalid("metadata.name", name, text)),
        );
    }
    if !generate.is_empty() {
        // A trailing dash is fine: characters follow it.
        let problems = name_problems(resource, &format!("{generate}a"));
        causes.extend(
            problems
                .iter()
                .map(|text| invalid("metadata.generateName", generate, text)),
        );
    }
    causes.extend(check_labels(object.labels(), "metadata.labels"));
    causes.extend(check_annotations(object));
    causes.extend(check_owners(object));
    for (index, finalizer) in object.finalizers().into_iter().enumerate() {
        let known = matches!(finalizer, "orphan" | "foregroundDeletion" | "kubernetes");
        let problems = qualified_name_problems(finalizer);
        causes.extend(
            problems
                .iter()
                .map(|text| invalid("metadata.finalizers", finalizer, text)),
        );
        if problems.is_empty() && resource.custom.is_none() && !known && !finalizer.contains('/') {
            let text = "name is neither a standard finalizer name nor is it fully qualified";
            causes.push(invalid(
                &format!("metadata.finalizers[{index}]"),
                finalizer,
                text,
            ));
        }
    }
    causes
}

fn check_annotations(object: &Object) -> Vec<Cause> {
    let mut causes = Vec::new();
    let mut size = 0;
    for (key, value) in object.annotations().into_iter().flatten() {
        let problems = qualified_name_problems(&key.to_lowercase());
        causes.extend(
            problems
                .iter()
                .map(|text| invalid("metadata.annotations", key, text)),
        );
        size += key.len() + value.as_str().map_or(0, str::len);
    }
    if size > MAX_ANNOTATIONS_BYTES {
        let text = format!("Too long: may not be more than {MAX_ANNOTATIONS_BYTES} bytes");
        causes.push(Cause::new(
            "FieldValueTooLong",
            "metadata.annotations",
            text,
        ));
    }
    causes
}

fn check_owners(object: &Object) -> Vec<Cause> {
    let mut causes = Vec::new();
    let mut controllers = 0;
    let owners = object
        .at(&["metadata", "ownerReferences"])
        .and_then(Value::as_array);
    for owner in owners.into_iter().flatten() {
        let text = |key: &str| owner.get(key).and_then(Value::as_str).unwrap_or_default();
        for (key, required) in [
            ("apiVersion", "version must not be empty"),
            ("kind", "must not be empty"),
            ("name", "must not be empty"),
            ("uid", "must not be empty"),
        ] {
            if text(key).is_empty() {
                let field = format!("metadata.ownerReferences.{key}");
                causes.push(invalid(&field, "", required));
            }
        }
        controllers += usize::from(owner.get("controller").and_then(Value::as_bool) == Some(true));
    }
    if controllers > 1 {
        let text = "Only one reference can have Controller set to true.";
        causes.push(Cause::new(
            "FieldValueInvalid",
            "metadata.ownerReferences",
            format!("Invalid value: {text}"),
        ));
    }
    causes
}

/// A name made of a prefix and random characters.
pub(crate) fn generate_name(prefix: &str) -> String {
    let longest = MAX_LABEL_BYTES - SUFFIX_CHARACTERS;
    let mut name: String = prefix.chars().take(longest).collect();
    for _ in 0..SUFFIX_CHARACTERS {
        name.push(char::from(
            SUFFIX_ALPHABET[rand::random_range(0..SUFFIX_ALPHABET.len())],
        ));
    }
    name
}

/// Fields of metadata that only the server sets: taken from the old object on updates.
const SYSTEM_FIELDS: &[&str] = &[
    "uid",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "generation",
    "selfLink",
];

/// Takes what only the server sets from the old object.
pub(crate) fn keep_system_fields(old: &Object, new: &mut Object) {
    for field in SYSTEM_FIELDS {
        match old.at(&["metadata", field]) {
            Some(value) => new.set(&["metadata", field], value.clone()),
            None => {
                new.remove(&["metadata", field]);
            }
        }
    }
    if new.str_at(&["metadata", "generateName"]).is_none()
        && let Some(generate) = old.at(&["metadata", "generateName"])
    {
        new.set(&["metadata", "generateName"], generate.clone());
    }
}

/// Fields of metadata that the server sets at creation, dropped from what the client sent.
pub(crate) fn drop_system_fields(object: &mut Object) {
    for field in SYSTEM_FIELDS.iter().chain(&["resourceVersion"]) {
        object.remove(&["metadata", field]);
    }
}

/// Drops empty maps and lists of metadata and null values, which Go's types do not keep.
pub(crate) fn tidy(object: &mut Object) {
    let Some(metadata) = object
        .as_map_mut()
        .get_mut("metadata")
        .and_then(Value::as_object_mut)
    else {
        return;
    };
    metadata.retain(|_, value| match value {
        Value::Null => false,
        Value::Object(map) => !map.is_empty(),
        Value::Array(list) => !list.is_empty(),
        Value::String(text) => !text.is_empty(),
        _ => true,
    });
}

#[cfg(test)]
mod tests {
    use super::{generate_name, qualified_name_problems, subdomain_problems};

    #[test]
    fn names_are_judged_in_the_words_of_the_api() {
        assert!(subdomain_problems("a.b-c.d0").is_empty());
        let problems = subdomain_problems("A_b");
        assert_eq!(
            problems,
            [
                "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
            ]
        );
        assert_eq!(
            subdomain_problems(&"a".repeat(254)),
            ["must be no more than 253 characters"]
        );
        assert!(qualified_name_problems("example.com/My_Name").is_empty());
        assert_eq!(
            qualified_name_problems("/x"),
            ["prefix part must be non-empty"]
        );
        assert_eq!(qualified_name_problems("a/b/c").len(), 1);
    }

    #[test]
    fn generated_names_keep_the_prefix_within_the_limit() {
        let name = generate_name("web-");
        assert!(name.starts_with("web-") && name.len() == 9, "{name}");
        assert_eq!(generate_name(&"x".repeat(100)).len(), 63);
    }
}
