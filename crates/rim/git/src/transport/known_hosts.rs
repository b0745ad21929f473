//! Decides by the lines of a `known_hosts` file whether a host's key is trusted.
//!
//! Plain and hashed names, `*` and `?`, `!` and `[host]:port` are understood; `@revoked` keys are
//! refused. Certificate authorities are not supported: their lines are skipped.

use russh::keys::PublicKey;
use sha1::{Digest, Sha1};

/// Largest file that is read, in bytes.
pub(crate) const MAX_KNOWN_HOSTS_BYTES: usize = 1024 * 1024;
const SHA1_BLOCK_BYTES: usize = 64;

/// Whether a key is trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The key is listed for the host.
    Trusted,
    /// The host is listed with other keys only.
    Mismatch,
    /// The host is not listed.
    Unknown,
    /// The key is listed as revoked.
    Revoked,
}

/// What the lines say about a host's key.
pub(crate) fn check(known_hosts: &str, host: &str, port: u16, key: &PublicKey) -> Verdict {
    let host = host.trim_matches(['[', ']']).to_ascii_lowercase();
    let name = if port == 22 {
        host
    } else {
        format!("[{host}]:{port}")
    };
    let mut verdict = Verdict::Unknown;
    for line in known_hosts.lines() {
        let Some((marker, hosts, listed)) = parse_line(line) else {
            continue;
        };
        if !names_match(hosts, &name) {
            continue;
        }
        let same = listed.key_data() == key.key_data();
        match marker {
            Some("@revoked") if same => return Verdict::Revoked,
            Some(_) => {}
            None if same => verdict = Verdict::Trusted,
            None if verdict == Verdict::Unknown => verdict = Verdict::Mismatch,
            None => {}
        }
    }
    verdict
}

/// Key algorithms that are listed for the host: the server should use one of them.
pub(crate) fn listed_algorithms(
    known_hosts: &str,
    host: &str,
    port: u16,
) -> Vec<russh::keys::Algorithm> {
    let host = host.trim_matches(['[', ']']).to_ascii_lowercase();
    let name = if port == 22 {
        host
    } else {
        format!("[{host}]:{port}")
    };
    known_hosts
        .lines()
        .filter_map(parse_line)
        .filter(|(marker, hosts, _)| marker.is_none() && names_match(hosts, &name))
        .map(|(_, _, key)| key.algorithm())
        .collect()
}

fn parse_line(line: &str) -> Option<(Option<&str>, &str, PublicKey)> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    let mut parts = line.split_ascii_whitespace();
    let first = parts.next()?;
    let (marker, hosts) = if first.starts_with('@') {
        (Some(first), parts.next()?)
    } else {
        (None, first)
    };
    let (_algorithm, encoded) = (parts.next()?, parts.next()?);
    let key = russh::keys::parse_public_key_base64(encoded).ok()?;
    Some((marker, hosts, key))
}

/// A list of patterns; a negated one that matches decides at once.
fn names_match(patterns: &str, name: &str) -> bool {
    let mut matched = false;
    for pattern in patterns.split(',') {
        if let Some(negated) = pattern.strip_prefix('!') {
            if wildcard(&negated.to_ascii_lowercase(), name) {
                return false;
            }
        } else if let Some(hashed) = pattern.strip_prefix("|1|") {
            matched |= hash_matches(hashed, name);
        } else {
            matched |= wildcard(&pattern.to_ascii_lowercase(), name);
        }
    }
    matched
}

/// `salt|hash`: HMAC-SHA1 of the name, keyed by the salt.
fn hash_matches(hashed: &str, name: &str) -> bool {
    use base64::Engine;
    let decode = |text: &str| base64::engine::general_purpose::STANDARD.decode(text).ok();
    let Some((salt, hash)) = hashed.split_once('|') else {
        return false;
    };
    let (Some(salt), Some(hash)) = (decode(salt), decode(hash)) else {
        return false;
    };
    salt.len() <= SHA1_BLOCK_BYTES && hmac_sha1(&salt, name.as_bytes()) == hash
}

/// RFC 2104 with SHA-1, for keys of at most one block.
fn hmac_sha1(key: &[u8], message: &[u8]) -> Vec<u8> {
    let padded = |pad: u8| -> Vec<u8> {
        let bytes = key
            .iter()
            .copied()
            .chain(std::iter::repeat(0))
            .take(SHA1_BLOCK_BYTES);
        bytes.map(|byte| byte ^ pad).collect()
    };
    let inner = Sha1::new()
        .chain_update(padded(0x36))
        .chain_update(message)
        .finalize();
    Sha1::new()
        .chain_update(padded(0x5c))
        .chain_update(inner)
        .finalize()
        .to_vec()
}

/// `*` for any run, `?` for one character.
fn wildcard(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.as_bytes(), name.as_bytes());
    let (mut p, mut n, mut back) = (0, 0, None);
    while n < name.len() {
        match pattern.get(p) {
            Some(b'*') => {
                back = Some((p + 1, n));
                p += 1;
            }
            Some(c) if *c == b'?' || *c == name[n] => (p, n) = (p + 1, n + 1),
            _ => match back {
                Some((star, start)) => {
                    (p, n) = (star, start + 1);
                    back = Some((star, start + 1));
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == b'*')
}
