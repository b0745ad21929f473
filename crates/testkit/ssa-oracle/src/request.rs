//! Requests as both sides understand them, and their answers.

use serde_json::Value;

/// What is asked of an object.
#[derive(Clone, Debug)]
pub enum Verb {
    Create,
    Put,
    Apply { force: bool },
    MergePatch,
    JsonPatch,
    StrategicPatch,
    Get,
    Delete,
}

/// One request about one object.
#[derive(Clone, Debug)]
pub struct Request {
    pub verb: Verb,
    pub manager: String,
    pub subresource: &'static str,
    /// Which version of the kind, by its place in the list of them.
    pub version: usize,
    pub dry_run: bool,
    pub body: Value,
}

/// Status code and body.
#[derive(Clone, Debug)]
pub struct Answer {
    pub code: u16,
    pub body: Value,
}

impl Request {
    /// The same for another server, where the object has another uid.
    pub fn with_uid(&self, theirs: &str, ours: &str) -> Self {
        let mut request = self.clone();
        if !theirs.is_empty() && theirs != ours {
            let text = self.body.to_string().replace(theirs, ours);
            request.body = serde_json::from_str(&text).unwrap_or(request.body);
        }
        request
    }

    /// One line for a report.
    pub fn title(&self) -> String {
        let verb = match self.verb {
            Verb::Create => "create",
            Verb::Put => "put",
            Verb::Apply { force: true } => "apply --force",
            Verb::Apply { force: false } => "apply",
            Verb::MergePatch => "merge-patch",
            Verb::JsonPatch => "json-patch",
            Verb::StrategicPatch => "strategic-patch",
            Verb::Get => "get",
            Verb::Delete => "delete",
        };
        let dry = if self.dry_run { " --dry-run" } else { "" };
        let sub = if self.subresource.is_empty() {
            ""
        } else {
            " /"
        };
        let version = match self.version {
            0 => String::new(),
            version => format!(" in version {version}"),
        };
        let manager = &self.manager;
        format!("{verb}{dry}{sub}{} by {manager}{version}", self.subresource)
    }
}
