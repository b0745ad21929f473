//! Create and update: the way of an object from a request into the store.

use std::sync::Arc;

use skein_object::Object;
use skein_store::{Key, Stored, WriteError};

use crate::admit::{self, Conformed};
use crate::api::{self, Api, Call};
use crate::custom;
use crate::decode;
use crate::failure::{Cause, Failure, Outcome};
use crate::negotiate;
use crate::options::{FieldValidation, WriteOptions};
use crate::read;
use crate::resource::Resource;
use crate::respond::{self, Reply};
use crate::{
    accounts, convert, escalation, lifecycle, limit_ranges, metadata, ownership, pod_security,
    quotas, strategy,
};

/// How often a write starts again when somebody else was faster.
const MAX_ATTEMPTS: usize = 16;
/// How often a new random name is tried.
const MAX_NAME_ATTEMPTS: usize = 8;
/// Fields of metadata that say how an object is going.
const DELETION_TIME: &str = "deletionTimestamp";
const DELETION_GRACE: &str = "deletionGracePeriodSeconds";

/// Answers `create`.
pub(crate) async fn create(
    api: &Arc<Api>,
    call: &Call,
    resource: &Arc<Resource>,
) -> Outcome<Reply> {
    let form = negotiate::form(call.header("accept"))?;
    let options = WriteOptions::parse(call, "CreateOptions", false)?;
    let conformed = admit::conform(
        resource,
        decode::object_body(call, resource)?,
        options.validation,
    )?;
    let Conformed {
        mut object,
        mut warnings,
    } = conformed;
    place(call, resource, &mut object)?;
    // What is no number is overwritten without a word.
    let version = object.resource_version().parse::<u64>();
    if !options.dry_run && version.is_ok_and(|version| version != 0) {
        let text = "resourceVersion should not be set on objects to be created";
        return Err(Failure::new(500, "", text));
    }
    escalation::check(api, Some(call), resource, None, &object)?;
    warnings.extend(strategy::early_warnings(resource, &object));
    let of_sent = strategy::warnings(resource, "", None, &object);
    let of_policies = pod_security::warnings(api, resource, "", None, &object);
    let inserted = insert(api, resource, object, &options, Some(call)).await;
    // What the kind warns of is told once the object is found valid, even when its name is taken.
    let told = match &inserted {
        Ok(made) => Some(strategy::warnings(resource, "", None, made)),
        Err(failure) if failure.reason == "AlreadyExists" => Some(of_sent),
        Err(_) => None,
    };
    if let Some(told) = told {
        warnings.extend(told);
        warnings.extend(of_policies);
    }
    let object = warned(inserted, &warnings)?;
    let mut reply = read::object_reply(201, form, resource, call, &object)?;
    respond::warn(&mut reply, &warnings);
    Ok(reply)
}

/// Sets the namespace of the request, or refuses another one.
pub(crate) fn place(call: &Call, resource: &Resource, object: &mut Object) -> Outcome<()> {
    let requested = read::namespace(call, resource).unwrap_or_default();
    if !resource.namespaced {
        object.remove(&["metadata", "namespace"]);
        return Ok(());
    }
    let given = object.namespace();
    if !given.is_empty() && given != requested {
        return Err(Failure::bad_request(
            "the namespace of the provided object does not match the namespace sent on the request",
        ));
    }
    if requested.is_empty() {
        return Err(Failure::bad_request(
            "an empty namespace may not be set during creation",
        ));
    }
    object.set(&["metadata", "namespace"], requested.into());
    Ok(())
}

/// Stores a new object that has passed decoding; answers it at the resource's version.
pub(crate) async fn insert(
    api: &Arc<Api>,
    resource: &Arc<Resource>,
    mut object: Object,
    options: &WriteOptions,
    call: Option<&Call>,
) -> Outcome<Object> {
    let now = api::now();
    metadata::drop_system_fields(&mut object);
    lifecycle::check_create(api, resource, &object)?;
    ownership::track(resource, "", None, &mut object, &options.manager, &now);
    insert_owned(api, resource, object, options, call, &now).await
}

/// Stores a new object whose managedFields are set already (the end of create and of apply).
pub(crate) async fn insert_owned(
    api: &Arc<Api>,
    resource: &Arc<Resource>,
    mut object: Object,
    options: &WriteOptions,
    call: Option<&Call>,
    now: &str,
) -> Outcome<Object> {
    let generate = object
        .str_at(&["metadata", "generateName"])
        .unwrap_or_default()
        .to_owned();
    let generated = object.name().is_empty() && !generate.is_empty();
    object.set(
        &["metadata", "uid"],
        uuid::Uuid::new_v4().to_string().into(),
    );
    object.set(&["metadata", "creationTimestamp"], now.into());
    accounts::admit_pod(api, resource, &mut object, call.is_some())?;
    limit_ranges::complete(api, resource, &mut object);
    strategy::pods::admit(api, resource, &mut object, call.is_some())?;
    strategy::prepare_create(resource, &mut object, call);
    for attempt in 1.. {
        if generated {
            object.set(
                &["metadata", "name"],
                metadata::generate_name(&generate).into(),
            );
        }
        // What cannot be given out is told before the object is looked at.
        strategy::allocate(api, resource, None, &mut object, options.dry_run)?;
        validate_create(resource, &object)?;
        limit_ranges::check(api, resource, &object)?;
        pod_security::enforce(api, resource, "", None, &object)?;
        quotas::admit(api, resource, "", None, &object, options.dry_run).await?;
        admit::lose_empties(resource, &mut object);
        if options.dry_run {
            if let Some(there) = api.store.get(&stored_key(resource, &object)) {
                return Err(exists(resource, &there.object));
            }
            convert::through_storage(&mut object, resource);
            return Ok(object);
        }
        match store_new(api, resource, object.clone()).await {
            Ok(stored) => return Ok(crate::present::object(resource, &stored)),
            Err(WriteError::Exists(_)) if generated && attempt < MAX_NAME_ATTEMPTS => {}
            Err(WriteError::Exists(key)) => {
                let there = api.store.get(&key);
                let there = there.as_ref().map_or(&object, |there| &there.object);
                return Err(exists(resource, there));
            }
            Err(error) => return Err(Failure::from_write(error, resource, object.name())),
        }
    }
    Err(Failure::internal("no free name was found"))
}

/// The refusal of a name that is taken, which tells whether it will be free soon.
fn exists(resource: &Resource, there: &Object) -> Box<Failure> {
    let mut failure = Failure::already_exists(resource, there.name());
    if there.is_deleting() {
        failure.message = format!("object is being deleted: {}", failure.message);
    }
    failure
}

async fn store_new(
    api: &Api,
    resource: &Resource,
    mut object: Object,
) -> Result<Arc<Stored>, WriteError> {
    let key = stored_key(resource, &object);
    convert::to_storage(&mut object, resource);
    api.store.create(key, object).await
}

fn stored_key(resource: &Resource, object: &Object) -> Key {
    Key::new(&resource.storage, object.namespace(), object.name())
}

fn validate_create(resource: &Resource, object: &Object) -> Outcome<()> {
    let mut causes = metadata::check(resource, object);
    let custom = admit::custom_problems(resource, object, None, "", &causes);
    causes.extend(custom.causes);
    causes.extend(strategy::validate_create(resource, object));
    if causes.is_empty() {
        return Ok(());
    }
    let name = object.name();
    Err(Failure::invalid(&resource.refused_kind(), name, causes))
}

/// What an update makes of the live object.
pub(crate) struct Proposal {
    pub(crate) object: Object,
    pub(crate) warnings: Vec<String>,
    /// managedFields are set already (apply).
    pub(crate) owned: bool,
    /// Another uid than that of the live object is a conflict (a whole object was sent) and no change of a fixed field.
    pub(crate) whole: bool,
}

/// The outcome of an update.
pub(crate) struct Updated {
    pub(crate) object: Object,
    pub(crate) warnings: Vec<String>,
    pub(crate) created: bool,
}

/// Answers `update`, of the object or of a sub-resource that is stored with it.
pub(crate) async fn update(
    api: &Arc<Api>,
    call: &Call,
    resource: &Arc<Resource>,
    subresource: Option<&str>,
) -> Outcome<Reply> {
    let form = negotiate::form(call.header("accept"))?;
    let options = WriteOptions::parse(call, "UpdateOptions", false)?;
    let conformed = admit::conform(
        resource,
        decode::object_body(call, resource)?,
        options.validation,
    )?;
    check_named(call, resource, &conformed.object)?;
    let key = read::key(call, resource);
    let exists = api.store.get(&key).is_some();
    if !exists && subresource.is_none() && strategy::creates_on_update(resource) {
        let Conformed {
            mut object,
            warnings,
        } = conformed;
        place(call, resource, &mut object)?;
        object.remove(&["metadata", "resourceVersion"]);
        escalation::check(api, Some(call), resource, None, &object)?;
        let object = insert(api, resource, object, &options, Some(call)).await?;
        let mut reply = read::object_reply(201, form, resource, call, &object)?;
        respond::warn(&mut reply, &warnings);
        return Ok(reply);
    }
    let propose = |_: &Object| {
        Ok(Proposal {
            object: conformed.object.clone(),
            warnings: conformed.warnings.clone(),
            owned: false,
            whole: true,
        })
    };
    let change = Change {
        resource,
        subresource: subresource.unwrap_or_default(),
        options: &options,
        call: Some(call),
    };
    let updated = warned(change.run(api, &key, propose).await, &conformed.warnings)?;
    let mut reply = read::object_reply(200, form, resource, call, &updated.object)?;
    respond::warn(&mut reply, &updated.warnings);
    Ok(reply)
}

/// Puts the warnings into a refusal.
pub(crate) fn warned<T>(outcome: Outcome<T>, warnings: &[String]) -> Outcome<T> {
    outcome.map_err(|mut failure| {
        failure.warnings.extend_from_slice(warnings);
        failure
    })
}

/// The object must be the one that the request names.
pub(crate) fn check_named(call: &Call, resource: &Resource, object: &Object) -> Outcome<()> {
    check_namespace(call, resource, object)?;
    let (given, wanted) = (object.name(), call.info.name.as_str());
    if given.is_empty() {
        return Err(Failure::bad_request(format!(
            "the name of the object ({wanted} based on URL) was undeterminable: name must be provided"
        )));
    }
    if given != wanted {
        return Err(Failure::bad_request(format!(
            "the name of the object ({given}) does not match the name on the URL ({wanted})"
        )));
    }
    Ok(())
}

/// The namespace of an object must be that of the request, if it has one.
pub(crate) fn check_namespace(call: &Call, resource: &Resource, object: &Object) -> Outcome<()> {
    let namespace = read::namespace(call, resource).unwrap_or_default();
    if resource.namespaced && !object.namespace().is_empty() && object.namespace() != namespace {
        return Err(Failure::bad_request(
            "the namespace of the provided object does not match the namespace sent on the request",
        ));
    }
    Ok(())
}

/// An object that has passed all checks; none when nothing changes.
struct Prepared {
    object: Option<Object>,
    warnings: Vec<String>,
}

/// A change of one stored object through an endpoint.
pub(crate) struct Change<'a> {
    pub(crate) resource: &'a Arc<Resource>,
    pub(crate) subresource: &'a str,
    pub(crate) options: &'a WriteOptions,
    /// The request that asks for it; none when the server itself does.
    pub(crate) call: Option<&'a Call>,
}

impl Change<'_> {
    /// Proposes a new state from the live one and stores it, again when somebody else was faster
    /// and the proposal did not insist on a revision.
    pub(crate) async fn run(
        &self,
        api: &Arc<Api>,
        key: &Key,
        propose: impl Fn(&Object) -> Outcome<Proposal>,
    ) -> Outcome<Updated> {
        for _ in 0..MAX_ATTEMPTS {
            let stored = api.store.get(key);
            let stored = stored.ok_or_else(|| Failure::not_found(self.resource, &key.name))?;
            custom::check_readable(self.resource, &stored.object)?;
            let old = crate::present::object(self.resource, &stored);
            let Proposal {
                object,
                mut warnings,
                owned,
                whole,
            } = propose(&old)?;
            escalation::check(api, self.call, self.resource, Some(&old), &object)?;
            let insists = !object.resource_version().is_empty();
            let prepared = self.prepare(api, &old, object, owned, whole)?;
            warnings.extend(prepared.warnings);
            let sent = prepared.object.as_ref().unwrap_or(&old);
            let of_pods =
                pod_security::warnings(api, self.resource, self.subresource, Some(&old), sent);
            let is_stale = || self.is_rewritten(&stored, &old);
            let Some(new) = prepared.object.or_else(|| is_stale().then(|| old.clone())) else {
                warnings.extend(of_pods);
                return Ok(Updated {
                    object: old,
                    warnings,
                    created: false,
                });
            };
            let dry_run = self.options.dry_run;
            let (resource, part) = (self.resource, self.subresource);
            quotas::admit(api, resource, part, Some(&old), &new, dry_run).await?;
            warnings.extend(strategy::warnings(resource, part, Some(&old), &new));
            warnings.extend(of_pods);
            if self.options.dry_run {
                let mut new = new;
                convert::through_storage(&mut new, self.resource);
                return Ok(Updated {
                    object: new,
                    warnings,
                    created: false,
                });
            }
            match self.store(api, key, &stored, new).await {
                Ok(object) => {
                    return Ok(Updated {
                        object,
                        warnings,
                        created: false,
                    });
                }
                Err(WriteError::Conflict(_))
                    if !insists || self.unchanged_version(&old, api, key) => {}
                Err(error) => return Err(Failure::from_write(error, self.resource, &key.name)),
            }
        }
        Err(Failure::modified(self.resource, &key.name))
    }

    /// Whether an object that does not change is stored in another form than it would be now: what its version or the
    /// definition of today does not know is lost.
    fn is_rewritten(&self, stored: &Stored, old: &Object) -> bool {
        if crate::present::is_native(self.resource, stored) || self.resource.custom.is_none() {
            return false;
        }
        let mut again = old.clone();
        convert::to_storage(&mut again, self.resource);
        again != stored.object
    }

    /// A patch computes its object from the live one, so it carries the live revision without
    /// insisting on it; the next attempt decides.
    fn unchanged_version(&self, old: &Object, api: &Api, key: &Key) -> bool {
        api.store
            .get(key)
            .is_some_and(|now| now.object.uid() == old.uid())
    }

    async fn store(
        &self,
        api: &Arc<Api>,
        key: &Key,
        stored: &Stored,
        mut new: Object,
    ) -> Result<Object, WriteError> {
        convert::to_storage(&mut new, self.resource);
        if self.subresource.is_empty() {
            convert::autoscalers::keep_status(self.resource, &stored.object, &mut new);
        }
        let finished = new.is_deleting() && lifecycle::may_go(&new);
        let written = if finished {
            // The last finalizer is gone: the update is the removal.
            api.store.remove(key.clone(), stored.revision).await?;
            let mut gone = new;
            convert::to_version(&mut gone, self.resource);
            return Ok(gone);
        } else {
            api.store.replace(key.clone(), stored.revision, new).await?
        };
        Ok(crate::present::object(self.resource, &written))
    }

    /// The object to store.
    fn prepare(
        &self,
        api: &Arc<Api>,
        old: &Object,
        mut new: Object,
        owned: bool,
        whole: bool,
    ) -> Outcome<Prepared> {
        let resource = self.resource;
        self.check_preconditions(old, &new, whole)?;
        let fixed = fixed_causes(old, &new);
        let now = api::now();
        new.set(&["metadata", "name"], old.name().into());
        if resource.namespaced {
            new.set(&["metadata", "namespace"], old.namespace().into());
        }
        if !owned {
            let manager = &self.options.manager;
            ownership::track(
                resource,
                self.subresource,
                Some(old),
                &mut new,
                manager,
                &now,
            );
        }
        // It is not stored, and so seen in the answer to a dry run only.
        let own_link = new.at(&["metadata", "selfLink"]).cloned();
        metadata::keep_system_fields(old, &mut new);
        if let (true, Some(link)) = (self.options.dry_run, own_link) {
            new.set(&["metadata", "selfLink"], link);
        }
        if self.subresource == "resize" {
            limit_ranges::complete(api, resource, &mut new);
        }
        strategy::prepare_update(resource, self.subresource, old, &mut new);
        new.set(
            &["metadata", "resourceVersion"],
            old.resource_version().into(),
        );
        metadata::tidy(&mut new);
        let warnings = self.validate(old, &new, fixed)?;
        let is_ranged = match self.subresource {
            "" => !resource.is("", "pods"),
            part => part == "resize",
        };
        if is_ranged && !old.is_deleting() {
            limit_ranges::check(api, resource, &new)?;
        }
        pod_security::enforce(api, resource, self.subresource, Some(old), &new)?;
        strategy::allocate(api, resource, Some(old), &mut new, self.options.dry_run)?;
        skein_merge::ownership::keep_times_when_unchanged(old, &mut new);
        admit::lose_empties(resource, &mut new);
        let is_same = new == *old && !(old.is_deleting() && lifecycle::may_go(old));
        Ok(Prepared {
            object: (!is_same).then_some(new),
            warnings,
        })
    }

    fn check_preconditions(&self, old: &Object, new: &Object, whole: bool) -> Outcome<()> {
        let name = old.name();
        if whole && !new.uid().is_empty() && new.uid() != old.uid() {
            let why = format!(
                "StorageError: invalid object, Code: 4, Key: /registry/{}/{}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: {}, UID in object meta: {}",
                registry_path(self.resource),
                old.namespaced_name(),
                new.uid(),
                old.uid()
            );
            return Err(Failure::conflict(self.resource, name, &why));
        }
        let version = new.resource_version();
        if version.is_empty() || version == "0" {
            if strategy::updates_unconditionally(self.resource) {
                return Ok(());
            }
            return Err(unconditional(self.resource, name));
        }
        if version.parse::<u64>().is_err() {
            let text = format!("strconv.ParseUint: parsing {version:?}: invalid syntax");
            return Err(Failure::new(500, "", text));
        }
        if version != old.resource_version() {
            return Err(Failure::modified(self.resource, name));
        }
        Ok(())
    }

    /// Refuses a change that breaks rules; answers what the client is to be warned of.
    fn validate(&self, old: &Object, new: &Object, fixed: Vec<Cause>) -> Outcome<Vec<String>> {
        let resource = self.resource;
        let mut causes = fixed;
        causes.extend(metadata::check_change(resource, new));
        causes.extend(lifecycle::finalizer_causes(old, new));
        let custom = admit::custom_problems(resource, new, Some(old), self.subresource, &causes);
        causes.extend(custom.causes);
        causes.extend(strategy::validate_update(
            resource,
            self.subresource,
            old,
            new,
        ));
        if causes.is_empty() {
            return Ok(custom.warnings);
        }
        let mut failure = Failure::invalid(&resource.refused_kind(), new.name(), causes);
        failure.warnings.extend(custom.warnings);
        Err(failure)
    }
}

/// Fields of metadata that a client may not change; the real server looks twice and lists both.
fn fixed_causes(old: &Object, new: &Object) -> Vec<Cause> {
    let mut causes = Vec::new();
    let mut changed = |name: &str| {
        if let Some(value) = new.at(&["metadata", name]) {
            let text = format!("Invalid value: {value}: field is immutable");
            let field = format!("metadata.{name}");
            causes.push(Cause::new("FieldValueInvalid", &field, text));
        }
    };
    if !new.uid().is_empty() && new.uid() != old.uid() {
        changed("uid");
    }
    let is_set = |object: &Object, name: &str| {
        object
            .at(&["metadata", name])
            .is_some_and(|value| !value.is_null())
    };
    // The moment of a running deletion stays without a word; there must be none before.
    if is_set(new, DELETION_TIME) && !is_set(old, DELETION_TIME) {
        changed(DELETION_TIME);
    }
    let grace = |object: &Object| object.i64_at(&["metadata", DELETION_GRACE]);
    if grace(new).is_some() && grace(new) != grace(old) {
        changed(DELETION_GRACE);
    }
    [causes.clone(), causes].concat()
}

/// The refusal of an update that names no revision where it must.
fn unconditional(resource: &Resource, name: &str) -> Box<Failure> {
    let text = "Invalid value: 0: must be specified for an update";
    let cause = Cause::new("FieldValueInvalid", "metadata.resourceVersion", text);
    let mut gvk = resource.gvk();
    // The real server names the resource here, not the kind.
    gvk.kind.clone_from(&resource.plural);
    Failure::invalid(&gvk, name, vec![cause])
}

/// Where the real server keeps the resource's objects below `/registry`.
fn registry_path(resource: &Resource) -> String {
    if resource.custom.is_some() {
        return format!("{}/{}", resource.group, resource.plural);
    }
    match resource.plural.as_str() {
        "services" => "services/specs".to_owned(),
        "endpoints" => "services/endpoints".to_owned(),
        "ingresses" => "ingress".to_owned(),
        "nodes" => "minions".to_owned(),
        plural => plural.to_owned(),
    }
}

/// Options for writes of the server itself.
pub(crate) fn own_options(manager: &str) -> WriteOptions {
    WriteOptions {
        dry_run: false,
        manager: manager.to_owned(),
        validation: FieldValidation::Ignore,
        force: false,
    }
}
