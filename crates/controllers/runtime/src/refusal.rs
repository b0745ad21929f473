//! How a dry run that the API server refused is told.

use skein_cluster::ApiError;
use skein_object::Object;
use skein_plan::apply::Refusal;

/// The object, the reason of the API server and its words, as Flux puts them.
pub fn dry_run_refused(object: &Object, error: &ApiError) -> String {
    let refusal = Refusal {
        code: error.code(),
        reason: error.reason(),
        message: &error.to_string(),
        field_conflict: error.is_field_conflict(),
    };
    refusal.dry_run_message(object)
}
