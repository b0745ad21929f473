//! Constraints: comparisons joined by space or comma (all must hold), groups joined by `||`.

use std::cmp::Ordering;

use thiserror::Error;

use crate::version::{Version, compare_pre_release};

/// Longest constraint text that is looked at, in bytes.
pub const MAX_CONSTRAINT_LENGTH: usize = 512;

/// Why a text is no constraint.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ConstraintError {
    /// The text does not have the form of a constraint.
    #[error("improper constraint: {0:?}")]
    Improper(String),
    /// More than [`MAX_CONSTRAINT_LENGTH`].
    #[error("constraint string is too long (max {} bytes)", MAX_CONSTRAINT_LENGTH)]
    TooLong,
}

/// A constraint on versions.
#[derive(Clone, Debug)]
pub struct Constraint {
    groups: Vec<Group>,
}

/// Comparisons that must all hold.
#[derive(Clone, Debug)]
struct Group {
    comparisons: Vec<Comparison>,
    /// One member names a pre-release: then every member lets pre-releases in.
    admits_pre_release: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Greater,
    Less,
    GreaterOrEqual,
    LessOrEqual,
    Tilde,
    Caret,
}

/// Operators by their text, longer texts before their prefixes.
const OPERATORS: [(&str, Operator); 11] = [
    ("!=", Operator::NotEqual),
    (">=", Operator::GreaterOrEqual),
    ("=>", Operator::GreaterOrEqual),
    ("<=", Operator::LessOrEqual),
    ("=<", Operator::LessOrEqual),
    ("~>", Operator::Tilde),
    ("=", Operator::Equal),
    (">", Operator::Greater),
    ("<", Operator::Less),
    ("~", Operator::Tilde),
    ("^", Operator::Caret),
];

#[derive(Clone, Debug)]
struct Comparison {
    operator: Operator,
    version: Version,
    /// A part is missing or a wildcard.
    dirty: bool,
    minor_dirty: bool,
    patch_dirty: bool,
}

impl Constraint {
    /// Reads a constraint: `>=1.2 <2 || ^3`, `~1.2.x`, `1.2 - 1.4`.
    pub fn parse(text: &str) -> Result<Self, ConstraintError> {
        let improper = |text: &str| ConstraintError::Improper(text.chars().take(100).collect());
        if text.len() > MAX_CONSTRAINT_LENGTH {
            return Err(ConstraintError::TooLong);
        }
        let groups = text
            .split("||")
            .map(|group| parse_group(group).ok_or_else(|| improper(group)))
            .collect::<Result<_, _>>()?;
        Ok(Self { groups })
    }

    /// Whether the version satisfies one of the groups.
    pub fn check(&self, version: &Version) -> bool {
        self.groups.iter().any(|group| {
            group
                .comparisons
                .iter()
                .all(|c| c.check(version, group.admits_pre_release))
        })
    }
}

fn parse_group(text: &str) -> Option<Group> {
    let mut comparisons = Vec::new();
    let mut rest = text.trim_start();
    loop {
        let (operator, after) = read_operator(rest);
        let (first, after_version) = read_version(after.trim_start())?;
        rest = after_version;
        let range = (operator.is_none()).then(|| read_range_end(rest)).flatten();
        if let Some((second, after_range)) = range {
            comparisons.push(Comparison {
                operator: Operator::GreaterOrEqual,
                ..first
            });
            comparisons.push(Comparison {
                operator: Operator::LessOrEqual,
                ..second
            });
            rest = after_range;
        } else {
            let operator = operator.unwrap_or(Operator::Equal);
            comparisons.push(Comparison { operator, ..first });
        }
        let trimmed = rest.trim_start();
        if trimmed.is_empty() {
            break;
        }
        rest = match trimmed.strip_prefix(',') {
            Some(after_comma) => after_comma.trim_start(),
            None if trimmed.len() < rest.len() => trimmed,
            None => return None,
        };
    }
    let admits_pre_release = comparisons
        .iter()
        .any(|c| !c.version.pre_release.is_empty());
    Some(Group {
        comparisons,
        admits_pre_release,
    })
}

fn read_operator(text: &str) -> (Option<Operator>, &str) {
    for (symbol, operator) in OPERATORS {
        if let Some(rest) = text.strip_prefix(symbol) {
            return (Some(operator), rest);
        }
    }
    (None, text)
}

/// The upper end of a hyphen range: `1.2 - 1.4`; the hyphen has white space on both sides.
fn read_range_end(text: &str) -> Option<(Comparison, &str)> {
    let trimmed = text.trim_start();
    if trimmed.len() == text.len() {
        return None;
    }
    let after = trimmed.strip_prefix('-')?;
    if !after.starts_with(char::is_whitespace) {
        return None;
    }
    read_version(after.trim_start())
}

/// Reads a version in which parts may be missing or wildcards.
fn read_version(text: &str) -> Option<(Comparison, &str)> {
    let end = text.find(|c: char| c.is_whitespace() || ",<>=!~^|".contains(c));
    let (token, rest) = text.split_at(end.unwrap_or(text.len()));
    let body = token.strip_prefix('v').unwrap_or(token);
    let numbers_end = body.find(['-', '+']).unwrap_or(body.len());
    let (numbers, suffix) = body.split_at(numbers_end);
    let parts: Vec<&str> = numbers.split('.').collect();
    if parts.len() > 3 || !parts.iter().all(|p| is_wildcard(p) || is_number(p)) {
        return None;
    }
    let wild = |index: usize| parts.get(index).is_none_or(|p| is_wildcard(p));
    let pre_release = suffix.split_once('+').map_or(suffix, |(pre, _)| pre);
    let mut comparison = Comparison {
        operator: Operator::Equal,
        version: Version::parse("0").ok()?,
        dirty: true,
        minor_dirty: false,
        patch_dirty: false,
    };
    let text = if wild(0) {
        format!("0.0.0{pre_release}")
    } else if wild(1) {
        comparison.minor_dirty = true;
        format!("{}.0.0{pre_release}", parts[0])
    } else if wild(2) {
        comparison.patch_dirty = true;
        format!("{}.{}.0{pre_release}", parts[0], parts[1])
    } else {
        comparison.dirty = false;
        body.to_owned()
    };
    comparison.version = Version::parse(&text).ok()?;
    Some((comparison, rest))
}

fn is_wildcard(part: &str) -> bool {
    matches!(part, "x" | "X" | "*")
}

fn is_number(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit())
}

impl Comparison {
    fn check(&self, v: &Version, admits_pre_release: bool) -> bool {
        if !v.pre_release.is_empty() && self.version.pre_release.is_empty() && !admits_pre_release {
            return false;
        }
        let order = v.precedence(&self.version);
        match self.operator {
            Operator::Equal if self.dirty => self.tilde(v),
            Operator::Equal => order == Ordering::Equal,
            Operator::NotEqual if self.dirty => self.not_equal_wild(v),
            Operator::NotEqual => order != Ordering::Equal,
            Operator::Greater if self.dirty => self.greater_wild(v),
            Operator::Greater => order == Ordering::Greater,
            Operator::Less => order == Ordering::Less,
            Operator::GreaterOrEqual => order != Ordering::Less,
            Operator::LessOrEqual if self.dirty => {
                let c = &self.version;
                v.major <= c.major
                    && !(v.major == c.major && v.minor > c.minor && !self.minor_dirty)
            }
            Operator::LessOrEqual => order != Ordering::Greater,
            Operator::Tilde => self.tilde(v),
            Operator::Caret => self.caret(v),
        }
    }

    fn not_equal_wild(&self, v: &Version) -> bool {
        let c = &self.version;
        if c.major != v.major {
            return true;
        }
        if self.minor_dirty {
            return false;
        }
        if c.minor != v.minor {
            return true;
        }
        if !self.patch_dirty {
            return c.patch != v.patch;
        }
        compare_pre_release(&v.pre_release, &c.pre_release) != Ordering::Equal
    }

    fn greater_wild(&self, v: &Version) -> bool {
        let c = &self.version;
        match v.major.cmp(&c.major) {
            Ordering::Greater => true,
            Ordering::Less => false,
            Ordering::Equal if self.minor_dirty => false,
            Ordering::Equal if self.patch_dirty => v.minor > c.minor,
            // A bare wildcard: everything above zero.
            Ordering::Equal => v.precedence(c) == Ordering::Greater,
        }
    }

    fn tilde(&self, v: &Version) -> bool {
        let c = &self.version;
        if v.precedence(c) == Ordering::Less {
            return false;
        }
        // `*`, and also `~0.0.0`, match everything.
        if (c.major, c.minor, c.patch) == (0, 0, 0) && !self.minor_dirty && !self.patch_dirty {
            return true;
        }
        v.major == c.major && (v.minor == c.minor || self.minor_dirty)
    }

    fn caret(&self, v: &Version) -> bool {
        let c = &self.version;
        if v.precedence(c) == Ordering::Less {
            return false;
        }
        if c.major > 0 || self.minor_dirty {
            return v.major == c.major;
        }
        if v.major > 0 {
            return false;
        }
        if c.minor > 0 || self.patch_dirty {
            return v.minor == c.minor;
        }
        v.minor == 0 && v.patch == c.patch
    }
}
