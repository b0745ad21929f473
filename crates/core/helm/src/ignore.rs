//! .helmignore: which files of a chart's folder are left out.

use thiserror::Error;

use crate::wildcard::{self, BadPattern};

/// Most rules of one file.
const MAX_RULES: usize = 10_000;

/// Why a .helmignore was refused; texts as in Helm.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum IgnoreError {
    /// `**` is not known.
    #[error("double-star (**) syntax is not supported")]
    DoubleStar,
    /// A pattern does not parse.
    #[error("syntax error in pattern")]
    BadPattern,
    /// The file is too long.
    #[error(".helmignore has more than {MAX_RULES} rules")]
    TooMany,
}

struct Rule {
    /// Length of what comes before the first wildcard.
    literal_bytes: usize,
    pattern: String,
    negate: bool,
    folders_only: bool,
    /// Whether the whole path is matched, not only the last name.
    whole_path: bool,
}

impl Rule {
    fn matches(&self, path: &str) -> bool {
        let name = if self.whole_path {
            path
        } else {
            path.rsplit('/').next().unwrap_or(path)
        };
        // Most names differ from most patterns in what comes before the first wildcard.
        let head = &self.pattern.as_bytes()[..self.literal_bytes];
        name.as_bytes().starts_with(head) && wildcard::matches(&self.pattern, name).unwrap_or(false)
    }
}

/// The rules of a .helmignore with Helm's own one behind them (hidden files in templates/ are left out).
#[derive(Default)]
pub struct IgnoreRules {
    rules: Vec<Rule>,
}

impl IgnoreRules {
    /// Reads the rules; empty text gives only Helm's own rule.
    pub fn parse(text: &str) -> Result<Self, IgnoreError> {
        let mut rules = Self::default();
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        for line in text.lines() {
            rules.add(line)?;
        }
        rules.add("templates/.?*")?;
        Ok(rules)
    }

    fn add(&mut self, line: &str) -> Result<(), IgnoreError> {
        let rule = line.trim();
        if rule.is_empty() || rule.starts_with('#') {
            return Ok(());
        }
        if rule.contains("**") {
            return Err(IgnoreError::DoubleStar);
        }
        if self.rules.len() == MAX_RULES {
            return Err(IgnoreError::TooMany);
        }
        wildcard::matches(rule, "abc").map_err(|BadPattern| IgnoreError::BadPattern)?;
        let (negate, rule) = match rule.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, rule),
        };
        let (folders_only, rule) = match rule.strip_suffix('/') {
            Some(rest) => (true, rest),
            None => (false, rule),
        };
        let (whole_path, pattern) = match rule.strip_prefix('/') {
            Some(rest) => (true, rest),
            None => (rule.contains('/'), rule),
        };
        self.rules.push(Rule {
            pattern: pattern.to_owned(),
            literal_bytes: pattern.find(['*', '?', '[', '\\']).unwrap_or(pattern.len()),
            negate,
            folders_only,
            whole_path,
        });
        Ok(())
    }

    /// Whether a path below the chart's root is left out. A negated rule leaves out everything that it does not match, as in Helm.
    pub fn ignores(&self, path: &str, is_folder: bool) -> bool {
        if path.is_empty() || path == "." || path == "./" {
            return false;
        }
        for rule in &self.rules {
            if rule.negate {
                if (rule.folders_only && !is_folder) || !rule.matches(path) {
                    return true;
                }
                continue;
            }
            if rule.folders_only && !is_folder {
                continue;
            }
            if rule.matches(path) {
                return true;
            }
        }
        false
    }
}
