//! Waiting until a step's conditions hold and nothing happens any more.

use std::time::{Duration, Instant};

use anyhow::Result;
use regex::Regex;
use serde_json::Value;
use tokio::time::sleep;

use super::Play;
use crate::compare::TOO_EARLY;
use crate::journal::Happening;
use crate::scenario::{Step, Wait, text};

/// A step is over when nothing has happened for this long.
const QUIET: Duration = Duration::from_millis(1500);

/// From an event that a step waits for to the look.
const AFTER_EVENT: Duration = Duration::from_millis(300);

/// How often conditions are looked at.
const LOOK: Duration = Duration::from_millis(100);

/// A controller that retries never rests; the look is taken after this.
const RESTLESS: Duration = Duration::from_secs(15);

impl Play<'_> {
    /// Waits for a step; false when the conditions did not come in time.
    pub(super) async fn wait(&self, step: &Step) -> Result<bool> {
        let deadline = Instant::now() + step.timeout;
        for wait in &step.waits {
            if let Wait::Sleep(time) = wait {
                sleep(*time).await;
            }
        }
        let mut came = false;
        while !came && Instant::now() < deadline {
            came = self.all_hold(&step.waits).await?;
            if !came {
                sleep(LOOK).await;
            }
        }
        if step
            .waits
            .iter()
            .any(|wait| matches!(wait, Wait::Event { .. }))
        {
            // Recorded right after the event.
            sleep(AFTER_EVENT).await;
        } else {
            self.rest().await;
        }
        Ok(came)
    }

    async fn all_hold(&self, waits: &[Wait]) -> Result<bool> {
        for wait in waits {
            if !self.holds(wait).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Until nothing has happened for a while.
    async fn rest(&self) {
        let namespaces = self.scenario.all_namespaces();
        let start = Instant::now();
        while start.elapsed() < RESTLESS {
            let last = self.world.journal.last(&namespaces).unwrap_or(start);
            let quiet_since = last.max(start);
            if quiet_since.elapsed() >= QUIET {
                return;
            }
            sleep(LOOK).await;
        }
    }

    async fn holds(&self, wait: &Wait) -> Result<bool> {
        Ok(match wait {
            Wait::Sleep(_) => true,
            Wait::Gone(object) => self.object(object).await?.is_none(),
            Wait::Event { object, reason } => self.has_event(object, reason),
            Wait::Condition {
                object,
                kind,
                status,
                reason,
            } => match self.object(object).await? {
                Some(live) => {
                    self.is_current(object, &live)
                        && has_condition(&live, kind, status, reason.as_deref())
                }
                None => false,
            },
            Wait::Revision { object, repository } => {
                let head = self.heads.get(repository).map_or("", String::as_str);
                self.object(object).await?.is_some_and(|live| {
                    let status = &live["status"];
                    [
                        &status["lastAppliedRevision"],
                        &status["artifact"]["revision"],
                    ]
                    .into_iter()
                    .any(|revision| !head.is_empty() && text(revision).contains(head))
                })
            }
            Wait::Fields { object, fields } => match self.object(object).await? {
                Some(live) => self.fields_match(&live, fields)?,
                None => false,
            },
        })
    }

    fn has_event(&self, object: &str, reason: &str) -> bool {
        let namespaces = self.scenario.all_namespaces();
        let happenings = self.world.journal.since(self.begin, &namespaces);
        happenings.iter().any(|happening| {
            let Happening::Event(event) = happening else {
                return false;
            };
            let about = &event["involvedObject"];
            let name = format!("{}/{}", text(&about["kind"]), text(&about["name"]));
            name == object && event["reason"] == reason
        })
    }

    /// Whether the status is about the newest generation and the request of this step.
    fn is_current(&self, reference: &str, object: &Value) -> bool {
        if !Self::is_flux(reference) {
            return true;
        }
        self.requested
            .get(reference)
            .is_none_or(|request| object["status"]["lastHandledReconcileAt"] == request.as_str())
    }

    fn fields_match(&self, object: &Value, fields: &[(String, String)]) -> Result<bool> {
        for (path, expression) in fields {
            let pointer = format!("/{}", path.replace('.', "/"));
            let Some(field) = object.pointer(&pointer) else {
                return Ok(false);
            };
            if !Regex::new(&self.expand(expression)?)?.is_match(&text(field)) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn has_condition(object: &Value, kind: &str, status: &str, reason: Option<&str>) -> bool {
    let generation = &object["metadata"]["generation"];
    let conditions = object["status"]["conditions"].as_array();
    conditions.into_iter().flatten().any(|condition| {
        let observed = &condition["observedGeneration"];
        condition["type"] == kind
            && condition["status"] == status
            && reason.is_none_or(|reason| condition["reason"] == reason)
            && (observed.is_null() || observed == generation)
            // A moment in which no recording ends.
            && !text(&condition["message"]).contains(TOO_EARLY)
    })
}
