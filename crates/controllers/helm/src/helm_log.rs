//! The last lines that Helm would have logged: they go into the events of failures, as Flux's do.

use std::collections::VecDeque;

use jiff::Timestamp;
use parking_lot::Mutex;
use serde_json::Value;

/// Lines that are kept.
const LINES_MAX: usize = 10;

struct Line {
    at: Timestamp,
    last_at: Timestamp,
    text: String,
    repeated: u64,
}

/// A short memory of log lines.
#[derive(Default)]
pub(crate) struct HelmLog(Mutex<VecDeque<Line>>);

impl HelmLog {
    /// Adds a line with its fields (a JSON map).
    pub(crate) fn add(&self, message: &str, fields: Value) {
        let fields = if fields.is_null() {
            "{}".to_owned()
        } else {
            fields.to_string()
        };
        self.add_written(message, &fields);
    }

    /// Adds a line whose fields are written already.
    pub(crate) fn add_written(&self, message: &str, fields: &str) {
        let text = format!("{message}: {fields}");
        tracing::debug!("{text}");
        let now = Timestamp::now();
        let mut lines = self.0.lock();
        if let Some(last) = lines.back_mut()
            && last.text == text
        {
            last.repeated += 1;
            last.last_at = now;
            return;
        }
        if lines.len() == LINES_MAX {
            lines.pop_front();
        }
        lines.push_back(Line {
            at: now,
            last_at: now,
            text,
            repeated: 0,
        });
    }

    /// The message of an event: with the lines, when there are any.
    pub(crate) fn appended_to(&self, message: &str) -> String {
        let lines = self.0.lock();
        if lines.is_empty() {
            return message.to_owned();
        }
        let lines: Vec<String> = lines.iter().map(Line::text).collect();
        format!("{message}\n\nLast Helm logs:\n\n{}", lines.join("\n"))
    }
}

impl Line {
    fn text(&self) -> String {
        let mut text = format!("{}: {}", self.at, self.text);
        if self.repeated > 0 {
            text.push_str(&format!("\n{}: {}", self.last_at, self.text));
        }
        match self.repeated.saturating_sub(1) {
            0 => {}
            1 => text.push_str(" (1 duplicate line omitted)"),
            more => text.push_str(&format!(" ({more} duplicate lines omitted)")),
        }
        text
    }
}
