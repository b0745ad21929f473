//! Fields whose features are switched off: they are dropped, unless the older state of the object had them.

use serde_json::{Map, Value};
use skein_object::Object;
use skein_schema::api_defaults;

use crate::resource::Resource;

/// Sources of projected volumes that nobody may use.
const CLOSED_SOURCES: [&str; 2] = ["clusterTrustBundle", "podCertificate"];
/// Fields of Nodes that a kubelet was once configured by.
const CLOSED_OF_NODES: [[&str; 2]; 2] = [["spec", "configSource"], ["status", "config"]];

/// Drops what is closed from a new or changed object of a built-in kind.
pub(super) fn drop_closed(resource: &Resource, old: Option<&Object>, new: &mut Object) {
    if resource.custom.is_some() {
        return;
    }
    if resource.is("", "nodes") {
        for path in CLOSED_OF_NODES {
            if old.is_none_or(|old| old.at(&path).is_none()) {
                new.remove(&path);
            }
        }
    }
    for path in api_defaults::pod_spec_paths(&resource.group, &resource.kind) {
        let mut before = old.and_then(|old| old.at(path)).cloned();
        let Some(spec) = at(new, path) else { continue };
        drop_where_new(before.as_mut(), spec, &mut stop_signals);
        for kind in CLOSED_SOURCES {
            drop_where_new(before.as_mut(), spec, &mut |spec| sources(spec, kind));
        }
    }
}

fn at<'a>(object: &'a mut Object, path: &[&str]) -> Option<&'a mut Value> {
    let (first, rest) = path.split_first()?;
    let mut value = object.as_map_mut().get_mut(*first)?;
    for name in rest {
        value = value.get_mut(*name)?;
    }
    Some(value)
}

/// Drops what the older state has nothing of; `drop` answers whether there was something.
fn drop_where_new(
    old: Option<&mut Value>,
    new: &mut Value,
    drop: &mut impl FnMut(&mut Value) -> bool,
) {
    if !old.is_some_and(&mut *drop) {
        drop(new);
    }
}

fn items<'a>(spec: &'a mut Value, list: &str) -> impl Iterator<Item = &'a mut Map<String, Value>> {
    let list = spec.get_mut(list).and_then(Value::as_array_mut);
    list.into_iter().flatten().filter_map(Value::as_object_mut)
}

/// Signals that end containers, and a lifecycle that says nothing else.
fn stop_signals(spec: &mut Value) -> bool {
    let mut found = false;
    for list in ["containers", "initContainers", "ephemeralContainers"] {
        for container in items(spec, list) {
            let Some(Value::Object(lifecycle)) = container.get_mut("lifecycle") else {
                continue;
            };
            if lifecycle.remove("stopSignal").is_some() {
                found = true;
                if lifecycle.is_empty() {
                    container.remove("lifecycle");
                }
            }
        }
    }
    found
}

fn sources(spec: &mut Value, kind: &str) -> bool {
    let mut found = false;
    for volume in items(spec, "volumes") {
        if let Some(projected) = volume.get_mut("projected") {
            for source in items(projected, "sources") {
                found |= source.remove(kind).is_some();
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{drop_where_new, stop_signals};

    #[test]
    fn what_was_there_stays() {
        let with = json!({"containers": [{"name": "c", "lifecycle": {"stopSignal": "SIGTERM"}}]});
        let without = json!({"containers": [{"name": "c"}]});
        let mut new = with.clone();
        drop_where_new(Some(&mut without.clone()), &mut new, &mut stop_signals);
        assert_eq!(new, without);
        let mut new = with.clone();
        drop_where_new(Some(&mut with.clone()), &mut new, &mut stop_signals);
        assert_eq!(new, with);
    }
}
