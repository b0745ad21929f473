//! How many requests went to an API server, by verb and resource, and how they were answered: requests are the cost of a controller.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;

/// Series of answers that are kept: a fleet whose clusters come and go must not grow for ever.
const MAX_ANSWER_SERIES: usize = 10_000;

/// Counts of requests by `(verb, resource)`; dry runs count as verb `dryrun-patch` and the like.
#[derive(Clone, Debug, Default)]
pub struct RequestCounts(Arc<Mutex<BTreeMap<(String, String), u64>>>);

impl RequestCounts {
    pub(crate) fn count(&self, verb: &str, resource: &str) {
        *self
            .0
            .lock()
            .entry((verb.to_owned(), resource.to_owned()))
            .or_insert(0) += 1;
    }

    /// A copy of the counts so far.
    pub fn snapshot(&self) -> BTreeMap<(String, String), u64> {
        self.0.lock().clone()
    }

    /// All requests so far.
    pub fn total(&self) -> u64 {
        self.0.lock().values().sum()
    }
}

/// How a request was answered.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Answer {
    /// HTTP status; `None` when no answer came.
    pub status: Option<u16>,
    /// Host and port of the API server.
    pub host: Arc<str>,
    /// HTTP method.
    pub method: Cow<'static, str>,
}

impl Answer {
    /// The status as client-go labels it: a request without an answer has a word instead.
    pub fn code(&self) -> String {
        self.status
            .map_or_else(|| "<error>".to_owned(), |status| status.to_string())
    }
}

/// Counts of answers; clones, and connections made with a clone, share them.
#[derive(Clone, Debug, Default)]
pub struct AnswerCounts(Arc<Mutex<BTreeMap<Answer, u64>>>);

impl AnswerCounts {
    pub(crate) fn count(&self, answer: Answer) {
        let mut counts = self.0.lock();
        if let Some(count) = counts.get_mut(&answer) {
            *count += 1;
        } else if counts.len() < MAX_ANSWER_SERIES {
            counts.insert(answer, 1);
        }
    }

    /// A copy of the counts so far.
    pub fn snapshot(&self) -> BTreeMap<Answer, u64> {
        self.0.lock().clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_counted_up_to_a_number_of_series() {
        let counts = AnswerCounts::default();
        let answer = |host: usize, status| Answer {
            status,
            host: host.to_string().into(),
            method: "GET".into(),
        };
        for host in 0..=MAX_ANSWER_SERIES {
            counts.count(answer(host, Some(200)));
        }
        counts.count(answer(0, Some(200)));
        counts.count(answer(1, None));
        let counted = counts.snapshot();
        assert_eq!(counted.len(), MAX_ANSWER_SERIES);
        assert_eq!(counted[&answer(0, Some(200))], 2);
        assert_eq!(answer(0, Some(404)).code(), "404");
        assert_eq!(answer(0, None).code(), "<error>");
    }
}
