//! What was worked out from the files of a chart, kept from one rendering to the next: releases of one chart share it, and an upgrade with other values
//! parses neither templates nor schemas.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use skein_template::Templates;

use crate::schema::Schema;

/// What a set was parsed from: path and bytes of each template, in the order in which they were parsed.
pub(crate) type Sources = Vec<(String, Arc<[u8]>)>;

/// Parsed templates.
pub type Parsed = Kept<Sources, Templates>;
/// A schema that was read and checked, or what is wrong with it.
pub type ReadSchema = Kept<Arc<[u8]>, Result<Arc<Schema>, String>>;

/// The last thing that was worked out; clones of the chart share it. It says nothing about the chart that its files do not say, so it plays no part in
/// comparisons.
pub struct Kept<S, T>(Arc<Mutex<Option<(S, T)>>>);

impl<S, T: Clone> Kept<S, T> {
    /// The thing, if it was worked out from this source.
    pub(crate) fn get(&self, is_source: impl FnOnce(&S) -> bool) -> Option<T> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (source, thing) = kept.as_ref()?;
        is_source(source).then(|| thing.clone())
    }

    /// Keeps a thing, in place of the one before.
    pub(crate) fn keep(&self, source: S, thing: T) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((source, thing));
    }
}

/// Whether two files have the same bytes.
pub(crate) fn is_same(left: &Arc<[u8]>, right: &Arc<[u8]>) -> bool {
    Arc::ptr_eq(left, right) || left == right
}

impl<S, T> Clone for Kept<S, T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S, T> Default for Kept<S, T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<S, T> PartialEq for Kept<S, T> {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}

impl<S, T> fmt::Debug for Kept<S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Kept")
    }
}
