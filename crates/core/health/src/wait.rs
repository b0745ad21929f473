//! The wait for many objects: is it over, and if it failed, what is said.

use skein_object::ObjectKey;

use crate::status::{Health, Status};

/// One object that is waited for.
#[derive(Clone, Debug)]
pub struct Waited<'a> {
    /// The object.
    pub key: &'a ObjectKey,
    /// How it is doing; `None` before it was looked at.
    pub health: Option<&'a Health>,
    /// A Job that deletes itself when it is done: it counts as done when it is gone.
    pub deletes_itself: bool,
}

impl Waited<'_> {
    fn status(&self) -> Status {
        self.health.map_or(Status::Unknown, |health| health.status)
    }

    fn is_done(&self) -> bool {
        self.status() == Status::Current
            || (self.deletes_itself && self.status() == Status::NotFound)
    }

    fn describe(&self) -> String {
        let mut text = format!("{} status: '{}'", self.key, self.status());
        if let Some(health) = self
            .health
            .filter(|health| health.status == Status::Unknown)
            && !health.message.is_empty()
        {
            text.push_str(": ");
            text.push_str(&health.message);
        }
        text
    }
}

/// What comes of a wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WaitVerdict {
    /// Every object is as it should be.
    Healthy,
    /// It is not over yet.
    Waiting,
    /// It is over, and not well; the text names the objects.
    Failed(String),
}

/// Judges a wait. With `fail_fast` the first failure ends it; without it ends when nothing can change any more. At the
/// deadline whatever is not as it should be is named.
pub fn judge(objects: &[Waited<'_>], fail_fast: bool, deadline_passed: bool) -> WaitVerdict {
    if objects.iter().all(Waited::is_done) {
        return WaitVerdict::Healthy;
    }
    let has_failed = |waited: &&Waited<'_>| waited.status() == Status::Failed;
    let any_failed = objects.iter().any(|waited| has_failed(&waited));
    let is_settled = objects
        .iter()
        .all(|waited| waited.is_done() || has_failed(&waited));
    if (fail_fast && any_failed) || is_settled {
        let names = list(objects.iter().filter(has_failed));
        return WaitVerdict::Failed(format!("failed early due to stalled resources: [{names}]"));
    }
    if deadline_passed {
        let names = list(objects.iter().filter(|waited| !waited.is_done()));
        return WaitVerdict::Failed(format!("timeout waiting for: [{names}]"));
    }
    WaitVerdict::Waiting
}

fn list<'a>(objects: impl Iterator<Item = &'a Waited<'a>>) -> String {
    objects.map(Waited::describe).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;
