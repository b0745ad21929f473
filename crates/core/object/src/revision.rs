//! Digests and source revisions in Flux's forms, old and new.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

/// A text that is no digest.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("digest {0:?} is not of the form <algorithm>:<value>")]
pub struct DigestError(String);

/// `<algorithm>:<value>`, for example `sha256:ab…`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest {
    algorithm: String,
    value: String,
}

impl Digest {
    /// The SHA-256 digest of bytes.
    pub fn sha256(bytes: &[u8]) -> Self {
        Self {
            algorithm: "sha256".into(),
            value: hex::encode(Sha256::digest(bytes)),
        }
    }

    /// The algorithm, for example `sha256`.
    pub fn algorithm(&self) -> &str {
        &self.algorithm
    }

    /// The value without algorithm.
    pub fn value(&self) -> &str {
        &self.value
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.algorithm, self.value)
    }
}

impl FromStr for Digest {
    type Err = DigestError;
    fn from_str(text: &str) -> Result<Self, DigestError> {
        match text.split_once(':') {
            Some((algorithm, value))
                if !algorithm.is_empty()
                    && !value.is_empty()
                    && value
                        .bytes()
                        .all(|b| b.is_ascii_alphanumeric() || b"=_-".contains(&b)) =>
            {
                Ok(Self {
                    algorithm: algorithm.to_owned(),
                    value: value.to_owned(),
                })
            }
            _ => Err(DigestError(text.to_owned())),
        }
    }
}

impl TryFrom<String> for Digest {
    type Error = DigestError;
    fn try_from(text: String) -> Result<Self, DigestError> {
        text.parse()
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.to_string()
    }
}

/// A source revision: `<name>@<algorithm>:<value>`, `<algorithm>:<value>`, or a plain name (chart version).
/// The old forms `<branch>/<sha>` and a bare SHA are read as the new ones.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Revision(String);

impl Revision {
    /// Takes a revision as it stands in a status, an event or a flag; old forms become new ones.
    pub fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        if text.contains('@') || is_digest(&text) {
            return Self(text);
        }
        if let Some((name, hash)) = text.rsplit_once('/') {
            if let Some(algorithm) = hash_algorithm(hash) {
                return Self(format!("{name}@{algorithm}:{hash}"));
            }
        } else if let Some(algorithm) = hash_algorithm(&text) {
            return Self(format!("{algorithm}:{text}"));
        }
        Self(text)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before `@`: branch, tag, full ref, or the whole text when there is no digest.
    pub fn name(&self) -> &str {
        match self.0.split_once('@') {
            Some((name, _)) => name,
            None if is_digest(&self.0) => "",
            None => &self.0,
        }
    }

    /// The hash value without algorithm, when there is one.
    pub fn hash(&self) -> Option<&str> {
        let digest = self
            .0
            .rsplit_once('@')
            .map_or(self.0.as_str(), |(_, digest)| digest);
        is_digest(digest).then(|| digest.split_once(':').map(|(_, v)| v))?
    }

    /// With the hash cut to seven characters, as the CLI prints it: `main@sha1:7d25a88`.
    pub fn short(&self) -> String {
        const SHORT_HASH_CHARS: usize = 7;
        match self.hash() {
            Some(hash) if hash.len() > SHORT_HASH_CHARS => {
                let keep = self.0.len() - hash.len() + SHORT_HASH_CHARS;
                self.0[..keep].to_owned()
            }
            _ => self.0.clone(),
        }
    }
}

fn hash_algorithm(text: &str) -> Option<&'static str> {
    if !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    match text.len() {
        40 => Some("sha1"),
        64 => Some("sha256"),
        _ => None,
    }
}

fn is_digest(text: &str) -> bool {
    text.split_once(':').is_some_and(|(algorithm, value)| {
        matches!(
            algorithm,
            "sha1" | "sha256" | "sha384" | "sha512" | "blake3"
        ) && !value.is_empty()
            && value.bytes().all(|b| b.is_ascii_hexdigit())
    })
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for Revision {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA1: &str = "7d25a886e0c75f011659ef9c40382bbd933f3250";

    #[test]
    fn reads_old_and_new_forms() {
        for (text, whole, name) in [
            (
                format!("main@sha1:{SHA1}"),
                format!("main@sha1:{SHA1}"),
                "main",
            ),
            (
                format!("feature/x/{SHA1}"),
                format!("feature/x@sha1:{SHA1}"),
                "feature/x",
            ),
            (SHA1.to_owned(), format!("sha1:{SHA1}"), ""),
            ("6.5.0".to_owned(), "6.5.0".to_owned(), "6.5.0"),
        ] {
            let revision = Revision::new(text);
            assert_eq!(revision.as_str(), whole);
            assert_eq!(revision.name(), name);
        }
    }

    #[test]
    fn shortens_hashes() {
        assert_eq!(
            Revision::new(format!("main@sha1:{SHA1}")).short(),
            "main@sha1:7d25a88"
        );
        assert_eq!(Revision::new("6.5.0").short(), "6.5.0");
    }

    #[test]
    fn digests() {
        assert_eq!(
            Digest::sha256(b"").to_string(),
            "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        assert!("sha256".parse::<Digest>().is_err());
        assert!("sha256:../x".parse::<Digest>().is_err());
    }
}
