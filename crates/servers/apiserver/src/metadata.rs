//! Object metadata: what is checked, and what the server fills in.

use serde_json::Value;
use skein_object::Object;
use skein_validation::metadata as rules;

use crate::admit;
use crate::failure::Cause;
use crate::resource::Resource;

/// Longest generated name, in bytes.
const MAX_GENERATED_BYTES: usize = 63;
/// How many random characters are added to `generateName`.
const SUFFIX_CHARACTERS: usize = 5;
/// The characters of generated names: no vowels and no look-alikes.
const SUFFIX_ALPHABET: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

/// Checks the metadata of an object that is about to be stored.
pub(crate) fn check(resource: &Resource, object: &Object) -> Vec<Cause> {
    let rule = rules::name_rule(&resource.group, &resource.kind);
    let mut errors = rules::check(object, rule);
    if resource.custom.is_none() {
        errors.extend(rules::check_builtin_finalizers(object));
    }
    errors.iter().map(admit::cause).collect()
}

/// Checks the metadata of an object that replaces an older state of itself.
pub(crate) fn check_change(resource: &Resource, object: &Object) -> Vec<Cause> {
    let rule = rules::name_rule(&resource.group, &resource.kind);
    rules::check_change(object, rule, resource.custom.is_none())
        .iter()
        .map(admit::cause)
        .collect()
}

/// A name made of a prefix and random characters.
pub(crate) fn generate_name(prefix: &str) -> String {
    let longest = MAX_GENERATED_BYTES - SUFFIX_CHARACTERS;
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

/// What a new object cannot have yet; its generation stays unless its kind counts generations.
const NOT_OF_NEW: &[&str] = &[
    "uid",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "selfLink",
];

/// Drops fields of metadata that the server sets at creation from what the client sent.
pub(crate) fn drop_system_fields(object: &mut Object) {
    for field in NOT_OF_NEW {
        object.remove(&["metadata", field]);
    }
}

/// Keeps one of owner references that are all the same; the warning, if there were some.
pub(crate) fn dedupe_owners(object: &mut Object) -> Option<String> {
    let path = ["metadata", "ownerReferences"];
    let owners = object.at(&path).and_then(Value::as_array)?;
    let (mut kept, mut twice) = (Vec::new(), Vec::new());
    for owner in owners {
        if kept.contains(owner) {
            let uid = owner.get("uid").and_then(Value::as_str);
            twice.push(uid.unwrap_or_default().to_owned());
        } else {
            kept.push(owner.clone());
        }
    }
    if twice.is_empty() {
        return None;
    }
    object.set(&path, Value::Array(kept));
    Some(format!(
        ".metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: {}",
        twice.join(", ")
    ))
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
    use super::generate_name;

    #[test]
    fn generated_names_keep_the_prefix_within_the_limit() {
        let name = generate_name("web-");
        assert!(name.starts_with("web-") && name.len() == 9, "{name}");
        assert_eq!(generate_name(&"x".repeat(100)).len(), 63);
    }
}
