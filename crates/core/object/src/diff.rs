//! Structural difference of two JSON values: which paths were added, removed or changed.

use serde_json::Value;

use crate::pointer::escape;

/// One difference, at a JSON pointer.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// JSON pointer of the value.
    pub path: String,
    /// Value before; `None` when it was added.
    pub before: Option<Value>,
    /// Value after; `None` when it was removed.
    pub after: Option<Value>,
}

/// All differences from `before` to `after`, in path order; lists are compared by position.
pub fn changes(before: &Value, after: &Value) -> Vec<Change> {
    let mut found = Vec::new();
    walk(&mut String::new(), Some(before), Some(after), &mut found);
    found
}

fn walk(path: &mut String, before: Option<&Value>, after: Option<&Value>, found: &mut Vec<Change>) {
    match (before, after) {
        (Some(Value::Object(old)), Some(Value::Object(new))) => {
            let mut keys: Vec<&String> = old.keys().chain(new.keys()).collect();
            keys.sort_unstable();
            keys.dedup();
            for key in keys {
                descend(path, &escape(key), old.get(key), new.get(key), found);
            }
        }
        (Some(Value::Array(old)), Some(Value::Array(new))) => {
            for index in 0..old.len().max(new.len()) {
                descend(
                    path,
                    &index.to_string(),
                    old.get(index),
                    new.get(index),
                    found,
                );
            }
        }
        (before, after) if before == after => {}
        (before, after) => found.push(Change {
            path: path.clone(),
            before: before.cloned(),
            after: after.cloned(),
        }),
    }
}

fn descend(
    path: &mut String,
    token: &str,
    before: Option<&Value>,
    after: Option<&Value>,
    found: &mut Vec<Change>,
) {
    let length = path.len();
    path.push('/');
    path.push_str(token);
    walk(path, before, after, found);
    path.truncate(length);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_every_path() {
        let before = json!({"a": 1, "b": {"c/d": [1, 2]}, "e": "x"});
        let after = json!({"a": 1, "b": {"c/d": [1, 3, 4]}, "f": null});
        let paths: Vec<_> = changes(&before, &after)
            .into_iter()
            .map(|c| c.path)
            .collect();
        assert_eq!(paths, ["/b/c~1d/1", "/b/c~1d/2", "/e", "/f"]);
        assert!(changes(&before, &before).is_empty());
    }
}
