//! Which Events are written, and how: repetitions are counted, similar ones combined and floods held back, as client-go's
//! correlator does with the settings that controller-runtime leaves it (Flux's recorder has no others).

use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

use jiff::Timestamp;

use super::Event;

/// Entries of each memory; the least recently used one goes.
const REMEMBERED_MAX: usize = 4_096;
/// Different messages of one reason about one object from which on further ones are combined into one Event.
const SIMILAR_MAX: usize = 10;
/// Seconds without a similar Event after which they count anew.
const SIMILAR_WINDOW_SECONDS: f64 = 600.0;
/// Events about one object and of one type that may come at once.
const BURST_EVENTS: f64 = 25.0;
/// Seconds in which one Event more may come after the burst.
const REFILL_SECONDS: f64 = 300.0;
/// What stands before the message of a combined Event.
const COMBINED: &str = "(combined from similar events): ";

/// What is to be done with an Event.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Decision {
    /// Nothing: too many came about this object.
    HoldBack,
    /// It is new.
    Create(Occurrence),
    /// It counts one more; only the count, the last time and the message change.
    Count(Occurrence),
}

/// One Event as it is in the cluster, or will be.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Occurrence {
    /// Name of the Event object.
    pub(super) name: String,
    /// How often it came.
    pub(super) count: u64,
    /// When it came first.
    pub(super) first: Timestamp,
    /// Message, with what stands before it when it is combined of several.
    pub(super) message: String,
    /// Whether it stands for several messages; such an Event has no annotations.
    pub(super) is_combined: bool,
}

/// Memory of what was written. Keys are digests of 128 bits: messages may be long.
#[derive(Default)]
pub(super) struct Correlator {
    similar: Recent<Key, Similar>,
    written: Recent<Key, Written>,
    budgets: Recent<Key, Budget>,
    sequence: u64,
}

/// Digest of what makes two Events the same, or similar, or of the same flood.
type Key = u128;

/// The messages of one reason about one object.
#[derive(Clone)]
struct Similar {
    messages: VecDeque<Key>,
    last: Timestamp,
}

#[derive(Clone)]
struct Written {
    name: String,
    count: u64,
    first: Timestamp,
}

/// A bucket of tokens that fills with time.
#[derive(Clone)]
struct Budget {
    tokens: f64,
    filled: Timestamp,
}

impl Correlator {
    /// Decides about an Event that comes now.
    pub(super) fn decide(&mut self, event: &Event, now: Timestamp) -> Decision {
        let group = key(&[&about(event), &event.reason]);
        let is_combined = self.is_combined(group, key(&[&event.message]), now);
        let identity = match is_combined {
            true => group,
            false => key(&[&about(event), &event.reason, &event.message]),
        };
        let message = match is_combined {
            true => format!("{COMBINED}{}", event.message),
            false => event.message.clone(),
        };
        let written = match self.written.get(&identity) {
            Some(before) => Written {
                count: before.count + 1,
                ..before.clone()
            },
            None => Written {
                name: self.new_name(event, now),
                count: 1,
                first: now,
            },
        };
        self.written.put(identity, written.clone());
        // What is held back has counted nevertheless.
        if !self.may_come(key(&[&about(event)]), now) {
            return Decision::HoldBack;
        }
        let occurrence = Occurrence {
            name: written.name,
            count: written.count,
            first: written.first,
            message,
            is_combined,
        };
        match occurrence.count {
            1 => Decision::Create(occurrence),
            _ => Decision::Count(occurrence),
        }
    }

    /// Whether enough different messages came that this one is combined with them.
    fn is_combined(&mut self, group: Key, message: Key, now: Timestamp) -> bool {
        let fresh = self
            .similar
            .get(&group)
            .filter(|similar| seconds_between(similar.last, now) <= SIMILAR_WINDOW_SECONDS);
        let mut similar = fresh.cloned().unwrap_or_else(|| Similar {
            messages: VecDeque::new(),
            last: now,
        });
        similar.last = now;
        if !similar.messages.contains(&message) {
            similar.messages.push_back(message);
        }
        let is_full = similar.messages.len() >= SIMILAR_MAX;
        if is_full {
            // client-go forgets any of them; forgetting the oldest leaves a retry of this one as an Event of its own, as it mostly is there.
            similar.messages.pop_front();
        }
        self.similar.put(group, similar);
        is_full
    }

    fn may_come(&mut self, source: Key, now: Timestamp) -> bool {
        let mut budget = self.budgets.get(&source).cloned().unwrap_or(Budget {
            tokens: BURST_EVENTS,
            filled: now,
        });
        let refilled = seconds_between(budget.filled, now) / REFILL_SECONDS;
        budget.tokens = (budget.tokens + refilled).min(BURST_EVENTS);
        budget.filled = now;
        let may_come = budget.tokens >= 1.0;
        if may_come {
            budget.tokens -= 1.0;
        }
        self.budgets.put(source, budget);
        may_come
    }

    /// A name that no other Event of this process has.
    fn new_name(&mut self, event: &Event, now: Timestamp) -> String {
        let nanoseconds = u64::try_from(now.as_nanosecond()).unwrap_or_default();
        self.sequence = nanoseconds.max(self.sequence + 1);
        format!("{}.{:x}", event.object.name, self.sequence)
    }
}

/// The object and the type: what a flood is counted by.
fn about(event: &Event) -> String {
    let object = &event.object;
    let parts = [
        object.kind.as_str(),
        &object.namespace,
        &object.name,
        &object.uid,
        &object.api_version,
        event.severity.event_type(),
    ];
    parts.join("\0")
}

fn key(parts: &[&str]) -> Key {
    let digest = |seed: u8| {
        let mut hasher = DefaultHasher::new();
        (seed, parts).hash(&mut hasher);
        u128::from(hasher.finish())
    };
    digest(0) << 64 | digest(1)
}

fn seconds_between(from: Timestamp, to: Timestamp) -> f64 {
    to.duration_since(from).as_secs_f64().max(0.0)
}

/// A bounded map that forgets what was not used for longest.
struct Recent<K, V> {
    entries: HashMap<K, (u64, V)>,
    /// Uses in order; only the last one of a key counts.
    uses: VecDeque<(u64, K)>,
    clock: u64,
}

impl<K, V> Default for Recent<K, V> {
    fn default() -> Self {
        Self {
            entries: HashMap::new(),
            uses: VecDeque::new(),
            clock: 0,
        }
    }
}

impl<K: Copy + Eq + Hash, V> Recent<K, V> {
    fn get(&self, key: &K) -> Option<&V> {
        self.entries.get(key).map(|(_, value)| value)
    }

    /// Stores a value; who reads one stores it again, which counts as its use.
    fn put(&mut self, key: K, value: V) {
        self.clock += 1;
        self.entries.insert(key, (self.clock, value));
        self.uses.push_back((self.clock, key));
        if self.uses.len() > 2 * REMEMBERED_MAX {
            let entries = &self.entries;
            self.uses
                .retain(|(at, key)| entries.get(key).is_some_and(|(last, _)| last == at));
        }
        while self.entries.len() > REMEMBERED_MAX
            && let Some((at, oldest)) = self.uses.pop_front()
        {
            let last_use = self.entries.get(&oldest).map(|(last, _)| *last);
            if last_use == Some(at) {
                self.entries.remove(&oldest);
            }
        }
    }
}

#[cfg(test)]
mod tests;
