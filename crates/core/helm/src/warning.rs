//! What Helm logs on the way, in the form in which it prints it.

use std::fmt;

/// How much a log line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// For the record.
    Info,
    /// Something may be wrong.
    Warn,
    /// It is why the command fails, which says so besides.
    Error,
}

/// A line of Helm's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// How much it matters.
    pub level: Level,
    /// What it says.
    pub message: String,
    /// Names and values behind the message.
    pub fields: Vec<(&'static str, String)>,
}

impl Warning {
    /// A line without fields.
    pub fn info(message: impl Into<String>) -> Self {
        Self {
            level: Level::Info,
            message: message.into(),
            fields: Vec::new(),
        }
    }

    /// A line without fields.
    pub fn warn(message: impl Into<String>) -> Self {
        Self {
            level: Level::Warn,
            message: message.into(),
            fields: Vec::new(),
        }
    }

    /// A line without fields.
    pub fn error(message: impl Into<String>) -> Self {
        Self {
            level: Level::Error,
            message: message.into(),
            fields: Vec::new(),
        }
    }

    /// The line with one more field.
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.fields.push((name, value.into()));
        self
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = match self.level {
            Level::Info => "INFO",
            Level::Warn => "WARN",
            Level::Error => "ERROR",
        };
        write!(f, "level={level} msg={}", Quoted(&self.message))?;
        for (name, value) in &self.fields {
            write!(f, " {name}={}", Quoted(value))?;
        }
        Ok(())
    }
}

/// A value of a log line: in quotes where it would be unclear without.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unclear = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '"' | '=');
        if self.0.is_empty() || self.0.contains(unclear) {
            write!(f, "{:?}", self.0)
        } else {
            f.write_str(self.0)
        }
    }
}
