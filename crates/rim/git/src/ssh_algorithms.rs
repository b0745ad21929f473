//! Algorithms of ssh that are offered to servers, where a user narrows them down.

use std::borrow::Cow;

use russh::Preferred;
use russh::kex;
use russh::keys::Algorithm;
use thiserror::Error;

/// The kind of an algorithm, in messages.
const KEY_EXCHANGE: &str = "key exchange";
/// See [`KEY_EXCHANGE`].
const HOST_KEY: &str = "host key";

/// None of the names is known.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("none of the {kind} algorithms {names} is supported")]
pub struct NoAlgorithm {
    kind: &'static str,
    names: String,
}

/// Algorithms that are offered, most preferred first; empty lists mean those that are offered anyway.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SshAlgorithms {
    key_exchanges: Vec<kex::Name>,
    host_keys: Vec<Algorithm>,
    unknown: Vec<String>,
}

impl SshAlgorithms {
    /// Reads names as servers and clients of ssh use them. Unknown ones are left out, unless nothing else is there.
    pub fn new(key_exchanges: &[String], host_keys: &[String]) -> Result<Self, NoAlgorithm> {
        let mut unknown = Vec::new();
        let key_exchanges = known(KEY_EXCHANGE, key_exchanges, &mut unknown, |name| {
            // No key exchange at all is for tests of the library.
            kex::Name::try_from(name)
                .ok()
                .filter(|found| *found != kex::NONE)
        })?;
        let host_keys = known(HOST_KEY, host_keys, &mut unknown, |name| {
            Algorithm::new(name).ok()
        })?;
        Ok(Self {
            key_exchanges,
            host_keys,
            unknown,
        })
    }

    /// Names that were left out.
    pub fn unknown(&self) -> &[String] {
        &self.unknown
    }

    /// Puts the choice in the place of what would be offered.
    pub(crate) fn apply_to(&self, preferred: &mut Preferred) {
        if !self.key_exchanges.is_empty() {
            let mut names = self.key_exchanges.clone();
            // No algorithms but marks of what the client can do.
            names.push(kex::EXTENSION_SUPPORT_AS_CLIENT);
            names.push(kex::EXTENSION_OPENSSH_STRICT_KEX_AS_CLIENT);
            preferred.kex = Cow::Owned(names);
        }
        if !self.host_keys.is_empty() {
            preferred.key = Cow::Owned(self.host_keys.clone());
        }
    }
}

fn known<T>(
    kind: &'static str,
    names: &[String],
    unknown: &mut Vec<String>,
    read: impl Fn(&str) -> Option<T>,
) -> Result<Vec<T>, NoAlgorithm> {
    let mut found = Vec::new();
    for name in names.iter().map(|name| name.trim()) {
        match read(name) {
            Some(algorithm) => found.push(algorithm),
            None => unknown.push(name.to_owned()),
        }
    }
    if found.is_empty() && !names.is_empty() {
        let names = names.join(", ");
        return Err(NoAlgorithm { kind, names });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn names_are_read_and_unknown_ones_left_out() {
        let kex = names(&["sntrup9000", "curve25519-sha256"]);
        let keys = names(&["rsa-sha2-512", "ssh-ed25519"]);
        let chosen = SshAlgorithms::new(&kex, &keys).unwrap();
        assert_eq!(chosen.unknown(), ["sntrup9000"]);
        let mut preferred = Preferred::DEFAULT;
        chosen.apply_to(&mut preferred);
        assert_eq!(preferred.kex[0], kex::CURVE25519);
        assert_eq!(preferred.kex.len(), 3);
        let shown: Vec<String> = preferred.key.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["rsa-sha2-512", "ssh-ed25519"]);
        let error = SshAlgorithms::new(&names(&["none", "x"]), &[]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "none of the key exchange algorithms none, x is supported"
        );
    }

    #[test]
    fn no_choice_changes_nothing() {
        let mut preferred = Preferred::DEFAULT;
        SshAlgorithms::new(&[], &[])
            .unwrap()
            .apply_to(&mut preferred);
        assert_eq!(preferred.kex, Preferred::DEFAULT.kex);
        assert_eq!(preferred.key, Preferred::DEFAULT.key);
    }
}
