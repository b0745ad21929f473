//! Tables of defaults: where, which field, which value.

use serde_json::{Map, Value};

use super::default_to;

/// Path of the map that holds the field (`spec.ports[]`), name of the field, value as JSON. A star before the name marks a
/// pointer: an empty text is set then.
pub(crate) type Line = (&'static str, &'static str, &'static str);

/// Fills in every line of a table.
pub(crate) fn fill(root: &mut Map<String, Value>, lines: &[Line]) {
    for (path, field, value) in lines {
        let steps: Vec<&str> = path.split('.').filter(|step| !step.is_empty()).collect();
        visit(root, &steps, &mut |map| {
            // Lines are constants of this crate; one that is no JSON fills in nothing and fails its test.
            let Ok(value) = serde_json::from_str(value) else {
                return;
            };
            match field.strip_prefix('*') {
                Some(name) if map.get(name).is_some_and(|value| !value.is_null()) => {}
                name => default_to(map, name.unwrap_or(field), value),
            }
        });
    }
}

/// Calls a function with every map at a path.
pub(crate) fn visit(
    map: &mut Map<String, Value>,
    steps: &[&str],
    act: &mut dyn FnMut(&mut Map<String, Value>),
) {
    let Some((step, rest)) = steps.split_first() else {
        act(map);
        return;
    };
    let (name, crosses_list) = match step.strip_suffix("[]") {
        Some(name) => (name, true),
        None => (*step, false),
    };
    match map.get_mut(name) {
        Some(Value::Object(below)) if !crosses_list => visit(below, rest, act),
        Some(Value::Array(list)) if crosses_list => {
            for value in list {
                if let Value::Object(below) = value {
                    visit(below, rest, act);
                }
            }
        }
        _ => {}
    }
}
