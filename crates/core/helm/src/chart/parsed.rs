//! The parsed templates of a chart, kept from one rendering to the next: releases of one chart share them, and an upgrade with other values parses nothing.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use skein_template::Templates;

/// What a set was parsed from: path and bytes of each template, in the order in which they were parsed.
pub(crate) type Sources = Vec<(String, Arc<[u8]>)>;

/// The last set that was parsed for a chart; clones of the chart share it. It says nothing about the chart that its files do not say, so it plays no
/// part in comparisons.
#[derive(Clone, Default)]
pub struct Parsed(Arc<Mutex<Option<(Sources, Templates)>>>);

impl Parsed {
    /// The set, if it was parsed from just these sources.
    pub(crate) fn get(&self, sources: &Sources) -> Option<Templates> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (from, set) = kept.as_ref()?;
        let is_same = from.len() == sources.len()
            && from
                .iter()
                .zip(sources)
                .all(|(a, b)| a.0 == b.0 && (Arc::ptr_eq(&a.1, &b.1) || a.1 == b.1));
        is_same.then(|| set.clone())
    }

    /// Keeps a set, in place of the one before.
    pub(crate) fn keep(&self, sources: Sources, set: Templates) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((sources, set));
    }
}

impl PartialEq for Parsed {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}

impl fmt::Debug for Parsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Parsed")
    }
}
