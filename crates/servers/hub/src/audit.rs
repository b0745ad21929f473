//! Who did what, written before it is done and again with the outcome.

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use utoipa::ToSchema;

use crate::fleet::node::{NodeId, UnixMillis};

/// Most entries that are kept in memory for the page; the file keeps all.
pub const MAX_RECENT_ENTRIES: usize = 1_000;

/// What somebody did, or is about to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuditEntry {
    /// Number of the action in this run; intent and outcome share it.
    pub id: u64,
    /// When, milliseconds since the Unix epoch.
    pub at: UnixMillis,
    /// Who: the session.
    pub actor: String,
    /// What: `reconcile`, `suspend` or `resume`.
    pub action: String,
    /// To which object.
    pub target: NodeId,
    /// How far it came.
    pub stage: AuditStage,
    /// Why it failed; empty otherwise.
    pub message: String,
}

/// How far an action came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum AuditStage {
    /// Written before anything is sent to the cluster.
    Intended,
    /// The cluster accepted it.
    Done,
    /// The cluster refused it or could not be reached.
    Failed,
}

/// Why an action is refused for the sake of its record.
#[derive(Debug, Error)]
pub enum AuditError {
    /// The file cannot be opened.
    #[error("cannot open the audit log {path}: {source}")]
    Open {
        /// Path as given.
        path: String,
        /// Cause.
        source: std::io::Error,
    },
    /// The file cannot be written: nothing is done that is not recorded.
    #[error("cannot write the audit log, so nothing is done: {0}")]
    Write(std::io::Error),
}

/// The log: newest entries in memory, and all of them in a file of JSON lines when one was given.
#[derive(Default)]
pub struct AuditLog {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    next: u64,
    recent: VecDeque<AuditEntry>,
    file: Option<File>,
}

impl AuditLog {
    /// A log that also appends to a file.
    pub fn with_file(path: &Path) -> Result<Self, AuditError> {
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)
            .map_err(|source| AuditError::Open {
                path: path.display().to_string(),
                source,
            })?;
        Ok(Self {
            inner: Mutex::new(Inner {
                file: Some(file),
                ..Inner::default()
            }),
        })
    }

    /// Records that an action is about to be done. When this fails, the action must not be done.
    pub fn intend(
        &self,
        actor: &str,
        action: &str,
        target: &NodeId,
        at: UnixMillis,
    ) -> Result<AuditEntry, AuditError> {
        let mut inner = self.inner.lock();
        inner.next += 1;
        let entry = AuditEntry {
            id: inner.next,
            at,
            actor: actor.to_owned(),
            action: action.to_owned(),
            target: target.clone(),
            stage: AuditStage::Intended,
            message: String::new(),
        };
        inner.write(entry.clone())?;
        Ok(entry)
    }

    /// Records how an intended action ended.
    pub fn conclude(
        &self,
        intent: &AuditEntry,
        outcome: Result<(), &str>,
        at: UnixMillis,
    ) -> Result<(), AuditError> {
        let (stage, message) = match outcome {
            Ok(()) => (AuditStage::Done, String::new()),
            Err(message) => (AuditStage::Failed, message.to_owned()),
        };
        self.inner.lock().write(AuditEntry {
            at,
            stage,
            message,
            ..intent.clone()
        })
    }

    /// The newest entries, newest first.
    pub fn recent(&self) -> Vec<AuditEntry> {
        self.inner.lock().recent.iter().rev().cloned().collect()
    }
}

impl Inner {
    fn write(&mut self, entry: AuditEntry) -> Result<(), AuditError> {
        if let Some(file) = &mut self.file {
            let mut line = serde_json::to_string(&entry)
                .map_err(|error| AuditError::Write(std::io::Error::other(error)))?;
            line.push('\n');
            file.write_all(line.as_bytes()).map_err(AuditError::Write)?;
        }
        if self.recent.len() == MAX_RECENT_ENTRIES {
            self.recent.pop_front();
        }
        self.recent.push_back(entry);
        Ok(())
    }
}
