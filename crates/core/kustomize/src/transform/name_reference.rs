//! Follows renamed objects: fields that hold an object's earlier name get its new one.

use foldhash::{HashMap, HashMapExt as _, HashSet, HashSetExt as _};

use skein_yaml::{CompactString, Kind, Node};

use crate::error::{BuildError, Outcome, Problem};
use crate::field_specs::{FieldSpec, NameReference, apply_path};
use crate::id::{Gvk, ResId};
use crate::ops::{OpError, require, set_field, set_scalar};
use crate::resmap::ResMap;
use crate::resource::Resource;
use crate::schema::MergeSchema;

/// What is known of an object that others may refer to.
struct Candidate {
    id: ResId,
    original_namespace: String,
    previous: Vec<ResId>,
    prefixes: Vec<String>,
    suffixes: Vec<String>,
}

/// All objects, and where to find those that had a name.
struct Candidates {
    all: Vec<Candidate>,
    by_previous_name: HashMap<CompactString, Vec<usize>>,
}

impl Candidates {
    fn new(map: &ResMap, schema: &MergeSchema) -> Self {
        let mut by_previous_name: HashMap<CompactString, Vec<usize>> = HashMap::new();
        let mut all = Vec::with_capacity(map.list().len());
        for (at, resource) in map.list().iter().enumerate() {
            let previous: Vec<ResId> = resource.previous_ids().collect();
            for id in &previous {
                let list = by_previous_name.entry(id.name.clone()).or_default();
                if list.last() != Some(&at) {
                    list.push(at);
                }
            }
            all.push(Candidate {
                original_namespace: resource
                    .original_id(schema)
                    .effective_namespace()
                    .to_owned(),
                id: resource.id(schema),
                previous,
                prefixes: resource.memory.prefixes.clone(),
                suffixes: resource.memory.suffixes.clone(),
            });
        }
        Self {
            all,
            by_previous_name,
        }
    }
}

/// One object whose references are followed.
struct Referrer<'a> {
    candidates: &'a Candidates,
    own: &'a Candidate,
    /// Namespaces of the service accounts that a role binding names.
    subject_namespaces: HashSet<String>,
    /// Group and kind of the role that a binding refers to.
    role: Option<Gvk>,
}

/// Updates all references.
pub(crate) fn apply(
    references: &[NameReference],
    map: &mut ResMap,
    schema: &MergeSchema,
) -> Outcome<()> {
    let candidates = Candidates::new(map, schema);
    let mut filters: HashMap<Gvk, Vec<(&FieldSpec, &Gvk)>> = HashMap::new();
    let kinds: Vec<Gvk> = map.list().iter().map(Resource::original_gvk).collect();
    for (at, kind) in kinds.into_iter().enumerate() {
        let chosen = filters.entry(kind).or_insert_with_key(|kind| {
            let all = references
                .iter()
                .flat_map(|n| n.referrers.0.iter().map(|r| (r, &n.target)));
            all.filter(|(spec, _)| kind.is_selected(&spec.gvk))
                .collect()
        });
        if chosen.is_empty() {
            continue;
        }
        let resource = &mut map.list_mut()[at];
        let referrer = Referrer {
            candidates: &candidates,
            own: &candidates.all[at],
            subject_namespaces: subject_namespaces(resource)?,
            role: role_of(resource),
        };
        for (spec, target) in chosen.iter() {
            let result = apply_path(&mut resource.node, spec, None, &mut |node| {
                referrer.update(node, spec, target)
            });
            result.map_err(|e| {
                let message = format!("updating name reference in '{}' field: {}", spec.path, e.0);
                resource.blame(Problem::Conflict(message).into())
            })?;
        }
    }
    Ok(())
}

fn subject_namespaces(resource: &Resource) -> Outcome<HashSet<String>> {
    let mut namespaces = HashSet::new();
    if resource.kind() != "RoleBinding" {
        return Ok(namespaces);
    }
    for subject in resource
        .node
        .get("subjects")
        .map(Node::items)
        .unwrap_or_default()
    {
        let Some(namespace) = subject.get("namespace") else {
            continue;
        };
        if subject
            .get("kind")
            .is_some_and(|k| k.value == "ServiceAccount")
        {
            if !namespace.is_string_value() {
                let error = BuildError::invalid("the namespace of a subject must be a string");
                return Err(error.on_object(resource.shown()));
            }
            namespaces.insert(namespace.value.as_str().to_owned());
        }
    }
    Ok(namespaces)
}

fn role_of(resource: &Resource) -> Option<Gvk> {
    let role = resource.node.get("roleRef").filter(|r| r.is_mapping())?;
    let (group, kind) = (role.get("apiGroup")?, role.get("kind")?);
    Some(Gvk {
        group: group.value.clone(),
        version: CompactString::default(),
        kind: kind.value.clone(),
    })
}

impl Referrer<'_> {
    fn update(&self, node: &mut Node, spec: &FieldSpec, target: &Gvk) -> Result<(), OpError> {
        if node.is_null() {
            return Ok(());
        }
        match node.kind {
            Kind::Scalar => self.update_text(node, spec, target),
            Kind::Mapping => self.update_map(node, spec, target),
            Kind::Sequence => {
                for item in node.content.iter_mut().filter(|n| !n.is_null()) {
                    match item.kind {
                        Kind::Scalar => self.update_text(item, spec, target)?,
                        Kind::Mapping => self.update_map(item, spec, target)?,
                        Kind::Sequence => {
                            return Err(OpError("expected a string or a map".to_owned()));
                        }
                    }
                }
                Ok(())
            }
        }
    }

    fn update_text(&self, node: &mut Node, spec: &FieldSpec, target: &Gvk) -> Result<(), OpError> {
        let found = self.referral(&node.value, spec, target, None)?;
        match found {
            Some(referral) if referral.id.name != node.value => {
                set_scalar(node, Node::scalar(referral.id.name.as_str()))
            }
            _ => Ok(()),
        }
    }

    fn update_map(&self, node: &mut Node, spec: &FieldSpec, target: &Gvk) -> Result<(), OpError> {
        require(node, Kind::Mapping)?;
        let Some(name) = node.get("name") else {
            return Err(OpError(
                "path config error; no 'name' field in node".to_owned(),
            ));
        };
        let namespace = node.get("namespace").map(|n| n.value.as_str().to_owned());
        let old = name.value.clone();
        let Some(referral) = self.referral(&old, spec, target, Some(namespace))? else {
            return Ok(());
        };
        let id = &referral.id;
        if id.name == old && id.namespace.is_empty() {
            return Ok(());
        }
        set_field(node, "name", Node::scalar(id.name.as_str()))?;
        if id.namespace.is_empty() {
            return Ok(());
        }
        set_field(node, "namespace", Node::scalar(id.namespace.as_str()))
    }

    /// Whether this object may refer to the other at all.
    fn can_see(&self, other: &Candidate) -> bool {
        self.own.id.cluster_scoped
            || other.id.cluster_scoped
            || other.id.same_namespace(&self.own.id)
            || self
                .subject_namespaces
                .contains(other.id.namespace.as_str())
    }

    fn same_current_namespace(&self, other: &Candidate) -> bool {
        self.own.id.cluster_scoped
            || other.id.cluster_scoped
            || other.id.gvk.kind == "ServiceAccount"
            || self.own.id.same_namespace(&other.id)
    }

    /// The object that had a name and is meant. For a map, `namespace` holds its namespace field, if any.
    fn referral(
        &self,
        old: &str,
        spec: &FieldSpec,
        target: &Gvk,
        namespace: Option<Option<String>>,
    ) -> Result<Option<&Candidate>, OpError> {
        let Some(named) = self.candidates.by_previous_name.get(old) else {
            return Ok(None);
        };
        let role = self
            .role
            .as_ref()
            .filter(|_| spec.path.ends_with("roleRef/name"));
        let selected = |c: &Candidate, gvk: &Gvk| c.previous.iter().any(|p| p.gvk.is_selected(gvk));
        let mut found: Vec<&Candidate> = named.iter().map(|at| &self.candidates.all[*at]).collect();
        found.retain(|c| {
            self.can_see(c)
                && selected(c, target)
                && role.is_none_or(|role| selected(c, role))
                && self.same_current_namespace(c)
        });
        if let Some(Some(namespace)) = &namespace {
            let by_original = self.has_original_namespace(namespace);
            found.retain(|c| {
                !c.id.cluster_scoped
                    && if by_original {
                        c.original_namespace == *namespace
                    } else {
                        c.id.effective_namespace() == namespace
                    }
            });
        }
        self.choose(found, namespace.is_some())
    }

    /// Whether any object that can be seen was loaded with this namespace.
    fn has_original_namespace(&self, namespace: &str) -> bool {
        let fits = |c: &Candidate| c.original_namespace == namespace && self.can_see(c);
        self.candidates.all.iter().any(fits)
    }

    fn choose<'c>(
        &self,
        mut found: Vec<&'c Candidate>,
        by_namespace: bool,
    ) -> Result<Option<&'c Candidate>, OpError> {
        if let [one] = found[..] {
            return Ok(Some(one));
        }
        found.retain(|c| same_affixes(c, self.own, true));
        if found.len() > 1 {
            found.retain(|c| same_affixes(c, self.own, false));
        }
        let Some(first) = found.first().copied() else {
            return Ok(None);
        };
        let identical = found.iter().all(|c| {
            c.id.name == first.id.name && (!by_namespace || c.id.namespace == first.id.namespace)
        });
        if identical {
            return Ok(Some(first));
        }
        let ids: Vec<String> = found.iter().map(|c| c.id.to_string()).collect();
        Err(OpError(format!(
            "found multiple possible referrals: {}",
            ids.join(", ")
        )))
    }
}

/// Whether the prefixes and suffixes that both got end alike.
fn same_affixes(a: &Candidate, b: &Candidate, allow_empty: bool) -> bool {
    let same = |a: &[String], b: &[String]| {
        (allow_empty && (a.is_empty() || b.is_empty())) || same_ending(a, b)
    };
    same(&a.prefixes, &b.prefixes) && same(&a.suffixes, &b.suffixes)
}

fn same_ending(a: &[String], b: &[String]) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    if short.is_empty() {
        long.is_empty()
    } else {
        long.ends_with(short)
    }
}
