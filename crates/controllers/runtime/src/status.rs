//! Writes the status and the finalizers of one object as the smallest merge patch; equal status costs no request.

use serde_json::{Map, Value, json};
use skein_cluster::{ApiError, ApiResource, Cluster};
use skein_object::Object;

/// Writes status and finalizers of objects of one resource under one field manager.
#[derive(Clone)]
pub struct StatusWriter {
    cluster: Cluster,
    resource: ApiResource,
    field_manager: String,
}

impl StatusWriter {
    /// A writer for one resource.
    pub fn new(cluster: Cluster, resource: ApiResource, field_manager: &str) -> Self {
        Self {
            cluster,
            resource,
            field_manager: field_manager.to_owned(),
        }
    }

    /// Brings the status of `object` to `status`; returns the object as it is stored then. Nothing is sent when it is equal.
    pub async fn write(&self, object: &Object, status: &Value) -> Result<Object, ApiError> {
        let before = object.at(&["status"]).cloned().unwrap_or(Value::Null);
        let Some(patch) = merge_patch_between(&before, status) else {
            return Ok(object.clone());
        };
        let target = (object.namespace(), object.name());
        let body = json!({"status": patch});
        self.cluster
            .merge_patch(
                &self.resource,
                target,
                Some("status"),
                &body,
                &self.field_manager,
            )
            .await
    }

    /// Adds the finalizer unless it is there; returns the object as it is stored then.
    pub async fn add_finalizer(
        &self,
        object: &Object,
        finalizer: &str,
    ) -> Result<Object, ApiError> {
        let mut finalizers = object.finalizers();
        if finalizers.contains(&finalizer) {
            return Ok(object.clone());
        }
        finalizers.push(finalizer);
        self.write_finalizers(object, &finalizers).await
    }

    /// Removes the finalizer if it is there; an object that is gone is no error.
    pub async fn remove_finalizer(&self, object: &Object, finalizer: &str) -> Result<(), ApiError> {
        let mut finalizers = object.finalizers();
        let before = finalizers.len();
        finalizers.retain(|held| *held != finalizer);
        if finalizers.len() == before {
            return Ok(());
        }
        match self.write_finalizers(object, &finalizers).await {
            Ok(_) => Ok(()),
            Err(error) if error.is_not_found() => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// The resourceVersion guards against finalizers that others set in the meantime.
    async fn write_finalizers(
        &self,
        object: &Object,
        finalizers: &[&str],
    ) -> Result<Object, ApiError> {
        let body = json!({"metadata": {
            "finalizers": finalizers,
            "resourceVersion": object.resource_version(),
        }});
        let target = (object.namespace(), object.name());
        self.cluster
            .merge_patch(&self.resource, target, None, &body, &self.field_manager)
            .await
    }
}

/// The JSON merge patch (RFC 7386) that makes `after` of `before`; `None` when they are equal. Lists are replaced as a whole.
pub fn merge_patch_between(before: &Value, after: &Value) -> Option<Value> {
    if before == after {
        return None;
    }
    let (Value::Object(old), Value::Object(new)) = (before, after) else {
        return Some(after.clone());
    };
    let mut patch = Map::new();
    for (key, value) in new {
        match old.get(key) {
            None => {
                patch.insert(key.clone(), value.clone());
            }
            Some(held) => {
                if let Some(difference) = merge_patch_between(held, value) {
                    patch.insert(key.clone(), difference);
                }
            }
        }
    }
    for key in old.keys().filter(|key| !new.contains_key(*key)) {
        patch.insert(key.clone(), Value::Null);
    }
    (!patch.is_empty()).then_some(Value::Object(patch))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_patch() {
        let before = json!({"a": 1, "b": {"c": 1, "d": [1]}, "e": "x"});
        let after = json!({"a": 1, "b": {"c": 2, "d": [1]}, "f": {}});
        assert_eq!(
            merge_patch_between(&before, &after),
            Some(json!({"b": {"c": 2}, "e": null, "f": {}}))
        );
        assert_eq!(merge_patch_between(&before, &before), None);
        assert_eq!(
            merge_patch_between(&Value::Null, &json!({"a": 1})),
            Some(json!({"a": 1}))
        );
    }
}
