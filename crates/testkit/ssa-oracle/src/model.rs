//! Our side without a server: the library behind a model of the API server's request handling, for one object.

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};
use skein_merge::field_set::FieldSet;
use skein_merge::ownership::{ApplyError, OneVersion, conflict_causes, keep_times_when_unchanged};
use skein_merge::{Ownership, json_patch, merge_patch, strategic};
use skein_object::{GroupKind, GroupVersionKind, Object};
use skein_schema::field_error::invalid_message;
use skein_schema::{
    CrdSchemas, FieldError, Schema, SchemaRef, api_defaults, builtin, defaulting, normal, pruning,
    rules, unknown,
};

use crate::crds::{blob_crd, gadget_crd, widget_crd};
use crate::kinds::Kind;
use crate::request::{Answer, Request, Verb};

/// Time of every request: times are not compared.
const NOW: &str = "2026-01-01T00:00:00Z";

/// One object of a kind.
pub struct Model<'a> {
    kind: &'a Kind,
    schema: SchemaRef,
    structural: Option<std::sync::Arc<Schema>>,
    name: String,
    live: Option<Object>,
    version: u64,
}

/// Where an object to decode comes from. The outcome of an apply is not decoded again for custom kinds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    Body,
    Patch,
    Apply,
}

type Outcome = std::result::Result<(u16, Object), Answer>;

impl<'a> Model<'a> {
    /// An object that does not exist yet.
    pub fn new(kind: &'a Kind, name: &str) -> Result<Self> {
        let gvk = GroupVersionKind::from_api_version(kind.api_version(), &kind.name);
        let (schema, structural) = if kind.builtin {
            (builtin::schema(&gvk).context("no built-in schema")?, None)
        } else {
            let crd = match kind.name.as_str() {
                "Widget" => widget_crd(),
                "Gadget" => gadget_crd(),
                _ => blob_crd(),
            };
            let schemas = CrdSchemas::from_crd(&crd)?;
            let version = &schemas.versions[0];
            (version.merge_schema.clone(), Some(version.schema.clone()))
        };
        Ok(Self {
            kind,
            schema,
            structural,
            name: name.to_owned(),
            live: None,
            version: 0,
        })
    }

    /// Answers a request.
    pub fn send(&mut self, request: &Request) -> Answer {
        match self.handle(request) {
            Ok((code, object)) => Answer {
                code,
                body: object.into_value(),
            },
            Err(answer) => answer,
        }
    }

    fn handle(&mut self, request: &Request) -> Outcome {
        match request.verb {
            Verb::Get => self
                .live
                .clone()
                .map(|live| (200, live))
                .ok_or_else(|| self.not_found()),
            Verb::Delete => self.delete(),
            Verb::Create => self.create(request),
            Verb::Apply { force } => self.apply(request, force),
            Verb::Put | Verb::MergePatch | Verb::JsonPatch | Verb::StrategicPatch => {
                self.change(request)
            }
        }
    }

    /// What [`Self::restore`] goes back to.
    pub fn snapshot(&self) -> Option<Object> {
        self.live.clone()
    }

    /// Forgets what happened since a snapshot: the real server refused a request by rules that are code there.
    pub fn restore(&mut self, snapshot: Option<Object>) {
        self.live = snapshot;
    }

    fn delete(&mut self) -> Outcome {
        let live = self.live.as_ref().ok_or_else(|| self.not_found())?;
        if !live.finalizers().is_empty() {
            let mut live = live.clone();
            live.set(&["metadata", "deletionTimestamp"], json!(NOW));
            live.set(&["metadata", "deletionGracePeriodSeconds"], json!(0));
            if self.has_generation() {
                live.set(&["metadata", "generation"], json!(live.generation() + 1));
            }
            self.live = Some(live.clone());
            return Ok((200, live));
        }
        self.live = None;
        Err(Answer {
            code: 200,
            body: json!({ "status": "Success" }),
        })
    }

    fn create(&mut self, request: &Request) -> Outcome {
        let mut object = self.decode(request.body.clone(), Source::Body)?;
        let ownership = self.ownership(request.subresource);
        ownership.update(None, &mut object, &request.manager);
        self.check(&object, None)?;
        if self.live.is_some() {
            return Err(self.status(
                409,
                "AlreadyExists",
                &format!("{} \"{}\" already exists", self.resource(), self.name),
                None,
            ));
        }
        self.prepare_create(&mut object);
        self.store(object.clone(), request.dry_run);
        Ok((201, object))
    }

    fn apply(&mut self, request: &Request, force: bool) -> Outcome {
        let configuration = Object::from_value(request.body.clone())
            .map_err(|error| self.status(400, "BadRequest", &error.to_string(), None))?;
        let ownership = self.ownership(request.subresource);
        let applied = ownership
            .apply(self.live.as_ref(), &configuration, &request.manager, force)
            .map_err(|error| self.apply_failure(&error))?;
        let object = self.decode(applied.object.into_value(), Source::Apply)?;
        self.finish(object, request)
    }

    fn change(&mut self, request: &Request) -> Outcome {
        let live = self.live.clone().ok_or_else(|| self.not_found())?;
        let mut value = live.to_value();
        match request.verb {
            Verb::Put => value = request.body.clone(),
            Verb::MergePatch => merge_patch::apply(&mut value, &request.body),
            Verb::JsonPatch => json_patch::apply(&mut value, &request.body).map_err(|error| {
                let mut answer = self.status(error.status(), "Invalid", json_patch::REFUSED, None);
                answer.body["details"] = json!({});
                answer
            })?,
            _ => value = self.strategic(value, &request.body)?,
        }
        let source = if matches!(request.verb, Verb::Put) {
            Source::Body
        } else {
            Source::Patch
        };
        let mut object = self.decode(value, source)?;
        self.ownership(request.subresource)
            .update(Some(&live), &mut object, &request.manager);
        self.finish(object, request)
    }

    fn strategic(&self, value: Value, patch: &Value) -> std::result::Result<Value, Answer> {
        let (Value::Object(value), Value::Object(patch)) = (value, patch.clone()) else {
            return Err(self.status(400, "BadRequest", "the patch is no map", None));
        };
        strategic::apply(value, patch, Some(&self.schema))
            .map(Value::Object)
            .map_err(|error| self.status(error.status(), "", &error.to_string(), None))
    }

    /// What happens to every update: protected fields, generation, validation, no-ops.
    fn finish(&mut self, mut object: Object, request: &Request) -> Outcome {
        let Some(live) = self.live.clone() else {
            self.prepare_create(&mut object);
            self.check(&object, None)?;
            self.store(object.clone(), request.dry_run);
            return Ok((201, object));
        };
        for field in [
            "uid",
            "creationTimestamp",
            "generation",
            "deletionTimestamp",
        ] {
            match live.at(&["metadata", field]) {
                Some(value) => object.set(&["metadata", field], value.clone()),
                None => drop(object.remove(&["metadata", field])),
            }
        }
        self.reset(&mut object, &live, request.subresource);
        self.allocate(&mut object);
        if request.subresource.is_empty() && self.has_generation() && self.bumps(&live, &object) {
            object.set(&["metadata", "generation"], json!(live.generation() + 1));
        }
        self.check(&object, Some(&live))?;
        keep_times_when_unchanged(&live, &mut object);
        self.store(object.clone(), request.dry_run);
        if object.is_deleting() && object.finalizers().is_empty() && !request.dry_run {
            self.live = None;
        }
        Ok((200, object))
    }

    /// Takes back what the endpoint does not change.
    fn reset(&self, object: &mut Object, live: &Object, subresource: &str) {
        let mut keep = |path: &[&str]| match live.at(path) {
            Some(value) => object.set(path, value.clone()),
            None => drop(object.remove(path)),
        };
        if subresource.is_empty() {
            if self.kind.has_status {
                keep(&["status"]);
            }
            return;
        }
        if self.kind.builtin {
            keep(&["spec"]);
            if self.kind.name == "Deployment" {
                keep(&["metadata", "labels"]);
            }
            return;
        }
        let managers = object.at(&["metadata", "managedFields"]).cloned();
        let status = object.at(&["status"]).cloned();
        *object = live.clone();
        match status {
            Some(status) => object.set(&["status"], status),
            None => drop(object.remove(&["status"])),
        }
        match managers {
            Some(managers) => object.set(&["metadata", "managedFields"], managers),
            None => drop(object.remove(&["metadata", "managedFields"])),
        }
    }

    fn prepare_create(&self, object: &mut Object) {
        if self.kind.has_status && !self.kind.builtin {
            object.remove(&["status"]);
        }
        if self.has_generation() {
            object.set(&["metadata", "generation"], json!(1));
        }
        object.set(&["metadata", "uid"], json!("uid"));
        object.set(&["metadata", "creationTimestamp"], json!(NOW));
        self.allocate(object);
    }

    /// Addresses of a headless service; the generator makes no others.
    fn allocate(&self, object: &mut Object) {
        if self.kind.name != "Service" {
            return;
        }
        let headless_without_pods = object
            .at(&["spec", "selector"])
            .and_then(Value::as_object)
            .is_none_or(Map::is_empty);
        let (families, policy) = if headless_without_pods {
            (json!(["IPv4", "IPv6"]), "RequireDualStack")
        } else {
            (json!(["IPv4"]), "SingleStack")
        };
        let known = self
            .live
            .as_ref()
            .and_then(|live| live.at(&["spec", "ipFamilies"]));
        let families = known.cloned().unwrap_or(families);
        let known = self
            .live
            .as_ref()
            .and_then(|live| live.str_at(&["spec", "ipFamilyPolicy"]));
        let policy = known.unwrap_or(policy);
        object.set(&["spec", "clusterIP"], json!("None"));
        object.set(&["spec", "clusterIPs"], json!(["None"]));
        object.set(&["spec", "ipFamilies"], families);
        object.set(&["spec", "ipFamilyPolicy"], json!(policy));
    }

    /// Deployments count a change of annotations too.
    fn bumps(&self, live: &Object, object: &Object) -> bool {
        let annotations = self.kind.name == "Deployment"
            && live.annotations().unwrap_or(&Map::new())
                != object.annotations().unwrap_or(&Map::new());
        annotations || spec_changed(live, object)
    }

    fn has_generation(&self) -> bool {
        !matches!(self.kind.name.as_str(), "ConfigMap" | "Service")
    }

    fn store(&mut self, object: Object, dry_run: bool) {
        if !dry_run {
            self.version += 1;
            self.live = Some(object);
        }
    }

    /// Reads an object as the API server does: unknown fields, nulls, defaults.
    fn decode(&self, value: Value, source: Source) -> std::result::Result<Object, Answer> {
        let Value::Object(mut map) = value else {
            return Err(self.status(400, "BadRequest", "no map", None));
        };
        let unknown = self.decode_map(&mut map, source);
        if source != Source::Apply && !unknown.is_empty() {
            let texts: Vec<String> = unknown
                .iter()
                .map(|path| unknown::unknown_field_text(path))
                .collect();
            let cause = format!("strict decoding error: {}", texts.join(", "));
            return Err(match source {
                Source::Patch => self.status(422, "Invalid", &cause, None),
                _ => {
                    let kind = &self.kind.name;
                    let version = self
                        .kind
                        .api_version()
                        .rsplit('/')
                        .next()
                        .unwrap_or_default();
                    let message = format!(
                        "{kind} in version \"{version}\" cannot be handled as a {kind}: {cause}"
                    );
                    self.status(400, "BadRequest", &message, None)
                }
            });
        }
        let mut object = Object::from_value(Value::Object(map))
            .map_err(|error| self.status(400, "BadRequest", &error.to_string(), None))?;
        if self.kind.builtin {
            api_defaults::apply(&mut object);
        }
        Ok(object)
    }

    fn decode_map(&self, map: &mut Map<String, Value>, source: Source) -> Vec<String> {
        let Some(schema) = &self.structural else {
            let unknown = unknown::drop_unknown(map, &self.schema);
            normal::normalise(map, &self.schema);
            return unknown;
        };
        let decoded = source != Source::Apply;
        let unknown = if decoded {
            pruning::prune(map, schema)
        } else {
            Vec::new()
        };
        let mut value = Value::Object(std::mem::take(map));
        if decoded {
            defaulting::drop_nulls(&mut value, schema);
        }
        defaulting::apply_defaults(&mut value, schema);
        if let Value::Object(mut out) = value {
            if let Some(Value::Object(metadata)) = out.get_mut("metadata") {
                normal::normalise_custom_metadata(metadata);
            }
            *map = out;
        }
        unknown
    }

    fn check(&self, object: &Object, old: Option<&Object>) -> std::result::Result<(), Answer> {
        let Some(schema) = &self.structural else {
            return Ok(());
        };
        let value = object.to_value();
        let old = old.map(Object::to_value);
        let errors = rules::validate_resource(&value, old.as_ref(), schema).errors;
        if errors.is_empty() {
            Ok(())
        } else {
            Err(self.invalid(&errors))
        }
    }

    fn ownership(&self, subresource: &'static str) -> Ownership<'_> {
        let reset: &[&[&str]] = match (subresource, self.kind.name.as_str()) {
            ("", _) if self.kind.has_status => &[&["status"]],
            ("", _) => &[],
            (_, "Deployment") => &[&["spec"], &["metadata", "labels"]],
            (_, "Service") => &[&["spec"]],
            _ => &[&["metadata"], &["spec"]],
        };
        Ownership {
            schema: Some(&self.schema),
            api_version: self.kind.api_version(),
            subresource,
            reset_fields: FieldSet::of_fields(reset),
            now: NOW,
            versions: &OneVersion,
            builtin: self.kind.builtin,
        }
    }

    fn resource(&self) -> String {
        match self.kind.group {
            "" => self.kind.plural.clone(),
            group => format!("{}.{group}", self.kind.plural),
        }
    }

    fn not_found(&self) -> Answer {
        let message = format!("{} \"{}\" not found", self.resource(), self.name);
        self.status(404, "NotFound", &message, None)
    }

    fn invalid(&self, errors: &[FieldError]) -> Answer {
        let kind = GroupKind::new(self.kind.group, &self.kind.name);
        let cause = |error: &FieldError| json!({ "reason": error.reason(), "message": error.body(), "field": error.field.to_string() });
        let causes: Vec<Value> = errors.iter().map(cause).collect();
        let message = invalid_message(&kind, &self.name, errors);
        let mut answer = self.status(422, "Invalid", &message, Some(causes));
        answer.body["details"]["kind"] = json!(self.kind.name);
        answer
    }

    fn apply_failure(&self, error: &ApplyError) -> Answer {
        let message = error.to_string();
        match error {
            ApplyError::Conflicts(conflicts) => {
                let details = json!({ "causes": conflict_causes(conflicts) });
                let mut answer = self.status(409, "Conflict", &message, None);
                answer.body["details"] = details;
                answer
            }
            ApplyError::Version { .. } | ApplyError::ManagedFields => {
                self.status(400, "BadRequest", &message, None)
            }
            _ => self.status(500, "", &message, None),
        }
    }

    fn status(&self, code: u16, reason: &str, message: &str, causes: Option<Vec<Value>>) -> Answer {
        let mut body = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": message, "code": code,
        });
        if !reason.is_empty() {
            body["reason"] = json!(reason);
        }
        if matches!(code, 404 | 409 | 422) && !reason.is_empty() {
            body["details"] = json!({ "name": self.name, "kind": self.kind.plural });
            if !self.kind.group.is_empty() {
                body["details"]["group"] = json!(self.kind.group);
            }
        }
        if let Some(causes) = causes {
            body["details"]["causes"] = json!(causes);
        }
        Answer { code, body }
    }
}

fn spec_changed(old: &Object, new: &Object) -> bool {
    let plain = |object: &Object| {
        let mut value = object.clone();
        value.remove(&["metadata"]);
        value.remove(&["status"]);
        value
    };
    plain(old) != plain(new)
}
