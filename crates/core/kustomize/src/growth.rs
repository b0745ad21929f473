//! How much the changes of a build may add to its objects, and how deep: input that is small can copy itself until memory ends.

use serde_json::Value;
use skein_yaml::{MAX_DEPTH_LEVELS, Node};

use crate::ops::OpError;

/// Most that patches, replacements, vars, labels and annotations may add to the objects of one build, in bytes of memory.
pub(crate) const MAX_GROWTH_BYTES: usize = 256 << 20;

/// What a build has added so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Growth {
    bytes: usize,
}

impl Growth {
    /// Counts bytes that are about to be added.
    pub(crate) fn add(&mut self, bytes: usize) -> Result<(), OpError> {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes <= MAX_GROWTH_BYTES {
            return Ok(());
        }
        let limit = MAX_GROWTH_BYTES >> 20;
        Err(OpError(format!(
            "patches, replacements, vars, labels and annotations add more than {limit} MiB to the objects of the build"
        )))
    }

    /// Counts a copy of a node that is about to be put below so many levels.
    pub(crate) fn add_node(&mut self, node: &Node, level: usize) -> Result<(), OpError> {
        refuse_deep(level)?;
        self.add(size_of::<Node>() + node.value.len())?;
        let mut children = node.content.iter();
        children.try_for_each(|child| self.add_node(child, level + 1))
    }

    /// The same of a JSON value.
    pub(crate) fn add_value(&mut self, value: &Value, level: usize) -> Result<(), OpError> {
        refuse_deep(level)?;
        self.add(size_of::<Value>())?;
        match value {
            Value::String(text) => self.add(text.len()),
            Value::Array(items) => items
                .iter()
                .try_for_each(|item| self.add_value(item, level + 1)),
            Value::Object(map) => map.iter().try_for_each(|(key, value)| {
                self.add(size_of::<String>() + key.len())?;
                self.add_value(value, level + 1)
            }),
            _ => Ok(()),
        }
    }

    /// Counts what was counted apart, so many times.
    pub(crate) fn add_times(&mut self, other: &Self, times: usize) -> Result<(), OpError> {
        self.add(other.bytes.saturating_mul(times))
    }
}

/// Refuses to make what lies deeper than any text that can be read.
pub(crate) fn refuse_deep(level: usize) -> Result<(), OpError> {
    if level <= MAX_DEPTH_LEVELS {
        return Ok(());
    }
    Err(OpError(format!(
        "the result would be nested deeper than {MAX_DEPTH_LEVELS} levels"
    )))
}
