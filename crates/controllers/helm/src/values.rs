//! The values of a HelmRelease: those of ConfigMaps and Secrets in their order, single values at a path, and the inline values over them.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use serde_json::Value;
use skein_api::helm_release::{HelmRelease, ValuesReference};
use skein_api::kustomization::ValuesKind;
use skein_cluster::{ApiError, ApiResource, Cache, Cluster};
use skein_helm::Values;
use skein_helm::values::{merge_over, read, set, set_string, with_floats};
use skein_object::{GroupVersionKind, NamespacedName, Object};
use skein_template::raw_text;
use thiserror::Error;

/// ConfigMaps and Secrets with values that are kept while a watch tells that they did not change.
const SOURCES_MAX: usize = 1_000;
/// Largest of them, in bytes of its JSON.
const SOURCE_BYTES_MAX: usize = 64 * 1024;
/// Key of the data when the reference names none.
const DEFAULT_KEY: &str = "values.yaml";

/// Why there are no values. The texts are Flux's.
#[derive(Debug, Error)]
pub enum ValuesError {
    /// The API server does not give a source.
    #[error("{0}")]
    Api(ApiError),
    /// A source is missing, has no such key, or cannot be used.
    #[error(
        "could not resolve{optional} {kind} chart values reference '{name}' with key '{key}': {problem}"
    )]
    Reference {
        /// ` optional`, or nothing.
        optional: &'static str,
        /// ConfigMap or Secret.
        kind: &'static str,
        /// Namespace and name.
        name: Box<NamespacedName>,
        /// Key of the data.
        key: String,
        /// What is wrong.
        problem: String,
    },
}

/// The values of a HelmRelease, as its chart gets them.
pub async fn compose(cluster: &Cluster, release: &HelmRelease) -> Result<Values, ValuesError> {
    let mut composition = Composition::new(release);
    for reference in &release.spec.values_from {
        let (kind, plural) = words(reference.kind);
        let resource = ApiResource::new(&GroupVersionKind::new("", "v1", kind), plural, true);
        let found = cluster
            .get(&resource, &release.metadata.namespace, &reference.name)
            .await
            .map_err(ValuesError::Api)?;
        composition.add(reference, found.as_ref())?;
    }
    Ok(composition.finish())
}

/// A ConfigMap or Secret.
type SourceKey = (ValuesKind, NamespacedName);
/// An object as it was at a resourceVersion.
type Versioned = (String, Arc<Object>);

/// Where values come from. Objects that a watch shows need not be read again while they are as they were.
pub(crate) struct ValueSources {
    /// The resourceVersions of the labelled objects.
    watched: HashMap<ValuesKind, Arc<Cache<String>>>,
    known: Mutex<HashMap<SourceKey, Versioned>>,
}

impl ValueSources {
    /// Nothing is known yet.
    pub(crate) fn new(watched: HashMap<ValuesKind, Arc<Cache<String>>>) -> Self {
        Self {
            watched,
            known: Mutex::default(),
        }
    }

    /// The values of a HelmRelease; `trusting_watches` as they were last read, where a watch shows no change.
    pub(crate) async fn compose(
        &self,
        cluster: &Cluster,
        release: &HelmRelease,
        trusting_watches: bool,
    ) -> Result<Values, ValuesError> {
        let mut composition = Composition::new(release);
        for reference in &release.spec.values_from {
            let name = NamespacedName::new(&release.metadata.namespace, &reference.name);
            let key = (reference.kind, name);
            let found = match self.known(&key).filter(|_| trusting_watches) {
                Some(known) => Some(known),
                None => self.read(cluster, key).await.map_err(ValuesError::Api)?,
            };
            composition.add(reference, found.as_deref())?;
        }
        Ok(composition.finish())
    }

    /// The object as it was last read, if a watch shows that version.
    fn known(&self, key: &SourceKey) -> Option<Arc<Object>> {
        let version = self.watched.get(&key.0)?.get(&key.1)?;
        let known = self.known.lock();
        let (read, object) = known.get(key)?;
        (*read == *version).then(|| Arc::clone(object))
    }

    async fn read(
        &self,
        cluster: &Cluster,
        key: SourceKey,
    ) -> Result<Option<Arc<Object>>, ApiError> {
        let (kind, name) = &key;
        let found = cluster
            .get(
                &skein_runtime::referrers::resource_of(*kind),
                &name.namespace,
                &name.name,
            )
            .await?
            .map(Arc::new);
        let is_watched = self
            .watched
            .get(kind)
            .and_then(|cache| cache.get(name))
            .is_some();
        if let Some(object) = &found
            && is_watched
        {
            self.keep(key, object);
        }
        Ok(found)
    }

    fn keep(&self, key: SourceKey, object: &Arc<Object>) {
        let size = object
            .at(&["data"])
            .map_or(0, |data| data.to_string().len());
        let mut known = self.known.lock();
        if size > SOURCE_BYTES_MAX {
            known.remove(&key);
            return;
        }
        if known.len() >= SOURCES_MAX {
            known.clear();
        }
        let version = object.resource_version().to_owned();
        known.insert(key, (version, Arc::clone(object)));
    }
}

/// Values that are put together reference by reference.
pub struct Composition<'a> {
    release: &'a HelmRelease,
    inline: Values,
    result: Values,
}

impl<'a> Composition<'a> {
    /// Nothing yet.
    pub fn new(release: &'a HelmRelease) -> Self {
        let inline = match &release.spec.values {
            Some(Value::Object(values)) => with_floats(values.clone()),
            _ => Values::new(),
        };
        Self {
            release,
            inline,
            result: Values::new(),
        }
    }

    /// Takes up the next reference of `spec.valuesFrom` and the ConfigMap or Secret that it names, if there is one.
    pub fn add(
        &mut self,
        reference: &ValuesReference,
        object: Option<&Object>,
    ) -> Result<(), ValuesError> {
        let release = self.release;
        let Some(bytes) = data(release, reference, object)? else {
            return Ok(());
        };
        if reference.target_path.is_empty() {
            let values = read(&bytes).map_err(|problem| {
                // Go's name of the type that is read into here.
                let problem = problem.replace("map[string]interface {}", "common.Values");
                failure(release, reference, problem)
            })?;
            merge_over(&mut self.result, values);
            return Ok(());
        }
        // As Flux: the inline values are there first, and once more at the end.
        merge_over(&mut self.result, self.inline.clone());
        let text = raw_text::from_bytes(bytes);
        set_at(&mut self.result, reference, &text).map_err(|p| failure(release, reference, p))
    }

    /// The values.
    pub fn finish(mut self) -> Values {
        merge_over(&mut self.result, self.inline);
        self.result
    }
}

fn set_at(values: &mut Values, reference: &ValuesReference, text: &str) -> Result<(), String> {
    let path = &reference.target_path;
    if reference.literal {
        let mut escaped = String::with_capacity(text.len());
        for character in text.chars() {
            if "\\,[]{}".contains(character) {
                escaped.push('\\');
            }
            escaped.push(character);
        }
        return set_string(&format!("{path}={escaped}"), values).map_err(|e| e.to_string());
    }
    let quoted = |quote: char| text.starts_with(quote) && text.ends_with(quote);
    if quoted('\'') || quoted('"') {
        let bare = text.trim_matches(['\'', '"']);
        return set_string(&format!("{path}={bare}"), values).map_err(|e| e.to_string());
    }
    set(&format!("{path}={text}"), values).map_err(|e| e.to_string())
}

/// The bytes under the key of a reference; `None` when an optional one has none.
fn data(
    release: &HelmRelease,
    reference: &ValuesReference,
    object: Option<&Object>,
) -> Result<Option<Vec<u8>>, ValuesError> {
    let Some(object) = object else {
        if reference.optional {
            return Ok(None);
        }
        let problem = format!("{} {:?} not found", words(reference.kind).1, reference.name);
        return Err(failure(release, reference, problem));
    };
    match bytes_of(object, reference) {
        Some(bytes) => Ok(Some(bytes)),
        None if reference.optional => Ok(None),
        None => Err(failure(release, reference, "key not found".into())),
    }
}

fn bytes_of(object: &Object, reference: &ValuesReference) -> Option<Vec<u8>> {
    use base64::Engine as _;
    let text = object.str_at(&["data", key_of(reference)])?;
    match reference.kind {
        ValuesKind::ConfigMap => Some(text.as_bytes().to_vec()),
        ValuesKind::Secret => base64::engine::general_purpose::STANDARD.decode(text).ok(),
    }
}

fn key_of(reference: &ValuesReference) -> &str {
    match reference.values_key.as_str() {
        "" => DEFAULT_KEY,
        key => key,
    }
}

fn words(kind: ValuesKind) -> (&'static str, &'static str) {
    match kind {
        ValuesKind::Secret => ("Secret", "secrets"),
        ValuesKind::ConfigMap => ("ConfigMap", "configmaps"),
    }
}

fn failure(release: &HelmRelease, reference: &ValuesReference, problem: String) -> ValuesError {
    ValuesError::Reference {
        optional: if reference.optional { " optional" } else { "" },
        kind: words(reference.kind).0,
        name: Box::new(NamespacedName::new(
            &release.metadata.namespace,
            &reference.name,
        )),
        key: key_of(reference).to_owned(),
        problem,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn bytes_of_a_secret_reach_the_templates() {
        for (fields, wanted) in [
            (json!({}), &b"a\xff\xc3"[..]),
            (json!({"literal": true}), b"a\xff\xc3"),
        ] {
            let mut fields = fields;
            fields["kind"] = "Secret".into();
            fields["name"] = "keys".into();
            fields["targetPath"] = "a.b".into();
            let reference: ValuesReference = serde_json::from_value(fields).unwrap();
            let mut values = Values::new();
            let text = raw_text::from_bytes(wanted.to_vec());
            set_at(&mut values, &reference, &text).unwrap();
            let found = values["a"]["b"].as_str().unwrap_or_default();
            assert_eq!(raw_text::to_bytes(found), wanted);
        }
    }
}
