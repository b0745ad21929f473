//! Events about an object, with what its annotations add to them.

use std::collections::BTreeMap;

use skein_api::names::EVENT_ANNOTATION_PREFIX;
use skein_object::Object;
use skein_runtime::{Event, Severity};

/// The event, with the annotations of the object that are meant for its events.
pub(crate) fn event(object: &Object, severity: Severity, reason: &str, message: String) -> Event {
    let own = object.annotations().into_iter().flatten();
    let metadata: BTreeMap<String, String> = own
        .filter(|(key, _)| key.starts_with(EVENT_ANNOTATION_PREFIX))
        .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
        .collect();
    Event {
        object: object.into(),
        severity,
        reason: reason.to_owned(),
        message,
        metadata,
    }
}
