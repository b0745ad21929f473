//! The objects of a build in order, with the rules for adding, absorbing and finding them.

use crate::error::{BuildError, Outcome, Problem};
use crate::growth::Growth;
use crate::id::{IdKeys, ResId, split_api_version};
use crate::resource::{Behavior, Resource};
use crate::schema::MergeSchema;
use crate::selector::{Matcher, Selector};

/// Most objects of one build.
pub(crate) const MAX_OBJECTS: usize = 200_000;

/// An object whose identity one of the others has. To blame is the patch that gave one of the two its name, if one did; the one that is being
/// applied is named by the step itself.
fn already_registered(
    resource: &Resource,
    others: &[Resource],
    schema: &MergeSchema,
) -> BuildError {
    let id = resource.id(schema);
    let message = format!("may not add resource with an already registered id: {id}");
    let error = BuildError::new(Problem::Conflict(message)).on_object(resource.shown());
    let key = resource.key(schema);
    let twins = others.iter().filter(|r| r.key(schema) == key);
    let both: Vec<&Resource> = std::iter::once(resource).chain(twins).collect();
    if both.iter().any(|r| r.is_renamed) {
        return error;
    }
    match both.iter().find_map(|r| r.renamed_by.as_ref()) {
        Some(patch) => patch.blame(error),
        None => resource.blame_line(error),
    }
}

/// Objects in order; no two have the same current identity.
#[derive(Clone, Debug, Default)]
pub(crate) struct ResMap {
    list: Vec<Resource>,
    /// Identities of all objects; `None` after a change that may have altered them.
    keys: Option<IdKeys>,
    growth: Growth,
}

impl ResMap {
    pub(crate) fn list(&self) -> &[Resource] {
        &self.list
    }

    /// The objects, to change.
    pub(crate) fn list_mut(&mut self) -> &mut Vec<Resource> {
        self.keys = None;
        &mut self.list
    }

    /// The objects, to change, and the count of what is added to them.
    pub(crate) fn list_and_growth(&mut self) -> (&mut Vec<Resource>, &mut Growth) {
        self.keys = None;
        (&mut self.list, &mut self.growth)
    }

    pub(crate) fn growth(&mut self) -> &mut Growth {
        &mut self.growth
    }

    /// The objects, for notes that leave their identities alone.
    pub(crate) fn list_for_trace(&mut self) -> &mut [Resource] {
        &mut self.list
    }

    pub(crate) fn into_list(self) -> Vec<Resource> {
        self.list
    }

    /// Takes the objects out.
    pub(crate) fn take_list(&mut self) -> Vec<Resource> {
        self.keys = None;
        std::mem::take(&mut self.list)
    }

    /// Adds all of another part of the build.
    pub(crate) fn append_map(&mut self, other: Self, schema: &MergeSchema) -> Outcome<()> {
        self.growth.add_times(&other.growth, 1)?;
        if self.list.is_empty() && other.keys.is_some() {
            // Nobody to meet, and among themselves they were compared already.
            (self.list, self.keys) = (other.list, other.keys);
            return Ok(());
        }
        self.append_all(other.list, schema)
    }

    /// Adds an object; its identity must be new.
    pub(crate) fn append(&mut self, resource: Resource, schema: &MergeSchema) -> Outcome<()> {
        let list = &self.list;
        let keys = self
            .keys
            .get_or_insert_with(|| list.iter().map(|r| r.key(schema)).collect());
        if !keys.insert(resource.key(schema)) {
            return Err(already_registered(&resource, &self.list, schema));
        }
        if self.list.len() >= MAX_OBJECTS {
            return Err(Problem::Limit(format!("more than {MAX_OBJECTS} objects")).into());
        }
        self.list.push(resource);
        Ok(())
    }

    /// Adds objects in order.
    pub(crate) fn append_all(
        &mut self,
        resources: impl IntoIterator<Item = Resource>,
        schema: &MergeSchema,
    ) -> Outcome<()> {
        resources
            .into_iter()
            .try_for_each(|r| self.append(r, schema))
    }

    /// Refuses two objects with one identity, which patches may have made.
    pub(crate) fn check_unique(&self, schema: &MergeSchema) -> Outcome<()> {
        self.check_unique_among(schema, |_| true)
    }

    /// As [`Self::check_unique`], for those objects that count.
    pub(crate) fn check_unique_among(
        &self,
        schema: &MergeSchema,
        counts: impl Fn(&Resource) -> bool,
    ) -> Outcome<()> {
        let mut seen = IdKeys::with_capacity_and_hasher(self.list.len(), Default::default());
        let counting = self.list.iter().enumerate().filter(|(_, r)| counts(r));
        for (at, resource) in counting {
            if !seen.insert(resource.key(schema)) {
                return Err(already_registered(resource, &self.list[..at], schema));
            }
        }
        Ok(())
    }

    /// The places of all objects that have the identities of those at some places.
    pub(crate) fn with_same_identity(&self, places: &[usize], schema: &MergeSchema) -> Vec<usize> {
        if matches!(places, [_]) || self.keys.is_some() {
            return places.to_vec();
        }
        let keys: IdKeys = places.iter().map(|at| self.list[*at].key(schema)).collect();
        let fits = |at: &usize| keys.contains(&self.list[*at].key(schema));
        (0..self.list.len()).filter(fits).collect()
    }

    /// Changes the objects at some places. Afterwards deleted objects are gone, and no two have one identity.
    pub(crate) fn change(
        &mut self,
        places: &[usize],
        schema: &MergeSchema,
        mut change: impl FnMut(&mut Resource) -> Outcome<()>,
    ) -> Outcome<()> {
        let mut keys = self.keys.take();
        for at in places {
            if let Some(keys) = &mut keys {
                keys.remove(&self.list[*at].key(schema));
            }
        }
        for at in places {
            change(&mut self.list[*at])?;
        }
        let is_new = |keys: &mut IdKeys, resource: &Resource| {
            resource.node.is_null_or_empty() || keys.insert(resource.key(schema))
        };
        let is_unique = keys
            .as_mut()
            .is_some_and(|keys| places.iter().all(|at| is_new(keys, &self.list[*at])));
        self.list.retain(|r| !r.node.is_null_or_empty());
        if is_unique {
            self.keys = keys;
            return Ok(());
        }
        // In order, because the error names the later one of two.
        let list = std::mem::take(&mut self.list);
        self.append_all(list, schema)
    }

    /// Removes deleted objects.
    pub(crate) fn drop_empties(&mut self) {
        if self.list.iter().any(|r| r.node.is_null_or_empty()) {
            self.list_mut().retain(|r| !r.node.is_null_or_empty());
        }
    }

    /// Indexes of the objects one of whose identities, earlier ones included, has a name and matches.
    pub(crate) fn find_by_any_id(
        &self,
        schema: &MergeSchema,
        name: &str,
        matches: impl Fn(&ResId) -> bool,
    ) -> Vec<usize> {
        let matches = |id: &ResId| id.name == name && matches(id);
        let fits = |r: &Resource| {
            // Identities are made for few objects only.
            r.has_or_had_name(name)
                && !r.node.is_null_or_empty()
                && (r.previous_ids().any(|id| matches(&id)) || matches(&r.id(schema)))
        };
        self.list
            .iter()
            .enumerate()
            .filter(|(_, r)| fits(r))
            .map(|(at, _)| at)
            .collect()
    }

    /// The one object that has or had an identity.
    pub(crate) fn get_by_id(&self, id: &ResId, schema: &MergeSchema) -> Outcome<usize> {
        let found = self.find_by_any_id(schema, &id.name, |other| id.same(other));
        match found[..] {
            [at] => Ok(at),
            [] => Err(Problem::NoMatch(format!(
                "no matches for Id {id}; failed to find unique target for patch {id}"
            ))
            .into()),
            _ => Err(Problem::Conflict(format!(
                "multiple matches for Id {id}; failed to find unique target for patch {id}"
            ))
            .into()),
        }
    }

    /// Adds, replaces or merges what a generator made, by its behaviour.
    pub(crate) fn absorb(&mut self, mut resource: Resource, schema: &MergeSchema) -> Outcome<()> {
        let id = resource.id(schema);
        let found = self.find_by_any_id(schema, &id.name, |other| id.same(other));
        let behavior = resource.memory.behavior;
        let shown = resource.shown();
        match found[..] {
            [] if matches!(behavior, Behavior::Merge | Behavior::Replace) => {
                let message = format!("id {id} does not exist; cannot merge or replace");
                Err(BuildError::new(Problem::NoMatch(message)).on_object(shown))
            }
            [] => self.append(resource, schema),
            [at] => {
                let old = &self.list[at];
                match behavior {
                    Behavior::Replace => resource.copy_metadata_from(old)?,
                    Behavior::Merge => resource.merge_data_from(old)?,
                    _ => {
                        let message = format!(
                            "id {id} exists; cannot use behavior '{}', behavior must be merge or replace",
                            behavior.as_text()
                        );
                        return Err(BuildError::new(Problem::Conflict(message)).on_object(shown));
                    }
                }
                if !resource.id(schema).same(&old.id(schema)) {
                    let message = format!("cannot find resource with id {id} to replace");
                    return Err(BuildError::new(Problem::NoMatch(message)).on_object(shown));
                }
                resource.trail.clone_from(&old.trail);
                self.list_mut()[at] = resource;
                Ok(())
            }
            _ => {
                let message = format!("found multiple objects that could accept a merge of {id}");
                Err(BuildError::new(Problem::Conflict(message)).on_object(shown))
            }
        }
    }

    /// Indexes of the objects that a selector means. Name and namespace may be the original or the current ones.
    pub(crate) fn select(&self, selector: &Selector, schema: &MergeSchema) -> Outcome<Vec<usize>> {
        let matcher = Matcher::new(selector)?;
        let mut found = Vec::new();
        for (at, resource) in self.list.iter().enumerate() {
            let (group, version) = split_api_version(resource.api_version());
            if !matcher.gvk_parts(group, version, resource.kind()) {
                continue;
            }
            let (current, original) = (resource.id(schema), resource.original_id(schema));
            let namespace = matcher.namespace(original.effective_namespace())
                || matcher.namespace(current.effective_namespace());
            if namespace
                && (matcher.name(&original.name) || matcher.name(&current.name))
                && (matcher.labels.is_empty()
                    || resource.matches_selector("labels", &matcher.labels))
                && (matcher.annotations.is_empty()
                    || resource.matches_selector("annotations", &matcher.annotations))
            {
                found.push(at);
            }
        }
        Ok(found)
    }
}
