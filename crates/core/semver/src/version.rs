//! A version: up to three numbers, a pre-release and build metadata; lenient where Masterminds is.

use std::cmp::Ordering;
use std::fmt;

use thiserror::Error;

/// Longest version text that is looked at, in bytes.
pub const MAX_VERSION_LENGTH: usize = 256;

/// Why a text is no version.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum VersionError {
    /// The text does not have the form of a version.
    #[error("invalid semantic version")]
    Invalid,
    /// More than [`MAX_VERSION_LENGTH`].
    #[error("version string is too long (max {} bytes)", MAX_VERSION_LENGTH)]
    TooLong,
    /// A number is larger than 64 bits hold.
    #[error("error parsing version segment: strconv.ParseUint: parsing {0:?}: value out of range")]
    SegmentTooLarge(String),
    /// A numeric part of the pre-release has a leading zero.
    #[error("version segment starts with 0")]
    SegmentStartsZero,
}

/// A version. Missing minor and patch numbers are zero.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Version {
    /// First number.
    pub major: u64,
    /// Second number.
    pub minor: u64,
    /// Third number.
    pub patch: u64,
    /// What follows `-`; empty when absent.
    pub pre_release: String,
    /// What follows `+`; empty when absent. Ignored in comparisons.
    pub metadata: String,
    original: String,
}

impl Version {
    /// Reads a version: `1`, `v1.2`, `1.2.3-rc.1+build`. Leading zeros in numbers are accepted.
    pub fn parse(text: &str) -> Result<Self, VersionError> {
        if text.len() > MAX_VERSION_LENGTH {
            return Err(VersionError::TooLong);
        }
        let rest = text.strip_prefix('v').unwrap_or(text);
        let (rest, metadata) = split_suffix(rest, '+')?;
        let (numbers, pre_release) = split_suffix(rest, '-')?;
        let mut parts = numbers.split('.');
        let mut number = |required: bool| match parts.next() {
            Some(part) => parse_number(part),
            None if required => Err(VersionError::Invalid),
            None => Ok(0),
        };
        let (major, minor, patch) = (number(true)?, number(false)?, number(false)?);
        if parts.next().is_some() {
            return Err(VersionError::Invalid);
        }
        if pre_release.split('.').any(starts_with_zero) {
            return Err(VersionError::SegmentStartsZero);
        }
        Ok(Self {
            major,
            minor,
            patch,
            pre_release: pre_release.to_owned(),
            metadata: metadata.to_owned(),
            original: text.to_owned(),
        })
    }

    /// Reads a version as Flux reads those of tags and charts: [`Version::parse`] with at least two dots in the text, wherever they are
    /// (`ParseVersion` of fluxcd/pkg/version 0.16).
    pub fn parse_dotted(text: &str) -> Option<Self> {
        let dots = text.bytes().filter(|byte| *byte == b'.').count();
        (dots >= 2).then(|| Self::parse(text).ok()).flatten()
    }

    /// The text that was parsed.
    pub fn original(&self) -> &str {
        &self.original
    }

    /// Precedence: numbers, then pre-release; build metadata does not count.
    pub fn precedence(&self, other: &Self) -> Ordering {
        (self.major, self.minor, self.patch)
            .cmp(&(other.major, other.minor, other.patch))
            .then_with(|| compare_pre_release(&self.pre_release, &other.pre_release))
    }
}

/// The canonical form: three numbers, pre-release and metadata, without a leading `v`.
impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)?;
        if !self.pre_release.is_empty() {
            write!(f, "-{}", self.pre_release)?;
        }
        if !self.metadata.is_empty() {
            write!(f, "+{}", self.metadata)?;
        }
        Ok(())
    }
}

/// Splits off what follows the first separator and checks its dot-separated identifiers.
fn split_suffix(text: &str, separator: char) -> Result<(&str, &str), VersionError> {
    let Some((head, suffix)) = text.split_once(separator) else {
        return Ok((text, ""));
    };
    let identifier = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    if suffix.split('.').all(identifier) {
        Ok((head, suffix))
    } else {
        Err(VersionError::Invalid)
    }
}

fn parse_number(part: &str) -> Result<u64, VersionError> {
    if part.is_empty() || !part.bytes().all(|b| b.is_ascii_digit()) {
        return Err(VersionError::Invalid);
    }
    part.parse()
        .map_err(|_| VersionError::SegmentTooLarge(part.to_owned()))
}

fn starts_with_zero(part: &str) -> bool {
    part.len() > 1 && part.starts_with('0') && part.bytes().all(|b| b.is_ascii_digit())
}

/// A version without pre-release comes after one with; else part by part, more parts win.
pub(crate) fn compare_pre_release(left: &str, right: &str) -> Ordering {
    match (left.is_empty(), right.is_empty()) {
        (true, true) => return Ordering::Equal,
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    let (mut left, mut right) = (left.split('.'), right.split('.'));
    loop {
        let order = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(a), Some(b)) => compare_part(a, b),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

/// Numbers come before words.
fn compare_part(left: &str, right: &str) -> Ordering {
    match (left.parse::<u64>(), right.parse::<u64>()) {
        (Ok(a), Ok(b)) => a.cmp(&b),
        (Ok(_), Err(_)) => Ordering::Less,
        (Err(_), Ok(_)) => Ordering::Greater,
        (Err(_), Err(_)) => left.cmp(right),
    }
}
