//! What happened to each object, and how events say it.

use std::fmt;

use skein_object::ObjectKey;

/// What was done with one object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It was made (or made anew after a forced deletion).
    Created,
    /// It was changed.
    Configured,
    /// It already was as wanted.
    Unchanged,
    /// It was left alone on purpose.
    Skipped,
    /// It was deleted, or was gone already.
    Deleted,
    /// It could not be determined; the error is reported beside.
    Unknown,
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Created => "created",
            Self::Configured => "configured",
            Self::Unchanged => "unchanged",
            Self::Skipped => "skipped",
            Self::Deleted => "deleted",
            Self::Unknown => "unknown",
        })
    }
}

/// One object and what was done with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeEntry {
    /// The object, as the API server names it: cluster-scoped objects have no namespace whatever the manifest says.
    pub key: ObjectKey,
    /// API version without group.
    pub version: String,
    /// What was done.
    pub action: Action,
}

/// `Kind/namespace/name action`.
impl fmt::Display for ChangeEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.key, self.action)
    }
}

/// The entries of a run, in the order of the work.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChangeSet {
    /// The entries.
    pub entries: Vec<ChangeEntry>,
}

impl ChangeSet {
    /// The lines of what was created or configured; empty when nothing was.
    pub fn applied_lines(&self) -> String {
        self.lines(|action| matches!(action, Action::Created | Action::Configured))
    }

    /// All lines.
    pub fn all_lines(&self) -> String {
        self.lines(|_| true)
    }

    fn lines(&self, wanted: impl Fn(Action) -> bool) -> String {
        let lines: Vec<String> = self
            .entries
            .iter()
            .filter(|e| wanted(e.action))
            .map(ToString::to_string)
            .collect();
        lines.join("\n")
    }
}
