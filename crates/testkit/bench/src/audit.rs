//! Requests by verb, counted by the API server's audit log.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Seek, SeekFrom};
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::Value;

/// Verbs that change something.
const WRITES: [&str; 5] = ["create", "update", "patch", "apply", "delete"];

/// Requests by what they do (`apply configmaps`).
pub type Requests = BTreeMap<String, u64>;

/// The audit log, read from where the last reading ended.
pub struct Audit {
    path: PathBuf,
    offset: u64,
    user: String,
}

impl Audit {
    /// Of the requests of one user, also those as somebody else.
    pub fn new(path: PathBuf, user: &str) -> Self {
        let user = user.to_owned();
        Self {
            path,
            offset: 0,
            user,
        }
    }

    /// The requests since the last call.
    pub fn take(&mut self) -> Result<Requests> {
        let mut file = File::open(&self.path).context("opening the audit log")?;
        file.seek(SeekFrom::Start(self.offset))?;
        let mut requests = Requests::new();
        let mut reader = BufReader::new(file);
        let mut line = String::new();
        loop {
            line.clear();
            let read = reader
                .read_line(&mut line)
                .context("reading the audit log")?;
            // The last line may be half written.
            if read == 0 || !line.ends_with('\n') {
                return Ok(requests);
            }
            self.offset += u64::try_from(read).unwrap_or_default();
            let event: Value = serde_json::from_str(&line).context("reading an audit event")?;
            if event["user"]["username"] == self.user.as_str()
                && let Some(what) = what(&event)
            {
                *requests.entry(what).or_insert(0) += 1;
            }
        }
    }
}

/// `verb resource/subresource`; nothing for what is no resource. A watch is counted when it ends.
fn what(event: &Value) -> Option<String> {
    let verb = event["verb"].as_str()?;
    let resource = event["objectRef"]["resource"].as_str()?;
    let uri = event["requestURI"].as_str().unwrap_or_default();
    let verb = match verb {
        _ if uri.contains("dryRun=") => "dry-run",
        "patch" if uri.contains("force=") => "apply",
        "create" if resource.ends_with("reviews") => "ask",
        verb => verb,
    };
    let subresource = event["objectRef"]["subresource"].as_str();
    let subresource = subresource
        .map(|name| format!("/{name}"))
        .unwrap_or_default();
    Some(format!("{verb} {resource}{subresource}"))
}

/// All of them.
pub fn total(requests: &Requests) -> u64 {
    requests.values().sum()
}

/// Those that change something.
pub fn writes(requests: &Requests) -> u64 {
    let is_write = |what: &str| WRITES.iter().any(|verb| what.starts_with(verb));
    let writes = requests.iter().filter(|(what, _)| is_write(what));
    writes.map(|(_, count)| count).sum()
}
