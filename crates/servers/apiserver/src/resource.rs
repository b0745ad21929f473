//! One served resource at one version, and the registry of all that a cluster serves.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, LazyLock};

use parking_lot::{Mutex, RwLock};
use serde_json::{Value, json};
use skein_merge::ownership::zero::zero_object;
use skein_object::{GroupVersionKind, Object};
use skein_schema::SchemaRef;
use skein_schema::builtin;
use skein_store::{Cluster, ResourceId};

use crate::custom::{self, CustomVersion};
use crate::failure::Failure;

/// A sub-resource, as discovery shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Subresource {
    pub(crate) name: String,
    /// Group, version and kind of the body.
    pub(crate) gvk: GroupVersionKind,
    pub(crate) verbs: Vec<String>,
}

/// A resource at a version.
#[derive(Clone, Debug)]
pub(crate) struct Resource {
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) plural: String,
    pub(crate) singular: String,
    pub(crate) kind: String,
    pub(crate) list_kind: String,
    pub(crate) namespaced: bool,
    pub(crate) verbs: Vec<String>,
    pub(crate) short_names: Vec<String>,
    pub(crate) categories: Vec<String>,
    pub(crate) subresources: Vec<Subresource>,
    /// Where the objects are stored; kinds served in two groups share it (events).
    pub(crate) storage: ResourceId,
    /// `apiVersion` that stored objects carry.
    pub(crate) storage_api_version: String,
    pub(crate) schema: Option<SchemaRef>,
    /// Present for kinds defined by a CustomResourceDefinition.
    pub(crate) custom: Option<Arc<CustomVersion>>,
}

impl Resource {
    pub(crate) fn gvk(&self) -> GroupVersionKind {
        GroupVersionKind::new(&self.group, &self.version, &self.kind)
    }

    /// The kind that refusals name: events are those of the older group, whatever they came through.
    pub(crate) fn refused_kind(&self) -> GroupVersionKind {
        match self.is("events.k8s.io", "events") {
            true => GroupVersionKind::new("", &self.version, &self.kind),
            false => self.gvk(),
        }
    }

    pub(crate) fn api_version(&self) -> String {
        self.gvk().api_version()
    }

    pub(crate) fn subresource(&self, name: &str) -> Option<&Subresource> {
        self.subresources.iter().find(|sub| sub.name == name)
    }

    pub(crate) fn has_status(&self) -> bool {
        self.subresource("status").is_some()
    }

    pub(crate) fn is(&self, group: &str, plural: &str) -> bool {
        self.group == group && self.plural == plural
    }

    /// An object of the kind in which nothing is set; custom kinds have no fields by themselves.
    pub(crate) fn zero(&self) -> Value {
        match &self.schema {
            Some(schema) if self.custom.is_none() => {
                zero_object(schema, &self.api_version(), &self.kind)
            }
            _ => json!({"apiVersion": self.api_version(), "kind": self.kind}),
        }
    }

    /// What clients are warned about whenever they use the resource.
    pub(crate) fn deprecation(&self) -> Option<String> {
        if let Some(custom) = &self.custom {
            return custom.deprecation.clone();
        }
        let text = match (self.group.as_str(), self.plural.as_str()) {
            ("", "endpoints") => {
                "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"
            }
            ("", "componentstatuses") => "v1 ComponentStatus is deprecated in v1.19+",
            _ => return None,
        };
        Some(text.to_owned())
    }

    /// The verbs that discovery tells of: objects of a definition that ends only go.
    pub(crate) fn told_verbs(&self) -> Vec<&str> {
        let ends = self
            .custom
            .as_ref()
            .is_some_and(|custom| custom.terminating);
        let verbs = self.verbs.iter().map(String::as_str);
        verbs
            .filter(|verb| !ends || !matches!(*verb, "create" | "patch" | "update"))
            .collect()
    }

    /// Whether the verb is served on the resource itself.
    pub(crate) fn allows(&self, verb: &str) -> bool {
        self.verbs.iter().any(|allowed| allowed == verb)
    }
}

type Served = BTreeMap<(String, String), Vec<Arc<Resource>>>;

/// All resources of a cluster, by group and version, in discovery order.
pub(crate) struct Registry {
    served: RwLock<Arc<Index>>,
    /// What each definition serves, by its name, with the fingerprint of what it was made from.
    parsed: Mutex<HashMap<String, Parsed>>,
}

/// A fingerprint and the resources made from it.
type Parsed = (String, Vec<Arc<Resource>>);

/// An immutable view of what is served.
pub(crate) struct Index {
    by_version: Served,
    by_path: HashMap<(String, String, String), Arc<Resource>>,
    /// Groups with their versions, best first, in the order of `/apis`.
    pub(crate) groups: Vec<(String, Vec<String>)>,
    /// Groups that exist only through CustomResourceDefinitions.
    custom_groups: Vec<String>,
    /// Changes with every change of what is served; an opaque text for caches.
    pub(crate) fingerprint: u64,
}

impl Index {
    fn build(mut resources: Vec<Arc<Resource>>, builtin_groups: &[String], print: u64) -> Self {
        let mut groups: Vec<(String, Vec<String>)> = builtin_groups
            .iter()
            .map(|group| (group.clone(), Vec::new()))
            .collect();
        let mut custom: Vec<String> = resources
            .iter()
            .filter(|resource| !builtin_groups.contains(&resource.group))
            .map(|resource| resource.group.clone())
            .collect();
        custom.sort();
        custom.dedup();
        groups.extend(custom.iter().map(|group| (group.clone(), Vec::new())));
        resources.sort_by(|a, b| a.plural.cmp(&b.plural));
        let mut by_version = Served::new();
        let mut by_path = HashMap::new();
        for resource in resources {
            let (group, version) = (resource.group.clone(), resource.version.clone());
            if let Some((_, versions)) = groups.iter_mut().find(|(name, _)| *name == group)
                && !versions.contains(&version)
            {
                versions.push(version.clone());
            }
            let path = (group.clone(), version.clone(), resource.plural.clone());
            by_path.insert(path, Arc::clone(&resource));
            by_version
                .entry((group, version))
                .or_default()
                .push(resource);
        }
        for (_, versions) in &mut groups {
            versions.sort_by(|a, b| compare_versions(b, a));
        }
        Self {
            by_version,
            by_path,
            groups,
            custom_groups: custom,
            fingerprint: print,
        }
    }

    pub(crate) fn find(&self, group: &str, version: &str, plural: &str) -> Option<Arc<Resource>> {
        self.by_path
            .get(&(group.into(), version.into(), plural.into()))
            .cloned()
    }

    /// The resource of a kind: at its version, else at the group's best one.
    pub(crate) fn find_kind(&self, gvk: &GroupVersionKind) -> Option<Arc<Resource>> {
        let at = |version: &str| {
            let list = self
                .by_version
                .get(&(gvk.group.clone(), version.to_owned()))?;
            list.iter()
                .find(|resource| resource.kind == gvk.kind)
                .cloned()
        };
        at(&gvk.version).or_else(|| {
            let (_, versions) = self.groups.iter().find(|(name, _)| *name == gvk.group)?;
            versions.iter().find_map(|version| at(version))
        })
    }

    /// The resources of a group and version, by plural.
    pub(crate) fn of_version(&self, group: &str, version: &str) -> Option<&[Arc<Resource>]> {
        self.by_version
            .get(&(group.into(), version.into()))
            .map(Vec::as_slice)
    }

    pub(crate) fn has_group(&self, group: &str) -> bool {
        self.groups.iter().any(|(name, _)| name == group)
    }

    /// The refusal of something that a group does not serve: groups of the server's own know what they lack.
    pub(crate) fn nothing_there(&self, group: &str) -> Box<Failure> {
        if self.has_group(group) && !self.is_custom_group(group) {
            Failure::unknown_path()
        } else {
            Failure::page_not_found()
        }
    }

    pub(crate) fn is_custom_group(&self, group: &str) -> bool {
        self.custom_groups.iter().any(|name| name == group)
    }

    /// Each stored resource once, at one of the versions it is served at.
    pub(crate) fn stored_once(&self) -> Vec<Arc<Resource>> {
        let mut seen = HashMap::new();
        for resource in self
            .by_path
            .values()
            .filter(|resource| resource.allows("list"))
        {
            let current: &mut Arc<Resource> = seen
                .entry(resource.storage.clone())
                .or_insert_with(|| Arc::clone(resource));
            if resource.api_version() == resource.storage_api_version {
                *current = Arc::clone(resource);
            }
        }
        let mut list: Vec<Arc<Resource>> = seen.into_values().collect();
        list.sort_by(|a, b| a.storage.cmp(&b.storage));
        list
    }
}

impl Registry {
    /// A registry of the built-in resources.
    pub(crate) fn new() -> Self {
        let registry = Self {
            served: RwLock::new(Arc::new(Index::build(Vec::new(), &[], 0))),
            parsed: Mutex::new(HashMap::new()),
        };
        registry.set_custom(Vec::new());
        registry
    }

    pub(crate) fn current(&self) -> Arc<Index> {
        Arc::clone(&self.served.read())
    }

    /// What a definition serves; its schemas are read once per generation.
    pub(crate) fn of_definition(&self, definition: &Object, store: &Cluster) -> Vec<Arc<Resource>> {
        let names = definition
            .at(&["status", "acceptedNames"])
            .map(ToString::to_string);
        let names = names.unwrap_or_default();
        let print = format!(
            "{} {} {} {names}",
            definition.uid(),
            definition.generation(),
            definition.is_deleting()
        );
        let mut parsed = self.parsed.lock();
        if let Some((known, resources)) = parsed.get(definition.name())
            && *known == print
        {
            return resources.clone();
        }
        let resources = custom::resources(definition, store);
        parsed.insert(definition.name().to_owned(), (print, resources.clone()));
        resources
    }

    /// Replaces the resources that CustomResourceDefinitions define.
    pub(crate) fn set_custom(&self, custom: Vec<Arc<Resource>>) {
        let (builtin, groups) = &*BUILTIN;
        let mut resources = builtin.clone();
        resources.extend(custom);
        let mut served = self.served.write();
        let fingerprint = served.fingerprint + 1;
        *served = Arc::new(Index::build(resources, groups, fingerprint));
    }
}

/// Stored together although served in several groups or versions: (group, plural, stored as).
const STORED_ELSEWHERE: &[(&str, &str, &str, &str)] = &[("events.k8s.io", "events", "", "v1")];

/// Versions in which objects are stored where it is not the only one.
const STORAGE_VERSIONS: &[(&str, &str)] = &[("autoscaling", "v2")];

/// The built-in resources and their groups in discovery order.
static BUILTIN: LazyLock<(Vec<Arc<Resource>>, Vec<String>)> = LazyLock::new(builtin_resources);

fn builtin_resources() -> (Vec<Arc<Resource>>, Vec<String>) {
    let mut groups: Vec<String> = Vec::new();
    let mut resources: Vec<Resource> = Vec::new();
    for entry in builtin::resources() {
        let (group, version) = entry
            .group_version
            .split_once('/')
            .unwrap_or(("", &entry.group_version));
        if !groups.iter().any(|name| name == group) {
            groups.push(group.to_owned());
        }
        let (plural, sub) = entry.parts();
        if let Some(sub) = sub {
            let sub = Subresource {
                name: sub.to_owned(),
                gvk: entry.gvk(),
                verbs: entry.verbs.clone(),
            };
            let owner = resources
                .iter_mut()
                .find(|r| r.group == group && r.version == version && r.plural == plural);
            if let Some(owner) = owner {
                owner.subresources.push(sub);
            }
            continue;
        }
        resources.push(builtin_resource(entry, group, version));
    }
    (resources.into_iter().map(Arc::new).collect(), groups)
}

fn builtin_resource(entry: &builtin::ApiResource, group: &str, version: &str) -> Resource {
    let elsewhere = STORED_ELSEWHERE
        .iter()
        .find(|(g, plural, ..)| (*g, *plural) == (group, &entry.name));
    let stored_version = STORAGE_VERSIONS
        .iter()
        .find(|(g, _)| *g == group)
        .map_or(version, |(_, v)| *v);
    let (storage, storage_gv) = match elsewhere {
        Some((_, plural, to_group, to_version)) => (
            ResourceId::new(to_group, plural),
            GroupVersionKind::new(*to_group, *to_version, "").api_version(),
        ),
        None => (
            ResourceId::new(group, &entry.name),
            GroupVersionKind::new(group, stored_version, "").api_version(),
        ),
    };
    Resource {
        group: group.to_owned(),
        version: version.to_owned(),
        plural: entry.name.clone(),
        singular: entry.singular_name.clone(),
        kind: entry.kind.clone(),
        list_kind: format!("{}List", entry.kind),
        namespaced: entry.namespaced,
        verbs: entry.verbs.clone(),
        short_names: entry.short_names.clone(),
        categories: entry.categories.clone(),
        subresources: Vec::new(),
        storage,
        storage_api_version: storage_gv,
        schema: builtin::schema(&entry.gvk()),
        custom: None,
    }
}

/// Kubernetes' order of version names: v10 > v2 > v1 > v11beta2 > v10beta3 > v3alpha1 > others.
pub(crate) fn compare_versions(a: &str, b: &str) -> std::cmp::Ordering {
    rank(a).cmp(&rank(b)).then_with(|| b.cmp(a))
}

/// Stability (stable 3, beta 2, alpha 1, other 0), then major and minor number.
fn rank(version: &str) -> (u8, u64, u64) {
    let parse = || {
        let rest = version.strip_prefix('v')?;
        let digits = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        let major: u64 = rest[..digits].parse().ok()?;
        let tail = &rest[digits..];
        if tail.is_empty() {
            return Some((3, major, 0));
        }
        let (stability, minor) = if let Some(minor) = tail.strip_prefix("beta") {
            (2, minor)
        } else {
            (1, tail.strip_prefix("alpha")?)
        };
        let minor = if minor.is_empty() {
            0
        } else {
            minor.parse().ok()?
        };
        Some((stability, major, minor))
    };
    parse().unwrap_or((0, 0, 0))
}

#[cfg(test)]
mod tests {
    use super::compare_versions;

    #[test]
    fn versions_sort_as_kubernetes_sorts_them() {
        let mut versions = vec![
            "v1",
            "foo1",
            "v11alpha2",
            "v10",
            "v3beta1",
            "v12alpha1",
            "v2",
            "v11beta2",
            "foo10",
        ];
        versions.sort_by(|a, b| compare_versions(b, a));
        let expected = [
            "v10",
            "v2",
            "v1",
            "v11beta2",
            "v3beta1",
            "v12alpha1",
            "v11alpha2",
            "foo1",
            "foo10",
        ];
        assert_eq!(versions, expected);
    }
}
