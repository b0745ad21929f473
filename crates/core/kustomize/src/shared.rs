//! Values that stand in several places of one object at once.
//!
//! When kustomize adds a label or annotation in several places of an object (metadata, selector, pod template), all of them are the same node in
//! memory. What later changes one of them in place changes all, until something writes the place anew. Builds must come out the same.

use skein_yaml::{CompactString, Detail, Node, Tag};

/// The shared values of one object: number `n` of a node (from 1) belongs to element `n - 1`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct SharedValues(Vec<Known>);

/// Text, type and place of a value.
type Known = (CompactString, Tag, Option<Box<Detail>>);

impl SharedValues {
    /// The number for a new value.
    pub(crate) fn number(&mut self, value: &Node) -> u32 {
        self.0
            .push((value.value.clone(), value.tag.clone(), value.detail.clone()));
        u32::try_from(self.0.len()).unwrap_or(0)
    }

    /// Forgets the latest number, which turned out to stand in one place at most.
    pub(crate) fn take_back(&mut self, node: &mut Node, is_used: bool) {
        let last = u32::try_from(self.0.len()).unwrap_or(0);
        if is_used && let Some(place) = find(node, last) {
            place.shared = 0;
        }
        self.0.pop();
    }

    /// After changes in place: every place takes the value that was written last.
    pub(crate) fn spread(&mut self, node: &mut Node) {
        if self.0.is_empty() {
            return;
        }
        let mut latest = vec![None; self.0.len()];
        visit(node, &mut |n| {
            if let Some(at) = slot(n.shared)
                && let Some(known) = self.0.get(at)
                && (known.0 != n.value || known.1 != n.tag || known.2 != n.detail)
            {
                latest[at] = Some((n.value.clone(), n.tag.clone(), n.detail.clone()));
            }
        });
        if latest.iter().all(Option::is_none) {
            return;
        }
        for (known, latest) in self.0.iter_mut().zip(latest) {
            if let Some(latest) = latest {
                *known = latest;
            }
        }
        visit(node, &mut |n| {
            if let Some(known) = slot(n.shared).and_then(|at| self.0.get(at)) {
                n.value.clone_from(&known.0);
                n.tag.clone_from(&known.1);
                n.detail.clone_from(&known.2);
            }
        });
    }
}

fn slot(number: u32) -> Option<usize> {
    usize::try_from(number).ok()?.checked_sub(1)
}

/// The first node with a number.
fn find(node: &mut Node, number: u32) -> Option<&mut Node> {
    if node.shared == number {
        return Some(node);
    }
    node.content
        .iter_mut()
        .find_map(|child| find(child, number))
}

fn visit(node: &mut Node, see: &mut impl FnMut(&mut Node)) {
    see(node);
    for child in &mut node.content {
        visit(child, see);
    }
}
