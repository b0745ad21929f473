//! The objects of a manifest: read, given their resource and namespace, and marked as the release's.

use std::sync::Arc;

use serde_json::Value;
use skein_cluster::{ApiError, ApiResource, Cluster};
use skein_object::{GroupVersionKind, Object, ObjectKey};

/// Label by which Helm marks what it manages.
pub(crate) const MANAGED_BY_LABEL: &str = "app.kubernetes.io/managed-by";
/// Value of the label.
pub(crate) const MANAGED_BY_HELM: &str = "Helm";
/// Annotation with the name of the release.
pub(crate) const RELEASE_NAME: &str = "meta.helm.sh/release-name";
/// Annotation with the namespace of the release.
pub(crate) const RELEASE_NAMESPACE: &str = "meta.helm.sh/release-namespace";
/// Annotation and value that keep an object when it leaves the release.
pub(crate) const RESOURCE_POLICY: (&str, &str) = ("helm.sh/resource-policy", "keep");

/// One object of a manifest with the resource that serves it.
#[derive(Clone, Debug)]
pub(crate) struct Resource {
    /// As it is wanted; namespaced objects have their namespace.
    pub(crate) object: Object,
    /// What serves it.
    pub(crate) resource: Arc<ApiResource>,
}

impl Resource {
    /// Kind, namespace and name.
    pub(crate) fn key(&self) -> ObjectKey {
        self.object.key()
    }

    /// Group, version and kind.
    pub(crate) fn gvk(&self) -> GroupVersionKind {
        self.object.gvk()
    }

    /// As Go prints a group, version and kind.
    pub(crate) fn gvk_text(&self) -> String {
        let gvk = self.gvk();
        format!("{}/{}, Kind={}", gvk.group, gvk.version, gvk.kind)
    }

    /// The fields of Helm's log line about an object that was not there to be deleted.
    pub(crate) fn not_found_fields(&self) -> String {
        let key = self.key();
        let (plural, name) = (&self.resource.plural, json_text(&key.name));
        let (dotted, group) = match key.group.as_str() {
            "" => (plural.clone(), String::new()),
            group => (
                format!("{plural}.{group}"),
                format!("\"group\":{},", json_text(group)),
            ),
        };
        let message = json_text(&format!("{dotted} {:?} not found", key.name));
        let error = format!(
            "{{\"ErrStatus\":{{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{{}},\"status\":\"Failure\",\
             \"message\":{message},\"reason\":\"NotFound\",\"details\":{{\"name\":{name},{group}\"kind\":{}}},\"code\":404}}}}",
            json_text(plural)
        );
        self.with_error(&error)
    }

    /// The fields of Helm's log line about a request for the object that failed.
    pub(crate) fn error_fields(&self, error: &ApiError) -> String {
        self.with_error(&error.go_text().unwrap_or_else(|| "{}".to_owned()))
    }

    /// As Go writes the error: not sorted.
    fn with_error(&self, error: &str) -> String {
        let key = self.key();
        format!(
            "{{\"error\":{error},\"kind\":{},\"name\":{},\"namespace\":{}}}",
            json_text(&key.kind),
            json_text(&key.name),
            json_text(&key.namespace)
        )
    }

    /// `namespace/name group/version, Kind=Kind`.
    pub(crate) fn full_text(&self) -> String {
        format!(
            "{}/{} {}",
            self.object.namespace(),
            self.object.name(),
            self.gvk_text()
        )
    }
}

fn json_text(text: &str) -> String {
    Value::from(text).to_string()
}

/// The objects of a manifest as values; lists are taken apart.
pub(crate) fn parse(manifest: &str) -> Result<Vec<Value>, String> {
    let documents = skein_yaml::documents(manifest.as_bytes()).map_err(|error| {
        let problem = error.go_text();
        let problem = problem.strip_prefix("yaml: ").unwrap_or(&problem);
        format!("error parsing : error converting YAML to JSON: yaml: {problem}")
    })?;
    let mut values = Vec::new();
    for document in documents {
        flatten(document.value, &mut values);
    }
    Ok(values)
}

fn flatten(value: Value, into: &mut Vec<Value>) {
    let is_list = value["kind"]
        .as_str()
        .is_some_and(|kind| kind.ends_with("List"));
    match value {
        Value::Null => {}
        Value::Object(mut map) if is_list && map.get("items").is_some_and(Value::is_array) => {
            if let Some(Value::Array(items)) = map.remove("items") {
                items.into_iter().for_each(|item| flatten(item, into));
            }
        }
        other => into.push(other),
    }
}

/// The objects of a manifest with what serves them. The errors are Helm's.
pub(crate) async fn build(
    cluster: &Cluster,
    manifest: &str,
    namespace: &str,
) -> Result<Vec<Resource>, String> {
    let (mut found, mut problems) = (Vec::new(), Vec::new());
    for value in parse(manifest)? {
        match resolve(cluster, value, namespace).await {
            Ok(resource) => found.push(resource),
            Err(problem) => problems.push(problem),
        }
    }
    match problems.is_empty() {
        true => Ok(found),
        false => Err(aggregated(&problems)),
    }
}

/// The same objects as an inventory tells them: one that spans the cluster keeps the namespace that the manifest gives it.
pub(crate) async fn build_as_written(
    cluster: &Cluster,
    manifest: &str,
    namespace: &str,
) -> Result<Vec<Object>, String> {
    let found = build(cluster, manifest, namespace).await?;
    let written = parse(manifest)?;
    let objects = found.into_iter().zip(written);
    Ok(objects
        .map(|(resource, value)| {
            let mut object = resource.object;
            if let Some(named) = value["metadata"]["namespace"].as_str() {
                object.set(&["metadata", "namespace"], named.into());
            }
            object
        })
        .collect())
}

async fn resolve(cluster: &Cluster, value: Value, namespace: &str) -> Result<Resource, String> {
    let object = Object::from_value(value).map_err(|error| error.to_string())?;
    let resource = cluster.resource(&object.gvk()).await.map_err(|error| {
        if error.is_no_match() {
            format!(
                "resource mapping not found for name: {:?} namespace: {:?} from \"\": {error}\nensure CRDs are installed first",
                object.name(),
                object.namespace(),
            )
        } else {
            error.to_string()
        }
    })?;
    Ok(placed(object, resource, namespace))
}

/// An object where it belongs: in its namespace, that of the release when it names none, or in no namespace at all.
pub(crate) fn placed(mut object: Object, resource: Arc<ApiResource>, namespace: &str) -> Resource {
    if !resource.namespaced {
        object.remove(&["metadata", "namespace"]);
    } else if object.namespace().is_empty() {
        object.set(&["metadata", "namespace"], namespace.into());
    }
    Resource { object, resource }
}

/// Several problems in one line, as Go's aggregates print them: each once.
pub(crate) fn aggregated(problems: &[String]) -> String {
    let mut seen: Vec<&str> = Vec::new();
    for problem in problems {
        if !seen.contains(&problem.as_str()) {
            seen.push(problem);
        }
    }
    match seen.as_slice() {
        [one] => (*one).to_owned(),
        several => format!("[{}]", several.join(", ")),
    }
}

/// Marks an object as the release's.
pub(crate) fn mark(object: &mut Object, release_name: &str, release_namespace: &str) {
    object.set_label(MANAGED_BY_LABEL, MANAGED_BY_HELM);
    object.set_annotation(RELEASE_NAME, release_name);
    object.set_annotation(RELEASE_NAMESPACE, release_namespace);
}

/// What is wrong with the marks of an object that another release, or nobody, manages.
pub(crate) fn ownership_problem(
    live: &Object,
    release_name: &str,
    release_namespace: &str,
) -> Option<String> {
    let mut problems = Vec::new();
    let mut require = |what: &str, found: Option<&str>, key: &str, wanted: &str| match found {
        Some(found) if found == wanted => {}
        Some(found) => problems.push(format!(
            "{what} validation error: key {key:?} must equal {wanted:?}: current value is {found:?}"
        )),
        None => problems.push(format!(
            "{what} validation error: missing key {key:?}: must be set to {wanted:?}"
        )),
    };
    require(
        "label",
        live.label(MANAGED_BY_LABEL),
        MANAGED_BY_LABEL,
        MANAGED_BY_HELM,
    );
    require(
        "annotation",
        live.annotation(RELEASE_NAME),
        RELEASE_NAME,
        release_name,
    );
    require(
        "annotation",
        live.annotation(RELEASE_NAMESPACE),
        RELEASE_NAMESPACE,
        release_namespace,
    );
    (!problems.is_empty()).then(|| format!("invalid ownership metadata; {}", problems.join("; ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn lists_are_taken_apart() {
        let text = "---\napiVersion: v1\nkind: List\nitems:\n- {kind: A}\n- {kind: B}\n---\n# nothing\n---\nkind: C\n";
        let kinds: Vec<Value> = parse(text)
            .unwrap()
            .into_iter()
            .map(|v| v["kind"].clone())
            .collect();
        assert_eq!(kinds, [json!("A"), json!("B"), json!("C")]);
    }

    #[test]
    fn marks_are_checked_as_helm_checks_them() {
        let mut object = Object::from_value(
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "annotations": {RELEASE_NAME: "other"}}}),
        )
        .unwrap();
        assert_eq!(
            ownership_problem(&object, "app", "ns").unwrap(),
            "invalid ownership metadata; label validation error: missing key \"app.kubernetes.io/managed-by\": must be set to \"Helm\"; \
             annotation validation error: key \"meta.helm.sh/release-name\" must equal \"app\": current value is \"other\"; \
             annotation validation error: missing key \"meta.helm.sh/release-namespace\": must be set to \"ns\""
        );
        mark(&mut object, "app", "ns");
        assert_eq!(ownership_problem(&object, "app", "ns"), None);
    }
}
