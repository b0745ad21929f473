//! ConfigMaps, Secrets.

use serde_json::Value;
use skein_object::Object;
use skein_schema::FieldError;
use skein_schema::field_error::FieldPath;

use crate::names::config_key_problems;
use crate::spot::{Errors, Spot};

/// Most bytes of the data of a ConfigMap or Secret.
const MAX_DATA_BYTES: u64 = 1_024 * 1_024;

/// Keys that Secrets of a type must have.
const SECRET_KEYS: &[(&str, &[&str])] = &[
    ("kubernetes.io/tls", &["tls.crt", "tls.key"]),
    ("kubernetes.io/dockerconfigjson", &[".dockerconfigjson"]),
    ("kubernetes.io/dockercfg", &[".dockercfg"]),
];

fn check_keys(errors: &mut Errors, data: &Spot<'_>) {
    for (key, spot) in data.members() {
        let problems = config_key_problems(key);
        errors.add_all(problems.into_iter().map(|text| spot.invalid_as(key, text)));
    }
}

fn text_bytes(data: &Spot<'_>) -> u64 {
    let sizes = data.members().into_iter();
    sizes.map(|(_, value)| value.text().len() as u64).sum()
}

/// Size of base64 when it is decoded.
fn decoded_bytes(data: &Spot<'_>) -> u64 {
    let size = |text: &str| {
        let filling = text.bytes().rev().take_while(|byte| *byte == b'=').count();
        (text.len() / 4 * 3).saturating_sub(filling) as u64
    };
    let sizes = data.members().into_iter();
    sizes.map(|(_, value)| size(value.text())).sum()
}

pub(crate) fn check_config_map(errors: &mut Errors, object: &Object) {
    let (data, binary) = (Spot::of(object, "data"), Spot::of(object, "binaryData"));
    check_keys(errors, &data);
    for (key, spot) in data.members() {
        if binary.value.get(key).is_some() {
            errors.add(spot.invalid_as(key, "duplicate of key present in binaryData"));
        }
    }
    check_keys(errors, &binary);
    if text_bytes(&data) + decoded_bytes(&binary) > MAX_DATA_BYTES {
        // The API server names no field here.
        errors.add(FieldError::too_long(FieldPath::root(), MAX_DATA_BYTES));
    }
}

pub(crate) fn check_secret(errors: &mut Errors, object: &Object) {
    let data = Spot::of(object, "data");
    check_keys(errors, &data);
    if decoded_bytes(&data) > MAX_DATA_BYTES {
        errors.add(FieldError::too_long(data.path.clone(), MAX_DATA_BYTES));
    }
    let at = |key: &str| Spot::new(data.value.get(key), data.path.key(key));
    let kind = object.str_at(&["type"]).unwrap_or_default();
    let wanted = SECRET_KEYS.iter().find(|(name, _)| *name == kind);
    for key in wanted.into_iter().flat_map(|(_, keys)| *keys) {
        let spot = at(key);
        errors.add_if(!spot.is_set(), || spot.required(""));
    }
    match kind {
        "kubernetes.io/ssh-auth" => errors.filled(&at("ssh-privatekey")),
        "kubernetes.io/basic-auth" => {
            let (user, password) = (at("username"), at("password"));
            if !user.is_set() && !password.is_set() {
                errors.add(user.required(""));
                errors.add(password.required(""));
            }
        }
        "kubernetes.io/dockerconfigjson" => check_json(errors, &at(".dockerconfigjson")),
        "kubernetes.io/dockercfg" => check_json(errors, &at(".dockercfg")),
        "kubernetes.io/service-account-token" => {
            let key = "kubernetes.io/service-account.name";
            if object.annotation(key).is_none_or(str::is_empty) {
                let path = FieldPath::new("metadata.annotations").key(key);
                errors.add(FieldError::required(path, ""));
            }
        }
        _ => {}
    }
}

/// The decoded text must be a JSON object.
fn check_json(errors: &mut Errors, spot: &Spot<'_>) {
    let Some(bytes) = spot.value.as_str().and_then(decode) else {
        return;
    };
    let problem = match serde_json::from_slice::<Value>(&bytes) {
        Ok(Value::Object(_) | Value::Null) => return,
        Ok(other) => {
            let name = match other {
                Value::Array(_) => "array",
                Value::String(_) => "string",
                Value::Bool(_) => "bool",
                _ => "number",
            };
            format!("json: cannot unmarshal {name} into Go value of type map[string]interface {{}}")
        }
        Err(error) => go_syntax_error(&bytes, &error),
    };
    errors.add(spot.invalid_as("<secret contents redacted>", problem));
}

/// Where Go's decoder stops, as far as it can be told.
fn go_syntax_error(bytes: &[u8], error: &serde_json::Error) -> String {
    if error.is_eof() {
        return "unexpected end of JSON input".to_owned();
    }
    let at = bytes
        .split(|byte| *byte == b'\n')
        .take(error.line() - 1)
        .map(|line| line.len() + 1)
        .sum::<usize>()
        + error.column().saturating_sub(1);
    let found = bytes.get(at).copied().map_or(' ', char::from);
    format!("invalid character '{found}' looking for beginning of value")
}

/// Base64 in the standard alphabet; anything else was refused before.
fn decode(text: &str) -> Option<Vec<u8>> {
    let value = |byte: u8| match byte {
        b'A'..=b'Z' => Some(u32::from(byte - b'A')),
        b'a'..=b'z' => Some(u32::from(byte - b'a') + 26),
        b'0'..=b'9' => Some(u32::from(byte - b'0') + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count) = (0_u32, 0_u32);
    for byte in text.trim_end_matches('=').bytes() {
        bits = (bits << 6) | value(byte)?;
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push(u8::try_from((bits >> count) & 0xff).ok()?);
        }
    }
    Some(out)
}
