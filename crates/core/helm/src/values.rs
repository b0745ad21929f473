//! Values: reading, merging, coalescing, and the parsers of `--set` and its kin.

use serde_json::{Map, Value};

/// A table of values. Whole numbers that Go holds as float64 (all that come from YAML or JSON) are JSON floats here; what Go holds as
/// int64 (from `--set`) are JSON integers. Null is Go's nil.
pub type Values = Map<String, Value>;
