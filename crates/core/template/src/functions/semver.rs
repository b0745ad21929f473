//! Semantic versions.

use std::borrow::Cow;
use std::cmp::Ordering;

use skein_semver::{Constraint, Version};

use super::arguments::text;
use super::{Entry, Outcome};
use crate::exec::Runtime;
use crate::function::{CallError, Signature};
use crate::object::Object;
use crate::types::{Kind, UintKind};
use crate::value::{Operand, Value};

pub const FUNCTIONS: &[Entry] = &[
    ("semver", "string -> *semver.Version", semver),
    ("semverCompare", "string, string -> bool", semver_compare),
];

fn version(text: &str) -> Result<Version, CallError> {
    Version::parse(text).map_err(|error| CallError::new(error.to_string()))
}

fn semver(_: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let version = version(&text(arguments, 0).lossy())?;
    Ok(Value::object(SemVer {
        version,
        is_pointer: true,
    })
    .into())
}

fn semver_compare(_: &mut Runtime<'_>, arguments: &[Operand]) -> Outcome {
    let constraint = Constraint::parse(&text(arguments, 0).lossy())
        .map_err(|error| CallError::new(error.to_string()))?;
    let version = version(&text(arguments, 1).lossy())?;
    Ok(Value::Bool(constraint.check(&version)).into())
}

/// A version with the methods of Masterminds semver, or a pointer to one, which has more.
#[derive(Clone, Debug)]
struct SemVer {
    version: Version,
    is_pointer: bool,
}

const COMPARES: &str = "*semver.Version -> bool";
const NEXT: &str = "-> semver.Version";
const SET: &str = "string -> semver.Version";

impl SemVer {
    /// A version of its own with these parts.
    fn with(&self, text: &str) -> Result<Value, CallError> {
        let original = self.version.original();
        let sign = if original.starts_with('v') { "v" } else { "" };
        let version = version(&format!("{sign}{text}"))?;
        Ok(Value::object(Self {
            version,
            is_pointer: false,
        }))
    }

    fn next(&self, major: u64, minor: u64, patch: u64) -> Result<Value, CallError> {
        self.with(&format!("{major}.{minor}.{patch}"))
    }

    fn with_suffixes(&self, pre_release: &str, metadata: &str) -> Result<Value, CallError> {
        let Version {
            major,
            minor,
            patch,
            ..
        } = self.version;
        let suffix = |sign: &str, text: &str| match text {
            "" => String::new(),
            text => format!("{sign}{text}"),
        };
        let (pre_release, metadata) = (suffix("-", pre_release), suffix("+", metadata));
        self.with(&format!("{major}.{minor}.{patch}{pre_release}{metadata}"))
    }

    fn compared(&self, arguments: &[Value]) -> Result<Ordering, CallError> {
        let other = arguments.first().map(crate::functions::text_of);
        let other = version(&other.unwrap_or_default().lossy())?;
        Ok(self.version.precedence(&other))
    }
}

/// One more than a number of a version.
fn increased(number: u64, name: &str) -> Result<u64, CallError> {
    number
        .checked_add(1)
        .ok_or_else(|| CallError::new(format!("{name} version increment would overflow uint64")))
}

/// Whether it has identifiers of letters, digits and hyphens, with dots between them.
fn has_identifiers(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let fits = |part: &str| !part.is_empty() && part.bytes().all(allowed);
    text.is_empty() || text.split('.').all(fits)
}

impl Object for SemVer {
    fn type_name(&self) -> Cow<'static, str> {
        match self.is_pointer {
            true => "*semver.Version".into(),
            false => "semver.Version".into(),
        }
    }

    fn kind(&self) -> Kind {
        match self.is_pointer {
            true => Kind::Pointer,
            false => Kind::Struct,
        }
    }

    fn printed_fields(&self) -> Vec<(Cow<'static, str>, Value)> {
        let version = &self.version;
        let numbers = [
            ("major", version.major),
            ("minor", version.minor),
            ("patch", version.patch),
        ]
        .map(|(name, number)| (name.into(), Value::Uint(UintKind::Uint64, number)));
        let texts = [
            ("pre", version.pre_release.as_str()),
            ("metadata", version.metadata.as_str()),
            ("original", version.original()),
        ]
        .map(|(name, text)| (name.into(), Value::text(text)));
        numbers.into_iter().chain(texts).collect()
    }

    fn method(&self, name: &str) -> Option<Signature> {
        let text = match name {
            "Major" | "Minor" | "Patch" => "-> uint64",
            "Prerelease" | "Metadata" | "String" => "-> string",
            "IncMajor" | "IncMinor" | "IncPatch" => NEXT,
            "SetPrerelease" | "SetMetadata" => SET,
            "MarshalText" | "MarshalJSON" => "-> bytes",
            "Value" => "-> any",
            _ if !self.is_pointer => return None,
            "Original" => "-> string",
            "Compare" => "*semver.Version -> int",
            "LessThan" | "GreaterThan" | "Equal" | "LessThanEqual" | "GreaterThanEqual" => COMPARES,
            _ => return None,
        };
        Some(Signature::parse(text))
    }

    fn call(&self, name: &str, arguments: &[Value]) -> Result<Value, CallError> {
        let version = &self.version;
        let (major, minor, patch) = (version.major, version.minor, version.patch);
        let uint = |value| Ok(Value::Uint(UintKind::Uint64, value));
        let order = |holds: fn(Ordering) -> bool| {
            self.compared(arguments)
                .map(|order| Value::Bool(holds(order)))
        };
        let given = || {
            let text = arguments.first().and_then(Value::as_text);
            text.map(|text| text.lossy()).unwrap_or_default()
        };
        let bytes = |text: String| Ok(Value::Bytes(text.into_bytes().into()));
        match name {
            "Major" => uint(major),
            "Minor" => uint(minor),
            "Patch" => uint(patch),
            "Prerelease" => Ok(Value::text(version.pre_release.as_str())),
            "Metadata" => Ok(Value::text(version.metadata.as_str())),
            "Original" => Ok(Value::text(version.original())),
            "String" | "Value" => Ok(Value::text(version.to_string())),
            "MarshalText" => bytes(version.to_string()),
            "MarshalJSON" => bytes(format!("\"{version}\"")),
            "Compare" => self
                .compared(arguments)
                .map(|order| Value::int(order as i64)),
            "LessThan" => order(Ordering::is_lt),
            "GreaterThan" => order(Ordering::is_gt),
            "LessThanEqual" => order(Ordering::is_le),
            "GreaterThanEqual" => order(Ordering::is_ge),
            "Equal" => order(Ordering::is_eq),
            "IncMajor" => self.next(increased(major, "major")?, 0, 0),
            "IncMinor" => self.next(major, increased(minor, "minor")?, 0),
            // A pre-release comes before its release: that is the next patch.
            "IncPatch" if !version.pre_release.is_empty() => self.next(major, minor, patch),
            "IncPatch" => self.next(major, minor, increased(patch, "patch")?),
            "SetPrerelease" if has_identifiers(&given()) => {
                self.with_suffixes(&given(), &version.metadata)
            }
            "SetPrerelease" => Err(CallError::new("invalid prerelease string")),
            "SetMetadata" if has_identifiers(&given()) => {
                self.with_suffixes(&version.pre_release, &given())
            }
            "SetMetadata" => Err(CallError::new("invalid metadata string")),
            _ => Err(CallError::new(format!("no method {name}"))),
        }
    }

    fn display(&self) -> Option<String> {
        Some(self.version.to_string())
    }

    fn marshaled_text(&self) -> Option<String> {
        Some(self.version.to_string())
    }

    fn deep_copy(&self) -> Option<Value> {
        Some(Value::object(Self {
            version: Version::default(),
            is_pointer: self.is_pointer,
        }))
    }

    fn to_json(&self) -> Option<serde_json::Value> {
        Some(serde_json::Value::from(self.version.to_string()))
    }
}
