//! Indexes in memory, so that many charts of one repository do not read it again and again.

use std::sync::{Arc, Mutex, PoisonError};

use skein_registry::ChartIndex;

/// Most indexes that are kept.
const MAX_INDEXES: usize = 8;
/// Largest sum of the sizes of the stored files whose indexes are kept, in bytes.
const MAX_BYTES: usize = 64 * 1024 * 1024;

struct Held {
    digest: String,
    index: Arc<ChartIndex>,
    bytes: usize,
}

/// The indexes that were used last, by digest of the stored file.
#[derive(Default)]
pub(crate) struct IndexCache {
    /// The one that was used last is at the end.
    held: Mutex<Vec<Held>>,
}

impl IndexCache {
    /// The index of a stored file.
    pub fn get(&self, digest: &str) -> Option<Arc<ChartIndex>> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let at = held.iter().position(|held| held.digest == digest)?;
        let found = held.remove(at);
        let index = found.index.clone();
        held.push(found);
        Some(index)
    }

    /// Keeps an index; those that were not used for long go.
    pub fn put(&self, digest: &str, index: Arc<ChartIndex>, bytes: usize) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|held| held.digest != digest);
        held.push(Held {
            digest: digest.to_owned(),
            index,
            bytes,
        });
        let sum = |held: &Vec<Held>| held.iter().map(|held| held.bytes).sum::<usize>();
        while held.len() > MAX_INDEXES || (sum(&held) > MAX_BYTES && !held.is_empty()) {
            held.remove(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_indexes_go_and_used_ones_stay() {
        let cache = IndexCache::default();
        let index = Arc::new(ChartIndex::default());
        for number in 0..MAX_INDEXES {
            cache.put(&number.to_string(), index.clone(), 1);
        }
        assert!(cache.get("0").is_some());
        cache.put("new", index.clone(), 1);
        assert!(cache.get("0").is_some());
        assert!(cache.get("1").is_none());
        cache.put("large", index, MAX_BYTES + 1);
        assert!(cache.get("large").is_none());
    }
}
