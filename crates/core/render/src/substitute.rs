//! Post-build substitution of variables in single objects.

use std::collections::BTreeMap;

use serde_json::Value;
use skein_object::Object;

use crate::envsubst;
use crate::error::SubstituteError;

/// Label or annotation that switches substitution off for an object.
const SUBSTITUTE: &str = "kustomize.toolkit.fluxcd.io/substitute";

/// Variables with their values, line feeds removed.
pub type Variables = BTreeMap<String, String>;

/// The value of a variable as it is substituted: without line feeds.
pub fn clean_variable(value: &str) -> String {
    value.replace('\n', "")
}

/// Substitutes variables in the object's YAML text; `None` when the object opts out or there is nothing to do.
pub(crate) fn substitute(
    object: &Object,
    variables: &Variables,
    always: bool,
    strict: bool,
) -> Result<Option<Value>, SubstituteError> {
    let disabled = |found: Option<&str>| found == Some("disabled");
    let opted_out = disabled(object.label(SUBSTITUTE)) || disabled(object.annotation(SUBSTITUTE));
    if opted_out || (variables.is_empty() && !always) {
        return Ok(None);
    }
    if let Some(name) = variables.keys().find(|name| !is_name(name)) {
        return Err(SubstituteError::Name(name.clone()));
    }
    let text = skein_yaml::to_string(&object.to_value());
    if !envsubst::needs_substitution(&text) {
        // The round trip through text is not without effect in theory, but our writer's output reads back as it was.
        return Ok(None);
    }
    let lookup = |name: &str| {
        variables
            .get(name)
            .map(String::as_str)
            .or((!strict).then_some(""))
    };
    let bytes = envsubst::substitute(&text, &lookup)?;
    if std::str::from_utf8(&bytes).is_err() {
        return Err(SubstituteError::Utf8);
    }
    skein_yaml::from_slice(&bytes)
        .map(Some)
        .map_err(SubstituteError::Yaml)
}

/// `^[_[:alpha:]][_[:alpha:][:digit:]]*$`, ASCII.
fn is_name(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty()
        && name.chars().all(|c| c == '_' || c.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn run(data: Value, variables: &[(&str, &str)], always: bool) -> Result<Option<Value>, String> {
        let object = Object::from_value(
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}, "data": data}),
        );
        let variables = variables
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect();
        let found =
            substitute(&object.unwrap(), &variables, always, true).map_err(|e| e.to_string())?;
        Ok(found.map(|mut value| value["data"].take()))
    }

    #[test]
    fn values_may_change_their_type() {
        let found = run(
            json!({"a": "${n}", "b": "x${n}", "c": "${s}"}),
            &[("n", "3"), ("s", "a: b")],
            false,
        );
        assert!(found.is_err(), "a map where text was: {found:?}");
        let found = run(json!({"a": "${n}", "b": "x${n}"}), &[("n", "3")], false);
        assert_eq!(found, Ok(Some(json!({"a": 3, "b": "x3"}))));
    }

    #[test]
    fn nothing_to_do() {
        assert_eq!(run(json!({"a": "${n}"}), &[], false), Ok(None));
        assert_eq!(run(json!({"a": "$n"}), &[("n", "3")], false), Ok(None));
        assert_eq!(
            run(json!({"a": "${n:-4}"}), &[], true),
            Ok(Some(json!({"a": 4})))
        );
    }

    #[test]
    fn errors() {
        assert_eq!(
            run(json!({"a": "${n}"}), &[("x", "")], false),
            Err("envsubst error: variable substitution failed: variable not set (strict mode): \"n\"".into())
        );
        assert_eq!(
            run(json!({}), &[("not-a-name", "")], false),
            Err("envsubst error: 'not-a-name' var name is invalid, must match '^[_[:alpha:]][_[:alpha:][:digit:]]*$'".into())
        );
    }
}
