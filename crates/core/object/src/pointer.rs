//! JSON pointers (RFC 6901): split, join, read and remove.

use serde_json::Value;
use thiserror::Error;

/// A text that is no JSON pointer.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("JSON pointer {0:?} must be empty or start with /")]
pub struct PointerError(String);

/// The unescaped tokens of a pointer.
pub fn tokens(pointer: &str) -> Result<Vec<String>, PointerError> {
    if pointer.is_empty() {
        return Ok(Vec::new());
    }
    let rest = pointer
        .strip_prefix('/')
        .ok_or_else(|| PointerError(pointer.to_owned()))?;
    Ok(rest
        .split('/')
        .map(|token| token.replace("~1", "/").replace("~0", "~"))
        .collect())
}

/// The pointer of unescaped tokens.
pub fn join<S: AsRef<str>>(tokens: &[S]) -> String {
    tokens.iter().fold(String::new(), |mut pointer, token| {
        pointer.push('/');
        pointer.push_str(&escape(token.as_ref()));
        pointer
    })
}

/// One token, escaped.
pub fn escape(token: &str) -> String {
    token.replace('~', "~0").replace('/', "~1")
}

/// Removes the value at the pointer; whether there was one. List items shift.
pub fn remove(value: &mut Value, pointer: &str) -> Result<bool, PointerError> {
    let tokens = tokens(pointer)?;
    let Some((last, parents)) = tokens.split_last() else {
        *value = Value::Null;
        return Ok(true);
    };
    let mut at = value;
    for token in parents {
        let next = match at {
            Value::Object(map) => map.get_mut(token),
            Value::Array(list) => token.parse::<usize>().ok().and_then(|i| list.get_mut(i)),
            _ => None,
        };
        match next {
            Some(next) => at = next,
            None => return Ok(false),
        }
    }
    Ok(match at {
        Value::Object(map) => map.remove(last).is_some(),
        Value::Array(list) => match last.parse::<usize>() {
            Ok(index) if index < list.len() => {
                list.remove(index);
                true
            }
            _ => false,
        },
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn splits_joins_and_removes() {
        assert_eq!(tokens("/a~1b/c~0d").unwrap(), ["a/b", "c~d"]);
        assert_eq!(join(&["a/b", "c~d"]), "/a~1b/c~0d");
        assert!(tokens("a").is_err());
        let mut value = json!({"a": [{"b": 1}, {"b": 2}]});
        assert!(remove(&mut value, "/a/0/b").unwrap());
        assert!(!remove(&mut value, "/a/7").unwrap());
        assert_eq!(value, json!({"a": [{}, {"b": 2}]}));
    }
}
