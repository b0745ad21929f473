//! The graph of `dependsOn`: what waits for what, in which order, and where it goes round in circles.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use skein_object::{Object, ObjectKey};

use crate::links::dependencies_of;

/// Objects that wait for each other and will do so for ever; the first one is also what the last one waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cycle(pub Vec<ObjectKey>);

/// `a → b → a`.
impl std::fmt::Display for Cycle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for key in &self.0 {
            write!(f, "{key} → ")?;
        }
        self.0.first().map_or(Ok(()), |first| write!(f, "{first}"))
    }
}

/// Who depends on whom.
#[derive(Clone, Debug, Default)]
pub struct DependencyGraph {
    edges: BTreeMap<ObjectKey, Vec<ObjectKey>>,
}

impl DependencyGraph {
    /// The graph of some objects. Dependencies that are not among them are kept as edges to nowhere.
    pub fn new<'a>(objects: impl IntoIterator<Item = &'a Object>) -> Self {
        let edges = objects
            .into_iter()
            .map(|o| (o.key(), dependencies_of(o)))
            .collect();
        Self { edges }
    }

    /// What an object waits for directly.
    pub fn dependencies(&self, key: &ObjectKey) -> &[ObjectKey] {
        self.edges.get(key).map_or(&[], Vec::as_slice)
    }

    /// What waits for an object directly.
    pub fn dependents(&self, key: &ObjectKey) -> Vec<&ObjectKey> {
        self.edges
            .iter()
            .filter(|(_, list)| list.contains(key))
            .map(|(from, _)| from)
            .collect()
    }

    /// Dependencies that are named but not there: `(dependent, missing)`.
    pub fn missing(&self) -> Vec<(&ObjectKey, &ObjectKey)> {
        self.edges
            .iter()
            .flat_map(|(from, list)| list.iter().map(move |to| (from, to)))
            .filter(|(_, to)| !self.edges.contains_key(*to))
            .collect()
    }

    /// Every object after what it depends on; objects in cycles, and those that wait for them, are left out.
    pub fn order(&self) -> Vec<&ObjectKey> {
        let mut open: BTreeMap<&ObjectKey, usize> = self
            .edges
            .iter()
            .map(|(key, list)| {
                let distinct: BTreeSet<_> = list
                    .iter()
                    .filter(|to| self.edges.contains_key(*to))
                    .collect();
                (key, distinct.len())
            })
            .collect();
        let mut waiting: BTreeMap<&ObjectKey, BTreeSet<&ObjectKey>> = BTreeMap::new();
        for (from, list) in &self.edges {
            for to in list {
                waiting.entry(to).or_default().insert(from);
            }
        }
        let mut ready: BTreeSet<&ObjectKey> = open
            .iter()
            .filter(|(_, count)| **count == 0)
            .map(|(key, _)| *key)
            .collect();
        let mut sorted = Vec::with_capacity(open.len());
        while let Some(key) = ready.pop_first() {
            sorted.push(key);
            for dependent in waiting.get(key).into_iter().flatten() {
                if let Some(count) = open.get_mut(dependent) {
                    *count -= 1;
                    if *count == 0 {
                        ready.insert(dependent);
                    }
                }
            }
        }
        sorted
    }

    /// The cycles, each once, starting with its smallest key. Found without recursion, so a long chain is no danger.
    pub fn cycles(&self) -> Vec<Cycle> {
        let mut finished = BTreeSet::new();
        let mut cycles = BTreeSet::new();
        for start in self.edges.keys() {
            if finished.contains(start) {
                continue;
            }
            let mut path: Vec<(&ObjectKey, usize)> = vec![(start, 0)];
            let mut on_path = BTreeSet::from([start]);
            while let Some((key, next)) = path.last_mut() {
                let Some(to) = self.dependencies(key).get(*next) else {
                    finished.insert(*key);
                    on_path.remove(*key);
                    path.pop();
                    continue;
                };
                *next += 1;
                if on_path.contains(to) {
                    cycles.insert(cycle_to(&path, to));
                } else if self.edges.contains_key(to) && !finished.contains(to) {
                    on_path.insert(to);
                    path.push((to, 0));
                }
            }
        }
        cycles.into_iter().map(Cycle).collect()
    }

    /// The cycle that an object is in or waits for, if any.
    pub fn cycle_before(&self, key: &ObjectKey) -> Option<Cycle> {
        let mut seen = BTreeSet::from([key]);
        let mut open = vec![key];
        while let Some(next) = open.pop() {
            for to in self.dependencies(next) {
                if seen.insert(to) {
                    open.push(to);
                }
            }
        }
        self.cycles()
            .into_iter()
            .find(|cycle| cycle.0.iter().any(|member| seen.contains(member)))
    }
}

/// The end of the path from `to` on, turned so that the smallest key comes first.
fn cycle_to(path: &[(&ObjectKey, usize)], to: &ObjectKey) -> Vec<ObjectKey> {
    let start = path
        .iter()
        .position(|(key, _)| *key == to)
        .unwrap_or_default();
    let mut cycle: Vec<ObjectKey> = path[start..]
        .iter()
        .map(|(key, _)| (*key).clone())
        .collect();
    let smallest = (0..cycle.len())
        .min_by_key(|place| &cycle[*place])
        .unwrap_or_default();
    cycle.rotate_left(smallest);
    cycle
}

#[cfg(test)]
mod tests;
