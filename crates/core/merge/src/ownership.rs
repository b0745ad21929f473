//! Server-side apply: who owns which fields, apply with conflicts, and tracking of plain updates.

use serde_json::Value;
use skein_object::Object;
use skein_schema::SchemaRef;

pub mod apply;
pub mod conflict;
pub mod last_applied;
pub mod managers;
pub mod prune;
pub mod timestamps;
pub mod update;
pub mod versions;
pub mod zero;

pub use apply::{Applied, ApplyError};
pub use conflict::{Conflict, conflict_causes, conflict_message};
pub use managers::{Managers, ManagersError};
pub use timestamps::keep_times_when_unchanged;
pub use versions::{OneVersion, VersionError, Versions};

use crate::field_set::FieldSet;
use crate::typed::Type;

/// Manager that owns what was there before the first apply of an object without managedFields.
pub const BEFORE_FIRST_APPLY: &str = "before-first-apply";
/// Manager into which the oldest updates go when there are too many.
pub const ANCIENT_CHANGES: &str = "ancient-changes";
/// Most entries of operation Update in one object.
pub const MAX_UPDATE_MANAGERS: usize = 10;

/// One request's view of ownership: the kind's schema, the version and sub-resource used, and the time.
#[derive(Clone, Debug)]
pub struct Ownership<'a> {
    /// Schema of the whole object; `None` deduces types from values.
    pub schema: Option<&'a SchemaRef>,
    /// `v1`, `apps/v1`: the version of the request.
    pub api_version: &'a str,
    /// `status`, `scale`, or empty.
    pub subresource: &'a str,
    /// Fields that this endpoint resets, so nobody can own them through it: `status` at the main endpoint of kinds
    /// with a status sub-resource, `spec` and `metadata` at the status endpoint.
    pub reset_fields: FieldSet,
    /// Time of the request, RFC 3339 in UTC with whole seconds: `2026-01-02T03:04:05Z`.
    pub now: &'a str,
    /// The other versions of the kind.
    pub versions: &'a dyn Versions,
    /// The kind is built in: an object that does not exist yet has Go's zero values, and not just no fields.
    pub builtin: bool,
}

impl<'a> Ownership<'a> {
    pub(crate) fn value_type(&self) -> Type<'a> {
        Type::of(self.schema)
    }

    /// What an object of the kind looks like before it exists.
    pub(crate) fn empty_object(&self, like: &Object) -> Value {
        match (self.builtin, self.schema) {
            (true, Some(schema)) => zero::zero_object(schema, like.api_version(), like.kind()),
            _ => serde_json::json!({ "apiVersion": like.api_version(), "kind": like.kind() }),
        }
    }
}
