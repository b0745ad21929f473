//! Times of built-in kinds.

use serde_json::Value;
use skein_gowords::{TimeLayout, time_error};

/// What is wrong with a value where a time must be.
pub(super) fn problem(value: &Value, layout: TimeLayout) -> Option<String> {
    let Value::String(text) = value else {
        let found = super::found_type(value);
        return Some(format!(
            "json: cannot unmarshal {found} into Go value of type string"
        ));
    };
    time_error(text, layout)
}
