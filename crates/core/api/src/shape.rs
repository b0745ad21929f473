//! Schema fragments that the field types alone do not say: durations, Go integers, free-form values.

use schemars::{Schema, SchemaGenerator, json_schema};

/// Durations as Flux accepts them at admission: `1h30m`, `1.5s`; no sign, no days, no microseconds.
pub const DURATION_PATTERN: &str = r"^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$";

/// The same without hours: the timeouts of sources and providers.
pub const SHORT_DURATION_PATTERN: &str = r"^([0-9]+(\.[0-9]+)?(ms|s|m))+$";

/// A duration; see [`DURATION_PATTERN`].
pub(crate) fn duration(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "string", "pattern": DURATION_PATTERN})
}

/// A duration without hours; see [`SHORT_DURATION_PATTERN`].
pub(crate) fn short_duration(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "string", "pattern": SHORT_DURATION_PATTERN})
}

/// A plain string, for durations that only the controllers write.
pub(crate) fn text(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "string"})
}

/// An integer without a declared width.
pub(crate) fn integer(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "integer"})
}

/// Any JSON value, kept as it is.
pub(crate) fn any(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"x-kubernetes-preserve-unknown-fields": true})
}

/// Whether a field has the value that it has when it is left out, and is left out again when written.
pub(crate) fn is_unset<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
