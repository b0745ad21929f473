//! LimitRanges of a namespace at work: defaults of new pods, refusals of pods and claims that are out of bounds.

use std::sync::Arc;

use skein_object::Object;
use skein_store::{ResourceId, Stored};
use skein_validation::limit_ranges;

use crate::api::Api;
use crate::failure::{Failure, Outcome};
use crate::resource::Resource;

fn ranges(api: &Api, object: &Object) -> Vec<Arc<Stored>> {
    let id = ResourceId::new("", "limitranges");
    api.store.list(&id, Some(object.namespace())).items
}

/// Completes a new pod by the ranges of its namespace.
pub(crate) fn complete(api: &Api, resource: &Resource, object: &mut Object) {
    if resource.is("", "pods") {
        for range in ranges(api, object) {
            limit_ranges::complete_pod(&range.object, object);
        }
    }
}

/// Refuses a pod or claim that a range of its namespace does not let in.
pub(crate) fn check(api: &Api, resource: &Resource, object: &Object) -> Outcome<()> {
    if !resource.is("", "pods") && !resource.is("", "persistentvolumeclaims") {
        return Ok(());
    }
    for range in ranges(api, object) {
        if let Some(why) = limit_ranges::refusal(&range.object, object) {
            return Err(Failure::forbidden(resource, object.name(), &why));
        }
    }
    Ok(())
}
