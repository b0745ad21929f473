//! Bases that stay in memory between builds, each at one commit: what a server says is there already is not fetched again.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use skein_kustomize::FileTree;

/// Most bases that are kept.
const MAX_BASES: usize = 64;
/// Most bytes of the files of all kept bases; a larger base is not kept.
const MAX_KEPT_BYTES: usize = 64 << 20;

/// The files of a repository at one commit.
#[derive(Clone)]
pub(crate) struct Base {
    /// The commit with its ref.
    pub revision: String,
    pub tree: FileTree,
    /// Bytes of all files.
    pub bytes: usize,
}

/// The bases that were used last, for builds that follow each other. They must all reach remotes with the same credentials.
#[derive(Default)]
pub struct KeptBases {
    /// By address and reference; the one that was used last is at the end.
    bases: Mutex<VecDeque<(String, Base)>>,
}

impl KeptBases {
    pub(crate) fn get(&self, key: &str) -> Option<Base> {
        let mut bases = self.bases.lock().unwrap_or_else(PoisonError::into_inner);
        let at = bases.iter().position(|(held, _)| held == key)?;
        let found = bases.remove(at)?;
        let base = found.1.clone();
        bases.push_back(found);
        Some(base)
    }

    pub(crate) fn put(&self, key: &str, base: Base) {
        let mut bases = self.bases.lock().unwrap_or_else(PoisonError::into_inner);
        bases.retain(|(held, _)| held != key);
        if base.bytes > MAX_KEPT_BYTES {
            return;
        }
        let mut sum: usize = bases.iter().map(|(_, base)| base.bytes).sum();
        sum += base.bytes;
        bases.push_back((key.to_owned(), base));
        while bases.len() > MAX_BASES || sum > MAX_KEPT_BYTES {
            let Some((_, gone)) = bases.pop_front() else {
                return;
            };
            sum -= gone.bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bases_that_were_not_used_for_long_go() {
        let base = |bytes| Base {
            revision: "main@sha1:1".to_owned(),
            tree: FileTree::new(),
            bytes,
        };
        let kept = KeptBases::default();
        for number in 0..MAX_BASES {
            kept.put(&number.to_string(), base(1));
        }
        assert!(kept.get("0").is_some());
        kept.put("new", base(1));
        assert!(kept.get("0").is_some() && kept.get("1").is_none());
        kept.put("large", base(MAX_KEPT_BYTES + 1));
        assert!(kept.get("large").is_none());
        assert!(kept.get("0").is_some(), "the others stay");
        kept.put("new", base(MAX_KEPT_BYTES));
        assert!(kept.get("new").is_some() && kept.get("0").is_none());
    }
}
