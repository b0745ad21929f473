//! One merge library: JSON patch, merge patch, strategic merge, three-way and server-side-apply ownership.
//!
//! - [`json_patch`], [`merge_patch`]: RFC 6902 and RFC 7386 with the API server's messages.
//! - [`strategic`]: strategic merge patch, applied and created, with merge keys from the schema.
//! - [`ownership`]: server-side apply: managedFields, conflicts, apply and update.
//! - [`field_set`], [`typed`]: the sets of fields and the typed walks below it.

pub mod field_set;
pub mod json_patch;
pub mod merge_patch;
pub mod ownership;
pub mod path_element;
pub mod strategic;
pub mod typed;

pub use field_set::FieldSet;
pub use ownership::{Applied, ApplyError, Conflict, Ownership};
pub use path_element::PathElement;
