//! The bounded log of changes: what a reader that knows revision N has missed.

use std::collections::{BTreeSet, VecDeque};

use skein_object::ObjectKey;

/// Most changes that are kept; a reader that is further behind gets a new snapshot.
pub const CHANGE_LOG_CAPACITY: usize = 65_536;

/// What changed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// The cluster's own view (link, contact).
    Cluster(String),
    /// A node of a cluster.
    Node(String, ObjectKey),
}

/// Changes by revision; each revision is one change.
#[derive(Debug)]
pub struct ChangeLog {
    capacity: usize,
    /// Revision of the newest change; 0 before the first.
    head: u64,
    subjects: VecDeque<Subject>,
}

impl Default for ChangeLog {
    fn default() -> Self {
        Self::with_capacity(CHANGE_LOG_CAPACITY)
    }
}

impl ChangeLog {
    /// An empty log that keeps so many changes.
    pub fn with_capacity(capacity: usize) -> Self {
        Self {
            capacity,
            head: 0,
            subjects: VecDeque::new(),
        }
    }

    /// Notes a change and returns its revision.
    pub fn push(&mut self, subject: Subject) -> u64 {
        if self.subjects.len() == self.capacity {
            self.subjects.pop_front();
        }
        self.subjects.push_back(subject);
        self.head += 1;
        self.head
    }

    /// Revision of the newest change.
    pub fn head(&self) -> u64 {
        self.head
    }

    /// What changed after a revision, each subject once; `None` when the log does not reach back so far.
    pub fn since(&self, revision: u64) -> Option<BTreeSet<Subject>> {
        let missed = usize::try_from(self.head.checked_sub(revision)?).ok()?;
        if missed > self.subjects.len() {
            return None;
        }
        Some(
            self.subjects
                .range(self.subjects.len() - missed..)
                .cloned()
                .collect(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cluster(name: &str) -> Subject {
        Subject::Cluster(name.to_owned())
    }

    #[test]
    fn tells_what_was_missed_once() {
        let mut log = ChangeLog::with_capacity(3);
        assert_eq!(log.since(0), Some(BTreeSet::new()));
        for name in ["a", "b", "a"] {
            log.push(cluster(name));
        }
        assert_eq!(log.since(0), Some([cluster("a"), cluster("b")].into()));
        assert_eq!(log.since(2), Some([cluster("a")].into()));
        assert_eq!(log.since(3), Some(BTreeSet::new()));
    }

    #[test]
    fn refuses_readers_that_are_too_far_behind_or_ahead() {
        let mut log = ChangeLog::with_capacity(2);
        for name in ["a", "b", "c"] {
            log.push(cluster(name));
        }
        assert_eq!(log.since(0), None);
        assert!(log.since(1).is_some());
        assert_eq!(log.since(4), None);
    }
}
