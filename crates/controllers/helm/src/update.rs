//! Objects on their way into a cluster as Helm brings them: created, applied by the server or patched, replaced, deleted.

use std::sync::Arc;

use futures::stream::{self, StreamExt as _};
use serde_json::{Value, json};
use skein_cluster::{ApiError, ApiResource, ApplyOptions, DeleteOptions, PatchKind, Propagation};
use skein_object::Object;
use skein_plan::apply::Live;
use skein_plan::takeover::{self, Predecessor};
use skein_runtime::observed::Seen;
use skein_runtime::targets::Target;

use crate::controller::FIELD_MANAGER;
use crate::helm_log::HelmLog;
use crate::resources::{RESOURCE_POLICY, Resource};

/// Objects of one kind that are sent at a time.
const CONCURRENCY: usize = 4;

/// How objects are written.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Method {
    /// The server applies them; otherwise the client patches.
    pub(crate) server_side: bool,
    /// Fields of other managers are taken over.
    pub(crate) force_conflicts: bool,
    /// Objects are replaced as a whole.
    pub(crate) replace: bool,
    /// Fields that were once patched by the client become the server-side manager's.
    pub(crate) upgrade_manager: bool,
    /// Custom objects are merged in three ways too.
    pub(crate) three_way_custom: bool,
}

/// What an update made new; needed to clean up after a failure.
#[derive(Debug, Default)]
pub(crate) struct Made(pub(crate) Vec<Resource>);

/// Writes objects into one target.
pub(crate) struct Writer<'a> {
    /// Where to.
    pub(crate) target: &'a Target,
    /// Helm's log.
    pub(crate) log: &'a HelmLog,
}

impl Writer<'_> {
    /// The live object: from a watch when there is one, else by a request.
    pub(crate) async fn live(&self, resource: &Resource) -> Result<Option<Object>, ApiError> {
        let name = resource.object.namespaced_name();
        match self.target.observed.look(&resource.resource, &name).await {
            Some(Seen::Ours(observed)) => {
                if let Some(object) = observed.object() {
                    return Ok(Some(object));
                }
            }
            Some(Seen::Absent) => return Ok(None),
            Some(Seen::NotLabelled) | None => {}
        }
        self.target
            .cluster
            .get(&resource.resource, &name.namespace, &name.name)
            .await
    }

    /// The live object as somebody sees it whose rights are not ours: an account that may not read is told so by the API server.
    async fn seen_by_account(&self, resource: &Resource) -> Result<Option<Object>, ApiError> {
        let name = resource.object.namespaced_name();
        let cluster = &self.target.cluster;
        let rights = &self.target.rights;
        if rights
            .may_read(cluster, &resource.resource, &name.namespace)
            .await
        {
            return self.live(resource).await;
        }
        cluster
            .get(&resource.resource, &name.namespace, &name.name)
            .await
    }

    /// Why the account may not read an object, after a change was refused: what was known of its rights is outdated, and Helm reads first.
    async fn unreadable(&self, resource: &Resource, problem: &str) -> Option<String> {
        const REFUSAL: &str = " is forbidden: ";
        let cluster = &self.target.cluster;
        if cluster.impersonation().is_none() || !problem.contains(REFUSAL) {
            return None;
        }
        self.target.rights.forget(cluster);
        let name = resource.object.namespaced_name();
        let read = cluster.get(&resource.resource, &name.namespace, &name.name);
        let refused = read.await.err().filter(ApiError::is_forbidden)?;
        Some(format!(
            "could not get information about the resource: {refused}"
        ))
    }

    /// Creates objects: those of one kind side by side, one kind after the other. What fails stops nothing, as in Helm 4: all
    /// problems are told, and the next try finds the rest there.
    pub(crate) async fn create(
        &self,
        resources: &[Resource],
        server_side: bool,
    ) -> Result<(), String> {
        self.log.add(
            "creating resource(s)",
            json!({"resources": resources.len()}),
        );
        let method = Method {
            server_side,
            ..Method::default()
        };
        self.log_creation(method);
        if resources.is_empty() {
            return Err("no objects visited".into());
        }
        let mut problems = Vec::new();
        for group in resources.chunk_by(|a, b| a.object.kind() == b.object.kind()) {
            let writes: Vec<_> = group
                .iter()
                .map(|resource| self.create_one(resource, method))
                .collect();
            let outcomes: Vec<Result<(), String>> =
                stream::iter(writes).buffered(CONCURRENCY).collect().await;
            problems.extend(outcomes.into_iter().filter_map(Result::err));
        }
        match problems.is_empty() {
            true => Ok(()),
            false => Err(problems.join("\n")),
        }
    }

    fn log_creation(&self, method: Method) {
        if method.server_side {
            self.log.add(
                "using server-side apply for resource creation",
                json!({"dryRun": false, "fieldValidationDirective": "Strict", "forceConflicts": method.force_conflicts}),
            );
        } else {
            self.log
                .add("using client-side apply for resource creation", Value::Null);
        }
    }

    async fn create_one(&self, resource: &Resource, method: Method) -> Result<(), String> {
        if !method.server_side {
            let created = self
                .target
                .cluster
                .create(&resource.resource, &resource.object, FIELD_MANAGER)
                .await;
            let object = created.map_err(|error| error.to_string())?;
            self.target.observed.wrote(&resource.resource, &object);
            return Ok(());
        }
        match self.apply(resource, method.force_conflicts).await {
            Ok(()) => {
                self.log
                    .add("Created resource via patch", object_fields(resource));
                Ok(())
            }
            Err(problem) => {
                self.log
                    .add("Error creating resource via patch", failed_fields(resource));
                Err(problem)
            }
        }
    }

    async fn apply(&self, resource: &Resource, force: bool) -> Result<(), String> {
        let options = ApplyOptions {
            field_manager: FIELD_MANAGER,
            force,
            strict: true,
            ..ApplyOptions::default()
        };
        let applied = self
            .target
            .cluster
            .apply(&resource.resource, &resource.object, &options)
            .await;
        match applied {
            Ok(object) => {
                self.target.observed.wrote(&resource.resource, &object);
                Ok(())
            }
            Err(error) if error.is_conflict() => Err(format!(
                "conflict occurred while applying object {}: {error}",
                resource.full_text()
            )),
            Err(error) => {
                if error.is_forbidden() {
                    self.target.rights.forget(&self.target.cluster);
                }
                let object = resource.full_text();
                Err(format!(
                    "server-side apply failed for object {object}: {error}"
                ))
            }
        }
    }

    /// Brings `targets` about where `originals` were, and deletes what is no longer among them. What was made new comes back also when it fails.
    pub(crate) async fn update(
        &self,
        originals: &[Resource],
        targets: &[Resource],
        method: Method,
        made: &mut Made,
    ) -> Result<(), String> {
        self.log_creation(method);
        self.log_update(method);
        self.log.add(
            "checking resources for changes",
            json!({"resources": targets.len()}),
        );
        let mut problems = Vec::new();
        for (at, target) in targets.iter().enumerate() {
            let live = self.seen_by_account(target).await.map_err(|error| {
                format!("could not get information about the resource: {error}")
            })?;
            match live {
                None => {
                    made.0.push(target.clone());
                    self.create_one(target, method)
                        .await
                        .map_err(|problem| format!("failed to create resource: {problem}"))?;
                    let key = target.key();
                    self.log.add(
                        "created a new resource",
                        json!({"kind": key.kind, "name": key.name, "namespace": key.namespace}),
                    );
                }
                Some(live) => {
                    let key = target.key();
                    let original = originals.iter().find(|o| o.key() == key);
                    let original = original.map_or(&live, |original| &original.object);
                    if let Err(problem) = self.change(original, &live, target, method).await {
                        for read_before in &targets[..=at] {
                            let refusal = self.unreadable(read_before, &problem).await;
                            refusal.map_or(Ok(()), Err)?;
                        }
                        problems.push(problem);
                    }
                }
            }
        }
        if problems.is_empty() {
            problems = self.delete_stale(originals, targets).await;
        }
        if problems.is_empty() {
            Ok(())
        } else {
            Err(problems.join(" && "))
        }
    }

    fn log_update(&self, method: Method) {
        if method.replace {
            self.log.add(
                "using resource replace update strategy",
                json!({"fieldValidationDirective": "Strict"}),
            );
        } else if method.server_side {
            self.log.add(
                "using server-side apply for resource update",
                json!({"dryRun": false, "fieldValidationDirective": "Strict", "forceConflicts": method.force_conflicts,
                    "upgradeClientSideFieldManager": method.upgrade_manager}),
            );
        } else {
            self.log.add(
                "using client-side apply for resource update",
                json!({"threeWayMergeForUnstructured": method.three_way_custom}),
            );
        }
    }

    async fn change(
        &self,
        original: &Object,
        live: &Object,
        target: &Resource,
        method: Method,
    ) -> Result<(), String> {
        if method.replace {
            let replaced = self.replace(live, target).await;
            match &replaced {
                Ok(()) => self.log.add(
                    "replace succeeded",
                    json!({"initialKind": original.kind(), "kind": target.object.kind(), "name": target.object.name()}),
                ),
                Err(_) => self.log.add("error replacing the resource", failed_fields(target)),
            }
            return replaced;
        }
        if !method.server_side {
            return self.patch(original, live, target, method).await;
        }
        if method.upgrade_manager && self.upgrade_manager(live, target).await? {
            self.log.add(
                "Upgraded object client-side field management with server-side apply field management",
                object_fields(target),
            );
        }
        // What is provably there already needs no request.
        let settled = !method.upgrade_manager
            && skein_plan::owned::is_settled(&target.object, live, FIELD_MANAGER);
        if !settled && let Err(problem) = self.apply(target, method.force_conflicts).await {
            if self.unreadable(target, &problem).await.is_none() {
                self.log
                    .add("Error patching resource", failed_fields(target));
            }
            return Err(problem);
        }
        self.log.add("Patched resource", object_fields(target));
        Ok(())
    }

    async fn replace(&self, live: &Object, target: &Resource) -> Result<(), String> {
        let mut object = target.object.clone();
        object.set(
            &["metadata", "resourceVersion"],
            live.resource_version().into(),
        );
        let replaced = self
            .target
            .cluster
            .replace(&target.resource, &object, FIELD_MANAGER)
            .await
            .map_err(|error| format!("failed to replace object: {error}"))?;
        self.target.observed.wrote(&target.resource, &replaced);
        Ok(())
    }

    /// The three-way merge of Helm 3: what changed between the two manifests, and what differs from the live object where the manifest speaks.
    async fn patch(
        &self,
        original: &Object,
        live: &Object,
        target: &Resource,
        method: Method,
    ) -> Result<(), String> {
        let gvk = target.gvk();
        let builtin = skein_schema::builtin::schema(&gvk).filter(|_| !is_definition(&gvk));
        let (kind, patch) = match &builtin {
            Some(_) => {
                let (old, new) = (original.as_map(), target.object.as_map());
                let patch = skein_merge::strategic::create_three_way(
                    old,
                    new,
                    live.as_map(),
                    builtin.as_ref(),
                )
                .map_err(|error| format!("failed to create patch: {error}"))?;
                (PatchKind::Strategic, Value::Object(patch))
            }
            None => {
                let (old, new) = (original.to_value(), target.object.to_value());
                let patch = if method.three_way_custom {
                    skein_merge::merge_patch::create_three_way(&old, &new, &live.to_value())
                } else {
                    skein_merge::merge_patch::create(&old, &new)
                };
                (PatchKind::Merge, patch)
            }
        };
        if patch.as_object().is_none_or(serde_json::Map::is_empty) {
            return Ok(());
        }
        let place = (target.object.namespace(), target.object.name());
        let patched = self
            .target
            .cluster
            .patch_as(&target.resource, place, kind, &patch, FIELD_MANAGER)
            .await
            .map_err(|error| {
                format!(
                    "cannot patch {:?} with kind {}: {error}",
                    target.object.name(),
                    target.object.kind()
                )
            })?;
        self.target.observed.wrote(&target.resource, &patched);
        Ok(())
    }

    /// Ownership by client-side patches becomes ownership by server-side apply.
    async fn upgrade_manager(&self, live: &Object, target: &Resource) -> Result<bool, String> {
        let own = [Predecessor {
            prefix: FIELD_MANAGER.to_owned(),
            operation: "Update",
            exact: false,
        }];
        self.move_fields(live, target, &own).await.map_err(|error| {
            format!(
                "failed to patch object to upgrade CSA field manager {}: {error}",
                target.full_text()
            )
        })
    }

    /// Fields of an object that these managers own become ours.
    pub(crate) async fn take_fields(
        &self,
        target: &Resource,
        managers: &[Predecessor],
    ) -> Result<(), ApiError> {
        if let Some(live) = self.live(target).await? {
            self.move_fields(&live, target, managers).await?;
        }
        Ok(())
    }

    /// Whether there were such fields.
    async fn move_fields(
        &self,
        live: &Object,
        target: &Resource,
        managers: &[Predecessor],
    ) -> Result<bool, ApiError> {
        let Some(entries) = moved_fields(live, managers) else {
            return Ok(false);
        };
        let patch = json!([
            {"op": "replace", "path": "/metadata/managedFields", "value": entries},
            {"op": "replace", "path": "/metadata/resourceVersion", "value": live.resource_version()},
        ]);
        let place = (target.object.namespace(), target.object.name());
        let cluster = &self.target.cluster;
        let patched = cluster
            .json_patch(&target.resource, place, None, &patch, FIELD_MANAGER)
            .await?;
        self.target.observed.wrote(&target.resource, &patched);
        Ok(true)
    }

    async fn delete_stale(&self, originals: &[Resource], targets: &[Resource]) -> Vec<String> {
        let mut problems = Vec::new();
        for original in originals {
            let key = original.key();
            if targets.iter().any(|target| target.key() == key) {
                continue;
            }
            let fields = || json!({"kind": key.kind, "name": key.name, "namespace": key.namespace});
            self.log.add("deleting resource", fields());
            let Ok(Some(live)) = self.live(original).await else {
                self.log
                    .add_written("unable to get object", &original.not_found_fields());
                continue;
            };
            if live.annotation(RESOURCE_POLICY.0) == Some(RESOURCE_POLICY.1) {
                let mut fields = fields();
                fields["annotation"] = RESOURCE_POLICY.0.into();
                fields["value"] = RESOURCE_POLICY.1.into();
                self.log.add("skipping delete due to annotation", fields);
                continue;
            }
            if let Err(error) = self.delete_one(original, Propagation::Background).await {
                self.log
                    .add_written("failed to delete resource", &original.error_fields(&error));
                problems.push(format!(
                    "failed to delete resource namespace={}, name={}, kind={}: {error}",
                    key.namespace, key.name, key.kind
                ));
            }
        }
        problems
    }

    async fn delete_one(
        &self,
        resource: &Resource,
        propagation: Propagation,
    ) -> Result<bool, ApiError> {
        let name = resource.object.namespaced_name();
        self.target.observed.deleting(&resource.resource, &name);
        let options = DeleteOptions {
            propagation: Some(propagation),
            ..DeleteOptions::default()
        };
        self.target
            .cluster
            .delete(&resource.resource, &name.namespace, &name.name, &options)
            .await
    }

    /// Deletes objects; those that are gone already are no problem.
    pub(crate) async fn delete(
        &self,
        resources: &[Resource],
        propagation: Propagation,
    ) -> Vec<String> {
        let mut problems = Vec::new();
        for resource in resources {
            let key = resource.key();
            let fields = json!({"kind": key.kind, "name": key.name, "namespace": key.namespace});
            self.log.add("starting delete resource", fields);
            match self.delete_one(resource, propagation).await {
                Ok(true) => {}
                Ok(false) => self
                    .log
                    .add_written("ignoring delete failure", &resource.not_found_fields()),
                Err(error) => problems.push(error.to_string()),
            }
        }
        problems
    }

    /// Which of the objects exist.
    pub(crate) async fn existing(
        &self,
        resources: &[Resource],
        must_own: Option<(&str, &str)>,
    ) -> Result<Vec<Resource>, String> {
        let mut found = Vec::new();
        for resource in resources {
            let what = || {
                format!(
                    "{} {:?} in namespace {:?}",
                    resource.object.kind(),
                    resource.object.name(),
                    resource.object.namespace()
                )
            };
            let live = self.seen_by_account(resource).await.map_err(|error| {
                format!(
                    "could not get information about the resource {}: {error}",
                    what()
                )
            })?;
            let Some(live) = live else { continue };
            if let Some((name, namespace)) = must_own
                && let Some(problem) = crate::resources::ownership_problem(&live, name, namespace)
            {
                return Err(format!(
                    "{} exists and cannot be imported into the current release: {problem}",
                    what()
                ));
            }
            found.push(resource.clone());
        }
        Ok(found)
    }
}

/// What a log line says of an object.
fn object_fields(resource: &Resource) -> Value {
    json!({
        "gvk": resource.gvk_text(), "name": resource.object.name(), "namespace": resource.object.namespace(),
    })
}

/// The same where something failed; Go prints nothing of its errors there.
fn failed_fields(resource: &Resource) -> Value {
    let mut fields = object_fields(resource);
    fields["error"] = json!({});
    fields
}

fn is_definition(gvk: &skein_object::GroupVersionKind) -> bool {
    gvk.group == "apiextensions.k8s.io" && gvk.kind == "CustomResourceDefinition"
}

/// The managedFields with the entries of these managers made part of our server-side one; `None` when there are none.
fn moved_fields(live: &Object, managers: &[Predecessor]) -> Option<Vec<Value>> {
    let patch = takeover::cleanup(live, live, FIELD_MANAGER, managers)?;
    let entries = patch.as_array()?.iter();
    entries
        .filter(|op| op["path"] == "/metadata/managedFields")
        .find_map(|op| op["value"].as_array().cloned())
}

/// Whether an apply would change nothing, as far as the live object alone can tell.
pub(crate) fn is_settled(desired: &Object, live: &Object) -> bool {
    let rules = skein_plan::apply::Rules {
        manager: FIELD_MANAGER,
        predecessors: &[],
        ignore: &skein_plan::ignore::IgnoreRules::default(),
        force: false,
    };
    matches!(
        skein_plan::apply::decide(desired, Live::Present(live), &rules),
        skein_plan::Decision::Settled(_)
    )
}

/// The resource of CustomResourceDefinitions.
pub(crate) fn definitions() -> Arc<ApiResource> {
    let gvk = skein_object::GroupVersionKind::new(
        "apiextensions.k8s.io",
        "v1",
        "CustomResourceDefinition",
    );
    Arc::new(ApiResource::new(&gvk, "customresourcedefinitions", false))
}
