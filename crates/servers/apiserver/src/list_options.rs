//! Options of list, watch and deletecollection: read in the order in which the API reads them, and checked by its rules.

use skein_object::GroupVersionKind;

use crate::api::Call;
use crate::failure::{Cause, Failure, Outcome};
use crate::request::Query;
use crate::resource::Resource;
use crate::selectors::Selection;

/// How the revision of a list must match the one asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Match {
    /// Nothing was said.
    Unset,
    Exact,
    NotOlderThan,
}

/// What a list or watch asks for.
#[derive(Clone, Debug)]
pub(crate) struct ListOptions {
    pub(crate) selection: Selection,
    /// As it was sent; empty when absent.
    pub(crate) resource_version: String,
    pub(crate) matching: Match,
    /// How long a watch lasts, in seconds; `None` leaves it to the server.
    pub(crate) timeout_seconds: Option<u64>,
    /// Most items of a page; 0 is no limit.
    pub(crate) limit: usize,
    pub(crate) continue_token: String,
    pub(crate) bookmarks: bool,
    /// Absent unless the client said so.
    pub(crate) send_initial_events: Option<bool>,
}

impl ListOptions {
    /// From the query; `watching` when the request is a watch.
    pub(crate) fn parse(call: &Call, resource: &Resource, watching: bool) -> Outcome<Self> {
        let query = &call.query;
        let timeout = query.signed("timeoutSeconds")?;
        let limit = query.signed("limit")?;
        let (labels, fields) = Selection::read(query)?;
        let options = Raw {
            version: query.text("resourceVersion"),
            matching: query.text("resourceVersionMatch"),
            token: query.text("continue"),
            send: query.has("sendInitialEvents"),
        };
        let causes = if watching {
            options.check_watch()
        } else {
            options.check_list()
        };
        if !causes.is_empty() {
            let gvk = GroupVersionKind::new("meta.k8s.io", "v1", "ListOptions");
            return Err(Failure::invalid(&gvk, "", causes));
        }
        let selection = Selection::new(labels, fields, resource)?.named(&call.info.name)?;
        Ok(Self {
            selection,
            resource_version: options.version.to_owned(),
            matching: match options.matching {
                "Exact" => Match::Exact,
                "NotOlderThan" => Match::NotOlderThan,
                _ => Match::Unset,
            },
            timeout_seconds: timeout.and_then(|seconds| u64::try_from(seconds).ok()),
            limit: limit.map_or(0, |limit| usize::try_from(limit).unwrap_or(0)),
            continue_token: options.token.to_owned(),
            bookmarks: query.flag("allowWatchBookmarks"),
            send_initial_events: options.send.then(|| query.flag("sendInitialEvents")),
        })
    }

    /// The revision asked for; 0 when there is none.
    pub(crate) fn revision(&self) -> Outcome<u64> {
        revision(&self.resource_version)
            .map_err(|text| Failure::bad_request(format!("invalid resource version: {text}")))
    }
}

/// Reads a revision; the error is in the words of the API.
pub(crate) fn revision(text: &str) -> Result<u64, String> {
    if text.is_empty() {
        return Ok(0);
    }
    text.parse().map_err(|_| {
        format!(
            "resourceVersion: Invalid value: {text:?}: strconv.ParseUint: parsing {text:?}: invalid syntax"
        )
    })
}

/// What the rules look at.
struct Raw<'a> {
    version: &'a str,
    matching: &'a str,
    token: &'a str,
    send: bool,
}

const MATCHES: [&str; 2] = ["Exact", "NotOlderThan"];

fn forbidden(field: &str, text: &str) -> Cause {
    Cause::new("FieldValueForbidden", field, format!("Forbidden: {text}"))
}

fn unsupported_match(given: &str) -> Cause {
    let text = format!(
        "Unsupported value: {given:?}: supported values: \"Exact\", \"NotOlderThan\", \"\""
    );
    Cause::new("FieldValueNotSupported", "resourceVersionMatch", text)
}

impl Raw<'_> {
    fn check_list(&self) -> Vec<Cause> {
        let mut causes = Vec::new();
        let mut add = |text: &str| causes.push(forbidden("resourceVersionMatch", text));
        if !self.matching.is_empty() {
            if self.version.is_empty() {
                add("resourceVersionMatch is forbidden unless resourceVersion is provided");
            }
            if !self.token.is_empty() {
                add("resourceVersionMatch is forbidden when continue is provided");
            }
            if self.matching == "Exact" && self.version == "0" {
                add("resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"");
            }
            if !MATCHES.contains(&self.matching) {
                causes.push(unsupported_match(self.matching));
            }
        }
        if self.send {
            causes.push(forbidden(
                "sendInitialEvents",
                "sendInitialEvents is forbidden for list",
            ));
        }
        causes
    }

    fn check_watch(&self) -> Vec<Cause> {
        let mut causes = Vec::new();
        let mut add = |text: &str| causes.push(forbidden("resourceVersionMatch", text));
        if self.send && self.matching != "NotOlderThan" {
            add("sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
        }
        if !self.matching.is_empty() {
            if !self.send {
                add(
                    "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
                );
            }
            if self.matching != "NotOlderThan" {
                let text = format!(
                    "Unsupported value: {:?}: supported values: \"NotOlderThan\"",
                    self.matching
                );
                let field = "resourceVersionMatch";
                causes.push(Cause::new("FieldValueNotSupported", field, text));
            }
        }
        if !self.token.is_empty() {
            let text = "resourceVersionMatch is forbidden when continue is provided";
            causes.push(forbidden("resourceVersionMatch", text));
        }
        causes
    }
}

impl Query {
    /// A whole number; `None` when absent.
    pub(crate) fn signed(&self, key: &str) -> Outcome<Option<i64>> {
        if !self.has(key) {
            return Ok(None);
        }
        let text = self.text(key);
        text.parse()
            .map(Some)
            .map_err(|error: std::num::ParseIntError| {
                let why = match error.kind() {
                    std::num::IntErrorKind::PosOverflow | std::num::IntErrorKind::NegOverflow => {
                        "value out of range"
                    }
                    _ => "invalid syntax",
                };
                Failure::bad_request(format!("strconv.ParseInt: parsing {text:?}: {why}"))
            })
    }
}
