//! Renderings that are kept: what is tried again with the same chart and the same values is not rendered again.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;
use sha2::{Digest as _, Sha256};

use super::Made;

/// Renderings that are kept.
const RENDERINGS_MAX: usize = 256;
/// Bytes of manifests, hooks and notes that are kept.
const BYTES_MAX: usize = 32 * 1024 * 1024;

/// The digest of everything that a rendering depends on.
pub(super) type Key = [u8; 32];

/// The key of inputs: their JSON.
pub(super) fn key(inputs: &serde_json::Value) -> Key {
    Sha256::digest(inputs.to_string()).into()
}

/// The renderings that were used last.
#[derive(Default)]
pub(super) struct Kept(Mutex<VecDeque<(Key, usize, Arc<Made>)>>);

impl Kept {
    /// The rendering of a key.
    pub(super) fn get(&self, key: &Key) -> Option<Arc<Made>> {
        let mut kept = self.0.lock();
        let at = kept.iter().position(|(known, _, _)| known == key)?;
        let entry = kept.remove(at)?;
        let made = Arc::clone(&entry.2);
        kept.push_back(entry);
        Some(made)
    }

    /// Keeps a rendering; those that were not used for longest go.
    pub(super) fn put(&self, key: Key, made: &Arc<Made>) {
        let size = made.bytes();
        if size > BYTES_MAX {
            return;
        }
        let mut kept = self.0.lock();
        kept.retain(|(known, _, _)| *known != key);
        kept.push_back((key, size, Arc::clone(made)));
        let mut total: usize = kept.iter().map(|(_, size, _)| size).sum();
        while kept.len() > RENDERINGS_MAX || total > BYTES_MAX {
            let Some((_, size, _)) = kept.pop_front() else {
                return;
            };
            total -= size;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn made(manifest: String) -> Arc<Made> {
        Arc::new(Made {
            chart: Arc::default(),
            manifest,
            hooks: Vec::new(),
            notes: String::new(),
        })
    }

    #[test]
    fn the_same_inputs_find_the_same_rendering() {
        let kept = Kept::default();
        let first = key(&json!({"values": {"a": 1}, "revision": 1}));
        kept.put(first, &made("one".into()));
        let found = kept.get(&key(&json!({"revision": 1, "values": {"a": 1}})));
        assert_eq!(found.unwrap().manifest, "one");
        assert!(
            kept.get(&key(&json!({"values": {"a": 1}, "revision": 2})))
                .is_none()
        );
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let kept = Kept::default();
        let number = |n: usize| key(&json!(n));
        for n in 0..=RENDERINGS_MAX {
            kept.put(number(n), &made(n.to_string()));
            assert!(kept.get(&number(0)).is_some(), "what is used stays");
        }
        assert!(kept.get(&number(1)).is_none());
        assert!(kept.get(&number(2)).is_some());
        kept.put(number(1_000), &made("x".repeat(BYTES_MAX)));
        assert!(kept.get(&number(2)).is_none() && kept.get(&number(1_000)).is_some());
        kept.put(number(1_001), &made("x".repeat(BYTES_MAX + 1)));
        assert!(kept.get(&number(1_001)).is_none());
    }
}
